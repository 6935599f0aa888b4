"""What is said of limits, steps, coverage, refills, claims and safety."""

from collections.abc import Callable, Mapping

from tracker.rules.messages_pa import Said
from tracker.rules.wording import (
    Wording,
    code_text,
    count,
    listed,
    number,
    plain,
    quantity,
    spoken,
)
from tracker.rules.words import AlertCode

_MISSING = {
    "indication": "the indication",
    "transplant.on": "the day of the transplant",
    "transplant.organ": "the transplanted organ",
    "transplant.part_a_at_transplant": "whether Part A was in force at the transplant",
    "transplant.approved_facility": "whether the facility was approved",
}
_ROUTES = {"part_b": "Medicare Part B", "part_d": "Medicare Part D"}


def _on(w: Wording) -> str:
    return spoken(w.finding.harm_on)


def _not_covered(w: Wording) -> Said:
    return f"{w.refused}: {w.paying} does not cover {w.drug}.", (
        f"A formulary exception of {w.paying} in force on {_on(w)}.",
    )


def _no_coverage(w: Wording) -> Said:
    end = w.fact("coverage_end")
    since = f"the last coverage ended on {spoken(end)}" if end else "no coverage is on file for that day"
    return f"{w.refused}: {since}.", (f"A coverage in force on {_on(w)}.",)


def _quantity(w: Wording) -> Said:
    unit = w.fact("unit")
    if w.fact("sum") is not None:
        window = w.fact("window")
        first = window[0] if isinstance(window, tuple) else None
        days = f"from {spoken(first)} to {_on(w)}"
        cause = f"{quantity(w.fact('sum'), unit)} {days}, {number(w.fact('limit'))} allowed"
    else:
        fill = w.finding.fill
        days = f"for {count(fill.days_supply, 'day')}" if fill else ""
        cause = f"{quantity(w.fact('requested'), unit)} asked, {number(w.fact('limit'))} allowed {days}"
    clears = [f"A quantity limit override of {w.paying} in force on {_on(w)}."]
    if w.fact("earliest_ok"):
        clears.append(f"The fill made on {w.day('earliest_ok')} or later.")
    return f"{w.refused}: {cause.strip()}.", tuple(clears)


def _days_supply(w: Wording) -> Said:
    limit = count(w.fact("limit"), "day")
    return f"{w.refused}: {count(w.fact('requested'), 'day')} supply asked, {limit} allowed.", (
        f"A fill of at most {limit}.",
    )


def _step_unmet(w: Wording) -> Said:
    options = listed(w.fact("options"))
    if w.fact("dispute"):
        return (
            f"{w.refused}: step {w.fact('step')} ({options}) is not met, but Part D may not ask a stabilized "
            "transplant patient for it: dispute it.",
            (f"The plan's step therapy lifted: dispute it with {w.paying}, start no trial.",),
        )
    return f"{w.refused}: step {w.fact('step')} of {w.paying} ({options}) is not met by a trial.", (
        f"A trial of {options} that meets step {w.fact('step')}, or a step therapy exception.",
    )


def _lookback(w: Wording) -> Said:
    end, start = w.day("trial_end"), w.day("lookback_start")
    ways = [f"A step therapy exception of {w.paying} in force on {_on(w)}."]
    if w.fact("override_ground"):
        ways = [f'An exception on the ground "tried and failed": the chart proves the trial. {ways[0]}']
    if w.fact("dispute"):
        ways.insert(0, f"The plan's step therapy lifted: dispute it with {w.paying}.")
    return f"{w.refused}: the trial ended on {end}, before the look-back that starts on {start}.", tuple(ways)


def _route(w: Wording) -> Said:
    right = _ROUTES.get(str(w.fact("correct_route")), "another benefit")
    return f"{w.refused}: {right} pays for {w.drug}, not the coverage that is billed first.", (
        f"The ranks put right, so that {right} is billed first.",
    )


def _coverage_end(w: Wording) -> str:
    name = w.payer(w.coverage.plan) if w.coverage else "The coverage"
    return f"{name} ends on {w.day('coverage_end')}"


def _ending(w: Wording) -> Said:
    then = f": fill on {_on(w)} has no coverage" if w.finding.harm_on else " and no coverage follows"
    return f"{_coverage_end(w)}{then}.", ("A coverage on file from the day after.",)


def _change(w: Wording) -> Said:
    then = f" Fill on {_on(w)} is billed to another plan." if w.finding.harm_on else ""
    return f"{_coverage_end(w)} and another plan follows: its PAs end with it.{then}", (
        "The change itself: what the new plan asks for is shown as alerts of its own.",
    )


def _order(w: Wording) -> Said:
    starts = w.day("starts_on")
    then = f": fill on {_on(w)} needs it" if w.finding.harm_on else ""
    return f"The dose or frequency changes on {starts} and no order is dated on or after it{then}.", (
        f"An order dated {starts} or later.",
    )


def _delivery(w: Wording) -> Said:
    first = w.day("deliver_not_before")
    return f"{w.refused}: Medicare Part B allows no delivery before {first}.", (
        f"The fill moved to {first}.",
    )


def _contact(w: Wording) -> Said:
    first = w.day("contact_not_before")
    return f"Refill on {_on(w)} is not affirmed: no contact since {first} has a documented yes.", (
        f"A contact on or after {first} with the patient's yes on file.",
    )


def _contact_early(w: Wording) -> Said:
    first = w.day("contact_not_before")
    return f"Refill on {_on(w)} was affirmed too early: contact counts from {first} on.", (
        f"Another contact on or after {first} with the patient's yes on file.",
    )


def _dispensed(w: Wording) -> str:
    """The fill a finding is about, real or planned."""
    return f"Fill on {spoken(w.finding.key_on)}"


def _resubmit(w: Wording) -> Said:
    pa = w.pa_name(w.fact("authorization"))
    return f"{_dispensed(w)} was denied, but {pa}, decided later, covers that day: resubmit the claim.", (
        "The claim resubmitted and its new status on file.",
    )


def _kx(w: Wording) -> Said:
    return (
        f"{_dispensed(w)} was billed with KX, but the transplant date and Part A at the transplant "
        "are not on file: the claim is not supported.",
        ("The transplant date and Part A at the transplant on file, or KX removed.",),
    )


def _conflict(w: Wording) -> Said:
    return (
        f"{_dispensed(w)} was billed with {listed(w.fact('modifiers'), 'and')}, which contradict each other.",
        ("One of the modifiers removed.",),
    )


def _not_applicable(w: Wording) -> Said:
    return (
        f"{_dispensed(w)} was billed with {listed(w.fact('modifiers'), 'and')}, never used on an oral drug.",
        (f"{listed(w.fact('modifiers'), 'and')} removed from the claim.",),
    )


def _mismatch(w: Wording) -> Said:
    right = code_text(w.fact("right_code"))
    return f"{_dispensed(w)} is billed as {code_text(w.fact('code'))}: the drug's code is {right}.", (
        f"The fill billed as {w.fact('right_code')}.",
    )


def _dose(w: Wording) -> Said:
    most = number(w.fact("max_mg"))
    return (
        f"The dose is {number(w.fact('mg_per_kg'))} mg per kg and day; the label's maximum is 4 "
        f"({most} mg a day at the last weight).",
        (f"A dose of at most {most} mg a day, or a newer weight.",),
    )


def _switch(w: Wording) -> Said:
    one, other = plain(w.fact("formulation")), plain(w.fact("other"))
    return f"{_dispensed(w)} is {one} where {other} was expected: the two are not interchangeable.", (
        f"A fill of {other} product, or a regimen that says {one}.",
    )


def _gap(w: Wording) -> Said:
    days = count(w.fact("gap_days"), "day")
    return f"No drug on {days} from {w.day('gap_start')} to {w.day('gap_end')}: the last fill came late.", (
        "The next fill made in time.",
    )


def _due(w: Wording) -> Said:
    if w.fact("days_late"):
        return f"Refill is overdue: no drug since {w.day('due_on')}.", ("A fill on file.",)
    return f"Refill is due: no drug from {w.day('due_on')}.", ("A fill on file.",)


def _too_soon(w: Wording) -> Said:
    first, override = w.day("earliest"), w.fact("override")
    if override:
        return (
            f"{w.fill} is before {first}, the payer's first day: allowed by override ({plain(override)}).",
            (f"The fill moved to {first} or later.",),
        )
    return f"{w.refused}: too soon, the payer allows it from {first}.", (
        f"The fill moved to {first} or later, or an override with its reason.",
    )


def _limit_reached(w: Wording) -> Said:
    return f"One year of continuous use was reached on {w.day('limit_date')}.", (
        "The course ended, or the alert marked with the prescriber's reason.",
    )


def _limit_near(w: Wording) -> Said:
    return f"One year of continuous use is reached on {w.day('limit_date')}.", (
        "The course ended before that day, or the alert marked with the prescriber's reason.",
    )


def _divisible(w: Wording) -> Said:
    regimen = w.regimen
    strengths = listed(regimen.strengths_mg) if regimen else "its strengths"
    return f"The dose cannot be made of {strengths} mg: {number(w.fact('remainder_mg'))} mg are left over.", (
        "A dose that the strengths make, or another strength on file.",
    )


def _lab(w: Wording) -> Said:
    return f"Creatinine was due on {w.day('due_on')}.", ("A creatinine result on file.",)


def _appeal(w: Wording) -> Said:
    if w.fact("days_late"):
        return (
            f"The {plain(w.fact('level'))} appeal was due on {w.day('due_on')}.",
            ("The appeal filed, or the claim's new status on file.",),
        )
    return f"The {plain(w.fact('level'))} appeal is due by {w.day('due_on')}.", (
        "The appeal filed, or the claim paid.",
    )


def _unverified(w: Wording) -> Said:
    checks = listed(w.fact("unverified"), "and")
    missing = w.fact("missing")
    names = (
        [_MISSING.get(str(each), _trial_fact(str(each))) for each in missing]
        if isinstance(missing, tuple)
        else []
    )
    absent = f" Not on file: {', '.join(names)}." if names else f" {w.paying}'s rule does not say."
    return f"{w.fill}: verify {checks} with the payer.{absent}", (
        f"{names[0]} on file." if names else f"{w.paying}'s rule completed.",
    )


def _trial_fact(name: str) -> str:
    trial, _, what = name.rpartition(".")
    words = {"from": "start", "to": "end", "documented_on": "document"}
    return f"the {words.get(what, what)} of trial {trial}"


def _transition(w: Wording) -> Said:
    return f"{w.paying} is a new Part D plan: a transition fill is possible through {w.day('limit_date')}.", (
        "What the plan asks for on file, or the end of the window.",
    )


def _continuity(w: Wording) -> Said:
    return f"{w.paying} is a new plan and must not ask for a PA through {w.day('limit_date')}.", (
        f"A PA of {w.paying}, or the end of the window.",
    )


OTHER_MESSAGES: Mapping[AlertCode, Callable[[Wording], Said]] = {
    AlertCode.NOT_COVERED: _not_covered,
    AlertCode.NO_COVERAGE: _no_coverage,
    AlertCode.QL_EXCEEDED: _quantity,
    AlertCode.DAYS_SUPPLY_EXCEEDED: _days_supply,
    AlertCode.STEP_THERAPY_UNMET: _step_unmet,
    AlertCode.STEP_LOOKBACK_EXPIRED: _lookback,
    AlertCode.BENEFIT_ROUTE_MISMATCH: _route,
    AlertCode.COVERAGE_ENDING: _ending,
    AlertCode.COVERAGE_CHANGE: _change,
    AlertCode.NEW_ORDER_REQUIRED: _order,
    AlertCode.DELIVERY_TOO_EARLY: _delivery,
    AlertCode.REFILL_AFFIRMATION_MISSING: _contact,
    AlertCode.REFILL_CONTACT_TOO_EARLY: _contact_early,
    AlertCode.CLAIM_RESUBMIT: _resubmit,
    AlertCode.KX_NOT_SUPPORTED: _kx,
    AlertCode.MODIFIER_CONFLICT: _conflict,
    AlertCode.MODIFIER_NOT_APPLICABLE: _not_applicable,
    AlertCode.CODE_MISMATCH: _mismatch,
    AlertCode.DOSE_OVER_LABEL_MAX: _dose,
    AlertCode.FORMULATION_SWITCH: _switch,
    AlertCode.SUPPLY_GAP: _gap,
    AlertCode.REFILL_DUE: _due,
    AlertCode.REFILL_TOO_SOON: _too_soon,
    AlertCode.THERAPY_DURATION_LIMIT: _limit_reached,
    AlertCode.THERAPY_DURATION_LIMIT_NEAR: _limit_near,
    AlertCode.DOSE_NOT_CAPSULE_DIVISIBLE: _divisible,
    AlertCode.LAB_OVERDUE: _lab,
    AlertCode.APPEAL_DEADLINE: _appeal,
    AlertCode.RULE_UNVERIFIED: _unverified,
    AlertCode.TRANSITION_FILL_AVAILABLE: _transition,
    AlertCode.CONTINUITY_WINDOW_ACTIVE: _continuity,
}
