"""Let a clinic be looked into in an emergency, where it allows that; nobody may until it says so."""

import sqlalchemy as sa
from alembic import op

revision = "0130"
down_revision = "0100"


def upgrade() -> None:
    with op.batch_alter_table("clinic") as batch:
        batch.add_column(sa.Column("emergency_on", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("emergency_minutes", sa.Integer(), nullable=False, server_default="60"))
        batch.create_check_constraint(
            op.f("ck_clinic_emergency_minutes_range"), "emergency_minutes BETWEEN 5 AND 240"
        )
    op.create_table(
        "emergency_access",
        sa.Column("patient_id", sa.String(26), nullable=False),
        sa.Column("user_id", sa.String(26), nullable=False),
        sa.Column("opened_by", sa.String(200), nullable=False),
        sa.Column("from_clinic", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.String(200), nullable=True),
        sa.Column("review_note", sa.String(300), nullable=True),
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("clinic_id", sa.String(26), nullable=False),
        sa.CheckConstraint("opened_at <= ends_at", name=op.f("ck_emergency_access_opened_first")),
        sa.CheckConstraint(
            "(reviewed_at IS NULL) = (reviewed_by IS NULL) AND (reviewed_at IS NULL) = (review_note IS NULL)",
            name=op.f("ck_emergency_access_reviewed_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_emergency_access_clinic_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_emergency_access_clinic_id_patient_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_emergency_access_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_access")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_emergency_access_clinic_id_id")),
    )
    op.create_index(
        op.f("ix_emergency_access_clinic_id_reviewed_at"), "emergency_access", ["clinic_id", "reviewed_at"]
    )
    op.create_index(
        op.f("ix_emergency_access_clinic_id_user_id_ends_at"),
        "emergency_access",
        ["clinic_id", "user_id", "ends_at"],
    )
