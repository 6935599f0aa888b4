"""One day's decision: the table and the findings, and when either next differs (rulebook 10)."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Final, TypeAlias

from tracker.rules import parameters
from tracker.rules.answer import EarliestDenial, Finding, TableFill
from tracker.rules.claims import claim_findings, is_denied
from tracker.rules.coverage_findings import coverage_findings
from tracker.rules.dates import FAR, day_of, plus
from tracker.rules.desk import Desk
from tracker.rules.fill_findings import fill_findings
from tracker.rules.lifecycle import lifecycle_findings, start_renewal_by
from tracker.rules.medicare import medicare_findings
from tracker.rules.projection import Projection, project, project_alike
from tracker.rules.safety import safety_findings
from tracker.rules.severity import ORDER
from tracker.rules.supply_findings import supply_findings
from tracker.rules.today import Today
from tracker.rules.words import Result

_Source: TypeAlias = Callable[[Desk, Today, Projection], Iterable[Finding]]
# Of two findings of one cause the earlier source's counts.
_SOURCES: Final[tuple[_Source, ...]] = (
    fill_findings,
    lifecycle_findings,
    coverage_findings,
    supply_findings,
    medicare_findings,
    claim_findings,
    safety_findings,
)


class Said:
    """What one source finds on a day, and the first later day (its number) on which that may differ."""

    __slots__ = ("findings", "flips", "source")

    def __init__(self, source: _Source, findings: tuple[Finding, ...], flips: int) -> None:
        self.source = source
        self.findings = findings
        self.flips = flips


class Decision:
    """What a day's check says, without words. `said`: its findings by their sources."""

    __slots__ = ("day", "earliest_denial", "findings", "said", "start_renewal_by", "table")

    def __init__(
        self,
        day: date,
        table: Projection,
        earliest_denial: EarliestDenial | None,
        start_renewal_by: date | None,
        findings: tuple[Finding, ...],
        said: tuple[Said, ...],
    ) -> None:
        self.day = day
        self.table = table
        self.earliest_denial = earliest_denial
        self.start_renewal_by = start_renewal_by
        self.findings = findings
        self.said = said


def decide(desk: Desk, day: date) -> Decision:
    """Decide for one day."""
    table = project(desk, day)
    said = tuple([_asked(source, desk, day, table) for source in _SOURCES])
    return Decision(
        day,
        table,
        _earliest_denial(desk, table.fills),
        start_renewal_by(desk, table.fills),
        _findings(said),
        said,
    )


def _asked(source: _Source, desk: Desk, day: date, table: Projection) -> Said:
    today = Today(day)
    findings = tuple(source(desk, today, table))
    return Said(source, findings, today.flips)


def _findings(said: Sequence[Said]) -> tuple[Finding, ...]:
    """All findings, the worst and the soonest first, each cause once."""
    found: dict[tuple[str, str | None], Finding] = {}
    for source in said:
        for each in source.findings:
            found.setdefault((each.code, each.about), each)
    return tuple(sorted(found.values(), key=_urgency))


def _urgency(finding: Finding) -> tuple[int, date]:
    return ORDER[finding.severity], finding.harm_on or FAR


def _earliest_denial(desk: Desk, fills: tuple[TableFill, ...]) -> EarliestDenial | None:
    """The first fill of the 12 months with a failed check, and the last covered one before it."""
    for number, fill in enumerate(fills):
        if not fill.ok:
            codes = tuple(each.code for each in fill.checks if each.result is Result.FAIL and each.code)
            last = fills[number - 1].on if number else _last_covered(desk)
            return EarliestDenial(fill.on, codes, last)
    return None


def _last_covered(desk: Desk) -> date | None:
    """A real fill counts as covered unless its claim was denied."""
    return next((each.fill.on for each in reversed(desk.book.supplied) if not is_denied(each)), None)


def valid_until(desk: Desk, decision: Decision) -> date | None:
    """The first later day, at most 365 on, on which the answer would differ though no fact changes.

    Every question about today notes the day on which it would be answered otherwise; only those days
    are looked at, and only those who asked are asked again. The table and the findings count: the other
    dates follow from the table.
    """
    end = plus(decision.day, parameters.TABLE_DAYS.value)
    table, said = decision.table, decision.said
    before = _outcomes(decision.findings)
    while True:
        day = min(table.holds_until, table.grows_on, day_of(min([each.flips for each in said])))
        if day > end:
            return None
        if table.grows_on < table.holds_until and day == table.grows_on:
            # Every fill is as before, and there is one more.
            return day
        anew = day >= table.holds_until
        if anew:
            again = project_alike(desk, day, table)
            if again is None:
                return day
            table = again
        number = day.toordinal()
        said = tuple(
            [_asked(each.source, desk, day, table) if anew or each.flips <= number else each for each in said]
        )
        if _outcomes(_findings(said)) != before:
            return day


def _outcomes(findings: tuple[Finding, ...]) -> list[object]:
    """What counts of findings (rulebook 10.5): not their facts."""
    return [(each.code, each.severity, each.about, each.harm_on) for each in findings]
