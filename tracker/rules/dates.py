"""Dates of the calendar: months, ends of months, federal holidays as observed, business days.

No clock. Sums that would leave the calendar stop at its ends, so that no fact however large can break one.
"""

from datetime import date, timedelta
from functools import lru_cache
from typing import Final

# Far beyond every date a case file may hold (2199), with room for further sums.
FAR: Final = date(9000, 1, 1)
_MIN: Final = date.min
_numbered: Final = date.fromordinal
_FIRST: Final = _MIN.toordinal()
_LAST: Final = FAR.toordinal()
# Sums of days are made often, and nearly always with one of these.
_SPANS: Final = {days: timedelta(days) for days in range(-400, 401)}
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def day_of(number: int) -> date:
    """The day of this number (`date.toordinal`), never past the ends of the calendar."""
    if number > _LAST:
        return FAR
    return _numbered(number) if number >= _FIRST else _MIN


def plus(day: date, days: int) -> date:
    """`day` and so many days more (or fewer), never past the ends of the calendar."""
    span = _SPANS.get(days)
    if span is None:
        return day_of(day.toordinal() + days)
    try:
        found = day + span
    except OverflowError:
        return FAR if days > 0 else _MIN
    return found if found <= FAR else FAR


def days_between(first: date, last: date) -> int:
    """How many days `last` is after `first`; negative before it."""
    return last.toordinal() - first.toordinal()


def plus_months(day: date, months: int) -> date:
    """The same day so many months later; where there is no such day, the first of the next month.

    Rulebook 8 and 9: 31 October and 4 months is 1 March.
    """
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    try:
        return date(years, month + 1, day.day)
    except ValueError:
        return date(years, month + 2, 1)


def month_end(day: date, months: int = 0) -> date:
    """The last day of the month that is so many months after the month of `day`."""
    years, month = divmod(day.year * 12 + day.month - 1 + months + 1, 12)
    return date(years, month + 1, 1) - timedelta(days=1)


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _observed(day: date) -> date:
    """Saturday's holiday is kept on Friday, Sunday's on Monday (5 USC 6103(b), Executive Order 11582)."""
    return day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))


@lru_cache(maxsize=512)
def federal_holidays(year: int) -> frozenset[date]:
    """The federal holidays of a year as observed (5 USC 6103(a); read 2026-11-24).

    Juneteenth is one since 2021 (Public Law 117-17), Martin Luther King's birthday since 1986.
    """
    fixed = [date(year, 1, 1), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)]
    if year >= 2021:
        fixed.append(date(year, 6, 19))
    monday, thursday = 0, 3
    moving = [
        _nth_weekday(year, 2, monday, 3),
        _nth_weekday(year, 6, monday, 1) - timedelta(days=7),
        _nth_weekday(year, 9, monday, 1),
        _nth_weekday(year, 10, monday, 2),
        _nth_weekday(year, 11, thursday, 4),
    ]
    if year >= 1986:
        moving.append(_nth_weekday(year, 1, monday, 3))
    return frozenset([_observed(day) for day in fixed] + moving)


def is_business_day(day: date) -> bool:
    """No weekend and no federal holiday; 1 January may be observed in the year before."""
    return (
        day.weekday() < 5
        and day not in federal_holidays(day.year)
        and day not in federal_holidays(day.year + 1)
    )


def business_day_from(day: date) -> date:
    """`day`, or the next business day."""
    while not is_business_day(day):
        day += timedelta(days=1)
    return day


def spoken(day: date) -> str:
    """As people read it: `Sun 2026-06-14`."""
    return f"{_WEEKDAYS[day.weekday()]} {day.isoformat()}"
