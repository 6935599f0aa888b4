"""Papers of a patient, their content in a table of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"


def words(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def points_at(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["clinic_id", column],
        [f"{table}.clinic_id", f"{table}.id"],
        name=op.f(f"fk_document_clinic_id_{column}"),
        ondelete="RESTRICT",
    )


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("patient_id", sa.String(26), nullable=False),
        sa.Column(
            "kind",
            words("kind", "approval_letter", "denial_letter", "chart_note", "lab_report", "other"),
            nullable=False,
        ),
        sa.Column(
            "media_type",
            words("media_type", "application/pdf", "image/png", "image/jpeg", "text/plain"),
            nullable=False,
        ),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("authorization_id", sa.String(26), nullable=True),
        sa.Column("trial_id", sa.String(26), nullable=True),
        sa.Column("denial_id", sa.String(26), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(200), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_by", sa.String(200), nullable=True),
        sa.Column("removed_reason", sa.String(300), nullable=True),
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("clinic_id", sa.String(26), nullable=False),
        sa.CheckConstraint("size >= 1", name=op.f("ck_document_size_range")),
        sa.CheckConstraint(
            "(removed_at IS NULL) = (removed_by IS NULL) AND (removed_at IS NULL) = (removed_reason IS NULL)",
            name=op.f("ck_document_removed_whole"),
        ),
        sa.CheckConstraint(
            "(authorization_id IS NULL OR trial_id IS NULL) "
            "AND (authorization_id IS NULL OR denial_id IS NULL) AND (trial_id IS NULL OR denial_id IS NULL)",
            name=op.f("ck_document_proves_one"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_document_clinic_id"), ondelete="RESTRICT"
        ),
        points_at("patient", "patient_id"),
        points_at("payer_authorization", "authorization_id"),
        points_at("trial", "trial_id"),
        points_at("denial", "denial_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_document_clinic_id_id")),
    )
    op.create_index(op.f("ix_document_clinic_id_patient_id"), "document", ["clinic_id", "patient_id"])
    op.create_index(
        op.f("ix_document_clinic_id_authorization_id"), "document", ["clinic_id", "authorization_id"]
    )
    op.create_table(
        "document_content",
        sa.Column("document_id", sa.String(26), nullable=False),
        sa.Column("clinic_id", sa.String(26), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "document_id"],
            ["document.clinic_id", "document.id"],
            name=op.f("fk_document_content_clinic_id_document_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document_content")),
    )
