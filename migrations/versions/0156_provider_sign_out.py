"""Know which sign-in at the provider a session began with, and which of its words were taken already."""

import sqlalchemy as sa
from alembic import op

revision = "0156"
down_revision = "0155"


def upgrade() -> None:
    op.create_table(
        "provider_sign_out",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_provider_sign_out")),
    )
    op.create_index(op.f("ix_provider_sign_out_taken_at"), "provider_sign_out", ["taken_at"])
    with op.batch_alter_table("web_session") as batch:
        batch.add_column(sa.Column("provider_session", sa.String(64), nullable=True))
