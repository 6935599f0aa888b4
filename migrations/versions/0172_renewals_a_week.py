"""Let a clinic say how many renewals it can begin in a week."""

import sqlalchemy as sa
from alembic import op

revision = "0172"
down_revision = "0171"


def upgrade() -> None:
    with op.batch_alter_table("clinic") as batch:
        batch.add_column(sa.Column("renewals_a_week", sa.Integer(), nullable=True))
        batch.create_check_constraint(
            op.f("ck_clinic_renewals_a_week_range"), "renewals_a_week BETWEEN 1 AND 10000"
        )
