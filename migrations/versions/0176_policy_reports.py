"""Count by day what browsers kept from pages because the Content-Security-Policy forbids it."""

import sqlalchemy as sa
from alembic import op

revision = "0176"
down_revision = "0175"


def upgrade() -> None:
    op.create_table(
        "policy_report",
        sa.Column("seen_on", sa.Date(), nullable=False),
        sa.Column("directive", sa.String(20), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint("count >= 1", name=op.f("ck_policy_report_count_range")),
        sa.PrimaryKeyConstraint("seen_on", "directive", name=op.f("pk_policy_report")),
    )
