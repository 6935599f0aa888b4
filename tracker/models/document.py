"""Papers of a patient: letters, chart notes, labs. The content stands in a table of its own."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, ClinicRow, at_least, belongs_to, owned
from tracker.models.types import CleanText, UtcDateTime, row_id, word_type
from tracker.rules.words import DocumentKind


class MediaType(StrEnum):
    PDF = "application/pdf"
    PNG = "image/png"
    JPEG = "image/jpeg"
    TEXT = "text/plain"


class Document(ClinicRow, Base):
    """Kept for good: `removed_*` take it off the pages and say why. At most one id says what it proves.

    `dated_on` is the day that the paper itself bears; null: not on file. `added_by_id`: of a person, who may
    be of another clinic; null: no person's, or of an earlier release.
    """

    __tablename__ = "document"
    __table_args__ = owned(
        belongs_to("patient"),
        belongs_to("payer_authorization", column="authorization_id"),
        belongs_to("trial"),
        belongs_to("denial"),
        Index(None, "clinic_id", "patient_id"),
        Index(None, "clinic_id", "authorization_id"),
        Index(None, "clinic_id", "added_by_id", "added_at"),
        at_least("size", 1),
        CheckConstraint(
            "(removed_at IS NULL) = (removed_by IS NULL) AND (removed_at IS NULL) = (removed_reason IS NULL)",
            name="removed_whole",
        ),
        CheckConstraint(
            "(authorization_id IS NULL OR trial_id IS NULL) "
            "AND (authorization_id IS NULL OR denial_id IS NULL) AND (trial_id IS NULL OR denial_id IS NULL)",
            name="proves_one",
        ),
    )

    patient_id: Mapped[str] = mapped_column(row_id())
    kind: Mapped[DocumentKind] = mapped_column(word_type(DocumentKind, "kind"))
    media_type: Mapped[MediaType] = mapped_column(word_type(MediaType, "media_type"))
    name: Mapped[str] = mapped_column(CleanText(200))
    size: Mapped[int]
    dated_on: Mapped[date | None]
    sha256: Mapped[str] = mapped_column(CleanText(64))
    authorization_id: Mapped[str | None] = mapped_column(row_id())
    trial_id: Mapped[str | None] = mapped_column(row_id())
    denial_id: Mapped[str | None] = mapped_column(row_id())
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    added_by: Mapped[str] = mapped_column(CleanText(200))
    added_by_id: Mapped[str | None] = mapped_column(row_id())
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    removed_by: Mapped[str | None] = mapped_column(CleanText(200))
    removed_reason: Mapped[str | None] = mapped_column(CleanText(300))


class DocumentContent(Base):
    """Beside the document, so that a list never loads it."""

    __tablename__ = "document_content"
    __table_args__ = (belongs_to("document", ondelete="CASCADE"),)

    document_id: Mapped[str] = mapped_column(row_id(), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(row_id())
    content: Mapped[bytes] = mapped_column(LargeBinary)
