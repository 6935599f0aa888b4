"""The date sum of a finding, written out line by line as on paper (rulebook 10.3)."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from itertools import chain
from zoneinfo import ZoneInfo

from tracker.rules import parameters
from tracker.rules.answer import SumLine
from tracker.rules.dates import days_between, plus
from tracker.rules.lifecycle import decision_clock
from tracker.rules.wording import Wording, count, number, plain, quantity, spoken
from tracker.rules.words import AboutKind, AlertCode

Lines = Iterator[SumLine]
_TIERS = ((7, "7 or fewer: critical"), (14, "14 or fewer: high"), (30, "30 or fewer: warning"))


def sums_of(words: Wording) -> Lines:
    """Supply, then what is particular to the finding, then the days until harm."""
    own = _OWN.get(words.finding.code)
    supply = _supply(words) if words.finding.fill or words.finding.code in _SUPPLY_CODES else ()
    return chain(supply, own(words) if own else (), _until_harm(words))


_SUPPLY_CODES = frozenset(
    {
        AlertCode.REFILL_DUE,
        AlertCode.REFILL_AFFIRMATION_MISSING,
        AlertCode.REFILL_CONTACT_TOO_EARLY,
        AlertCode.SUPPLY_GAP,
    }
)


def _supply(words: Wording) -> Lines:
    """Last fill + days supply = run-out; then the fill at hand."""
    last, table, fill = words.book.last_supplied, words.decision.table, words.finding.fill
    run_out = table.run_out
    # A table with a fill, and a refill that is due, have a run-out.
    assert run_out is not None
    if last is not None:
        on, days = last.fill.on, last.fill.days_supply
        status = plain(last.fill.claim.status) if last.fill.claim and last.fill.claim.status else ""
        yield SumLine("", "Last fill", spoken(on), status)
        carried = days_between(plus(on, days), run_out)
        yield SumLine("+", "days supply", count(days, "day"))
        if carried > 0:
            yield SumLine(
                "+", "on hand before it", count(carried, "day"), "carried over, or a change of dose"
            )
        elif carried < 0:
            yield SumLine("-", "change of dose", count(-carried, "day"))
        yield SumLine("=", "Runs out on", spoken(run_out), "first day without drug")
    else:
        yield SumLine("", "No fill yet, course starts", spoken(run_out), "first day without drug")
    if fill is not None:
        first = fill is words.decision.table.fills[0]
        label = "Planned fill" if fill.planned else ("Next fill" if first else "A later fill")
        yield SumLine("", label, spoken(fill.on), count(fill.days_supply, "day"))


def _until_harm(words: Wording) -> Lines:
    """Harm date - today = days; which decides how bad it is."""
    harm_on, today = words.finding.harm_on, words.decision.day
    if harm_on is None:
        return
    days = days_between(today, harm_on)
    yield SumLine("", "Harm date", spoken(harm_on))
    yield SumLine("-", "today", spoken(today))
    note = next((text for most, text in _TIERS if days <= most), "over 30: information")
    if days < 0:
        yield SumLine("=", "Since harm", count(-days, "day"), note)
    else:
        yield SumLine("=", "Until harm", count(days, "day"), note)


def _day(words: Wording, name: str) -> date | None:
    value = words.fact(name)
    return value if isinstance(value, date) else None


def _pa_end(words: Wording) -> Lines:
    pa = words.pa
    if pa is not None and pa.ends_on is not None:
        yield SumLine("", f"{words.this_pa} ends", spoken(pa.ends_on), "valid through that day")
        fill = words.finding.fill
        if fill is not None and fill.on > pa.ends_on:
            yield SumLine("=", "End to fill", count(days_between(pa.ends_on, fill.on), "day"))


def _pa_gap(words: Wording) -> Lines:
    first, last, fill = _day(words, "gap_start"), _day(words, "gap_end"), words.finding.fill
    assert first is not None
    assert last is not None
    days = days_between(first, last) + 1
    if words.pa is not None:
        yield SumLine("", f"{words.this_pa} ends", spoken(plus(first, -1)), "valid through that day")
        yield SumLine("", "The next PA starts", spoken(plus(last, 1)))
    yield SumLine("=", "Gap", f"{first} to {last}", f"{count(days, 'day')}, both ends included")
    if fill is not None:
        day = days_between(first, fill.on) + 1
        yield SumLine("", "The fill falls in it", f"day {day} of {days}")


def _pa_start(words: Wording) -> Lines:
    yield SumLine("", f"{words.this_pa} starts", words.day("effective_on"), "not before")


def _units(words: Wording) -> Lines:
    code = words.fact("code")
    permit = next((each for each in words.desk.permits if each.pa.id == words.finding.about), None)
    limit = permit.limits.get(str(code)) if permit and permit.limits else None
    given = 0 if limit is None else limit
    yield SumLine("", f"Units of {code} on {words.this_pa}", number(given), "less those used before")
    yield SumLine("-", "charged to it so far", number(given - _int(words, "remaining")))
    yield SumLine("=", "Left", count(words.fact("remaining"), "unit"))
    yield SumLine("", "The fill needs", count(words.fact("needed"), "unit"), f"of {code}")


def _int(words: Wording, name: str) -> int:
    value = words.fact(name)
    return value if isinstance(value, int) else 0


def _limit(words: Wording) -> Lines:
    unit = words.fact("unit") or "days"
    if words.fact("sum") is not None:
        window = words.fact("window")
        first, last = window if isinstance(window, tuple) else (None, None)
        yield SumLine("", "Window", f"{plain(first)} to {plain(last)}", "both ends included")
        yield SumLine("", "Filled in it", quantity(words.fact("sum"), unit), "this fill included")
    else:
        yield SumLine("", "Asked", _amount(words, "requested", unit))
    yield SumLine("-", "allowed", _amount(words, "limit", unit))
    yield SumLine("=", "Over the limit", _amount(words, "excess", unit))


def _amount(words: Wording, name: str, unit: object) -> str:
    value = words.fact(name)
    return count(value, "day") if unit == "days" else quantity(value, str(unit))


def _too_soon(words: Wording) -> Lines:
    earliest = words.fact("earliest") or words.fact("deliver_not_before")
    yield SumLine("=", "First day allowed", spoken(earliest), "run-out less the days the payer allows")


def _contact(words: Wording) -> Lines:
    yield SumLine("-", "days before run-out", count(parameters.CONTACT_DAYS.value, "day"))
    yield SumLine("=", "Contact not before", words.day("contact_not_before"))


def _lookback(words: Wording) -> Lines:
    yield SumLine("", "Look-back starts", words.day("lookback_start"), "request date less the plan's days")
    yield SumLine("", "The trial ended", words.day("trial_end"), "before it")


def _coverage_end(words: Wording) -> Lines:
    yield SumLine("", "Last day of the coverage", words.day("coverage_end"))


def _due(words: Wording) -> Lines:
    due_on = _day(words, "due_on")
    assert due_on is not None
    today = words.decision.day
    yield SumLine("", "Due on", spoken(due_on))
    yield SumLine("-", "today", spoken(today))
    yield SumLine("=", "Days late", count(days_between(due_on, today), "day"))


def _appeal(words: Wording) -> Lines:
    denial = next(each for each in words.book.patient.denials if each.id == words.finding.about)
    started = denial.received_on or denial.notice_on
    if denial.appeal_by is None and started is not None:
        yield SumLine("", "Notice received" if denial.received_on else "Notice", spoken(started))
        days = days_between(started, _day(words, "due_on") or started)
        yield SumLine("+", "time to appeal", count(days, "day"))
    yield SumLine("=", "Appeal by", words.day("due_on"))


def _reply(words: Wording) -> Lines:
    if words.fact("reply_by") is not None:
        yield SumLine("=", "Reply by", words.day("reply_by"))


def _clock(words: Wording) -> Lines:
    pa = words.pa
    assert pa is not None
    started, hours = decision_clock(words.desk, pa)
    # Without a clock nothing is overdue.
    assert started is not None
    started = started.astimezone(ZoneInfo(words.book.policy.time_zone))  # as the day it is due
    yield SumLine("", "The payer's clock starts", spoken(started), "received, or the prescriber's statement")
    yield SumLine("+", "hours to decide", count(hours, "hour"))
    yield SumLine("=", "Decision due", words.day("due_at"))


def _limit_date(words: Wording) -> Lines:
    yield SumLine(
        "=",
        "Last day" if words.finding.about_kind is AboutKind.COVERAGE else "One year on",
        words.day("limit_date"),
    )


_OWN: Mapping[AlertCode, Callable[[Wording], Lines]] = {
    AlertCode.PA_EXPIRED: _pa_end,
    AlertCode.PA_EXPIRES_BEFORE_REFILL: _pa_end,
    AlertCode.PA_EXPIRING: _pa_end,
    AlertCode.PA_WRONG_PAYER: _pa_end,
    AlertCode.PA_PARTIAL: _pa_end,
    AlertCode.PA_GAP: _pa_gap,
    AlertCode.SUPPLY_GAP: _pa_gap,
    AlertCode.PA_NOT_YET_EFFECTIVE: _pa_start,
    AlertCode.PA_UNITS_EXHAUSTED: _units,
    AlertCode.PA_UNITS_INSUFFICIENT: _units,
    AlertCode.PA_UNITS_LOW: _units,
    AlertCode.QL_EXCEEDED: _limit,
    AlertCode.DAYS_SUPPLY_EXCEEDED: _limit,
    AlertCode.REFILL_TOO_SOON: _too_soon,
    AlertCode.DELIVERY_TOO_EARLY: _too_soon,
    AlertCode.REFILL_AFFIRMATION_MISSING: _contact,
    AlertCode.REFILL_CONTACT_TOO_EARLY: _contact,
    AlertCode.STEP_LOOKBACK_EXPIRED: _lookback,
    AlertCode.COVERAGE_ENDING: _coverage_end,
    AlertCode.COVERAGE_CHANGE: _coverage_end,
    AlertCode.LAB_OVERDUE: _due,
    AlertCode.APPEAL_DEADLINE: _appeal,
    AlertCode.PA_PENDED_INFO_NEEDED: _reply,
    AlertCode.PA_DECISION_OVERDUE: _clock,
    AlertCode.TRANSITION_FILL_AVAILABLE: _limit_date,
    AlertCode.CONTINUITY_WINDOW_ACTIVE: _limit_date,
    AlertCode.THERAPY_DURATION_LIMIT: _limit_date,
    AlertCode.THERAPY_DURATION_LIMIT_NEAR: _limit_date,
}
