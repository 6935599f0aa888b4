"""Who read and changed what, when and from where: append-only, held so by triggers of the database.

`number` and `hash` chain the events of a clinic. They are written once, at the commit that brings the event
in; the triggers let that one step pass and refuse every other change.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DDL, JSON, BigInteger, Index, UniqueConstraint, event
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
    VIEWED = "viewed"
    EXPORTED = "exported"
    MAILED = "mailed"
    DENIED = "denied"
    RESTORED = "restored"


CHANGES = (
    AuditAction.ADDED,
    AuditAction.CHANGED,
    AuditAction.REMOVED,
)  # of a record, by a person or an import


class AuditEvent(ClinicRow, Base):
    """`old` and `new` hold only the columns that changed; of something read, `new` says how much."""

    __tablename__ = "audit_event"
    __table_args__ = owned(
        Index(None, "clinic_id", "patient_id", "at"),
        Index(None, "clinic_id", "at"),
        UniqueConstraint("clinic_id", "number"),
    )

    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(CleanText(200))
    actor_id: Mapped[str | None] = mapped_column(row_id())
    address: Mapped[str | None] = mapped_column(CleanText(45))
    agent: Mapped[str | None] = mapped_column(CleanText(60))
    action: Mapped[AuditAction] = mapped_column(word_type(AuditAction, "action"))
    table_name: Mapped[str | None] = mapped_column(CleanText(60))
    row_key: Mapped[str | None] = mapped_column(CleanText(60))
    patient_id: Mapped[str | None] = mapped_column(row_id())
    old: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    new: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    number: Mapped[int | None] = mapped_column(BigInteger)
    hash: Mapped[str | None] = mapped_column(CleanText(64))


# ------------------------------------------------------------------------------------------- append-only

TABLE = Base.metadata.tables[AuditEvent.__tablename__]
SEALED = [column.name for column in TABLE.columns if column.name not in ("number", "hash")]
REFUSAL = "audit events are append-only"
FIRST_LINK = "OLD.number IS NULL AND OLD.hash IS NULL AND NEW.number IS NOT NULL AND NEW.hash IS NOT NULL"
SQLITE_TRIGGERS = (
    f"CREATE TRIGGER audit_event_delete BEFORE DELETE ON audit_event "
    f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
    f"CREATE TRIGGER audit_event_update BEFORE UPDATE ON audit_event WHEN NOT ({FIRST_LINK} AND "
    + " AND ".join(f'NEW."{name}" IS OLD."{name}"' for name in SEALED)
    + f") BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
    # REPLACE deletes without a DELETE trigger where a connection has not switched recursive triggers on.
    "CREATE TRIGGER audit_event_replace BEFORE INSERT ON audit_event "
    "WHEN EXISTS (SELECT 1 FROM audit_event WHERE id = NEW.id OR (clinic_id = NEW.clinic_id AND "
    "number = NEW.number)) BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END",
)
POSTGRES_TRIGGERS = (
    "CREATE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $body$ "
    f"BEGIN RAISE EXCEPTION '{REFUSAL}'; END $body$",
    "CREATE TRIGGER audit_event_delete BEFORE DELETE ON audit_event "
    "FOR EACH ROW EXECUTE FUNCTION audit_event_refuse()",
    "CREATE TRIGGER audit_event_truncate BEFORE TRUNCATE ON audit_event "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_event_refuse()",
    "CREATE TRIGGER audit_event_update BEFORE UPDATE ON audit_event FOR EACH ROW "
    f"WHEN (NOT ({FIRST_LINK} AND "
    + " AND ".join(f'NEW."{name}"::text IS NOT DISTINCT FROM OLD."{name}"::text' for name in SEALED)
    + ")) EXECUTE FUNCTION audit_event_refuse()",
)


def _statement(text: str, dialect: str) -> DDL:
    return DDL(text.replace("%", "%%")).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]


for _text in SQLITE_TRIGGERS:
    event.listen(TABLE, "after_create", _statement(_text, "sqlite"))
for _text in POSTGRES_TRIGGERS:
    event.listen(TABLE, "after_create", _statement(_text, "postgresql"))
event.listen(TABLE, "after_drop", _statement("DROP FUNCTION IF EXISTS audit_event_refuse()", "postgresql"))
