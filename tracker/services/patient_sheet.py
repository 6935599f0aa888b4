"""What a patient's sheet on paper adds to the page: whom to call about each coverage."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, or_, select

from tracker.models.base import Db
from tracker.models.patient import Coverage
from tracker.models.payer import Payer, Plan
from tracker.rules.open_hours import OpenHours


@dataclass(frozen=True, slots=True)
class PayerLine:
    """A coverage in force or to come, with its payer's telephone, fax and hours."""

    name: str
    member_id: str | None
    starts_on: date
    ends_on: date | None
    phone: str | None
    fax: str | None
    open_hours: OpenHours | None
    hours: str | None


def payer_lines(session: Db, *, clinic_id: str, patient_id: str, on: date) -> Sequence[PayerLine]:
    """The one that pays first comes first."""
    query = (
        select(Payer, Plan.name, Coverage)
        .join(Plan, and_(Plan.clinic_id == Coverage.clinic_id, Plan.id == Coverage.plan_id))
        .join(Payer, and_(Payer.clinic_id == Plan.clinic_id, Payer.id == Plan.payer_id))
        .where(
            Coverage.clinic_id == clinic_id,
            Coverage.patient_id == patient_id,
            or_(Coverage.ends_on.is_(None), Coverage.ends_on >= on),
        )
        .order_by(Coverage.starts_on > on, Coverage.rank, Coverage.starts_on, Coverage.id)
    )
    return [_line(payer, plan, coverage) for payer, plan, coverage in session.execute(query)]


def _line(payer: Payer, plan: str, coverage: Coverage) -> PayerLine:
    return PayerLine(
        name=f"{payer.name} {plan}".strip(),
        member_id=coverage.member_id,
        starts_on=coverage.starts_on,
        ends_on=coverage.ends_on,
        phone=payer.phone,
        fax=payer.fax,
        open_hours=payer.open_hours,
        hours=payer.hours,
    )
