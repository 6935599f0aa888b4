"""Quantity and days-supply limits of one fill (rulebook 5.3, 5.4)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from math import floor

from tracker.rules.answer import Fact, Facts
from tracker.rules.dates import plus
from tracker.rules.facts import QuantityLimit, Regimen
from tracker.rules.units import NOTHING, Units, capsules_of, unit_mg
from tracker.rules.words import LimitMethod, Result


class Dispensed:
    """What a quantity is counted from: one fill, real or of the table."""

    __slots__ = ("days", "on", "regimen", "units")

    def __init__(self, on: date, days: int, regimen: Regimen | None, units: Units | None) -> None:
        self.on = on
        self.days = days
        self.regimen = regimen
        self.units = units


def quantity_of(fill: Dispensed, unit: str, codes: frozenset[str]) -> Decimal | None:
    """Quantity in the limit's unit over the codes that its rule holds for; None if unknown."""
    if fill.units is None:
        return None
    total = NOTHING
    for code, count in fill.units.items():
        if code not in codes or not count:
            continue
        part = _counted(fill.regimen, unit, code, count)
        if part is None:
            return None
        total += part
    return total


def _counted(regimen: Regimen | None, unit: str, code: str, count: int) -> Decimal | int | None:
    if unit == "mg":
        return count * unit_mg(code)
    if unit != "capsule":
        return count if code == unit else 0
    return capsules_of(regimen, code, count) if regimen else None


def against(
    limit: QuantityLimit, fill: Dispensed, earlier: Sequence[Dispensed], codes: frozenset[str]
) -> tuple[Result, Facts]:
    """Is the fill within the limit? Equal passes. With the facts of section 11."""
    asked = quantity_of(fill, limit.unit, codes)
    if limit.method is LimitMethod.ROLLING:
        result, facts = _rolling(limit, asked, fill, earlier, codes)
    else:
        result, facts = _per_fill(limit, asked, fill)
    if result is not Result.FAIL and limit.max_per_day is not None and asked is not None:
        most = limit.max_per_day * fill.days
        if asked > most:
            return Result.FAIL, {**facts, **_facts(floor(most), asked, asked - floor(most))}
    return result, facts


def _facts(limit: Decimal | int, asked: Decimal, excess: Decimal) -> dict[str, Fact]:
    return {"limit": limit, "requested": asked, "excess": max(excess, NOTHING)}


def _per_fill(limit: QuantityLimit, asked: Decimal | None, fill: Dispensed) -> tuple[Result, dict[str, Fact]]:
    """quantity x per_days <= limit x days supply; the limit is shown for the fill's days, rounded down."""
    allowed = floor(limit.quantity * fill.days / limit.per_days)
    if asked is None:
        return Result.UNKNOWN, {"limit": allowed, "unit": limit.unit}
    if limit.max_per_day is not None:
        allowed = min(allowed, floor(limit.max_per_day * fill.days))
    facts = _facts(allowed, asked, asked - allowed) | {"unit": limit.unit}
    passes = asked * limit.per_days <= limit.quantity * fill.days
    return (Result.PASS if passes else Result.FAIL), facts


def _rolling(
    limit: QuantityLimit,
    asked: Decimal | None,
    fill: Dispensed,
    earlier: Sequence[Dispensed],
    codes: frozenset[str],
) -> tuple[Result, dict[str, Fact]]:
    """Sum of all fills in [date - per_days + 1, date], this one included, <= limit."""
    start = plus(fill.on, 1 - limit.per_days)
    inside = [each for each in earlier if start <= each.on <= fill.on]
    counted = [(each.on, quantity_of(each, limit.unit, codes)) for each in inside]
    known = [(on, quantity) for on, quantity in counted if quantity is not None]
    total = sum((quantity for _, quantity in known), asked or NOTHING)
    facts: dict[str, Fact] = {
        "unit": limit.unit,
        "window": (start, fill.on),
        "limit": limit.quantity,
        "sum": total,
        "requested": asked,
        "excess": max(total - limit.quantity, NOTHING),
    }
    if total > limit.quantity:
        facts["earliest_ok"] = _earliest_ok(limit, asked, fill.on, known)
        return Result.FAIL, facts
    if asked is None or len(known) < len(counted):
        return Result.UNKNOWN, facts
    return Result.PASS, facts


def _earliest_ok(
    limit: QuantityLimit, asked: Decimal | None, on: date, known: Sequence[tuple[date, Decimal]]
) -> date | None:
    """First day on which the rolling sum allows this fill, as earlier ones leave the window; None: never."""
    if asked is None or asked > limit.quantity:
        return None
    left = asked + sum((quantity for _, quantity in known), NOTHING)
    leaving = iter(sorted(known))
    day = on
    while left > limit.quantity:
        day, quantity = next(leaving)
        left -= quantity
    return plus(day, limit.per_days)


def days_supply_facts(limits: Sequence[int | None], part_b: int | None, days: int) -> tuple[bool, Facts]:
    """Days supply <= the lowest limit; a blank one is no limit (rulebook 5.4)."""
    known = [limit for limit in (*limits, part_b) if limit is not None]
    if not known:
        return True, {}
    lowest = min(known)
    return days <= lowest, {"limit": lowest, "requested": days, "excess": max(days - lowest, 0)}
