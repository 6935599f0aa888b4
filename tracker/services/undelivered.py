"""Mails that failed for good: each is an alert to the clinic's leads until someone has dealt with it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, func, select

from tracker.models.base import Db
from tracker.models.outbox import MailKind, OutboxLine, OutboxMessage, OutboxState
from tracker.models.user import Role, User
from tracker.services.actor import Actor
from tracker.services.errors import Refused
from tracker.services.mail_queue import new_message


def leads(session: Db, *, clinic_id: str) -> list[str]:
    """Ids of a clinic's active leads, else of its administrators."""
    query = (
        select(User.id, User.role)
        .where(User.clinic_id == clinic_id, User.active, User.role.in_((Role.LEAD, Role.ADMINISTRATOR)))
        .order_by(User.id)
    )
    found = [(user_id, role) for user_id, role in session.execute(query)]
    return [i for i, role in found if role is Role.LEAD] or [i for i, _ in found]


def tell_leads(session: Db, failed: OutboxMessage, *, alert_ids: Sequence[str], now: datetime) -> None:
    """Write to each lead about the alerts that did not reach a colleague.

    A lead's own mail that failed goes to the other leads. A failed mail of this kind makes no further one.
    """
    if failed.kind is MailKind.UNDELIVERED or not alert_ids:
        return
    for lead_id in leads(session, clinic_id=failed.clinic_id):
        if lead_id != failed.recipient_id and not _was_told(session, failed, lead_id):
            _write(session, failed, lead_id, alert_ids, now)


def _was_told(session: Db, failed: OutboxMessage, lead_id: str) -> bool:
    query = select(OutboxMessage.id).where(
        OutboxMessage.clinic_id == failed.clinic_id,
        OutboxMessage.recipient_id == lead_id,
        OutboxMessage.kind == MailKind.UNDELIVERED,
        OutboxMessage.slot == failed.id,
    )
    return session.execute(query).first() is not None


def _write(session: Db, failed: OutboxMessage, lead_id: str, alert_ids: Sequence[str], now: datetime) -> None:
    row = new_message(failed.clinic_id, lead_id, now=now, kind=MailKind.UNDELIVERED, slot=failed.id)
    session.add(row)
    session.flush()
    for alert_id in alert_ids:
        session.add(
            OutboxLine(
                clinic_id=failed.clinic_id,
                message_row_id=row.id,
                alert_id=alert_id,
                recipient_id=lead_id,
                occasion=f"undelivered:{failed.id}",
            )
        )


def unsettled(clinic_id: str) -> Select[int]:
    """How many failed mails nobody has dealt with."""
    return select(func.count()).where(
        OutboxMessage.clinic_id == clinic_id,
        OutboxMessage.state == OutboxState.FAILED,
        OutboxMessage.acknowledged_at.is_(None),
    )


def acknowledge(session: Db, message: OutboxMessage, *, actor: Actor, now: datetime) -> None:
    """Someone has told the person in another way. Refused for a mail that did not fail."""
    if message.state is not OutboxState.FAILED:
        raise Refused("This mail has not failed.")
    message.acknowledged_at, message.acknowledged_by = now, actor.name
    session.flush()


def send_again(session: Db, message: OutboxMessage, *, now: datetime) -> None:
    """Put a message that is out, failed or waits for another try at the head of the queue.

    It goes out marked as a repeat if it may have arrived before. Raises Refused where that makes no sense.
    """
    if message.state is OutboxState.SENDING:
        raise Refused("This mail is being sent just now. Look again in a minute.")
    if message.state is OutboxState.DROPPED:
        raise Refused("Nothing in this mail needs to be told any more.")
    message.unsure = message.unsure or message.state is OutboxState.SENT
    message.state, message.next_at, message.sent_at = OutboxState.RETRY, now, None
    message.attempts, message.acknowledged_at, message.acknowledged_by = 0, None, None
    session.flush()
