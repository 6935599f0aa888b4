"""The table: planned and projected fills of the next 12 months (rulebook 3.3), each with its checks."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tracker.rules import parameters
from tracker.rules.answer import TableFill
from tracker.rules.authorization import Ledger
from tracker.rules.book import course_start, regimen_from, regimen_on
from tracker.rules.checks import run_checks
from tracker.rules.dates import plus
from tracker.rules.desk import Desk
from tracker.rules.draft import Draft, codes_asked
from tracker.rules.facts import PlannedFill, Regimen
from tracker.rules.quantity import Dispensed
from tracker.rules.refill_window import Window, window
from tracker.rules.supply import Supply, looking_ahead, refilled, same_product
from tracker.rules.today import Today
from tracker.rules.units import Units, dispensed
from tracker.rules.words import Formulation, Result


@dataclass(frozen=True, slots=True)
class Projection:
    """The dates and the table of one check; `holds_until` is the first day on which they may differ."""

    run_out: date | None
    next_fill: date | None
    fills: tuple[TableFill, ...]
    holds_until: date


@dataclass(frozen=True, slots=True)
class Slot:
    """When a fill is made, for which regimen, and what is dispensed."""

    on: date
    regimen: Regimen
    days: int
    units: Units | None
    formulation: Formulation | None
    planned: PlannedFill | None = None
    window: Window | None = None


class Projector:
    """Walks from fill to fill; keeps drug on hand, the payers' counts and the units charged so far."""

    def __init__(self, desk: Desk, today: Today) -> None:
        self.desk, self.today = desk, today
        self.regimens = desk.book.regimens
        self.supply: Supply = desk.supply
        self.counts = desk.counts.copy()
        self.ledger = Ledger(desk.ledger.used)
        self.earlier: list[Dispensed] = desk.earlier.copy()
        last = desk.book.last_supplied
        self.last_on = last.fill.on if last else None
        self.run_out = self._run_out()
        self._first_possible: date | None = None

    def _run_out(self) -> date | None:
        """First day without drug; with no fill yet the start of the course in force, else of the next."""
        ahead = looking_ahead(self.supply, self.regimens).run_out
        if ahead is not None:
            return ahead
        regimen = regimen_from(self.regimens, self.today.day)
        if regimen is None:
            return None
        if regimen.ends_on is not None:
            self.today.passed(regimen.ends_on)
        return course_start(self.regimens, regimen)

    def projected(self) -> Slot | None:
        """The next fill if nothing is planned: the first day not before run-out - days ahead, nor today,
        nor too soon, and after the last fill.
        """
        run_out = self.run_out
        if run_out is None:
            return None
        first = max(run_out, self.today.day)
        while True:
            regimen = regimen_from(self.regimens, first)
            if regimen is None:
                return None
            slot = self._slot_for(regimen, run_out)
            first = max(slot.on, run_out)
            if regimen_from(self.regimens, first) is regimen:
                return slot

    def _slot_for(self, regimen: Regimen, run_out: date) -> Slot:
        start = max(self._not_before(regimen, run_out), self.today.day)
        if self.last_on is not None:
            start = max(start, plus(self.last_on, 1))
        units, days = dispensed(regimen, regimen.days_supply)
        slot = Slot(start, regimen, days, units, regimen.formulation)
        on, allowed = self._not_too_soon(slot)
        return Slot(on, regimen, days, units, regimen.formulation, window=allowed)

    def _not_before(self, regimen: Regimen, run_out: date) -> date:
        """Days ahead of run-out; from the start of a course or product for which no drug is on hand."""
        start = course_start(self.regimens, regimen)
        if run_out <= start:
            return start
        if run_out <= regimen.starts_on:
            before = regimen_on(self.regimens, plus(regimen.starts_on, -1))
            if before is not None and not same_product(before.formulation, regimen.formulation):
                return regimen.starts_on
        return plus(run_out, -self.desk.book.policy.fill_ahead_days)

    def _not_too_soon(self, slot: Slot) -> tuple[date, Window]:
        """The first day from the slot's on which the payer of that day does not find it too soon."""
        day, codes = slot.on, codes_asked(slot.units, slot.regimen)
        while True:
            found = self.window(slot, codes, day)
            if found.earliest is None or day >= found.earliest:
                return day, found
            day = min(found.earliest, self.desk.change_after(day))

    def window(self, slot: Slot, codes: Sequence[str], day: date) -> Window:
        member = self.desk.payer(day).paying
        rules = self.desk.rules(member, slot.regimen, codes, day)
        count = self.counts.of(slot.regimen.drug, slot.formulation)
        return window(self.desk.book, member, rules, count=count, run_out=self.run_out)

    def first_possible(self) -> date:
        """First day from today, after the last real fill, on which one is not too soon."""
        if self._first_possible is None:
            start = Projector(self.desk, Today(self.today.day))
            regimen = regimen_from(self.regimens, self.today.day) or self.regimens[-1]
            units, days = dispensed(regimen, regimen.days_supply)
            on = self.today.day if start.last_on is None else max(self.today.day, plus(start.last_on, 1))
            slot = Slot(on, regimen, days, units, regimen.formulation)
            self._first_possible = start._not_too_soon(slot)[0]
        return self._first_possible

    def planned(self, planned: PlannedFill) -> Slot | None:
        """A coordinator's fill, for the regimen in force on the first day it covers, else the next one."""
        regimen = regimen_from(self.regimens, max(planned.on, self.run_out or planned.on))
        if regimen is None:
            return None
        days = planned.days_supply or regimen.days_supply
        units = planned.units
        if units is None:
            units, days = dispensed(regimen, days)
        return Slot(planned.on, regimen, days, units, planned.formulation or regimen.formulation, planned)

    def make(self, slot: Slot) -> TableFill:
        """Check a fill and count it: its units, its supply, the payer's days."""
        codes = codes_asked(slot.units, slot.regimen)
        payer = self.desk.payer(slot.on)
        draft = Draft(
            desk=self.desk,
            today=self.today,
            on=slot.on,
            days=slot.days,
            regimen=slot.regimen,
            formulation=slot.formulation,
            units=slot.units,
            payer=payer,
            codes=codes,
            rules=self.desk.rules(payer.paying, slot.regimen, codes, slot.on),
            ledger=self.ledger,
            earlier=self.earlier,
            window=slot.window or self.window(slot, codes, slot.on),
            override=slot.planned.override if slot.planned else None,
            planned=slot.planned is not None,
            first_possible=self.first_possible,
        )
        checks, charged = run_checks(draft)
        if charged is not None and slot.units is not None:
            self.ledger.charge(charged.pa.id, slot.units)
        self._count(slot)
        return TableFill(
            on=slot.on,
            days_supply=slot.days,
            plan=payer.paying.plan.id if payer.paying else None,
            coverage=payer.paying.coverage.id if payer.paying else None,
            units=slot.units,
            authorization=charged.pa.id if charged else None,
            ok=all(each.result is not Result.FAIL for each in checks),
            checks=checks,
            planned=draft.planned,
            regimen=slot.regimen.id,
            formulation=slot.formulation,
            runs_out_on=self.run_out or slot.on,
            override=draft.override,
        )

    def _count(self, slot: Slot) -> None:
        self.supply = refilled(
            self.supply, self.regimens, on=slot.on, days=slot.days, regimen=slot.regimen, units=slot.units
        )
        self.counts.add(slot.regimen.drug, slot.formulation, slot.on, slot.days)
        self.earlier.append(Dispensed(slot.on, slot.days, slot.regimen, slot.units))
        self.last_on = slot.on
        self.run_out = looking_ahead(self.supply, self.regimens).run_out


def project(desk: Desk, day: date, *, through: date | None = None) -> Projection:
    """Make the table of the 365 days from `day`.

    `through`: the last day of interest; what is made after it is left out, and `holds_until` says nothing.
    """
    today = Today(day)
    walk = Projector(desk, today)
    run_out, next_fill = walk.run_out, None
    planned = deque(
        each
        for each in sorted(desk.book.patient.planned_fills, key=lambda each: each.on)
        if not today.passed(each.on)
    )
    end = plus(day, parameters.TABLE_DAYS.value)
    fills: list[TableFill] = []
    while True:
        slot = _next_slot(walk, planned)
        if slot is None:
            break
        next_fill = next_fill or slot.on
        if through is not None and slot.on > through:
            break
        if slot.on >= end:
            today.changes_on(plus(slot.on, 1 - parameters.TABLE_DAYS.value))
            break
        fills.append(walk.make(slot))
    return Projection(run_out, next_fill, tuple(fills), today.flips_on)


def _next_slot(walk: Projector, planned: "deque[PlannedFill]") -> Slot | None:
    """The next projected fill, or the planned one that takes its place (rulebook 3.3)."""
    projected = walk.projected()
    if projected is not None:
        # From the day after it on it could not be made on that day any more.
        walk.today.passed(projected.on)
    while planned:
        first = planned[0]
        if projected is not None and (first.on - projected.on).days * 2 > projected.days:
            return projected
        slot = walk.planned(planned.popleft())
        if slot is not None:
            return slot
    return projected
