"""moves of an authorization, the log of calls and faxes, and its scope: pharmacy, prescriber, letter"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0042"

STATUSES = (
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
)
MOVES = ("submit", "reply", "decide", "deny", "pend", "appeal", "cancel", "lapse")
CHANNELS = ("call", "fax", "portal", "letter", "note")


def word(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def belongs(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["clinic_id", column],
        [f"{to}.clinic_id", f"{to}.id"],
        name=op.f(f"fk_{table}_clinic_id_{column}"),
        ondelete="RESTRICT",
    )


def owned(table: str) -> list[sa.schema.SchemaItem]:
    """What every row about a patient has: its own clinic's patient, and a key that others can point at."""
    return [
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f(f"fk_{table}_clinic_id"), ondelete="RESTRICT"
        ),
        belongs(table, "patient_id", "patient"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("clinic_id", "id", name=op.f(f"uq_{table}_clinic_id_id")),
    ]


def upgrade() -> None:
    with op.batch_alter_table("payer_authorization", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pharmacy", sa.String(200), nullable=True))
        batch_op.add_column(sa.Column("prescriber", sa.String(200), nullable=True))
        batch_op.add_column(sa.Column("letter_on", sa.Date(), nullable=True))

    op.create_table(
        "authorization_move",
        sa.Column("patient_id", sa.String(length=26), nullable=False),
        sa.Column("authorization_id", sa.String(length=26), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("actor_id", sa.String(length=26), nullable=True),
        sa.Column("move", word("move", MOVES), nullable=False),
        sa.Column("from_status", word("from_status", STATUSES), nullable=False),
        sa.Column("to_status", word("to_status", STATUSES), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(500), nullable=True),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.CheckConstraint("from_status <> to_status", name=op.f("ck_authorization_move_moves")),
        belongs("authorization_move", "authorization_id", "payer_authorization"),
        *owned("authorization_move"),
    )
    op.create_index(
        op.f("ix_authorization_move_clinic_id_authorization_id_at"),
        "authorization_move",
        ["clinic_id", "authorization_id", "at"],
    )
    op.create_index(
        op.f("ix_authorization_move_clinic_id_patient_id"), "authorization_move", ["clinic_id", "patient_id"]
    )

    op.create_table(
        "contact_log",
        sa.Column("patient_id", sa.String(length=26), nullable=False),
        sa.Column("authorization_id", sa.String(length=26), nullable=True),
        sa.Column("payer_id", sa.String(length=26), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("actor_id", sa.String(length=26), nullable=True),
        sa.Column("channel", word("channel", CHANNELS), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("with_whom", sa.String(200), nullable=True),
        sa.Column("reference", sa.String(60), nullable=True),
        sa.Column("said", sa.String(1000), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("answers_id", sa.String(length=26), nullable=True),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clinic_id", sa.String(length=26), nullable=False),
        sa.CheckConstraint(
            "answers_id IS NULL OR answers_id <> id", name=op.f("ck_contact_log_answers_another")
        ),
        belongs("contact_log", "authorization_id", "payer_authorization"),
        belongs("contact_log", "payer_id", "payer"),
        belongs("contact_log", "answers_id", "contact_log"),
        *owned("contact_log"),
    )
    for columns in (["authorization_id"], ["patient_id"], ["promised_on"]):
        op.create_index(
            op.f(f"ix_contact_log_clinic_id_{columns[0]}"), "contact_log", ["clinic_id", *columns]
        )
