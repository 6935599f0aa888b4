"""Keep which columns of the worklist a person chose."""

import sqlalchemy as sa
from alembic import op

revision = "0170"
down_revision = "0162"


def upgrade() -> None:
    op.create_table(
        "worklist_columns",
        sa.Column("user_id", sa.String(26), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("clinic_id", sa.String(26), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_worklist_columns_clinic_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_worklist_columns_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worklist_columns")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_worklist_columns_clinic_id_id")),
        sa.UniqueConstraint("clinic_id", "user_id", name=op.f("uq_worklist_columns_clinic_id_user_id")),
    )
