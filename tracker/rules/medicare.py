"""Medicare Part B's own: contact before a refill, a new order for a new dose (rulebook 3.5, 9)."""

from collections.abc import Iterator

from tracker.rules import parameters
from tracker.rules.answer import Fact, Finding, TableFill
from tracker.rules.coverage import PART_B
from tracker.rules.dates import plus
from tracker.rules.desk import Desk
from tracker.rules.facts import Regimen
from tracker.rules.projection import Projection
from tracker.rules.severity import at_least
from tracker.rules.today import Today
from tracker.rules.words import AboutKind, AlertCode, Severity


def medicare_findings(desk: Desk, today: Today, table: Projection) -> Iterator[Finding]:
    """What only Part B asks for."""
    yield from _refill_contact(desk, today, table)
    yield from _new_order(desk, today, table.fills)


def _refill_contact(desk: Desk, today: Today, table: Projection) -> Iterator[Finding]:
    """A documented affirmative answer from run-out - 30 days on, before the next Part B refill.

    Source: DME MAC refill requirements 2024-01-04.
    """
    last, next_on, run_out = desk.book.last_supplied, table.next_fill, table.run_out
    if last is None or next_on is None or run_out is None:
        return
    payer = desk.payer(next_on).paying
    if payer is None or payer.plan.line_of_business is not PART_B:
        return
    if not today.within(next_on, desk.book.policy.refill_due_days):
        return
    not_before = plus(run_out, -parameters.CONTACT_DAYS.value)
    affirmed = [
        each.on
        for each in desk.book.patient.refill_contacts
        if each.affirmed and each.on >= last.fill.on and today.reached(each.on)
    ]
    if any(on >= not_before for on in affirmed):
        return
    code = AlertCode.REFILL_CONTACT_TOO_EARLY if affirmed else AlertCode.REFILL_AFFIRMATION_MISSING
    facts: dict[str, Fact] = {
        "contact_not_before": not_before,
        "deliver_not_before": plus(run_out, -parameters.DELIVERY_DAYS.value),
    }
    severity = at_least(Severity.HIGH, today, next_on)
    fill = table.fills[0] if table.fills else None
    yield Finding(code, severity, last.fill.id, AboutKind.FILL, last.fill.on, next_on, facts, fill)


def _new_order(desk: Desk, today: Today, fills: tuple[TableFill, ...]) -> Iterator[Finding]:
    """A dose or frequency change under Part B needs an order dated on or after its start."""
    horizon = desk.book.policy.alert_horizon_days
    for regimen in desk.book.regimens:
        changed = _changed(desk, regimen)
        ordered = regimen.ordered_on is not None and regimen.ordered_on >= regimen.starts_on
        if not changed or ordered:
            continue
        if not today.within(regimen.starts_on, horizon):
            continue
        if regimen.ends_on is not None and today.passed(regimen.ends_on):
            continue
        started = today.passed(regimen.starts_on)
        payer = desk.payer(today.day if started else regimen.starts_on).paying
        if started:
            today.changes_on(desk.change_after(today.day))
        if payer is None or payer.plan.line_of_business is not PART_B:
            continue
        harm = next((fill for fill in fills if fill.regimen == regimen.id), None)
        harm_on = harm.on if harm else None
        severity = at_least(Severity.HIGH, today, harm_on)
        facts: dict[str, Fact] = {"ordered_on": regimen.ordered_on, "starts_on": regimen.starts_on}
        yield Finding(
            AlertCode.NEW_ORDER_REQUIRED,
            severity,
            regimen.id,
            AboutKind.REGIMEN,
            regimen.starts_on,
            harm_on,
            facts,
            harm,
        )


def _changed(desk: Desk, regimen: Regimen) -> bool:
    """Is its dose or frequency another than that of the one before it of the same drug?"""
    earlier = [each for each in desk.book.regimens if each.starts_on < regimen.starts_on]
    before = next((each for each in reversed(earlier) if each.drug is regimen.drug), None)
    if before is None:
        return False
    return (before.dose_mg, before.doses_per_day) != (regimen.dose_mg, regimen.doses_per_day)
