"""Months, holidays, the ends of the calendar; dated parameters; how today is asked."""

from datetime import date

import pytest

from tracker.rules import parameters
from tracker.rules.dates import (
    FAR,
    business_day_from,
    day_of,
    days_between,
    federal_holidays,
    is_business_day,
    month_end,
    plus,
    plus_months,
    spoken,
)
from tracker.rules.parameters import Parameter
from tracker.rules.severity import at_least, tier
from tracker.rules.today import Today
from tracker.rules.words import Severity

MONTHS = [
    (date(2026, 10, 31), 4, date(2027, 3, 1)),
    (date(2027, 10, 29), 4, date(2028, 2, 29)),
    (date(2026, 10, 29), 4, date(2027, 3, 1)),
    (date(2024, 2, 29), 12, date(2025, 3, 1)),
    (date(2026, 1, 31), 1, date(2026, 3, 1)),
    (date(2026, 8, 31), 1, date(2026, 10, 1)),
    (date(2025, 6, 1), 30, date(2027, 12, 1)),
    (date(2026, 12, 15), 1, date(2027, 1, 15)),
]


@pytest.mark.parametrize(("day", "months", "later"), MONTHS)
def test_month_later_is_the_same_day_or_the_next_first(day: date, months: int, later: date) -> None:
    assert plus_months(day, months) == later


def test_month_end_counts_from_the_month() -> None:
    assert month_end(date(2023, 10, 12), 36) == date(2026, 10, 31)
    assert month_end(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert month_end(date(2026, 2, 3)) == date(2026, 2, 28)


def test_sums_stop_at_the_ends_of_the_calendar() -> None:
    assert plus(date(2026, 1, 1), 10**7) == FAR
    assert plus(date(2026, 1, 1), -(10**7)) == date.min
    assert plus(date(2026, 2, 28), 1) == date(2026, 3, 1)
    assert plus(FAR, 1) == FAR
    assert plus(date.max, 1) == FAR
    assert plus(date.min, -1) == date.min
    assert days_between(date(2026, 3, 1), date(2026, 2, 28)) == -1


HOLIDAYS_2026 = [
    date(2026, 1, 1),
    date(2026, 1, 19),
    date(2026, 2, 16),
    date(2026, 5, 25),
    date(2026, 6, 19),
    date(2026, 7, 3),
    date(2026, 9, 7),
    date(2026, 10, 12),
    date(2026, 11, 11),
    date(2026, 11, 26),
    date(2026, 12, 25),
]


def test_federal_holidays_of_2026_as_observed() -> None:
    assert sorted(federal_holidays(2026)) == HOLIDAYS_2026


# Of years that begin on other weekdays, of which no other test asks.
HOLIDAYS = {
    2031: "01-01 01-20 02-17 05-26 06-19 07-04 09-01 10-13 11-11 11-27 12-25",
    2033: "01-17 02-21 05-30 06-20 07-04 09-05 10-10 11-11 11-24 12-26",
    1998: "01-01 01-19 02-16 05-25 07-03 09-07 10-12 11-11 11-26 12-25",
}


@pytest.mark.parametrize(("year", "days"), HOLIDAYS.items())
def test_federal_holidays_of_other_years(year: int, days: str) -> None:
    found = sorted(each for each in federal_holidays(year) if each.year == year)

    assert [f"{each:%m-%d}" for each in found] == days.split()


def test_new_year_on_a_saturday_is_kept_in_the_year_before() -> None:
    assert date(2032, 12, 31) in federal_holidays(2033)


@pytest.mark.parametrize(
    "day", [date(2034, 1, 16), date(2034, 5, 29), date(2034, 11, 23), date(2034, 12, 25)]
)
def test_on_a_holiday_no_business_is_done(day: date) -> None:
    assert not is_business_day(day)
    assert is_business_day(date(2034, 1, 17))


def test_a_number_beyond_the_calendar_is_its_end() -> None:
    assert day_of(FAR.toordinal()) == day_of(FAR.toordinal() + 1) == FAR
    assert day_of(FAR.toordinal() - 1) == date(8999, 12, 31)
    assert day_of(0) == day_of(1) == date.min
    assert day_of(2) == date(1, 1, 2)


def test_holidays_came_into_being() -> None:
    assert date(2020, 6, 19) not in federal_holidays(2020)
    assert date(1985, 1, 21) not in federal_holidays(1985)


BUSINESS_DAYS = [
    (date(2026, 7, 3), date(2026, 7, 6)),
    (date(2026, 7, 2), date(2026, 7, 2)),
    (date(2021, 12, 31), date(2022, 1, 3)),
    (date(2027, 7, 4), date(2027, 7, 6)),
]


@pytest.mark.parametrize(("day", "business_day"), BUSINESS_DAYS)
def test_next_business_day(day: date, business_day: date) -> None:
    assert business_day_from(day) == business_day
    assert is_business_day(business_day)


def test_date_is_spoken_with_its_weekday() -> None:
    assert spoken(date(2026, 6, 14)) == "Sun 2026-06-14"


@pytest.mark.parametrize(("day", "limit"), [(date(2024, 12, 31), 30), (date(2025, 1, 1), 90)])
def test_parameter_in_force_on_a_day(day: date, limit: int) -> None:
    assert parameters.on(parameters.PART_B_DAYS_SUPPLY, day).value == limit


def test_parameter_without_a_value_is_an_error() -> None:
    only = (Parameter(1, "a source", None, date(2026, 1, 1)),)

    with pytest.raises(LookupError):
        parameters.on(only, date(2025, 12, 31))


def test_every_parameter_names_its_source() -> None:
    named = [value for value in vars(parameters).values() if isinstance(value, Parameter)]

    assert len(named) > 15
    assert all(each.source for each in named)


def test_today_notes_the_first_day_that_would_answer_otherwise() -> None:
    today = Today(date(2026, 6, 8))

    assert today.reached(date(2026, 6, 8))
    assert not today.passed(date(2026, 6, 8))
    assert not today.within(date(2026, 7, 5), 7)

    assert today.flips_on == date(2026, 6, 9)


TIERS = [
    (date(2026, 6, 1), Severity.CRITICAL),
    (date(2026, 6, 15), Severity.CRITICAL),
    (date(2026, 6, 16), Severity.HIGH),
    (date(2026, 6, 22), Severity.HIGH),
    (date(2026, 6, 23), Severity.WARNING),
    (date(2026, 7, 8), Severity.WARNING),
    (date(2026, 7, 9), Severity.INFO),
    (None, Severity.INFO),
]


@pytest.mark.parametrize(("harm_on", "severity"), TIERS)
def test_tier_by_the_days_to_harm(harm_on: date | None, severity: Severity) -> None:
    assert tier(Today(date(2026, 6, 8)), harm_on) is severity


def test_floor_is_never_gone_below() -> None:
    today = Today(date(2026, 6, 8))

    assert at_least(Severity.HIGH, today, None) is Severity.HIGH
    assert at_least(Severity.HIGH, today, date(2026, 6, 9)) is Severity.CRITICAL
    assert at_least(Severity.CRITICAL, today, None) is Severity.CRITICAL
