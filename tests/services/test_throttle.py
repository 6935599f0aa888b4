"""Tries at secrets: free, slowed down, stopped, locked; on both databases and from many sides at once."""

from datetime import UTC, datetime, timedelta

import pytest

from tracker.services import throttle
from tracker.services.throttle import ACCOUNT, ADDRESS, LOCKED_AFTER, TooMany

NOON = datetime(2026, 3, 17, 12, tzinfo=UTC)


def tries(session, count, *, now=NOON, limit=ACCOUNT, who="ana@clinic.example"):
    """How many of so many tries at one moment are answered."""
    answered = 0
    for _ in range(count):
        try:
            throttle.take(session, limit, who, now=now)
            answered += 1
        except TooMany:
            pass
    return answered


def test_a_few_tries_are_free_and_then_each_waits(session):
    assert tries(session, 50) == 5
    assert tries(session, 1, now=NOON + timedelta(seconds=0.9)) == 0
    assert tries(session, 2, now=NOON + timedelta(seconds=1)) == 1
    assert tries(session, 1, now=NOON + timedelta(seconds=2.9)) == 0
    assert tries(session, 1, now=NOON + timedelta(seconds=3)) == 1


def test_never_more_than_ten_passwords_in_a_quarter_of_an_hour(session):
    at = [NOON + timedelta(seconds=second) for second in range(3600)]
    answered = [moment for moment in at if tries(session, 1, now=moment)]

    for moment in answered:
        assert sum(moment <= other < moment + timedelta(minutes=15) for other in answered) <= 10


def test_a_hundred_wrong_tries_lock_until_someone_opens(session):
    now, answered = NOON, 0
    while answered < LOCKED_AFTER:
        answered += tries(session, 10, now=now)
        now += timedelta(minutes=15)
    with pytest.raises(TooMany, match="administrator") as refused:
        throttle.take(session, ACCOUNT, "ana@clinic.example", now=now + timedelta(days=30))
    assert refused.value.seconds is None

    throttle.forget(session, ACCOUNT, "ANA@clinic.example")

    assert tries(session, 1, now=now) == 1


def test_nobody_is_held_up_by_the_tries_at_another_account(session):
    tries(session, 50)

    assert tries(session, 1, who="ben@clinic.example") == 1


def test_a_right_answer_wipes_the_slate(session):
    tries(session, 5)
    throttle.forget(session, ACCOUNT, "ana@clinic.example")

    assert tries(session, 50) == 5


def test_an_address_of_the_network_is_slowed_but_never_locked(session):
    now = NOON
    for _ in range(20):
        tries(session, 60, now=now, limit=ADDRESS, who="203.0.113.7")
        now += timedelta(minutes=15)

    assert tries(session, 1, now=now, limit=ADDRESS, who="203.0.113.7") == 1


def test_old_counts_are_dropped_but_not_those_that_lock(session):
    tries(session, 3)
    throttle.forget_old(session, now=NOON + timedelta(days=2))

    assert not throttle.is_locked(session, ACCOUNT, "ana@clinic.example", now=NOON)


@pytest.mark.parametrize(("seconds", "words"), [(1, "1 second."), (30, "30 seconds"), (900, "15 minutes")])
def test_the_wait_is_said_in_words(seconds, words):
    assert words in str(TooMany(seconds))


def test_right_tries_of_a_clinic_take_nothing_from_its_address(session):
    """Ninety right ones in a quarter of an hour, and still no more wrong ones than from anywhere else."""
    address = "203.0.113.7"
    for _ in range(90):
        throttle.take(session, ADDRESS, address, now=NOON)
        throttle.give_back(session, ADDRESS, address, now=NOON)

    assert tries(session, 60, now=NOON, limit=ADDRESS, who=address) == ADDRESS.free
