"""How long the drug lasts (rulebook 3.1, 3.2) and what the payer counts (3.4)."""

import math
from datetime import date
from fractions import Fraction

from reference.days import plus
from reference.dispensing import Dispensing, day_mg, mg_of
from reference.world import World
from tracker.rules.facts import Regimen


def start_without_fill(world: World) -> date | None:
    """The start of the course in force today, else of the next one."""
    regimen = world.in_force_or_next(world.today)
    return world.course(regimen)[0] if regimen is not None else None


def alike(one: Regimen, other: Regimen) -> bool:
    """Of one drug and formulation; a formulation not on file fits any."""
    if one.drug != other.drug:
        return False
    return one.formulation is None or other.formulation is None or one.formulation == other.formulation


class Shelf:
    """What is on hand while fills and changes of regimen pass by in date order."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.run_out: date | None = None
        self.since: date | None = None
        self.fills: list[Dispensing] = []

    def add(self, fill: Dispensing) -> None:
        start = fill.on if self.run_out is None else max(fill.on, self.run_out)
        if self.run_out is None or self.run_out <= fill.on:
            self.since, self.fills = start, []
        self.fills.append(fill)
        self.run_out = plus(start, fill.days_supply)

    def change(self, old: Regimen, new: Regimen) -> None:
        """A new regimen follows another while drug is on hand: recompute the days."""
        if self.run_out is None or self.run_out <= new.starts_on:
            return
        if not alike(old, new):
            self.run_out = new.starts_on
            return
        left = sum((mg_of(each) for each in self.fills), Fraction(0))
        day = self.since
        assert day is not None
        while day < new.starts_on:
            taken = self.world.of_real_fill(day)
            assert taken is not None
            left -= day_mg(taken)
            day = plus(day, 1)
        self.run_out = plus(new.starts_on, max(0, math.floor(left / day_mg(new))))


def run_out(world: World, fills: list[Dispensing]) -> date | None:
    """The first day without drug after these fills, in date order."""
    if not fills:
        return start_without_fill(world)
    shelf = Shelf(world)
    events: list[tuple[date, int, int]] = []
    for number in range(1, len(world.regimens)):
        events.append((world.regimens[number].starts_on, 0, number))
    for number, fill in enumerate(fills):
        day = fill.on
        if fill.real is None and fill.regimen is not None:
            day = max(day, fill.regimen.starts_on)
        events.append((day, 1, number))
    for _, kind, number in sorted(events):
        if kind == 0:
            shelf.change(world.regimens[number - 1], world.regimens[number])
        else:
            shelf.add(fills[number])
    return shelf.run_out


def payer_run_out(fills: list[Dispensing]) -> date | None:
    """The payer counts days supply, fill by fill."""
    found = None
    for fill in fills:
        start = fill.on if found is None else max(fill.on, found)
        found = plus(start, fill.days_supply)
    return found


def gap(world: World) -> tuple[date, date, int] | None:
    """The days without drug, with a regimen in force, that the last fill left."""
    if len(world.real) < 2:
        return None
    before = run_out(world, world.real[:-1])
    days = []
    day = before
    while day is not None and day < world.real[-1].on:
        if world.in_force(day) is not None:
            days.append(day)
        day = plus(day, 1)
    return (days[0], days[-1], len(days)) if days else None
