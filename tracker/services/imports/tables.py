"""The tables an import may write, in the order in which their rows depend on each other, and their values as
JSON and back.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Date, Enum, Table

from tracker.models.authorization import Authorization, AuthorizationLine
from tracker.models.base import Base
from tracker.models.patient import Coverage, Patient, Transplant
from tracker.models.payer import Payer, Plan
from tracker.models.therapy import Fill, FillUnit, Regimen
from tracker.models.types import Quantity, UtcDateTime
from tracker.services import audit

Values = dict[str, Any]
MODELS: tuple[type[Base], ...] = (
    Payer,
    Plan,
    Patient,
    Coverage,
    Transplant,
    Regimen,
    Authorization,
    Fill,
)
TABLES: dict[str, Table] = {
    model.__tablename__: Base.metadata.tables[model.__tablename__] for model in MODELS
}
ORDER = tuple(TABLES)
OF_PATIENT = ("coverage", "transplant", "regimen", "fill", "payer_authorization")
FILL_UNIT = Base.metadata.tables[FillUnit.__tablename__]
LINE = Base.metadata.tables[AuthorizationLine.__tablename__]
# Child rows ride in their parent's values under these names, by billing code.
CHILDREN = {"fill": "unit_rows", "payer_authorization": "lines"}
LINE_COLUMNS = ("units", "approved", "requested", "requested_units")
# What an import reads or may set of rows on file; the other columns of these wide tables stay unread.
READ: dict[str, tuple[str, ...]] = {
    "patient": ("mrn", "family", "given", "name_key", "birth_date", "indication", "owner_id"),
    "fill": ("on_date", "sequence", "days_supply", "formulation", "ndc"),
    "payer_authorization": (
        *("plan_id", "kind", "number", "status", "starts_on", "ends_on"),
        *("requested_starts_on", "requested_ends_on"),
    ),
}
HOUSEKEEPING = frozenset({"id", "clinic_id", "patient_id", "version", "entered_at", "entered_by"})


def columns_of(table: str) -> list[Column[Any]]:
    """The columns that say something, housekeeping left out."""
    return [column for column in TABLES[table].columns if column.name not in HOUSEKEEPING]


def as_json(values: Values) -> Values:
    """Values as JSON holds them; child rows stay as they are."""
    return {name: audit.plain(value) for name, value in values.items()}


def typed(table: str, name: str, value: Any) -> Any:
    """A value of a column as it comes back from JSON."""
    if value is None or name == CHILDREN.get(table):
        return value
    kind = TABLES[table].columns[name].type
    if isinstance(kind, Enum) and kind.enum_class is not None:
        return kind.enum_class(value)
    if isinstance(kind, Quantity):
        return Decimal(value)
    if isinstance(kind, UtcDateTime):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(kind, Date) else value
