"""Open now, in words on the payer's clock and on one's own; a form that refuses bad hours with the cure."""

import re
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

import kept
import make
from tracker.models.payer import Payer
from tracker.rules.open_hours import OpenHours
from tracker.web import open_hours

GOOD = {
    "name": "Acme Health",
    "open_days": ["1", "2", "3", "4", "5"],
    "opens_minute": "8",
    "closes_minute": "5 pm",
    "hours_zone": "America/New_York",
    "hours": "press 2",
}
EASTERN = OpenHours("12345", 8 * 60, 17 * 60, "America/New_York")
LUNCH = OpenHours("12345", 8 * 60, 17 * 60, "America/New_York", (12 * 60, 13 * 60))
HONOLULU = OpenHours("12345", 8 * 60, 17 * 60, "Pacific/Honolulu")


@pytest.fixture
def ana(client, cast):
    client.post("/sign-in", data={"email": "ana@clinic.example", "password": make.PASSWORD})
    return client


def test_hours_are_kept_and_the_note_beside_them(ana, session):
    assert ana.post("/payers/new", data=GOOD).status_code == 303

    row = session.scalars(select(Payer)).one()
    assert (row.open_hours, row.hours) == (EASTERN, "press 2")


@pytest.mark.parametrize(
    ("change", "cure"),
    [
        ({"closes_minute": "8:00"}, "It closes before it opens: give a later time"),
        ({"opens_minute": "25:00"}, "Write a time of day, as in 08:00 or 5 pm."),
        ({"opens_minute": "13 pm"}, "Write a time of day, as in 08:00 or 5 pm."),
        ({"opens_minute": ""}, "Give the time from which they answer"),
        ({"closes_minute": ""}, "Give the time until which they answer"),
        ({"break_starts_minute": "12"}, "Give the time from which they answer again, as in 13:00."),
        ({"break_ends_minute": "13"}, "Give the time from which they are closed, or empty the end."),
        ({"break_starts_minute": "8", "break_ends_minute": "9"}, "The break must begin after they open"),
        ({"break_starts_minute": "12", "break_ends_minute": "12"}, "The break must end after it begins and"),
        ({"break_starts_minute": "12", "break_ends_minute": "17"}, "The break must end after it begins and"),
        ({"hours_zone": ""}, "Choose the clock on which these hours are said"),
        ({"open_days": []}, "Tick the days on which they answer, or empty the times."),
    ],
)
def test_bad_hours_are_refused_with_the_cure_and_what_was_typed_stays(ana, session, change, cure):
    answer = ana.post("/payers/new", data={**GOOD, **change})

    assert answer.status_code == 422
    assert cure in answer.text
    assert "press 2" in answer.text
    assert session.scalars(select(Payer)).all() == []


def test_a_break_at_midday_is_kept_comes_back_and_stands_on_the_list(ana, session):
    ana.post("/payers/new", data={**GOOD, "break_starts_minute": "12", "break_ends_minute": "1 pm"})

    row = session.scalars(select(Payer)).one()
    assert row.open_hours == OpenHours("12345", 480, 1020, "America/New_York", (720, 780))
    assert 'value="13:00"' in ana.get(f"/payers/{row.id}/change").text
    assert "Mon-Fri 08:00-12:00, 13:00-17:00, Eastern" in ana.get("/payers/").text


def test_days_and_times_emptied_take_the_break_along(ana, session):
    ana.post("/payers/new", data={**GOOD, "break_starts_minute": "12", "break_ends_minute": "1 pm"})
    row = session.scalars(select(Payer)).one()
    empty = {"name": "Acme Health", "version": row.version}

    assert ana.post(f"/payers/{row.id}/change", data=empty).status_code == 303

    session.refresh(row)
    assert (row.open_hours, row.break_starts_minute, row.break_ends_minute) == (None, None, None)


def test_a_payer_without_hours_has_only_its_note(ana, session):
    ana.post("/payers/new", data={"name": "Acme Health", "hours": "Mon-Fri 8-18"})

    row = session.scalars(select(Payer)).one()
    assert (row.open_hours, row.hours) == (None, "Mon-Fri 8-18")
    assert "Mon-Fri 8-18" in ana.get(f"/payers/{row.id}").text


def test_what_is_on_file_comes_back_into_the_form(ana, session):
    ana.post("/payers/new", data=GOOD)
    row = session.scalars(select(Payer)).one()

    page = ana.get(f"/payers/{row.id}/change").text

    assert 'value="08:00"' in page
    assert 'value="17:00"' in page
    assert len(re.findall(r'<input(?=[^>]*name="open_days")(?=[^>]* checked)', page)) == 5


@pytest.mark.parametrize(
    ("hours", "now", "text"),
    [
        (EASTERN, (2026, 6, 8, 17, 0), "open now, until 17:00 (your time 16:00)"),
        (EASTERN, (2026, 6, 6, 17, 0), "closed, opens Mon 08:00 (your time 07:00)"),
        (LUNCH, (2026, 6, 8, 15, 0), "open now, until 12:00 (your time 11:00)"),
        (LUNCH, (2026, 6, 8, 16, 30), "closed, opens Mon 13:00 (your time 12:00)"),
        (LUNCH, (2026, 6, 8, 18, 0), "open now, until 17:00 (your time 16:00)"),
        (EASTERN, (2026, 11, 26, 17, 0), "holiday: ask"),
        (EASTERN, (2026, 11, 25, 23, 0), "closed, opens Thu 08:00 (your time 07:00), a holiday: ask"),
        (OpenHours("12345", 480, 1020, "America/Chicago"), (2026, 6, 8, 17, 0), "open now, until 17:00"),
        (OpenHours("7", 0, 1440, "America/Chicago"), (2026, 6, 7, 17, 0), "open now, until 24:00"),
        (HONOLULU, (2026, 6, 9, 4, 0), "closed, opens Tue 08:00 (your time 13:00)"),
        (OpenHours("1", 20 * 60, 1320, "Pacific/Honolulu"), (2026, 6, 8, 4, 0),
         "closed, opens Mon 20:00 (your time Tue 01:00)"),
        (OpenHours("1", 480, 1020, "America/Chicago"), (2026, 6, 8, 23, 0),
         "closed, opens Mon 2026-06-15 08:00"),
    ],
)  # fmt: skip
def test_it_is_said_on_both_clocks(cast, hours, now, text):
    assert open_hours.said(hours, cast.renal, datetime(*now, tzinfo=UTC)).text == text


def test_chase_today_the_call_sheet_and_the_authorization_say_it(ana, session, cast):
    kept.stand_on(session, cast.renal, date(2026, 6, 8))
    who = make.patient(session, cast.renal)
    acme = make.plan(session, cast.renal)
    acme.payer.open_days, acme.payer.hours_zone = "1234567", "America/Chicago"
    acme.payer.opens_minute, acme.payer.closes_minute, acme.payer.phone = 0, 1440, "800-555-0142"
    pa = make.authorization(session, who, acme, status="submitted", starts_on=None, ends_on=None)
    facts = {"due_at": "2026-06-05T09:00:00-05:00"}
    kept.alert(session, who, code="PA_DECISION_OVERDUE", about_id=pa.id, plan_id=acme.id, facts=facts)
    kept.check(session, who, [])
    session.commit()

    for address in ("/", "/today/calls", f"/patients/{who.id}/authorizations/{pa.id}"):
        assert "open now, until 24:00" in ana.get(address).text


def test_the_sheet_of_a_patient_says_the_hours_beside_the_telephone(ana, session, cast):
    who = make.patient(session, cast.renal)
    acme = make.plan(session, cast.renal)
    acme.payer.open_days, acme.payer.hours_zone, acme.payer.hours = "12345", "America/Chicago", "press 2"
    acme.payer.opens_minute, acme.payer.closes_minute = 480, 1020
    make.coverage(session, who, acme, member_id="W1")
    session.commit()

    page = ana.get(f"/patients/{who.id}/sheet").text

    assert "member W1 &middot; Mon-Fri 08:00-17:00, Central &middot; press 2" in page
