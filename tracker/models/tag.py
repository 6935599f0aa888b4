"""Short free tags of a clinic, and the patients that bear them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, ClinicRow, belongs_to, owned
from tracker.models.types import CleanText, UtcDateTime, row_id


class Tag(ClinicRow, Base):
    """`name_key`: the name in small letters, by which two spellings are one tag.

    A tag that nobody bears any more stays, for a saved view may ask for it; it is offered nowhere.
    """

    __tablename__ = "tag"
    __table_args__ = owned(
        UniqueConstraint("clinic_id", "name_key"), CheckConstraint("name <> ''", name="name_given")
    )

    name: Mapped[str] = mapped_column(CleanText(30))
    name_key: Mapped[str] = mapped_column(CleanText(60))


class PatientTag(ClinicRow, Base):
    """A patient bears a tag, whatever alerts open and close meanwhile."""

    __tablename__ = "patient_tag"
    __table_args__ = owned(
        belongs_to("patient"),
        belongs_to("tag"),
        UniqueConstraint("clinic_id", "tag_id", "patient_id"),
        Index(None, "clinic_id", "patient_id", "tag_id"),
    )

    patient_id: Mapped[str] = mapped_column(row_id())
    tag_id: Mapped[str] = mapped_column(row_id())
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    added_by: Mapped[str] = mapped_column(CleanText(200))
