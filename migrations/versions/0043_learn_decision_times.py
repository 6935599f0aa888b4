"""The payer's own pessimistic decision time, learnt from its history."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0030"


def upgrade() -> None:
    with op.batch_alter_table("payer") as batch:
        batch.add_column(sa.Column("learnt_decision_days", sa.Integer(), nullable=True))
        batch.create_check_constraint(
            op.f("ck_payer_learnt_decision_days_range"), "learnt_decision_days BETWEEN 0 AND 3650"
        )
