"""Coverage that ends or changes (rulebook 4.4, 10.1)."""

from collections.abc import Iterator
from datetime import date

from tracker.rules.answer import Fact, Finding, TableFill
from tracker.rules.book import Member
from tracker.rules.dates import plus
from tracker.rules.desk import Desk
from tracker.rules.finding import days_to
from tracker.rules.projection import Projection
from tracker.rules.severity import at_least
from tracker.rules.today import Today
from tracker.rules.words import AboutKind, AlertCode, Severity


def coverage_findings(desk: Desk, today: Today, table: Projection) -> Iterator[Finding]:
    """For each last day of a first coverage that lies ahead: no coverage follows, or another plan's."""
    for last_day, member, follows in _last_days(desk, today.day):
        if not _therapy_after(desk, last_day):
            continue
        code = AlertCode.COVERAGE_CHANGE if follows else AlertCode.COVERAGE_ENDING
        # From the day after it on another alert takes its place.
        today.passed(last_day)
        harm = next((fill for fill in table.fills if fill.on > last_day), None)
        if _raised(desk, today, code, last_day, harm):
            yield _finding(today, code, last_day, member, harm)


def _last_days(desk: Desk, day: date) -> Iterator[tuple[date, Member, bool]]:
    """Days from `day` on after which another plan, or none, is first in force; with who was."""
    last_day = plus(day, -1)
    while True:
        change = desk.change_after(plus(last_day, 1))
        last_day = plus(change, -1)
        if last_day.year > 2200:
            return
        before, after = desk.payer(last_day).first, desk.payer(change).first
        if before is not None and (after is None or after.plan is not before.plan):
            yield last_day, before, after is not None


def _therapy_after(desk: Desk, day: date) -> bool:
    """Does a regimen go on after that day?"""
    return any(each.ends_on is None or each.ends_on > day for each in desk.book.regimens)


def _raised(desk: Desk, today: Today, code: AlertCode, last_day: date, harm: TableFill | None) -> bool:
    policy = desk.book.policy
    if code is AlertCode.COVERAGE_CHANGE:
        return today.within(last_day, policy.coverage_change_lead_days)
    if today.within(last_day, policy.coverage_end_lead_days):
        return True
    # It stands for the NO_COVERAGE of a fill within the horizon (rulebook 4.4).
    refused = harm is not None and harm.checks[0].code is AlertCode.NO_COVERAGE
    return refused and harm is not None and today.within(harm.on, policy.alert_horizon_days)


def _finding(
    today: Today, code: AlertCode, last_day: date, member: Member, harm: TableFill | None
) -> Finding:
    harm_on = harm.on if harm else None
    severity = Severity.WARNING
    if code is AlertCode.COVERAGE_ENDING:
        severity = at_least(Severity.HIGH, today, harm_on)
    facts: dict[str, Fact] = {"coverage_end": last_day, **days_to(today.day, last_day)}
    about = member.coverage.id
    return Finding(code, severity, about, AboutKind.COVERAGE, last_day, harm_on, facts, harm)
