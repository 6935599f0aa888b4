"""Emergency access ("break-glass", 45 CFR 164.312(a)(2)(ii)): one patient of another clinic, to read.

A clinic lets others in only if its administrators switched that on. Its leads are told at once, and each
access stands before them until one of them has reviewed it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, func, select

from tracker.models.audit import AuditAction, AuditEvent
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.emergency import EmergencyAccess
from tracker.models.patient import Patient
from tracker.models.user import Role, User
from tracker.services import audit, memberships, notices
from tracker.services.actor import Actor
from tracker.services.errors import NotFound, Refused
from tracker.services.notices import Notice
from tracker.services.throttle import Limit

WRONG = Limit("emergency", free=3, most=5, locks=False)
WHAT = "break-glass"  # how its reads are named on record
TABLE = EmergencyAccess.__tablename__
LEADS = (Role.LEAD, Role.ADMINISTRATOR)
REVIEWED_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """What someone in a hurry knows of a patient. All of it must fit: nobody can leaf through a clinic."""

    clinic_id: str
    mrn: str
    birth_date: date
    reason: str


@dataclass(frozen=True, slots=True)
class Line:
    """An access as the leads of the patient's clinic see it. `looks`: pages shown under it."""

    access: EmergencyAccess
    patient: str
    looks: int
    running: bool


def clinics_for(session: Db, user: User) -> list[tuple[str, str]]:
    """(id, name) of the clinics that let this person in in an emergency; their own need none."""
    own = {place.clinic_id for place in memberships.places_of(session, user)}
    query = select(Clinic.id, Clinic.name).where(Clinic.emergency_on).order_by(Clinic.name)
    return [(row.id, row.name) for row in session.execute(query) if row.id not in own]


def open_record(
    session: Db, user: User, wanted: Wanted, *, from_clinic: str, now: datetime
) -> EmergencyAccess | None:
    """Open one patient to one person and tell the clinic's leads; the same one again while it runs.

    None, on record in that clinic, if nobody fits. Raises Refused for a clinic that lets nobody in.
    """
    if wanted.clinic_id not in {row_id for row_id, _ in clinics_for(session, user)}:
        raise Refused("Choose one of the list.", field="clinic")
    clinic = session.get_one(Clinic, wanted.clinic_id)
    patient_id = _patient_id(session, wanted)
    actor = stranger(user, from_clinic)
    if patient_id is None:
        audit.record(
            session, clinic_id=clinic.id, actor=actor, action=AuditAction.DENIED, at=now, table_name=WHAT
        )
        return None
    for open_now, _ in running(session, user, now=now):
        if open_now.patient_id == patient_id:
            return open_now  # asked twice: one access, one mail, one review
    row = EmergencyAccess(
        clinic_id=clinic.id,
        patient_id=patient_id,
        user_id=user.id,
        opened_by=user.name,
        from_clinic=from_clinic,
        reason=wanted.reason,
        opened_at=now,
        ends_at=now + timedelta(minutes=clinic.emergency_minutes),
    )
    session.add(row)
    session.flush()
    audit.record(
        session,
        clinic_id=clinic.id,
        actor=actor,
        action=AuditAction.ADDED,
        at=now,
        table_name=TABLE,
        row_key=row.id,
        patient_id=patient_id,
        new={"reason": row.reason, "ends_at": row.ends_at.isoformat()},
    )
    for lead in leads_of(session, clinic.id):
        notices.tell(session, lead, Notice.EMERGENCY, now=now)
    return row


def _patient_id(session: Db, wanted: Wanted) -> str | None:
    query = select(Patient.id).where(
        Patient.clinic_id == wanted.clinic_id,
        Patient.mrn == wanted.mrn,
        Patient.birth_date == wanted.birth_date,
    )
    return session.execute(query).scalar_one_or_none()


def stranger(user: User, from_clinic: str) -> Actor:
    """Someone of another clinic, as the patient's clinic reads it on record."""
    return Actor(f"{user.name[:90]} ({from_clinic[:90]}, emergency)", user.id)


def leads_of(session: Db, clinic_id: str) -> Sequence[User]:
    """Who is told: leads and administrators at home in the clinic."""
    query = select(User).where(User.clinic_id == clinic_id, User.active, User.role.in_(LEADS))
    return session.execute(query.order_by(User.id)).scalars().all()


def running(session: Db, user: User, *, now: datetime) -> list[tuple[EmergencyAccess, str]]:
    """What is open to a person now, with the name of each clinic; the first to end first."""
    query = (
        select(EmergencyAccess, Clinic.name)
        .join(Clinic, Clinic.id == EmergencyAccess.clinic_id)
        .where(EmergencyAccess.user_id == user.id, EmergencyAccess.ends_at > now, Clinic.emergency_on)
        .order_by(EmergencyAccess.ends_at, EmergencyAccess.id)
    )
    return [(row, name) for row, name in session.execute(query)]


def find(session: Db, user: User, access_id: str, *, now: datetime) -> tuple[EmergencyAccess, Clinic]:
    """One's own access while it lasts, and the patient's clinic. Raises NotFound for any other."""
    for row, _ in running(session, user, now=now):
        if row.id == access_id:
            return row, session.get_one(Clinic, row.clinic_id)
    raise NotFound("This emergency access has ended, or there is none. Open it again if you must.")


# ---------------------------------------------------------------------------------------------- the review


def waiting_count(session: Db, clinic_id: str) -> int:
    """How many nobody has reviewed."""
    query = select(func.count()).where(
        EmergencyAccess.clinic_id == clinic_id, EmergencyAccess.reviewed_at.is_(None)
    )
    return session.execute(query).scalar_one()


def lines(session: Db, clinic_id: str, *, now: datetime) -> tuple[list[Line], list[Line]]:
    """All that wait, the oldest first; and the latest that were reviewed."""
    query = (
        select(EmergencyAccess, Patient.family, Patient.given, func.count(AuditEvent.id))
        .join(
            Patient,
            and_(Patient.clinic_id == EmergencyAccess.clinic_id, Patient.id == EmergencyAccess.patient_id),
        )
        .outerjoin(
            AuditEvent,
            and_(
                AuditEvent.clinic_id == EmergencyAccess.clinic_id,
                AuditEvent.patient_id == EmergencyAccess.patient_id,
                AuditEvent.table_name == WHAT,
                AuditEvent.action == AuditAction.VIEWED,
                AuditEvent.row_key == EmergencyAccess.id,
            ),
        )
        .where(EmergencyAccess.clinic_id == clinic_id)
        .group_by(EmergencyAccess.id, Patient.family, Patient.given)
    )
    waits = EmergencyAccess.reviewed_at.is_(None)
    oldest = query.where(waits).order_by(EmergencyAccess.opened_at, EmergencyAccess.id)
    latest = query.where(~waits).order_by(EmergencyAccess.reviewed_at.desc()).limit(REVIEWED_SHOWN)
    both = (session.execute(each).all() for each in (oldest, latest))
    first, second = (
        [Line(row, f"{family}, {given}", looks, row.ends_at > now) for row, family, given, looks in each]
        for each in both
    )
    return first, second


def review(
    session: Db, clinic_id: str, access_id: str, *, note: str, reviewer: Actor, now: datetime
) -> EmergencyAccess:
    """Say what the clinic found. One that still runs ends with it. Raises NotFound or Refused."""
    query = select(EmergencyAccess).where(
        EmergencyAccess.clinic_id == clinic_id, EmergencyAccess.id == access_id
    )
    row = session.execute(query.with_for_update()).scalar_one_or_none()
    if row is None:
        raise NotFound("There is no such emergency access here.")
    if row.reviewed_at is not None:
        raise Refused(f"{row.reviewed_by} has reviewed this on {row.reviewed_at:%Y-%m-%d}.")
    if row.user_id == reviewer.user_id:
        raise Refused("Someone else must review what you opened yourself.")
    row.ends_at = min(row.ends_at, now)
    row.reviewed_at, row.reviewed_by, row.review_note = now, reviewer.name, note
    audit.record(
        session,
        clinic_id=clinic_id,
        actor=reviewer,
        action=AuditAction.CHANGED,
        at=now,
        table_name=TABLE,
        row_key=row.id,
        patient_id=row.patient_id,
        new={"review_note": note, "ends_at": row.ends_at.isoformat()},
    )
    session.flush()
    return row


def set_policy(session: Db, clinic: Clinic, *, on: bool, minutes: int, actor: Actor, now: datetime) -> None:
    """Whether other clinics' leads may look in, and for how long. Switched off, what runs ends."""
    if on and not leads_of(session, clinic.id):
        raise Refused("Nobody here would be told: first give someone here the role lead.", field="on")
    before = {"emergency_on": clinic.emergency_on, "emergency_minutes": clinic.emergency_minutes}
    clinic.emergency_on, clinic.emergency_minutes = on, minutes
    old, new = audit.difference(before, {"emergency_on": on, "emergency_minutes": minutes})
    if new:
        audit.clinic_changed(session, clinic.id, old=old, new=new, actor=actor, at=now)
    session.flush()
