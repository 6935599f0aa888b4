"""The short marks of the fills to come: read by day, and counted for a whole clinic at once."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

import kept
import make
from tracker.services.fill_marks import count_marks, marks_together, read_marks
from tracker.services.kept_answer import FillResult

ONE = "20261201+20261231-20270130?"
OTHER = "20261201+20261202-"
FIRST, LAST = date(2026, 12, 1), date(2026, 12, 31)


def test_marks_are_read_from_the_first_day_to_the_last_both_included():
    assert list(read_marks(ONE, FIRST, LAST)) == [(FIRST, FillResult.COVERED), (LAST, FillResult.REFUSED)]
    assert list(read_marks(ONE, date(2026, 12, 2), date(2026, 12, 30))) == []
    assert list(read_marks(None, FIRST, LAST)) == []


def test_counting_them_for_everyone_agrees_with_reading_each():
    days = [FIRST + timedelta(days=n) for n in range(70)]
    everyone = [ONE, None, OTHER, ""]

    counted = count_marks("".join(marks or "" for marks in everyone), days)

    for day, found in zip(days, counted, strict=True):
        read = [mark for marks in everyone for mark in read_marks(marks, day, day)]
        assert found == {result: read.count((day, result)) for result in found}
    assert counted[0][FillResult.COVERED] == 2


@pytest.mark.parametrize("every", [1, 4, 5, 14, 30, 90])
def test_what_is_cut_off_is_later_than_the_last_day(session, cast, every):
    whole = []
    for number in range(3):
        rows = [kept.fill(FIRST + timedelta(days=number + every * n)) for n in range(12 // (number + 1))]
        kept.check(session, make.patient(session, cast.renal, mrn=f"M{number}"), rows)
        whole.append(kept.marks(rows))
    days = [FIRST + timedelta(days=n) for n in range(14)]

    together = session.execute(select(marks_together(days[-1]))).scalar()

    assert count_marks(together, days) == count_marks("".join(whole), days)
    assert len(together) < len("".join(whole)) or every < 14


def test_where_nobody_fills_nothing_is_counted():
    (found,) = count_marks(None, [FIRST])

    assert set(found.values()) == {0}
