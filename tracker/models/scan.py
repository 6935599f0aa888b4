"""Runs of the scan, and the heartbeat that says the clockwork is alive."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, ClinicRow, owned
from tracker.models.types import CleanText, UtcDateTime, word_type


class ScanKind(StrEnum):
    TICK = "tick"
    ASKED = "asked"
    FULL = "full"


class ScanRun(ClinicRow, Base):
    """One pass over a clinic's due patients. `finished_at` null: it goes on, or it was cut off."""

    __tablename__ = "scan_run"
    __table_args__ = owned(Index(None, "clinic_id", "started_at"))

    kind: Mapped[ScanKind] = mapped_column(word_type(ScanKind, "kind"))
    as_of: Mapped[date]
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_count: Mapped[int] = mapped_column(default=0)
    checked_count: Mapped[int] = mapped_column(default=0)
    opened_count: Mapped[int] = mapped_column(default=0)
    closed_count: Mapped[int] = mapped_column(default=0)
    error_count: Mapped[int] = mapped_column(default=0)


class Heartbeat(Base):
    """When a named part of the clockwork last finished its round."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(CleanText(60), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
