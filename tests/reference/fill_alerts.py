"""The checks of the table's fills that become findings, and when (rulebook 7.3, 7.6, 7.8, 10.1)."""

from reference.alerts import Findings, tier, worse
from reference.checks import Row, days_to
from reference.days import between, plus
from reference.pa import Check, new_plan_limit
from reference.payer import payer
from reference.world import PART_D, World

AT_LEAST_HIGH = (
    "PA_EXPIRED",
    "PA_DENIED",
    "PA_WRONG_PAYER",
    "PA_UNITS_EXHAUSTED",
    "PA_MISSING",
    "NOT_COVERED",
    "NO_COVERAGE",
    "BENEFIT_ROUTE_MISMATCH",
    "DELIVERY_TOO_EARLY",
)
AT_LEAST_WARNING = (
    "PA_EXPIRES_BEFORE_REFILL",
    "PA_GAP",
    "PA_NOT_YET_EFFECTIVE",
    "PA_MISSING_FOR_CODE",
    "PA_PRODUCT_MISMATCH",
    "PA_UNITS_INSUFFICIENT",
    "REFILL_AT_RISK",
    "QL_EXCEEDED",
    "DAYS_SUPPLY_EXCEEDED",
    "STEP_THERAPY_UNMET",
    "STEP_LOOKBACK_EXPIRED",
)
TRANSITION = (
    "PA_MISSING",
    "PA_WRONG_PAYER",
    "PA_DENIED",
    "REFILL_AT_RISK",
    "STEP_THERAPY_UNMET",
    "STEP_LOOKBACK_EXPIRED",
)
UNITS = ("PA_UNITS_EXHAUSTED", "PA_UNITS_INSUFFICIENT")


def add_fill_findings(world: World, rows: list[Row], findings: Findings) -> None:
    for row in rows:
        near = row.fill.on <= plus(world.today, world.policy.alert_horizon_days)
        for check in row.failed:
            add_failed(world, rows, row, check, near, findings)
        soon = row.named("too_soon")
        if near and soon is not None and soon["code"] == "REFILL_TOO_SOON" and soon["result"] == "pass":
            findings.add("REFILL_TOO_SOON", "info", soon["about"], row.fill.on, soon["facts"])
        if near:
            add_information(world, row, findings)
    add_units_low(world, rows, findings)


def add_failed(world: World, rows: list[Row], row: Row, check: Check, near: bool, findings: Findings) -> None:
    code, facts, harm, about = check["code"], dict(check["facts"]), row.fill.on, check["about"]
    if code == "REFILL_TOO_SOON":
        if near:
            findings.add(code, "warning", about, harm, facts)
        return
    if code == "NO_COVERAGE":
        add_no_coverage(world, row, check, near, findings)
        return
    if code in ("PA_GAP", "PA_EXPIRES_BEFORE_REFILL"):
        add_chain_end(world, rows, row, check, near, findings)
        return
    raised = near
    if code in ("PA_EXPIRED", "PA_DENIED"):
        raised = True
    if code == "REFILL_AT_RISK":
        raised = between(world.today, harm) <= 14
    if not raised:
        return
    least = "high" if code in AT_LEAST_HIGH else "warning"
    assert code in AT_LEAST_HIGH or code in AT_LEAST_WARNING
    facts.pop("steps", None)
    findings.add_by_harm(code, least, about, harm, facts)


def add_no_coverage(world: World, row: Row, check: Check, near: bool, findings: Findings) -> None:
    """Until the last day is over COVERAGE_ENDING stands for it."""
    end = check["facts"]["coverage_end"]
    if end is not None and end >= world.today:
        first = payer(world, end).first  # of several that end on one day
        if near:
            about = first.id if first is not None else check["about"]
            findings.add_by_harm("COVERAGE_ENDING", "high", about, row.fill.on, ending_facts(world, end))
        return
    if near or end is not None:
        findings.add_by_harm("NO_COVERAGE", "high", check["about"], row.fill.on, dict(check["facts"]))


def ending_facts(world: World, end) -> dict:
    return {"coverage_end": end, **days_to(world, end)}


def chain_end(check: Check):
    facts = check["facts"]
    return plus(facts["gap_start"], -1) if check["code"] == "PA_GAP" else facts["ends_on"]


def add_chain_end(
    world: World, rows: list[Row], row: Row, check: Check, near: bool, findings: Findings
) -> None:
    end, about, harm = chain_end(check), check["about"], row.fill.on
    left = between(world.today, end)
    within_lead = left <= world.policy.renewal_lead_days
    if check["code"] == "PA_GAP":
        if within_lead or near:
            findings.add_by_harm("PA_GAP", "warning", about, harm, dict(check["facts"]))
        return
    if any(each.fill.on <= end for each in rows):
        if not within_lead:
            return
        severity = tier(between(world.today, harm))
        if left <= 7:
            severity = worse(severity, "high")
        elif left <= 14:
            severity = worse(severity, "warning")
        facts = {"ends_on": end, "days_left": left, "renewal": check["facts"]["renewal"]}
        findings.add("PA_EXPIRING", severity, about, harm, facts)
        return
    if within_lead or near:
        findings.add_by_harm("PA_EXPIRES_BEFORE_REFILL", "warning", about, harm, dict(check["facts"]))


def add_information(world: World, row: Row, findings: Findings) -> None:
    coverage = row.payer.paying
    if coverage is None:
        return
    unknown = [each for each in row.checks if each["result"] == "unknown"]
    if unknown:
        missing = []
        for each in unknown:
            missing += [name for name in each["facts"].get("missing", []) if name not in missing]
        facts = {"unverified": [each["check"] for each in unknown], "missing": missing}
        findings.add("RULE_UNVERIFIED", "info", coverage.id, None, facts)
    for each in row.checks:
        if each["code"] == "CONTINUITY_WINDOW_ACTIVE":
            findings.add("CONTINUITY_WINDOW_ACTIVE", "info", coverage.id, None, dict(each["facts"]))
    if world.line(coverage.plan) == PART_D and any(each["code"] in TRANSITION for each in row.failed):
        limit = new_plan_limit(world, coverage)
        if row.fill.on <= limit:
            findings.add("TRANSITION_FILL_AVAILABLE", "info", coverage.id, None, {"limit_date": limit})


def add_units_low(world: World, rows: list[Row], findings: Findings) -> None:
    """A fill beyond the horizon is refused for units, and at most one fill before it is charged."""
    seen = []
    for number, row in enumerate(rows):
        check = row.named("authorization")
        if check is None or check["code"] not in UNITS or check["about"] in seen:
            continue
        seen.append(check["about"])
        if row.fill.on <= plus(world.today, world.policy.alert_horizon_days):
            continue
        charged = [each for each in rows[:number] if each.authorization == check["about"]]
        if len(charged) <= 1:
            code = check["facts"]["code"]
            remaining = check["facts"]["remaining"]
            for each in charged:
                remaining += (each.fill.units or {}).get(code, 0)
            facts = {"code": code, "remaining": remaining, "needed": check["facts"]["needed"]}
            findings.add("PA_UNITS_LOW", "warning", check["about"], row.fill.on, facts)


def add_coverage_days(world: World, rows: list[Row], findings: Findings) -> None:
    """COVERAGE_ENDING and COVERAGE_CHANGE, for each last day ahead (rulebook 4.4)."""
    policy = world.policy
    for count in range(max(policy.coverage_end_lead_days, policy.coverage_change_lead_days) + 1):
        day = plus(world.today, count)
        now, after = payer(world, day).first, payer(world, plus(day, 1)).first
        if now is None or not any(each.ends_on is None or each.ends_on > day for each in world.regimens):
            continue
        harm = next((row.fill.on for row in rows if row.fill.on > day), None)
        if after is None and count <= policy.coverage_end_lead_days:
            findings.add_by_harm("COVERAGE_ENDING", "high", now.id, harm, ending_facts(world, day))
        elif after is not None and after.plan != now.plan and count <= policy.coverage_change_lead_days:
            findings.add("COVERAGE_CHANGE", "warning", now.id, harm, ending_facts(world, day))
