"""Spreading starts over the weeks: never past a last day, no week fuller than it must be."""

from collections import Counter
from datetime import date, timedelta

from tracker.rules.dates import is_business_day
from tracker.rules.levelling import Item, Week, level, monday_of

MONDAY = date(2026, 10, 5)
NEW_YEAR = date(2026, 12, 18)


def items(count, latest=NEW_YEAR):
    return [Item(f"{number:03}", latest) for number in range(count)]


def test_a_wave_of_one_day_is_spread_over_all_weeks_before_it():
    found = level(items(110), {}, first=MONDAY)

    assert len(found.weeks) == 11
    assert max(week.proposed for week in found.weeks) == found.a_week == 11
    assert sum(week.proposed for week in found.weeks) == 110
    assert [week.waiting for week in found.weeks] == [0] * 10 + [110]


def test_nothing_is_proposed_after_its_last_day_or_on_a_day_off():
    wave = [Item(f"{n:03}", MONDAY + timedelta(days=n % 75)) for n in range(300)]

    found = level(wave, {}, first=MONDAY)

    assert all(MONDAY <= found.starts[each.key] <= each.latest_on for each in wave)
    early = [day for day in found.starts.values() if not is_business_day(day)]
    assert set(early) <= {each.latest_on for each in wave}


def test_what_a_week_holds_already_counts_against_it():
    second = MONDAY + timedelta(weeks=1)

    found = level(items(9, second + timedelta(days=4)), {second: 9}, first=MONDAY)

    assert found.a_week == 9
    assert [(week.other, week.proposed) for week in found.weeks] == [(0, 9), (9, 0)]


def test_a_week_with_a_holiday_holds_less():
    found = level(items(40, date(2026, 12, 4)), {}, first=date(2026, 11, 23))

    assert found.a_week == 22
    assert [week.proposed for week in found.weeks] == [18, 22]  # Thanksgiving's has four days


def test_the_days_of_a_week_are_used_alike():
    found = level(items(10, MONDAY + timedelta(days=4)), {}, first=MONDAY)

    assert set(Counter(found.starts.values()).values()) == {2}


def test_what_is_late_is_for_the_first_day():
    found = level([Item("late", date(2026, 9, 1))], {}, first=MONDAY)

    assert found.starts == {"late": MONDAY}


def test_a_week_that_began_offers_only_the_days_that_are_left():
    thursday = MONDAY + timedelta(days=3)

    found = level(items(4, MONDAY + timedelta(days=4)), {}, first=thursday)

    assert set(found.starts.values()) == {thursday, thursday + timedelta(days=1)}
    assert found.weeks[0].monday == monday_of(thursday) == MONDAY


def test_a_start_on_a_sunday_is_proposed_for_it_where_nothing_else_is_left():
    sunday = MONDAY + timedelta(days=6)

    assert level([Item("x", sunday)], {}, first=sunday).starts == {"x": sunday}


def test_without_anything_there_is_one_empty_week():
    found = level([], {}, first=MONDAY)

    assert (found.starts, found.a_week, [week.total for week in found.weeks]) == ({}, 0, [0])


def test_no_week_is_fuller_than_the_last_days_ask_for():
    wave = [*items(30, MONDAY + timedelta(days=11)), *(Item(f"z{n}", NEW_YEAR) for n in range(10))]

    found = level(wave, {MONDAY: 3}, first=MONDAY)

    assert found.a_week == 18  # 17 would hold 31 of the 33 that must begin until Friday after Columbus Day
    assert [week.total for week in found.weeks][:3] == [18, 15, 10]


def test_a_weekend_offers_its_first_day_alone():
    saturday = MONDAY + timedelta(days=5)
    found = level(
        [Item("x", saturday + timedelta(days=1)), Item("y", saturday + timedelta(days=1))], {}, first=saturday
    )

    assert found.starts == {"x": saturday, "y": saturday}


def test_each_week_says_what_it_holds():
    second = MONDAY + timedelta(weeks=1)
    wave = [Item("a", second), Item("b", MONDAY + timedelta(days=2)), Item("c", second), Item("d", second)]

    found = level(wave, {MONDAY: 1}, first=MONDAY)

    assert found.weeks == [Week(MONDAY, 1, 2, 1), Week(second, 0, 2, 3)]
    assert found.a_week == 3
    assert [week.total for week in found.weeks] == [3, 2]
    assert found.starts == {
        "b": MONDAY,
        "a": date(2026, 10, 7),
        "c": second,
        "d": second,
    }
