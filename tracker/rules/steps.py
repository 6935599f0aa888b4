"""Step therapy as a tree: step, option, the trial that proves or fails it, days counted (rulebook 6)."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from tracker.rules.answer import Fact
from tracker.rules.dates import days_between, plus
from tracker.rules.facts import Step, Trial
from tracker.rules.words import TrialOutcome, Word


class Met(Word):
    """How far an option or a step is met, best first."""

    MET = "met"
    UNKNOWN = "unknown"
    LOOKBACK = "lookback", "met but for the look-back"
    UNMET = "unmet"


_BEST: Final = {Met.MET: 0, Met.UNKNOWN: 1, Met.LOOKBACK: 2, Met.UNMET: 3}
# Of the steps the worst decides, in this order.
WORST: Final = {Met.UNMET: 0, Met.LOOKBACK: 1, Met.UNKNOWN: 2, Met.MET: 3}


class OptionResult(NamedTuple):
    drug: str
    result: Met
    trial: Trial | None
    days: int | None
    missing: tuple[str, ...] = ()

    def as_facts(self) -> dict[str, Fact]:
        trial = self.trial.id if self.trial else None
        return {"drug": self.drug, "result": self.result, "trial": trial, "days": self.days}


class StepResult(NamedTuple):
    step: Step
    result: Met
    options: tuple[OptionResult, ...]

    def as_facts(self) -> dict[str, Fact]:
        return {"result": self.result, "options": tuple(each.as_facts() for each in self.options)}


def climb(steps: Sequence[Step], trials: Sequence[Trial], request_on: date) -> tuple[StepResult, ...]:
    """Every step of a rule with its options; all must be met, each by `need` of its options."""
    return tuple(_step(step, trials, request_on) for step in steps)


def _step(step: Step, trials: Sequence[Trial], request_on: date) -> StepResult:
    options = tuple(_option(drug, step, trials, request_on) for drug in step.options)
    results = [each.result for each in options]
    met, unknown = results.count(Met.MET), results.count(Met.UNKNOWN)
    if met >= step.need:
        result = Met.MET
    elif met + unknown >= step.need:
        result = Met.UNKNOWN
    elif len(results) - results.count(Met.UNMET) >= step.need:
        result = Met.LOOKBACK
    else:
        result = Met.UNMET
    return StepResult(step, result, options)


def _option(drug: str, step: Step, trials: Sequence[Trial], request_on: date) -> OptionResult:
    """The best of the option's trials counts; of several equal ones the last to end, then as listed."""
    found = [_judged(trial, step, request_on) for trial in trials if trial.drug == drug]
    if not found:
        return OptionResult(drug, Met.UNMET, None, None)
    if len(found) == 1:
        return found[0]
    return min(found, key=lambda each: (_BEST[each.result], -_end(each.trial).toordinal()))


def _end(trial: Trial | None) -> date:
    return (trial.ends_on if trial else None) or date.min


def trial_days(trial: Trial) -> int | None:
    """end - start + 1; None if one of them is not on file."""
    if trial.starts_on is None or trial.ends_on is None:
        return None
    return days_between(trial.starts_on, trial.ends_on) + 1


def _judged(trial: Trial, step: Step, request_on: date) -> OptionResult:
    if trial.outcome is None:
        result, missing = _without_outcome(trial, step, request_on)
    else:
        result, missing = _with_outcome(trial, trial.outcome, step, request_on)
    names = tuple([f"{trial.id}.{name}" for name in missing])
    return OptionResult(trial.drug, result, trial, trial_days(trial), names)


def _with_outcome(
    trial: Trial, outcome: TrialOutcome, step: Step, request_on: date
) -> tuple[Met, tuple[str, ...]]:
    """Does a trial of this outcome meet its option? A fact that fails decides before one that is missing."""
    if outcome not in step.outcomes:
        return Met.UNMET, ()
    missing, too_old = [], False
    if outcome is TrialOutcome.INADEQUATE_RESPONSE and step.min_days:
        days = trial_days(trial)
        if days is not None and days < step.min_days:
            return Met.UNMET, ()
        if days is None:
            missing += [] if trial.starts_on else ["from"]
            missing += [] if trial.ends_on else ["to"]
    if outcome is not TrialOutcome.CONTRAINDICATION and step.lookback_days is not None:
        if trial.ends_on is None:
            missing += [] if "to" in missing else ["to"]
        else:
            too_old = trial.ends_on < plus(request_on, -step.lookback_days)
    if step.document_required and trial.documented_on is None:
        missing.append("documented_on")
    if too_old:
        return Met.LOOKBACK, ()
    return (Met.UNKNOWN if missing else Met.MET), tuple(missing)


def _without_outcome(trial: Trial, step: Step, request_on: date) -> tuple[Met, tuple[str, ...]]:
    """No outcome on file: unknown if some accepted outcome could meet it; with what any of them needs."""
    could = [_with_outcome(trial, each, step, request_on) for each in step.outcomes]
    best = min((result for result, _ in could), key=_BEST.__getitem__, default=Met.UNMET)
    if best in (Met.LOOKBACK, Met.UNMET):
        return best, ()
    hopeful = [missing for result, missing in could if result in (Met.MET, Met.UNKNOWN)]
    surely = [name for name in ("from", "to", "documented_on") if all(name in each for each in hopeful)]
    return Met.UNKNOWN, ("outcome", *surely)


def worst(results: Sequence[StepResult]) -> Met:
    """Of the steps the worst decides."""
    return min((each.result for each in results), key=WORST.__getitem__, default=Met.MET)
