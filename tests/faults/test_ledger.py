"""The checker itself: it says nothing of honest books, and finds whatever is done to them."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from ledger import STANDARD_HOURS, Books, Mail, offset_hours, violations
from rounds import fresh
from stage import DAY

pytestmark = pytest.mark.faults


@pytest.fixture
def books(clean, tmp_path):
    folder, mails, _ = clean
    return Books(fresh(tmp_path / "books", folder) / "tracker.db", mails, today=DAY)


def forge(books, *statements):
    with closing(sqlite3.connect(books.database, isolation_level=None)) as database:
        for statement in statements:
            database.execute(statement)


def test_honest_books_agree(books):
    assert violations(books) == []


ONE = "(SELECT min(id) FROM alert WHERE severity = 'high')"
SENT = "(SELECT min(id) FROM outbox_message WHERE kind = 'alerts')"
FORGERIES = {
    "lost": [
        f"DELETE FROM outbox_line WHERE alert_id = {ONE}",
        f"DELETE FROM alert_event WHERE alert_id = {ONE}",
        f"DELETE FROM alert WHERE id = {ONE}",
    ],
    "doubled or false": [f"UPDATE alert SET code = 'PA_FORGED' WHERE id = {ONE}"],
    "nobody was told": [f"DELETE FROM outbox_line WHERE alert_id = {ONE}"],
    "its history": [f"UPDATE alert SET times_opened = 2 WHERE id = {ONE}"],
    "is still retry": [f"UPDATE outbox_message SET state = 'retry', sent_at = NULL WHERE id = {SENT}"],
    "is in no outbox": [f"UPDATE outbox_message SET message_id = '<other>' WHERE id = {SENT}"],
    "did not arrive there": [f"UPDATE outbox_message SET message_id = '<other>' WHERE id = {SENT}"],
    "digests on": ["UPDATE outbox_message SET kind = 'digest', slot = 'x' WHERE kind = 'alerts'"],
    "still due": ["UPDATE patient_check SET due = 1"],
}


@pytest.mark.parametrize("sentence", FORGERIES)
def test_a_forged_database_is_found(books, sentence):
    forge(books, *FORGERIES[sentence])

    assert [each for each in violations(books) if sentence in each]


def again(books: Books, *, repeat: bool) -> Books:
    first: Mail = books.mails[0]
    return replace(books, mails=(*books.mails, replace(first, repeat=repeat)))


def test_a_mail_that_comes_twice_is_found(books):
    assert any("without saying" in each for each in violations(again(books, repeat=False)))


@pytest.mark.parametrize(("unsure", "count"), [(0, 1), (1, 0)])
def test_a_repeat_needs_a_reason(books, unsure, count):
    assert len(violations(replace(again(books, repeat=True), unsure=unsure))) == count


def test_a_mail_that_never_came_is_found(books):
    assert violations(replace(books, mails=books.mails[1:])) != []


@pytest.mark.parametrize("zone", STANDARD_HOURS)
def test_the_checkers_own_calendar_is_right(zone):
    at = datetime(2026, 1, 1)  # noqa: DTZ001 - the checker's instants are UTC without saying so
    while at.date() < date(2028, 1, 1):
        truth = at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset()
        assert timedelta(hours=offset_hours(at, zone)) == truth, at
        at += timedelta(hours=1)
