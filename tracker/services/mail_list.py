"""Every mail of a clinic with its state, newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select

from tracker.models.base import Db
from tracker.models.outbox import MailKind, OutboxLine, OutboxMessage, OutboxState
from tracker.models.user import User
from tracker.services.patients import last_page

PAGE = 50


@dataclass(frozen=True, slots=True)
class MailLine:
    """`alert_count`: how many alerts it tells; a digest is written when it goes out and counts none."""

    id: str
    kind: MailKind
    name: str
    email: str
    state: OutboxState
    created_at: datetime
    next_at: datetime
    sent_at: datetime | None
    attempts: int
    error: str | None
    acknowledged_by: str | None
    alert_count: int

    @property
    def stands(self) -> bool:
        """It failed and nobody has dealt with it."""
        return self.state is OutboxState.FAILED and self.acknowledged_by is None

    @property
    def can_go_again(self) -> bool:
        return self.state in (OutboxState.FAILED, OutboxState.RETRY, OutboxState.SENT)


@dataclass(frozen=True, slots=True)
class MailList:
    lines: Sequence[MailLine]
    by_state: Mapping[OutboxState, int]
    page: int
    pages: int


def mail_list(session: Db, *, clinic_id: str, state: OutboxState | None, page: int) -> MailList:
    """One page of the clinic's mails, and how many there are in each state. Two queries."""
    counts = dict.fromkeys(OutboxState, 0)
    grouped = (
        select(OutboxMessage.state, func.count())
        .where(OutboxMessage.clinic_id == clinic_id)
        .group_by(OutboxMessage.state)
    )
    for found, count in session.execute(grouped):
        counts[found] = count
    total = counts[state] if state else sum(counts.values())
    pages = last_page(total, PAGE)
    page = min(max(page, 1), pages)
    told = (
        select(func.count())
        .where(OutboxLine.clinic_id == clinic_id, OutboxLine.message_row_id == OutboxMessage.id)
        .scalar_subquery()
    )
    query = (
        select(
            OutboxMessage.id,
            OutboxMessage.kind,
            User.name,
            User.email,
            OutboxMessage.state,
            OutboxMessage.created_at,
            OutboxMessage.next_at,
            OutboxMessage.sent_at,
            OutboxMessage.attempts,
            OutboxMessage.last_error,
            OutboxMessage.acknowledged_by,
            told,
        )
        .join(User, and_(User.clinic_id == OutboxMessage.clinic_id, User.id == OutboxMessage.recipient_id))
        .where(OutboxMessage.clinic_id == clinic_id)
        .order_by(OutboxMessage.created_at.desc(), OutboxMessage.id.desc())
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    if state:
        query = query.where(OutboxMessage.state == state)
    return MailList([MailLine(*tuple(row)) for row in session.execute(query)], counts, page, pages)
