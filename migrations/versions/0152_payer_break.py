"""Keep the hours in the middle of the day in which a payer does not answer."""

import sqlalchemy as sa
from alembic import op

revision = "0152"
down_revision = "0151"
WITHIN = (
    "(break_starts_minute IS NULL AND break_ends_minute IS NULL)"
    " OR (break_starts_minute IS NOT NULL AND break_ends_minute IS NOT NULL AND opens_minute IS NOT NULL"
    " AND opens_minute < break_starts_minute AND break_starts_minute < break_ends_minute"
    " AND break_ends_minute < closes_minute)"
)


def upgrade() -> None:
    with op.batch_alter_table("payer") as batch:
        batch.add_column(sa.Column("break_starts_minute", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("break_ends_minute", sa.Integer(), nullable=True))
        batch.create_check_constraint(op.f("ck_payer_break_within"), WITHIN)
