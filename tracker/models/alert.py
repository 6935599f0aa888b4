"""Findings that are kept, owned and worked on until their cause ends."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, ClinicRow, at_least, belongs_to, of_patient
from tracker.models.types import CleanText, UtcDateTime, row_id, word_type
from tracker.rules.words import Severity


class AlertState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class AlertEventKind(StrEnum):
    OPENED = "opened"
    CHANGED = "changed"
    CLOSED = "closed"
    REOPENED = "reopened"


class Alert(ClinicRow, Base):
    """One cause, one row. `key` is stable: code, object and the object's own key date.

    `severity_rank` is 0 for critical .. 3 for info, so that a worklist sorts in the database.
    """

    __tablename__ = "alert"
    __table_args__ = of_patient(
        UniqueConstraint("clinic_id", "patient_id", "key"),
        Index(None, "clinic_id", "state", "severity_rank", "harm_on"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_has_time"),
        at_least("severity_rank", 0, 3),
        at_least("times_opened", 1),
        belongs_to("app_user", column="owner_id"),
    )

    patient_id: Mapped[str] = mapped_column(row_id())
    key: Mapped[str] = mapped_column(CleanText(200))
    code: Mapped[str] = mapped_column(CleanText(60))
    severity: Mapped[Severity] = mapped_column(word_type(Severity, "severity"))
    severity_rank: Mapped[int]
    about_kind: Mapped[str] = mapped_column(CleanText(40))
    about_id: Mapped[str | None] = mapped_column(CleanText(60))
    harm_on: Mapped[date | None]
    message: Mapped[str] = mapped_column(CleanText(1000))
    clears_when: Mapped[str] = mapped_column(CleanText(1000))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    proof: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[AlertState] = mapped_column(word_type(AlertState, "state"), default=AlertState.OPEN)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_reason: Mapped[str | None] = mapped_column(CleanText(500))
    times_opened: Mapped[int] = mapped_column(default=1)
    owner_id: Mapped[str | None] = mapped_column(row_id())


class AlertEvent(ClinicRow, Base):
    """The history of an alert: append-only."""

    __tablename__ = "alert_event"
    __table_args__ = of_patient(
        belongs_to("alert"),
        Index(None, "clinic_id", "alert_id", "at"),
        Index(None, "clinic_id", "at"),
    )

    patient_id: Mapped[str] = mapped_column(row_id())
    alert_id: Mapped[str] = mapped_column(row_id())
    kind: Mapped[AlertEventKind] = mapped_column(word_type(AlertEventKind, "kind"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(CleanText(200))
    severity: Mapped[Severity] = mapped_column(word_type(Severity, "severity"))
    text: Mapped[str] = mapped_column(CleanText(1000))
