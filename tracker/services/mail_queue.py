"""Mails that wait: a new one, and which may go out now, in what order. `outbox` claims and records them."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, update

from tracker.models.alert import Alert, AlertState
from tracker.models.base import Db
from tracker.models.ids import new_id
from tracker.models.outbox import OutboxLine, OutboxMessage, OutboxState
from tracker.rules.words import Severity

FARTHEST = timedelta(days=2)  # no wait and no lease is longer: one that seems so was set by a wrong clock
PENDING = (OutboxState.CREATED, OutboxState.RETRY)


def new_message(clinic_id: str, recipient_id: str, *, now: datetime, **more: Any) -> OutboxMessage:
    """A message to one person, to go out at once unless `more` says otherwise. Not yet in the session."""
    row_id = new_id()
    values = {
        "id": row_id,
        "clinic_id": clinic_id,
        "recipient_id": recipient_id,
        "state": OutboxState.CREATED,
        "message_id": message_id(row_id),
        "created_at": now,
        "next_at": now,
    }
    return OutboxMessage(**(values | more))


def message_id(row_id: str) -> str:
    """How a mail is known on its way; the same mail again has the same."""
    return f"<{row_id}@pa-tracker.invalid>"


def ready(now: datetime) -> ColumnElement[bool]:
    """Messages to send now: their time has come, or their sender went silent."""
    next_at, lease_until = OutboxMessage.next_at, OutboxMessage.lease_until
    return or_(
        and_(OutboxMessage.state.in_(PENDING), or_(next_at <= now, next_at > now + FARTHEST)),
        and_(
            OutboxMessage.state == OutboxState.SENDING, or_(lease_until < now, lease_until > now + FARTHEST)
        ),
    )


def ready_messages(now: datetime) -> Select[str]:
    """Ids of the messages to send now: about accounts, the worst alerts, the digests; in turn."""
    return (
        select(OutboxMessage.id)
        .where(ready(now))
        .order_by(_urgency(), OutboxMessage.next_at, OutboxMessage.id)
    )


def _urgency() -> ColumnElement[int]:
    """The rank of the worst open alert a message tells; someone who waits to sign in is not kept waiting."""
    worst = (
        select(func.min(Alert.severity_rank))
        .join(OutboxLine, and_(OutboxLine.clinic_id == Alert.clinic_id, OutboxLine.alert_id == Alert.id))
        .where(
            OutboxLine.clinic_id == OutboxMessage.clinic_id,
            OutboxLine.message_row_id == OutboxMessage.id,
            Alert.state == AlertState.OPEN,
        )
        .correlate(OutboxMessage)
        .scalar_subquery()
    )
    return case((OutboxMessage.notice.is_not(None), -1), else_=func.coalesce(worst, len(Severity)))


def hasten(session: Db, *, now: datetime) -> int:
    """The mail server answers again: what it kept waiting goes out now, the worst first. How many.

    Each mail had its own wait, so that without this the one tried most, which is the worst, came last.
    """
    change = (
        update(OutboxMessage)
        .where(OutboxMessage.state == OutboxState.RETRY, OutboxMessage.next_at > now)
        .values(next_at=now)
    )
    result = session.execute(change, execution_options={"synchronize_session": False})
    return int(result.rowcount)  # type: ignore[attr-defined] # an UPDATE gives a cursor result
