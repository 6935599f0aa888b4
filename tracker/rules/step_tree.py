"""What the plan's step therapy asks of the fills to come, as trees to read (rulebook 6).

The trees are those that the step check of each fill climbs: nothing is decided here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from tracker.rules.answer import TableFill
from tracker.rules.authorization import Ledger, Permit
from tracker.rules.book import Member
from tracker.rules.desk import Desk
from tracker.rules.draft import SoFar
from tracker.rules.facts import Regimen
from tracker.rules.projection import project
from tracker.rules.steps import Met, worst
from tracker.rules.steps_check import Asked, steps_asked
from tracker.rules.terms import Terms, dispensing
from tracker.rules.today import Today
from tracker.rules.words import Check


@dataclass(frozen=True, slots=True)
class StepTree:
    """One rule of the plan that pays, from the first fill it holds for. `fills`: how many it holds for."""

    fill: TableFill
    member: Member
    regimen: Regimen
    asked: Asked
    fills: int

    @property
    def result(self) -> Met | None:
        """Of the steps the worst; None where nothing is asked or the details are not known."""
        return worst(self.asked.steps) if self.asked.steps and self.asked.exempt is None else None


def step_trees(desk: Desk, day: date) -> list[StepTree]:
    """Every rule that holds for a fill of the 12 months from `day`, each once, in the order of the fills."""
    found: dict[object, StepTree] = {}
    for fill, terms, sofar, charged in _made(desk, day):
        for each in steps_asked(terms, sofar, charged):
            key = terms.member.plan.id, id(each.rule)
            first = found.get(key)
            if first is None:
                found[key] = StepTree(fill, terms.member, terms.dispensing.regimen, each, 1)
            else:
                found[key] = StepTree(first.fill, first.member, first.regimen, first.asked, first.fills + 1)
    return list(found.values())


def _made(desk: Desk, day: date) -> Iterator[tuple[TableFill, Terms, SoFar, Permit | None]]:
    """The table's fills as the step check saw them; those for which it was left out are left out here."""
    permits = {each.pa.id: each for each in desk.permits}
    regimens = {each.id: each for each in desk.book.regimens}
    # The step check asks nothing of the refill window.
    sofar = SoFar(Today(day), Ledger(desk.ledger), [], lambda: day)
    for fill in project(desk, day).fills:
        charged = permits.get(fill.authorization) if fill.authorization else None
        if any(each.check is Check.STEP_THERAPY for each in fill.checks):
            yield fill, _terms(desk, fill, regimens[fill.regimen]), sofar, charged
        if charged is not None and fill.units is not None:
            sofar.ledger.charge(charged.pa.id, fill.units)


def _terms(desk: Desk, fill: TableFill, regimen: Regimen) -> Terms:
    return Terms(desk, dispensing(regimen, fill.days_supply, fill.units, fill.formulation), fill.on)
