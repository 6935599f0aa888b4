"""The log of calls and faxes on the pages: written once, shown at the authorization and its patient."""

import pytest
import time_machine
from sqlalchemy import select

import make
from tracker.models.authorization_log import ContactLog
from tracker.models.payer import Plan
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
def pa(session, rosa):
    plan = session.scalars(select(Plan)).first()
    row = make.authorization(session, rosa, plan, number="A-1")
    session.commit()
    return row


@pytest.fixture
def ana(client, cast):
    return sign_in(client)


def new(who, pa=None):
    return f"/patients/{who.id}/contacts/new" + (f"?authorization={pa.id}" if pa else "")


CALL = {
    "channel": "call",
    "on_date": "2026-06-05",
    "with_whom": "Jo",
    "reference": "7714",
    "said": "In review",
}


def test_a_call_shows_at_the_authorization_and_its_patient(ana, rosa, pa):
    answer = sent_from(ana, new(rosa, pa), **CALL, promised_on="2026-06-06")

    assert answer.status_code == 303
    for page in (ana.get(answer.location).text, ana.get(f"/patients/{rosa.id}").text):
        assert "In review" in page
        assert "7714" in page
        assert "answer late" in page


def test_the_form_on_the_page_sends_to_the_same_place(ana, session, rosa, pa):
    page = ana.get(f"/patients/{rosa.id}/authorizations/{pa.id}").text

    assert f'action="{new(rosa, pa)}"' in page


def test_a_later_entry_answers_the_promise(ana, session, rosa, pa):
    sent_from(ana, new(rosa, pa), **CALL, promised_on="2026-06-06")
    first = session.scalars(select(ContactLog)).one()

    sent_from(ana, new(rosa, pa), **{**CALL, "on_date": "2026-06-08"}, answers_id=first.id)

    assert "answer late" not in ana.get(f"/patients/{rosa.id}").text


def test_what_is_missing_is_asked_for_and_the_input_is_kept(ana, session, rosa, pa):
    answer = sent_from(ana, new(rosa, pa), **{**CALL, "said": ""}, promised_on="2026-06-01")
    late = sent_from(ana, new(rosa, pa), **CALL, promised_on="2026-06-01")

    assert (answer.status_code, late.status_code) == (422, 422)
    assert "Say what was said or sent." in answer.text
    assert "The promised day is before the day of the contact." in late.text
    assert fields(answer)["reference"] == ["7714"]
    assert session.scalars(select(ContactLog)).all() == []


def test_a_patient_entry_may_name_its_authorization(ana, session, rosa, pa):
    sent_from(ana, new(rosa), **CALL, authorization_id=pa.id)

    row = session.scalars(select(ContactLog)).one()
    assert (row.authorization_id, row.payer_id is None) == (pa.id, False)


def test_only_the_own_clinic_and_the_own_patient(client, session, cast, rosa, pa):
    other = make.patient(session, cast.renal, mrn="200")
    session.commit()
    assert "/sign-in" in client.get(new(rosa)).location
    assert sign_in(client, "cleo@clinic.example").get(new(rosa)).status_code == 404
    client.post("/sign-out")

    ana = sign_in(client)

    assert ana.get(new(rosa)).status_code == 200
    assert ana.get(new(other, pa)).status_code == 404
    assert ana.get(f"/patients/{rosa.id}/contacts/new?authorization=nonsense").status_code == 404
