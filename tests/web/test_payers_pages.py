"""Payers, their plans and what each plan asks for."""

from datetime import date
from decimal import Decimal

import pytest
import time_machine
from sqlalchemy import select

import make
from tracker.models.patient import Coverage, PatientCheck
from tracker.models.payer import FormularyRule, Payer, Plan
from tracker.rules.words import LineOfBusiness
from writing import fields, sent_from, sign_in


@pytest.fixture
def app(app):
    with time_machine.travel("2026-06-08T15:00:00Z", tick=False):
        yield app


@pytest.fixture
def ana(client, cast):
    return sign_in(client)


@pytest.fixture
def acme(session, cast):
    plan = make.plan(session, cast.renal)
    session.commit()
    return plan


@pytest.fixture
def rosa(ana, session, cast, acme):
    """A patient of the plan, checked."""
    who = make.patient(session, cast.renal)
    make.coverage(session, who, acme)
    make.regimen(session, who)
    session.commit()
    sent_from(ana, f"/patients/{who.id}/weight/new", on_date="2026-06-01", kg="70")
    return who


STEP = {
    "step_therapy": "yes",
    "steps-0-options": "methotrexate, acitretin",
    "steps-0-min_days": "90",
    "steps-0-lookback_days": "365",
    "steps-0-document_required": "y",
}
LIMIT = {
    "quantity_limit": "yes",
    "limit_quantity": "120.5",
    "limit_per_days": "30",
    "limit_unit": "capsule",
    "limit_method": "per_fill",
}


def test_an_empty_clinic_is_told_where_to_begin(ana):
    assert "No payer on file" in ana.get("/payers/").text


def test_a_payer_a_plan_and_a_rule_are_added_and_changed(ana, session):
    payer_page = sent_from(ana, "/payers/new", name="Acme Health", phone="800-555-0110").location
    plan_page = sent_from(ana, f"{payer_page}/plans/new", name="Gold", line_of_business="commercial").location
    rule_page = sent_from(
        ana, f"{plan_page}/rules/new", code="J7502", covered="yes", **STEP, **LIMIT
    ).location
    sent_from(ana, f"{payer_page}/change", fax="800-555-0111")
    sent_from(ana, f"{plan_page}/change", decision_hours_standard="48")
    sent_from(ana, f"{rule_page}/change", verified_on="2026-06-08", verified_by="Ana", max_days_supply="90")

    payer, plan = session.scalars(select(Payer)).one(), session.scalars(select(Plan)).one()
    rule = session.scalars(select(FormularyRule)).one()
    assert (payer.name, payer.phone, payer.fax) == ("Acme Health", "800-555-0110", "800-555-0111")
    assert (plan.line_of_business, plan.decision_hours_standard) == (LineOfBusiness.COMMERCIAL, 48)
    assert (rule.covered, rule.prior_authorization, rule.quantity_limit) == (True, None, True)
    assert (rule.limit_quantity, rule.max_days_supply) == (Decimal("120.5"), 90)
    assert (rule.starts_on, rule.verified_on) == (date(2026, 1, 1), date(2026, 6, 8))
    step = rule.steps[0]
    assert (step.need, step.options, step.min_days) == (1, ["methotrexate", "acitretin"], 90)
    assert step.outcomes == ["inadequate_response", "intolerance", "contraindication"]
    assert step.document_required is True


def test_the_pages_say_what_is_on_file(ana, session, acme):
    rule = make.rule(session, acme, quantity_limit=None, source="Acme 2026 p. 41")
    session.commit()

    assert "1: J7502" in ana.get("/payers/").text
    assert "Gold" in ana.get(f"/payers/{acme.payer_id}").text
    assert "Acme 2026 p. 41" in ana.get(f"/payers/plans/{acme.id}").text
    page = ana.get(f"/payers/rules/{rule.id}").text
    assert "Cyclosporine, oral, 100 mg" in page
    assert "verify" in page
    assert "not verified" in page


def test_a_plan_without_rules_is_neither_passed_nor_failed(ana, acme):
    assert "Verify with the payer" in ana.get(f"/payers/plans/{acme.id}").text


def test_a_form_sent_back_as_it_was_shown_changes_nothing(ana, session, acme):
    limit = {"limit_unit": "Q5099", "limit_quantity": 5, "limit_per_days": 30, "limit_method": "rolling"}
    rule = make.rule(session, acme, code="Q5099", starts_on=None, quantity_limit=True, **limit)
    session.commit()

    sent_from(ana, f"/payers/rules/{rule.id}/change")
    session.expire_all()

    assert rule.version == 1
    assert (rule.code, rule.limit_unit) == ("Q5099", "Q5099")


def test_a_saved_rule_marks_the_patients_of_its_plan_and_says_how_many(ana, session, acme, rosa):
    assert session.get_one(PatientCheck, rosa.id).due is False

    answer = sent_from(ana, f"/payers/plans/{acme.id}/rules/new", code="J7502", covered="yes")
    session.expire_all()

    assert "Rule added. 1 patient is marked for a new check." in ana.get(answer.location).text
    assert session.get_one(PatientCheck, rosa.id).due is True


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "status"),
    [
        ("2026-07-01", "", 422),
        ("", "2026-01-01", 422),
        ("", "", 422),
        ("2026-06-30", "2026-12-31", 422),
        ("2026-07-01", "2026-12-31", 422),
        ("", "2025-12-31", 303),
        ("2027-01-01", "", 303),
    ],
)
def test_two_rules_of_a_code_cannot_hold_on_one_day(ana, session, acme, starts_on, ends_on, status):
    make.rule(session, acme, starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31))
    session.commit()
    url = f"/payers/plans/{acme.id}/rules/new"

    answer = sent_from(ana, url, code="J7502", starts_on=starts_on, ends_on=ends_on)

    assert answer.status_code == status
    assert ("rule of J7502 from 2026-01-01 to 2026-12-31 already" in answer.text) is (status == 422)
    assert sent_from(ana, url, code="J7515", starts_on=starts_on, ends_on=ends_on).status_code == 303


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"code": ""}, "Choose the code."),
        ({"code": "<b>"}, "Choose one of the list."),
        ({"starts_on": "2026-06-02", "ends_on": "2026-06-01"}, "before the first day"),
        ({"limit_quantity": "180"}, "Say yes, or empty the limit below."),
        ({**LIMIT, "limit_method": ""}, "or none of them"),
        ({"quantity_limit": "yes", "limit_quantity": "many"}, "Give a number"),
        ({**STEP, "step_therapy": "no"}, "Say yes, or empty the steps below."),
        ({**STEP, "steps-0-need": "3"}, "More drugs are needed than are named."),
        ({**STEP, "steps-0-outcomes": "nonsense"}, "nonsense"),
        ({"steps-1-min_days": "90"}, "Name the drugs of this step"),
        ({"refill_threshold_percent": "101"}, "Give a whole number from 1 to 100."),
        ({"source": "a\x00b"}, "cannot be stored"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_the_input_is_kept(ana, session, acme, typed, sentence):
    answer = sent_from(ana, f"/payers/plans/{acme.id}/rules/new", **{"code": "J7502", **typed})
    shown = fields(answer)

    assert answer.status_code == 422
    assert answer.text.count(sentence) >= 2
    assert session.scalars(select(FormularyRule)).all() == []
    for name, value in typed.items():
        if name not in {"code", "source", "limit_method", "steps-0-outcomes"}:
            assert shown[name] == [value]


def test_a_step_needs_an_outcome_that_counts(ana, acme):
    answer = sent_from(
        ana, f"/payers/plans/{acme.id}/rules/new", code="J7502", **STEP, **{"steps-0-outcomes": None}
    )

    assert answer.status_code == 422
    assert "Tick the outcomes that count." in answer.text


def test_a_name_on_file_is_refused(ana, session, acme):
    payer = sent_from(ana, "/payers/new", name="Acme Health")
    plan = sent_from(ana, f"/payers/{acme.payer_id}/plans/new", name="Gold", line_of_business="medicaid")

    for answer in (payer, plan):
        assert answer.status_code == 422
        assert "already on file" in answer.text


def test_another_clinic_finds_nothing_here(client, cast, session, acme):
    rule = make.rule(session, acme)
    session.commit()
    sign_in(client, "cleo@clinic.example")

    assert "Acme" not in client.get("/payers/").text
    for url in (f"/payers/{acme.payer_id}", f"/payers/plans/{acme.id}", f"/payers/rules/{rule.id}"):
        assert client.get(url).status_code == 404
        assert client.get(f"{url}/change").status_code == 404
        assert client.post(f"{url}/change", data={"name": "Mine"}).status_code == 404
    assert client.post(f"/payers/plans/{acme.id}/rules/new", data={"code": "J7502"}).status_code == 404
    assert client.post(f"/payers/{acme.payer_id}/plans/new", data={"name": "x"}).status_code == 404


def test_a_patient_cannot_be_given_another_clinics_plan(ana, cast, session, rosa):
    other = make.plan(session, cast.skin)
    session.commit()

    answer = sent_from(ana, f"/patients/{rosa.id}/coverage/new", plan_id=other.id, starts_on="2027-01-01")

    assert answer.status_code == 422
    assert len(session.scalars(select(Coverage)).all()) == 1


def test_a_form_without_its_token_is_refused(app, ana, session):
    app.config["WTF_CSRF_ENABLED"] = True

    assert ana.post("/payers/new", data={"name": "Acme"}).status_code == 400
    assert session.scalars(select(Payer)).all() == []
