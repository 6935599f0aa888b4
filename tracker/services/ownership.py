"""Who answers for an alert: its own owner, else the patient's; who stands in; and what nobody answers for.

Whoever is away or switched off is stood in for at once by their backup, else by the clinic's lead.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from tracker.models.alert import Alert
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.ladder import Ladder
from tracker.models.patient import Patient
from tracker.models.user import Role, User
from tracker.services.clinic_day import day_in
from tracker.services.errors import Refused


@dataclass(frozen=True, slots=True)
class InCharge:
    """`owner` was named, `acting` does it today (both None: unowned); `backup` is the next to ask."""

    owner: User | None
    acting: User | None
    backup: User | None


def ladder_of(session: Db, clinic_id: str) -> Ladder:
    """The clinic's ladder, or one with the defaults that is not saved."""
    return session.get(Ladder, clinic_id) or Ladder(
        clinic_id=clinic_id, critical_hours=4, high_hours=24, warning_hours=72
    )


def people_of(session: Db, clinic_id: str) -> dict[str, User]:
    """The clinic's accounts by id, those switched off included, in the order of their names."""
    query = select(User).where(User.clinic_id == clinic_id).order_by(User.name, User.id)
    return {person.id: person for person in session.execute(query).scalars()}


def may_act(person: User | None) -> bool:
    """Whether an alert can be given to this account."""
    return person is not None and person.active and person.role is not Role.VIEWER


def someone_to_give_to(session: Db, *, clinic_id: str, user_id: str) -> User:
    """The person of this clinic with this id, or Refused if they could not act on an alert."""
    query = select(User).where(User.clinic_id == clinic_id, User.id == user_id)
    person = session.execute(query).scalar_one_or_none()
    if person is None:
        raise Refused("Choose a person of this clinic.", field="user_id")
    if not person.active:
        raise Refused(f"{person.name}'s account is off: choose someone else.", field="user_id")
    if person.role is Role.VIEWER:
        raise Refused(f"{person.name} may look but not act: choose someone else.", field="user_id")
    return person


def in_charge(session: Db, alert: Alert, *, now: datetime) -> InCharge:
    """Who answers for this alert now."""
    clinic = session.get_one(Clinic, alert.clinic_id)
    patient = session.execute(
        select(Patient).where(Patient.clinic_id == alert.clinic_id, Patient.id == alert.patient_id)
    ).scalar_one()
    people, ladder = people_of(session, clinic.id), ladder_of(session, clinic.id)
    today = day_in(clinic, now)
    owner = people.get(alert.owner_id or patient.owner_id or "")
    lead = _lead(people, ladder, today)
    acting = stand_in(owner, people=people, lead_id=lead.id if lead else None, today=today)
    named = (alert.backup_id, patient.backup_id, acting.backup_id if acting else None, ladder.backup_id)
    candidates = (people.get(each or "") for each in named)
    backup = next((p for p in candidates if _present(p, today) and p is not acting), None)
    return InCharge(owner, acting, backup)


def stand_in(
    owner: User | None, *, people: Mapping[str, User], lead_id: str | None, today: date
) -> User | None:
    """Who acts for `owner` today: they, their backup (or the backup's), else the lead; None if nobody can."""
    seen: set[str] = set()
    person = owner
    while person is not None and person.id not in seen:
        if _present(person, today):
            return person
        seen.add(person.id)
        person = people.get(person.backup_id or "")
    lead = people.get(lead_id or "")
    return lead if owner is not None and _present(lead, today) else None


def answered_for(session: Db, user: User, *, clinic_id: str, today: date) -> frozenset[str]:
    """Ids of the colleagues whose work is this person's today: their own, and of whom they stand in for.

    Where nobody stands in for someone who is away or switched off, it is the work of all who may act.
    """
    acting = acting_for(session, clinic_id, today=today)
    theirs = {each for each, found in acting.items() if (found.id == user.id if found else may_act(user))}
    return frozenset(theirs | {user.id})


def acting_for(session: Db, clinic_id: str, *, today: date) -> dict[str, User | None]:
    """Who does the work of each account today, by its id; None: nobody stands in."""
    people, ladder = people_of(session, clinic_id), ladder_of(session, clinic_id)
    lead = _lead(people, ladder, today)
    lead_id = lead.id if lead else None
    return {each.id: stand_in(each, people=people, lead_id=lead_id, today=today) for each in people.values()}


def lead_of(session: Db, clinic_id: str, *, now: datetime) -> User | None:
    """The lead whom the ladder names if they are there, else the first of the role who is."""
    today = day_in(session.get_one(Clinic, clinic_id), now)
    return _lead(people_of(session, clinic_id), ladder_of(session, clinic_id), today)


def _lead(people: Mapping[str, User], ladder: Ladder, today: date) -> User | None:
    named = people.get(ladder.lead_id or "")
    if _present(named, today):
        return named
    return next((p for p in people.values() if p.role is Role.LEAD and _present(p, today)), None)


def _present(person: User | None, today: date) -> bool:
    return person is not None and may_act(person) and not person.is_away(today)


def unowned_too_long(*, owner_id: str | None, opened_at: datetime, zone: str, today: date) -> bool:
    """Whether nobody has owned it since a clinic day before today: then it counts as High at least."""
    return owner_id is None and opened_at.astimezone(ZoneInfo(zone)).date() < today
