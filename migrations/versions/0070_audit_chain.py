"""Chain the audit events of a clinic, refuse every change of one, and say from where it came.

Events on file are chained by the first commit of this release that brings one in, oldest first.
"""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0050"

REFUSAL = "audit events are append-only"
SEALED = (
    *("at", "actor", "actor_id", "address", "agent", "action", "table_name", "row_key", "patient_id"),
    *("old", "new", "id", "clinic_id"),
)
FIRST_LINK = "OLD.number IS NULL AND OLD.hash IS NULL AND NEW.number IS NOT NULL AND NEW.hash IS NOT NULL"
ACTIONS = (
    *("added", "changed", "removed", "signed_in", "signed_out", "imported", "undone"),
    *("viewed", "exported", "mailed", "denied", "restored"),
)


def upgrade() -> None:
    with op.batch_alter_table("audit_event") as batch:
        batch.add_column(sa.Column("address", sa.String(45), nullable=True))
        batch.add_column(sa.Column("agent", sa.String(60), nullable=True))
        batch.add_column(sa.Column("number", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("hash", sa.String(64), nullable=True))
        batch.create_unique_constraint(op.f("uq_audit_event_clinic_id_number"), ["clinic_id", "number"])
        batch.drop_constraint(op.f("ck_audit_event_action"), type_="check")
        words = ", ".join(f"'{word}'" for word in ACTIONS)
        batch.create_check_constraint(op.f("ck_audit_event_action"), f"action IN ({words})")
    for statement in sqlite() if op.get_bind().dialect.name == "sqlite" else postgres():
        op.execute(sa.text(statement.replace("::", "\\:\\:")))


def sqlite() -> list[str]:
    same = " AND ".join(f'NEW."{name}" IS OLD."{name}"' for name in SEALED)
    raises = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    return [
        f"CREATE TRIGGER audit_event_delete BEFORE DELETE ON audit_event {raises}",
        f"CREATE TRIGGER audit_event_update BEFORE UPDATE ON audit_event WHEN NOT ({FIRST_LINK} AND {same}) {raises}",
        "CREATE TRIGGER audit_event_replace BEFORE INSERT ON audit_event WHEN EXISTS (SELECT 1 FROM audit_event "
        "WHERE id = NEW.id OR (clinic_id = NEW.clinic_id AND number = NEW.number)) "
        "BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END",
    ]


def postgres() -> list[str]:
    same = " AND ".join(f'NEW."{name}"::text IS NOT DISTINCT FROM OLD."{name}"::text' for name in SEALED)
    refuses = "EXECUTE FUNCTION audit_event_refuse()"
    return [
        "CREATE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $body$ "
        f"BEGIN RAISE EXCEPTION '{REFUSAL}'; END $body$",
        f"CREATE TRIGGER audit_event_delete BEFORE DELETE ON audit_event FOR EACH ROW {refuses}",
        f"CREATE TRIGGER audit_event_truncate BEFORE TRUNCATE ON audit_event FOR EACH STATEMENT {refuses}",
        f"CREATE TRIGGER audit_event_update BEFORE UPDATE ON audit_event FOR EACH ROW WHEN (NOT ({FIRST_LINK} AND {same})) {refuses}",
    ]
