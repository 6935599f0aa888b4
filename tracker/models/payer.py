"""Payers, their plans, and what each plan asks for each billing code in each period."""

from datetime import date
from decimal import Decimal

from sqlalchemy import JSON, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.models.base import Base, ClinicRow, Fact, at_least, belongs_to, in_order, owned
from tracker.models.types import CleanText, Quantity, row_id, word_type
from tracker.rules.open_hours import OpenHours, of_columns
from tracker.rules.words import DocumentKind, LimitMethod, LineOfBusiness

LIMIT_COLUMNS = (
    "limit_quantity IS NULL",
    "limit_per_days IS NULL",
    "limit_unit IS NULL",
    "limit_method IS NULL",
)
LIMIT_WHOLE = (
    f"({' AND '.join(LIMIT_COLUMNS)} AND limit_max_per_day IS NULL)"
    f" OR ({' AND '.join(column.replace('IS NULL', 'IS NOT NULL') for column in LIMIT_COLUMNS)})"
)
HOURS_COLUMNS = "open_days", "opens_minute", "closes_minute", "hours_zone"
HOURS_WHOLE = (
    f"({' AND '.join(f'{column} IS NULL' for column in HOURS_COLUMNS)})"
    f" OR ({' AND '.join(f'{column} IS NOT NULL' for column in HOURS_COLUMNS)})"
)
BREAK_WITHIN = (
    "(break_starts_minute IS NULL AND break_ends_minute IS NULL)"
    " OR (break_starts_minute IS NOT NULL AND break_ends_minute IS NOT NULL AND opens_minute IS NOT NULL"
    " AND opens_minute < break_starts_minute AND break_starts_minute < break_ends_minute"
    " AND break_ends_minute < closes_minute)"
)


class Payer(Fact, Base):
    """Who decides, and how to reach them.

    `learnt_decision_days`: the 90th percentile of its own history of prior authorizations; null while it has
    too few cases. `open_days` are ISO weekdays as digits, the minutes those of the payer's own day in
    `hours_zone`; between the minutes of the break nobody answers; `hours` is a note beside them.
    """

    __tablename__ = "payer"
    __table_args__ = owned(
        UniqueConstraint("clinic_id", "name"),
        at_least("learnt_decision_days", 0, 3650),
        at_least("opens_minute", 0, 1439),
        at_least("closes_minute", 1, 1440),
        CheckConstraint("opens_minute < closes_minute", name="opens_first"),
        CheckConstraint(HOURS_WHOLE, name="hours_whole"),
        CheckConstraint(BREAK_WITHIN, name="break_within"),
    )

    name: Mapped[str] = mapped_column(CleanText(200))
    phone: Mapped[str | None] = mapped_column(CleanText(60))
    fax: Mapped[str | None] = mapped_column(CleanText(60))
    portal: Mapped[str | None] = mapped_column(CleanText(300))
    hours: Mapped[str | None] = mapped_column(CleanText(200))
    open_days: Mapped[str | None] = mapped_column(CleanText(7))
    opens_minute: Mapped[int | None]
    break_starts_minute: Mapped[int | None]
    break_ends_minute: Mapped[int | None]
    closes_minute: Mapped[int | None]
    hours_zone: Mapped[str | None] = mapped_column(CleanText(60))
    learnt_decision_days: Mapped[int | None]

    @property
    def open_hours(self) -> OpenHours | None:
        """None: not on file, or only as a note."""
        rest = (self.break_starts_minute, self.break_ends_minute)
        return of_columns(self.open_days, self.opens_minute, self.closes_minute, self.hours_zone, rest)

    plans: Mapped[list["Plan"]] = relationship(back_populates="payer", order_by="Plan.name", viewonly=True)


class Plan(Fact, Base):
    """One plan of one line of business. Decision hours: null means the standard clock of its line."""

    __tablename__ = "plan"
    __table_args__ = owned(
        belongs_to("payer"),
        UniqueConstraint("clinic_id", "payer_id", "name"),
        at_least("decision_hours_standard", 1, 8760),
        at_least("decision_hours_expedited", 1, 8760),
    )

    payer_id: Mapped[str] = mapped_column(row_id())
    name: Mapped[str] = mapped_column(CleanText(200))
    line_of_business: Mapped[LineOfBusiness] = mapped_column(word_type(LineOfBusiness, "line_of_business"))
    decision_hours_standard: Mapped[int | None]
    decision_hours_expedited: Mapped[int | None]

    payer: Mapped[Payer] = relationship(back_populates="plans", viewonly=True)
    rules: Mapped[list["FormularyRule"]] = relationship(
        back_populates="plan", viewonly=True, order_by="FormularyRule.code, FormularyRule.starts_on"
    )


class Limit:
    """Columns of a quantity limit: all of them, or none. `limit_unit`: capsule, mg or a billing code."""

    limit_quantity: Mapped[Decimal | None] = mapped_column(Quantity)
    limit_per_days: Mapped[int | None]
    limit_unit: Mapped[str | None] = mapped_column(CleanText(20))
    limit_method: Mapped[LimitMethod | None] = mapped_column(word_type(LimitMethod, "limit_method"))
    limit_max_per_day: Mapped[Decimal | None] = mapped_column(Quantity)


class FormularyRule(Limit, Fact, Base):
    """What one plan asks for one code in one period.

    Three-valued flags: true, false, null for not known. `quantity_limit` true without the limit's
    columns, or `step_therapy` true without steps, or `papers_asked` true without papers, means: asked for,
    details not known.
    """

    __tablename__ = "formulary_rule"
    __table_args__ = owned(
        belongs_to("plan"),
        UniqueConstraint("clinic_id", "plan_id", "code", "starts_on"),
        in_order(),
        at_least("max_days_supply", 1, 365),
        at_least("refill_threshold_percent", 1, 100),
        at_least("limit_quantity", 1),
        at_least("limit_per_days", 1),
        at_least("limit_max_per_day", 1),
        CheckConstraint(LIMIT_WHOLE, name="limit_whole"),
        CheckConstraint("limit_quantity IS NULL OR quantity_limit", name="limit_asked"),
    )

    plan_id: Mapped[str] = mapped_column(row_id())
    code: Mapped[str] = mapped_column(CleanText(20))
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    covered: Mapped[bool | None]
    prior_authorization: Mapped[bool | None]
    prior_authorization_new_starts_only: Mapped[bool] = mapped_column(default=False)
    quantity_limit: Mapped[bool | None]
    max_days_supply: Mapped[int | None]
    refill_threshold_percent: Mapped[int | None]
    step_therapy: Mapped[bool | None]
    step_new_starts_only: Mapped[bool] = mapped_column(default=False)
    papers_asked: Mapped[bool | None]
    source: Mapped[str | None] = mapped_column(CleanText(300))
    verified_on: Mapped[date | None]
    verified_by: Mapped[str | None] = mapped_column(CleanText(200))

    plan: Mapped[Plan] = relationship(back_populates="rules", viewonly=True)
    steps: Mapped[list["RuleStep"]] = relationship(
        cascade="all, delete-orphan",
        order_by="RuleStep.position",
        foreign_keys="[RuleStep.clinic_id, RuleStep.rule_id]",
        overlaps="rule",
    )
    papers: Mapped[list["RulePaper"]] = relationship(
        cascade="all, delete-orphan",
        order_by="RulePaper.position",
        foreign_keys="[RulePaper.clinic_id, RulePaper.rule_id]",
    )


class RulePaper(ClinicRow, Base):
    """One paper that a request needs; `max_age_days` null: of any age. Ordered by `position`."""

    __tablename__ = "rule_paper"
    __table_args__ = owned(
        ForeignKeyConstraint(
            ["clinic_id", "rule_id"], ["formulary_rule.clinic_id", "formulary_rule.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("clinic_id", "rule_id", "position"),
        Index(None, "clinic_id", "rule_id"),
        at_least("max_age_days", 1, 3650),
    )

    rule_id: Mapped[str] = mapped_column(row_id())
    position: Mapped[int]
    kind: Mapped[DocumentKind] = mapped_column(word_type(DocumentKind, "kind"))
    max_age_days: Mapped[int | None]
    note: Mapped[str | None] = mapped_column(CleanText(200))


class RuleStep(ClinicRow, Base):
    """One step of a rule: `need` of its `options` (drug names) must be met. Ordered by `position`."""

    __tablename__ = "rule_step"
    __table_args__ = owned(
        ForeignKeyConstraint(
            ["clinic_id", "rule_id"], ["formulary_rule.clinic_id", "formulary_rule.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("clinic_id", "rule_id", "position"),
        Index(None, "clinic_id", "rule_id"),
        at_least("need", 1),
        at_least("min_days", 1),
        at_least("lookback_days", 1),
    )

    rule_id: Mapped[str] = mapped_column(row_id())
    position: Mapped[int]
    need: Mapped[int]
    options: Mapped[list[str]] = mapped_column(JSON)
    min_days: Mapped[int | None]
    lookback_days: Mapped[int | None]
    outcomes: Mapped[list[str]] = mapped_column(JSON)
    document_required: Mapped[bool] = mapped_column(default=False)
