"""What can be done about it, as on paper, for the rare cases, to be read by people.

`ways.txt` holds the ways over a refused fill, the fill ahead of it, and the steps of a plan in words.

After a change of words, read what changed and write the file anew:

    python tests/rules/test_rule_ways.py > tests/rules/ways.txt
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from casemaker import document
from rare_cases import RARE
from way_cases import WAYS

from tracker.rules.bridge import Bridge, BridgePlan, bridge_plan
from tracker.rules.casefile import case_from
from tracker.rules.desk import Desk
from tracker.rules.facts import Case
from tracker.rules.fill_ahead import FillAhead
from tracker.rules.step_tree import StepTree, step_trees
from tracker.rules.step_words import gaps, lookback_said, option_said, step_title
from tracker.rules.steps import Met

FILE = Path(__file__).parent / "ways.txt"
Lines = Iterator[str]


def documents() -> Iterator[tuple[str, Case]]:
    for name, facts in (RARE | WAYS).items():
        yield name, case_from(document(**facts))


def bridge_lines(way: Bridge) -> Lines:
    buys = "" if way.buys_days is None else f" ({way.buys_days})"
    yield f"{way.kind}: {way.what}"
    yield f"  until {way.until_said}{'' if way.in_time else ': too late'}"
    yield from (f"  needs {each}" for each in way.needs)
    yield f"  buys  {way.buys}{buys}"
    yield f"  by    {way.source}, verified {way.verified_on}"


def over(plan: BridgePlan) -> Lines:
    """The ways over the first refused fill."""
    codes = ", ".join(plan.codes)
    ways = ", ".join(each.kind for each in plan.bridges) or "none"
    yield f"refused on {plan.harm_on} by {plan.payer} for {codes}, drug until {plan.runs_out_on}"
    yield f"ways of {codes} by {plan.payer}: {ways}"
    for way in plan.bridges:
        yield "\n".join(bridge_lines(way))


def ahead_lines(found: FillAhead) -> Lines:
    yield found.message
    yield from (f"  note  {each}" for each in found.notes)
    yield from (f"  sum   {each.op:1} {each.label}: {each.value} ({each.note})" for each in found.sums)
    unverified = ", ".join(found.unverified) or "nothing"
    instead = ", ".join(map(str, found.instead_of)) or "none"
    yield f"  of {found.fill.regimen}, refused {found.refused_on}"
    yield f"  unverified {unverified}; instead of {instead}"


def before(plan: BridgePlan) -> Lines:
    """The fill ahead of the refused one."""
    if plan.ahead is not None:
        yield "\n".join(ahead_lines(plan.ahead))


def tree_lines(tree: StepTree, as_of: date) -> Lines:
    asked_on = tree.asked.asked_on or as_of
    yield (
        f"{tree.member.plan.id} for {tree.regimen.id} from {tree.fill.on}, {tree.fills} fills: "
        f"{tree.result}, exempt {tree.asked.exempt}, asked on {tree.asked.asked_on}, "
        f"codes {', '.join(tree.asked.codes)}"
    )
    for number, step in enumerate(tree.asked.steps, 1):
        yield f"  {step_title(number, step.step)}; {lookback_said(step.step, asked_on)}: {step.result}"
        for each in step.options:
            counted, why = option_said(each, step.step, asked_on, step_met=step.result is Met.MET)
            yield f"    {each.drug}: {each.result}, {counted}. {why}".rstrip()
    for gap in gaps(tree.asked.steps):
        yield f"  {gap.way} for option {gap.option} of step {gap.step}: {gap.text}"


def steps(case: Case) -> Lines:
    """The plan's steps, and what would meet them."""
    for tree in step_trees(Desk(case), case.as_of):
        yield "\n".join(tree_lines(tree, case.as_of))


def told(case: Case) -> Iterator[tuple[str, str]]:
    """Each thing that can be said of a case, under its heading."""
    plan = bridge_plan(case, case.as_of)
    if plan is not None:
        for say in (over, before):
            for line in say(plan):
                yield say.__doc__ or "", line
    for line in steps(case):
        yield steps.__doc__ or "", line


def examples() -> Lines:
    """Of each case what no case before it said."""
    said: set[str] = set()
    for name, case in documents():
        new: dict[str, list[str]] = {}
        for heading, line in told(case):
            if line not in said:
                said.add(line)
                new.setdefault(heading, []).append(line)
        for heading, lines in new.items():
            yield "\n".join([f"{name}: {heading}", *lines]) + "\n"


def test_the_ways_are_those_that_were_read() -> None:
    assert "\n".join(examples()) == FILE.read_text(encoding="utf-8")


if __name__ == "__main__":
    print("\n".join(examples()), end="")
