"""Days on which one person read unusually many patients of a clinic, as its leads are told."""

from datetime import date, datetime

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, ClinicRow, at_least, owned
from tracker.models.types import CleanText, UtcDateTime, row_id


class BulkReading(ClinicRow, Base):
    """One person and one day of the clinic.

    `patient_count`: different patients opened; `exported_count`: rows of lists that left as a file.
    The reader may be of another clinic (emergency access), so that the key is not the clinic's own.
    """

    __tablename__ = "bulk_reading"
    __table_args__ = owned(
        ForeignKeyConstraint(["user_id"], ["app_user.id"], ondelete="RESTRICT"),
        UniqueConstraint("clinic_id", "read_on", "user_id"),
        at_least("patient_count", 0),
        at_least("exported_count", 0),
    )

    user_id: Mapped[str] = mapped_column(row_id())
    reader: Mapped[str] = mapped_column(CleanText(200))
    read_on: Mapped[date]
    patient_count: Mapped[int]
    exported_count: Mapped[int]
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
