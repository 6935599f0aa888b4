"""Who changed what, when: append-only."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, ClinicRow, owned
from tracker.models.types import CleanText, UtcDateTime, row_id, word_type


class AuditAction(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    IMPORTED = "imported"
    UNDONE = "undone"
    EXPORTED = "exported"


class AuditEvent(ClinicRow, Base):
    """`old` and `new` hold only the columns that changed."""

    __tablename__ = "audit_event"
    __table_args__ = owned(Index(None, "clinic_id", "patient_id", "at"), Index(None, "clinic_id", "at"))

    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(CleanText(200))
    actor_id: Mapped[str | None] = mapped_column(row_id())
    action: Mapped[AuditAction] = mapped_column(word_type(AuditAction, "action"))
    table_name: Mapped[str | None] = mapped_column(CleanText(60))
    row_key: Mapped[str | None] = mapped_column(CleanText(60))
    patient_id: Mapped[str | None] = mapped_column(row_id())
    old: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    new: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
