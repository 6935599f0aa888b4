"""Looks at another clinic's patient in an emergency: who, why, until when, and what was found of it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, ClinicRow, belongs_to, owned
from tracker.models.types import CleanText, UtcDateTime, row_id

LONGEST_REASON = 300


class EmergencyAccess(ClinicRow, Base):
    """One patient, opened to one person of another clinic until `ends_at`, to read.

    `clinic_id` is the patient's clinic, whose leads review it; `from_clinic` names the other one.
    """

    __tablename__ = "emergency_access"
    __table_args__ = owned(
        belongs_to("patient"),
        ForeignKeyConstraint(["user_id"], ["app_user.id"], ondelete="RESTRICT"),
        Index(None, "clinic_id", "reviewed_at"),
        Index(None, "clinic_id", "user_id", "ends_at"),
        CheckConstraint("opened_at <= ends_at", name="opened_first"),
        CheckConstraint(
            "(reviewed_at IS NULL) = (reviewed_by IS NULL) AND (reviewed_at IS NULL) = (review_note IS NULL)",
            name="reviewed_whole",
        ),
    )

    patient_id: Mapped[str] = mapped_column(row_id())
    user_id: Mapped[str] = mapped_column(row_id())
    opened_by: Mapped[str] = mapped_column(CleanText(200))
    from_clinic: Mapped[str] = mapped_column(CleanText(200))
    reason: Mapped[str] = mapped_column(CleanText(LONGEST_REASON))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reviewed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reviewed_by: Mapped[str | None] = mapped_column(CleanText(200))
    review_note: Mapped[str | None] = mapped_column(CleanText(LONGEST_REASON))
