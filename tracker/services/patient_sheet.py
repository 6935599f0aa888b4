"""What a patient's sheet on paper adds to the page: whom to call about each coverage."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, or_, select

from tracker.models.base import Db
from tracker.models.patient import Coverage
from tracker.models.payer import Payer, Plan


@dataclass(frozen=True, slots=True)
class PayerLine:
    """A coverage in force or to come, with its payer's telephone, fax and hours."""

    name: str
    member_id: str | None
    starts_on: date
    ends_on: date | None
    rank: int
    phone: str | None
    fax: str | None
    hours: str | None


def payer_lines(session: Db, *, clinic_id: str, patient_id: str, on: date) -> Sequence[PayerLine]:
    """The one that pays first comes first."""
    query = (
        select(
            Payer.name,
            Plan.name,
            Coverage.member_id,
            Coverage.starts_on,
            Coverage.ends_on,
            Coverage.rank,
            Payer.phone,
            Payer.fax,
            Payer.hours,
        )
        .join(Plan, and_(Plan.clinic_id == Coverage.clinic_id, Plan.id == Coverage.plan_id))
        .join(Payer, and_(Payer.clinic_id == Plan.clinic_id, Payer.id == Plan.payer_id))
        .where(
            Coverage.clinic_id == clinic_id,
            Coverage.patient_id == patient_id,
            or_(Coverage.ends_on.is_(None), Coverage.ends_on >= on),
        )
        .order_by(Coverage.starts_on > on, Coverage.rank, Coverage.starts_on, Coverage.id)
    )
    rows = session.execute(query)
    return [
        PayerLine(f"{payer} {plan}".strip(), member, first, last, rank, phone, fax, hours)
        for payer, plan, member, first, last, rank, phone, fax, hours in rows
    ]
