"""Keep which papers a plan asks for and how old they may be, and the day that a paper bears."""

import sqlalchemy as sa
from alembic import op

revision = "0150"
down_revision = "0145"
KINDS = "approval_letter", "denial_letter", "chart_note", "lab_report", "other"


def upgrade() -> None:
    with op.batch_alter_table("document") as batch:
        batch.add_column(sa.Column("dated_on", sa.Date(), nullable=True))
    with op.batch_alter_table("formulary_rule") as batch:
        batch.add_column(sa.Column("papers_asked", sa.Boolean(), nullable=True))
    op.create_table(
        "rule_paper",
        sa.Column("rule_id", sa.String(26), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(*KINDS, name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("max_age_days", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(200), nullable=True),
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("clinic_id", sa.String(26), nullable=False),
        sa.CheckConstraint("max_age_days BETWEEN 1 AND 3650", name=op.f("ck_rule_paper_max_age_days_range")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "rule_id"],
            ["formulary_rule.clinic_id", "formulary_rule.id"],
            name=op.f("fk_rule_paper_clinic_id_rule_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_rule_paper_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_paper")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_rule_paper_clinic_id_id")),
        sa.UniqueConstraint(
            "clinic_id", "rule_id", "position", name=op.f("uq_rule_paper_clinic_id_rule_id_position")
        ),
    )
    op.create_index(op.f("ix_rule_paper_clinic_id_rule_id"), "rule_paper", ["clinic_id", "rule_id"])
