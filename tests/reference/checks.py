"""The six checks of every fill of the table, in order (rulebook 5)."""

from collections import defaultdict
from dataclasses import dataclass

from reference.codes import own_codes
from reference.days import between, plus
from reference.dispensing import Dispensing, units_of
from reference.pa import Charges, Check, authorization_check, charged_to, check, lists
from reference.payer import Payer, last_day, payer
from reference.quantity import days_supply_check, exceptions, fill_codes, quantity_check
from reference.steps import already_on_drug, covering, request_date, step_check
from reference.table import too_soon
from reference.world import PART_B, World
from tracker.rules.facts import Coverage


@dataclass
class Row:
    """One fill of the table with its answer."""

    fill: Dispensing
    payer: Payer
    authorization: str | None
    checks: list[Check]

    @property
    def failed(self) -> list[Check]:
        return [each for each in self.checks if each["result"] == "fail"]

    def named(self, name: str) -> Check | None:
        for each in self.checks:
            if each["check"] == name:
                return each
        return None


def covered(world: World, fill: Dispensing, coverage: Coverage) -> str:
    """pass, fail or unknown over the fill's codes."""
    if world.line(coverage.plan) == PART_B:
        return "pass"
    assert fill.regimen is not None
    own, results = own_codes(fill.regimen), []
    for code in fill_codes(fill):
        rule = world.rule(coverage.plan, code, own, fill.on)
        flag = rule.covered if rule is not None else None
        if any(lists(each, code) for each in exceptions(world, fill, coverage, "formulary_exception")):
            flag = True
        results.append(flag)
    if False in results:
        return "fail"
    return "unknown" if None in results else "pass"


def coverage_check(world: World, fill: Dispensing, found: Payer) -> Check:
    if found.first is None:
        ended = [each for each in world.patient.coverages if last_day(world, each) < fill.on]
        last = max(ended, key=lambda each: last_day(world, each)) if ended else None
        end = last_day(world, last) if last is not None else None
        return check("coverage", "fail", "NO_COVERAGE", last.id if last else None, coverage_end=end)
    drug = covered(world, fill, found.paying) if found.paying is not None else "pass"
    if found.route == "fail":
        facts = {"correct_route": found.correct_route}
        failed = check("coverage", "fail", "BENEFIT_ROUTE_MISMATCH", found.first.id, **facts)
        failed["alone"] = drug == "fail"
        return failed
    assert found.paying is not None
    if drug == "fail":
        failed = check("coverage", "fail", "NOT_COVERED", found.paying.id)
        failed["alone"] = True
        return failed
    if found.route == "unknown":
        return check("coverage", "unknown", missing=found.missing)
    return check("coverage", drug)


def too_soon_check(world: World, fill: Dispensing, before: list[Dispensing], coverage: Coverage) -> Check:
    assert fill.regimen is not None
    soon = too_soon(world, before, fill.regimen, fill.formulation, fill.on, fill.units)
    if soon.earliest is None or fill.on >= soon.earliest:
        return check("too_soon", "pass")
    if soon.code == "DELIVERY_TOO_EARLY":
        return check("too_soon", "fail", soon.code, fill.id, deliver_not_before=soon.earliest)
    override = fill.override.kind if fill.override is not None else None
    result = "fail" if override is None else "pass"
    return check("too_soon", result, soon.code, fill.id, earliest=soon.earliest, override=override)


def charge_real_fills(world: World) -> Charges:
    charges = Charges(defaultdict(int))
    for fill in world.real:
        pa_id = charged_to(world, fill, payer(world, fill.on).paying, charges)
        if pa_id is not None:
            charges.charge(pa_id, fill)
    return charges


def answer_fill(world: World, fill: Dispensing, before: list[Dispensing], charges: Charges) -> Row:
    found = payer(world, fill.on)
    coverage = found.paying
    first = coverage_check(world, fill, found)
    if coverage is None or first.get("alone"):
        return Row(fill, found, None, [first])
    charged = charged_to(world, fill, coverage, charges)
    covers = covering(world, fill, coverage, charges)
    on_drug = already_on_drug(world, fill, request_date(world, fill, coverage, None))
    checks = [
        first,
        authorization_check(world, fill, coverage, charges, on_drug),
        quantity_check(world, fill, before, coverage),
        days_supply_check(world, fill, coverage),
        too_soon_check(world, fill, before, coverage),
        step_check(world, fill, coverage, covers),
    ]
    if charged is not None:
        charges.charge(charged, fill)
    return Row(fill, found, charged, checks)


def rows(world: World, fills: list[Dispensing]) -> list[Row]:
    charges = charge_real_fills(world)
    found: list[Row] = []
    for number, fill in enumerate(fills):
        found.append(answer_fill(world, fill, world.real + fills[:number], charges))
    for row in found:
        add_early_window(world, row, fills)
    return found


def add_early_window(world: World, row: Row, fills: list[Dispensing]) -> None:
    """Is an earlier fill inside the authorization possible? (rulebook 7.3)"""
    asked = row.named("authorization")
    if asked is None or asked["code"] != "PA_EXPIRES_BEFORE_REFILL":
        return
    end, day = asked["facts"]["ends_on"], world.today
    if world.real:
        day = max(day, plus(world.real[-1].on, 1))
    regimen = world.in_force_or_next(world.today) or world.regimens[-1]
    units, _ = units_of(regimen, regimen.days_supply)
    window = None
    while day <= end and window is None:
        soon = too_soon(world, world.real, regimen, regimen.formulation, day, units)
        if soon.earliest is None or day >= soon.earliest:
            window = [day, end]
        day = plus(day, 1)
    asked["facts"]["early_fill_window"] = window


def days_to(world: World, day) -> dict:
    """`days_left` up to a day, `days_late` after it."""
    left = between(world.today, day)
    return {"days_left": left} if left >= 0 else {"days_late": -left}
