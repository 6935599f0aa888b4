"""Short free tags of a clinic, and the patients that bear them."""

import sqlalchemy as sa
from alembic import op

revision = "0171"
down_revision = "0170"

OF_THE_CLINIC = "COALESCE(current_setting('tracker.clinic', true), '') IN ('', clinic_id)"


def upgrade() -> None:
    op.create_table(
        "tag",
        sa.Column("name", sa.String(30), nullable=False),
        sa.Column("name_key", sa.String(60), nullable=False),
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("clinic_id", sa.String(26), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_tag_name_given")),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_tag_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_tag_clinic_id_id")),
        sa.UniqueConstraint("clinic_id", "name_key", name=op.f("uq_tag_clinic_id_name_key")),
    )
    op.create_table(
        "patient_tag",
        sa.Column("patient_id", sa.String(26), nullable=False),
        sa.Column("tag_id", sa.String(26), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(200), nullable=False),
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("clinic_id", sa.String(26), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_patient_tag_clinic_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_patient_tag_clinic_id_patient_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "tag_id"],
            ["tag.clinic_id", "tag.id"],
            name=op.f("fk_patient_tag_clinic_id_tag_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient_tag")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_patient_tag_clinic_id_id")),
        sa.UniqueConstraint(
            "clinic_id", "tag_id", "patient_id", name=op.f("uq_patient_tag_clinic_id_tag_id_patient_id")
        ),
    )
    op.create_index(
        op.f("ix_patient_tag_clinic_id_patient_id_tag_id"),
        "patient_tag",
        ["clinic_id", "patient_id", "tag_id"],
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE patient_tag ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE patient_tag FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY one_clinic ON patient_tag USING ({OF_THE_CLINIC})")
