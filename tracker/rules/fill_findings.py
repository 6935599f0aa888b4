"""Findings of the table: which failed or unverified checks are raised today (rulebook 10.1, 7.3, 7.6)."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from tracker.rules import parameters
from tracker.rules.answer import CheckResult, Facts, Finding, TableFill
from tracker.rules.coverage import PART_D, member_since
from tracker.rules.dates import plus
from tracker.rules.desk import Desk
from tracker.rules.projection import Projection
from tracker.rules.severity import at_least, tier, worse
from tracker.rules.today import Today
from tracker.rules.words import AboutKind, AlertCode, Result, Severity

_UNITS: Final = frozenset({AlertCode.PA_UNITS_EXHAUSTED, AlertCode.PA_UNITS_INSUFFICIENT})
_CHAIN: Final = frozenset({AlertCode.PA_GAP, AlertCode.PA_EXPIRES_BEFORE_REFILL})
_AT_ONCE: Final = frozenset({AlertCode.PA_EXPIRED, AlertCode.PA_DENIED})
TRANSITION_CODES: Final = frozenset(
    {
        AlertCode.PA_MISSING,
        AlertCode.PA_WRONG_PAYER,
        AlertCode.PA_DENIED,
        AlertCode.REFILL_AT_RISK,
        AlertCode.STEP_THERAPY_UNMET,
        AlertCode.STEP_LOOKBACK_EXPIRED,
    }
)
_FLOORS: Final = {
    AlertCode.PA_EXPIRED: Severity.HIGH,
    AlertCode.PA_DENIED: Severity.HIGH,
    AlertCode.PA_WRONG_PAYER: Severity.HIGH,
    AlertCode.PA_UNITS_EXHAUSTED: Severity.HIGH,
    AlertCode.PA_MISSING: Severity.HIGH,
    AlertCode.NOT_COVERED: Severity.HIGH,
    AlertCode.NO_COVERAGE: Severity.HIGH,
    AlertCode.BENEFIT_ROUTE_MISMATCH: Severity.HIGH,
    AlertCode.DELIVERY_TOO_EARLY: Severity.HIGH,
}


# A member of an enumeration is slow to look up on its class.
_UNKNOWN: Final = Result.UNKNOWN


def fill_findings(desk: Desk, today: Today, table: Projection) -> Iterator[Finding]:
    """What is said of the fills of the table, as they come."""
    return iter(_FillFindings(desk, today, table.fills))


class _FillFindings:
    """Walks the table once; per code and object the first fill speaks."""

    def __init__(self, desk: Desk, today: Today, fills: tuple[TableFill, ...]) -> None:
        self.desk, self.today, self.fills = desk, today, fills
        self.seen: set[tuple[AlertCode, str | None]] = set()
        self.units_seen: set[str | None] = set()
        # Coverages of which it is said already.
        self.unverified: set[str | None] = set()
        self.transition: set[str | None] = set()

    def __iter__(self) -> Iterator[Finding]:
        for number, fill in enumerate(self.fills):
            named = [each for each in fill.checks if each.code is not None]
            for check in named:
                if (check.code, check.about) not in self.seen:
                    yield from self._of_check(number, fill, check)
            if fill.coverage not in self.unverified:
                unverified = self._unverified(fill)
                if unverified is not None:
                    yield unverified
            if named and fill.coverage not in self.transition:
                transition = self._transition(fill)
                if transition is not None:
                    yield transition

    def _of_check(self, number: int, fill: TableFill, check: CheckResult) -> Iterator[Finding]:
        assert check.code is not None
        self.seen.add((check.code, check.about))
        if check.result is Result.PASS:
            yield from self._noted(fill, check)
        elif check.code in _UNITS:
            yield from self._short_of_units(number, fill, check)
        elif check.code in _CHAIN:
            yield from self._end_of_chain(fill, check)
        elif self._raised(fill, check):
            yield self._finding(fill, check, check.code, self._severity(fill, check.code))

    def _within(self, fill: TableFill) -> bool:
        return self.today.within(fill.on, self.desk.book.policy.alert_horizon_days)

    def _raised(self, fill: TableFill, check: CheckResult) -> bool:
        """Within the alert horizon; some do not wait for it, and some wait for a day of their own."""
        if check.code in _AT_ONCE:
            return True
        if check.code is AlertCode.REFILL_AT_RISK:
            return self.today.within(fill.on, parameters.AT_RISK_DAYS.value)
        if check.code is AlertCode.NO_COVERAGE:
            end = check.facts["coverage_end"]
            if isinstance(end, date):
                # Until the last day is over COVERAGE_ENDING stands for it (rulebook 4.4).
                return self.today.passed(end)
        return self._within(fill)

    def _severity(self, fill: TableFill, code: AlertCode) -> Severity:
        if code is AlertCode.REFILL_TOO_SOON:
            return Severity.WARNING
        return at_least(_FLOORS.get(code, Severity.WARNING), self.today, fill.on)

    def _finding(self, fill: TableFill, check: CheckResult, code: AlertCode, severity: Severity) -> Finding:
        kind = check.about_kind or AboutKind.COVERAGE
        return Finding(
            code, severity, check.about, kind, self._key_on(fill, check), fill.on, check.facts, fill
        )

    def _key_on(self, fill: TableFill, check: CheckResult) -> date | None:
        """The key date of the object itself, so that a later fill does not make another alert of it."""
        if check.about_kind is AboutKind.AUTHORIZATION and check.about is not None:
            pa = self.desk.book.authorizations[check.about]
            return pa.ends_on or pa.starts_on or (pa.requested.on if pa.requested else None)
        if check.about_kind is AboutKind.PLANNED_FILL:
            return fill.on
        if check.about_kind is AboutKind.TRIAL:
            end = check.facts["trial_end"]
            return end if isinstance(end, date) else None
        ends = check.facts.get("coverage_end") or check.facts.get("limit_date")
        if isinstance(ends, date):
            return ends
        coverage = next(
            (each.coverage for each in self.desk.book.members if each.coverage.id == check.about), None
        )
        return coverage.starts_on if coverage else None

    def _noted(self, fill: TableFill, check: CheckResult) -> Iterator[Finding]:
        """A pass that is worth a note: an override, or the continuity window."""
        if self._within(fill):
            assert check.code is not None
            kind = check.about_kind or AboutKind.COVERAGE
            harm_on = fill.on if check.code is AlertCode.REFILL_TOO_SOON else None
            key_on = self._key_on(fill, check)
            yield Finding(check.code, Severity.INFO, check.about, kind, key_on, harm_on, check.facts, fill)

    def _short_of_units(self, number: int, fill: TableFill, check: CheckResult) -> Iterator[Finding]:
        """Refused for units: raised within the horizon, before that "low" if under two fills are left."""
        assert check.code is not None
        if self._within(fill):
            self.units_seen.add(check.about)
            yield self._finding(fill, check, check.code, self._severity(fill, check.code))
            return
        if check.about in self.units_seen:
            return
        self.units_seen.add(check.about)
        charged = sum(each.authorization == check.about for each in self.fills[:number])
        if charged <= 1:
            yield Finding(
                AlertCode.PA_UNITS_LOW,
                Severity.WARNING,
                check.about,
                AboutKind.AUTHORIZATION,
                self._key_on(fill, check),
                fill.on,
                self._units_today(check),
                fill,
            )

    def _units_today(self, check: CheckResult) -> dict[str, str | int | None]:
        code, needed = check.facts["code"], check.facts["needed"]
        assert isinstance(code, str)
        assert isinstance(needed, int)
        permit = next(each for each in self.desk.permits if each.pa.id == check.about)
        return {"code": code, "remaining": self.desk.ledger.left(permit, code), "needed": needed}

    def _end_of_chain(self, fill: TableFill, check: CheckResult) -> Iterator[Finding]:
        """PA_GAP > PA_EXPIRES_BEFORE_REFILL > PA_EXPIRING, about the last authorization of the chain."""
        assert check.code is not None
        assert check.about is not None
        end = self.desk.book.authorizations[check.about].ends_on
        assert end is not None
        lead = self.today.within(end, self.desk.book.policy.renewal_lead_days)
        expiring = check.code is AlertCode.PA_EXPIRES_BEFORE_REFILL and self.fills[0].on <= end
        if expiring:
            if lead:
                yield self._finding(fill, check, AlertCode.PA_EXPIRING, self._expiring(end, fill.on))
        elif lead or self._within(fill):
            yield self._finding(fill, check, check.code, self._severity(fill, check.code))

    def _expiring(self, end: date, harm_on: date) -> Severity:
        """Tier; at least high when the chain ends in 7 days or fewer, warning when in 14."""
        floor = Severity.INFO
        if self.today.within(end, 7):
            floor = Severity.HIGH
        elif self.today.within(end, 14):
            floor = Severity.WARNING
        return worse(floor, tier(self.today, harm_on))

    def _unverified(self, fill: TableFill) -> Finding | None:
        unknown = [each for each in fill.checks if each.result is _UNKNOWN and each.code is None]
        if not unknown:
            return None
        self.unverified.add(fill.coverage)
        if not self._within(fill):
            return None
        missing = [each.facts.get("missing", ()) for each in unknown]
        names = tuple(name for each in missing if isinstance(each, tuple) for name in each)
        facts: Facts = {"unverified": tuple(each.check for each in unknown), "missing": names}
        return self._info(fill, AlertCode.RULE_UNVERIFIED, facts, None)

    def _transition(self, fill: TableFill) -> Finding | None:
        """A new Part D plan, PA or step missing, fill within its first 90 days (rulebook 7.8)."""
        if fill.plan is None or self.desk.book.plans[fill.plan].line_of_business is not PART_D:
            return None
        member = self.desk.payer(fill.on).paying
        if member is None or not any(each.code in TRANSITION_CODES for each in fill.checks):
            return None
        start = member_since(self.desk.book, member)
        limit = plus(start, parameters.TRANSITION_DAYS.value - 1)
        if fill.on > limit:
            return None
        self.transition.add(fill.coverage)
        if not self._within(fill):
            return None
        return self._info(fill, AlertCode.TRANSITION_FILL_AVAILABLE, {"limit_date": limit}, limit)

    def _info(self, fill: TableFill, code: AlertCode, facts: Facts, key_on: date | None) -> Finding:
        return Finding(code, Severity.INFO, fill.coverage, AboutKind.COVERAGE, key_on, None, facts, fill)
