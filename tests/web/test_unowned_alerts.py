"""What nobody owns is said first and turns red on the day after; what came back says so on its row."""

from datetime import UTC, date, datetime

import pytest

import kept
import make
from tracker.services.unowned import unowned_count
from tracker.services.worklist_filters import LONG_UNOWNED, Asker, Filters
from tracker.services.worklist_page import Place, work_page

LINE = "had no owner since before today"


@pytest.fixture
def who(session, cast):
    found = make.patient(session, cast.renal)
    kept.check(session, found, [kept.fill(date(2026, 6, 14), result="fail", code="PA_GAP")])
    session.commit()
    return found


# Midnight in Chicago, where the clinic is, is 05:00 in UTC.
BEFORE, FROM = datetime(2026, 6, 8, 4, 59, tzinfo=UTC), datetime(2026, 6, 8, 5, 0, tzinfo=UTC)


def counted(session, cast):
    return unowned_count(session, clinic_id=cast.renal.id, zone=cast.renal.time_zone, today=kept.DAY)


@pytest.mark.parametrize(("opened_at", "count"), [(BEFORE, 1), (FROM, 0)])
def test_it_counts_from_the_clinics_next_day_on(session, cast, who, opened_at, count):
    kept.alert(session, who, opened_at=opened_at)

    assert counted(session, cast) == count


@pytest.mark.parametrize("owned", ["alert", "patient", "closed", "snoozed"])
def test_what_is_owned_or_not_open_does_not_count(session, cast, who, owned):
    more = {
        "alert": {"owner_id": cast.ana.id},
        "patient": {"patient_owner_id": cast.ana.id},
        "closed": {"state": "closed", "closed_at": FROM, "closed_reason": "covered"},
        "snoozed": {
            "state": "snoozed",
            "snoozed_until": date(2026, 6, 9),
            "snoozed_by": "Ben",
            "snooze_reason": "called",
        },
    }[owned]
    kept.alert(session, who, opened_at=BEFORE, **more)

    assert counted(session, cast) == 0


def test_today_and_the_worklist_say_it_and_lead_to_a_list_of_as_many(ana, session, who):
    kept.alert(session, who, opened_at=BEFORE)
    kept.alert(session, who, key="new", opened_at=FROM)
    session.commit()

    for address in ("/", "/alerts"):
        page = ana.get(address).text
        assert f"1 alert has {LINE}" in " ".join(page.split())
        assert "/alerts?owner=none&amp;opened=earlier" in page
    page = ana.get("/alerts?owner=none&opened=earlier").text
    assert "1 alert in Renal clinic" in " ".join(page.split())
    assert LINE not in page


def test_nothing_is_said_where_everything_is_owned_or_new(ana, session, who):
    kept.alert(session, who, opened_at=FROM)
    session.commit()

    assert LINE not in ana.get("/").text
    assert LINE not in ana.get("/alerts").text


def test_the_list_its_counts_and_a_search_in_it_agree(session, cast, who):
    kept.alert(session, who, opened_at=BEFORE)
    kept.alert(session, who, key="new", opened_at=FROM, message="refused, too")
    asker = Asker(cast.renal.id, cast.ana.id, kept.DAY, cast.renal.time_zone)

    for filters in (LONG_UNOWNED, Filters(earlier=True), Filters(earlier=True, text="refused")):
        page = work_page(session, asker, filters, Place())
        assert (len(page.rows), page.counts.matching, sum(page.counts.severity.values())) == (1, 1, 1)


def test_the_views_are_counted_whole_though_the_list_is_narrowed(ana, session, who):
    kept.alert(session, who, opened_at=BEFORE)
    kept.alert(session, who, key="new", opened_at=FROM)
    session.commit()

    page = " ".join(ana.get("/alerts?opened=earlier").text.split())

    assert 'All open <span class="n">2</span>' in page


def test_an_unowned_row_turns_red_with_its_day(ana, session, who):
    kept.alert(session, who, opened_at=BEFORE)
    session.commit()

    assert "since 2026-06-07" in ana.get("/alerts").text


def test_what_came_back_says_so_on_its_row(ana, session, who):
    kept.alert(session, who, times_opened=2)
    session.commit()

    assert "Came back: opened 2 times" in ana.get("/alerts").text
    assert "Came back: opened 2 times" in ana.get("/").text
