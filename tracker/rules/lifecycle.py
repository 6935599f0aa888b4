"""An authorization's life beyond the table: partial, pended, overdue, when to renew (rulebook 7)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tracker.rules import parameters
from tracker.rules.answer import Fact, Finding, TableFill
from tracker.rules.dates import plus
from tracker.rules.desk import Desk
from tracker.rules.facts import Authorization, DecisionHours, Plan
from tracker.rules.finding import days_to
from tracker.rules.projection import Projection
from tracker.rules.severity import at_least
from tracker.rules.today import Today
from tracker.rules.words import (
    AboutKind,
    AlertCode,
    AuthorizationKind,
    AuthorizationStatus,
    Check,
    LineOfBusiness,
    Result,
    Severity,
)

CONTACT_PAYER: Final = "contact_payer"
_APPROVED: Final = frozenset({AuthorizationStatus.APPROVED, AuthorizationStatus.PARTIALLY_APPROVED})


def first_refused(fills: tuple[TableFill, ...], about: str | None = None) -> TableFill | None:
    """First fill of the table whose authorization check fails (about this authorization, if one is named)."""
    for fill in fills:
        if fill.ok:
            continue
        for check in fill.checks:
            if check.check is Check.AUTHORIZATION and check.result is Result.FAIL:
                if about is None or check.about == about:
                    return fill
                break
    return None


def decision_hours(plan: Plan) -> DecisionHours:
    """Standard and expedited hours: by law, else by the plan's own data, else 72 / 24 (rulebook 7.5)."""
    by_law = parameters.DECISION_HOURS.get(plan.line_of_business)
    if by_law is not None:
        return by_law.value
    default = parameters.DECISION_HOURS_DEFAULT.value
    own = plan.decision_hours
    if own is None:
        return default
    return DecisionHours(
        default.standard if own.standard is None else own.standard,
        default.expedited if own.expedited is None else own.expedited,
    )


def start_renewal_by(desk: Desk, fills: tuple[TableFill, ...]) -> date | None:
    """First refused fill - shipping days - the payer's decision time - preparation days (rulebook 7.4).

    Its time is what it took in nine of ten cases of its own; with too few, the standard clock in whole days.
    """
    fill = first_refused(fills)
    return start_by(desk, fill) if fill is not None else None


def start_by(desk: Desk, fill: TableFill) -> date:
    """When to ask, for the payer's answer to be there in time for a fill that its authorization refuses."""
    assert fill.plan is not None
    policy = desk.book.policy
    days = answer_days(desk.book.plans[fill.plan])
    return plus(fill.on, -(policy.shipping_days + days + policy.preparation_days))


def answer_days(plan: Plan) -> int:
    """Days to an answer: what it took in nine of ten cases, else the standard clock (rulebook 7.4)."""
    if plan.learnt_decision_days is not None:
        return plan.learnt_decision_days
    return -(-(decision_hours(plan).standard or 0) // 24)


def lifecycle_findings(desk: Desk, today: Today, table: Projection) -> Iterator[Finding]:
    """What a stored status says by itself, as listed."""
    for pa in desk.book.patient.authorizations:
        if pa.status in _APPROVED:
            yield from _partial(today, table.fills, pa)
        elif pa.status is AuthorizationStatus.PENDED:
            yield _pended(desk, today, table.fills, pa)
        elif pa.status is AuthorizationStatus.SUBMITTED:
            yield from _overdue(desk, today, table.fills, pa)


def _finding(
    code: AlertCode, today: Today, pa: Authorization, harm: TableFill | None, facts: dict[str, Fact]
) -> Finding:
    harm_on = harm.on if harm else None
    severity = at_least(Severity.HIGH, today, harm_on)
    key_on = pa.ends_on or pa.starts_on or (pa.requested.on if pa.requested else None)
    return Finding(code, severity, pa.id, AboutKind.AUTHORIZATION, key_on, harm_on, facts, harm)


def _partial(today: Today, fills: tuple[TableFill, ...], pa: Authorization) -> Iterator[Finding]:
    """Less than asked (or partially approved): at once and up to its end (rulebook 7.1)."""
    cut = _cut(pa)
    if not cut and pa.status is not AuthorizationStatus.PARTIALLY_APPROVED:
        return
    if pa.ends_on is not None and today.passed(pa.ends_on):
        return
    asked = pa.requested
    facts: dict[str, Fact] = {
        "code": None,
        "requested_units": None,
        "approved_units": None,
        "requested_from": asked.starts_on if asked else None,
        "effective_on": pa.starts_on,
        "requested_to": asked.ends_on if asked else None,
        "ends_on": pa.ends_on,
        **cut,
    }
    yield _finding(AlertCode.PA_PARTIAL, today, pa, first_refused(fills, pa.id), facts)


def _cut(pa: Authorization) -> dict[str, Fact]:
    """The first line with fewer units than asked, and whether the dates are shorter; empty: as asked."""
    asked = pa.requested
    if asked is None:
        return {}
    approved: dict[str, int | None] = {}
    for line in pa.lines:
        sofar = approved.get(line.code, 0)
        approved[line.code] = None if line.units is None or sofar is None else sofar + line.units
    for line in asked.lines if pa.lines else ():
        given = approved.get(line.code, 0)
        if given is not None and (line.code not in approved or (line.units or 0) > given):
            return {"code": line.code, "requested_units": line.units, "approved_units": given}
    shorter = asked.ends_on is not None and pa.ends_on is not None and pa.ends_on < asked.ends_on
    later = asked.starts_on is not None and pa.starts_on is not None and pa.starts_on > asked.starts_on
    return {"ends_on": pa.ends_on} if shorter or later else {}


def reply_due_on(desk: Desk, pa: Authorization) -> date | None:
    """Reply by the payer's date, else received + 14 days (rulebook 7.6)."""
    received = pa.decided_on or (pa.requested.on if pa.requested else None)
    if pa.reply_by is not None or received is None:
        return pa.reply_by
    return plus(received, desk.book.policy.info_reply_days)


def _pended(desk: Desk, today: Today, fills: tuple[TableFill, ...], pa: Authorization) -> Finding:
    reply_by = reply_due_on(desk, pa)
    facts: dict[str, Fact] = {"reply_by": reply_by}
    if reply_by is not None:
        facts |= days_to(today.day, reply_by)
    return _finding(AlertCode.PA_PENDED_INFO_NEEDED, today, pa, first_refused(fills), facts)


def decision_clock(desk: Desk, pa: Authorization) -> tuple[datetime | None, int]:
    """The instant from which the payer's hours count, and how many they are (rulebook 7.5).

    A Part D exception counts from the prescriber's supporting statement. No instant, no clock.
    """
    asked = pa.requested
    if asked is None:
        return None, 0
    plan = desk.book.plans[pa.plan]
    exception = pa.kind is not AuthorizationKind.PRIOR_AUTHORIZATION
    by_statement = exception and plan.line_of_business is LineOfBusiness.MEDICARE_PART_D
    hours = decision_hours(plan)
    return (
        asked.statement_at if by_statement else asked.received_at,
        (hours.expedited if asked.expedited else hours.standard) or 0,
    )


def decision_due_at(desk: Desk, pa: Authorization) -> datetime | None:
    """When the payer's clock ends, in the clinic's zone."""
    started, hours = decision_clock(desk, pa)
    if started is None:
        return None
    due = started.astimezone(UTC) + timedelta(hours=hours)
    return due.astimezone(ZoneInfo(desk.book.policy.time_zone))


def _overdue(desk: Desk, today: Today, fills: tuple[TableFill, ...], pa: Authorization) -> Iterator[Finding]:
    """A submitted request past its clock, from the clinic's calendar day of the deadline on."""
    due_at = None if pa.reason == CONTACT_PAYER else decision_due_at(desk, pa)
    if due_at is None or not today.reached(due_at.date()):
        return
    facts: dict[str, Fact] = {
        "due_at": due_at,
        "days_late": today.day.toordinal() - due_at.date().toordinal(),
    }
    yield _finding(AlertCode.PA_DECISION_OVERDUE, today, pa, first_refused(fills), facts)
