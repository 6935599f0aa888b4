"""Hold the sending of mails after a restore, until a person has looked."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "hold",
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_hold")),
    )
