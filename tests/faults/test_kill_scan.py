"""Kill the program while it scans, mails and backs up: nothing is lost, nothing is doubled."""

import sqlite3
from contextlib import closing

import pytest
from rounds import fresh, killed, together

pytestmark = pytest.mark.faults
KILLS = 25
ALERTS = 'SELECT patient_id, "key", state, severity, times_opened FROM alert'
EVENTS = 'SELECT a.patient_id, a."key", e.kind FROM alert_event e JOIN alert a ON a.id = e.alert_id'
TOLD = (
    'SELECT a.patient_id, a."key", l.recipient_id, l.occasion FROM outbox_line l '
    "JOIN alert a ON a.id = l.alert_id"
)
DIGESTS = "SELECT recipient_id, slot, state FROM outbox_message WHERE kind = 'digest'"


def rows(folder, query):
    with closing(sqlite3.connect(folder / "tracker.db")) as database:
        return sorted(database.execute(query).fetchall())


def test_a_scan_killed_again_and_again_ends_as_one_that_was_not(built, clean, tmp_path):
    cut_off = 0
    for shorter in (1, 2, 4, 8):  # a machine that is less busy than when a whole life was timed needs less
        folder = fresh(tmp_path / f"killed-{shorter}", built)
        result = killed(folder, kills=KILLS, seed=7502, seconds=clean[2] / shorter)
        assert result.wrong == []
        for query in (ALERTS, EVENTS, TOLD, DIGESTS):
            assert rows(folder, query) == rows(clean[0], query) != []
        cut_off = result.figures["kills"]
        if cut_off >= KILLS // 2:
            break

    assert cut_off >= KILLS // 2, "the lives were too long to be cut off"


def test_three_at_once_do_the_work_of_one(built, clean, tmp_path):
    folder = fresh(tmp_path / "together", built)

    result = together(folder, count=3)

    assert result.wrong == []
    assert result.figures["extra"] == 0
    for query in (ALERTS, EVENTS, TOLD, DIGESTS):
        assert rows(folder, query) == rows(clean[0], query) != []
