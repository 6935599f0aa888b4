"""The table: planned and projected fills of the next 12 months (rulebook 3.3), each with its checks."""

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple

from tracker.rules import parameters
from tracker.rules.answer import CheckResult, TableFill
from tracker.rules.authorization import Ledger
from tracker.rules.book import course_start, regimen_from, regimen_on
from tracker.rules.checks import run_checks
from tracker.rules.dates import FAR, days_between, plus
from tracker.rules.desk import Desk
from tracker.rules.draft import Draft, SoFar
from tracker.rules.facts import PlannedFill, Regimen
from tracker.rules.refill_window import PayerCounts, earliest_on
from tracker.rules.supply import Supply, looking_ahead, refilled, same_product
from tracker.rules.terms import Dispensing, Terms, terms_of
from tracker.rules.today import Today
from tracker.rules.words import Result

_FAIL: Final = Result.FAIL


class Projection(NamedTuple):
    """The dates and the table of one check.

    `holds_until` is the first day on which a fill of it may differ, `grows_on` the day on which the next one
    after its end comes into the 12 months.
    """

    run_out: date | None
    next_fill: date | None
    fills: tuple[TableFill, ...]
    holds_until: date
    grows_on: date


class Steady(NamedTuple):
    """What every fill to come is made of once all are alike; how far the payer's count is past run-out."""

    filled: Dispensing
    carried_days: int


class Projector:
    """Walks from fill to fill; keeps drug on hand, the payers' counts and the units charged so far."""

    def __init__(self, desk: Desk, today: Today, planned: Sequence[PlannedFill]) -> None:
        self.desk, self.today = desk, today
        self.book, self.regimens = desk.book, desk.book.regimens
        self.ahead_days = desk.book.policy.fill_ahead_days
        self.terms = terms_of(desk)
        self.supply: Supply = desk.supply
        self.counts = desk.counts.going_on()
        self.ledger = Ledger(desk.ledger)
        self.made: list[tuple[date, Dispensing]] = []
        last = desk.book.last_supplied
        self.last_on = last.fill.on if last else None
        self.run_out = self.first_run_out = self._run_out()
        self.next_fill: date | None = None
        self.grows_on = FAR
        self._first_possible: date | None = None
        # Planned fills still to be made.
        self.waiting: deque[PlannedFill] = deque(
            each for each in sorted(planned, key=lambda each: each.on) if not today.passed(each.on)
        )
        self.steady: Steady | None = None

    def _run_out(self) -> date | None:
        """First day without drug; with no fill yet the start of the course in force, else of the next."""
        ahead = looking_ahead(self.supply, self.regimens).run_out
        if ahead is not None:
            return ahead
        regimen = regimen_from(self.regimens, self.today.day)
        if regimen is None:
            return None
        self.ends(regimen)
        return course_start(self.regimens, regimen)

    def ends(self, regimen: Regimen) -> None:
        """Note the day from which this regimen is no longer in force."""
        if regimen.ends_on is not None:
            self.today.passed(regimen.ends_on)

    def table(self, fills: Sequence[TableFill]) -> Projection:
        """What was made, with the days on which it may differ."""
        return Projection(
            self.first_run_out, self.next_fill, tuple(fills), self.today.flips_on, self.grows_on
        )

    def fills(self, *, through: date | None = None) -> Iterator[TableFill]:
        """The fills of the 365 days, up to the last day of interest."""
        end = plus(self.today.day, parameters.TABLE_DAYS.value)
        sofar = SoFar(self.today, self.ledger, self.made, self.first_possible)
        while True:
            draft = _next_draft(self) if self.steady is None else self.next_alike(self.steady)
            if draft is None:
                return
            self.next_fill = self.next_fill or draft.on
            if through is not None and draft.on > through:
                return
            if draft.on >= end:
                self.grows_on = plus(draft.on, 1 - parameters.TABLE_DAYS.value)
                return
            yield self.make(draft, sofar)

    def projected(self) -> Draft | None:
        """The next fill if nothing is planned: the first day not before run-out - days ahead, nor today,
        nor too soon, and after the last fill.
        """
        run_out = self.run_out
        if run_out is None:
            return None
        first = run_out if run_out > self.today.day else self.today.day
        while True:
            regimen = regimen_from(self.regimens, first)
            if regimen is None:
                return None
            draft = self._draft_for(regimen, run_out)
            if draft.on <= first:
                return draft
            first = draft.on
            if regimen_from(self.regimens, first) is regimen:
                return draft

    def next_alike(self, steady: Steady) -> Draft:
        """The next fill where all are alike."""
        run_out = self.run_out
        assert run_out is not None
        on = plus(run_out, -self.ahead_days) if self.ahead_days else run_out
        terms = self.terms.on(steady.filled.regimen, on)
        carried = 0 if terms.part_b else steady.carried_days
        return Draft(on, terms, plus(run_out, carried - terms.early_days))

    def _draft_for(self, regimen: Regimen, run_out: date) -> Draft:
        start, today = run_out, self.today.day
        if self.ahead_days or run_out <= regimen.starts_on:
            start = self._not_before(regimen, run_out)
        if start < today:
            start = today
        if self.last_on is not None and start <= self.last_on:
            start = plus(self.last_on, 1)
        return self._not_too_soon(regimen, start, self.counts, run_out)

    def _not_before(self, regimen: Regimen, run_out: date) -> date:
        """Days ahead of run-out; from the start of a course or product for which no drug is on hand."""
        if run_out <= regimen.starts_on:
            start = course_start(self.regimens, regimen)
            if run_out <= start:
                return start
            before = regimen_on(self.regimens, plus(regimen.starts_on, -1))
            if before is not None and not same_product(before.formulation, regimen.formulation):
                return regimen.starts_on
        return plus(run_out, -self.ahead_days)

    def _not_too_soon(self, regimen: Regimen, day: date, counts: PayerCounts, run_out: date | None) -> Draft:
        """The first day from this one on which the payer of that day does not find it too soon."""
        while True:
            terms = self.terms.on(regimen, day)
            earliest = self._earliest(terms, counts, run_out)
            if earliest is None or day >= earliest:
                return Draft(day, terms, earliest)
            day = min(earliest, self.desk.change_after(day))

    def _earliest(self, terms: Terms, counts: PayerCounts, run_out: date | None) -> date | None:
        filled = terms.dispensing
        count = counts.of(filled.regimen.drug, filled.formulation)
        return earliest_on(
            self.book, part_b=terms.part_b, threshold=terms.threshold, count=count, run_out=run_out
        )

    def first_possible(self) -> date:
        """First day from today, after the last real fill, on which one is not too soon."""
        if self._first_possible is None:
            today, last = self.today.day, self.book.last_supplied
            regimen = regimen_from(self.regimens, today) or self.regimens[-1]
            on = today if last is None else max(today, plus(last.fill.on, 1))
            found = self._not_too_soon(regimen, on, self.desk.counts, self.first_run_out)
            self._first_possible = found.on
        return self._first_possible

    def planned(self, planned: PlannedFill) -> Draft | None:
        """A coordinator's fill, for the regimen in force on the first day it covers, else the next one."""
        regimen = regimen_from(self.regimens, max(planned.on, self.run_out or planned.on))
        if regimen is None:
            return None
        terms = self.terms.planned(planned, regimen)
        return Draft(planned.on, terms, self._earliest(terms, self.counts, self.run_out), planned)

    def make(self, draft: Draft, sofar: SoFar) -> TableFill:
        """Check a fill and count it: its units, its supply, the payer's days."""
        on, terms, planned = draft.on, draft.terms, draft.planned
        filled = terms.dispensing
        checks, charged = run_checks(draft, sofar)
        if charged is not None and charged.metered and filled.units is not None:
            self.ledger.charge(charged.pa.id, filled.units)
        self.made.append((on, filled))
        if self.steady is None:
            self._count(on, filled)
        else:
            self.run_out = plus(self.run_out or on, filled.days)
        return TableFill(
            on,
            filled.days,
            terms.plan,
            terms.coverage,
            filled.units,
            charged.pa.id if charged else None,
            _is_ok(checks),
            checks,
            planned is not None,
            filled.regimen.id,
            filled.formulation,
            self.run_out or on,
            planned.override if planned else None,
        )

    def _count(self, on: date, filled: Dispensing) -> None:
        regimen, days = filled.regimen, filled.days
        self.supply = refilled(
            self.supply, self.regimens, on=on, days=days, regimen=regimen, units=filled.units
        )
        self.counts.add(regimen.drug, filled.formulation, on, days)
        self.last_on = on
        self.run_out = looking_ahead(self.supply, self.regimens).run_out
        self.steady = self._now_steady(on, filled)

    def _now_steady(self, last_on: date, filled: Dispensing) -> Steady | None:
        """Is every fill from now on made of the same, so many days ahead of run-out?

        Nothing is planned, the last regimen is open, and the payer's count lasts at least to the day of the
        next fill and so little longer that no rule on file finds that day too soon: then both the drug on
        hand and the count move on by the days of each fill.
        """
        regimen, run_out = filled.regimen, self.run_out
        if self.waiting or self.supply.begun < len(self.regimens):
            return None
        if regimen.ends_on is not None or filled is not self.terms.usual(regimen):
            return None
        count = self.counts.of(regimen.drug, filled.formulation)
        # There is a fill by now, this one.
        assert run_out is not None
        assert count is not None
        on, carried = plus(run_out, -self.ahead_days), count.run_out - run_out.toordinal()
        alike = (
            run_out > max(self.today.day, regimen.starts_on)
            and regimen_from(self.regimens, run_out) is regimen
            and last_on < on >= self.today.day
            and carried >= -self.ahead_days
            and max(carried, 0) + self.ahead_days <= self.terms.least_early_days(filled.days)
        )
        return Steady(filled, carried) if alike else None


def _is_ok(checks: tuple[CheckResult, ...]) -> bool:
    for each in checks:  # noqa: SIM110 # asked of every fill, and a generator takes twice as long
        if each.result is _FAIL:
            return False
    return True


def project(
    desk: Desk, day: date, *, planned: Sequence[PlannedFill] | None = None, through: date | None = None
) -> Projection:
    """Make the table of the 365 days from `day`.

    `planned`: other planned fills in place of the patient's.
    `through`: the last day of interest; what is made after it is left out, and `holds_until` says nothing.
    """
    walk = Projector(desk, Today(day), desk.book.patient.planned_fills if planned is None else planned)
    return walk.table(list(walk.fills(through=through)))


def project_alike(desk: Desk, day: date, like: Projection) -> Projection | None:
    """The table of a later day; None as soon as it turns out to differ."""
    if like.fills and like.fills[0].on < day:
        # No fill of a table is made before its day.
        return None
    walk = Projector(desk, Today(day), desk.book.patient.planned_fills)
    if walk.first_run_out != like.run_out:
        return None
    fills: list[TableFill] = []
    for fill in walk.fills():
        if len(fills) == len(like.fills) or outcome(fill) != outcome(like.fills[len(fills)]):
            return None
        fills.append(fill)
    table = walk.table(fills)
    same = len(fills) == len(like.fills) and table.next_fill == like.next_fill
    return table if same else None


def outcome(fill: TableFill) -> object:
    """What counts of a fill (rulebook 10.5): neither the facts of its checks nor what they are about."""
    return (
        fill.on,
        fill.days_supply,
        fill.plan,
        fill.units,
        fill.authorization,
        [(each.check, each.result, each.code) for each in fill.checks],
    )


def _next_draft(walk: Projector) -> Draft | None:
    """The next projected fill, or the planned one that takes its place (rulebook 3.3)."""
    projected = walk.projected()
    while walk.waiting and not _too_late(walk.waiting[0], projected):
        draft = walk.planned(walk.waiting.popleft())
        if draft is not None:
            if projected is not None:
                # A projected fill that moves on with today stays replaced, unless another regimen's comes.
                walk.ends(projected.terms.dispensing.regimen)
            return draft
    if projected is not None:
        # From the day after it on it could not be made on that day any more.
        walk.today.passed(projected.on)
    return projected


def _too_late(planned: PlannedFill, projected: Draft | None) -> bool:
    """Is it over half a supply after the projected fill, and so another one?"""
    if projected is None:
        return False
    return days_between(projected.on, planned.on) * 2 > projected.terms.dispensing.days
