"""Read what happened, and the fills to come, from indexes."""

from alembic import op

revision = "0158"
down_revision = "0157"


def upgrade() -> None:
    with op.batch_alter_table("alert_event") as batch:
        batch.drop_index(op.f("ix_alert_event_clinic_id_at"))
        batch.create_index(
            "ix_alert_event_happened", ["clinic_id", "at", "id", "kind", "actor_id", "patient_id"]
        )
    for table in ("contact_log", "authorization_move"):
        with op.batch_alter_table(table) as batch:
            batch.create_index(op.f(f"ix_{table}_clinic_id_at"), ["clinic_id", "at"])
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(
            "ix_patient_check_marks",
            "patient_check",
            ["clinic_id", "next_fill_on", "patient_id", "fill_marks"],
        )
