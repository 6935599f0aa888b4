"""The life of an alert: owner and backup, acknowledgement, snooze, settlement by hand, the ladder.

Alerts that are open begin their ladder now: an upgrade calls nobody for the hours before it.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0043"

ID = sa.String(26)
INSTANT = sa.DateTime(timezone=True)
STATES = "open", "snoozed", "false_alarm", "lapsed", "closed"
KINDS = (
    *("opened", "changed", "closed", "reopened", "assigned", "acknowledged", "snoozed", "returned"),
    *("noted", "false_alarm", "lapsed", "escalated", "undone"),
)
RUNGS = "owner", "backup", "lead", "clinician"
PERSON = ["app_user.clinic_id", "app_user.id"]


def one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


def upgrade() -> None:
    _people()
    _alert()
    with op.batch_alter_table("alert_event", schema=None) as batch_op:
        batch_op.add_column(sa.Column("actor_id", ID, nullable=True))
        batch_op.add_column(sa.Column("before", sa.JSON(), nullable=True))
        batch_op.drop_constraint(batch_op.f("ck_alert_event_kind"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_alert_event_kind"), one_of("kind", KINDS))
    _ladder()
    _escalation()


def _people() -> None:
    with op.batch_alter_table("app_user", schema=None) as batch_op:
        batch_op.add_column(sa.Column("backup_id", ID, nullable=True))
        batch_op.add_column(sa.Column("away_from", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("away_to", sa.Date(), nullable=True))
        _person(batch_op, "app_user", "backup_id")
        _check(batch_op, "app_user", "away_from_first", "away_from <= away_to")
        _check(batch_op, "app_user", "away_has_start", "away_to IS NULL OR away_from IS NOT NULL")
        _check(batch_op, "app_user", "backup_is_another", "backup_id <> id")
    with op.batch_alter_table("patient", schema=None) as batch_op:
        batch_op.add_column(sa.Column("backup_id", ID, nullable=True))
        _person(batch_op, "patient", "backup_id")


def _alert() -> None:
    with op.batch_alter_table("alert", schema=None) as batch_op:
        for name, kind in (
            ("backup_id", ID),
            ("acknowledged_at", INSTANT),
            ("acknowledged_by", sa.String(200)),
            ("snoozed_until", sa.Date()),
            ("snoozed_by", sa.String(200)),
            ("snooze_reason", sa.String(500)),
            ("returned_at", INSTANT),
            ("settled_at", INSTANT),
            ("settled_by", sa.String(200)),
            ("settled_reason", sa.String(500)),
            ("settled_rank", sa.Integer()),
            ("settled_harm_on", sa.Date()),
            ("ladder_from", INSTANT),
        ):
            batch_op.add_column(sa.Column(name, kind, nullable=True))
        batch_op.add_column(sa.Column("escalation_level", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("ladder_round", sa.Integer(), nullable=False, server_default="1"))
        batch_op.drop_constraint(batch_op.f("ck_alert_state"), type_="check")
        _person(batch_op, "alert", "backup_id")
        for name, rule in ALERT_CHECKS:
            _check(batch_op, "alert", name, rule)
    alert = sa.table("alert", sa.column("state", sa.String), sa.column("ladder_from", INSTANT))
    op.execute(alert.update().where(alert.c.state == "open").values(ladder_from=datetime.now(UTC)))
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.alter_column("escalation_level", existing_type=sa.Integer(), server_default=None)
        batch_op.alter_column("ladder_round", existing_type=sa.Integer(), server_default=None)
        for column in ("snoozed_until", "ladder_from"):
            name = batch_op.f(f"ix_alert_clinic_id_state_{column}")
            batch_op.create_index(name, ["clinic_id", "state", column], unique=False)


ALERT_CHECKS = (
    ("state", one_of("state", STATES)),
    ("escalation_level_range", "escalation_level BETWEEN 0 AND 3"),
    ("ladder_round_range", "ladder_round >= 1"),
    ("acknowledgement_whole", "(acknowledged_at IS NULL) = (acknowledged_by IS NULL)"),
    (
        "snooze_whole",
        "state <> 'snoozed' OR (snoozed_until IS NOT NULL AND snoozed_by IS NOT NULL"
        " AND snooze_reason IS NOT NULL AND snooze_reason <> '')",
    ),
    ("only_open_has_returned", "returned_at IS NULL OR state = 'open'"),
    ("no_snooze_past_harm", "state <> 'snoozed' OR harm_on IS NULL OR snoozed_until <= harm_on"),
    ("settled_has_time", "(state IN ('false_alarm', 'lapsed')) = (settled_at IS NOT NULL)"),
    (
        "settlement_whole",
        "settled_at IS NULL OR (settled_by IS NOT NULL AND settled_rank IS NOT NULL"
        " AND settled_reason IS NOT NULL AND settled_reason <> '')",
    ),
)


def _ladder() -> None:
    op.create_table(
        "ladder",
        sa.Column("clinic_id", ID, nullable=False),
        sa.Column("backup_id", ID, nullable=True),
        sa.Column("lead_id", ID, nullable=True),
        sa.Column("clinician_id", ID, nullable=True),
        sa.Column("clinician_name", sa.String(200), nullable=True),
        sa.Column("clinician_contact", sa.String(254), nullable=True),
        sa.Column("critical_hours", sa.Integer(), nullable=False),
        sa.Column("high_hours", sa.Integer(), nullable=False),
        sa.Column("warning_hours", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *(
            sa.CheckConstraint(f"{name} BETWEEN 1 AND 720", name=op.f(f"ck_ladder_{name}_range"))
            for name in ("critical_hours", "high_hours", "warning_hours")
        ),
        sa.CheckConstraint(
            "clinician_name IS NOT NULL OR (clinician_contact IS NULL AND clinician_id IS NULL)",
            name=op.f("ck_ladder_clinician_named"),
        ),
        *(_reference("ladder", column, PERSON) for column in ("backup_id", "lead_id", "clinician_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_ladder_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("clinic_id", name=op.f("pk_ladder")),
    )


def _escalation() -> None:
    op.create_table(
        "escalation",
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("alert_id", ID, nullable=False),
        sa.Column("ladder_round", sa.Integer(), nullable=False),
        sa.Column(
            "rung",
            sa.Enum(*RUNGS, name="rung", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("told_id", ID, nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("clinic_id", ID, nullable=False),
        _reference("escalation", "alert_id", ["alert.clinic_id", "alert.id"]),
        _reference("escalation", "told_id", PERSON),
        _reference("escalation", "patient_id", ["patient.clinic_id", "patient.id"]),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_escalation_clinic_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f("uq_escalation_clinic_id_id")),
        sa.UniqueConstraint(
            *("clinic_id", "alert_id", "ladder_round", "rung"),
            name=op.f("uq_escalation_clinic_id_alert_id_ladder_round_rung"),
        ),
    )
    op.create_index(op.f("ix_escalation_clinic_id_patient_id"), "escalation", ["clinic_id", "patient_id"])


def _reference(table: str, column: str, target: list[str]) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_clinic_id_{column}")
    return sa.ForeignKeyConstraint(["clinic_id", column], target, name=name, ondelete="RESTRICT")


def _person(batch_op, table: str, column: str) -> None:  # type: ignore[no-untyped-def]
    batch_op.create_foreign_key(
        batch_op.f(f"fk_{table}_clinic_id_{column}"),
        "app_user",
        ["clinic_id", column],
        ["clinic_id", "id"],
        ondelete="RESTRICT",
    )


def _check(batch_op, table: str, name: str, rule: str) -> None:  # type: ignore[no-untyped-def]
    batch_op.create_check_constraint(batch_op.f(f"ck_{table}_{name}"), rule)
