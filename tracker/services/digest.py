"""The morning digest: one for each person and day, at the clinic's hour, also when there is no news."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.exc import IntegrityError

from tracker.models.alert import Alert, AlertEventKind, AlertState
from tracker.models.base import Db
from tracker.models.outbox import MailKind, OutboxMessage
from tracker.models.patient import Patient
from tracker.models.user import Role, User
from tracker.rules.words import Severity
from tracker.services import deadlines, ownership, today
from tracker.services import since as since_then
from tracker.services.mail_choices import Wishes, all_wishes
from tracker.services.mail_queue import new_message

SOON_DAYS = 7


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One alert of the digest's list; `owner` None: unowned."""

    alert_id: str
    severity: Severity
    harm_on: date | None
    owner: str | None


@dataclass(frozen=True, slots=True)
class Digest:
    """What one person is in charge of this morning. `soon`: patients who run out uncovered within a week."""

    on: date
    counts: Mapping[Severity, int]
    first: Sequence[DigestLine]
    soon: int
    deadlines: int
    renewals: int
    chases: int
    opened: int
    closed: int


def due_on(wishes: Wishes, now: datetime) -> date | None:
    """The clinic's day whose digest this person should have by now; None before its hour, or on a day off.

    By the instant of that hour, so that a day that lacks it, or has it twice, has one digest all the same. A
    day that is over is not made up for: after a month switched off there is one digest, today's.
    """
    zone = ZoneInfo(wishes.zone)
    day = now.astimezone(zone).date()
    has_come = now >= datetime.combine(day, time(wishes.digest_hour), zone)
    return day if has_come and wishes.digest_on(day) else None


def due_for(session: Db, clinic_id: str, now: datetime) -> list[tuple[str, str]]:
    """Who must be written a digest now, and of which day: (user id, slot)."""
    wishes = all_wishes(session, clinic_id=clinic_id)
    wanted = {user_id: day.isoformat() for user_id, each in wishes.items() if (day := due_on(each, now))}
    slots = set(wanted.values())
    return [
        (user_id, slot)
        for slot in sorted(slots)
        for user_id in _without(session, clinic_id, slot)
        if wanted.get(user_id) == slot
    ]


def write_due(session: Db, clinic_id: str, now: datetime) -> int:
    """Put the digests that are due into the outbox; how many."""
    due = due_for(session, clinic_id, now)
    return sum(_write(session, clinic_id, user_id, slot, now) for user_id, slot in due)


def _without(session: Db, clinic_id: str, slot: str) -> Sequence[str]:
    """Active people who have no digest of that day yet."""
    has = select(OutboxMessage.id).where(
        OutboxMessage.clinic_id == clinic_id,
        OutboxMessage.recipient_id == User.id,
        OutboxMessage.kind == MailKind.DIGEST,
        OutboxMessage.slot == slot,
    )
    query = select(User.id).where(User.clinic_id == clinic_id, User.active, ~has.exists())
    return session.execute(query.order_by(User.id)).scalars().all()


def _write(session: Db, clinic_id: str, user_id: str, slot: str, now: datetime) -> int:
    """One row; 0 if another process wrote it first."""
    row = new_message(clinic_id, user_id, now=now, kind=MailKind.DIGEST, slot=slot)
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        return 0
    return 1


def read(session: Db, *, clinic_id: str, user: User, on: date, since: datetime) -> Digest:
    """The digest of one person as of now: their alerts, those of whom they stand in for, and the unowned."""
    mine = _mine(session, user, on)
    lines = _lines(session, clinic_id, mine)
    codes = _codes(session, clinic_id)
    happened = since_then.counts_by_itself(session, clinic_id=clinic_id, since=since)
    return Digest(
        on=on,
        counts=Counter(line.severity for line in lines),
        first=[line for line in lines if line.severity is not Severity.INFO],
        soon=_soon(session, clinic_id, mine, on),
        deadlines=sum(codes[code] for code in deadlines.ANSWERS),
        renewals=today.to_start(session, clinic_id=clinic_id, on=on, few=0).total,
        chases=sum(codes[code] for code in deadlines.CHASED),
        opened=sum(happened.get(kind, 0) for kind in (AlertEventKind.OPENED, AlertEventKind.REOPENED)),
        closed=happened.get(AlertEventKind.CLOSED, 0),
    )


def _codes(session: Db, clinic_id: str) -> Counter[str]:
    """Open alerts of the clinic by code."""
    query = (
        select(Alert.code, func.count())
        .where(Alert.clinic_id == clinic_id, Alert.state == AlertState.OPEN)
        .group_by(Alert.code)
    )
    return Counter({row[0]: row[1] for row in session.execute(query)})


def _mine(session: Db, user: User, on: date) -> ColumnElement[bool]:
    """What this person answers for today, and, for whoever may act, the unowned."""
    owner = func.coalesce(Alert.owner_id, Patient.owner_id)
    theirs = owner.in_(ownership.answered_for(session, user, clinic_id=user.clinic_id, today=on))
    return theirs if user.role is Role.VIEWER else or_(theirs, owner.is_(None))


def _lines(session: Db, clinic_id: str, mine: ColumnElement[bool]) -> list[DigestLine]:
    owner = func.coalesce(Alert.owner_id, Patient.owner_id)
    query = (
        select(Alert.id, Alert.severity, Alert.harm_on, User.name)
        .join(Patient, and_(Patient.clinic_id == Alert.clinic_id, Patient.id == Alert.patient_id))
        .outerjoin(User, and_(User.clinic_id == Alert.clinic_id, User.id == owner))
        .where(Alert.clinic_id == clinic_id, Alert.state == AlertState.OPEN, mine)
        .order_by(Alert.severity_rank, Alert.harm_on.is_(None), Alert.harm_on, Alert.id)
    )
    return [DigestLine(*row) for row in session.execute(query)]


def _soon(session: Db, clinic_id: str, mine: ColumnElement[bool], on: date) -> int:
    query = (
        select(func.count(Alert.patient_id.distinct()))
        .join(Patient, and_(Patient.clinic_id == Alert.clinic_id, Patient.id == Alert.patient_id))
        .where(
            Alert.clinic_id == clinic_id,
            Alert.state == AlertState.OPEN,
            Alert.harm_on <= on + timedelta(days=SOON_DAYS),
            Alert.severity == Severity.CRITICAL,
            mine,
        )
    )
    return session.execute(query).scalar_one()
