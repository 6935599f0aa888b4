"""The findings that are not a fill's check: supply, refill contacts, requests, denials, claims."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from reference.alerts import Findings, tier, worse
from reference.checks import Row, days_to
from reference.codes import own_codes
from reference.days import between, business_day, plus, plus_months
from reference.dispensing import Dispensing
from reference.pa import DECIDED, fits, lists
from reference.payer import coverages, payer, pays_part_b
from reference.supply import gap, run_out
from reference.world import ADVANTAGE, PART_B, PART_D, World, holds
from tracker.rules.facts import Authorization, Denial


def add_supply(world: World, rows: list[Row], findings: Findings) -> None:
    ends = run_out(world, world.real)
    left = gap(world)
    if left is not None:
        facts = {"gap_start": left[0], "gap_end": left[1], "gap_days": left[2]}
        severity = "critical" if world.transplant_patient() else "warning"
        findings.add("SUPPLY_GAP", severity, world.real[-1].id, left[0], facts)
    if ends is None:
        return
    regimen = world.in_force_or_next(max(ends, world.today))
    if regimen is None:
        return
    harm = max(ends, world.course(regimen)[0])
    if between(world.today, harm) <= world.policy.refill_due_days:
        severity = tier(between(world.today, harm))
        if world.transplant_patient() and between(world.today, ends) <= 10:
            severity = worse(severity, "high")
        findings.add("REFILL_DUE", severity, regimen.id, harm, {"due_on": harm, **days_to(world, harm)})


def add_refill_contact(world: World, rows: list[Row], findings: Findings) -> None:
    """Part B wants a documented affirmative answer before the refill (rulebook 3.5)."""
    if not rows or not world.real:
        return
    due, last = rows[0].fill.on, world.real[-1]
    if not pays_part_b(world, due) or world.today < plus(due, -world.policy.refill_due_days):
        return
    ends = run_out(world, world.real)
    assert ends is not None
    opens = plus(ends, -30)
    affirmed = [
        each.on
        for each in world.patient.refill_contacts
        if each.affirmed and last.on <= each.on <= world.today
    ]
    if any(day >= opens for day in affirmed):
        return
    code = "REFILL_CONTACT_TOO_EARLY" if affirmed else "REFILL_AFFIRMATION_MISSING"
    facts = {"contact_not_before": opens, "deliver_not_before": plus(ends, -10)}
    findings.add_by_harm(code, "high", last.id, due, facts)


def first_refused(rows: list[Row], about: str | None = None) -> date | None:
    """The first fill whose authorization check fails (about this one)."""
    for row in rows:
        check = row.named("authorization")
        if check is not None and check["result"] == "fail" and about in (None, check["about"]):
            return row.fill.on
    return None


def add_requests(world: World, rows: list[Row], findings: Findings) -> None:
    refused = first_refused(rows)
    for pa in world.patient.authorizations:
        cut = partial(world, pa)
        if cut is not None:
            findings.add_by_harm("PA_PARTIAL", "high", pa.id, first_refused(rows, pa.id), cut)
        if pa.status == "pended":
            reply = reply_by(world, pa)
            facts = {"reply_by": reply, **(days_to(world, reply) if reply is not None else {})}
            findings.add_by_harm("PA_PENDED_INFO_NEEDED", "high", pa.id, refused, facts)
        due = due_at(world, pa)
        if due is not None:
            day = due.astimezone(ZoneInfo(world.policy.time_zone)).date()
            if day <= world.today:
                facts = {"due_at": due, "days_late": between(day, world.today)}
                findings.add_by_harm("PA_DECISION_OVERDUE", "high", pa.id, refused, facts)


def reply_by(world: World, pa: Authorization) -> date | None:
    asked = pa.requested.on if pa.requested is not None else None
    received = pa.decided_on or asked
    if pa.reply_by is not None or received is None:
        return pa.reply_by
    return plus(received, world.policy.info_reply_days)


def partial(world: World, pa: Authorization) -> dict | None:
    """Less than asked for, or so said by the payer; up to its end."""
    if pa.status not in ("approved", "partially_approved") or (
        pa.ends_on is not None and pa.ends_on < world.today
    ):
        return None
    asked = pa.requested
    facts: dict = {"code": None, "requested_units": None, "approved_units": None}
    less = pa.status == "partially_approved"
    for line in asked.lines if asked is not None else ():
        given = next((each for each in pa.lines if each.code == line.code), None)
        if not pa.lines or (given is not None and given.units is None):
            continue
        units = given.units if given is not None else 0
        if given is None or (line.units is not None and line.units > units):
            less = True
            facts = {"code": line.code, "requested_units": line.units, "approved_units": units}
            break
    facts |= {"requested_to": asked.ends_on if asked else None, "ends_on": pa.ends_on}
    facts |= {"requested_from": asked.starts_on if asked else None, "effective_on": pa.starts_on}
    if asked is not None and asked.ends_on is not None and pa.ends_on is not None:
        less = less or pa.ends_on < asked.ends_on
    if asked is not None and asked.starts_on is not None and pa.starts_on is not None:
        less = less or pa.starts_on > asked.starts_on
    return facts if less else None


def clock_hours(world: World, plan_id: str, expedited: bool) -> int | None:
    line, own = world.line(plan_id), world.plan(plan_id).decision_hours
    if line == "medicaid":
        return 24
    usual = 24 if expedited else 72
    if line in (PART_D, ADVANTAGE) or own is None:
        return usual
    given = own.expedited if expedited else own.standard
    return usual if given is None else given


def due_at(world: World, pa: Authorization):
    if pa.status != "submitted" or pa.reason == "contact_payer" or pa.requested is None:
        return None
    start = pa.requested.received_at
    if world.line(pa.plan) == PART_D and pa.kind != "prior_authorization":
        start = pa.requested.statement_at
    hours = clock_hours(world, pa.plan, pa.requested.expedited)
    return None if start is None or hours is None else start + timedelta(hours=hours)


def add_denials(world: World, findings: Findings) -> None:
    for denial in world.patient.denials:
        if not still_open(world, denial):
            continue
        due = appeal_by(world, denial)
        if due is None:
            continue
        left = between(world.today, due)
        severity = "critical" if left <= 3 else "high" if left <= 14 else "warning"
        facts = {"due_on": due, "level": denial.level.value, **days_to(world, due)}
        findings.add("APPEAL_DEADLINE", severity, denial.id, due, facts)


def still_open(world: World, denial: Denial) -> bool:
    for fill in world.patient.fills:
        if fill.id == denial.fill and not fill.reversed:
            if fill.claim is not None and fill.claim.status == "denied":
                return True
    return any(
        each.id == denial.authorization and each.status == "denied" for each in world.patient.authorizations
    )


def denial_line(world: World, denial: Denial) -> str | None:
    for fill in world.patient.fills:
        if fill.id == denial.fill:
            found = coverages(world, fill.on)
            if found:
                return world.line(found[0].plan)
    for each in world.patient.authorizations:
        if each.id == denial.authorization:
            return world.line(each.plan)
    return None


def appeal_by(world: World, denial: Denial) -> date | None:
    if denial.appeal_by is not None:
        return denial.appeal_by
    line = denial_line(world, denial)
    received = denial.received_on or denial.notice_on
    notice = denial.notice_on or denial.received_on
    if received is None or notice is None:
        return None
    if line == "commercial" and denial.level == "external":
        return business_day(plus_months(received, 4))
    if line == "commercial":
        return plus(received, 180)
    if denial.level == "external":
        return None
    if line == PART_B:
        return plus(notice, 125)
    return plus(notice, 65) if line in (PART_D, ADVANTAGE) else None


def add_claims(world: World, rows: list[Row], findings: Findings) -> None:
    for fill in world.real:
        assert fill.real is not None
        if fill.denied:
            found = retroactive(world, fill)
            if found is not None:
                findings.add("CLAIM_RESUBMIT", "high", fill.id, None, {"authorization": found})
        add_modifiers(world, fill, findings)
        add_mismatch(fill, findings)
    for row in rows:
        if row.fill.planned:
            add_mismatch(row.fill, findings)


def retroactive(world: World, fill: Dispensing) -> str | None:
    """An approval decided after the fill's date that covers its date, plan, codes and formulation."""
    coverage = payer(world, fill.on).paying
    codes = [code for code, units in (fill.units or {}).items() if units > 0]
    if not codes and fill.regimen is not None:  # not on file, or none of any code
        codes = own_codes(fill.regimen)
    for pa in world.patient.authorizations:
        if pa.status not in DECIDED or coverage is None:
            continue
        if pa.plan == coverage.plan and pa.decided_on is not None and pa.decided_on > fill.on:
            if holds(pa, fill.on) and fits(pa, fill.formulation) and all(lists(pa, code) for code in codes):
                return pa.id
    return None


def add_modifiers(world: World, fill: Dispensing, findings: Findings) -> None:
    assert fill.real is not None
    modifiers, transplant = list(fill.real.modifiers), world.patient.transplant
    if "KX" in modifiers:
        if transplant is None or transplant.on is None or not transplant.part_a_at_transplant:
            findings.add("KX_NOT_SUPPORTED", "high", fill.id, None, {"modifiers": ["KX"]})
        against = [each for each in modifiers if each in ("GA", "GY", "GZ")]
        if against:
            both = ["KX", *against]
            findings.add("MODIFIER_CONFLICT", "high", fill.id, None, {"modifiers": both})
    waste = [each for each in modifiers if each in ("JW", "JZ")]
    if waste and fill.regimen is not None and fill.regimen.form != "injection":
        findings.add("MODIFIER_NOT_APPLICABLE", "high", fill.id, None, {"modifiers": waste})


def add_mismatch(fill: Dispensing, findings: Findings) -> None:
    if fill.regimen is None or fill.units is None:
        return
    own = own_codes(fill.regimen)
    wrong = [code for code, units in fill.units.items() if units > 0 and code not in own]
    if wrong:
        findings.add("CODE_MISMATCH", "high", fill.id, None, {"code": wrong[0], "right_code": own[0]})
