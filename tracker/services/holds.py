"""Hold the sending of mails until a person has looked, as after a restore."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from tracker.models.base import Db
from tracker.models.hold import Hold
from tracker.models.outbox import OutboxMessage, OutboxState

MAIL = "mail"
WAITING = (OutboxState.CREATED, OutboxState.SENDING, OutboxState.RETRY)


@dataclass(frozen=True, slots=True)
class MailHold:
    """`waiting_count`: the mails that would go out if sending went on."""

    since_at: datetime
    reason: str
    waiting_count: int


def hold_mail(session: Db, *, reason: str, now: datetime) -> None:
    """Send nothing from now on."""
    session.merge(Hold(name=MAIL, since_at=now, reason=reason))
    session.flush()


def mail_is_held(session: Db) -> bool:
    return session.execute(select(Hold.name).where(Hold.name == MAIL)).first() is not None


def mail_hold(session: Db) -> MailHold | None:
    """Since when and why mails are held; None if they are not."""
    row = session.get(Hold, MAIL)
    if row is None:
        return None
    waiting = select(func.count()).where(OutboxMessage.state.in_(WAITING))
    return MailHold(row.since_at, row.reason, session.execute(waiting).scalar_one())


def release_mail(session: Db, *, drop_waiting: bool, now: datetime) -> int:
    """Let sending go on. `drop_waiting`: what waits is not sent any more; how many mails were dropped.

    An alert that is still open stays on the pages and in the next digest, whether or not its mail is dropped.
    """
    dropped = 0
    if drop_waiting:
        query = (
            update(OutboxMessage)
            .where(OutboxMessage.state.in_(WAITING))
            .values(state=OutboxState.DROPPED, next_at=now, lease_owner=None, lease_until=None)
        )
        result = session.execute(query, execution_options={"synchronize_session": False})
        dropped = int(result.rowcount)  # type: ignore[attr-defined] # an UPDATE gives a cursor result
    row = session.get(Hold, MAIL)
    if row is not None:
        session.delete(row)
    session.flush()
    return dropped
