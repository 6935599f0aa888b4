"""Regulatory values as dated parameters: value, from when to when, source, day it was last verified.

`verified_on` None means that no source was read: shown as unverified wherever it is used.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Generic, TypeVar

from tracker.rules.facts import DecisionHours
from tracker.rules.words import LineOfBusiness

T_co = TypeVar("T_co", covariant=True)
_READ = date(2026, 11, 23)


@dataclass(frozen=True, slots=True)
class Parameter(Generic[T_co]):
    """One value of one period, both ends included; None is open."""

    value: T_co
    source: str
    verified_on: date | None
    starts_on: date | None = None
    ends_on: date | None = None


def on(parameters: tuple[Parameter[T_co], ...], day: date) -> Parameter[T_co]:
    """The one in force on a day; the periods of a parameter leave no day out."""
    for each in parameters:
        begun = each.starts_on is None or each.starts_on <= day
        if begun and (each.ends_on is None or day <= each.ends_on):
            return each
    raise LookupError(f"no value on {day}")


PART_B_DAYS_SUPPLY = (
    Parameter(30, "Medicare Claims Processing Manual ch. 17, 80.3", _READ, None, date(2024, 12, 31)),
    Parameter(90, "CMS MLN Immunosuppressive Drugs: 90 days from 2025-01-01", _READ, date(2025, 1, 1), None),
)
CONTACT_DAYS = Parameter(30, "DME MAC refill requirements, 2024-01-04: contact", _READ, date(2024, 1, 1))
DELIVERY_DAYS = Parameter(10, "DME MAC refill requirements, 2024-01-04: delivery", _READ, date(2024, 1, 1))
BEFORE_DISCHARGE_DAYS = Parameter(2, "Noridian JD, Immunosuppressive Drugs, 2024-02-19", _READ)
GROUP_PLAN_MONTHS = Parameter(30, "42 USC 1395y(b)(1)(C): ESRD coordination period of 30 months", None)
ESRD_MONTHS = Parameter(36, "SSA POMS HI 00805.400: 36 months after the month of the transplant", _READ)
TRANSITION_DAYS = Parameter(90, "Medicare Part D manual ch. 6, 30.4.4: transition", _READ)
TRANSITION_SUPPLY_DAYS = Parameter(
    30, "Medicare Part D manual ch. 6, 30.4.4: at least a month's supply", _READ
)
EMERGENCY_SUPPLY_HOURS = Parameter(72, "42 USC 1396r-8(d)(5)(B): at least a 72-hour supply", None)
CONTINUITY_DAYS = Parameter(90, "42 CFR 422.112(b)(8): course of treatment, 90 days", _READ)
REQUEST_DAYS = Parameter(365, "Rulebook 6: already on the drug, a paid fill within 365 days", None)
AT_RISK_DAYS = Parameter(14, "Rulebook 7.6: a fill due within 14 days", None)
TABLE_DAYS = Parameter(365, "Rulebook 3.3: 12 months", None)

DECISION_HOURS: Mapping[LineOfBusiness, Parameter[DecisionHours]] = {
    LineOfBusiness.MEDICARE_PART_D: Parameter(
        DecisionHours(72, 24), "CMS Coverage Determinations (42 CFR 423.568, 423.572)", _READ
    ),
    LineOfBusiness.MEDICARE_ADVANTAGE: Parameter(
        DecisionHours(72, 24), "42 CFR 422.568, 422.572: Part B drugs", _READ
    ),
    LineOfBusiness.MEDICAID: Parameter(DecisionHours(24, 24), "SSA 1927(d)(5): 24 hours", None),
}
# Where neither law nor the plan's own data says otherwise.
DECISION_HOURS_DEFAULT = Parameter(DecisionHours(72, 24), "Rulebook 7.5: commercial and other", None)

APPEAL_INTERNAL_DAYS = Parameter(180, "45 CFR 147.136, 29 CFR 2560.503-1(h)(3)(i)", _READ)
APPEAL_EXTERNAL_MONTHS = Parameter(4, "45 CFR 147.136(d)(2)(i)", _READ)
APPEAL_PART_B_DAYS = Parameter(125, "42 CFR 405.942: 120 days and 5 for the mail", _READ)
APPEAL_PART_D_DAYS = Parameter(65, "42 CFR 423.582, 422.582: 65 days from the notice", _READ)
EXPEDITED_APPEAL_HOURS: Mapping[LineOfBusiness, Parameter[int]] = {
    LineOfBusiness.COMMERCIAL: Parameter(72, "45 CFR 147.136, 29 CFR 2560.503-1: 72 hours if urgent", _READ),
    LineOfBusiness.MEDICARE_PART_D: Parameter(72, "42 CFR 423.590: expedited redetermination", _READ),
    LineOfBusiness.MEDICARE_ADVANTAGE: Parameter(72, "42 CFR 422.590: expedited reconsideration", None),
}

DOSE_MAX_MG_PER_KG = Parameter(Decimal("4.0"), "Neoral and Gengraf labels: psoriasis, RA", _READ)
DURATION_YEARS = Parameter(1, "Neoral label: psoriasis, continuous use over a year", None)
LAB_FIRST_MONTHS = Parameter(3, "Gengraf label: creatinine every 2 weeks for 3 months", _READ)
LAB_FIRST_DAYS = Parameter(14, "Gengraf label: creatinine every 2 weeks for 3 months", _READ)
LAB_LATER_MONTHS = Parameter(1, "Gengraf label: then monthly", _READ)
