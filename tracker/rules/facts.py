"""The case file as frozen dataclasses: one patient's facts, the plans they touch and the clinic's policy.

`None` means unknown (or open, for the end of a range). Sequences are tuples; references are ids.
No rule lives here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from tracker.rules.words import (
    AuthorizationKind,
    AuthorizationStatus,
    ClaimStatus,
    DenialLevel,
    Drug,
    Form,
    Formulation,
    Indication,
    LimitMethod,
    LineOfBusiness,
    MedicareBasis,
    Organ,
    OverrideKind,
    TrialOutcome,
)


@dataclass(frozen=True, slots=True)
class Policy:
    """The clinic's own lead times; the defaults are the rulebook's."""

    renewal_lead_days: int = 45
    alert_horizon_days: int = 45
    fill_ahead_days: int = 0
    refill_due_days: int = 10
    refill_threshold_percent: int = 75
    coverage_end_lead_days: int = 90
    coverage_change_lead_days: int = 30
    info_reply_days: int = 14
    duration_lead_days: int = 30
    shipping_days: int = 2
    preparation_days: int = 3
    time_zone: str = "America/Chicago"


@dataclass(frozen=True, slots=True)
class QuantityLimit:
    """`unit` is `capsule`, `mg` or a billing code."""

    quantity: Decimal
    per_days: int
    unit: str
    method: LimitMethod
    max_per_day: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Step:
    need: int
    options: tuple[str, ...]
    min_days: int | None = None
    lookback_days: int | None = None
    outcomes: tuple[TrialOutcome, ...] = ()
    document_required: bool = False


@dataclass(frozen=True, slots=True)
class StepTherapy:
    new_starts_only: bool = False
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """What one plan asks for one billing code in one period.

    `quantity_limit` and `step_therapy`: the details, False (none), True (asked for, details unknown)
    or None (unknown).
    """

    code: str
    starts_on: date | None = None
    ends_on: date | None = None
    covered: bool | None = None
    prior_authorization: bool | None = None
    prior_authorization_new_starts_only: bool = False
    quantity_limit: QuantityLimit | bool | None = None
    max_days_supply: int | None = None
    refill_threshold_percent: int | None = None
    step_therapy: StepTherapy | bool | None = None
    source: str | None = None
    verified_on: date | None = None


@dataclass(frozen=True, slots=True)
class DecisionHours:
    standard: int | None = None
    expedited: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """`learnt_decision_days`: the payer's own 90th percentile; None in a case file or with too few cases."""

    id: str
    payer: str | None = None
    line_of_business: LineOfBusiness = LineOfBusiness.OTHER
    decision_hours: DecisionHours | None = None
    rules: tuple[Rule, ...] = ()
    learnt_decision_days: int | None = None


@dataclass(frozen=True, slots=True)
class Weight:
    on: date
    kg: Decimal


@dataclass(frozen=True, slots=True)
class Transplant:
    organ: Organ | None = None
    on: date | None = None
    part_a_at_transplant: bool | None = None
    approved_facility: bool | None = None
    discharged_on: date | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    id: str
    plan: str
    member_id: str | None = None
    starts_on: date = date(1900, 1, 1)
    ends_on: date | None = None
    rank: int = 1
    medicare_basis: MedicareBasis | None = None


@dataclass(frozen=True, slots=True)
class Regimen:
    id: str
    drug: Drug
    formulation: Formulation | None
    form: Form
    strengths_mg: tuple[Decimal, ...]
    dose_mg: Decimal
    doses_per_day: int
    days_supply: int
    starts_on: date
    ends_on: date | None = None
    ordered_on: date | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    status: ClaimStatus | None = None
    carc: str | None = None
    rarc: tuple[str, ...] = ()
    received_on: date | None = None


@dataclass(frozen=True, slots=True)
class Fill:
    """One dispensing; `units` None means not on file."""

    id: str
    on: date
    days_supply: int
    units: Mapping[str, int] | None = None
    formulation: Formulation | None = None
    authorization: str | None = None
    reversed: bool = False
    modifiers: tuple[str, ...] = ()
    claim: Claim | None = None


@dataclass(frozen=True, slots=True)
class Override:
    kind: OverrideKind
    reason: str
    person: str
    on: date


@dataclass(frozen=True, slots=True)
class PlannedFill:
    """A fill planned by the coordinator; days supply, units and formulation None: the regimen's."""

    on: date
    days_supply: int | None = None
    units: Mapping[str, int] | None = None
    formulation: Formulation | None = None
    override: Override | None = None


@dataclass(frozen=True, slots=True)
class AuthorizationLine:
    """`units` None means no unit limit."""

    code: str
    units: int | None = None
    units_used_before: int = 0


@dataclass(frozen=True, slots=True)
class Requested:
    """What was asked of the payer, kept apart from what was approved. Instants are UTC."""

    on: date | None = None
    received_at: datetime | None = None
    statement_at: datetime | None = None
    expedited: bool = False
    starts_on: date | None = None
    ends_on: date | None = None
    lines: tuple[AuthorizationLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Authorization:
    id: str
    kind: AuthorizationKind
    number: str | None
    plan: str
    status: AuthorizationStatus
    starts_on: date | None = None
    ends_on: date | None = None
    lines: tuple[AuthorizationLine, ...] = ()
    formulation: Formulation | None = None
    quantity_limit: QuantityLimit | None = None
    requested: Requested | None = None
    decided_on: date | None = None
    reply_by: date | None = None
    reason: str | None = None
    renews: str | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    id: str
    drug: str
    starts_on: date | None = None
    ends_on: date | None = None
    dose: str | None = None
    outcome: TrialOutcome | None = None
    reason: str | None = None
    documented_on: date | None = None


@dataclass(frozen=True, slots=True)
class RefillContact:
    on: date
    affirmed: bool | None = None


@dataclass(frozen=True, slots=True)
class Lab:
    kind: str
    on: date


@dataclass(frozen=True, slots=True)
class Denial:
    id: str
    fill: str | None
    authorization: str | None
    level: DenialLevel
    notice_on: date | None = None
    received_on: date | None = None
    appeal_by: date | None = None
    carc: str | None = None
    rarc: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Patient:
    mrn: str | None = None
    family: str | None = None
    given: str | None = None
    birth_date: date | None = None
    weights: tuple[Weight, ...] = ()
    indication: Indication | None = None
    transplant: Transplant | None = None
    coverages: tuple[Coverage, ...] = ()
    regimens: tuple[Regimen, ...] = ()
    fills: tuple[Fill, ...] = ()
    planned_fills: tuple[PlannedFill, ...] = ()
    authorizations: tuple[Authorization, ...] = ()
    trials: tuple[Trial, ...] = ()
    refill_contacts: tuple[RefillContact, ...] = ()
    labs: tuple[Lab, ...] = ()
    denials: tuple[Denial, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    as_of: date
    policy: Policy = field(default_factory=Policy)
    plans: tuple[Plan, ...] = ()
    patient: Patient = field(default_factory=Patient)
