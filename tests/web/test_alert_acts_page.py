"""Acts on the page of one alert: what they do, what they refuse, and that they keep what was typed."""

from datetime import date

import pytest
from reading import sign_in
from sqlalchemy import select

import kept
import make
from tracker import clock
from tracker.models.alert import Alert, AlertEvent, AlertEventKind, AlertState
from tracker.models.user import Role


@pytest.fixture
def alert(session, cast):
    """Harm on 2026-06-24, seen on 2026-06-08: the last safe day is 2026-06-19."""
    kept.stand_on(session, cast.renal)
    row = kept.alert(
        session, make.patient(session, cast.renal), harm_on=date(2026, 6, 24), ladder_from=kept.CHECKED
    )
    session.commit()
    return row.id


@pytest.fixture
def ana(client, alert):
    return sign_in(client, "ana")


def row(session, alert_id):
    session.expire_all()
    return session.get_one(Alert, alert_id)


def post(client, alert_id, act, **data):
    return client.post(f"/alerts/{alert_id}/{act}", data=data)


@pytest.mark.parametrize(
    ("act", "data", "state"),
    [
        ("take", {}, AlertState.OPEN),
        ("acknowledge", {}, AlertState.OPEN),
        ("snooze", {"until": "6/19/2026", "reason": "Payer calls back"}, AlertState.SNOOZED),
        ("snooze", {"preset": "2026-06-09", "until": "", "reason": "Closed"}, AlertState.SNOOZED),
        ("note", {"text": "Called Acme."}, AlertState.OPEN),
        ("false_alarm", {"settle_reason": "Letter on file"}, AlertState.FALSE_ALARM),
        ("allow_to_lapse", {"settle_reason": "Changes drug"}, AlertState.LAPSED),
    ],
)
def test_each_act_is_done_and_seen_in_the_history(ana, session, alert, act, data, state):
    answer = post(ana, alert, act, **data)

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/alerts/{alert}")
    assert row(session, alert).state is state
    text = session.execute(select(AlertEvent.text).order_by(AlertEvent.id.desc()).limit(1)).scalar_one()
    assert text.split(":")[0].split(" until")[0] in ana.get(f"/alerts/{alert}").text


def test_it_is_assigned_to_a_colleague_of_the_clinic_only(ana, session, cast, alert):
    assert post(ana, alert, "assign", user_id=cast.cleo.id).status_code == 422
    assert post(ana, alert, "assign", user_id=cast.ben.id).status_code == 303

    assert row(session, alert).owner_id == cast.ben.id


@pytest.mark.parametrize(
    ("act", "data", "said"),
    [
        ("snooze", {"until": "2026-06-20", "reason": "Holiday of the payer"}, "The last safe day is"),
        ("snooze", {"until": "soon", "reason": "Holiday of the payer"}, "Write the date as in"),
        ("snooze", {"until": "", "reason": "Holiday of the payer"}, "Give a day"),
        ("snooze", {"until": "2026-06-10", "reason": ""}, "Say why it can wait."),
        ("false_alarm", {"settle_reason": " "}, "Say why it is a false alarm."),
        ("allow_to_lapse", {"settle_reason": ""}, "Say why."),
        ("note", {"text": ""}, "Write the note."),
    ],
)
def test_what_cannot_be_done_keeps_what_was_typed(ana, session, alert, act, data, said):
    answer = post(ana, alert, act, **data)

    assert answer.status_code == 422
    assert said in answer.text
    assert all(value.strip() in answer.text for value in data.values())
    assert row(session, alert).state is AlertState.OPEN


def test_an_act_is_taken_back_from_the_page(ana, session, alert):
    post(ana, alert, "take")
    assert "Undo" in ana.get(f"/alerts/{alert}").text

    assert post(ana, alert, "undo").status_code == 303
    assert row(session, alert).owner_id is None
    assert "Undo" not in ana.get(f"/alerts/{alert}").text


def test_a_colleague_who_was_faster_is_shown(ana, session, cast, alert):
    page = ana.get(f"/alerts/{alert}").text
    seen = page.split('name="seen" value="')[1].split('"')[0]
    ana.post("/sign-out")
    post(sign_in(ana, "ben"), alert, "take")
    ana.post("/sign-out")

    answer = post(sign_in(ana, "ana"), alert, "false_alarm", settle_reason="Old letter", seen=seen)

    assert answer.status_code == 409
    assert "Ben was faster: Taken." in answer.text
    assert "Old letter" in answer.text


def test_the_page_says_the_last_safe_day_the_ladder_and_that_nobody_owns_it(ana, session, cast, alert):
    session.get_one(Alert, alert).opened_at = kept.CHECKED.replace(day=7)
    make.user(session, cast.renal, name="Lea", role=Role.LEAD)
    session.commit()
    page = ana.get(f"/alerts/{alert}").text

    assert "Last safe day is" in page
    assert "2026-06-19" in page
    assert "the harm date less 5 days for shipping and preparation" in page
    assert "if nobody answers. Clinic lead Lea is told." in page
    assert "Unowned" in page
    assert "it counts as High at least" in page


def test_what_may_clear_it_has_its_form(ana, session, alert):
    page = ana.get(f"/alerts/{alert}").text

    patient_id = row(session, alert).patient_id
    for form, words in (
        (f"planned_fill/new?alert={alert}", "Plan early fill"),
        ("authorization/new", "Add authorization"),
    ):
        assert f'href="/patients/{patient_id}/{form}"' in page
        assert words in page


def test_a_viewer_reads_and_does_not_act(client, session, cast, alert):
    make.user(session, cast.renal, name="Vera", role=Role.VIEWER)
    session.commit()
    vera = sign_in(client, "vera")

    assert "Take it" not in vera.get(f"/alerts/{alert}").text
    assert post(vera, alert, "take").status_code == 403


def test_another_clinics_alert_and_an_unknown_act_are_not_found(client, alert):
    assert post(sign_in(client, "cleo"), alert, "take").status_code == 404
    client.post("/sign-out")
    assert post(sign_in(client, "ana"), alert, "delete").status_code == 404


def test_a_closed_alert_offers_a_note_only(ana, session, alert):
    found = session.get_one(Alert, alert)
    found.state, found.closed_at, found.closed_reason = AlertState.CLOSED, kept.CHECKED, "Its cause ended."
    session.commit()

    page = ana.get(f"/alerts/{alert}").text
    assert "Add note" in page
    assert "Snooze until" not in page
    assert post(ana, alert, "take").status_code == 422


@pytest.mark.parametrize("kind", list(AlertEventKind))
def test_the_morning_has_words_for_every_event(ana, session, alert, kind):
    for event in session.execute(select(AlertEvent)).scalars():
        event.kind, event.at = kind, clock.now()
    session.commit()

    assert ana.get("/").status_code == 200
