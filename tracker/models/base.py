"""The declarative base, and what every clinic-owned row has in common."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, declared_attr, mapped_column, scoped_session
from sqlalchemy.schema import SchemaItem

from tracker import clock
from tracker.models.ids import new_id
from tracker.models.types import CleanText, UtcDateTime, row_id

Db = Session | scoped_session[Session]

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table of the product."""

    metadata = MetaData(naming_convention=NAMES)


class ClinicRow:
    """A row that one clinic owns."""

    id: Mapped[str] = mapped_column(row_id(), primary_key=True, default=new_id)
    clinic_id: Mapped[str] = mapped_column(row_id())


class Fact(ClinicRow):
    """A fact that a person or an import entered, and may correct.

    `version` counts the corrections: a form that was opened on an older one is refused.
    """

    version: Mapped[int] = mapped_column(Integer, default=1)
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    entered_by: Mapped[str] = mapped_column(CleanText(200), default="unknown")

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}


class PatientFact(Fact):
    """A fact about one patient."""

    patient_id: Mapped[str] = mapped_column(row_id())


def owned(*more: SchemaItem) -> tuple[SchemaItem, ...]:
    """Table arguments of a clinic-owned row. `(clinic_id, id)` lets others point at both at once."""
    return (
        ForeignKeyConstraint(["clinic_id"], ["clinic.id"], ondelete="RESTRICT"),
        UniqueConstraint("clinic_id", "id"),
        *more,
    )


def of_patient(*more: SchemaItem) -> tuple[SchemaItem, ...]:
    """Table arguments of a patient's fact: it can only hang on a patient of its own clinic."""
    return owned(belongs_to("patient"), Index(None, "clinic_id", "patient_id"), *more)


def belongs_to(table: str, *, column: str | None = None, ondelete: str = "RESTRICT") -> ForeignKeyConstraint:
    """A foreign key that cannot cross clinics."""
    return ForeignKeyConstraint(
        ["clinic_id", column or f"{table}_id"], [f"{table}.clinic_id", f"{table}.id"], ondelete=ondelete
    )


def in_order(first: str = "starts_on", last: str = "ends_on") -> CheckConstraint:
    """An inclusive range runs forward; open ends are null."""
    return CheckConstraint(f"{first} <= {last}", name=f"{first}_first")


def at_least(column: str, low: int, high: int | None = None) -> CheckConstraint:
    """A number within its bounds, both allowed."""
    rule = f"{column} >= {low}" if high is None else f"{column} BETWEEN {low} AND {high}"
    return CheckConstraint(rule, name=f"{column}_range")
