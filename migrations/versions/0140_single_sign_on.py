"""Who is who at the clinic's own provider, sign-ins there under way, and which sessions it began."""

import sqlalchemy as sa
from alembic import op

revision = "0140"
down_revision = "0130"


def upgrade() -> None:
    op.create_table(
        "provider_link",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("user_id", sa.String(26), nullable=False),
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_provider_link_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_link")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_provider_link_issuer_subject")),
    )
    op.create_index(
        "ix_provider_link_user_id_standing",
        "provider_link",
        ["user_id"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_table(
        "provider_attempt",
        sa.Column("state_hash", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(40), nullable=False),
        sa.Column("user_id", sa.String(26), nullable=True),
        sa.Column("wanted", sa.String(2000), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('sign_in', 'confirm', 'connect')", name=op.f("ck_provider_attempt_purpose")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_provider_attempt_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_provider_attempt")),
    )
    op.create_index(op.f("ix_provider_attempt_started_at"), "provider_attempt", ["started_at"])
    with op.batch_alter_table("web_session") as batch:
        batch.add_column(sa.Column("by_provider", sa.Boolean(), nullable=False, server_default=sa.false()))
