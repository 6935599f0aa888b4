"""Remember by how many half minutes the clock of somebody's app is off, and its last code of another one."""

import sqlalchemy as sa
from alembic import op

revision = "0160"
down_revision = "0158"


def upgrade() -> None:
    with op.batch_alter_table("authenticator_app") as batch:
        batch.add_column(sa.Column("clock_steps", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("near_counter", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("near_steps", sa.Integer(), nullable=True))
        batch.create_check_constraint(
            op.f("ck_authenticator_app_clock_steps_range"), "clock_steps BETWEEN -2 AND 2"
        )
