"""Mail that must go out: written with its alert, claimed by one sender, recorded when it is done.

Nothing is sent here. A message is told once for each alert, person and occasion (a unique key says so); a
sender holds it by a lease, so that a sender that dies gives it back. Only the edge commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, or_, select, true, update

from tracker.models.alert import Alert, AlertState
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.ids import new_id
from tracker.models.outbox import OutboxLine, OutboxMessage, OutboxState
from tracker.models.patient import Patient
from tracker.models.user import Role, User
from tracker.rules.words import Severity

GATHER = timedelta(seconds=30)  # what opens close together goes out as one mail for each person
LEASE = timedelta(minutes=10)  # longer than the longest send, so that two senders never hold one message
WAIT_MINUTES = (1, 2, 5, 10, 20, 30)
LAST_TRY = 51  # with the waits above, the last is a day after the first
PENDING = (OutboxState.CREATED, OutboxState.RETRY)


@dataclass(frozen=True, slots=True)
class Item:
    """One alert of a letter."""

    alert_id: str
    severity: Severity
    harm_on: date | None


@dataclass(frozen=True, slots=True)
class Letter:
    """What a sender needs of a claimed message. `items` worst first; `repeat`: an earlier try was unsure."""

    row_id: str
    message_id: str
    clinic_id: str
    clinic_name: str
    to: str
    repeat: bool
    attempts: int
    items: tuple[Item, ...]


def tell(session: Db, *, alert: Alert, occasion: str, now: datetime) -> None:
    """Put an alert into the next mail of everyone in charge, once for each occasion.

    Information is never mailed: it is read on the worklist.
    """
    if alert.severity is Severity.INFO:
        return
    for recipient_id in recipients(session, clinic_id=alert.clinic_id, patient_id=alert.patient_id):
        if _was_told(session, alert, recipient_id, occasion):
            continue
        message_row_id = _waiting(session, alert.clinic_id, recipient_id) or _start(
            session, alert.clinic_id, recipient_id, now
        )
        session.add(
            OutboxLine(
                clinic_id=alert.clinic_id,
                message_row_id=message_row_id,
                alert_id=alert.id,
                recipient_id=recipient_id,
                occasion=occasion,
            )
        )


def recipients(session: Db, *, clinic_id: str, patient_id: str) -> list[str]:
    """Ids of who is told about a patient: the coordinator in charge, else all who may act."""
    owner = (
        select(User.id)
        .join(Patient, and_(Patient.clinic_id == User.clinic_id, Patient.owner_id == User.id))
        .where(User.clinic_id == clinic_id, User.active, Patient.id == patient_id)
    )
    in_charge = session.execute(owner).scalars().all()
    if in_charge:
        return list(in_charge)
    everyone = (
        select(User.id)
        .where(User.clinic_id == clinic_id, User.active, User.role != Role.VIEWER)
        .order_by(User.id)
    )
    return list(session.execute(everyone).scalars())


def _was_told(session: Db, alert: Alert, recipient_id: str, occasion: str) -> bool:
    query = select(OutboxLine.id).where(
        OutboxLine.clinic_id == alert.clinic_id,
        OutboxLine.alert_id == alert.id,
        OutboxLine.recipient_id == recipient_id,
        OutboxLine.occasion == occasion,
    )
    return session.execute(query).first() is not None


def _waiting(session: Db, clinic_id: str, recipient_id: str) -> str | None:
    """The message that gathers this person's alerts, held so that no sender takes it half filled."""
    query = (
        select(OutboxMessage.id)
        .where(
            OutboxMessage.clinic_id == clinic_id,
            OutboxMessage.recipient_id == recipient_id,
            OutboxMessage.state == OutboxState.CREATED,
        )
        .limit(1)
        .with_for_update()
    )
    return session.execute(query).scalar()


def _start(session: Db, clinic_id: str, recipient_id: str, now: datetime) -> str:
    row_id = new_id()
    session.add(
        OutboxMessage(
            id=row_id,
            clinic_id=clinic_id,
            recipient_id=recipient_id,
            state=OutboxState.CREATED,
            message_id=f"<{row_id}@pa-tracker.invalid>",
            created_at=now,
            next_at=now + GATHER,
        )
    )
    session.flush()
    return row_id


def ready(now: datetime) -> ColumnElement[bool]:
    """Messages to send now: their time has come, or their sender went silent."""
    return or_(
        and_(OutboxMessage.state.in_(PENDING), OutboxMessage.next_at <= now),
        and_(OutboxMessage.state == OutboxState.SENDING, OutboxMessage.lease_until < now),
    )


def ready_messages(now: datetime) -> Select[str]:
    """Ids of the messages to send now, longest waiting first."""
    return select(OutboxMessage.id).where(ready(now)).order_by(OutboxMessage.next_at, OutboxMessage.id)


def claim(session: Db, *, owner: str, now: datetime, limit: int = 1) -> list[str]:
    """Take up to `limit` messages for this sender alone; ids of those it got.

    One that a silent sender had may have gone out already: it is marked `unsure`.
    """
    query = ready_messages(now).limit(limit).with_for_update(skip_locked=True)
    ids = list(session.execute(query).scalars())
    if not ids:
        return []
    change = (
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(ids), ready(now))
        .values(
            unsure=case((OutboxMessage.state == OutboxState.SENDING, true()), else_=OutboxMessage.unsure),
            state=OutboxState.SENDING,
            attempts=OutboxMessage.attempts + 1,
            lease_owner=owner,
            lease_until=now + LEASE,
        )
    )
    session.execute(change, execution_options={"synchronize_session": False})
    taken = select(OutboxMessage.id).where(OutboxMessage.id.in_(ids), *_held_by(owner))
    return list(session.execute(taken).scalars())


def open_letter(session: Db, row_id: str, *, now: datetime) -> Letter | None:
    """What to send for a claimed message; None if nothing in it is worth sending any more.

    Alerts that closed meanwhile are left out. If the person has left, others in charge are told.
    """
    query = (
        select(OutboxMessage, User, Clinic)
        .join(User, User.id == OutboxMessage.recipient_id)
        .join(Clinic, Clinic.id == OutboxMessage.clinic_id)
        .where(OutboxMessage.id == row_id)
        .execution_options(populate_existing=True)
    )
    message, person, clinic = session.execute(query).one()
    lines = _open_lines(session, message)
    if not person.active:
        for alert, occasion in lines:
            tell(session, alert=alert, occasion=occasion, now=now)
    if not lines or not person.active:
        return None
    return Letter(
        row_id=message.id,
        message_id=message.message_id,
        clinic_id=clinic.id,
        clinic_name=clinic.name,
        to=person.email,
        repeat=message.unsure,
        attempts=message.attempts,
        items=_items(lines),
    )


def _open_lines(session: Db, message: OutboxMessage) -> Sequence[tuple[Alert, str]]:
    query = (
        select(Alert, OutboxLine.occasion)
        .join(OutboxLine, and_(OutboxLine.clinic_id == Alert.clinic_id, OutboxLine.alert_id == Alert.id))
        .where(
            OutboxLine.clinic_id == message.clinic_id,
            OutboxLine.message_row_id == message.id,
            Alert.state == AlertState.OPEN,
        )
        .order_by(Alert.severity_rank, Alert.harm_on.is_(None), Alert.harm_on, Alert.id)
    )
    return [(alert, occasion) for alert, occasion in session.execute(query)]


def _items(lines: Sequence[tuple[Alert, str]]) -> tuple[Item, ...]:
    """One item for each alert, though two occasions may have put it into one message."""
    items = {alert.id: Item(alert.id, alert.severity, alert.harm_on) for alert, _ in lines}
    return tuple(items.values())


def record_sent(session: Db, row_id: str, *, owner: str, now: datetime) -> bool:
    """The mail server, or the folder, has it. False if another sender took the message over."""
    return _settle(session, row_id, owner, state=OutboxState.SENT, sent_at=now, last_error=None, unsure=False)


def record_dropped(session: Db, row_id: str, *, owner: str, now: datetime) -> bool:
    """Nothing in it needs to be told any more."""
    return _settle(session, row_id, owner, state=OutboxState.DROPPED, next_at=now)


def record_failed(session: Db, row_id: str, *, owner: str, now: datetime, error: str) -> bool:
    """No further try would help."""
    return _settle(session, row_id, owner, state=OutboxState.FAILED, next_at=now, last_error=error[:300])


def record_retry(
    session: Db, letter: Letter, *, owner: str, now: datetime, error: str, after_data: bool
) -> bool:
    """Try again later, or give up after a day. `after_data`: the mail may have arrived all the same."""
    wait = wait_after(letter.attempts)
    if wait is None:
        return record_failed(session, letter.row_id, owner=owner, now=now, error=error)
    return _settle(
        session,
        letter.row_id,
        owner,
        state=OutboxState.RETRY,
        next_at=now + wait,
        last_error=error[:300],
        unsure=letter.repeat or after_data,
    )


def wait_after(attempts: int) -> timedelta | None:
    """How long to wait after so many tries; None: no more."""
    if attempts >= LAST_TRY:
        return None
    return timedelta(minutes=WAIT_MINUTES[min(attempts, len(WAIT_MINUTES)) - 1])


def _held_by(owner: str) -> tuple[ColumnElement[bool], ...]:
    return OutboxMessage.state == OutboxState.SENDING, OutboxMessage.lease_owner == owner


def _settle(session: Db, row_id: str, owner: str, **values: Any) -> bool:
    change = (
        update(OutboxMessage)
        .where(OutboxMessage.id == row_id, *_held_by(owner))
        .values(lease_owner=None, lease_until=None, **values)
    )
    result = session.execute(change, execution_options={"synchronize_session": False})
    return bool(result.rowcount)  # type: ignore[attr-defined] # an UPDATE gives a cursor result
