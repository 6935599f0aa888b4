"""Step therapy (rulebook 6)."""

from datetime import date

from reference.codes import own_codes
from reference.days import between, plus
from reference.dispensing import Dispensing
from reference.pa import IN_PROGRESS, Charges, Check, charged_to, check, lists, of_drug, pick
from reference.quantity import by_rule, exceptions, fill_codes
from reference.world import PART_B, PART_D, World
from tracker.rules.facts import Authorization, Coverage, Step, StepTherapy, Trial

BEST = ["met", "unknown", "lookback", "unmet"]
WORST = ["unmet", "lookback", "unknown", "met"]


def covering(world: World, fill: Dispensing, coverage: Coverage, charges: Charges) -> Authorization | None:
    """The PA that covers the fill: the charged one; where no rule asks, the one that would do."""
    if fill.units is None:
        return None
    charged = charged_to(world, fill, coverage, charges)
    for each in world.patient.authorizations:
        if each.id == charged:
            return each
    return pick(world, fill, coverage.plan, fill_codes(fill), charges)


def asked_on(pa: Authorization | None) -> date | None:
    if pa is None:
        return None
    return (pa.requested.on if pa.requested is not None else None) or pa.decided_on or pa.starts_on


def request_date(world: World, fill: Dispensing, coverage: Coverage, covers: Authorization | None) -> date:
    """Of the authorization that covers the fill, else of the last request in progress, else today."""
    assert fill.regimen is not None
    own, last = own_codes(fill.regimen), None
    for each in world.patient.authorizations:
        if each.plan == coverage.plan and each.status in IN_PROGRESS and of_drug(each, own):
            last = each
    return asked_on(covers) or asked_on(last) or world.today


def already_on_drug(world: World, fill: Dispensing, request: date) -> bool:
    """A paid fill of the drug in the 365 days up to the request."""
    for each in world.real:
        if each.paid and each.regimen is not None and fill.regimen is not None:
            if each.regimen.drug == fill.regimen.drug and plus(request, -365) <= each.on <= request:
                return True
    return False


def judge(trial: Trial, step: Step, request: date) -> tuple[str, list[str]]:
    """met, unknown, lookback or unmet, and the facts that are missing."""
    if trial.outcome is not None:
        return judge_outcome(trial, trial.outcome, step, request)
    could = [judge_outcome(trial, outcome, step, request) for outcome in step.outcomes]
    hopeful = [missing for result, missing in could if result in ("met", "unknown")]
    if not hopeful:
        return ("lookback" if any(result == "lookback" for result, _ in could) else "unmet"), []
    missing = [f"{trial.id}.outcome"]
    for name in ("from", "to", "documented_on"):
        if all(f"{trial.id}.{name}" in each for each in hopeful):
            missing.append(f"{trial.id}.{name}")
    return "unknown", missing


def judge_outcome(trial: Trial, outcome: str, step: Step, request: date) -> tuple[str, list[str]]:
    """A fact that fails decides before one that is missing."""
    missing, old = [], False
    if outcome not in step.outcomes:
        return "unmet", []
    if outcome == "inadequate_response" and step.min_days:
        if trial.starts_on is None:
            missing.append(f"{trial.id}.from")
        if trial.ends_on is None:
            missing.append(f"{trial.id}.to")
        if trial.starts_on is not None and trial.ends_on is not None:
            if between(trial.starts_on, trial.ends_on) + 1 < step.min_days:
                return "unmet", []
    if outcome != "contraindication" and step.lookback_days is not None:
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
        if better(trial, result, best):
            days = None
            if trial.starts_on is not None and trial.ends_on is not None:
                days = between(trial.starts_on, trial.ends_on) + 1
            best = {"drug": drug, "result": result, "trial": trial.id, "days": days}
            best |= {"missing": missing, "which": trial}
    return best


def better(trial: Trial, result: str, best: dict) -> bool:
    """Of equal ones the last to end."""
    if best["trial"] is None:
        return True
    if result != best["result"]:
        return BEST.index(result) < BEST.index(best["result"])
    return (trial.ends_on or date.min) > (best["which"].ends_on or date.min)


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


def step_check(world: World, fill: Dispensing, coverage: Coverage, covers: Authorization | None) -> Check:
    if world.line(coverage.plan) == PART_B:
        return check("step_therapy", "pass")
    assert fill.regimen is not None
    results = []
    for rule, codes in by_rule(world, fill, coverage):
        asked = rule.step_therapy if rule is not None else None
        results.append(one_rule(world, fill, coverage, covers, codes, asked))
    for code in ("STEP_THERAPY_UNMET", "STEP_LOOKBACK_EXPIRED"):
        for each in results:
            if each["code"] == code:
                return each
    for each in results:
        if each["result"] == "unknown":
            return each
    for each in results:
        if each["facts"]:
            return each
    return check("step_therapy", "pass")


def one_rule(world: World, fill: Dispensing, coverage: Coverage, covers, codes, asked) -> Check:
    if asked is False:
        return check("step_therapy", "pass")
    excepted = exceptions(world, fill, coverage, "step_therapy_exception")
    if any(all(lists(each, code) for code in codes) for each in excepted):
        return check("step_therapy", "pass", reason="exception")
    if not isinstance(asked, StepTherapy) or not asked.steps:
        if isinstance(asked, StepTherapy) and asked.new_starts_only:
            if already_on_drug(world, fill, request_date(world, fill, coverage, covers)):
                return check("step_therapy", "pass", reason="already_on_drug")
        return check("step_therapy", "unknown", missing=[])
    request = request_date(world, fill, coverage, covers)
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
