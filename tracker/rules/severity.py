"""How bad a finding is (rulebook 10): by the days to its harm date, and never less than its floor."""

from datetime import date
from typing import Final

from tracker.rules.today import Today
from tracker.rules.words import Severity

# The worst first.
ORDER: Final = {severity: number for number, severity in enumerate(Severity)}
_TIERS: Final = ((7, Severity.CRITICAL), (14, Severity.HIGH), (30, Severity.WARNING))


def tier(today: Today, harm_on: date | None) -> Severity:
    """critical for 7 days or fewer to the harm date, high for 14, warning for 30, else info."""
    if harm_on is not None:
        for days, severity in _TIERS:
            if today.within(harm_on, days):
                return severity
    return Severity.INFO


def worse(one: Severity, other: Severity) -> Severity:
    return one if ORDER[one] <= ORDER[other] else other


def at_least(floor: Severity, today: Today, harm_on: date | None) -> Severity:
    """The tier, but not below the floor."""
    if floor is Severity.CRITICAL:
        return floor
    return worse(floor, tier(today, harm_on))
