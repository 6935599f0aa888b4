"""Mail that must go out. A row is written with the alert that causes it, in one transaction."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, ClinicRow, at_least, belongs_to, owned
from tracker.models.types import CleanText, UtcDateTime, row_id, word_type


class OutboxState(StrEnum):
    CREATED = "created"
    SENDING = "sending"
    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"
    DROPPED = "dropped"


class MailKind(StrEnum):
    """Why a message goes out: news of alerts, the day's digest, or a colleague whom a mail did not reach."""

    ALERTS = "alerts"
    DIGEST = "digest"
    UNDELIVERED = "undelivered"


class OutboxMessage(ClinicRow, Base):
    """One message to one person. Alerts that open close together share it (its lines).

    `slot` names what there may be only one of: a day's digest, an hour's mail over the budget.
    `next_at`: not before; of a failed or dropped message, when that was settled. `lease_until`: a sender
    holds it until then. `unsure`: a try broke off after the text was handed over, so that a resend says so.
    Dropped: every alert in it had closed before it went out. A failed one stands as an alert to the clinic's
    leads until one of them acknowledges it or has it sent again. `notice`: about the account, not alerts.
    """

    __tablename__ = "outbox_message"
    __table_args__ = owned(
        belongs_to("app_user", column="recipient_id"),
        Index(None, "clinic_id", "recipient_id", "state"),
        Index(None, "state", "next_at"),
        UniqueConstraint("message_id"),
        UniqueConstraint("clinic_id", "recipient_id", "kind", "slot"),
        at_least("attempts", 0),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_has_time"),
        CheckConstraint("(lease_owner IS NULL) = (lease_until IS NULL)", name="lease_whole"),
        CheckConstraint("(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name="acknowledged_whole"),
    )

    recipient_id: Mapped[str] = mapped_column(row_id())
    kind: Mapped[MailKind] = mapped_column(word_type(MailKind, "kind"), default=MailKind.ALERTS)
    slot: Mapped[str | None] = mapped_column(CleanText(40))
    state: Mapped[OutboxState] = mapped_column(word_type(OutboxState, "state"), default=OutboxState.CREATED)
    message_id: Mapped[str] = mapped_column(CleanText(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    unsure: Mapped[bool] = mapped_column(default=False)
    lease_owner: Mapped[str | None] = mapped_column(CleanText(100))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(CleanText(300))
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_by: Mapped[str | None] = mapped_column(CleanText(200))
    notice: Mapped[str | None] = mapped_column(CleanText(40))


class OutboxLine(ClinicRow, Base):
    """One alert in one message. `occasion` names the event, so that it is told once to each person."""

    __tablename__ = "outbox_line"
    __table_args__ = owned(
        belongs_to("outbox_message", column="message_row_id"),
        belongs_to("alert"),
        belongs_to("app_user", column="recipient_id"),
        UniqueConstraint("clinic_id", "alert_id", "recipient_id", "occasion"),
        Index(None, "clinic_id", "message_row_id"),
    )

    message_row_id: Mapped[str] = mapped_column(row_id())
    alert_id: Mapped[str] = mapped_column(row_id())
    recipient_id: Mapped[str] = mapped_column(row_id())
    occasion: Mapped[str] = mapped_column(CleanText(60))
