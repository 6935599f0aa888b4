"""On PostgreSQL the database itself holds back rows about patients of other clinics than the one that asks."""

from alembic import op

revision = "0161"
down_revision = "0160"

TABLES = (
    *(
        "alert",
        "alert_event",
        "authorization_line",
        "authorization_move",
        "contact_log",
        "coverage",
        "denial",
    ),
    *(
        "document",
        "document_content",
        "escalation",
        "fill",
        "fill_unit",
        "import_batch",
        "import_change",
        "lab",
    ),
    *("patient", "patient_check", "payer_authorization", "planned_fill", "refill_contact", "regimen"),
    *("transplant", "trial", "weight"),
)
OF_THE_CLINIC = "COALESCE(current_setting('tracker.clinic', true), '') IN ('', clinic_id)"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY one_clinic ON {table} USING ({OF_THE_CLINIC})")
