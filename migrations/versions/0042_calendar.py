"""The fills of the next 12 months as short marks beside each answer, and calendar feeds.

Everyone is asked for a check, which writes the marks.
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    op.add_column("patient_check", sa.Column("fill_marks", sa.String(4000), nullable=True))
    op.execute(sa.text("UPDATE patient_check SET due = true"))
    op.create_table(
        "calendar_feed",
        sa.Column("user_id", sa.String(length=26), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_calendar_feed_clinic_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "user_id"],
            ["app_user.clinic_id", "app_user.id"],
            name=op.f("fk_calendar_feed_clinic_id_user_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_calendar_feed_clinic_id_id")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_calendar_feed_secret_hash")),
        sa.UniqueConstraint("user_id", name=op.f("uq_calendar_feed_user_id")),
    )
