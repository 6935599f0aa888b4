"""The step-therapy check of one fill (rulebook 6)."""

from datetime import date
from typing import Final, NamedTuple

from tracker.rules.answer import CheckResult, Facts
from tracker.rules.authorization import Permit, pick
from tracker.rules.coverage import PART_D
from tracker.rules.dates import plus
from tracker.rules.draft import SoFar, paid_within_year
from tracker.rules.facts import Rule, StepTherapy
from tracker.rules.request_date import note_as_of_request, request_on
from tracker.rules.steps import Met, StepResult, climb, worst
from tracker.rules.terms import Terms
from tracker.rules.today import Today
from tracker.rules.words import AboutKind, AlertCode, AuthorizationKind, Check, Result

_PASS: Final = CheckResult(Check.STEP_THERAPY, Result.PASS, None, {})
NOT_ASKED, EXCEPTION, ALREADY_ON_DRUG = "not_asked", "exception", "already_on_drug"
_EXEMPT: Final = {
    NOT_ASKED: _PASS,
    EXCEPTION: CheckResult(Check.STEP_THERAPY, Result.PASS, None, {"reason": EXCEPTION}),
    ALREADY_ON_DRUG: CheckResult(Check.STEP_THERAPY, Result.PASS, None, {"reason": ALREADY_ON_DRUG}),
}
_UNKNOWN: Final = CheckResult(Check.STEP_THERAPY, Result.UNKNOWN, None, {})
# Over several rules one fail decides, an unmet step before an expired look-back; then one unknown.
_ORDER: Final = {AlertCode.STEP_THERAPY_UNMET: 0, AlertCode.STEP_LOOKBACK_EXPIRED: 1}


class Asked(NamedTuple):
    """What one rule asks of a fill in steps, and what stands against it.

    `exempt` says why nothing is asked (None: the steps decide); `asked` None, True or without steps: the
    details are not known. `steps`, `asked_on`: the tree and the request date it was climbed on.
    """

    rule: Rule | None
    codes: tuple[str, ...]
    asked: StepTherapy | bool | None
    exempt: str | None = None
    exception: Permit | None = None
    steps: tuple[StepResult, ...] = ()
    asked_on: date | None = None
    dispute: bool = False
    on_drug: bool = False


def steps_without_trials(terms: Terms) -> CheckResult | None:
    """The check where no trial is looked at: none asks for steps, or none says which; None: they count."""
    if terms.part_b:
        return _PASS
    found = [_without_trials(terms, rule, codes) for rule, codes in terms.by_rule]
    known = [_said(terms, each) for each in found if each is not None]
    return min(known, key=_rank, default=_PASS) if len(known) == len(found) else None


def check_steps(terms: Terms, sofar: SoFar, charged: Permit | None) -> CheckResult:
    """All steps of the rule are met, or an exception is in force, or the patient is on the drug already."""
    today, covering = sofar.today, charged or _covering(terms, sofar)
    kept = terms.shared.climbed
    if kept is not None and kept[0] is today and kept[1] is covering:
        return kept[2]
    found = min((_said(terms, each) for each in _asked(terms, today, covering)), key=_rank, default=_PASS)
    terms.shared.climbed = today, covering, found
    return found


def steps_asked(terms: Terms, sofar: SoFar, charged: Permit | None) -> list[Asked]:
    """What each rule of a fill asks; nothing under Part B."""
    if terms.part_b:
        return []
    return _asked(terms, sofar.today, charged or _covering(terms, sofar))


def _asked(terms: Terms, today: Today, covering: Permit | None) -> list[Asked]:
    return [
        _without_trials(terms, rule, codes) or _with_trials(terms, today, covering, rule, codes)
        for rule, codes in terms.by_rule
    ]


def _rank(check: CheckResult) -> int:
    if check.code is not None:
        return _ORDER[check.code]
    # A pass that says why is worth more to a reader than a plain one.
    return 2 if check.result is Result.UNKNOWN else (3 if check.facts else 4)


def _without_trials(terms: Terms, rule: Rule | None, codes: tuple[str, ...]) -> Asked | None:
    """A rule that asks for no steps, or does not say which, or an exception to it; None: the trials count."""
    asked = rule.step_therapy if rule else None
    if asked is False:
        return Asked(rule, codes, asked, exempt=NOT_ASKED)
    exceptions = terms.in_force(AuthorizationKind.STEP_THERAPY_EXCEPTION)
    granted = next((each for each in exceptions if all(each.covers(code) for code in codes)), None)
    if granted is not None:
        return Asked(rule, codes, asked, exempt=EXCEPTION, exception=granted)
    return None if isinstance(asked, StepTherapy) else Asked(rule, codes, asked)


def _with_trials(
    terms: Terms, today: Today, covering: Permit | None, rule: Rule | None, codes: tuple[str, ...]
) -> Asked:
    assert rule is not None
    asked = rule.step_therapy
    assert isinstance(asked, StepTherapy)
    asked_on = request_on(terms, covering) or note_as_of_request(terms, today, asked.steps)
    on_drug = paid_within_year(terms, asked_on)
    book = terms.desk.book
    stable = terms.member.plan.line_of_business is PART_D and bool(book.transplant_indication)
    return Asked(
        rule,
        codes,
        asked,
        exempt=ALREADY_ON_DRUG if asked.new_starts_only and on_drug else None,
        steps=climb(asked.steps, book.patient.trials, asked_on),
        asked_on=asked_on,
        dispute=stable and on_drug,
        on_drug=on_drug,
    )


def _said(terms: Terms, each: Asked) -> CheckResult:
    if each.exempt is not None:
        return _EXEMPT[each.exempt]
    if each.asked_on is None or not each.steps:
        return _UNKNOWN
    return _climbed(terms, each.steps, each.asked_on, each.dispute)


def _covering(terms: Terms, sofar: SoFar) -> Permit | None:
    """The authorization that covers the fill, whether or not a rule asks for one."""
    if terms.dispensing.units is None:
        return None
    return pick(terms.granted, sofar.ledger, terms.units_of(terms.dispensing.codes))


def _climbed(terms: Terms, steps: tuple[StepResult, ...], asked_on: date, dispute: bool) -> CheckResult:
    tree: Facts = {"steps": tuple(each.as_facts() for each in steps)}
    result = worst(steps)
    if result is Met.MET:
        return CheckResult(Check.STEP_THERAPY, Result.PASS, None, tree)
    if result is Met.UNKNOWN:
        return CheckResult(Check.STEP_THERAPY, Result.UNKNOWN, None, {**tree, "missing": _missing(steps)})
    if result is Met.LOOKBACK:
        return _too_old(steps, asked_on, dispute, tree)
    number, step = next((number, each) for number, each in enumerate(steps, 1) if each.result is Met.UNMET)
    facts: Facts = {"step": number, "options": step.step.options, "dispute": dispute, **tree}
    about = terms.member.coverage.id
    return CheckResult(
        Check.STEP_THERAPY, Result.FAIL, AlertCode.STEP_THERAPY_UNMET, facts, about, AboutKind.COVERAGE
    )


def _missing(steps: tuple[StepResult, ...]) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            name
            for step in steps
            if step.result is Met.UNKNOWN
            for option in step.options
            if option.result is Met.UNKNOWN
            for name in option.missing
        )
    )


def _too_old(steps: tuple[StepResult, ...], asked_on: date, dispute: bool, tree: Facts) -> CheckResult:
    """All met but for the look-back: about the last such trial to end of the first such step."""
    step = next(each for each in steps if each.result is Met.LOOKBACK)
    trials = [each.trial for each in step.options if each.result is Met.LOOKBACK and each.trial]
    trial = max(trials, key=lambda each: each.ends_on or date.min)
    facts: Facts = {
        "lookback_start": plus(asked_on, -(step.step.lookback_days or 0)),
        "trial_end": trial.ends_on,
        "override_ground": "tried_and_failed" if trial.documented_on else None,
        "dispute": dispute,
        **tree,
    }
    return CheckResult(
        Check.STEP_THERAPY, Result.FAIL, AlertCode.STEP_LOOKBACK_EXPIRED, facts, trial.id, AboutKind.TRIAL
    )
