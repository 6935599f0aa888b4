"""Find the renewals to start and the next fills of a clinic by their days."""

from alembic import op

revision = "0100"
down_revision = "0090"


def upgrade() -> None:
    with op.batch_alter_table("patient_check") as batch:
        for column in ("start_renewal_by", "next_fill_on"):
            batch.create_index(op.f(f"ix_patient_check_clinic_id_{column}"), ["clinic_id", column])
