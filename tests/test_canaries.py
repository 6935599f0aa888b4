"""That what the suite writes of a patient would be found: see canaries.py."""

import logging

import pytest

import canaries
import kept
import make
from tracker.models.patient import Patient


@pytest.fixture
def rosa(session, cast):
    return make.patient(session, cast.renal, family="Quetzalcoatl", mrn="Z-771204")


@pytest.mark.parametrize("words", ["Z-771204", "quetzalcoatl", "born 1971-04-02", "QUETZALCOATL, Rosa"])
def test_a_piece_of_a_patient_in_a_log_line_is_found(rosa, words):
    logging.getLogger("tracker.jobs").info("checked %s", words)

    places = {(place, line) for _, place, line in canaries.found()}
    assert places == {("log", f"INFO tracker.jobs checked {words}")}


def test_an_id_is_none_and_neither_is_part_of_a_word(rosa):
    logging.getLogger("tracker.jobs").info("checked %s, Z-7712049 of quetzalcoatls", rosa.id)

    assert canaries.found() == []


def test_addresses_refusals_and_counts_are_searched(app, client, rosa, monkeypatch):
    monkeypatch.setitem(app.view_functions, "health.alive", lambda: ("Quetzalcoatl", 404))

    client.get("/healthz?of=Quetzalcoatl")

    assert {place for _, place, _ in canaries.found()} == {"address", "page of a 404", "count"}


def test_what_a_person_types_into_an_address_is_theirs(client, cast, rosa):
    client.get(f"/sign-in?next={canaries.type_into_address('Quetzalcoatl')}")

    assert canaries.found() == []


def test_every_word_of_a_patients_facts_is_known(session, cast):
    kept.alvarez(session, cast.renal)
    session.flush()

    names = session.query(Patient.family, Patient.given, Patient.mrn).one()
    known = set().union(*canaries.known.values())
    assert {*(name.casefold() for name in names), "1971-04-02", "a-48213", kept.MESSAGE.casefold()} <= known
