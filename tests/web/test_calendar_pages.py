"""The calendar: what falls on which day, and a feed that names nobody."""

from datetime import date

import pytest
from icalendar import Calendar
from sqlalchemy import select, update

import kept
import make
from clockwork import NOON
from tracker.models.alert import Alert
from tracker.models.audit import AuditEvent
from tracker.models.calendar import CalendarFeed
from tracker.models.patient import PatientCheck
from tracker.rules.words import Severity
from tracker.services import calendar, checking, fill_marks
from tracker.services.actor import SCAN
from tracker.services.calendar import EntryKind
from tracker.services.kept_answer import FillResult


@pytest.fixture
def rosa(session, cast):
    """Two fills in June, one refused; a renewal to start; a PA that ends; papers to send."""
    kept.stand_on(session, cast.renal)
    who = kept.alvarez(session, cast.renal, owner_id=cast.ana.id)
    row = session.get_one(PatientCheck, who.id)
    row.fill_marks = "20260614-20260714+20260813?"
    row.start_renewal_by = date(2026, 6, 10)
    kept.alert(
        session,
        who,
        key="PENDED",
        code="PA_PENDED_INFO_NEEDED",
        severity=Severity.HIGH,
        facts={"reply_by": "2026-06-12"},
    )
    session.commit()
    return who


@pytest.fixture
def ana(client, cast):
    client.post("/sign-in", data={"email": "ana@clinic.example", "password": make.PASSWORD})
    return client


def of(session, clinic, owner=None):
    found = calendar.entries(
        session, clinic_id=clinic.id, first=date(2026, 6, 8), last=date(2026, 7, 14), owners=owner and [owner]
    )
    return [(each.on.isoformat(), each.kind) for each in found]


def counted(session, clinic, owner=None):
    """The same from the counts of the days."""
    days = calendar.days(
        session, clinic_id=clinic.id, first=date(2026, 6, 8), last=date(2026, 7, 14), owners=owner and [owner]
    )
    assert len(days) == 37
    return [(day.on.isoformat(), kind) for day in days for kind, n in day.counts.items() for _ in range(n)]


@pytest.mark.parametrize("owner", [None, "ana", calendar.UNOWNED])
def test_the_days_count_what_the_list_names(session, cast, rosa, owner):
    named = cast.ana.id if owner == "ana" else owner
    listed = of(session, cast.renal, named)

    assert bool(listed) is (owner != calendar.UNOWNED)
    assert counted(session, cast.renal, named) == listed


def test_the_days_count_nobody_of_another_clinic_or_no_longer_here(session, cast, rosa):
    assert counted(session, cast.skin) == []
    rosa.active = False
    session.commit()
    assert counted(session, cast.renal) == of(session, cast.renal) == []


def test_everything_stands_on_its_day(session, cast, rosa):
    assert of(session, cast.renal) == [
        ("2026-06-10", EntryKind.START),
        ("2026-06-10", EntryKind.ENDS),
        ("2026-06-12", EntryKind.DEADLINE),
        ("2026-06-14", EntryKind.REFUSED),
        ("2026-07-14", EntryKind.COVERED),
    ]


def test_an_owner_sees_their_own(session, cast, rosa):
    assert len(of(session, cast.renal, cast.ana.id)) == 5
    assert of(session, cast.renal, cast.ben.id) == []
    assert of(session, cast.renal, calendar.UNOWNED) == []
    assert of(session, cast.skin) == []


def test_a_deadline_stands_with_whom_it_was_given_to(session, cast, rosa):
    session.execute(update(Alert).values(owner_id=cast.ben.id))

    assert of(session, cast.renal, cast.ben.id) == [("2026-06-12", EntryKind.DEADLINE)]
    assert len(of(session, cast.renal, cast.ana.id)) == 4


def test_who_stands_in_has_the_days_of_whoever_is_away(client, session, cast, rosa):
    client.post("/sign-in", data={"email": "ben@clinic.example", "password": make.PASSWORD})
    path = feed_of(client.post("/calendar/feed").text)
    page = "/calendar/?view=list&owner=me&from=2026-06-10"
    before = client.get(path).data, client.get(page).text
    cast.ana.backup_id, cast.ana.away_from = cast.ben.id, date(2026, 6, 1)
    session.commit()

    assert (b"1 PA ends" in before[0], "Alvarez" in before[1]) == (False, False)
    assert b"1 PA ends" in client.get(path).data
    assert "Alvarez" in client.get(page).text


def test_a_check_keeps_the_marks(session, cast):
    who = make.covered_patient(session, cast.renal)
    checking.recheck(session, patient_id=who.id, clinic_id=cast.renal.id, now=NOON, actor=SCAN)
    row = session.get_one(PatientCheck, who.id)
    marks = list(fill_marks.read_marks(row.fill_marks, date(2026, 6, 1), date(2027, 12, 31)))

    assert [on.isoformat() for on, _ in marks] == [fill["on"] for fill in row.answer["fills"]]
    assert {result for _, result in marks} <= set(fill_marks.SIGNS)


def test_marks_are_read_within_their_days():
    marks = "20260613+20260614-20260714?"
    found = list(fill_marks.read_marks(marks, date(2026, 6, 14), date(2026, 7, 14)))

    assert found == [(date(2026, 6, 14), FillResult.REFUSED), (date(2026, 7, 14), FillResult.VERIFY)]
    assert list(fill_marks.read_marks(None, date(2026, 6, 14), date(2026, 7, 14))) == []


def test_the_month_says_what_each_day_holds(ana, rosa):
    text = ana.get("/calendar/?from=2026-06-01").text

    assert "June 2026" in text
    assert "fill refused" in text
    assert "Alvarez" not in text


def test_a_day_lists_names_and_leads_to_the_alert(ana, rosa):
    text = ana.get("/calendar/?view=list&from=2026-06-08").text

    assert "Alvarez, Rosa" in text
    assert "Sun 2026-06-14" in text
    assert "/alerts/" in text


@pytest.mark.parametrize("query", ["from=2026-02-30", "from=rubbish", "from=0001-01-01", "view=x&owner=<b>"])
def test_a_strange_address_shows_this_month(ana, rosa, query):
    assert "June 2026" in ana.get(f"/calendar/?{query}").text


def test_no_day_without_anything_is_a_dead_end(ana, rosa):
    assert "Nothing falls on these days" in ana.get("/calendar/?view=list&from=2030-01-01").text


def feed_of(text):
    return text.split('<code class="long">http://127.0.0.1:8000')[1].split("</code>")[0]


def test_a_feed_counts_and_names_nobody(ana, rosa, client, session):
    path = feed_of(ana.post("/calendar/feed").text)
    client.post("/sign-out")
    answer = client.get(path)
    events = {
        str(each["dtstart"].dt): str(each["summary"])
        for each in Calendar.from_ical(answer.data).walk("VEVENT")
    }

    assert answer.content_type == "text/calendar; charset=utf-8"
    assert events["2026-06-14"] == "1 fill, 1 refused"
    assert events["2026-06-10"] == "1 renewal to start; 1 PA ends"
    assert not [word for word in (b"Alvarez", b"100234", b"A-48213", rosa.id.encode()) if word in answer.data]


def test_a_new_address_ends_the_old_one(ana, rosa, session):
    old = feed_of(ana.post("/calendar/feed").text)
    new = feed_of(ana.post("/calendar/feed").text)

    assert (ana.get(old).status_code, ana.get(new).status_code) == (404, 200)
    assert len(session.execute(select(CalendarFeed)).all()) == 1


def test_an_address_can_be_stopped(ana, rosa, session):
    path = feed_of(ana.post("/calendar/feed").text)
    ana.post("/calendar/feed/end")

    assert ana.get(path).status_code == 404
    done = select(AuditEvent.action).where(AuditEvent.table_name == "calendar_feed").order_by(AuditEvent.id)
    assert [action.value for action in session.execute(done).scalars()] == ["added", "removed"]


def test_who_is_switched_off_has_no_feed(ana, rosa, session, cast):
    path = feed_of(ana.post("/calendar/feed").text)
    cast.ana.active = False
    session.commit()

    assert ana.get(path).status_code == 404


def test_a_stranger_is_sent_to_the_sign_in(client, cast):
    for path in ("/calendar/", "/calendar/feed"):
        assert client.get(path).location.startswith("/sign-in")
    assert client.get("/calendar/feed/guess.ics").status_code == 404
