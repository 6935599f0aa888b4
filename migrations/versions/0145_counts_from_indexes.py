"""Count a clinic's patients, and the authorizations that end in a month, from an index."""

from alembic import op

revision = "0145"
down_revision = "0140"


def upgrade() -> None:
    with op.batch_alter_table("patient_check") as batch:
        batch.drop_index(op.f("ix_patient_check_clinic_id_future_fill_count_error"))
        batch.create_index(
            "ix_patient_check_counted", ["clinic_id", "patient_id", "due", "error", "future_fill_count"]
        )
    with op.batch_alter_table("payer_authorization") as batch:
        batch.create_index(op.f("ix_payer_authorization_clinic_id_ends_on"), ["clinic_id", "ends_on"])
