"""What-if: the same decision on changed facts, and what differs. Nothing here is saved."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import zip_longest

from tracker.rules.answer import Alert, Answer, TableFill
from tracker.rules.book import regimen_from
from tracker.rules.dates import plus
from tracker.rules.facts import Authorization, Case, Coverage, PlannedFill, Regimen
from tracker.rules.severity import ORDER
from tracker.rules.words import Mark

NEW_COVERAGE, NEW_REGIMEN, NEW_AUTHORIZATION = "new-coverage", "new-regimen", "new-authorization"


@dataclass(frozen=True, slots=True)
class CoverageEnd:
    coverage: str
    ends_on: date


@dataclass(frozen=True, slots=True)
class Therapy:
    """From a day on another dose, frequency or days supply; None: as before."""

    starts_on: date
    dose_mg: Decimal | None = None
    doses_per_day: int | None = None
    days_supply: int | None = None


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Facts as they might become. `instead_of`: the planned fill whose place the new one takes."""

    coverage_end: CoverageEnd | None = None
    coverage: Coverage | None = None
    therapy: Therapy | None = None
    authorization: Authorization | None = None
    planned_fill: PlannedFill | None = None
    instead_of: date | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the dates of an answer, now and changed; None: there is none."""

    label: str
    now: date | None
    then: date | None

    @property
    def changed(self) -> bool:
        return self.now != self.then


@dataclass(frozen=True, slots=True)
class FillPair:
    """A fill now beside the one that stands for it then; one of them is None where the other has no like."""

    now: TableFill | None
    then: TableFill | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class AlertChange:
    """An alert that opens (`now` None), closes (`then` None), or changes its severity or harm date."""

    now: Alert | None
    then: Alert | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class Comparison:
    figures: tuple[Figure, ...]
    alerts: tuple[AlertChange, ...]
    alerts_kept: int
    fills: tuple[FillPair, ...]

    @property
    def differs(self) -> bool:
        fills = any(each.mark is not Mark.SAME for each in self.fills)
        return fills or bool(self.alerts) or any(each.changed for each in self.figures)


def changed(case: Case, wish: WhatIf) -> Case:
    """The case with the facts as wished. New rows have ids of their own."""
    patient = case.patient
    coverages = patient.coverages
    if wish.coverage_end is not None:
        coverages = tuple(_ended(each, wish.coverage_end) for each in coverages)
    if wish.coverage is not None:
        coverages = (*coverages, wish.coverage)
    regimens = patient.regimens
    if wish.therapy is not None:
        regimens = tuple(_with_therapy(regimens, wish.therapy))
    authorizations = patient.authorizations
    if wish.authorization is not None:
        authorizations = (*authorizations, wish.authorization)
    return replace(
        case,
        patient=replace(
            patient,
            coverages=coverages,
            regimens=regimens,
            authorizations=authorizations,
            planned_fills=tuple(_planned(patient.planned_fills, wish)),
        ),
    )


def _ended(coverage: Coverage, end: CoverageEnd) -> Coverage:
    return replace(coverage, ends_on=end.ends_on) if coverage.id == end.coverage else coverage


def _with_therapy(regimens: Sequence[Regimen], therapy: Therapy) -> Iterator[Regimen]:
    """The regimen in force on the day (else the next) ends the day before, and goes on as changed.

    A regimen that only begins on that day or later is changed as a whole.
    """
    in_order = tuple(sorted(regimens, key=lambda each: each.starts_on))
    found = regimen_from(in_order, therapy.starts_on)
    for each in regimens:
        if each is not found:
            yield each
            continue
        new = replace(
            each,
            dose_mg=therapy.dose_mg or each.dose_mg,
            doses_per_day=therapy.doses_per_day or each.doses_per_day,
            days_supply=therapy.days_supply or each.days_supply,
        )
        if each.starts_on >= therapy.starts_on or new == each:
            yield new
            continue
        yield replace(each, ends_on=plus(therapy.starts_on, -1))
        yield replace(new, id=NEW_REGIMEN, starts_on=therapy.starts_on, ordered_on=None)


def _planned(planned: Sequence[PlannedFill], wish: WhatIf) -> Iterator[PlannedFill]:
    """A planned fill on file moves, with its override but not its units; else a new one is added."""
    mine = wish.planned_fill
    moved = [each for each in planned if mine is not None and each.on in (mine.on, wish.instead_of)]
    yield from (each for each in planned if each not in moved)
    if mine is not None:
        kept = moved[0] if moved else mine
        yield replace(kept, on=mine.on, days_supply=mine.days_supply, units=None)


def compare(now: Answer, then: Answer) -> Comparison:
    """What differs between two answers about one patient."""
    kept = {each.key for each in now.alerts} & {each.key for each in then.alerts}
    alerts = tuple(_alerts(now.alerts, then.alerts))
    altered = sum(each.now is not None and each.then is not None for each in alerts)
    return Comparison(
        figures=(
            Figure("Next fill", now.next_fill, then.next_fill),
            Figure("Drug left until", now.run_out, then.run_out),
            Figure("Earliest denial", _denial(now), _denial(then)),
            Figure("Start renewal by", now.start_renewal_by, then.start_renewal_by),
        ),
        alerts=alerts,
        alerts_kept=len(kept) - altered,
        fills=tuple(_fills(now.fills, then.fills)),
    )


def _denial(answer: Answer) -> date | None:
    return answer.earliest_denial.on if answer.earliest_denial else None


def _alerts(now: Sequence[Alert], then: Sequence[Alert]) -> Iterator[AlertChange]:
    """Those that open first, then those that change, then those that close."""
    old, new = {each.key: each for each in now}, {each.key: each for each in then}
    for alert in then:
        if alert.key not in old:
            yield AlertChange(None, alert, Mark.OPENS)
    for alert in then:
        before = old.get(alert.key)
        if before is not None and before.severity is not alert.severity:
            worse = ORDER[alert.severity] < ORDER[before.severity]
            yield AlertChange(before, alert, Mark.WORSE if worse else Mark.MILDER)
        elif before is not None and before.harm_on != alert.harm_on:
            yield AlertChange(before, alert, Mark.CHANGED)
    for alert in now:
        if alert.key not in new:
            yield AlertChange(alert, None, Mark.CLOSES)


def _fills(now: Sequence[TableFill], then: Sequence[TableFill]) -> Iterator[FillPair]:
    """Fills of one day belong together; those between two such days are paired in their order."""
    common = {each.on for each in now} & {each.on for each in then}
    before, after = _runs(now, common), _runs(then, common)
    for mine, other in zip(before, after, strict=True):
        for one, two in zip_longest(mine, other):
            yield FillPair(one, two, _mark(one, two))


def _runs(fills: Sequence[TableFill], common: set[date]) -> list[list[TableFill]]:
    """Fills cut at the common days: alternating what lies between them, and one of a common day."""
    runs: list[list[TableFill]] = [[]]
    for fill in fills:
        if fill.on in common:
            runs += [[fill], []]
        else:
            runs[-1].append(fill)
    return runs


def _mark(now: TableFill | None, then: TableFill | None) -> Mark:
    if now is None:
        return Mark.ADDED
    if then is None:
        return Mark.LEFT_OUT
    if now.ok is not then.ok:
        return Mark.NOW_COVERED if then.ok else Mark.NOW_REFUSED
    return Mark.SAME if _said(now) == _said(then) else Mark.CHANGED


def _said(fill: TableFill) -> object:
    """What a row of the table shows."""
    checks = [(each.check, each.result, each.code) for each in fill.checks]
    return (
        fill.on,
        fill.days_supply,
        fill.plan,
        fill.units,
        fill.authorization,
        fill.planned,
        checks,
    )
