"""The step therapy of a patient's plans as pages show it: each rule a tree, with its gaps and grounds.

The trees are the check's own; this file puts names and days to them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.rules.answer import CheckResult
from tracker.rules.desk import Desk
from tracker.rules.facts import Trial
from tracker.rules.lifecycle import decision_hours, start_by
from tracker.rules.step_tree import StepTree, step_trees
from tracker.rules.step_words import Gap, gaps, lookback_said, option_said, said, step_title
from tracker.rules.steps import Met, OptionResult, StepResult
from tracker.rules.steps_check import ALREADY_ON_DRUG, EXCEPTION, NOT_ASKED
from tracker.rules.words import Check, Result, TrialOutcome
from tracker.services.loading import load_cases


@dataclass(frozen=True, slots=True)
class Leaf:
    """One option of a step. `option`: where it stands in the tree, as in `2.1.0`; `tried_under`: a plan."""

    option: str
    drug: str
    result: str
    trial_id: str | None
    taken: str
    counted: str
    why: str
    document: str
    tried_under: str


@dataclass(frozen=True, slots=True)
class Branch:
    title: str
    result: str
    leaves: Sequence[Leaf]


@dataclass(frozen=True, slots=True)
class NextStep:
    """What would meet a step; `option` names the leaf it is about, as in `2.1.0`."""

    step: int
    option: str
    text: str
    way: str
    label: str
    trial_id: str | None


@dataclass(frozen=True, slots=True)
class Ground:
    """A ground for an exception: whether it stands on file, and what is known of it."""

    name: str
    stands: bool
    note: str


@dataclass(frozen=True, slots=True)
class RuleTree:
    """One plan's rule. `exempt`: why no steps are asked; `result` empty: nothing is asked, or not known."""

    number: int
    plan_id: str
    plan: str
    codes: Sequence[str]
    result: str
    headline: str
    exempt: str
    details_known: bool
    about: str
    source: str
    branches: Sequence[Branch]
    gaps: Sequence[NextStep]
    grounds: Sequence[Ground]
    first_fill_on: date
    fills: int
    refused: bool
    dispute: bool
    start_by: date | None
    lead: str


EXEMPT = {
    NOT_ASKED: "The plan asks for no step therapy.",
    EXCEPTION: "A step therapy exception is in force, so no steps are asked.",
    ALREADY_ON_DRUG: "The rule holds for new starts only, and the patient is on the drug already.",
}
RESULTS = {Met.MET: "met", Met.UNKNOWN: "unknown", Met.LOOKBACK: "lookback", Met.UNMET: "unmet"}


def step_page(session: Db, clinic: Clinic, patient_id: str, *, on: date) -> list[RuleTree]:
    """The rule for the next fill, then those of plans that pay later within 12 months."""
    desk, trees = _trees(session, clinic, patient_id, on)
    return [_tree(number, desk, each) for number, each in enumerate(trees, 1)]


def drug_at(session: Db, clinic: Clinic, patient_id: str, place: str, *, on: date) -> str | None:
    """The drug that an option's place (`2.1.0`) stands for; None if there is none there (any more)."""
    found = _option(_trees(session, clinic, patient_id, on)[1], place)
    return said(found[1].drug) if found else None


def evidence_asked(session: Db, clinic: Clinic, patient_id: str, place: str, *, on: date) -> str | None:
    """What to write into the log when the evidence of an option is asked for."""
    trees = _trees(session, clinic, patient_id, on)[1]
    found = _option(trees, place)
    if found is None:
        return None
    tree, _ = found
    step, option = (int(part) for part in place.split(".")[1:])
    text = next(
        (each.text for each in gaps(tree.asked.steps) if (each.step, each.option) == (step, option)), None
    )
    return f"Evidence asked for, step {step}: {text}" if text else None


def exception_asked(
    session: Db, clinic: Clinic, patient_id: str, number: int, *, on: date
) -> tuple[StepTree, str] | None:
    """The rule that an exception is asked from, with the grounds on file in words."""
    trees = _trees(session, clinic, patient_id, on)[1]
    if not 1 <= number <= len(trees) or trees[number - 1].result is None:
        return None
    tree = trees[number - 1]
    grounds = [f"{each.name}: {each.note}" for each in _grounds(tree) if each.stands]
    return tree, "; ".join(grounds)


def _trees(session: Db, clinic: Clinic, patient_id: str, on: date) -> tuple[Desk, list[StepTree]]:
    desk = Desk(load_cases(session, clinic, [patient_id], as_of=on)[patient_id])
    return desk, step_trees(desk, on)


def _option(trees: Sequence[StepTree], place: str) -> tuple[StepTree, OptionResult] | None:
    parts = place.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts):
        return None
    tree, step, option = (int(part) for part in parts)
    if not 1 <= tree <= len(trees) or not 1 <= step <= len(trees[tree - 1].asked.steps):
        return None
    options = trees[tree - 1].asked.steps[step - 1].options
    return (trees[tree - 1], options[option]) if option < len(options) else None


# ------------------------------------------------------------------------------------------ one rule


def _tree(number: int, desk: Desk, tree: StepTree) -> RuleTree:
    asked, rule = tree.asked, tree.asked.rule
    plan = tree.member.plan.payer or "The plan"
    result = tree.result
    check = _check(tree)
    refused = check.result is Result.FAIL
    return RuleTree(
        number=number,
        plan_id=tree.member.plan.id,
        plan=plan,
        codes=asked.codes,
        result=RESULTS[result] if result else "",
        headline=_headline(plan, asked.steps),
        exempt=EXEMPT[asked.exempt] if asked.exempt else "",
        details_known=bool(asked.steps) or asked.exempt is not None,
        about=_about(desk, tree),
        source=_source(rule.source if rule else None, rule.verified_on if rule else None),
        branches=[_branch(number, place, each, desk, tree) for place, each in enumerate(asked.steps, 1)],
        gaps=[_next(number, each, tree) for each in gaps(asked.steps)] if result else [],
        grounds=_grounds(tree) if result else [],
        first_fill_on=tree.fill.on,
        fills=tree.fills,
        refused=refused,
        dispute=asked.dispute,
        start_by=start_by(desk, tree.fill) if refused else None,
        lead=_lead(desk, tree),
    )


def _check(tree: StepTree) -> CheckResult:
    return next(each for each in tree.fill.checks if each.check is Check.STEP_THERAPY)


def _headline(plan: str, steps: Sequence[StepResult]) -> str:
    """`Northstar asks for 3 steps: 1 met, 1 unknown, 1 not met`."""
    words = {Met.MET: "met", Met.UNKNOWN: "unknown", Met.LOOKBACK: "too long ago", Met.UNMET: "not met"}
    results = [each.result for each in steps]
    counted = [f"{results.count(met)} {word}" for met, word in words.items() if met in results]
    noun = "step" if len(steps) == 1 else "steps"
    return f"{plan} asks for {len(steps)} {noun}: {', '.join(counted)}" if steps else plan


def _about(desk: Desk, tree: StepTree) -> str:
    """The request date that look-backs are counted from, and where it comes from."""
    asked_on = tree.asked.asked_on
    if asked_on is None:
        return ""
    today = asked_on == desk.book.case.as_of
    note = "today, as nothing asked for earlier counts" if today else "of the authorization or request"
    return f"Request date {asked_on:%a} {asked_on} ({note})"


def _source(source: str | None, verified_on: date | None) -> str:
    verified = f"verified {verified_on:%a} {verified_on}" if verified_on else "not verified"
    return f"{source or 'Source not on file'}, {verified}"


def _branch(number: int, place: int, found: StepResult, desk: Desk, tree: StepTree) -> Branch:
    met = found.result is Met.MET
    leaves = [
        _leaf(f"{number}.{place}.{option}", each, found, desk, tree, met=met)
        for option, each in enumerate(found.options)
    ]
    assert tree.asked.asked_on is not None
    title = f"{step_title(place, found.step)}; {lookback_said(found.step, tree.asked.asked_on)}"
    return Branch(title, RESULTS[found.result], leaves)


def _leaf(place: str, found: OptionResult, of: StepResult, desk: Desk, tree: StepTree, *, met: bool) -> Leaf:
    assert tree.asked.asked_on is not None
    counted, why = option_said(found, of.step, tree.asked.asked_on, step_met=met)
    trial = found.trial
    return Leaf(
        option=place,
        drug=said(found.drug),
        result=RESULTS[found.result] if trial else "none",
        trial_id=trial.id if trial else None,
        taken=_taken(trial),
        counted=counted,
        why=why,
        document=_document(trial),
        tried_under=_tried_under(desk, trial, tree),
    )


def _taken(trial: Trial | None) -> str:
    if trial is None or (trial.starts_on is None and trial.ends_on is None):
        return ""
    return f"{trial.starts_on or '?'} to {trial.ends_on or '?'}"


def _document(trial: Trial | None) -> str:
    if trial is None:
        return ""
    return f"Document of {trial.documented_on}" if trial.documented_on else "no document"


def _tried_under(desk: Desk, trial: Trial | None, tree: StepTree) -> str:
    """The plan that paid first when a trial ended, if it is another one."""
    if trial is None or trial.ends_on is None:
        return ""
    first = desk.payer(trial.ends_on).first
    if first is None or first.plan.id == tree.member.plan.id:
        return ""
    return f"Tried under {first.plan.payer or 'another plan'}."


def _next(number: int, gap: Gap, tree: StepTree) -> NextStep:
    trial = tree.asked.steps[gap.step - 1].options[gap.option].trial
    place = f"{number}.{gap.step}.{gap.option}"
    return NextStep(gap.step, place, gap.text, gap.way.value, gap.way.label, trial.id if trial else None)


def _grounds(tree: StepTree) -> list[Ground]:
    options = [option for step in tree.asked.steps for option in step.options if option.trial]
    tried = [each for each in options if each.result is Met.LOOKBACK]
    proved = [each for each in tried if each.trial and each.trial.documented_on]
    if proved:
        note = ", ".join(_proof(each) for each in proved)
    elif tried:
        note = f"{said(tried[0].drug)} was tried, but no chart proof is on file"
    else:
        note = "no failed trial before the look-back on file"
    against = [each for each in options if each.trial and each.trial.outcome is TrialOutcome.CONTRAINDICATION]
    named = ", ".join(said(each.drug) for each in against)
    return [
        Ground("Tried and failed under current or previous plan", bool(proved), note),
        Ground("Contraindicated", bool(against), named or "nothing on file"),
        Ground(
            "Stable on the drug",
            tree.asked.on_drug,
            "a paid fill within 365 days" if tree.asked.on_drug else "no paid fill in the last 365 days",
        ),
    ]


def _proof(found: OptionResult) -> str:
    assert found.trial is not None
    return f"{said(found.drug)}, ended {found.trial.ends_on}, documented on {found.trial.documented_on}"


def _lead(desk: Desk, tree: StepTree) -> str:
    """The days that `start_by` leaves, in words."""
    hours = decision_hours(tree.member.plan).standard or 0
    policy = desk.book.policy
    return (
        f"{-(-hours // 24)} days for the decision, {policy.shipping_days} shipping, "
        f"{policy.preparation_days} preparation"
    )
