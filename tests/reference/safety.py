"""The safety facts (rulebook 9)."""

from fractions import Fraction

from reference.alerts import Findings
from reference.checks import Row, days_to
from reference.days import plus, plus_months
from reference.dispensing import Dispensing, day_mg, solid, split
from reference.payer import pays_part_b
from reference.quantity import number
from reference.world import World
from tracker.rules.facts import Regimen

LABEL_MAX = 4


def add_safety(world: World, rows: list[Row], findings: Findings) -> None:
    now = world.in_force(world.today)
    dosed = world.in_force_or_next(world.today)
    if dosed is not None:
        add_dose(world, dosed, findings)
        if solid(dosed) and split(dosed)[1] != 0:
            facts = {"remainder_mg": number(split(dosed)[1])}
            findings.add("DOSE_NOT_CAPSULE_DIVISIBLE", "warning", dosed.id, None, facts)
    if now is not None and now.drug == "cyclosporine":
        add_duration(world, now, findings)
        add_lab(world, now, findings)
    add_switches(world, rows, findings)
    add_orders(world, rows, findings)


def add_dose(world: World, regimen: Regimen, findings: Findings) -> None:
    if regimen.drug != "cyclosporine":
        return
    if world.patient.indication not in ("psoriasis", "rheumatoid_arthritis"):
        return
    weights = [each for each in world.patient.weights if each.on <= world.today]
    if not weights:
        return
    last = weights[0]
    for each in weights:
        if each.on >= last.on:
            last = each
    kg = Fraction(last.kg)
    per_kg = day_mg(regimen) / kg
    if per_kg > LABEL_MAX:
        hundredths = int(per_kg * 100 + Fraction(1, 2))
        facts = {"mg_per_kg": number(Fraction(hundredths, 100)), "max_mg": number(LABEL_MAX * kg)}
        findings.add("DOSE_OVER_LABEL_MAX", "high", regimen.id, None, facts)


def add_duration(world: World, regimen: Regimen, findings: Findings) -> None:
    if world.patient.indication != "psoriasis":
        return
    start, end = world.course(regimen)
    limit = plus_months(start, 12)
    if world.today >= limit:
        findings.add("THERAPY_DURATION_LIMIT", "warning", regimen.id, limit, {"limit_date": limit})
    elif world.today >= plus(limit, -world.policy.duration_lead_days) and (end is None or end >= limit):
        findings.add("THERAPY_DURATION_LIMIT_NEAR", "warning", regimen.id, limit, {"limit_date": limit})


def add_lab(world: World, regimen: Regimen, findings: Findings) -> None:
    if world.patient.indication not in ("psoriasis", "rheumatoid_arthritis"):
        return
    start, _ = world.course(regimen)
    base = start
    for lab in world.patient.labs:
        if lab.kind == "creatinine" and base <= lab.on <= world.today:
            base = lab.on
    due = plus(base, 14) if base < plus_months(start, 3) else plus_months(base, 1)
    if world.today > due:
        findings.add("LAB_OVERDUE", "warning", regimen.id, None, {"due_on": due, **days_to(world, due)})


def add_switches(world: World, rows: list[Row], findings: Findings) -> None:
    horizon = plus(world.today, world.policy.alert_horizon_days)
    fills = world.real + [row.fill for row in rows]
    for place, fill in enumerate(fills):
        looked_at = fill.planned and fill.on <= horizon
        if fill.real is not None and place == len(world.real) - 1:
            looked_at = True
        if looked_at and switched(fill, fills[:place]):
            findings.add("FORMULATION_SWITCH", "critical", fill.id, fill.on, {})


def switched(fill: Dispensing, before: list[Dispensing]) -> bool:
    if fill.on_file is None or fill.regimen is None:
        return False
    if fill.regimen.formulation is not None and fill.regimen.formulation != fill.on_file:
        return True
    for each in reversed(before):
        if each.on_file is not None and each.regimen is not None and each.regimen.drug == fill.regimen.drug:
            return each.on_file != fill.on_file
    return False


def add_orders(world: World, rows: list[Row], findings: Findings) -> None:
    horizon = plus(world.today, world.policy.alert_horizon_days)
    for place, regimen in enumerate(world.regimens):
        now = world.in_force(world.today) is regimen
        if place == 0 or not (now or world.today < regimen.starts_on <= horizon):
            continue
        same = [each for each in world.regimens[:place] if each.drug == regimen.drug]
        if not same or not pays_part_b(world, max(world.today, regimen.starts_on)):
            continue
        before = same[-1]  # the one before it of the same drug, though another drug came between
        if (before.dose_mg, before.doses_per_day) == (regimen.dose_mg, regimen.doses_per_day):
            continue
        if regimen.ordered_on is not None and regimen.ordered_on >= regimen.starts_on:
            continue
        harm = next((row.fill.on for row in rows if row.fill.regimen is regimen), None)
        findings.add_by_harm("NEW_ORDER_REQUIRED", "high", regimen.id, harm, {})
