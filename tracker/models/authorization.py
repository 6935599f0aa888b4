"""A payer's decisions about one patient, what was asked beside what was given, trials and denials."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.models.base import (
    Base,
    ClinicRow,
    PatientFact,
    at_least,
    belongs_to,
    in_order,
    of_patient,
    owned,
)
from tracker.models.payer import LIMIT_WHOLE, Limit
from tracker.models.types import CleanText, UtcDateTime, row_id, word_type
from tracker.rules.words import AuthorizationKind, AuthorizationStatus, DenialLevel, Formulation, TrialOutcome


class Authorization(Limit, PatientFact, Base):
    """One decision that permits fills. Open ends are null. Requested values stand beside approved ones.

    `pharmacy`, `prescriber`: the only ones it is good for; null: any, or not on file. `letter_on`: the date
    of the payer's letter, where the clinic has it.
    """

    __tablename__ = "payer_authorization"
    __table_args__ = of_patient(
        belongs_to("plan"),
        belongs_to("payer_authorization", column="renews_id"),
        UniqueConstraint("clinic_id", "patient_id", "plan_id", "kind", "number", "starts_on"),
        Index(None, "clinic_id", "number"),
        Index(None, "clinic_id", "plan_id"),
        Index(None, "clinic_id", "renews_id"),
        Index(None, "clinic_id", "ends_on"),
        in_order(),
        in_order("requested_starts_on", "requested_ends_on"),
        at_least("limit_quantity", 1),
        at_least("limit_per_days", 1),
        at_least("limit_max_per_day", 1),
        CheckConstraint(LIMIT_WHOLE, name="limit_whole"),
        CheckConstraint("renews_id IS NULL OR renews_id <> id", name="renews_another"),
    )

    plan_id: Mapped[str] = mapped_column(row_id())
    kind: Mapped[AuthorizationKind] = mapped_column(word_type(AuthorizationKind, "kind"))
    number: Mapped[str | None] = mapped_column(CleanText(60))
    status: Mapped[AuthorizationStatus] = mapped_column(word_type(AuthorizationStatus, "status"))
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    formulation: Mapped[Formulation | None] = mapped_column(word_type(Formulation, "formulation"))
    requested_on: Mapped[date | None]
    received_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    statement_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expedited: Mapped[bool] = mapped_column(default=False)
    requested_starts_on: Mapped[date | None]
    requested_ends_on: Mapped[date | None]
    decided_on: Mapped[date | None]
    reply_by: Mapped[date | None]
    reason: Mapped[str | None] = mapped_column(CleanText(500))
    renews_id: Mapped[str | None] = mapped_column(row_id())
    pharmacy: Mapped[str | None] = mapped_column(CleanText(200))
    prescriber: Mapped[str | None] = mapped_column(CleanText(200))
    letter_on: Mapped[date | None]

    lines: Mapped[list["AuthorizationLine"]] = relationship(
        cascade="all, delete-orphan", order_by="AuthorizationLine.position", overlaps="authorization"
    )


class AuthorizationLine(ClinicRow, Base):
    """One code: asked and approved. `approved` false: asked only. `units` null: no unit limit."""

    __tablename__ = "authorization_line"
    __table_args__ = owned(
        ForeignKeyConstraint(
            ["clinic_id", "authorization_id"],
            ["payer_authorization.clinic_id", "payer_authorization.id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint("clinic_id", "authorization_id", "code"),
        at_least("units", 0, 1_000_000),
        at_least("units_used_before", 0, 1_000_000),
        at_least("requested_units", 0, 1_000_000),
        CheckConstraint("approved OR requested", name="asked_or_approved"),
    )

    authorization_id: Mapped[str] = mapped_column(row_id())
    position: Mapped[int] = mapped_column(default=1)
    code: Mapped[str] = mapped_column(CleanText(20))
    approved: Mapped[bool] = mapped_column(default=True)
    units: Mapped[int | None]
    units_used_before: Mapped[int] = mapped_column(default=0)
    requested: Mapped[bool] = mapped_column(default=False)
    requested_units: Mapped[int | None]


class Trial(PatientFact, Base):
    """One step-therapy try of another drug."""

    __tablename__ = "trial"
    __table_args__ = of_patient(UniqueConstraint("clinic_id", "patient_id", "drug", "starts_on"), in_order())

    drug: Mapped[str] = mapped_column(CleanText(100))
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    dose: Mapped[str | None] = mapped_column(CleanText(200))
    outcome: Mapped[TrialOutcome | None] = mapped_column(word_type(TrialOutcome, "outcome"))
    reason: Mapped[str | None] = mapped_column(CleanText(500))
    documented_on: Mapped[date | None]


class Denial(PatientFact, Base):
    """A refusal of a fill's claim or of an authorization: one of them."""

    __tablename__ = "denial"
    __table_args__ = of_patient(
        belongs_to("fill"),
        belongs_to("payer_authorization", column="authorization_id"),
        CheckConstraint("(fill_id IS NULL) <> (authorization_id IS NULL)", name="about_one"),
    )

    fill_id: Mapped[str | None] = mapped_column(row_id())
    authorization_id: Mapped[str | None] = mapped_column(row_id())
    level: Mapped[DenialLevel] = mapped_column(word_type(DenialLevel, "level"))
    notice_on: Mapped[date | None]
    received_on: Mapped[date | None]
    appeal_by: Mapped[date | None]
    carc: Mapped[str | None] = mapped_column(CleanText(10))
    rarc: Mapped[str | None] = mapped_column(CleanText(100))
