"""Many alerts at once: asked, shown, done, taken back; what cannot wait is left and named."""

import re
from datetime import date

import pytest
import time_machine

import kept
import make
from tracker.models.alert import Alert, AlertState
from tracker.models.user import Role


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel("2026-06-08 12:00 +0000", tick=False) as travel:
        yield travel


@pytest.fixture
def three(session, cast):
    """Ids of an alert with time, one that is due tomorrow, and one of another clinic."""
    kept.stand_on(session, cast.renal)
    who = make.patient(session, cast.renal)
    rows = {
        "later": kept.alert(session, who, key="later", harm_on=date(2026, 7, 20), severity="info"),
        "urgent": kept.alert(session, who, key="urgent", harm_on=date(2026, 6, 8)),
        "theirs": kept.alert(session, make.patient(session, cast.skin)),
    }
    session.commit()
    return {name: row.id for name, row in rows.items()}


@pytest.fixture
def ana(client, three):
    client.post("/sign-in", data={"email": "ana@clinic.example", "password": make.PASSWORD})
    return client


def at(session, alert_id):
    session.expire_all()
    return session.get(Alert, alert_id)


SNOOZE = {"act": "snooze", "until": "2026-07-01", "why": "waits for the new card"}


def test_asking_changes_nothing_and_says_how_many(ana, three, session):
    page = ana.post("/alerts/bulk", data={"act": "snooze", "id": [three["later"], three["urgent"]]})

    assert page.status_code == 200
    assert "Snooze 2 alerts" in page.text
    assert "Back on the morning of" in page.text
    assert at(session, three["later"]).state is AlertState.OPEN


def test_nothing_ticked_is_said_and_the_filters_stay(ana):
    answer = ana.post("/alerts/bulk", data={"act": "assign", "owner": "me"})

    assert answer.location == "/alerts?owner=me"
    assert "Tick at least one alert first." in ana.get("/alerts").text


def test_the_preview_tells_what_would_change_and_keeps_nothing(ana, three, session):
    page = ana.post("/alerts/bulk/preview", data=SNOOZE | {"every": "1"}).text

    assert "1 of 2 alerts will change." in page
    assert "1 will stay as it is:" in page
    assert "cannot be snoozed" in page
    assert at(session, three["later"]).state is AlertState.OPEN


def test_what_can_wait_sleeps_and_what_cannot_is_left_and_named(ana, three, session):
    answer = ana.post("/alerts/bulk/do", data=SNOOZE | {"every": "1", "seen": "2"})

    assert answer.status_code == 303
    asleep, awake = at(session, three["later"]), at(session, three["urgent"])
    assert (asleep.state, asleep.snoozed_until) == (AlertState.SNOOZED, date(2026, 7, 1))
    assert awake.state is AlertState.OPEN
    page = ana.get("/alerts").text
    assert "1 alert changed." in page
    assert "1 left as it was" in page
    assert "waits for the new card" in ana.get("/alerts?status=snoozed").text


def test_a_list_that_changed_since_is_shown_again(ana, three, session):
    answer = ana.post("/alerts/bulk/do", data=SNOOZE | {"every": "1", "seen": "7"})

    assert answer.status_code == 422
    assert "The list has changed since" in answer.text
    assert at(session, three["later"]).state is AlertState.OPEN


def test_another_clinics_alert_is_not_among_them(ana, three, session):
    ana.post(
        "/alerts/bulk/do", data={"act": "acknowledge", "id": [three["theirs"], three["later"]], "seen": "1"}
    )

    assert at(session, three["later"]).acknowledged_by == "Ana"
    assert at(session, three["theirs"]).acknowledged_by is None


def test_assigned_to_a_colleague_and_taken_back(ana, three, session, cast, clock):
    ids = [three["later"], three["urgent"]]
    ana.post("/alerts/bulk/do", data={"act": "assign", "user_id": cast.ben.id, "id": ids, "seen": "2"})
    assert {at(session, each).owner_id for each in ids} == {cast.ben.id}
    moment = re.search(r'name="at" value="([^"]+)"', ana.get("/alerts").text)[1]

    clock.shift(60)
    answer = ana.post("/alerts/bulk/undo", data={"at": moment, "owner": "me"})

    assert answer.location == "/alerts?owner=me"
    assert {at(session, each).owner_id for each in ids} == {None}
    assert 'name="at"' not in ana.get("/alerts").text


def test_an_act_is_taken_back_for_ten_minutes_only(ana, three, session, cast, clock):
    ana.post("/alerts/bulk/do", data={"act": "assign", "user_id": cast.ben.id, "every": "1", "seen": "2"})
    moment = re.search(r'name="at" value="([^"]+)"', ana.get("/alerts").text)[1]
    clock.shift(601)

    assert 'name="at"' not in ana.get("/alerts").text
    answer = ana.post("/alerts/bulk/undo", data={"at": moment})
    assert answer.status_code == 422
    assert "can no longer be taken back" in answer.text
    assert at(session, three["later"]).owner_id == cast.ben.id


@pytest.mark.parametrize("moment", ["", "nonsense", "2026-06-08T12:00:00", "2026-06-08T12:00:00+00:00"])
def test_what_was_never_done_cannot_be_taken_back(ana, moment):
    assert ana.post("/alerts/bulk/undo", data={"at": moment}).status_code == 422


def test_a_note_is_written_on_each(ana, three, session):
    ana.post("/alerts/bulk/do", data={"act": "note", "why": "Asked the pharmacy", "every": "1", "seen": "2"})

    for name in ("later", "urgent"):
        assert "Asked the pharmacy" in ana.get(f"/alerts/{three[name]}").text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"act": "snooze", "until": "6/31/2026", "why": "x"}, "June 2026 has 30 days."),
        ({"act": "snooze", "until": "", "why": ""}, "Give the day on which they come back."),
        ({"act": "snooze", "until": "2026-07-01", "why": " "}, "Say why."),
        ({"act": "assign", "user_id": ""}, "Choose a colleague."),
        ({"act": "assign", "user_id": "0" * 26}, "Choose one of the list."),
        ({"act": "note", "why": ""}, "Write the note."),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_is_kept(ana, data, said):
    answer = ana.post("/alerts/bulk/preview", data=data | {"every": "1"})

    assert answer.status_code == 422
    assert said in answer.text
    assert all(f'value="{text}"' in answer.text for text in data.values() if "/" in text)


def test_an_act_that_is_no_act_is_refused(ana):
    assert ana.post("/alerts/bulk", data={"act": "approve", "every": "1"}).status_code == 422


def test_a_viewer_does_none_of_it(ana, session, cast, three):
    cast.ana.role = Role.VIEWER
    session.commit()

    for path in ("", "/preview", "/do", "/undo"):
        assert ana.post(f"/alerts/bulk{path}", data=SNOOZE | {"every": "1"}).status_code == 403
