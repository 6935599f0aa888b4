"""Fill ahead: the last fill that is still permitted before the first refused one, and what it buys.

Nothing is ruled here: a fill is planned on paper, and the table says if it is permitted and what follows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from tracker.rules import parameters
from tracker.rules.answer import CheckResult, Fact, SumLine, TableFill
from tracker.rules.coverage import PART_B
from tracker.rules.dates import days_between, plus
from tracker.rules.desk import Desk
from tracker.rules.facts import Case, PlannedFill, Regimen
from tracker.rules.projection import Projection, project
from tracker.rules.units import own_codes
from tracker.rules.wording import count, listed, spoken, units_text
from tracker.rules.words import Check, Result


@dataclass(frozen=True, slots=True)
class FillAhead:
    """A fill of `days_supply` is permitted from `first_on` to `last_on`, every day between included.

    It moves the first refused fill from `refused_on` to `refused_then` (None: none within 12 months) and the
    run-out from `runs_out_on` to `runs_out_then`. `instead_of`: planned fills whose place it takes.
    `limit_known` False: no days-supply limit is on file, so the usual days supply is asked about, no more.
    """

    first_on: date
    last_on: date
    days_supply: int
    fill: TableFill
    refused_on: date
    refused_then: date | None
    runs_out_on: date
    runs_out_then: date
    unverified: tuple[Check, ...]
    instead_of: tuple[date, ...]
    limit_known: bool
    sums: tuple[SumLine, ...]

    @property
    def cushion_days(self) -> int:
        """Days of drug that the fill buys beyond the first refused fill."""
        return days_between(max(self.refused_on, self.runs_out_on), self.runs_out_then)

    @property
    def message(self) -> str:
        """Cause, date, consequence."""
        if self.first_on == self.last_on:
            when = f"on {spoken(self.last_on)} only"
        else:
            when = f"from {spoken(self.first_on)} through {spoken(self.last_on)}"
        supply = count(self.days_supply, "day")
        said = f"A fill for {supply} is permitted {when}. Drug then lasts until {spoken(self.runs_out_then)}"
        moved = f"{spoken(self.refused_then)}" if self.refused_then else "none within 12 months"
        return f"{said}; the first refused fill moves from {spoken(self.refused_on)} to {moved}."

    @property
    def notes(self) -> tuple[str, ...]:
        """What to ask first."""
        found = []
        if self.unverified:
            names = listed(tuple(each.label.lower() for each in self.unverified), "and")
            found.append(f"Verify with the payer: {names}.")
        if not self.limit_known:
            found.append("No days-supply limit is on file: ask the payer whether a longer fill is possible.")
        if self.instead_of:
            days = listed(self.instead_of, "and")
            found.append(f"It takes the place of the fill planned on {days}.")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class _Search:
    """The table as it is, and where in it a fill could stand."""

    desk: Desk
    day: date
    denied: TableFill
    regimen: Regimen
    runs_out_on: date
    first: date
    planned: tuple[PlannedFill, ...]

    def tried(self, on: date, days: int, *, through: date | None = None) -> Projection:
        mine = PlannedFill(on, days)
        kept = tuple(each for each in self.planned if each.on != on)
        return project(self.desk, self.day, planned=(*kept, mine), through=through)

    def attempt(self, on: date, days: int) -> "_Attempt":
        """Plan a fill and read how the table answers: neither it nor one before it refused, and no gap."""
        table = self.tried(on, days, through=on)
        last = table.fills[-1]
        assert (last.on, last.planned) == (on, True)  # a later fill has a regimen, so this one has one too
        run_out = table.run_out
        for fill in table.fills:
            late = run_out is not None and fill.on > max(run_out, self.day)
            if late or (not fill.ok and fill is not last):
                return _Attempt(None, ())
            run_out = fill.runs_out_on
        if last.ok:
            return _Attempt(last, ())
        return _Attempt(None, tuple(each for each in last.checks if each.result is Result.FAIL))


@dataclass(frozen=True, slots=True)
class _Attempt:
    """The fill where it is permitted, else the checks that failed: none, if no other days supply can help."""

    fill: TableFill | None
    failed: tuple[CheckResult, ...]

    def fewer_days(self, days: int) -> int | None:
        """How many days the failed checks leave, by their own facts; None if fewer days do not help."""
        left = [_days_left(check, days) for check in self.failed]
        known = [each for each in left if each is not None]
        return min(known) if known and len(known) == len(left) else None


def _days_left(check: CheckResult, days: int) -> int | None:
    """Days supply that a failed check would let pass, by what it counted; None where fewer do not help.

    A limit per fill shrinks with the days supply, so a shorter fill is refused as well.
    """
    facts = check.facts
    if check.check is Check.AUTHORIZATION:
        left = facts.get("days_supply_left")
        return left if isinstance(left, int) else None
    if check.check is Check.DAYS_SUPPLY:
        limit, dispensed = facts["limit"], facts["requested"]
        assert isinstance(limit, int)
        assert isinstance(dispensed, int)
        # Whole bottles last longer than was asked for: ask for as much less, and get one bottle less.
        return min(limit, days - max(dispensed - days, 0))
    if check.check is not Check.QUANTITY_LIMIT:
        return None
    limit, requested, total = (_number(facts.get(name)) for name in ("limit", "requested", "sum"))
    if limit is None or not requested or total is None:
        return None
    return int(days * (limit - (total - requested)) // requested)


def _number(value: Fact) -> Decimal | None:
    return Decimal(value) if isinstance(value, int | Decimal) else None


def fill_ahead(case: Case, as_of: date) -> FillAhead | None:
    """The largest fill that is permitted before the first refused one, as late as it may be.

    None if no fill of the 12 months is refused, or if no permitted fill moves the first refused one.
    """
    search = _search(Desk(case), as_of)
    if search is None:
        return None
    best: tuple[TableFill, date | None] | None = None
    last = search.runs_out_on
    # Answers are not monotone (a rolling limit may allow a later day, units may allow fewer days), so every
    # day is asked about, the latest first. Only fills that cannot last longer than the best are left out.
    for on in _days_back(search.denied.on, search.first):
        most = days_between(max(on, search.runs_out_on), last)
        fill = _longest_permitted(search, on, more_than=max(most, 0))
        if fill is not None and fill.runs_out_on > last:
            refused = _first_refused(search.tried(on, fill.days_supply))
            if refused is None or refused > search.denied.on:
                best, last = (fill, refused), fill.runs_out_on
    return _told(search, *best) if best else None


def _search(desk: Desk, day: date) -> _Search | None:
    table = project(desk, day)
    number = next((number for number, fill in enumerate(table.fills) if not fill.ok), None)
    if number is None or table.run_out is None:
        return None
    denied, before = table.fills[number], table.fills[:number]
    regimen = next(each for each in desk.book.regimens if each.id == denied.regimen)
    last = desk.book.last_supplied
    after = before[-2].on if len(before) > 1 else (last.fill.on if last else None)
    planned = desk.book.patient.planned_fills
    return _Search(
        desk=desk,
        day=day,
        denied=denied,
        regimen=regimen,
        runs_out_on=before[-1].runs_out_on if before else table.run_out,
        first=max(day, plus(after, 1)) if after else day,
        planned=tuple(each for each in planned if each.on != denied.on),
    )


def _days_back(last: date, first: date) -> Iterator[date]:
    while last >= first:
        yield last
        last = plus(last, -1)


def _longest_permitted(search: _Search, on: date, *, more_than: int) -> TableFill | None:
    """The longest permitted fill of a day, from the payer's limit down to what the failed checks leave."""
    days, _ = _longest(search, on)
    while days > more_than:
        attempt = search.attempt(on, days)
        fewer = attempt.fewer_days(days)
        if fewer is None:
            return attempt.fill
        days = min(fewer, days - 1)
    return None


def _longest(search: _Search, on: date) -> tuple[int, bool]:
    """The days supply to begin with: the payer's limit on that day; without one on file the usual days."""
    member = search.desk.payer(on).paying
    own = own_codes(search.regimen)
    rules = search.desk.rules(member, own, own, on).values()
    limits = [rule.max_days_supply for rule in rules if rule and rule.max_days_supply]
    if member is not None and member.plan.line_of_business is PART_B:
        limits.append(parameters.on(parameters.PART_B_DAYS_SUPPLY, on).value)
    return (min(limits), True) if limits else (search.regimen.days_supply, False)


def _first_refused(table: Projection) -> date | None:
    return next((fill.on for fill in table.fills if not fill.ok), None)


def _told(search: _Search, fill: TableFill, refused_then: date | None) -> FillAhead:
    first = fill.on
    while first > search.first:
        earlier = search.attempt(plus(first, -1), fill.days_supply).fill
        if earlier is None or earlier.runs_out_on != fill.runs_out_on:
            break
        first = earlier.on
    on_file = {each.on for each in search.desk.book.patient.planned_fills}
    found = FillAhead(
        first_on=first,
        last_on=fill.on,
        days_supply=fill.days_supply,
        fill=fill,
        refused_on=search.denied.on,
        refused_then=refused_then,
        runs_out_on=search.runs_out_on,
        runs_out_then=fill.runs_out_on,
        unverified=tuple(each.check for each in fill.checks if each.result is Result.UNKNOWN),
        instead_of=tuple(sorted(on_file & {search.denied.on, fill.on})),
        limit_known=_longest(search, fill.on)[1],
        sums=(),
    )
    return replace(found, sums=tuple(_sums(search, found)))


def _sums(search: _Search, ahead: FillAhead) -> Iterator[SumLine]:
    """The dates as on paper: run-out without and with the fill, and what lies between."""
    fill, book = ahead.fill, search.desk.book
    pa = book.authorizations.get(fill.authorization or "")
    if pa is not None and pa.ends_on is not None:
        name = f"PA {pa.number}" if pa.number else "The PA"
        yield SumLine("", f"{name} ends", spoken(pa.ends_on), "valid through that day")
    yield SumLine("", "Last permitted fill date", spoken(fill.on), units_text(fill.units))
    yield SumLine("", "Drug on hand until", spoken(ahead.runs_out_on), "first day without drug, as it is now")
    yield SumLine("+", "days supply", count(fill.days_supply, "day"), "the longest that is permitted")
    start = max(fill.on, ahead.runs_out_on)
    changed = days_between(plus(start, fill.days_supply), ahead.runs_out_then)
    if changed:
        sign, note = ("+" if changed > 0 else "-"), "another fill in its place, or a change of dose"
        yield SumLine(sign, "difference", count(abs(changed), "day"), note)
    yield SumLine("=", "Drug then lasts until", spoken(ahead.runs_out_then), "first day without drug")
    yield SumLine("-", "first refused fill, as it is now", spoken(ahead.refused_on))
    yield SumLine("=", "Cushion", count(ahead.cushion_days, "day"), "of drug beyond the refused fill")
    then = spoken(ahead.refused_then) if ahead.refused_then else "none within 12 months"
    yield SumLine("", "First refused fill then", then)
