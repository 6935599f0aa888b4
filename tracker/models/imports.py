"""Batches of rows brought in from a file: staged, committed whole, undone whole."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, ClinicRow, belongs_to, owned
from tracker.models.types import CleanText, UtcDateTime, row_id, word_type


class ImportState(StrEnum):
    STAGED = "staged"
    COMMITTED = "committed"
    UNDONE = "undone"
    DISCARDED = "discarded"


class ChangeAction(StrEnum):
    ADDED = "added"
    CHANGED = "changed"


class ImportBatch(ClinicRow, Base):
    """`content` is the file as it came, kept until the batch is committed or discarded.

    `report` is what the last dry run said row by row: compressed JSON, kept with the batch.
    """

    __tablename__ = "import_batch"
    __table_args__ = owned(Index(None, "clinic_id", "created_at"))

    state: Mapped[ImportState] = mapped_column(word_type(ImportState, "state"), default=ImportState.STAGED)
    file_name: Mapped[str] = mapped_column(CleanText(255))
    sha256: Mapped[str] = mapped_column(CleanText(64))
    sheet: Mapped[str | None] = mapped_column(CleanText(100))
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    report: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    mapping: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_by: Mapped[str] = mapped_column(CleanText(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    committed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ImportChange(ClinicRow, Base):
    """What a batch did to one row, so that the whole batch can be undone in reverse order."""

    __tablename__ = "import_change"
    __table_args__ = owned(
        belongs_to("import_batch", column="batch_id"),
        UniqueConstraint("clinic_id", "batch_id", "position"),
    )

    batch_id: Mapped[str] = mapped_column(row_id())
    position: Mapped[int]
    table_name: Mapped[str] = mapped_column(CleanText(60))
    row_key: Mapped[str] = mapped_column(row_id())
    action: Mapped[ChangeAction] = mapped_column(word_type(ChangeAction, "action"))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[dict[str, Any]] = mapped_column(JSON)


class ColumnMapping(ClinicRow, Base):
    """The mapping last used for a set of headers."""

    __tablename__ = "column_mapping"
    __table_args__ = owned(UniqueConstraint("clinic_id", "signature"))

    signature: Mapped[str] = mapped_column(CleanText(64))
    mapping: Mapped[dict[str, Any]] = mapped_column(JSON)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
