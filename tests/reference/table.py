"""The fills of the next 12 months (rulebook 3.3), and when a fill is too soon (3.4, 5.5)."""

from dataclasses import dataclass
from datetime import date

from reference.codes import own_codes
from reference.days import plus
from reference.dispensing import Dispensing, units_of
from reference.payer import payer
from reference.supply import alike, payer_run_out, run_out
from reference.world import PART_B, World
from tracker.rules.facts import Regimen

TABLE_DAYS = 365


@dataclass
class Soon:
    """`earliest` None: never too soon."""

    code: str
    earliest: date | None


def too_soon(
    world: World,
    before: list[Dispensing],
    regimen: Regimen,
    formulation: str | None,
    day: date,
    units: dict[str, int] | None,
) -> Soon:
    """The first day on which a fill of this drug would not be too soon, for a fill on `day`."""
    paying = payer(world, day).paying
    wanted = formulation or regimen.formulation
    same = [each for each in before if each.of_product(regimen.drug, wanted)]
    if paying is not None and world.line(paying.plan) == PART_B:
        return Soon("DELIVERY_TOO_EARLY", deliver_from(world, before, bool(same)))
    ends = payer_run_out(same)
    if ends is None:
        return Soon("REFILL_TOO_SOON", None)
    percent = threshold(world, paying.plan if paying is not None else None, regimen, day, units)
    return Soon("REFILL_TOO_SOON", plus(ends, -((100 - percent) * same[-1].days_supply // 100)))


def deliver_from(world: World, before: list[Dispensing], refill: bool) -> date | None:
    """The first day on which Medicare lets a refill, or a first supply of a product, be delivered."""
    if refill:
        ends = run_out(world, before)
        assert ends is not None
        return plus(ends, -10)
    transplant = world.patient.transplant
    if transplant is None or transplant.discharged_on is None:
        return None
    return plus(transplant.discharged_on, -2)


def threshold(
    world: World, plan_id: str | None, regimen: Regimen, day: date, units: dict[str, int] | None
) -> int:
    """The highest of the rules' thresholds is the strictest; blank, or no rule for a code: the policy's."""
    usual = world.policy.refill_threshold_percent
    if plan_id is None:
        return usual
    own = own_codes(regimen)
    codes = own if units is None else [code for code, count in units.items() if count > 0]
    rules = [world.rule(plan_id, code, own, day) for code in codes]
    found = [each.refill_threshold_percent or usual if each is not None else usual for each in rules]
    return max(found) if found else usual


def fits_start(world: World, before: list[Dispensing], ends: date, regimen: Regimen, day: date) -> bool:
    """Is the day on or after the course's or regimen's start, where the fill must wait for it?"""
    course_start = world.course(regimen)[0]
    if not before or ends <= course_start:
        return day >= course_start
    last = before[-1].regimen
    if last is not None and not alike(last, regimen):
        return day >= regimen.starts_on
    return True


def projected(world: World, before: list[Dispensing], days_ahead: int = TABLE_DAYS) -> Dispensing | None:
    """The next fill by the rule: the first day that fits."""
    ends = run_out(world, before)
    if ends is None:
        return None
    day = max(world.today, plus(ends, -world.policy.fill_ahead_days))
    if before:
        day = max(day, plus(before[-1].on, 1))
    while day < plus(world.today, days_ahead):
        regimen = world.in_force_or_next(max(day, ends))
        if regimen is None:
            return None
        units, days = units_of(regimen, regimen.days_supply)
        soon = too_soon(world, before, regimen, regimen.formulation, day, units)
        early = soon.earliest is not None and day < soon.earliest
        if not early and fits_start(world, before, ends, regimen, day):
            return Dispensing(day, days, units, regimen.formulation, regimen)
        day = plus(day, 1)
    return None


def planned(world: World, before: list[Dispensing], plan) -> Dispensing | None:
    """A fill planned by the coordinator, made for the regimen of the first day it covers."""
    ends = run_out(world, before)
    cover = plan.on if ends is None else max(plan.on, ends)
    regimen = world.in_force_or_next(cover)
    if regimen is None:
        return None
    days = plan.days_supply or regimen.days_supply
    units = dict(plan.units) if plan.units is not None else None
    if units is None:
        units, days = units_of(regimen, days)
    formulation = plan.formulation or regimen.formulation
    return Dispensing(plan.on, days, units, formulation, regimen, planned=True, override=plan.override)


def table(world: World) -> list[Dispensing]:
    end = plus(world.today, TABLE_DAYS)
    waiting = [each for each in world.patient.planned_fills if world.today <= each.on < end]
    waiting.sort(key=lambda each: each.on)
    found: list[Dispensing] = []
    while True:
        before = world.real + found
        following = projected(world, before)
        if waiting:
            plan = waiting[0]
            if following is None or 2 * (plan.on - following.on).days <= following.days_supply:
                waiting = waiting[1:]
                own = planned(world, before, plan)
                if own is not None:
                    found.append(own)
                continue
        if following is None:
            return found
        found.append(following)
