"""Mail that must go out: written with its alert, claimed by one sender, recorded when it is done.

Nothing is sent here. A message is told once for each alert, person and occasion (a unique key says so); a
sender holds it by a lease, so that a sender that dies gives it back. Only the edge commits.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, func, select, true, update

from tracker.models.alert import Alert, AlertState
from tracker.models.audit import AuditAction
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.outbox import MailKind, OutboxLine, OutboxMessage, OutboxState
from tracker.models.user import Role, User
from tracker.rules.words import Severity
from tracker.services import audit, ownership, undelivered
from tracker.services.actor import SCAN
from tracker.services.clinic_day import day_starts_at
from tracker.services.mail_choices import Wishes, all_wishes
from tracker.services.mail_queue import new_message, ready, ready_messages

GATHER = timedelta(seconds=30)  # what opens close together goes out as one mail for each person
STORM = 25  # more at once than anyone can act on one by one: they are gathered until no more come
STORM_GATHER, LONGEST_GATHER = timedelta(minutes=2), timedelta(minutes=20)
LEASE = timedelta(minutes=10)  # longer than the longest send, so that two senders never hold one message
WAIT_MINUTES = (1, 2, 5, 10, 20, 30)
LAST_TRY = 51  # with the waits above, the last is a day after the first


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
    kind: MailKind = MailKind.ALERTS
    recipient_id: str = ""


def tell(
    session: Db, *, alert: Alert, occasion: str, now: datetime, to: Collection[str] | None = None
) -> None:
    """Put an alert into the next mail of everyone in charge (or of `to`), once for each occasion.

    What a person does not want at once waits for the digest. Information is never mailed at once.
    """
    if alert.severity is Severity.INFO:
        return
    told = recipients(session, alert=alert, now=now) if to is None else to
    for recipient_id in told:
        wanted = _wishes(session, alert.clinic_id, recipient_id, now)
        if not wanted.at_once_for(alert.severity):
            continue
        if _was_told(session, alert, recipient_id, occasion):
            continue
        message = _waiting(session, alert.clinic_id, recipient_id) or _start(
            session, alert, recipient_id, wanted, now
        )
        if message is None:
            continue
        _hurry(session, message, wanted.not_before(alert.severity, now) + GATHER, now)
        session.add(
            OutboxLine(
                clinic_id=alert.clinic_id,
                message_row_id=message.id,
                alert_id=alert.id,
                recipient_id=recipient_id,
                occasion=occasion,
            )
        )


def _wishes(session: Db, clinic_id: str, user_id: str, now: datetime) -> Wishes:
    """What a person chose; read once for each check, and again for someone who is new."""
    kept = session.info.get("wishes")
    if kept is None or kept[0] != (clinic_id, now) or user_id not in kept[1]:
        kept = session.info["wishes"] = (clinic_id, now), all_wishes(session, clinic_id=clinic_id)
    found: Wishes = kept[1][user_id]
    return found


def _hurry(session: Db, message: OutboxMessage, goes_at: datetime, now: datetime) -> None:
    """A critical alert does not wait with the others; a storm is gathered until no more come."""
    if message.slot is None and goes_at < message.next_at:
        message.next_at = goes_at
    lines = select(func.count()).where(
        OutboxLine.clinic_id == message.clinic_id, OutboxLine.message_row_id == message.id
    )
    if message.slot is None and session.execute(lines).scalar_one() >= STORM:
        latest = message.created_at + LONGEST_GATHER
        message.next_at = max(message.next_at, min(now + STORM_GATHER, latest))


def recipients(session: Db, *, alert: Alert, now: datetime) -> list[str]:
    """Ids of who is told about an alert: whoever answers for it today, else all who may act."""
    acting = ownership.in_charge(session, alert, now=now).acting
    if acting is not None:
        return [acting.id]
    everyone = (
        select(User.id)
        .where(User.clinic_id == alert.clinic_id, User.active, User.role != Role.VIEWER)
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


def _waiting(session: Db, clinic_id: str, recipient_id: str) -> OutboxMessage | None:
    """The message that gathers this person's alerts, held so that no sender takes it half filled."""
    query = (
        select(OutboxMessage)
        .where(
            OutboxMessage.clinic_id == clinic_id,
            OutboxMessage.recipient_id == recipient_id,
            OutboxMessage.kind == MailKind.ALERTS,
            OutboxMessage.state == OutboxState.CREATED,
            OutboxMessage.notice.is_(None),
        )
        .limit(1)
        .with_for_update()
    )
    return session.execute(query).scalar()


def _start(
    session: Db, alert: Alert, recipient_id: str, wishes: Wishes, now: datetime
) -> OutboxMessage | None:
    """A new message, or None if this person has had the day's mails: the digest tells the rest.

    Over the budget there is one mail an hour, and only a critical alert begins it.
    """
    local = now.astimezone(ZoneInfo(wishes.zone))
    midnight = day_starts_at(local.date(), wishes.zone)
    slot, next_at = None, wishes.not_before(alert.severity, now) + GATHER
    if _written_since(session, alert.clinic_id, recipient_id, midnight) >= wishes.budget:
        slot = f"over {local:%Y-%m-%d %H%z}"
        if alert.severity is not Severity.CRITICAL or _has_slot(session, alert.clinic_id, recipient_id, slot):
            return None
        next_at = (local.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)).astimezone(UTC)
    how = {"kind": MailKind.ALERTS, "slot": slot, "next_at": next_at}
    message = new_message(alert.clinic_id, recipient_id, now=now, **how)
    session.add(message)
    session.flush()
    return message


def _written_since(session: Db, clinic_id: str, recipient_id: str, since: datetime) -> int:
    """How many mails about alerts a person was written since an instant."""
    query = select(func.count()).where(
        OutboxMessage.clinic_id == clinic_id,
        OutboxMessage.recipient_id == recipient_id,
        OutboxMessage.kind == MailKind.ALERTS,
        OutboxMessage.state != OutboxState.DROPPED,
        OutboxMessage.created_at >= since,
    )
    return session.execute(query).scalar_one()


def _has_slot(session: Db, clinic_id: str, recipient_id: str, slot: str) -> bool:
    query = select(OutboxMessage.id).where(
        OutboxMessage.clinic_id == clinic_id,
        OutboxMessage.recipient_id == recipient_id,
        OutboxMessage.kind == MailKind.ALERTS,
        OutboxMessage.slot == slot,
    )
    return session.execute(query).first() is not None


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
        return None
    if not lines and message.kind is not MailKind.DIGEST:
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
        kind=message.kind,
        recipient_id=person.id,
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
    settled = _settle(
        session, row_id, owner, state=OutboxState.SENT, sent_at=now, last_error=None, unsure=False
    )
    if settled:
        _put_on_record(session, row_id, now)
    return settled


def _put_on_record(session: Db, row_id: str, now: datetime) -> None:
    """That it went out, to whom, and how many alerts it told."""
    message = session.execute(select(OutboxMessage).where(OutboxMessage.id == row_id)).scalar_one()
    lines = select(func.count(OutboxLine.alert_id.distinct())).where(
        OutboxLine.clinic_id == message.clinic_id, OutboxLine.message_row_id == row_id
    )
    audit.record(
        session,
        clinic_id=message.clinic_id,
        actor=SCAN,
        action=AuditAction.MAILED,
        at=now,
        table_name="outbox_message",
        row_key=row_id,
        new={
            "to": message.recipient_id,
            "kind": message.kind.value,
            "alerts": session.execute(lines).scalar_one(),
        },
    )


def record_dropped(session: Db, row_id: str, *, owner: str, now: datetime) -> bool:
    """Nothing in it needs to be told any more."""
    return _settle(session, row_id, owner, state=OutboxState.DROPPED, next_at=now)


def record_failed(session: Db, row_id: str, *, owner: str, now: datetime, error: str) -> bool:
    """No further try would help. What it would have told, the clinic's leads are told."""
    settled = _settle(session, row_id, owner, state=OutboxState.FAILED, next_at=now, last_error=error[:300])
    if settled:
        message = session.execute(select(OutboxMessage).where(OutboxMessage.id == row_id)).scalar_one()
        alert_ids = dict.fromkeys(alert.id for alert, _ in _open_lines(session, message))
        undelivered.tell_leads(session, message, alert_ids=list(alert_ids), now=now)
    return settled


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
