"""The bridge plan: the lawful ways over the first refused fill, each with its dates, needs and source.

Options to ask the payer about. Never legal or dosing advice, and a payer's own text always wins.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tracker.rules import parameters
from tracker.rules.answer import TableFill
from tracker.rules.authorization import IN_PROGRESS
from tracker.rules.authorization_check import continued_until
from tracker.rules.book import Member
from tracker.rules.claims import appeal_due_on, is_open
from tracker.rules.coverage import PART_B, PART_D, member_since
from tracker.rules.dates import days_between, plus
from tracker.rules.desk import Desk
from tracker.rules.facts import Authorization, Case, Denial, Plan, Regimen
from tracker.rules.fill_ahead import FillAhead, fill_ahead
from tracker.rules.fill_findings import TRANSITION_CODES
from tracker.rules.lifecycle import decision_hours
from tracker.rules.projection import project
from tracker.rules.wording import count, spoken
from tracker.rules.words import (
    AlertCode,
    AuthorizationKind,
    AuthorizationStatus,
    BridgeKind,
    Check,
    LineOfBusiness,
    Result,
)

ASK = "Ask the payer; its own text wins."
_PA_KIND = AuthorizationKind.PRIOR_AUTHORIZATION


@dataclass(frozen=True, slots=True)
class Bridge:
    """One way over the gap. `until`: last day, or latest instant to ask; None: no date is on file.

    `in_time` False: that day is over, or its answer would come after the harm. `buys_days` None: it depends
    on what the payer grants. `verified_on` None: no source was read; `source` is then shown as unverified.
    """

    kind: BridgeKind
    what: str
    until: date | datetime | None
    until_means: str
    in_time: bool
    needs: tuple[str, ...]
    buys_days: int | None
    buys: str
    source: str
    verified_on: date | None

    @property
    def until_said(self) -> str:
        """`Tue 2026-06-30, last permitted fill date`."""
        return f"{spoken(self.until)}, {self.until_means}" if self.until else self.until_means


@dataclass(frozen=True, slots=True)
class BridgePlan:
    """The first refused fill, and what there is to ask for. `payer` None: nobody pays on that day."""

    harm_on: date
    runs_out_on: date
    codes: tuple[AlertCode, ...]
    payer: str | None
    ahead: FillAhead | None
    bridges: tuple[Bridge, ...]


@dataclass(frozen=True, slots=True)
class _Gap:
    """The refused fill on the desk, with who pays on its day."""

    desk: Desk
    day: date
    fill: TableFill
    runs_out_on: date
    codes: frozenset[AlertCode]
    failed: frozenset[Check]
    regimen: Regimen
    ahead: FillAhead | None

    @property
    def member(self) -> Member | None:
        return self.desk.payer(self.fill.on).paying

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.desk.book.policy.time_zone)

    def still_to_come(self, instant: datetime) -> bool:
        """A check knows no hour: an instant of today counts as still to come, midnight as gone."""
        return instant > datetime.combine(self.day, time(), self.zone)

    def before_fill(self, hours: int, *, days: int = 0) -> datetime:
        """So many hours, and days, before the day of the fill begins in the clinic."""
        begins = datetime.combine(plus(self.fill.on, -days), time(), self.zone)
        return (begins.astimezone(UTC) - timedelta(hours=hours)).astimezone(self.zone)

    def pa_in_progress(self, kind: AuthorizationKind, plan: Plan) -> Authorization | None:
        asked = self.desk.book.patient.authorizations
        found = (
            each
            for each in asked
            if each.plan == plan.id and each.kind is kind and each.status in IN_PROGRESS
        )
        return next(found, None)


def bridge_plan(case: Case, as_of: date) -> BridgePlan | None:
    """The ways over the first refused fill of the next 12 months; None if no fill is refused."""
    desk = Desk(case)
    table = project(desk, as_of)
    number = next((number for number, fill in enumerate(table.fills) if not fill.ok), None)
    if number is None:
        return None
    fill = table.fills[number]
    run_out = table.fills[number - 1].runs_out_on if number else table.run_out
    failed = [each for each in fill.checks if each.result is Result.FAIL]
    gap = _Gap(
        desk=desk,
        day=as_of,
        fill=fill,
        runs_out_on=run_out or fill.on,
        codes=frozenset(each.code for each in failed if each.code),
        failed=frozenset(each.check for each in failed),
        regimen=next(each for each in desk.book.regimens if each.id == fill.regimen),
        ahead=fill_ahead(case, as_of),
    )
    member = gap.member
    return BridgePlan(
        harm_on=fill.on,
        runs_out_on=gap.runs_out_on,
        codes=tuple(each.code for each in failed if each.code),
        payer=(member.plan.payer or member.plan.id) if member else None,
        ahead=gap.ahead,
        bridges=tuple(each for ways in _WAYS for each in ways(gap)),
    )


def _fill_ahead(gap: _Gap) -> Iterator[Bridge]:
    """Fill before it is refused, while everything still permits it."""
    ahead = gap.ahead
    if ahead is None:
        return
    supply = count(ahead.days_supply, "day")
    yield Bridge(
        kind=BridgeKind.FILL_AHEAD,
        what=f"Fill {supply} between {spoken(ahead.first_on)} and {spoken(ahead.last_on)}.",
        until=ahead.last_on,
        until_means="last permitted fill date",
        in_time=ahead.last_on >= gap.day,
        needs=("A fill of this date passes every check of the tracker.", *ahead.notes),
        buys_days=ahead.cushion_days,
        buys=f"{count(ahead.cushion_days, 'day')} of drug more, until {spoken(ahead.runs_out_then)}",
        source="The tracker's own checks of a fill on that day",
        verified_on=gap.day,
    )


def _continuity(gap: _Gap) -> Iterator[Bridge]:
    """A new Medicare Advantage plan goes on with a course in progress (rulebook 7.8)."""
    member = gap.member
    if member is None or Check.AUTHORIZATION not in gap.failed:
        return
    limit = continued_until(gap.desk.book, member, gap.regimen)
    if limit is None or gap.fill.on > limit:
        return
    parameter = parameters.CONTINUITY_DAYS
    yield Bridge(
        kind=BridgeKind.CONTINUITY,
        what=f"Ask {_name(member)} to go on with the course in progress, without a new authorization.",
        until=limit,
        until_means=f"day {parameter.value} of the coverage",
        in_time=limit >= gap.day,
        needs=("Proof that the course was in progress on the day before the coverage began.",),
        buys_days=days_between(gap.fill.on, limit) + 1,
        buys=f"fills through {spoken(limit)}",
        source=parameter.source,
        verified_on=parameter.verified_on,
    )


def _transition(gap: _Gap) -> Iterator[Bridge]:
    """A new Part D plan gives a transition fill in its first 90 days (rulebook 7.8)."""
    member = gap.member
    if member is None or member.plan.line_of_business is not PART_D or not gap.codes & TRANSITION_CODES:
        return
    limit = plus(member_since(gap.desk.book, member), parameters.TRANSITION_DAYS.value - 1)
    if gap.fill.on > limit:
        return
    supply = parameters.TRANSITION_SUPPLY_DAYS
    yield Bridge(
        kind=BridgeKind.TRANSITION,
        what=f"Ask {_name(member)} for a transition fill.",
        until=limit,
        until_means=f"day {parameters.TRANSITION_DAYS.value} of the coverage",
        in_time=limit >= gap.day,
        needs=("The pharmacy bills it as a transition fill; ask the plan how.",),
        buys_days=supply.value,
        buys=f"at least a month's supply, counted here as {count(supply.value, 'day')}",
        source=supply.source,
        verified_on=supply.verified_on,
    )


_REQUESTS = {
    Check.AUTHORIZATION: (BridgeKind.EXPEDITED, _PA_KIND, "prior authorization"),
    Check.QUANTITY_LIMIT: (
        BridgeKind.QUANTITY_OVERRIDE,
        AuthorizationKind.QUANTITY_LIMIT_OVERRIDE,
        "quantity limit override",
    ),
    Check.STEP_THERAPY: (
        BridgeKind.STEP_EXCEPTION,
        AuthorizationKind.STEP_THERAPY_EXCEPTION,
        "step therapy exception",
    ),
    Check.COVERAGE: (
        BridgeKind.FORMULARY_EXCEPTION,
        AuthorizationKind.FORMULARY_EXCEPTION,
        "formulary exception",
    ),
}


def _requests(gap: _Gap) -> Iterator[Bridge]:
    """An expedited decision on whatever the fill lacks, asked so that the answer comes before it."""
    member = gap.member
    # Original Medicare decides no request for these drugs beforehand (rulebook 4.2).
    if member is None or member.plan.line_of_business is PART_B:
        return
    for check in sorted(gap.failed & _REQUESTS.keys(), key=list(Check).index):
        if check is not Check.COVERAGE or AlertCode.NOT_COVERED in gap.codes:
            yield _request(gap, member.plan, *_REQUESTS[check])


def _request(gap: _Gap, plan: Plan, kind: BridgeKind, asked: AuthorizationKind, name: str) -> Bridge:
    hours = decision_hours(plan).expedited or 0
    latest = gap.before_fill(hours)
    shipping = gap.desk.book.policy.shipping_days
    running = gap.pa_in_progress(asked, plan)
    source, verified_on = _clock_source(plan)
    needs = ["The prescriber's statement that the standard time could harm the patient."]
    if plan.line_of_business is PART_D and asked is not _PA_KIND:
        needs.append("The clock starts only when the plan has the prescriber's supporting statement.")
    if shipping:
        with_shipping = gap.before_fill(hours, days=shipping)
        needs.append(
            f"With {count(shipping, 'day')} for shipping, ask by {spoken(with_shipping)}."
            if gap.still_to_come(with_shipping)
            else f"The answer comes too late for {count(shipping, 'day')} of shipping: ask about pick-up."
        )
    of_payer = plan.payer or plan.id
    return Bridge(
        kind=kind,
        what=(
            f"Ask {of_payer} to expedite the {name} that is in progress."
            if running
            else f"Ask {of_payer} for a {name}, expedited."
        ),
        until=latest,
        until_means=f"{count(hours, 'hour')} before the day of the fill; later, ask all the same",
        in_time=gap.still_to_come(latest),
        needs=tuple(needs),
        buys_days=None,
        buys="what the payer grants",
        source=source,
        verified_on=verified_on,
    )


def _clock_source(plan: Plan) -> tuple[str, date | None]:
    """Where the hours come from: law, the plan's own data, else the default."""
    by_law = parameters.DECISION_HOURS.get(plan.line_of_business)
    if by_law is not None:
        return by_law.source, by_law.verified_on
    if plan.decision_hours is not None and plan.decision_hours.expedited is not None:
        return "The plan's own hours, as entered", None
    default = parameters.DECISION_HOURS_DEFAULT
    return default.source, default.verified_on


def _appeal(gap: _Gap) -> Iterator[Bridge]:
    """What was denied can be appealed; in haste where there is an expedited way."""
    member = gap.member
    if member is None:
        return
    plan = member.plan
    denial, denied = _denial(gap, plan), _denied(gap, plan)
    if denial is None and denied is None:
        return
    due_on = appeal_due_on(gap.desk, denial) if denial else None
    parameter = parameters.EXPEDITED_APPEAL_HOURS.get(plan.line_of_business)
    needs = ["The denial's letter, the chart, and why waiting could harm the patient."]
    if due_on is None:
        needs.append("The deadline: enter the denial with its dates, or ask the payer.")
    if parameter is None:
        needs.append("No expedited clock is on file for this plan: ask the payer.")
    else:
        needs.append(_appeal_by(gap, parameter.value, due_on))
    yield Bridge(
        kind=BridgeKind.APPEAL,
        what=f"Appeal the denial to {plan.payer or plan.id}, expedited.",
        until=due_on,
        until_means="appeal deadline" if due_on else "deadline not on file",
        in_time=due_on is None or due_on >= gap.day,
        needs=tuple(needs),
        buys_days=None,
        buys="what the payer grants",
        source=parameter.source if parameter else "Not on file",
        verified_on=parameter.verified_on if parameter else None,
    )


def _appeal_by(gap: _Gap, hours: int, due_on: date | None) -> str:
    """When to ask for an answer before the fill; the deadline of the appeal may come first."""
    latest = gap.before_fill(hours)
    clock = f"{spoken(latest)} ({hours} hours)"
    if not gap.still_to_come(latest):
        return f"An answer before the fill had to be asked for by {clock}: ask all the same."
    if due_on is not None and due_on < latest.date():
        return f"Ask by {spoken(due_on)}, the appeal deadline: the answer comes within {hours} hours."
    return f"For an answer before the fill, ask by {clock}."


def _denial(gap: _Gap, plan: Plan) -> Denial | None:
    """An open denial of what the plan that pays for the fill was asked, the last to be noticed.

    A denied claim is about a fill of before: to win it pays for that one.
    """
    asked = {each.id for each in gap.desk.book.patient.authorizations if each.plan == plan.id}
    denials = gap.desk.book.patient.denials
    found = [each for each in denials if each.authorization in asked and is_open(gap.desk, each)]
    return max(found, key=lambda each: each.notice_on or each.received_on or date.min, default=None)


def _denied(gap: _Gap, plan: Plan) -> Authorization | None:
    if AlertCode.PA_DENIED not in gap.codes:
        return None
    asked = gap.desk.book.patient.authorizations
    return next(
        (each for each in asked if each.plan == plan.id and each.status is AuthorizationStatus.DENIED), None
    )


def _emergency(gap: _Gap) -> Iterator[Bridge]:
    """Medicaid pays for an emergency supply while an authorization is not decided."""
    member = gap.member
    if member is None or member.plan.line_of_business is not LineOfBusiness.MEDICAID:
        return
    if Check.AUTHORIZATION not in gap.failed:
        return
    parameter = parameters.EMERGENCY_SUPPLY_HOURS
    days = parameter.value // 24
    yield Bridge(
        kind=BridgeKind.EMERGENCY,
        what=f"Ask the pharmacy to bill {_name(member)} for an emergency supply.",
        until=None,
        until_means="while the authorization is not decided",
        in_time=True,
        needs=("An emergency by the state's own words: ask the state's program how it is billed.",),
        buys_days=days,
        buys=f"at least {parameter.value} hours, that is {count(days, 'day')}",
        source=parameter.source,
        verified_on=parameter.verified_on,
    )


_WAYS: tuple[Callable[[_Gap], Iterator[Bridge]], ...] = (
    _fill_ahead,
    _continuity,
    _transition,
    _requests,
    _appeal,
    _emergency,
)


def _name(member: Member) -> str:
    return member.plan.payer or member.plan.id
