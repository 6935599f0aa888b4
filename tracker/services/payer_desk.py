"""What one needs at the telephone: the payer's number and hours, the case number, the last contact."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, func, select

from tracker.models.authorization import Authorization
from tracker.models.authorization_log import ContactLog
from tracker.models.base import Db
from tracker.models.payer import Payer, Plan
from tracker.rules.open_hours import OpenHours


@dataclass(frozen=True, slots=True)
class LastContact:
    on: date
    channel: str
    with_whom: str | None
    reference: str | None


@dataclass(frozen=True, slots=True)
class Desk:
    """Whom to call. `hours`: a note. `number`: of the request or authorization; None: none given yet."""

    payer: str
    phone: str | None
    hours: str | None
    number: str | None = None
    last: LastContact | None = None
    open_hours: OpenHours | None = None
    fax: str | None = None
    payer_id: str | None = None

    @property
    def case(self) -> str | None:
        """The number the payer knows it by: its own, else the reference of the last contact."""
        return self.number or (self.last.reference if self.last else None)


def desks_of(session: Db, *, clinic_id: str, authorization_ids: Iterable[str]) -> dict[str, Desk]:
    """Whom to call about each of these authorizations. Two queries."""
    wanted = list(dict.fromkeys(authorization_ids))
    last = _last_contacts(session, clinic_id, wanted)
    query = (
        select(Authorization.id, Payer, Authorization.number)
        .join(Plan, and_(Plan.clinic_id == Authorization.clinic_id, Plan.id == Authorization.plan_id))
        .join(Payer, and_(Payer.clinic_id == Plan.clinic_id, Payer.id == Plan.payer_id))
        .where(Authorization.clinic_id == clinic_id, Authorization.id.in_(wanted))
    )
    return {
        row_id: desk_of(payer, number, last.get(row_id)) for row_id, payer, number in session.execute(query)
    }


def desks_of_plans(session: Db, *, clinic_id: str, plan_ids: Iterable[str]) -> Mapping[str, Desk]:
    """Whom to call about each of these plans."""
    query = (
        select(Plan.id, Payer)
        .join(Payer, and_(Payer.clinic_id == Plan.clinic_id, Payer.id == Plan.payer_id))
        .where(Plan.clinic_id == clinic_id, Plan.id.in_(set(plan_ids)))
    )
    return {plan_id: desk_of(payer) for plan_id, payer in session.execute(query)}


def desk_of(payer: Payer, number: str | None = None, last: LastContact | None = None) -> Desk:
    return Desk(
        payer.name,
        payer.phone,
        payer.hours,
        number,
        last,
        payer.open_hours,
        fax=payer.fax,
        payer_id=payer.id,
    )


def _last_contacts(session: Db, clinic_id: str, wanted: Sequence[str]) -> dict[str, LastContact]:
    place = func.row_number().over(
        partition_by=ContactLog.authorization_id, order_by=(ContactLog.on_date.desc(), ContactLog.id.desc())
    )
    ranked = (
        select(
            ContactLog.authorization_id,
            ContactLog.on_date,
            ContactLog.channel,
            ContactLog.with_whom,
            ContactLog.reference,
            place.label("place"),
        )
        .where(ContactLog.clinic_id == clinic_id, ContactLog.authorization_id.in_(wanted))
        .subquery()
    )
    rows = session.execute(select(ranked).where(ranked.c.place == 1))
    return {
        str(row.authorization_id): LastContact(row.on_date, row.channel.label, row.with_whom, row.reference)
        for row in rows
    }
