"""The authorization check of one fill (rulebook 5.2) and the name of its failure."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from reference.codes import own_codes
from reference.days import FAR, between, plus
from reference.dispensing import Dispensing
from reference.payer import last_day
from reference.world import ADVANTAGE, PART_B, World, holds
from tracker.rules.facts import Authorization, Coverage

DECIDED = ("approved", "partially_approved", "not_required")
IN_PROGRESS = ("submitted", "pended", "appealed")
CONTINUED = ("PA_MISSING", "PA_WRONG_PAYER", "REFILL_AT_RISK")

Check = dict


def check(name: str, result: str, code: str | None = None, about: str | None = None, /, **facts) -> Check:
    return {"check": name, "result": result, "code": code, "about": about, "facts": facts}


@dataclass
class Charges:
    """Units used, per authorization and code."""

    used: defaultdict

    def left(self, pa: Authorization, code: str) -> int | None:
        """Units left of a code; None: no unit limit. The code must be authorized."""
        if not pa.lines:
            return None
        lefts = []
        for line in pa.lines:
            if line.code == code:
                if line.units is None:
                    return None
                lefts.append(line.units - line.units_used_before)
        return sum(lefts) - self.used[pa.id, code]

    def charge(self, pa_id: str, fill: Dispensing) -> None:
        for code, units in (fill.units or {}).items():
            self.used[pa_id, code] += units


def lists(pa: Authorization, code: str) -> bool:
    return not pa.lines or any(line.code == code for line in pa.lines)


def fits(pa: Authorization, formulation: str | None) -> bool:
    return pa.formulation is None or formulation is None or pa.formulation == formulation


def of_drug(pa: Authorization, own: list[str]) -> bool:
    """Has it, or the request for it, a line of one of these codes, or no lines?"""
    lines = pa.lines or (pa.requested.lines if pa.requested is not None else ())
    return not lines or any(line.code in own for line in lines)


def end_of(pa: Authorization) -> date:
    return pa.ends_on or FAR


def asking(world: World, fill: Dispensing, coverage: Coverage) -> tuple[list[str], list[str]]:
    """The fill's codes whose rule asks PA, and those whose flag is unknown."""
    assert fill.regimen is not None
    own = own_codes(fill.regimen)
    codes = list(own) if fill.units is None else [code for code, units in fill.units.items() if units > 0]
    asks, unknown = [], []
    for code in codes:
        rule = world.rule(coverage.plan, code, own, fill.on)
        if rule is None or rule.prior_authorization is None:
            unknown.append(code)
        elif rule.prior_authorization:
            asks.append(code)
    return asks, unknown


def new_starts_only(world: World, fill: Dispensing, coverage: Coverage, codes: list[str]) -> bool:
    assert fill.regimen is not None
    own = own_codes(fill.regimen)
    rules = [world.rule(coverage.plan, code, own, fill.on) for code in codes]
    return bool(rules) and all(
        each is not None and each.prior_authorization_new_starts_only for each in rules
    )


def candidates(world: World, fill: Dispensing, plan_id: str) -> list[Authorization]:
    """The plan's decided ones of kind PA, of the drug and formulation, in force on the fill's date."""
    assert fill.regimen is not None
    own = own_codes(fill.regimen)
    return [
        each
        for each in world.patient.authorizations
        if each.kind == "prior_authorization"
        and of_drug(each, own)
        and each.plan == plan_id
        and each.status in DECIDED
        and fits(each, fill.formulation)
        and holds(each, fill.on)
    ]


def pick(
    world: World, fill: Dispensing, plan_id: str, codes: list[str], charges: Charges
) -> Authorization | None:
    """Of several, the one that ends first and still has enough units, then as listed."""
    for each in sorted(candidates(world, fill, plan_id), key=end_of):
        enough = all(lists(each, code) for code in codes)
        for code in codes:
            if enough:
                left = charges.left(each, code)
                enough = left is None or left >= (fill.units or {}).get(code, 0)
        if enough:
            return each
    return None


def charged_to(world: World, fill: Dispensing, coverage: Coverage | None, charges: Charges) -> str | None:
    """The authorization a fill is charged to: the one it names, else the one the rule picks."""
    if fill.real is not None and fill.real.authorization is not None:
        return fill.real.authorization
    if coverage is None or fill.regimen is None or world.line(coverage.plan) == PART_B:
        return None
    asks, unknown = asking(world, fill, coverage)
    if not asks and not unknown:
        return None
    if fill.units is None:
        return None
    found = pick_sure(world, fill, coverage, charges)
    return found.id if found is not None else None


def pick_sure(world: World, fill: Dispensing, coverage: Coverage, charges: Charges) -> Authorization | None:
    """One for the codes that ask and those that may; failing that, for those that ask."""
    asks, unknown = asking(world, fill, coverage)
    found = pick(world, fill, coverage.plan, asks + unknown, charges)
    if found is None and asks:
        found = pick(world, fill, coverage.plan, asks, charges)
    return found


def authorization_check(
    world: World, fill: Dispensing, coverage: Coverage, charges: Charges, paid: bool
) -> Check:
    """`paid`: the patient is already on the drug (section 6)."""
    if world.line(coverage.plan) == PART_B:
        return check("authorization", "pass")
    asks, unknown = asking(world, fill, coverage)
    if not asks:
        return check("authorization", "unknown" if unknown else "pass")
    if fill.units is None:
        if candidates(world, fill, coverage.plan):
            return check("authorization", "unknown")
    elif pick_sure(world, fill, coverage, charges) is not None:
        return check("authorization", "unknown" if unknown else "pass")
    if paid and new_starts_only(world, fill, coverage, asks):
        return (
            check("authorization", "unknown")
            if unknown
            else check("authorization", "pass", reason="already_on_drug")
        )
    failed = failure(world, fill, coverage, asks, charges)
    if failed["code"] in CONTINUED:
        limit = continuity(world, fill, coverage)
        if limit is not None:
            return check("authorization", "pass", "CONTINUITY_WINDOW_ACTIVE", coverage.id, limit_date=limit)
    return failed


def new_plan_limit(world: World, coverage: Coverage) -> date:
    """Day 90 in the plan; a renewal of the same plan without a hole is not new."""
    start = coverage.starts_on
    for _ in world.patient.coverages:
        for each in world.patient.coverages:
            if each.plan == coverage.plan and last_day(world, each) >= plus(start, -1):
                start = min(start, each.starts_on)
    return plus(start, 89)


def continuity(world: World, fill: Dispensing, coverage: Coverage) -> date | None:
    if world.line(coverage.plan) != ADVANTAGE:
        return None
    limit = new_plan_limit(world, coverage)
    if fill.on > limit:
        return None
    assert fill.regimen is not None
    before = world.in_force(plus(limit, -90))
    return limit if before is not None and before.drug == fill.regimen.drug else None


def failure(world: World, fill: Dispensing, coverage: Coverage, codes: list[str], charges: Charges) -> Check:
    """The first that applies names the failure."""
    assert fill.regimen is not None
    own = own_codes(fill.regimen)
    ours = []
    for each in world.patient.authorizations:
        if each.kind == "prior_authorization" and each.plan == coverage.plan and of_drug(each, own):
            ours.append(each)
    decided = [each for each in ours if each.status in DECIDED]
    in_force = sorted((each for each in decided if holds(each, fill.on)), key=end_of)
    fitting = [each for each in in_force if fits(each, fill.formulation)]
    found = too_few(fill, fitting, codes, charges) or lacking(fill, fitting, codes)
    if found is not None:
        return found
    for each in in_force:
        if not fits(each, fill.formulation):
            return check("authorization", "fail", "PA_PRODUCT_MISMATCH", each.id)
    decided = [each for each in decided if fits(each, fill.formulation)]
    ended = [each for each in decided if end_of(each) < fill.on]
    later = [each for each in decided if each.starts_on is not None and each.starts_on > fill.on]
    progress = [each for each in ours if each.status in IN_PROGRESS]
    denied = [each for each in ours if each.status == "denied"]
    if ended:
        return after_end(world, fill, ended, later, progress, denied)
    if later:
        first = min(later, key=lambda each: each.starts_on or date.min)
        facts = {"effective_on": first.starts_on, "days_until": between(world.today, first.starts_on)}
        return check("authorization", "fail", "PA_NOT_YET_EFFECTIVE", first.id, **facts)
    if progress:
        until = between(world.today, fill.on)
        return check(
            "authorization", "fail", "REFILL_AT_RISK", progress[-1].id, due_on=fill.on, days_until=until
        )
    if denied:
        ends = [each.ends_on for each in world.patient.authorizations if each.id == denied[-1].renews]
        return check("authorization", "fail", "PA_DENIED", denied[-1].id, ends_on=ends[0] if ends else None)
    return elsewhere(world, fill, coverage, own)


def too_few(
    fill: Dispensing, in_force: list[Authorization], codes: list[str], charges: Charges
) -> Check | None:
    """Exhausted or insufficient units; of several the authorization that lasts longest."""
    best = None
    for pa in in_force:
        scarce = scarcest(pa, fill, codes, charges)
        if scarce is not None and (best is None or scarce["days_supply_left"] > best[1]["days_supply_left"]):
            best = pa, scarce
    if best is None:
        return None
    pa, facts = best
    code = "PA_UNITS_EXHAUSTED" if facts["remaining"] <= 0 else "PA_UNITS_INSUFFICIENT"
    return check("authorization", "fail", code, pa.id, **facts)


def scarcest(pa: Authorization, fill: Dispensing, codes: list[str], charges: Charges) -> dict | None:
    found = None
    for code in codes:
        left = charges.left(pa, code) if lists(pa, code) else None
        needed = (fill.units or {}).get(code, 0)
        if left is None or left >= needed:
            continue
        left = max(left, 0)
        if found is None or left * found["needed"] < found["remaining"] * needed:
            days = left * fill.days_supply // needed
            found = {"code": code, "remaining": left, "needed": needed}
            found |= {"short": needed - left, "days_supply_left": days}
    return found


def lacking(fill: Dispensing, in_force: list[Authorization], codes: list[str]) -> Check | None:
    for pa in in_force:
        for code in codes:
            if not lists(pa, code):
                needed = fill.units.get(code, 0) if fill.units is not None else None
                facts = {"code_missing": code, "units_needed": needed}
                return check("authorization", "fail", "PA_MISSING_FOR_CODE", pa.id, **facts)
    return None


def after_end(world: World, fill: Dispensing, ended, later, progress, denied) -> Check:
    last = ended[0]
    for each in ended:
        if end_of(each) > end_of(last):
            last = each
    renewal = progress[-1].id if progress else None
    refused = [each for each in denied if each.renews == last.id]
    if refused and not progress and not later:
        return check("authorization", "fail", "PA_DENIED", refused[-1].id, ends_on=last.ends_on)
    next_one = min(later, key=lambda each: each.starts_on) if later else None
    end = end_of(last)
    if end < world.today:
        facts = {"expired_on": end, "days_past": between(end, world.today), "renewal": renewal}
        facts["effective_on"] = next_one.starts_on if next_one else None
        return check("authorization", "fail", "PA_EXPIRED", last.id, **facts)
    if next_one is not None:
        facts = {"gap_start": plus(end, 1), "gap_end": plus(next_one.starts_on, -1), "renewal": renewal}
        facts["gap_days"] = between(end, next_one.starts_on) - 1
        return check("authorization", "fail", "PA_GAP", last.id, **facts)
    facts = {"ends_on": end, "days_left": between(world.today, end), "gap_days": between(end, fill.on)}
    return check("authorization", "fail", "PA_EXPIRES_BEFORE_REFILL", last.id, **facts, renewal=renewal)


def elsewhere(world: World, fill: Dispensing, coverage: Coverage, own: list[str]) -> Check:
    """An authorization of another plan, valid on that date; or none at all."""
    others = []
    for each in world.patient.authorizations:
        if each.kind == "prior_authorization" and each.plan != coverage.plan and each.status in DECIDED:
            if holds(each, fill.on) and of_drug(each, own) and fits(each, fill.formulation):
                others.append(each)
    if others:
        first = min(others, key=end_of)
        return check("authorization", "fail", "PA_WRONG_PAYER", first.id, ends_on=first.ends_on)
    return check("authorization", "fail", "PA_MISSING", coverage.id)
