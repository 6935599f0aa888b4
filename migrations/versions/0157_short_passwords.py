"""Remember whose password is long enough only beside a second factor; the next sign-in shows it of the old."""

import sqlalchemy as sa
from alembic import op

revision = "0157"
down_revision = "0156"


def upgrade() -> None:
    with op.batch_alter_table("app_user") as batch:
        batch.add_column(
            sa.Column("password_is_short", sa.Boolean(), nullable=False, server_default=sa.false())
        )
