"""Drug on hand: run-out, carry-over, and what a change of regimen makes of it (rulebook 3.1, 3.2)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tracker.rules.book import Book, Supplied
from tracker.rules.dates import days_between, plus
from tracker.rules.facts import Regimen
from tracker.rules.units import Units, mg_of, mg_per_day
from tracker.rules.words import Formulation

Regimens = tuple[Regimen, ...]


@dataclass(frozen=True, slots=True)
class Supply:
    """Drug on hand after some fills and regimen starts.

    `run_out` None: no fill yet. `since` is the day on which a fill last started with nothing on hand,
    `mg` what was dispensed from then on, `begun` the number of regimens whose start is worked in.
    """

    run_out: date | None = None
    since: date | None = None
    mg: Decimal = Decimal(0)
    begun: int = 0


@dataclass(frozen=True, slots=True)
class Gap:
    """Days without drug on which a regimen was in force."""

    first: date
    last: date
    days: int


def same_product(one: Formulation | None, other: Formulation | None) -> bool:
    """A formulation not on file fits any."""
    return one is None or other is None or one is other


def through(supply: Supply, regimens: Regimens, day: date) -> Supply:
    """Work in the regimens that start up to `day`, while drug is on hand."""
    for number in range(supply.begun, len(regimens)):
        if regimens[number].starts_on > day:
            return supply
        supply = _begin(supply, regimens, number)
    return supply


def looking_ahead(supply: Supply, regimens: Regimens) -> Supply:
    """Work in all regimens still to come: the run-out as it will be."""
    for number in range(supply.begun, len(regimens)):
        supply = _begin(supply, regimens, number)
    return supply


def _begin(supply: Supply, regimens: Regimens, number: int) -> Supply:
    """A new regimen follows another: days on hand are recomputed (rulebook 3.2).

    mg on hand divided by the new mg per day, rounded down; of another drug or formulation nothing is left.
    """
    new, run_out = regimens[number], supply.run_out
    begun = number + 1
    if number == 0 or run_out is None or supply.since is None or run_out <= new.starts_on:
        return Supply(run_out, supply.since, supply.mg, begun)
    old = regimens[number - 1]
    if old.drug is not new.drug or not same_product(old.formulation, new.formulation):
        return Supply(new.starts_on, supply.since, supply.mg, begun)
    left = supply.mg - _taken(regimens[:number], supply.since, new.starts_on)
    days = max(int(left // mg_per_day(new)), 0)
    return Supply(plus(new.starts_on, days), supply.since, supply.mg, begun)


def _taken(regimens: Regimens, since: date, until: date) -> Decimal:
    """Milligrams taken from `since` up to the day before `until`, each day at the dose of its time."""
    mg = Decimal(0)
    for number, regimen in enumerate(regimens):
        first = since if number == 0 else max(since, regimen.starts_on)
        last = regimens[number + 1].starts_on if number + 1 < len(regimens) else until
        mg += max(days_between(first, last), 0) * mg_per_day(regimen)
    return mg


def refilled(
    supply: Supply, regimens: Regimens, *, on: date, days: int, regimen: Regimen, units: Units | None
) -> Supply:
    """Supply after one more fill (rulebook 3.1): an early one carries over, a late one starts on its date.

    A fill made for a regimen that starts after it adds to what is left at that start.
    """
    supply = through(supply, regimens, max(on, regimen.starts_on))
    return _added(supply, on, days, _dispensed_mg(regimen, days, units))


def _added(supply: Supply, on: date, days: int, mg: Decimal) -> Supply:
    if supply.run_out is None or on >= supply.run_out:
        return Supply(plus(on, days), on, mg, supply.begun)
    return Supply(plus(supply.run_out, days), supply.since, supply.mg + mg, supply.begun)


def _dispensed_mg(regimen: Regimen | None, days: int, units: Units | None) -> Decimal:
    if regimen is None:
        return Decimal(0)
    mg = mg_of(regimen, units)
    return days * mg_per_day(regimen) if mg is None else mg


def supply_of(book: Book) -> tuple[Supply, Gap | None]:
    """Drug on hand after the real fills, and the gap that the last of them left."""
    supply, gap = Supply(), None
    for each in book.supplied:
        before = through(supply, book.regimens, each.fill.on)
        gap = _gap(book.regimens, before.run_out, each)
        days = each.fill.days_supply
        supply = _added(before, each.fill.on, days, _dispensed_mg(each.regimen, days, each.units))
    return supply, gap


def _gap(regimens: Regimens, run_out: date | None, late: Supplied) -> Gap | None:
    """`previous run-out .. date - 1`, counting the days with a regimen in force."""
    if run_out is None or late.fill.on <= run_out:
        return None
    end = plus(late.fill.on, -1)
    spans = [
        (max(each.starts_on, run_out), end if each.ends_on is None else min(each.ends_on, end))
        for each in regimens
    ]
    spans = [(first, last) for first, last in spans if first <= last]
    if not spans:
        return None
    days = sum(days_between(first, last) + 1 for first, last in spans)
    return Gap(spans[0][0], spans[-1][1], days)
