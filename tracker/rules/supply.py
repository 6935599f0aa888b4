"""Drug on hand: run-out, carry-over, and what a change of regimen makes of it (rulebook 3.1, 3.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tracker.rules.book import Book, Supplied
from tracker.rules.dates import day_of, days_between, plus
from tracker.rules.facts import Regimen
from tracker.rules.units import NOTHING, Units, mg_of, mg_per_day
from tracker.rules.words import Formulation

Regimens = tuple[Regimen, ...]


class Supply:
    """Drug on hand after some fills and regimen starts.

    `run_out` None: no fill yet. `since` is the day on which a fill last started with nothing on hand,
    `mg` what was dispensed from then on, `begun` the number of regimens whose start is worked in. Once no
    regimen is still to start nothing asks for `since` and `mg`, and they are no longer kept.
    """

    __slots__ = ("begun", "mg", "run_out", "since")

    def __init__(
        self,
        run_out: date | None = None,
        since: date | None = None,
        mg: Decimal = NOTHING,
        begun: int = 0,
    ) -> None:
        self.run_out = run_out
        self.since = since
        self.mg = mg
        self.begun = begun


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
    mg = NOTHING
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
    if supply.begun == len(regimens):
        run_out = supply.run_out
        return Supply(plus(on if run_out is None or on > run_out else run_out, days), begun=supply.begun)
    supply = through(supply, regimens, max(on, regimen.starts_on))
    return _added(supply, on, days, _dispensed_mg(regimen, days, units))


def _added(supply: Supply, on: date, days: int, mg: Decimal) -> Supply:
    run_out = supply.run_out
    if run_out is None or on >= run_out:
        return Supply(plus(on, days), on, mg, supply.begun)
    return Supply(plus(run_out, days), supply.since, supply.mg + mg, supply.begun)


def _dispensed_mg(regimen: Regimen, days: int, units: Units | None) -> Decimal:
    mg = mg_of(regimen, units)
    return days * mg_per_day(regimen) if mg is None else mg


def supply_of(book: Book) -> tuple[Supply, Gap | None]:
    """Drug on hand after the real fills, and the gap that the last of them left."""
    if not book.supplied:
        return Supply(), None
    *earlier, last = book.supplied
    supply = through(_after(Supply(), book.regimens, earlier), book.regimens, last.fill.on)
    return _after(supply, book.regimens, [last]), _gap(book.regimens, supply.run_out, last)


def _after(supply: Supply, regimens: Regimens, fills: Sequence[Supplied]) -> Supply:
    """Supply after some real fills."""
    for number, each in enumerate(fills):
        if supply.begun == len(regimens):
            return _by_days(supply, fills[number:])
        on, days = each.fill.on, each.fill.days_supply
        # Where there is a regimen every fill was made for one.
        assert each.regimen is not None
        supply = through(supply, regimens, on)
        supply = _added(supply, on, days, _dispensed_mg(each.regimen, days, each.units))
    return supply


def _by_days(supply: Supply, fills: Sequence[Supplied]) -> Supply:
    """No regimen is still to start: only the days count."""
    run_out = 0 if supply.run_out is None else supply.run_out.toordinal()
    for each in fills:
        on = each.fill.on.toordinal()
        run_out = (on if on > run_out else run_out) + each.fill.days_supply
    return Supply(day_of(run_out), begun=supply.begun)


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
