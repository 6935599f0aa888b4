"""Step therapy (rulebook 6)."""

from datetime import date

from reference.codes import own_codes
from reference.days import between, plus
from reference.dispensing import Dispensing
from reference.pa import IN_PROGRESS, Check, check, lists
from reference.quantity import exceptions, fill_codes
from reference.world import PART_B, PART_D, World
from tracker.rules.facts import Authorization, Coverage, Step, StepTherapy, Trial

BEST = ["met", "unknown", "lookback", "unmet"]
WORST = ["unmet", "lookback", "unknown", "met"]


def request_date(world: World, coverage: Coverage, charged: str | None) -> date:
    """Of the authorization that covers the fill, else of the last request in progress, else today."""
    chosen: Authorization | None = None
    for each in world.patient.authorizations:
        if each.id == charged:
            chosen = each
    if chosen is None:
        for each in world.patient.authorizations:
            if each.plan == coverage.plan and each.status in IN_PROGRESS:
                chosen = each
    if chosen is None:
        return world.today
    asked = chosen.requested.on if chosen.requested is not None else None
    return asked or chosen.decided_on or chosen.starts_on or world.today


def already_on_drug(world: World, fill: Dispensing, request: date) -> bool:
    """A paid fill of the drug in the 365 days up to the request."""
    for each in world.real:
        if each.paid and each.regimen is not None and fill.regimen is not None:
            if each.regimen.drug == fill.regimen.drug and plus(request, -365) <= each.on <= request:
                return True
    return False


def judge(trial: Trial, step: Step, request: date) -> tuple[str, list[str]]:
    """met, unknown, lookback or unmet, and the facts that are missing."""
    missing, old = [], False
    if trial.outcome is None:
        missing.append(f"{trial.id}.outcome")
    elif trial.outcome not in step.outcomes:
        return "unmet", []
    if trial.outcome == "inadequate_response" and step.min_days is not None:
        if trial.starts_on is None:
            missing.append(f"{trial.id}.from")
        if trial.ends_on is None:
            missing.append(f"{trial.id}.to")
        if trial.starts_on is not None and trial.ends_on is not None:
            if between(trial.starts_on, trial.ends_on) + 1 < step.min_days:
                return "unmet", []
    if trial.outcome not in (None, "contraindication") and step.lookback_days is not None:
        if trial.ends_on is None:
            if f"{trial.id}.to" not in missing:
                missing.append(f"{trial.id}.to")
        elif trial.ends_on < plus(request, -step.lookback_days):
            old = True
    if step.document_required and trial.documented_on is None:
        missing.append(f"{trial.id}.documented_on")
    if old:
        return "lookback", []
    return ("unknown", missing) if missing else ("met", [])


def judge_option(world: World, drug: str, step: Step, request: date) -> dict:
    """The best of the option's trials counts."""
    best: dict = {"drug": drug, "result": "unmet", "trial": None, "days": None, "missing": [], "which": None}
    for trial in world.patient.trials:
        if trial.drug != drug:
            continue
        result, missing = judge(trial, step, request)
        if best["trial"] is None or BEST.index(result) < BEST.index(best["result"]):
            days = None
            if trial.starts_on is not None and trial.ends_on is not None:
                days = between(trial.starts_on, trial.ends_on) + 1
            best = {"drug": drug, "result": result, "trial": trial.id, "days": days}
            best |= {"missing": missing, "which": trial}
    return best


def judge_step(world: World, step: Step, request: date) -> dict:
    options = [judge_option(world, drug, step, request) for drug in step.options]
    results = [each["result"] for each in options]
    met, unknown = results.count("met"), results.count("unknown")
    if met >= step.need:
        result = "met"
    elif met + unknown >= step.need:
        result = "unknown"
    elif len(results) - results.count("unmet") >= step.need:
        result = "lookback"
    else:
        result = "unmet"
    return {"result": result, "options": options, "step": step}


def shown(steps: list[dict]) -> list[dict]:
    return [
        {
            "result": each["result"],
            "options": [
                {key: option[key] for key in ("drug", "result", "trial", "days")}
                for option in each["options"]
            ],
        }
        for each in steps
    ]


def step_check(world: World, fill: Dispensing, coverage: Coverage, charged: str | None) -> Check:
    if world.line(coverage.plan) == PART_B:
        return check("step_therapy", "pass")
    assert fill.regimen is not None
    own = own_codes(fill.regimen)
    results, seen = [], []
    for code in fill_codes(fill):
        rule = world.rule(coverage.plan, code, own, fill.on)
        if any(each is rule for each in seen) and code in own:
            continue
        seen.append(rule)
        asked = rule.step_therapy if rule is not None else None
        results.append(one_rule(world, fill, coverage, charged, code, asked))
    for result in ("fail", "unknown"):
        for each in results:
            if each["result"] == result:
                return each
    for each in results:
        if each["facts"]:
            return each
    return check("step_therapy", "pass")


def one_rule(world: World, fill: Dispensing, coverage: Coverage, charged, code: str, asked) -> Check:
    if asked is False:
        return check("step_therapy", "pass")
    if any(lists(each, code) for each in exceptions(world, fill, coverage, "step_therapy_exception")):
        return check("step_therapy", "pass", reason="exception")
    if not isinstance(asked, StepTherapy) or not asked.steps:
        if isinstance(asked, StepTherapy) and asked.new_starts_only:
            if already_on_drug(world, fill, request_date(world, coverage, charged)):
                return check("step_therapy", "pass", reason="already_on_drug")
        return check("step_therapy", "unknown", missing=[])
    request = request_date(world, coverage, charged)
    on_drug = already_on_drug(world, fill, request)
    if asked.new_starts_only and on_drug:
        return check("step_therapy", "pass", reason="already_on_drug")
    steps = [judge_step(world, each, request) for each in asked.steps]
    decides = min((each["result"] for each in steps), key=WORST.index)
    dispute = world.line(coverage.plan) == PART_D and world.transplant_patient() and on_drug
    if decides == "met":
        return check("step_therapy", "pass", steps=shown(steps))
    if decides == "unknown":
        missing = []
        for each in steps:
            for option in each["options"]:
                if each["result"] == "unknown" and option["result"] == "unknown":
                    missing += [name for name in option["missing"] if name not in missing]
        return check("step_therapy", "unknown", steps=shown(steps), missing=missing)
    if decides == "lookback":
        return too_old(steps, request, dispute)
    number = [each["result"] for each in steps].index("unmet")
    facts = {"step": number + 1, "options": list(asked.steps[number].options), "dispute": dispute}
    return check("step_therapy", "fail", "STEP_THERAPY_UNMET", coverage.id, **facts, steps=shown(steps))


def too_old(steps: list[dict], request: date, dispute: bool) -> Check:
    """About the last of the too old trials to end, of the first such step."""
    first = next(each for each in steps if each["result"] == "lookback")
    last = None
    for option in first["options"]:
        if option["result"] == "lookback" and (last is None or option["which"].ends_on > last.ends_on):
            last = option["which"]
    assert last is not None
    facts = {"lookback_start": plus(request, -first["step"].lookback_days), "trial_end": last.ends_on}
    facts["override_ground"] = "tried_and_failed" if last.documented_on is not None else None
    facts |= {"dispute": dispute, "steps": shown(steps)}
    return check("step_therapy", "fail", "STEP_LOOKBACK_EXPIRED", last.id, **facts)
