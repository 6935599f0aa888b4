"""Remember from which networks each person signs in, by their hashes, so that a new one is told."""

import sqlalchemy as sa
from alembic import op

revision = "0175"
down_revision = "0172"


def upgrade() -> None:
    op.create_table(
        "sign_in_place",
        sa.Column("user_id", sa.String(26), nullable=False),
        sa.Column("network_hash", sa.String(64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_sign_in_place_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("user_id", "network_hash", name=op.f("pk_sign_in_place")),
    )
