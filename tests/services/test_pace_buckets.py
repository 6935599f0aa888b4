"""Calls held to a pace: a burst, then a trickle, each subject alone, in a bounded memory."""

import pytest

from tracker.services import pace
from tracker.services.pace import Buckets, Pace, TooFast

SLOW = Pace("files", burst=3, a_second=0.5)


def taken(buckets, count, *, now, subject="ana", limit=SLOW):
    done = 0
    for _ in range(count):
        try:
            buckets.take(limit, subject, now=now)
            done += 1
        except TooFast:
            pass
    return done


def test_a_burst_and_then_a_trickle():
    buckets = Buckets()

    assert taken(buckets, 10, now=0) == 3
    assert taken(buckets, 10, now=2) == 1
    assert taken(buckets, 10, now=1000) == 3


def test_the_wait_that_is_told_is_enough():
    buckets = Buckets()
    taken(buckets, 3, now=0)
    with pytest.raises(TooFast) as refusal:
        buckets.take(SLOW, "ana", now=0.5)

    assert refusal.value.seconds == 2
    assert taken(buckets, 1, now=0.5 + refusal.value.seconds) == 1


def test_refused_calls_do_not_put_off_the_next():
    buckets = Buckets()
    taken(buckets, 1000, now=0)

    assert taken(buckets, 1, now=2) == 1


def test_nobody_slows_another():
    buckets = Buckets()
    taken(buckets, 1000, now=0)

    assert taken(buckets, 3, now=0, subject="ben") == 3


def test_it_is_told_once_in_ten_minutes():
    buckets = Buckets()
    told = []
    for second in range(1300):
        try:
            for _ in range(3):
                buckets.take(SLOW, "ana", now=float(second))
        except TooFast as refusal:
            told.append((second, refusal.first))

    assert [second for second, first in told if first] == [1, 601, 1201]


def test_a_clock_set_back_locks_nobody_out():
    buckets = Buckets()
    taken(buckets, 2, now=1_000_000)

    assert taken(buckets, 1, now=0) == 1
    assert taken(buckets, 1, now=2) == 1


def test_subjects_without_end_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(pace, "MOST_BUCKETS", 100)
    buckets = Buckets()
    for number in range(5000):
        buckets.take(SLOW, str(number), now=float(number))

    assert len(buckets._kept) <= 100


def test_a_fast_coordinator_is_never_held_up():
    """Three keys a second for ten minutes."""
    buckets = Buckets()

    assert sum(taken(buckets, 3, now=float(second), limit=pace.ALL) for second in range(600)) == 1800
