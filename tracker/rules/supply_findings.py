"""Refill due and days without drug (rulebook 3.1, 10.1)."""

from collections.abc import Iterator
from typing import Final

from tracker.rules.answer import Facts, Finding
from tracker.rules.book import course_start, regimen_from
from tracker.rules.desk import Desk
from tracker.rules.finding import days_to
from tracker.rules.projection import Projection
from tracker.rules.severity import tier, worse
from tracker.rules.today import Today
from tracker.rules.words import AboutKind, AlertCode, Severity

# A transplant patient's refill is at least high from so many days before run-out (rulebook 10).
_TRANSPLANT_DAYS: Final = 10


def supply_findings(desk: Desk, today: Today, table: Projection) -> Iterator[Finding]:
    """The gap behind and the refill ahead."""
    yield from _supply_gap(desk)
    yield from _refill_due(desk, today, table)


def _refill_due(desk: Desk, today: Today, table: Projection) -> Iterator[Finding]:
    """From 10 days before the first day without drug, or before the start of the course if later."""
    run_out = table.run_out
    if run_out is None:
        return
    over = today.passed(run_out)
    regimen = regimen_from(desk.book.regimens, today.day if over else run_out)
    if regimen is None:
        return
    if over and regimen.ends_on is not None:
        today.passed(regimen.ends_on)
    due_on = max(run_out, course_start(desk.book.regimens, regimen))
    if not today.within(due_on, desk.book.policy.refill_due_days):
        return
    severity = tier(today, due_on)
    if desk.book.transplant_indication and today.within(run_out, _TRANSPLANT_DAYS):
        severity = worse(severity, Severity.HIGH)
    facts: Facts = {"due_on": due_on, **days_to(today.day, due_on)}
    yield Finding(AlertCode.REFILL_DUE, severity, regimen.id, AboutKind.REGIMEN, due_on, due_on, facts)


def _supply_gap(desk: Desk) -> Iterator[Finding]:
    """The last fill left a gap on days with a regimen in force: critical for a transplant."""
    gap, last = desk.gap, desk.book.last_supplied
    if gap is None or last is None:
        return
    severity = Severity.CRITICAL if desk.book.transplant_indication else Severity.WARNING
    facts: Facts = {"gap_start": gap.first, "gap_end": gap.last, "gap_days": gap.days}
    yield Finding(
        AlertCode.SUPPLY_GAP, severity, last.fill.id, AboutKind.FILL, last.fill.on, gap.first, facts
    )
