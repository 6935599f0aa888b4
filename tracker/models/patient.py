"""A patient, and the facts that do not belong to therapy or to a payer's decision."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, Fact, PatientFact, at_least, belongs_to, in_order, of_patient, owned
from tracker.models.types import CleanText, Quantity, UtcDateTime, row_id, word_type
from tracker.rules.words import Indication, MedicareBasis, Organ


class Patient(Fact, Base):
    """`name_key` is family and given name folded for search. `owner_id` is the coordinator in charge."""

    __tablename__ = "patient"
    __table_args__ = owned(
        UniqueConstraint("clinic_id", "mrn"),
        Index(None, "clinic_id", "name_key"),
        belongs_to("app_user", column="owner_id"),
        belongs_to("app_user", column="backup_id"),
    )

    mrn: Mapped[str] = mapped_column(CleanText(40))
    family: Mapped[str] = mapped_column(CleanText(200))
    given: Mapped[str] = mapped_column(CleanText(200))
    name_key: Mapped[str] = mapped_column(CleanText(410))
    birth_date: Mapped[date | None]
    indication: Mapped[Indication | None] = mapped_column(word_type(Indication, "indication"))
    owner_id: Mapped[str | None] = mapped_column(row_id())
    backup_id: Mapped[str | None] = mapped_column(row_id())
    active: Mapped[bool] = mapped_column(default=True)


class PatientCheck(Base):
    """The kept answer of a patient's last check, and the day on which it must be made again.

    `check_on` is the answer's `valid_until`; `due` asks for a check now, whatever the date.
    `error` holds the kind of failure when the last try failed: never a fact of the patient.
    """

    __tablename__ = "patient_check"
    __table_args__ = (
        belongs_to("patient", ondelete="CASCADE"),
        Index(None, "clinic_id", "check_on"),
        Index(None, "clinic_id", "due"),
        Index(None, "clinic_id", "earliest_denial_on"),
        Index(None, "clinic_id", "start_renewal_by"),
        Index(None, "clinic_id", "next_fill_on"),
        # What every page says of all patients is counted without reading their answers.
        Index("ix_patient_check_counted", "clinic_id", "patient_id", "due", "error", "future_fill_count"),
        # SQLite keeps a row's marks behind its long answer. PostgreSQL's index could not hold the longest.
        Index("ix_patient_check_marks", "clinic_id", "next_fill_on", "patient_id", "fill_marks").ddl_if(
            dialect="sqlite"
        ),
    )

    patient_id: Mapped[str] = mapped_column(row_id(), primary_key=True)
    clinic_id: Mapped[str] = mapped_column(row_id())
    due: Mapped[bool] = mapped_column(default=True)
    check_on: Mapped[date | None]
    as_of: Mapped[date | None]
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(CleanText(200))
    failures: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    run_out_on: Mapped[date | None]
    next_fill_on: Mapped[date | None]
    earliest_denial_on: Mapped[date | None]
    last_covered_fill_on: Mapped[date | None]
    start_renewal_by: Mapped[date | None]
    future_fill_count: Mapped[int] = mapped_column(default=0)
    fill_marks: Mapped[str | None] = mapped_column(CleanText(4000))
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class Weight(PatientFact, Base):
    """`on_date` is the day it was taken."""

    __tablename__ = "weight"
    __table_args__ = of_patient(UniqueConstraint("clinic_id", "patient_id", "on_date"), at_least("kg", 1))

    on_date: Mapped[date]
    kg: Mapped[Decimal] = mapped_column(Quantity)


class Transplant(PatientFact, Base):
    """Null flags are facts not on file."""

    __tablename__ = "transplant"
    __table_args__ = of_patient(UniqueConstraint("clinic_id", "patient_id"))

    organ: Mapped[Organ | None] = mapped_column(word_type(Organ, "organ"))
    on_date: Mapped[date | None]
    part_a_at_transplant: Mapped[bool | None]
    approved_facility: Mapped[bool | None]
    discharged_on: Mapped[date | None]


class Coverage(PatientFact, Base):
    """Membership in one plan, both ends inclusive; `rank` 1 is primary."""

    __tablename__ = "coverage"
    __table_args__ = of_patient(
        belongs_to("plan"),
        UniqueConstraint("clinic_id", "patient_id", "plan_id", "starts_on"),
        Index(None, "clinic_id", "member_id"),
        Index(None, "clinic_id", "plan_id"),
        in_order(),
        at_least("rank", 1, 9),
    )

    plan_id: Mapped[str] = mapped_column(row_id())
    member_id: Mapped[str | None] = mapped_column(CleanText(60))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    rank: Mapped[int] = mapped_column(default=1)
    medicare_basis: Mapped[MedicareBasis | None] = mapped_column(word_type(MedicareBasis, "medicare_basis"))


class Lab(PatientFact, Base):
    """A laboratory test that was made; its value is not needed here."""

    __tablename__ = "lab"
    __table_args__ = of_patient(
        UniqueConstraint("clinic_id", "patient_id", "kind", "on_date"),
        CheckConstraint("kind <> ''", name="kind_named"),
    )

    kind: Mapped[str] = mapped_column(CleanText(60))
    on_date: Mapped[date]
