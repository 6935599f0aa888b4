"""A step tree in words: what each trial proves or lacks, and what would meet a step (rulebook 6)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from tracker.rules.dates import days_between, plus
from tracker.rules.facts import Step, Trial
from tracker.rules.steps import Met, OptionResult, StepResult
from tracker.rules.words import TrialOutcome, Word

MISSING = {
    "outcome": "outcome",
    "from": "start date",
    "to": "end date",
    "documented_on": "document",
}


class Way(Word):
    """What a coordinator does about an open option."""

    EVIDENCE = "evidence", "Request"
    TRIAL = "trial", "Add trial"
    EXCEPTION = "exception", "Draft exception"


@dataclass(frozen=True, slots=True)
class Gap:
    """What would meet one step: a sentence, the option it is about (from 0) and the way to go."""

    step: int
    option: int
    text: str
    way: Way


def step_title(number: int, step: Step) -> str:
    """`Step 2: one of methotrexate, acitretin, 90 days or more, document required`."""
    named = ", ".join(said(drug) for drug in step.options)
    of = named if len(step.options) == 1 else f"{_count(step.need)} of {len(step.options)}: {named}"
    length = f"{step.min_days} days or more" if step.min_days else "any length"
    document = ", document required" if step.document_required else ""
    return f"Step {number}: {of}; {length}{document}"


def lookback_said(step: Step, asked_on: date) -> str:
    """`look-back 365 days, from 2025-06-08`."""
    if step.lookback_days is None:
        return "no look-back"
    return f"look-back {step.lookback_days} days, from {plus(asked_on, -step.lookback_days)}"


def option_said(found: OptionResult, step: Step, asked_on: date, *, step_met: bool) -> tuple[str, str]:
    """(the count or what is missing, why it counts or does not) of one option."""
    trial = found.trial
    if trial is None:
        return ("not needed, enough others are met" if step_met else "no trial on file"), ""
    if found.result is Met.UNKNOWN:
        missing = [MISSING[name.rsplit(".", 1)[-1]] for name in found.missing]
        return ", ".join(f"{each} missing" for each in missing), "A fact that decides is not on file."
    if found.result is Met.LOOKBACK:
        return _too_old(found, trial, step, asked_on)
    if found.result is Met.MET:
        return _counted(found, trial, step), ""
    return _unmet(found, trial, step)


def _counted(found: OptionResult, trial: Trial, step: Step) -> str:
    outcome = _outcome(trial)
    if found.days is None:
        return outcome
    needed = f", {step.min_days} needed" if step.min_days and _by_length(trial) else ""
    return f"{_days(found.days)}{needed}; {outcome}"


def _too_old(found: OptionResult, trial: Trial, step: Step, asked_on: date) -> tuple[str, str]:
    begins = plus(asked_on, -(step.lookback_days or 0))
    ended = days_between(trial.ends_on, begins) if trial.ends_on else 0
    counted = f"{_days(found.days)}, " if found.days is not None else ""
    proof = (
        "Ground for an exception: tried and failed under current or previous plan, chart proof on file."
        if trial.documented_on
        else "Without a document it is no ground for an exception."
    )
    return f"{counted}ended {_days(ended)} before the look-back", f"It begins on {begins}. {proof}"


def _unmet(found: OptionResult, trial: Trial, step: Step) -> tuple[str, str]:
    if trial.outcome is not None and trial.outcome not in step.outcomes:
        return f"{_outcome(trial)} does not count", f"What counts: {_accepted(step)}."
    short = (step.min_days or 0) - (found.days or 0)
    others = [
        each for each in step.outcomes if each in (TrialOutcome.INTOLERANCE, TrialOutcome.CONTRAINDICATION)
    ]
    more = f" {_listed(others).capitalize()} counts at any length." if others else ""
    return (
        f"{_days(found.days or 0)}, {step.min_days} needed: {short} short",
        f"Inadequate response counts only from {step.min_days} days.{more}",
    )


def gaps(steps: Sequence[StepResult]) -> list[Gap]:
    """What would meet each step that is not met yet; the nearest way of each step first."""
    nearest = {Met.UNKNOWN: 0, Met.LOOKBACK: 1, Met.UNMET: 2}
    found: list[Gap] = []
    for number, each in enumerate(steps, 1):
        if each.result is not Met.MET:
            mine = sorted(_open(each), key=lambda pair: (nearest[pair[1].result], pair[1].trial is None))
            found += [_gap(number, place, option, each.step) for place, option in mine]
    return found


def _open(step: StepResult) -> Iterator[tuple[int, OptionResult]]:
    return ((place, each) for place, each in enumerate(step.options) if each.result is not Met.MET)


def _gap(number: int, place: int, found: OptionResult, step: Step) -> Gap:
    drug, trial = said(found.drug), found.trial
    if found.result is Met.UNKNOWN:
        missing = _listed([MISSING[name.rsplit(".", 1)[-1]] for name in found.missing], "and")
        return Gap(number, place, f"{missing.capitalize()} of the {drug} trial.", Way.EVIDENCE)
    if found.result is Met.LOOKBACK:
        if trial is not None and trial.documented_on:
            text = f"An exception: {drug} was tried and failed under current or previous plan."
            return Gap(number, place, text, Way.EXCEPTION)
        return Gap(number, place, f"Chart proof of the {drug} trial, then an exception.", Way.EVIDENCE)
    if trial is None or trial.outcome is None:
        return Gap(number, place, f"A trial of {drug}{_length(step)}: {_accepted(step)}.", Way.TRIAL)
    text = f"Ask whether {drug} ended otherwise than \u201c{_outcome(trial)}\u201d: {_at_once(step)}."
    return Gap(number, place, text, Way.EVIDENCE)


def _at_once(step: Step) -> str:
    quick = [each for each in step.outcomes if each is not TrialOutcome.INADEQUATE_RESPONSE]
    if not quick:
        return f"only {_accepted(step)}{_length(step)} counts"
    return f"{_listed(quick)} would meet it at once"


def _length(step: Step) -> str:
    return f" of {step.min_days} days or more" if step.min_days else ""


def _accepted(step: Step) -> str:
    return _listed(step.outcomes) if step.outcomes else "no outcome is accepted by the rule on file"


def _listed(names: Sequence[str], last: str = "or") -> str:
    words = [said(each) for each in names]
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _outcome(trial: Trial) -> str:
    return trial.outcome.label if trial.outcome else "outcome missing"


def _by_length(trial: Trial) -> bool:
    return trial.outcome is TrialOutcome.INADEQUATE_RESPONSE


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _count(need: int) -> str:
    return {1: "one", 2: "two", 3: "three"}.get(need, str(need))


def said(word: str) -> str:
    """A stored word, or a drug as the plan names it, as people read it."""
    return word.label if isinstance(word, Word) else str(word).replace("_", " ")
