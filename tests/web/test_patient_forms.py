"""Adding and changing a patient."""

from datetime import date

import pytest
import time_machine
from sqlalchemy import select

import make
from tracker.models.patient import Patient, PatientCheck
from tracker.rules.words import Indication
from writing import fields, sent_from, sign_in

NEW = {"family": "Osei", "given": "Theresa", "mrn": "100777"}


@pytest.fixture
def app(app):
    with time_machine.travel("2026-06-08T15:00:00Z", tick=False):
        yield app


@pytest.fixture
def ana(client, cast):
    return sign_in(client)


@pytest.fixture
def rosa(session, cast):
    who = make.patient(session, cast.renal)
    session.commit()
    return who


def test_a_patient_is_added_checked_and_shown(ana, cast, session):
    more = {"birth_date": "4/2/1971", "indication": "kidney_transplant", "owner_id": cast.ben.id}

    answer = sent_from(ana, "/patients/new", **NEW, **more)

    row = session.scalars(select(Patient)).one()
    assert (answer.status_code, answer.location) == (303, f"/patients/{row.id}")
    assert (row.birth_date, row.indication) == (date(1971, 4, 2), Indication.KIDNEY_TRANSPLANT)
    assert (row.owner_id, row.active) == (cast.ben.id, True)
    assert session.get_one(PatientCheck, row.id).as_of == date(2026, 6, 8)
    assert "Patient added and checked." in ana.get(answer.location).text


def test_an_mrn_on_file_is_refused_with_the_way_to_its_patient(ana, rosa, session):
    answer = sent_from(ana, "/patients/new", **{**NEW, "mrn": " 100234 "})

    assert answer.status_code == 422
    assert "MRN 100234 is already on file." in answer.text
    assert f'<a href="/patients/{rosa.id}">Alvarez, Rosa</a>' in answer.text
    assert fields(answer)["family"] == ["Osei"]
    assert len(session.scalars(select(Patient)).all()) == 1


def test_another_clinic_may_use_the_same_mrn(ana, cast, session):
    make.patient(session, cast.skin, mrn="100777")
    session.commit()

    assert sent_from(ana, "/patients/new", **NEW).status_code == 303


def test_a_patient_is_changed(ana, rosa, session):
    answer = sent_from(ana, f"/patients/{rosa.id}/change", given="Rosalia", active=None)
    session.expire_all()

    assert answer.status_code == 303
    assert (rosa.given, rosa.active, rosa.name_key) == ("Rosalia", False, "alvarez, rosalia")


def test_a_form_sent_back_as_it_was_shown_changes_nothing(ana, session):
    url = sent_from(ana, "/patients/new", **NEW).location

    sent_from(ana, f"{url}/change")

    assert session.scalars(select(Patient.version)).one() == 1


def test_an_owner_whose_account_is_off_stays_the_owner(ana, rosa, cast, session):
    rosa.owner_id, cast.ben.active = cast.ben.id, False
    session.commit()

    sent_from(ana, f"/patients/{rosa.id}/change", given="Rosalia")
    session.expire_all()

    assert rosa.owner_id == cast.ben.id
    assert "Ben (account is off)" in ana.get(f"/patients/{rosa.id}/change").text
    assert "Ben" not in ana.get("/patients/new").text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"family": ""}, "Give the family name."),
        ({"mrn": ""}, "Give the MRN."),
        ({"mrn": "9" * 41}, "Use at most 40 characters."),
        ({"given": "Ro\u202esa"}, "cannot be stored"),
        ({"birth_date": "2026-06-09"}, "not in the future"),
        ({"birth_date": "4/2/71"}, "four-digit year"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_the_input_is_kept(ana, session, typed, sentence):
    answer = sent_from(ana, "/patients/new", **{**NEW, **typed})

    assert answer.status_code == 422
    assert answer.text.count(sentence) >= 2
    name, value = next(iter(typed.items()))
    assert fields(answer)[name] == [value]
    assert session.scalars(select(Patient)).all() == []


def test_an_owner_of_another_clinic_is_refused(ana, cast):
    answer = sent_from(ana, "/patients/new", **NEW, owner_id=cast.cleo.id)

    assert answer.status_code == 422
    assert "Cleo" not in answer.text


def test_another_clinic_finds_nothing_here(client, cast, rosa):
    sign_in(client, "cleo@clinic.example")

    assert client.get(f"/patients/{rosa.id}/change").status_code == 404
    assert client.post(f"/patients/{rosa.id}/change", data=NEW).status_code == 404


def test_a_form_without_its_token_is_refused(app, ana, session):
    app.config["WTF_CSRF_ENABLED"] = True

    assert ana.post("/patients/new", data=NEW).status_code == 400
    assert session.scalars(select(Patient)).all() == []
