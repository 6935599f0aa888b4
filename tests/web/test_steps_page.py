"""The step therapy page: the tree in words, what would meet it, the draft of an exception."""

from datetime import date

import pytest
import time_machine
from sqlalchemy import select

import make
from tracker.models.authorization import Authorization, Trial
from tracker.models.authorization_log import ContactLog
from tracker.models.payer import FormularyRule, RuleStep
from tracker.models.user import Role
from tracker.rules.words import AuthorizationKind, AuthorizationStatus
from writing import fields, sent_from, sign_in

OUTCOMES = ["inadequate_response", "intolerance", "contraindication"]


@pytest.fixture
def app(app):
    with time_machine.travel("2026-06-08T15:00:00Z", tick=False):
        yield app


@pytest.fixture
def emi(session, cast):
    """Psoriasis under a plan that wants methotrexate or acitretin first; both tried, neither enough."""
    who = make.covered_patient(session, cast.renal, family="Nakamura", given="Emi", indication="psoriasis")
    rule = session.scalars(select(FormularyRule)).one()
    rule.step_therapy = True
    rule.steps = [
        RuleStep(
            clinic_id=who.clinic_id,
            position=1,
            need=1,
            options=["methotrexate", "acitretin"],
            min_days=90,
            lookback_days=365,
            outcomes=OUTCOMES,
        )
    ]
    ids = {"clinic_id": who.clinic_id, "patient_id": who.id, "outcome": "inadequate_response"}
    short = {"starts_on": date(2025, 12, 1), "ends_on": date(2026, 2, 24)}
    make.save(session, Trial(drug="methotrexate", documented_on=date(2026, 2, 26), **short, **ids))
    session.commit()
    return who


@pytest.fixture
def ana(client, cast):
    return sign_in(client)


def old_trial(session, who):
    make.save(
        session,
        Trial(
            clinic_id=who.clinic_id,
            patient_id=who.id,
            drug="acitretin",
            starts_on=date(2024, 3, 4),
            ends_on=date(2024, 7, 15),
            outcome="inadequate_response",
            documented_on=date(2024, 7, 19),
        ),
    )
    session.commit()


def test_who_may_see_it(client, emi):
    url = f"/patients/{emi.id}/steps"

    assert "/sign-in" in client.get(url).location
    cleo = sign_in(client, "cleo@clinic.example")
    assert cleo.get(url).status_code == 404
    assert cleo.post(f"{url}/exception/1").status_code == 404
    client.post("/sign-out")
    assert sign_in(client).get(url).status_code == 200


def test_the_tree_counts_days_and_says_when_it_bites(ana, emi):
    page = " ".join(ana.get(f"/patients/{emi.id}/steps").text.split())

    assert "asks for 1 step: 1 not met" in page
    assert "86 days, 90 needed: 4 short" in page
    assert "Document of 2026-02-26" in page
    assert "will be refused</b>" in page
    assert "no trial on file" in page


def test_a_look_back_is_a_ground_for_an_exception(ana, session, emi):
    old_trial(session, emi)

    page = " ".join(ana.get(f"/patients/{emi.id}/steps").text.split())

    assert "134 days, ended 328 days before the look-back" in page
    assert "acitretin, ended" in page
    assert "An exception: acitretin was tried and failed" in page


def test_the_exception_is_drafted_once_with_its_grounds(ana, session, emi):
    old_trial(session, emi)

    first = ana.post(f"/patients/{emi.id}/steps/exception/1")
    again = ana.post(f"/patients/{emi.id}/steps/exception/1")

    row = session.scalars(select(Authorization)).one()
    assert first.status_code == 303
    assert first.location == again.location == f"/patients/{emi.id}/authorizations/{row.id}"
    assert (row.kind, row.status) == (
        AuthorizationKind.STEP_THERAPY_EXCEPTION,
        AuthorizationStatus.DRAFT,
    )
    assert row.reason.startswith("Tried and failed under current or previous plan: acitretin")
    assert row.requested_starts_on == date(2026, 7, 5)


def test_no_exception_from_a_rule_that_is_not_there(ana, emi):
    assert ana.post(f"/patients/{emi.id}/steps/exception/2").status_code == 404


def test_a_viewer_drafts_nothing(client, session, cast, emi):
    make.user(session, cast.renal, name="Vera", role=Role.VIEWER)
    session.commit()
    vera = sign_in(client, "vera@clinic.example")

    assert vera.get(f"/patients/{emi.id}/steps").status_code == 200
    assert vera.post(f"/patients/{emi.id}/steps/exception/1").status_code == 403


def test_add_trial_names_the_drug_without_a_drug_in_the_address(ana, emi):
    page = ana.get(f"/patients/{emi.id}/steps").text
    url = f"/patients/{emi.id}/trial/new?option=1.1.1"

    assert url in page
    assert fields(ana.get(url))["drug"] == ["acitretin"]


@pytest.mark.parametrize("place", ["9.1.1", "1.9.1", "1.1.9", "x", "1.1", "0.0.0"])
def test_a_place_that_is_not_there_fills_in_nothing(ana, emi, place):
    assert fields(ana.get(f"/patients/{emi.id}/trial/new?option={place}"))["drug"] == [""]
    assert fields(ana.get(f"/patients/{emi.id}/contacts/new?gap={place}"))["said"] == [""]


def test_requested_evidence_is_a_note_in_the_log(ana, session, emi):
    answer = sent_from(ana, f"/patients/{emi.id}/contacts/new?gap=1.1.0", channel="note")

    assert answer.location.endswith("/steps")
    said = session.scalars(select(ContactLog.said)).one()
    assert said.startswith("Evidence asked for, step 1: Ask whether methotrexate ended otherwise")


def test_a_plan_without_steps_says_so(ana, session, emi):
    rule = session.scalars(select(FormularyRule)).one()
    rule.step_therapy, rule.steps = False, []
    session.commit()

    assert "No step therapy is asked for" in ana.get(f"/patients/{emi.id}/steps").text


def test_details_that_nobody_knows_are_verified(ana, session, emi):
    rule = session.scalars(select(FormularyRule)).one()
    rule.steps = []
    session.commit()

    assert "Verify with the payer" in ana.get(f"/patients/{emi.id}/steps").text


def test_a_patient_without_a_regimen_has_no_fill_to_check(ana, session, cast):
    who = make.patient(session, cast.renal, mrn="201")
    session.commit()

    assert "No fill to check" in ana.get(f"/patients/{who.id}/steps").text
