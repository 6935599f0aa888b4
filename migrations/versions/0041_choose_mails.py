"""Digests beside news of alerts, hours and a budget for each clinic, choices for each person."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"


def words(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    with op.batch_alter_table("outbox_message") as batch:
        batch.add_column(
            sa.Column(
                "kind",
                words("kind", "alerts", "digest", "undelivered"),
                nullable=False,
                server_default="alerts",
            )
        )
        batch.add_column(sa.Column("slot", sa.String(40), nullable=True))
        batch.add_column(sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("acknowledged_by", sa.String(200), nullable=True))
        batch.create_unique_constraint(
            op.f("uq_outbox_message_clinic_id_recipient_id_kind_slot"),
            ["clinic_id", "recipient_id", "kind", "slot"],
        )
        batch.create_check_constraint(
            op.f("ck_outbox_message_acknowledged_whole"),
            "(acknowledged_at IS NULL) = (acknowledged_by IS NULL)",
        )
    with op.batch_alter_table("outbox_message") as batch:
        batch.alter_column("kind", server_default=None)
    op.create_table(
        "mail_policy",
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.Column("digest_hour", sa.Integer(), nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=False),
        sa.Column("quiet_to", sa.Integer(), nullable=False),
        sa.Column("budget", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("digest_hour BETWEEN 0 AND 23", name=op.f("ck_mail_policy_digest_hour_range")),
        sa.CheckConstraint("quiet_from BETWEEN 0 AND 23", name=op.f("ck_mail_policy_quiet_from_range")),
        sa.CheckConstraint("quiet_to BETWEEN 0 AND 23", name=op.f("ck_mail_policy_quiet_to_range")),
        sa.CheckConstraint("budget BETWEEN 1 AND 100", name=op.f("ck_mail_policy_budget_range")),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_mail_policy_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("clinic_id", name=op.f("pk_mail_policy")),
    )
    op.create_table(
        "mail_choice",
        sa.Column("user_id", sa.String(length=26), nullable=False),
        sa.Column("at_once", words("at_once", "critical_and_high", "critical", "none"), nullable=False),
        sa.Column("digest", words("digest", "every_day", "working_days", "never"), nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=True),
        sa.Column("quiet_to", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.CheckConstraint("quiet_from BETWEEN 0 AND 23", name=op.f("ck_mail_choice_quiet_from_range")),
        sa.CheckConstraint("quiet_to BETWEEN 0 AND 23", name=op.f("ck_mail_choice_quiet_to_range")),
        sa.CheckConstraint(
            "(quiet_from IS NULL) = (quiet_to IS NULL)", name=op.f("ck_mail_choice_quiet_whole")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_mail_choice_clinic_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "user_id"],
            ["app_user.clinic_id", "app_user.id"],
            name=op.f("fk_mail_choice_clinic_id_user_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_choice")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_mail_choice_clinic_id_id")),
        sa.UniqueConstraint("user_id", name=op.f("uq_mail_choice_user_id")),
    )
