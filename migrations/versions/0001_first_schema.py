"""first schema"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "clinic",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("time_zone", sa.String(60), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("demo_today", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("renewal_lead_days", sa.Integer(), nullable=False),
        sa.Column("alert_horizon_days", sa.Integer(), nullable=False),
        sa.Column("fill_ahead_days", sa.Integer(), nullable=False),
        sa.Column("refill_due_days", sa.Integer(), nullable=False),
        sa.Column("refill_threshold_percent", sa.Integer(), nullable=False),
        sa.Column("coverage_end_lead_days", sa.Integer(), nullable=False),
        sa.Column("coverage_change_lead_days", sa.Integer(), nullable=False),
        sa.Column("info_reply_days", sa.Integer(), nullable=False),
        sa.Column("duration_lead_days", sa.Integer(), nullable=False),
        sa.Column("shipping_days", sa.Integer(), nullable=False),
        sa.Column("preparation_days", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "alert_horizon_days BETWEEN 0 AND 365", name=op.f("ck_clinic_alert_horizon_days_range")
        ),
        sa.CheckConstraint(
            "coverage_change_lead_days BETWEEN 0 AND 365",
            name=op.f("ck_clinic_coverage_change_lead_days_range"),
        ),
        sa.CheckConstraint(
            "coverage_end_lead_days BETWEEN 0 AND 365", name=op.f("ck_clinic_coverage_end_lead_days_range")
        ),
        sa.CheckConstraint("demo_today IS NULL OR is_demo", name=op.f("ck_clinic_only_demo_moves_its_date")),
        sa.CheckConstraint(
            "duration_lead_days BETWEEN 0 AND 365", name=op.f("ck_clinic_duration_lead_days_range")
        ),
        sa.CheckConstraint("fill_ahead_days BETWEEN 0 AND 365", name=op.f("ck_clinic_fill_ahead_days_range")),
        sa.CheckConstraint("info_reply_days BETWEEN 0 AND 365", name=op.f("ck_clinic_info_reply_days_range")),
        sa.CheckConstraint(
            "preparation_days BETWEEN 0 AND 365", name=op.f("ck_clinic_preparation_days_range")
        ),
        sa.CheckConstraint("refill_due_days BETWEEN 0 AND 365", name=op.f("ck_clinic_refill_due_days_range")),
        sa.CheckConstraint(
            "refill_threshold_percent BETWEEN 1 AND 100",
            name=op.f("ck_clinic_refill_threshold_percent_range"),
        ),
        sa.CheckConstraint(
            "renewal_lead_days BETWEEN 0 AND 365", name=op.f("ck_clinic_renewal_lead_days_range")
        ),
        sa.CheckConstraint("shipping_days BETWEEN 0 AND 365", name=op.f("ck_clinic_shipping_days_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinic")),
        sa.UniqueConstraint("name", name=op.f("uq_clinic_name")),
    )
    op.create_table(
        "heartbeat",
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeat")),
    )
    op.create_table(
        "app_user",
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "viewer",
                "coordinator",
                "lead",
                "administrator",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_app_user_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_user")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_app_user_clinic_id_id")),
        sa.UniqueConstraint("email", name=op.f("uq_app_user_email")),
    )
    with op.batch_alter_table("app_user", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_app_user_clinic_id_active"), ["clinic_id", "active"], unique=False
        )

    op.create_table(
        "audit_event",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("actor_id", sa.String(length=26), nullable=True),
        sa.Column(
            "action",
            sa.Enum(
                "added",
                "changed",
                "removed",
                "signed_in",
                "signed_out",
                "imported",
                "undone",
                name="action",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("table_name", sa.String(60), nullable=True),
        sa.Column("row_key", sa.String(60), nullable=True),
        sa.Column("patient_id", sa.String(length=26), nullable=True),
        sa.Column("old", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("new", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_audit_event_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_audit_event_clinic_id_id")),
    )
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_event_clinic_id_at"), ["clinic_id", "at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_audit_event_clinic_id_patient_id_at"),
            ["clinic_id", "patient_id", "at"],
            unique=False,
        )

    op.create_table(
        "column_mapping",
        sa.Column("signature", sa.String(64), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_column_mapping_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_column_mapping")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_column_mapping_clinic_id_id")),
        sa.UniqueConstraint("clinic_id", "signature", name=op.f("uq_column_mapping_clinic_id_signature")),
    )
    op.create_table(
        "import_batch",
        sa.Column(
            "state",
            sa.Enum(
                "staged",
                "committed",
                "undone",
                "discarded",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("file_name", sa.String(255), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("sheet", sa.String(100), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("report", sa.LargeBinary(), nullable=True),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_import_batch_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_import_batch_clinic_id_id")),
    )
    with op.batch_alter_table("import_batch", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_import_batch_clinic_id_created_at"), ["clinic_id", "created_at"], unique=False
        )

    op.create_table(
        "payer",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("phone", sa.String(60), nullable=True),
        sa.Column("fax", sa.String(60), nullable=True),
        sa.Column("portal", sa.String(300), nullable=True),
        sa.Column("hours", sa.String(200), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(200), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_payer_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payer")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_payer_clinic_id_id")),
        sa.UniqueConstraint("clinic_id", "name", name=op.f("uq_payer_clinic_id_name")),
    )
    op.create_table(
        "scan_run",
        sa.Column(
            "kind",
            sa.Enum(
                "tick", "asked", "full", name="kind", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_count", sa.Integer(), nullable=False),
        sa.Column("checked_count", sa.Integer(), nullable=False),
        sa.Column("opened_count", sa.Integer(), nullable=False),
        sa.Column("closed_count", sa.Integer(), nullable=False),
        sa.Column("error_count", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_scan_run_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan_run")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_scan_run_clinic_id_id")),
    )
    with op.batch_alter_table("scan_run", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_scan_run_clinic_id_started_at"), ["clinic_id", "started_at"], unique=False
        )

    op.create_table(
        "import_change",
        sa.Column("batch_id", sa.String(length=26), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("table_name", sa.String(60), nullable=False),
        sa.Column("row_key", sa.String(length=26), nullable=False),
        sa.Column(
            "action",
            sa.Enum("added", "changed", name="action", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "batch_id"],
            ["import_batch.clinic_id", "import_batch.id"],
            name=op.f("fk_import_change_clinic_id_batch_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_import_change_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_change")),
        sa.UniqueConstraint(
            "clinic_id", "batch_id", "position", name=op.f("uq_import_change_clinic_id_batch_id_position")
        ),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_import_change_clinic_id_id")),
    )
    op.create_table(
        "outbox_message",
        sa.Column("recipient_id", sa.String(length=26), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "created",
                "sending",
                "sent",
                "retry",
                "failed",
                "dropped",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("message_id", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("unsure", sa.Boolean(), nullable=False),
        sa.Column("lease_owner", sa.String(100), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(300), nullable=True),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.CheckConstraint(
            "(state = 'sent') = (sent_at IS NOT NULL)", name=op.f("ck_outbox_message_sent_has_time")
        ),
        sa.CheckConstraint(
            "(lease_owner IS NULL) = (lease_until IS NULL)", name=op.f("ck_outbox_message_lease_whole")
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_outbox_message_attempts_range")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "recipient_id"],
            ["app_user.clinic_id", "app_user.id"],
            name=op.f("fk_outbox_message_clinic_id_recipient_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_outbox_message_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_outbox_message_clinic_id_id")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_message_id")),
    )
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_outbox_message_clinic_id_recipient_id_state"),
            ["clinic_id", "recipient_id", "state"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_outbox_message_state_next_at"), ["state", "next_at"], unique=False
        )

    op.create_table(
        "patient",
        sa.Column("mrn", sa.String(40), nullable=False),
        sa.Column("family", sa.String(200), nullable=False),
        sa.Column("given", sa.String(200), nullable=False),
        sa.Column("name_key", sa.String(410), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column(
            "indication",
            sa.Enum(
                "kidney_transplant",
                "heart_transplant",
                "liver_transplant",
                "lung_transplant",
                "heart_lung_transplant",
                "bone_marrow_transplant",
                "pancreas_transplant",
                "intestine_transplant",
                "islet_transplant",
                "other_transplant",
                "psoriasis",
                "rheumatoid_arthritis",
                "other",
                name="indication",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("owner_id", sa.String(length=26), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(200), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "owner_id"],
            ["app_user.clinic_id", "app_user.id"],
            name=op.f("fk_patient_clinic_id_owner_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_patient_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_patient_clinic_id_id")),
        sa.UniqueConstraint("clinic_id", "mrn", name=op.f("uq_patient_clinic_id_mrn")),
    )
    with op.batch_alter_table("patient", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_patient_clinic_id_name_key"), ["clinic_id", "name_key"], unique=False
        )

    op.create_table(
        "plan",
        sa.Column("payer_id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column(
            "line_of_business",
            sa.Enum(
                "commercial",
                "medicare_part_b",
                "medicare_part_d",
                "medicare_advantage",
                "medicaid",
                "other",
                name="line_of_business",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("decision_hours_standard", sa.Integer(), nullable=True),
        sa.Column("decision_hours_expedited", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(200), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.CheckConstraint(
            "decision_hours_expedited BETWEEN 1 AND 8760", name=op.f("ck_plan_decision_hours_expedited_range")
        ),
        sa.CheckConstraint(
            "decision_hours_standard BETWEEN 1 AND 8760", name=op.f("ck_plan_decision_hours_standard_range")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "payer_id"],
            ["payer.clinic_id", "payer.id"],
            name=op.f("fk_plan_clinic_id_payer_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_plan_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_plan_clinic_id_id")),
        sa.UniqueConstraint("clinic_id", "payer_id", "name", name=op.f("uq_plan_clinic_id_payer_id_name")),
    )
    op.create_table(
        "alert",
        sa.Column("patient_id", sa.String(length=26), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column(
            "severity",
            sa.Enum(
                "critical",
                "high",
                "warning",
                "info",
                name="severity",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("severity_rank", sa.Integer(), nullable=False),
        sa.Column("about_kind", sa.String(40), nullable=False),
        sa.Column("about_id", sa.String(60), nullable=True),
        sa.Column("harm_on", sa.Date(), nullable=True),
        sa.Column("message", sa.String(1000), nullable=False),
        sa.Column("clears_when", sa.String(1000), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("proof", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("open", "closed", name="state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_reason", sa.String(500), nullable=True),
        sa.Column("times_opened", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.String(length=26), nullable=True),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_alert_closed_has_time")
        ),
        sa.CheckConstraint("severity_rank BETWEEN 0 AND 3", name=op.f("ck_alert_severity_rank_range")),
        sa.CheckConstraint("times_opened >= 1", name=op.f("ck_alert_times_opened_range")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "owner_id"],
            ["app_user.clinic_id", "app_user.id"],
            name=op.f("fk_alert_clinic_id_owner_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_alert_clinic_id_patient_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_alert_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_alert_clinic_id_id")),
        sa.UniqueConstraint("clinic_id", "patient_id", "key", name=op.f("uq_alert_clinic_id_patient_id_key")),
    )
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_alert_clinic_id_patient_id"), ["clinic_id", "patient_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_alert_clinic_id_state_severity_rank_harm_on"),
            ["clinic_id", "state", "severity_rank", "harm_on"],
            unique=False,
        )

    op.create_table(
        "coverage",
        sa.Column("plan_id", sa.String(length=26), nullable=False),
        sa.Column("member_id", sa.String(60), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column(
            "medicare_basis",
            sa.Enum(
                "age",
                "disability",
                "esrd",
                "part_b_id",
                name="medicare_basis",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("patient_id", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(200), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.CheckConstraint("rank BETWEEN 1 AND 9", name=op.f("ck_coverage_rank_range")),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_coverage_starts_on_first")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_coverage_clinic_id_patient_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "plan_id"],
            ["plan.clinic_id", "plan.id"],
            name=op.f("fk_coverage_clinic_id_plan_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_coverage_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_coverage_clinic_id_id")),
        sa.UniqueConstraint(
            "clinic_id",
            "patient_id",
            "plan_id",
            "starts_on",
            name=op.f("uq_coverage_clinic_id_patient_id_plan_id_starts_on"),
        ),
    )
    with op.batch_alter_table("coverage", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_coverage_clinic_id_member_id"), ["clinic_id", "member_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_coverage_clinic_id_patient_id"), ["clinic_id", "patient_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_coverage_clinic_id_plan_id"), ["clinic_id", "plan_id"], unique=False
        )

    op.create_table(
        "formulary_rule",
        sa.Column("plan_id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("covered", sa.Boolean(), nullable=True),
        sa.Column("prior_authorization", sa.Boolean(), nullable=True),
        sa.Column("prior_authorization_new_starts_only", sa.Boolean(), nullable=False),
        sa.Column("quantity_limit", sa.Boolean(), nullable=True),
        sa.Column("max_days_supply", sa.Integer(), nullable=True),
        sa.Column("refill_threshold_percent", sa.Integer(), nullable=True),
        sa.Column("step_therapy", sa.Boolean(), nullable=True),
        sa.Column("step_new_starts_only", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(300), nullable=True),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.Column("verified_by", sa.String(200), nullable=True),
        sa.Column("limit_quantity", sa.BigInteger(), nullable=True),
        sa.Column("limit_per_days", sa.Integer(), nullable=True),
        sa.Column("limit_unit", sa.String(20), nullable=True),
        sa.Column(
            "limit_method",
            sa.Enum(
                "per_fill",
                "rolling",
                name="limit_method",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("limit_max_per_day", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(200), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.CheckConstraint(
            "(limit_quantity IS NULL AND limit_per_days IS NULL AND limit_unit IS NULL AND limit_method IS NULL AND limit_max_per_day IS NULL) OR (limit_quantity IS NOT NULL AND limit_per_days IS NOT NULL AND limit_unit IS NOT NULL AND limit_method IS NOT NULL)",
            name=op.f("ck_formulary_rule_limit_whole"),
        ),
        sa.CheckConstraint("limit_max_per_day >= 1", name=op.f("ck_formulary_rule_limit_max_per_day_range")),
        sa.CheckConstraint("limit_per_days >= 1", name=op.f("ck_formulary_rule_limit_per_days_range")),
        sa.CheckConstraint("limit_quantity >= 1", name=op.f("ck_formulary_rule_limit_quantity_range")),
        sa.CheckConstraint(
            "limit_quantity IS NULL OR quantity_limit", name=op.f("ck_formulary_rule_limit_asked")
        ),
        sa.CheckConstraint(
            "max_days_supply BETWEEN 1 AND 365", name=op.f("ck_formulary_rule_max_days_supply_range")
        ),
        sa.CheckConstraint(
            "refill_threshold_percent BETWEEN 1 AND 100",
            name=op.f("ck_formulary_rule_refill_threshold_percent_range"),
        ),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_formulary_rule_starts_on_first")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "plan_id"],
            ["plan.clinic_id", "plan.id"],
            name=op.f("fk_formulary_rule_clinic_id_plan_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_formulary_rule_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_formulary_rule")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_formulary_rule_clinic_id_id")),
        sa.UniqueConstraint(
            "clinic_id",
            "plan_id",
            "code",
            "starts_on",
            name=op.f("uq_formulary_rule_clinic_id_plan_id_code_starts_on"),
        ),
    )
    op.create_table(
        "lab",
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("patient_id", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(200), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.CheckConstraint("kind <> ''", name=op.f("ck_lab_kind_named")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_lab_clinic_id_patient_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_lab_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lab")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_lab_clinic_id_id")),
        sa.UniqueConstraint(
            "clinic_id",
            "patient_id",
            "kind",
            "on_date",
            name=op.f("uq_lab_clinic_id_patient_id_kind_on_date"),
        ),
    )
    with op.batch_alter_table("lab", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_lab_clinic_id_patient_id"), ["clinic_id", "patient_id"], unique=False
        )

    op.create_table(
        "patient_check",
        sa.Column("patient_id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.Column("due", sa.Boolean(), nullable=False),
        sa.Column("check_on", sa.Date(), nullable=True),
        sa.Column("as_of", sa.Date(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(200), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("run_out_on", sa.Date(), nullable=True),
        sa.Column("next_fill_on", sa.Date(), nullable=True),
        sa.Column("earliest_denial_on", sa.Date(), nullable=True),
        sa.Column("last_covered_fill_on", sa.Date(), nullable=True),
        sa.Column("start_renewal_by", sa.Date(), nullable=True),
        sa.Column("future_fill_count", sa.Integer(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_patient_check_clinic_id_patient_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_patient_check")),
    )
    with op.batch_alter_table("patient_check", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_patient_check_clinic_id_check_on"), ["clinic_id", "check_on"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_patient_check_clinic_id_due"), ["clinic_id", "due"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_patient_check_clinic_id_earliest_denial_on"),
            ["clinic_id", "earliest_denial_on"],
            unique=False,
        )

    op.create_table(
        "payer_authorization",
        sa.Column("plan_id", sa.String(length=26), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "prior_authorization",
                "quantity_limit_override",
                "step_therapy_exception",
                "formulary_exception",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("number", sa.String(60), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "submitted",
                "pended",
                "approved",
                "partially_approved",
                "denied",
                "cancelled",
                "appealed",
                "not_required",
                "lapsed_on_purpose",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column(
            "formulation",
            sa.Enum(
                "modified",
                "non_modified",
                "immediate_release",
                "envarsus_xr",
                "astagraf_xl",
                name="formulation",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("requested_on", sa.Date(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("statement_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expedited", sa.Boolean(), nullable=False),
        sa.Column("requested_starts_on", sa.Date(), nullable=True),
        sa.Column("requested_ends_on", sa.Date(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("reply_by", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(500), nullable=True),
        sa.Column("renews_id", sa.String(length=26), nullable=True),
        sa.Column("limit_quantity", sa.BigInteger(), nullable=True),
        sa.Column("limit_per_days", sa.Integer(), nullable=True),
        sa.Column("limit_unit", sa.String(20), nullable=True),
        sa.Column(
            "limit_method",
            sa.Enum(
                "per_fill",
                "rolling",
                name="limit_method",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("limit_max_per_day", sa.BigInteger(), nullable=True),
        sa.Column("patient_id", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(200), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.CheckConstraint(
            "(limit_quantity IS NULL AND limit_per_days IS NULL AND limit_unit IS NULL AND limit_method IS NULL AND limit_max_per_day IS NULL) OR (limit_quantity IS NOT NULL AND limit_per_days IS NOT NULL AND limit_unit IS NOT NULL AND limit_method IS NOT NULL)",
            name=op.f("ck_payer_authorization_limit_whole"),
        ),
        sa.CheckConstraint(
            "limit_max_per_day >= 1", name=op.f("ck_payer_authorization_limit_max_per_day_range")
        ),
        sa.CheckConstraint("limit_per_days >= 1", name=op.f("ck_payer_authorization_limit_per_days_range")),
        sa.CheckConstraint("limit_quantity >= 1", name=op.f("ck_payer_authorization_limit_quantity_range")),
        sa.CheckConstraint(
            "renews_id IS NULL OR renews_id <> id", name=op.f("ck_payer_authorization_renews_another")
        ),
        sa.CheckConstraint(
            "requested_starts_on <= requested_ends_on",
            name=op.f("ck_payer_authorization_requested_starts_on_first"),
        ),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_payer_authorization_starts_on_first")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_payer_authorization_clinic_id_patient_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "plan_id"],
            ["plan.clinic_id", "plan.id"],
            name=op.f("fk_payer_authorization_clinic_id_plan_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "renews_id"],
            ["payer_authorization.clinic_id", "payer_authorization.id"],
            name=op.f("fk_payer_authorization_clinic_id_renews_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_payer_authorization_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payer_authorization")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_payer_authorization_clinic_id_id")),
        sa.UniqueConstraint(
            "clinic_id",
            "patient_id",
            "plan_id",
            "kind",
            "number",
            "starts_on",
            name=op.f("uq_payer_authorization_clinic_id_patient_id_plan_id_kind_number_starts_on"),
        ),
    )
    with op.batch_alter_table("payer_authorization", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_payer_authorization_clinic_id_number"), ["clinic_id", "number"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_payer_authorization_clinic_id_patient_id"),
            ["clinic_id", "patient_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_payer_authorization_clinic_id_plan_id"), ["clinic_id", "plan_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_payer_authorization_clinic_id_renews_id"), ["clinic_id", "renews_id"], unique=False
        )

    op.create_table(
        "planned_fill",
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("days_supply", sa.Integer(), nullable=False),
        sa.Column("units", sa.JSON(none_as_null=True), nullable=True),
        sa.Column(
            "formulation",
            sa.Enum(
                "modified",
                "non_modified",
                "immediate_release",
                "envarsus_xr",
                "astagraf_xl",
                name="formulation",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "override_kind",
            sa.Enum(
                "dose_change",
                "vacation",
                "lost_or_damaged",
                "other",
                name="override_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("override_reason", sa.String(500), nullable=True),
        sa.Column("override_person", sa.String(200), nullable=True),
        sa.Column("override_on", sa.Date(), nullable=True),
        sa.Column("patient_id", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(200), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.CheckConstraint(
            "(override_kind IS NULL AND override_reason IS NULL AND override_person IS NULL AND override_on IS NULL) OR (override_kind IS NOT NULL AND override_reason IS NOT NULL AND override_person IS NOT NULL AND override_on IS NOT NULL)",
            name=op.f("ck_planned_fill_override_whole"),
        ),
        sa.CheckConstraint("days_supply BETWEEN 1 AND 365", name=op.f("ck_planned_fill_days_supply_range")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_planned_fill_clinic_id_patient_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_planned_fill_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_planned_fill")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_planned_fill_clinic_id_id")),
        sa.UniqueConstraint(
            "clinic_id", "patient_id", "on_date", name=op.f("uq_planned_fill_clinic_id_patient_id_on_date")
        ),
    )
    with op.batch_alter_table("planned_fill", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_planned_fill_clinic_id_patient_id"), ["clinic_id", "patient_id"], unique=False
        )

    op.create_table(
        "refill_contact",
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("affirmed", sa.Boolean(), nullable=True),
        sa.Column("patient_id", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(200), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_refill_contact_clinic_id_patient_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_refill_contact_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refill_contact")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_refill_contact_clinic_id_id")),
        sa.UniqueConstraint(
            "clinic_id", "patient_id", "on_date", name=op.f("uq_refill_contact_clinic_id_patient_id_on_date")
        ),
    )
    with op.batch_alter_table("refill_contact", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_refill_contact_clinic_id_patient_id"), ["clinic_id", "patient_id"], unique=False
        )

    op.create_table(
        "regimen",
        sa.Column("drug", sa.String(60), nullable=False),
        sa.Column(
            "formulation",
            sa.Enum(
                "modified",
                "non_modified",
                "immediate_release",
                "envarsus_xr",
                "astagraf_xl",
                name="formulation",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "form",
            sa.Enum(
                "capsule",
                "tablet",
                "solution",
                "injection",
                name="form",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("strengths_mg", sa.JSON(), nullable=False),
        sa.Column("dose_mg", sa.BigInteger(), nullable=False),
        sa.Column("doses_per_day", sa.Integer(), nullable=False),
        sa.Column("days_supply", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("ordered_on", sa.Date(), nullable=True),
        sa.Column("patient_id", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(200), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.CheckConstraint("days_supply BETWEEN 1 AND 365", name=op.f("ck_regimen_days_supply_range")),
        sa.CheckConstraint("dose_mg >= 1", name=op.f("ck_regimen_dose_mg_range")),
        sa.CheckConstraint("doses_per_day BETWEEN 1 AND 24", name=op.f("ck_regimen_doses_per_day_range")),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_regimen_starts_on_first")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_regimen_clinic_id_patient_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_regimen_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regimen")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_regimen_clinic_id_id")),
        sa.UniqueConstraint(
            "clinic_id", "patient_id", "starts_on", name=op.f("uq_regimen_clinic_id_patient_id_starts_on")
        ),
    )
    with op.batch_alter_table("regimen", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_regimen_clinic_id_patient_id"), ["clinic_id", "patient_id"], unique=False
        )

    op.create_table(
        "transplant",
        sa.Column(
            "organ",
            sa.Enum(
                "kidney",
                "heart",
                "liver",
                "lung",
                "heart_lung",
                "bone_marrow",
                "pancreas",
                "intestine",
                "islet",
                "other",
                name="organ",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("on_date", sa.Date(), nullable=True),
        sa.Column("part_a_at_transplant", sa.Boolean(), nullable=True),
        sa.Column("approved_facility", sa.Boolean(), nullable=True),
        sa.Column("discharged_on", sa.Date(), nullable=True),
        sa.Column("patient_id", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(200), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_transplant_clinic_id_patient_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_transplant_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transplant")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_transplant_clinic_id_id")),
        sa.UniqueConstraint("clinic_id", "patient_id", name=op.f("uq_transplant_clinic_id_patient_id")),
    )
    with op.batch_alter_table("transplant", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_transplant_clinic_id_patient_id"), ["clinic_id", "patient_id"], unique=False
        )

    op.create_table(
        "trial",
        sa.Column("drug", sa.String(100), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("dose", sa.String(200), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "inadequate_response",
                "intolerance",
                "contraindication",
                "ongoing",
                "other",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("reason", sa.String(500), nullable=True),
        sa.Column("documented_on", sa.Date(), nullable=True),
        sa.Column("patient_id", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(200), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_trial_starts_on_first")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_trial_clinic_id_patient_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_trial_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_trial_clinic_id_id")),
        sa.UniqueConstraint(
            "clinic_id",
            "patient_id",
            "drug",
            "starts_on",
            name=op.f("uq_trial_clinic_id_patient_id_drug_starts_on"),
        ),
    )
    with op.batch_alter_table("trial", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_trial_clinic_id_patient_id"), ["clinic_id", "patient_id"], unique=False
        )

    op.create_table(
        "weight",
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("kg", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(200), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.CheckConstraint("kg >= 1", name=op.f("ck_weight_kg_range")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_weight_clinic_id_patient_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_weight_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weight")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_weight_clinic_id_id")),
        sa.UniqueConstraint(
            "clinic_id", "patient_id", "on_date", name=op.f("uq_weight_clinic_id_patient_id_on_date")
        ),
    )
    with op.batch_alter_table("weight", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_weight_clinic_id_patient_id"), ["clinic_id", "patient_id"], unique=False
        )

    op.create_table(
        "alert_event",
        sa.Column("patient_id", sa.String(length=26), nullable=False),
        sa.Column("alert_id", sa.String(length=26), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "opened",
                "changed",
                "closed",
                "reopened",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column(
            "severity",
            sa.Enum(
                "critical",
                "high",
                "warning",
                "info",
                name="severity",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.String(1000), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "alert_id"],
            ["alert.clinic_id", "alert.id"],
            name=op.f("fk_alert_event_clinic_id_alert_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_alert_event_clinic_id_patient_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_alert_event_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_event")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_alert_event_clinic_id_id")),
    )
    with op.batch_alter_table("alert_event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_alert_event_clinic_id_alert_id_at"), ["clinic_id", "alert_id", "at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_alert_event_clinic_id_at"), ["clinic_id", "at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_alert_event_clinic_id_patient_id"), ["clinic_id", "patient_id"], unique=False
        )

    op.create_table(
        "authorization_line",
        sa.Column("authorization_id", sa.String(length=26), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=True),
        sa.Column("units_used_before", sa.Integer(), nullable=False),
        sa.Column("requested", sa.Boolean(), nullable=False),
        sa.Column("requested_units", sa.Integer(), nullable=True),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.CheckConstraint("approved OR requested", name=op.f("ck_authorization_line_asked_or_approved")),
        sa.CheckConstraint(
            "requested_units BETWEEN 0 AND 1000000", name=op.f("ck_authorization_line_requested_units_range")
        ),
        sa.CheckConstraint("units BETWEEN 0 AND 1000000", name=op.f("ck_authorization_line_units_range")),
        sa.CheckConstraint(
            "units_used_before BETWEEN 0 AND 1000000",
            name=op.f("ck_authorization_line_units_used_before_range"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "authorization_id"],
            ["payer_authorization.clinic_id", "payer_authorization.id"],
            name=op.f("fk_authorization_line_clinic_id_authorization_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_authorization_line_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorization_line")),
        sa.UniqueConstraint(
            "clinic_id",
            "authorization_id",
            "code",
            name=op.f("uq_authorization_line_clinic_id_authorization_id_code"),
        ),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_authorization_line_clinic_id_id")),
    )
    op.create_table(
        "fill",
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("days_supply", sa.Integer(), nullable=False),
        sa.Column(
            "formulation",
            sa.Enum(
                "modified",
                "non_modified",
                "immediate_release",
                "envarsus_xr",
                "astagraf_xl",
                name="formulation",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("authorization_id", sa.String(length=26), nullable=True),
        sa.Column("reversed", sa.Boolean(), nullable=False),
        sa.Column("modifiers", sa.JSON(), nullable=False),
        sa.Column(
            "claim_status",
            sa.Enum(
                "paid",
                "denied",
                "pending",
                name="claim_status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("claim_carc", sa.String(10), nullable=True),
        sa.Column("claim_rarc", sa.JSON(), nullable=False),
        sa.Column("claim_received_on", sa.Date(), nullable=True),
        sa.Column("ndc", sa.String(20), nullable=True),
        sa.Column("patient_id", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(200), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.CheckConstraint("days_supply BETWEEN 1 AND 365", name=op.f("ck_fill_days_supply_range")),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_fill_sequence_range")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "authorization_id"],
            ["payer_authorization.clinic_id", "payer_authorization.id"],
            name=op.f("fk_fill_clinic_id_authorization_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_fill_clinic_id_patient_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_fill_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fill")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_fill_clinic_id_id")),
        sa.UniqueConstraint(
            "clinic_id",
            "patient_id",
            "on_date",
            "sequence",
            name=op.f("uq_fill_clinic_id_patient_id_on_date_sequence"),
        ),
    )
    with op.batch_alter_table("fill", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_fill_clinic_id_authorization_id"), ["clinic_id", "authorization_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_fill_clinic_id_patient_id"), ["clinic_id", "patient_id"], unique=False
        )

    op.create_table(
        "outbox_line",
        sa.Column("message_row_id", sa.String(length=26), nullable=False),
        sa.Column("alert_id", sa.String(length=26), nullable=False),
        sa.Column("recipient_id", sa.String(length=26), nullable=False),
        sa.Column("occasion", sa.String(60), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "alert_id"],
            ["alert.clinic_id", "alert.id"],
            name=op.f("fk_outbox_line_clinic_id_alert_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "message_row_id"],
            ["outbox_message.clinic_id", "outbox_message.id"],
            name=op.f("fk_outbox_line_clinic_id_message_row_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "recipient_id"],
            ["app_user.clinic_id", "app_user.id"],
            name=op.f("fk_outbox_line_clinic_id_recipient_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_outbox_line_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_line")),
        sa.UniqueConstraint(
            "clinic_id",
            "alert_id",
            "recipient_id",
            "occasion",
            name=op.f("uq_outbox_line_clinic_id_alert_id_recipient_id_occasion"),
        ),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_outbox_line_clinic_id_id")),
    )
    with op.batch_alter_table("outbox_line", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_outbox_line_clinic_id_message_row_id"),
            ["clinic_id", "message_row_id"],
            unique=False,
        )

    op.create_table(
        "rule_step",
        sa.Column("rule_id", sa.String(length=26), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("need", sa.Integer(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("min_days", sa.Integer(), nullable=True),
        sa.Column("lookback_days", sa.Integer(), nullable=True),
        sa.Column("outcomes", sa.JSON(), nullable=False),
        sa.Column("document_required", sa.Boolean(), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.CheckConstraint("lookback_days >= 1", name=op.f("ck_rule_step_lookback_days_range")),
        sa.CheckConstraint("min_days >= 1", name=op.f("ck_rule_step_min_days_range")),
        sa.CheckConstraint("need >= 1", name=op.f("ck_rule_step_need_range")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "rule_id"],
            ["formulary_rule.clinic_id", "formulary_rule.id"],
            name=op.f("fk_rule_step_clinic_id_rule_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_rule_step_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_step")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_rule_step_clinic_id_id")),
        sa.UniqueConstraint(
            "clinic_id", "rule_id", "position", name=op.f("uq_rule_step_clinic_id_rule_id_position")
        ),
    )
    with op.batch_alter_table("rule_step", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_rule_step_clinic_id_rule_id"), ["clinic_id", "rule_id"], unique=False
        )

    op.create_table(
        "denial",
        sa.Column("fill_id", sa.String(length=26), nullable=True),
        sa.Column("authorization_id", sa.String(length=26), nullable=True),
        sa.Column(
            "level",
            sa.Enum(
                "internal",
                "external",
                "redetermination",
                name="level",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("notice_on", sa.Date(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("appeal_by", sa.Date(), nullable=True),
        sa.Column("carc", sa.String(10), nullable=True),
        sa.Column("rarc", sa.String(100), nullable=True),
        sa.Column("patient_id", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(200), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.CheckConstraint(
            "(fill_id IS NULL) <> (authorization_id IS NULL)", name=op.f("ck_denial_about_one")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "authorization_id"],
            ["payer_authorization.clinic_id", "payer_authorization.id"],
            name=op.f("fk_denial_clinic_id_authorization_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "fill_id"],
            ["fill.clinic_id", "fill.id"],
            name=op.f("fk_denial_clinic_id_fill_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_denial_clinic_id_patient_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_denial_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_denial")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_denial_clinic_id_id")),
    )
    with op.batch_alter_table("denial", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_denial_clinic_id_patient_id"), ["clinic_id", "patient_id"], unique=False
        )

    op.create_table(
        "fill_unit",
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.Column("fill_id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.CheckConstraint("units BETWEEN 0 AND 1000000", name=op.f("ck_fill_unit_units_range")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "fill_id"],
            ["fill.clinic_id", "fill.id"],
            name=op.f("fk_fill_unit_clinic_id_fill_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("fill_id", "code", name=op.f("pk_fill_unit")),
    )
    with op.batch_alter_table("fill_unit", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_fill_unit_clinic_id_fill_id"), ["clinic_id", "fill_id"], unique=False
        )
