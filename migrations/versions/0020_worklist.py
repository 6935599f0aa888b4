"""what the worklist filters by, saved views, and the switch for keys

The plan and the drug of alerts that are open already are not known here: every patient is asked to be checked
again, which writes them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0010"

LISTED = ["clinic_id", "state"]
PLACE = ["plan_id", "drug"]
OWNERS = ["owner_id", "patient_owner_id"]
WHEN = ["due_on", "harm_on", "run_out_on", "id"]
WORST = ["severity_rank", "code"]


def upgrade() -> None:
    _alert_columns()
    _fill_alerts()
    _alert_indexes()
    _saved_views()
    _exports()
    with op.batch_alter_table("app_user", schema=None) as batch_op:
        batch_op.add_column(sa.Column("keys_on", sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("app_user", schema=None) as batch_op:
        batch_op.alter_column("keys_on", existing_type=sa.Boolean(), server_default=None)


def _alert_columns() -> None:
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.add_column(sa.Column("patient_owner_id", sa.String(length=26), nullable=True))
        batch_op.add_column(sa.Column("plan_id", sa.String(length=26), nullable=True))
        batch_op.add_column(sa.Column("drug", sa.String(60), nullable=True))
        batch_op.add_column(sa.Column("run_out_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("due_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("words", sa.String(400), nullable=False, server_default=""))


def _fill_alerts() -> None:
    """What can be said of an alert from its own row and its patient's."""
    op.execute(
        "UPDATE alert SET due_on = harm_on, words = substr(lower(message), 1, 400),"
        " patient_owner_id = (SELECT p.owner_id FROM patient p"
        " WHERE p.clinic_id = alert.clinic_id AND p.id = alert.patient_id),"
        " run_out_on = (SELECT c.run_out_on FROM patient_check c"
        " WHERE c.clinic_id = alert.clinic_id AND c.patient_id = alert.patient_id)"
    )
    op.execute(sa.text("UPDATE patient_check SET due = :due").bindparams(due=True))


def _alert_indexes() -> None:
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.alter_column("words", existing_type=sa.String(400), server_default=None)
        batch_op.drop_index(batch_op.f("ix_alert_clinic_id_state_severity_rank_harm_on"))
        batch_op.create_index("ix_alert_by_severity_and_code", [*LISTED, *WORST, *PLACE, *OWNERS, *WHEN])
        batch_op.create_index("ix_alert_by_plan_and_drug", [*LISTED, *PLACE, *WORST, *OWNERS, *WHEN])
        batch_op.create_index("ix_alert_by_owner", [*LISTED, *OWNERS, *WHEN, *WORST, *PLACE])
        batch_op.create_index("ix_alert_by_due", [*LISTED, *WHEN, *OWNERS, *WORST, *PLACE])
        batch_op.create_index("ix_alert_by_words", [*LISTED, "words", *WORST, *PLACE, *OWNERS, *WHEN])


def _saved_views() -> None:
    op.create_table(
        "saved_view",
        sa.Column("user_id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("query", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_saved_view_name_given")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_saved_view_user_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_saved_view_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_saved_view_clinic_id_id")),
        sa.UniqueConstraint(
            "clinic_id", "user_id", "name", name=op.f("uq_saved_view_clinic_id_user_id_name")
        ),
    )


def _exports() -> None:
    """One more word in the audit trail."""
    words = "added", "changed", "removed", "signed_in", "signed_out", "imported", "undone", "exported"
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_audit_event_action"), type_="check")
        allowed = ", ".join(f"'{word}'" for word in words)
        batch_op.create_check_constraint(batch_op.f("ck_audit_event_action"), f"action IN ({allowed})")
