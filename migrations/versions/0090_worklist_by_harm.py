"""Read a page of the worklist, and the line on every page, from an index rather than from every row."""

from alembic import op

revision = "0090"
down_revision = "0071"


def upgrade() -> None:
    with op.batch_alter_table("alert") as batch:
        batch.create_index(
            "ix_alert_by_harm",
            [
                *("clinic_id", "state", "harm_on", "due_on", "severity_rank", "id", "code"),
                *("plan_id", "drug", "owner_id", "patient_owner_id"),
            ],
        )
    with op.batch_alter_table("patient_check") as batch:
        batch.create_index(
            op.f("ix_patient_check_clinic_id_future_fill_count_error"),
            ["clinic_id", "future_fill_count", "error"],
        )
