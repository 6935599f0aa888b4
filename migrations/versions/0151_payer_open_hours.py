"""Keep a payer's open hours as weekdays, from and to, and a time zone; what was written stays as the note."""

import sqlalchemy as sa
from alembic import op

revision = "0151"
down_revision = "0150"
COLUMNS = "open_days", "opens_minute", "closes_minute", "hours_zone"
WHOLE = (
    f"({' AND '.join(f'{column} IS NULL' for column in COLUMNS)})"
    f" OR ({' AND '.join(f'{column} IS NOT NULL' for column in COLUMNS)})"
)


def upgrade() -> None:
    with op.batch_alter_table("payer") as batch:
        batch.add_column(sa.Column("open_days", sa.String(7), nullable=True))
        batch.add_column(sa.Column("opens_minute", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("closes_minute", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("hours_zone", sa.String(60), nullable=True))
        batch.create_check_constraint(op.f("ck_payer_hours_whole"), WHOLE)
        batch.create_check_constraint(op.f("ck_payer_opens_minute_range"), "opens_minute BETWEEN 0 AND 1439")
        batch.create_check_constraint(
            op.f("ck_payer_closes_minute_range"), "closes_minute BETWEEN 1 AND 1440"
        )
        batch.create_check_constraint(op.f("ck_payer_opens_first"), "opens_minute < closes_minute")
