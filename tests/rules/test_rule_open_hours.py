"""Open now? The payer's own clock decides, through its changes too; a federal holiday is unknown."""

from datetime import UTC, datetime

import pytest

from tracker.rules.open_hours import OpenHours, OpenNow, Standing, clock_said, days_said, of_columns, open_now

EASTERN = OpenHours("12345", 8 * 60, 17 * 60, "America/New_York")
LUNCH = OpenHours("12345", 8 * 60, 17 * 60, "America/New_York", (12 * 60, 13 * 60))
ALWAYS = OpenHours("1234567", 0, 24 * 60, "America/Denver")


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "standing", "when"),
    [
        ("2026-06-08T11:59:59", Standing.CLOSED, "2026-06-08T12:00"),
        ("2026-06-08T12:00", Standing.OPEN, "2026-06-08T21:00"),
        ("2026-06-08T20:59:59", Standing.OPEN, "2026-06-08T21:00"),
        ("2026-06-08T21:00", Standing.CLOSED, "2026-06-09T12:00"),
        ("2026-06-05T21:00", Standing.CLOSED, "2026-06-08T12:00"),
        ("2026-06-06T15:00", Standing.CLOSED, "2026-06-08T12:00"),
    ],
)
def test_opening_counts_and_closing_does_not(now, standing, when):
    found = open_now(EASTERN, at(now))

    assert (found.standing, found.at, found.unsure) == (standing, at(when), False)


@pytest.mark.parametrize(
    ("now", "standing", "when"),
    [
        ("2026-06-08T11:59:59", Standing.CLOSED, "2026-06-08T12:00"),
        ("2026-06-08T15:59:59", Standing.OPEN, "2026-06-08T16:00"),
        ("2026-06-08T16:00", Standing.CLOSED, "2026-06-08T17:00"),
        ("2026-06-08T16:59:59", Standing.CLOSED, "2026-06-08T17:00"),
        ("2026-06-08T17:00", Standing.OPEN, "2026-06-08T21:00"),
        ("2026-06-08T21:00", Standing.CLOSED, "2026-06-09T12:00"),
    ],
)
def test_a_break_at_midday_is_closed_and_ends_on_the_same_day(now, standing, when):
    found = open_now(LUNCH, at(now))

    assert (found.standing, found.at, found.unsure) == (standing, at(when), False)


@pytest.mark.parametrize("now", ["2026-11-26T15:00", "2026-11-26T17:30", "2026-11-26T20:00"])
def test_a_holiday_is_unknown_before_in_and_after_the_break(now):
    assert open_now(LUNCH, at(now)).standing is Standing.HOLIDAY


@pytest.mark.parametrize(
    ("zone", "opens"),
    [
        ("America/New_York", "2026-06-08T12:00"),
        ("America/Chicago", "2026-06-08T13:00"),
        ("America/Phoenix", "2026-06-08T15:00"),
        ("America/Los_Angeles", "2026-06-08T15:00"),
        ("America/Anchorage", "2026-06-08T16:00"),
        ("Pacific/Honolulu", "2026-06-08T18:00"),
    ],
)
def test_the_same_hours_are_another_instant_in_each_zone(zone, opens):
    hours = OpenHours("12345", 8 * 60, 17 * 60, zone)

    assert open_now(hours, at("2026-06-08T11:00")).at == at(opens)


@pytest.mark.parametrize(
    ("now", "when"),
    [
        ("2026-03-06T22:00", "2026-03-09T12:00"),
        ("2026-10-30T22:00", "2026-11-02T13:00"),
    ],
)
def test_the_clock_that_changed_over_the_weekend_is_the_payers(now, when):
    assert open_now(EASTERN, at(now)).at == at(when)


@pytest.mark.parametrize(
    ("now", "closes"),
    [("2026-03-08T12:00", "2026-03-09T06:00"), ("2026-11-01T12:00", "2026-11-02T07:00")],
)
def test_a_day_of_23_or_25_hours_ends_at_its_own_midnight(now, closes):
    found = open_now(ALWAYS, at(now))

    assert (found.standing, found.at) == (Standing.OPEN, at(closes))


def test_on_a_federal_holiday_nobody_knows():
    assert open_now(EASTERN, at("2026-11-26T15:00")).standing is Standing.HOLIDAY


def test_a_holiday_on_a_day_it_is_closed_anyway_asks_nothing():
    weekend = OpenHours("67", 8 * 60, 17 * 60, "America/New_York")

    assert open_now(weekend, at("2026-11-26T15:00")).standing is Standing.CLOSED


def test_the_evening_before_a_holiday_says_that_the_next_day_is_one():
    found = open_now(EASTERN, at("2026-11-25T23:00"))

    assert (found.standing, found.at, found.unsure) == (Standing.CLOSED, at("2026-11-26T13:00"), True)


def test_after_closing_on_a_holiday_it_opens_on_the_next_day():
    found = open_now(EASTERN, at("2026-11-26T23:00"))

    assert (found.standing, found.at, found.unsure) == (Standing.CLOSED, at("2026-11-27T13:00"), False)


def test_new_year_kept_in_the_year_before_is_a_holiday():
    assert open_now(EASTERN, at("2027-12-31T15:00")).standing is Standing.HOLIDAY


def test_hours_are_whole_or_not_on_file():
    assert of_columns("12345", 480, 1020, "America/New_York") == EASTERN
    assert of_columns("12345", 480, 1020, "America/New_York", (720, 780)) == LUNCH
    assert of_columns(None, None, None, None) is None


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ("12345", "Mon to Fri"),
        ("135", "Mon, Wed, Fri"),
        ("67", "Sat, Sun"),
        ("7", "Sun"),
        ("123", "Mon to Wed"),
    ],
)
def test_days_are_said_short(days, words):
    assert days_said(days) == words


def test_minutes_are_said_as_a_clock():
    assert [clock_said(each) for each in (0, 485, 1440)] == ["00:00", "08:05", "24:00"]


@pytest.mark.parametrize(
    "columns",
    [
        (None, 480, 1020, "America/New_York"),
        ("", 480, 1020, "America/New_York"),
        ("12345", None, 1020, "America/New_York"),
        ("12345", 480, None, "America/New_York"),
        ("12345", 480, 1020, None),
        ("12345", 480, 1020, ""),
        ("12345", None, None, None),
    ],
)
def test_hours_of_which_one_thing_is_missing_are_not_on_file(columns):
    assert of_columns(*columns) is None


@pytest.mark.parametrize("rest", [(720, None), (None, 780), (None, None)])
def test_half_a_break_is_none(rest):
    assert of_columns("12345", 480, 1020, "America/New_York", rest) == EASTERN


def test_who_answers_on_no_day_is_closed_without_a_next_time():
    never = OpenHours("", 8 * 60, 17 * 60, "America/New_York")

    assert open_now(never, at("2026-06-08T15:00")) == OpenNow(Standing.CLOSED)


def test_opening_is_at_the_minute():
    hours = OpenHours("12345", 8 * 60 + 45, 17 * 60 + 15, "America/New_York")

    assert open_now(hours, at("2026-06-08T12:44:59")).at == at("2026-06-08T12:45")
    assert open_now(hours, at("2026-06-08T12:45")).at == at("2026-06-08T21:15")


def test_the_day_is_the_payers_and_not_that_of_the_server():
    # 04:30 UTC on Monday is Sunday evening in Honolulu; 19:00 UTC on Sunday is Monday morning in Auckland.
    hawaii = OpenHours("7", 8 * 60, 19 * 60, "Pacific/Honolulu")
    auckland = OpenHours("1", 0, 8 * 60, "Pacific/Auckland")

    assert open_now(hawaii, at("2026-06-08T04:30")).standing is Standing.OPEN
    assert open_now(auckland, at("2026-06-07T19:00")).standing is Standing.OPEN


def test_instants_are_told_in_utc():
    assert open_now(EASTERN, at("2026-06-08T12:00")).at.tzinfo is UTC


def test_who_answers_once_a_week_opens_again_in_seven_days():
    fridays = OpenHours("5", 8 * 60, 17 * 60, "America/New_York")

    assert open_now(fridays, at("2026-06-05T21:00")).at == at("2026-06-12T12:00")
