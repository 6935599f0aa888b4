"""What the patient takes and what was, or will be, dispensed."""

from datetime import date
from decimal import Decimal

from sqlalchemy import JSON, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.models.base import Base, PatientFact, at_least, belongs_to, in_order, of_patient
from tracker.models.types import CleanText, Quantity, row_id, word_type
from tracker.rules.words import ClaimStatus, Form, Formulation, OverrideKind

OVERRIDE = "override_kind", "override_reason", "override_person", "override_on"
OVERRIDE_WHOLE = (
    f"({' AND '.join(f'{column} IS NULL' for column in OVERRIDE)})"
    f" OR ({' AND '.join(f'{column} IS NOT NULL' for column in OVERRIDE)})"
)


class Regimen(PatientFact, Base):
    """One at a time. `strengths_mg` as texts, largest first, so that no decimal passes through a float."""

    __tablename__ = "regimen"
    __table_args__ = of_patient(
        UniqueConstraint("clinic_id", "patient_id", "starts_on"),
        in_order(),
        at_least("dose_mg", 1),
        at_least("doses_per_day", 1, 24),
        at_least("days_supply", 1, 365),
    )

    drug: Mapped[str] = mapped_column(CleanText(60))
    formulation: Mapped[Formulation | None] = mapped_column(word_type(Formulation, "formulation"))
    form: Mapped[Form] = mapped_column(word_type(Form, "form"), default=Form.CAPSULE)
    strengths_mg: Mapped[list[str]] = mapped_column(JSON, default=list)
    dose_mg: Mapped[Decimal] = mapped_column(Quantity)
    doses_per_day: Mapped[int]
    days_supply: Mapped[int]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    ordered_on: Mapped[date | None]


class Fill(PatientFact, Base):
    """One dispensing. `sequence` orders fills of one day. No unit rows: units not known."""

    __tablename__ = "fill"
    __table_args__ = of_patient(
        UniqueConstraint("clinic_id", "patient_id", "on_date", "sequence"),
        belongs_to("payer_authorization", column="authorization_id"),
        Index(None, "clinic_id", "authorization_id"),
        at_least("days_supply", 1, 365),
        at_least("sequence", 1),
    )

    on_date: Mapped[date]
    sequence: Mapped[int] = mapped_column(default=1)
    days_supply: Mapped[int]
    formulation: Mapped[Formulation | None] = mapped_column(word_type(Formulation, "formulation"))
    authorization_id: Mapped[str | None] = mapped_column(row_id())
    reversed: Mapped[bool] = mapped_column(default=False)
    modifiers: Mapped[list[str]] = mapped_column(JSON, default=list)
    claim_status: Mapped[ClaimStatus | None] = mapped_column(word_type(ClaimStatus, "claim_status"))
    claim_carc: Mapped[str | None] = mapped_column(CleanText(10))
    claim_rarc: Mapped[list[str]] = mapped_column(JSON, default=list)
    claim_received_on: Mapped[date | None]
    ndc: Mapped[str | None] = mapped_column(CleanText(20))

    unit_rows: Mapped[list["FillUnit"]] = relationship(
        cascade="all, delete-orphan", order_by="FillUnit.code", overlaps="fill"
    )


class FillUnit(Base):
    """Whole billing units of one code on one fill."""

    __tablename__ = "fill_unit"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "fill_id"], ["fill.clinic_id", "fill.id"], ondelete="CASCADE"),
        Index(None, "clinic_id", "fill_id"),
        at_least("units", 0, 1_000_000),
    )

    clinic_id: Mapped[str] = mapped_column(row_id())
    fill_id: Mapped[str] = mapped_column(row_id(), primary_key=True)
    code: Mapped[str] = mapped_column(CleanText(20), primary_key=True)
    units: Mapped[int]


class PlannedFill(PatientFact, Base):
    """A fill that the coordinator plans. `units` by code, or null: the regimen's."""

    __tablename__ = "planned_fill"
    __table_args__ = of_patient(
        UniqueConstraint("clinic_id", "patient_id", "on_date"),
        at_least("days_supply", 1, 365),
        CheckConstraint(OVERRIDE_WHOLE, name="override_whole"),
    )

    on_date: Mapped[date]
    days_supply: Mapped[int]
    units: Mapped[dict[str, int] | None] = mapped_column(JSON(none_as_null=True))
    formulation: Mapped[Formulation | None] = mapped_column(word_type(Formulation, "formulation"))
    override_kind: Mapped[OverrideKind | None] = mapped_column(word_type(OverrideKind, "override_kind"))
    override_reason: Mapped[str | None] = mapped_column(CleanText(500))
    override_person: Mapped[str | None] = mapped_column(CleanText(200))
    override_on: Mapped[date | None]


class RefillContact(PatientFact, Base):
    """A documented call about the next refill; `affirmed` null: the answer is not on file."""

    __tablename__ = "refill_contact"
    __table_args__ = of_patient(UniqueConstraint("clinic_id", "patient_id", "on_date"))

    on_date: Mapped[date]
    affirmed: Mapped[bool | None]
