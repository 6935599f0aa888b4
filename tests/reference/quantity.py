"""The quantity limit and days-supply checks of one fill (rulebook 5.3, 5.4)."""

import math
from datetime import date
from fractions import Fraction

from reference.codes import UNIT_MG, own_codes
from reference.days import plus
from reference.dispensing import Dispensing, capsules_per_dose, solid
from reference.pa import DECIDED, Check, check, fits, lists, of_drug
from reference.world import PART_B, World, holds
from tracker.rules.facts import Authorization, Coverage, QuantityLimit, Rule


def number(value: Fraction | None):
    if value is None:
        return None
    return int(value) if value.denominator == 1 else float(value)


def fill_codes(fill: Dispensing) -> list[str]:
    assert fill.regimen is not None
    if fill.units is None:
        return list(own_codes(fill.regimen))
    return [code for code, units in fill.units.items() if units > 0]


def counted(fill: Dispensing, unit: str, codes: list[str]) -> Fraction | None:
    """The fill's quantity in the limit's unit, over these codes; None: unknown."""
    if fill.units is None:
        return None
    units = {code: count for code, count in fill.units.items() if code in codes and count}
    if not units:
        return Fraction(0)  # nothing of these codes, whatever the form
    if unit == "mg":
        return sum((count * UNIT_MG[code] for code, count in units.items()), Fraction(0))
    if unit != "capsule":
        return Fraction(units.get(unit, 0))
    if fill.regimen is None or not solid(fill.regimen):
        return None
    per_dose = capsules_per_dose(fill.regimen)
    if per_dose is None:
        return None
    found = 0
    for code, count in units.items():
        capsules, per_unit = per_dose.get(code, (1, Fraction(1)))
        found += math.ceil(count * capsules / per_unit)
    return Fraction(found)


def over(fill: Dispensing, before: list[Dispensing], limit: QuantityLimit, codes: list[str]) -> Check:
    """One limit: pass, unknown, or fail with the facts."""
    quantity = counted(fill, limit.unit, codes)
    found = check("quantity_limit", "unknown" if quantity is None else "pass")
    if limit.method == "rolling":
        found = rolling(fill, quantity, before, limit, codes)
    elif quantity is not None and quantity * limit.per_days > Fraction(limit.quantity) * fill.days_supply:
        found = exceeded(lowest(fill, limit), quantity)
    if found["result"] != "fail" and quantity is not None and limit.max_per_day is not None:
        daily = Fraction(limit.max_per_day) * fill.days_supply
        if quantity > daily:
            return exceeded(math.floor(daily), quantity)
    return found


def lowest(fill: Dispensing, limit: QuantityLimit) -> int:
    """What is allowed for the fill's days supply, rounded down."""
    allowed = math.floor(Fraction(limit.quantity) * fill.days_supply / limit.per_days)
    if limit.max_per_day is not None:
        allowed = min(allowed, math.floor(Fraction(limit.max_per_day) * fill.days_supply))
    return allowed


def exceeded(limit: int, quantity: Fraction) -> Check:
    facts = {"limit": limit, "requested": number(quantity), "excess": number(quantity - limit)}
    return check("quantity_limit", "fail", "QL_EXCEEDED", None, **facts)


def window_sum(
    day: date, quantity: Fraction, before: list[Dispensing], limit, codes
) -> tuple[Fraction, bool]:
    """The sum of what is known, and whether all is."""
    total, complete = quantity, True
    for each in before:
        if plus(day, 1 - limit.per_days) <= each.on <= day:
            counts = counted(each, limit.unit, codes)
            if counts is None:
                complete = False
            else:
                total += counts
    return total, complete


def rolling(fill: Dispensing, quantity: Fraction | None, before: list[Dispensing], limit, codes) -> Check:
    """More than the limit is too much, whatever else is not on file."""
    most = Fraction(limit.quantity)
    total, complete = window_sum(fill.on, quantity or Fraction(0), before, limit, codes)
    if total <= most:
        result = "pass" if complete and quantity is not None else "unknown"
        return check("quantity_limit", result)
    earliest = None
    if quantity is not None and quantity <= most:
        earliest = fill.on
        while window_sum(earliest, quantity, before, limit, codes)[0] > most:
            earliest = plus(earliest, 1)
    facts = {"limit": number(most), "requested": number(quantity), "sum": number(total)}
    facts |= {"excess": number(total - most), "earliest_ok": earliest}
    facts["window"] = [plus(fill.on, 1 - limit.per_days), fill.on]
    return check("quantity_limit", "fail", "QL_EXCEEDED", None, **facts)


def exceptions(world: World, fill: Dispensing, coverage: Coverage, kind: str) -> list[Authorization]:
    """The paying plan's decided ones of this kind and the drug, in force on the fill's date."""
    assert fill.regimen is not None
    own, found = own_codes(fill.regimen), []
    for each in world.patient.authorizations:
        if each.kind == kind and each.plan == coverage.plan and each.status in DECIDED:
            if of_drug(each, own) and fits(each, fill.formulation) and holds(each, fill.on):
                found.append(each)
    return found


def by_rule(world: World, fill: Dispensing, coverage: Coverage) -> list[tuple[Rule | None, list[str]]]:
    """The rules of the fill's codes, each with those of them that it holds for."""
    assert fill.regimen is not None
    own = own_codes(fill.regimen)
    found: list[tuple[Rule | None, list[str]]] = []
    for code in fill_codes(fill):
        rule = world.rule(coverage.plan, code, own, fill.on)
        same = [codes for other, codes in found if other is rule]
        if same:
            same[0].append(code)
        else:
            found.append((rule, [code]))
    return found


def quantity_check(world: World, fill: Dispensing, before: list[Dispensing], coverage: Coverage) -> Check:
    assert fill.regimen is not None
    own = own_codes(fill.regimen)
    part_b = world.line(coverage.plan) == PART_B
    overrides = exceptions(world, fill, coverage, "quantity_limit_override")
    results = []
    for rule, codes in by_rule(world, fill, coverage):
        limit = rule.quantity_limit if rule is not None else None
        if limit is False or (rule is None and part_b):
            continue
        held = codes + [each for each in own if each not in codes]
        held = [each for each in held if world.rule(coverage.plan, each, own, fill.on) is rule]
        mine = [each for each in overrides if all(lists(each, code) for code in codes)]
        if mine:
            results.append(best_override(fill, before, mine, held))
        elif isinstance(limit, QuantityLimit):
            results.append(over(fill, before, limit, held))
        else:
            results.append(check("quantity_limit", "unknown"))
    return worst(results, coverage)


def best_override(fill: Dispensing, before, overrides: list[Authorization], codes: list[str]) -> Check:
    found = []
    for each in overrides:
        if each.quantity_limit is None:
            return check("quantity_limit", "pass")
        found.append(over(fill, before, each.quantity_limit, codes))
    for result in ("pass", "unknown", "fail"):
        for each in found:
            if each["result"] == result:
                return each
    raise AssertionError


def worst(results: list[Check], coverage: Coverage) -> Check:
    for result in ("fail", "unknown"):
        for each in results:
            if each["result"] == result:
                each["about"] = coverage.id
                return each
    return check("quantity_limit", "pass")


def days_supply_check(world: World, fill: Dispensing, coverage: Coverage) -> Check:
    assert fill.regimen is not None
    own = own_codes(fill.regimen)
    limits = []
    for code in fill_codes(fill):
        rule = world.rule(coverage.plan, code, own, fill.on)
        if rule is not None and rule.max_days_supply is not None:
            limits.append(rule.max_days_supply)
    if world.line(coverage.plan) == PART_B:
        limits.append(30 if fill.on <= date(2024, 12, 31) else 90)
    if limits and fill.days_supply > min(limits):
        facts = {
            "limit": min(limits),
            "requested": fill.days_supply,
            "excess": fill.days_supply - min(limits),
        }
        return check("days_supply", "fail", "DAYS_SUPPLY_EXCEEDED", coverage.id, **facts)
    return check("days_supply", "pass")
