"""The form of an authorization: asked beside approved, a row per code, instants on the clinic's clock."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from sqlalchemy import select

import make
from tracker.models.alert import Alert, AlertState
from tracker.models.authorization import Authorization, AuthorizationLine
from tracker.models.patient import Coverage
from tracker.rules.words import LimitMethod
from writing import fields, sent_from, sign_in


@pytest.fixture
def app(app):
    with time_machine.travel("2026-06-08T15:00:00Z", tick=False):
        yield app


@pytest.fixture
def rosa(session, cast):
    who = make.covered_patient(session, cast.renal)
    session.commit()
    return who


@pytest.fixture
def ana(client, cast):
    return sign_in(client)


@pytest.fixture
def pa(session, rosa):
    plan = session.get(make.Plan, session.scalars(select(Coverage.plan_id)).one())
    row = make.authorization(session, rosa, plan, received_at=datetime(2026, 11, 1, 7, 30, 12, tzinfo=UTC))
    line = AuthorizationLine(clinic_id=rosa.clinic_id, code="J7502", units=360, units_used_before=60)
    odd = AuthorizationLine(clinic_id=rosa.clinic_id, code="X-1", position=2, units=5)
    row.lines = [line, odd]
    session.commit()
    return row


def lines(pa):
    return {
        line.code: (line.requested, line.requested_units, line.approved, line.units, line.units_used_before)
        for line in pa.lines
    }


def test_a_decision_is_kept_with_what_was_asked_beside_it(ana, session, rosa):
    typed = {
        "status": "partially_approved",
        "number": "A-1",
        "requested_on": "2026-06-01",
        "requested_ends_on": "2027-05-31",
        "starts_on": "2026-06-05",
        "ends_on": "2026-12-31",
        "received_at": "6/2/2026 16:40",
        "asked_units_J7502": "720",
        "given_units_J7502": "360",
        "asked_J7515": "y",
        "expedited": "y",
    }

    answer = sent_from(ana, f"/patients/{rosa.id}/authorization/new", **typed)

    pa = session.scalars(select(Authorization)).one()
    assert answer.status_code == 303
    assert pa.received_at == datetime(2026, 6, 2, 21, 40, tzinfo=UTC)  # 16:40 in Chicago, summer time
    assert (pa.requested_ends_on, pa.ends_on) == (date(2027, 5, 31), date(2026, 12, 31))
    assert pa.expedited is True
    assert lines(pa) == {"J7502": (True, 720, True, 360, 0), "J7515": (True, None, False, None, 0)}


def test_the_plan_that_pays_first_is_offered_and_a_saved_pa_closes_alerts(ana, session, rosa):
    sent_from(ana, f"/patients/{rosa.id}/weight/new", on_date="2026-06-01", kg="70")
    dates = {"starts_on": "2026-01-01", "ends_on": "2027-12-31"}

    answer = sent_from(ana, f"/patients/{rosa.id}/authorization/new", status="approved", **dates)
    closed = session.scalars(select(Alert).where(Alert.state == AlertState.CLOSED)).all()

    assert closed
    assert f"0 alerts opened, {len(closed)} closed." in ana.get(answer.location).text


def test_a_form_sent_back_as_it_was_shown_changes_nothing(ana, session, rosa, pa):
    """Not the seconds, not the repeated hour of the clock change, not a code that no drug here has."""
    answer = sent_from(ana, f"/patients/{rosa.id}/authorization/{pa.id}")
    session.expire_all()

    assert (answer.status_code, pa.version) == (303, 1)
    assert pa.received_at == datetime(2026, 11, 1, 7, 30, 12, tzinfo=UTC)
    assert lines(pa) == {"J7502": (False, None, True, 360, 60), "X-1": (False, None, True, 5, 0)}


def test_a_code_is_added_and_one_is_taken_away(ana, session, rosa, pa):
    url = f"/patients/{rosa.id}/authorization/{pa.id}"

    answer = sent_from(
        ana, url, code_other="q5099", given_units_other="9", **{"given_X-1": None, "given_units_X-1": ""}
    )
    session.expire_all()

    assert answer.status_code == 303
    assert lines(pa) == {"J7502": (False, None, True, 360, 60), "Q5099": (False, None, True, 9, 0)}


def test_a_tick_taken_away_over_units_left_standing_is_asked_about(ana, session, rosa, pa):
    answer = sent_from(ana, f"/patients/{rosa.id}/authorization/{pa.id}", given_J7502=None)

    assert answer.status_code == 422
    assert "Empty the units, or tick approved again." in answer.text


def test_a_quantity_limit_is_whole_or_none(ana, session, rosa):
    url = f"/patients/{rosa.id}/authorization/new"
    limit = {
        "limit_quantity": "240",
        "limit_per_days": "30",
        "limit_unit": "capsule",
        "limit_method": "per_fill",
    }
    first = {"status": "approved", "kind": "quantity_limit_override"}

    half = sent_from(ana, url, **first, limit_quantity="240")
    sent_from(ana, url, **first, **limit)

    assert half.status_code == 422
    assert "or none of them" in half.text
    assert session.scalars(select(Authorization)).one().limit_method is LimitMethod.PER_FILL


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"received_at": "noon"}, "Write day and time"),
        ({"received_at": "2026-06-05 24:00"}, "Write day and time"),
        ({"received_at": "9999-12-31 23:00"}, "between 1900 and 2199"),
        ({"received_at": "0001-01-01 00:00"}, "between 1900 and 2199"),
        ({"received_at": "2026-03-08 02:30"}, "clocks went forward"),
        ({"renews_id": "someone-elses"}, "Choose one of the list."),
        ({"used_J7515": "5"}, "tick approved"),
        ({"code_other": "<script>", "given_other": "y"}, "Write the code as on the claim"),
        ({"code_other": "Q5099"}, "Say how much of Q5099"),
        ({"status": ""}, "Choose the status."),
        ({"starts_on": "2026-06-02", "ends_on": "2026-06-01"}, "before the first day"),
        ({"requested_starts_on": "2026-06-02", "requested_ends_on": "2026-06-01"}, "before the first day"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_the_input_is_kept(ana, session, rosa, typed, sentence):
    url = f"/patients/{rosa.id}/authorization/new"

    answer = sent_from(ana, url, **{"status": "approved", **typed})
    shown = fields(answer)

    assert answer.status_code == 422
    assert answer.text.count(sentence) >= 2
    assert "<script>" not in answer.text.replace("<script src", "")
    assert session.scalars(select(Authorization)).all() == []
    for name in typed.keys() - {"renews_id", "status"}:
        assert shown[name] == [typed[name]]


def test_the_same_number_twice_is_refused(ana, session, rosa, pa):
    typed = {"status": "approved", "number": "A123", "starts_on": "2026-01-01"}

    answer = sent_from(ana, f"/patients/{rosa.id}/authorization/new", **typed)

    assert answer.status_code == 422
    assert "already" in answer.text
