"""Keep the days on which one person read unusually many patients, so that each is told once."""

import sqlalchemy as sa
from alembic import op

revision = "0155"
down_revision = "0152"


def upgrade() -> None:
    op.create_table(
        "bulk_reading",
        sa.Column("user_id", sa.String(26), nullable=False),
        sa.Column("reader", sa.String(200), nullable=False),
        sa.Column("read_on", sa.Date(), nullable=False),
        sa.Column("patient_count", sa.Integer(), nullable=False),
        sa.Column("exported_count", sa.Integer(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("clinic_id", sa.String(26), nullable=False),
        sa.CheckConstraint("patient_count >= 0", name=op.f("ck_bulk_reading_patient_count_range")),
        sa.CheckConstraint("exported_count >= 0", name=op.f("ck_bulk_reading_exported_count_range")),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_bulk_reading_clinic_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_bulk_reading_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_reading")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_bulk_reading_clinic_id_id")),
        sa.UniqueConstraint(
            "clinic_id", "read_on", "user_id", name=op.f("uq_bulk_reading_clinic_id_read_on_user_id")
        ),
    )
