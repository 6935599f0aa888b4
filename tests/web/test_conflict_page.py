"""Two people change one record: the second sees both versions and decides."""

import pytest
import time_machine
from sqlalchemy import select

import make
from tracker.models.authorization import Authorization, AuthorizationLine
from tracker.models.patient import Coverage, Patient
from tracker.models.payer import FormularyRule, Payer
from tracker.models.therapy import Fill
from writing import fields, sent_from, sign_in


@pytest.fixture
def app(app):
    with time_machine.travel("2026-06-08T15:00:00Z", tick=False):
        yield app


@pytest.fixture
def ben(app, cast):
    return sign_in(app.test_client(), "ben@clinic.example")


@pytest.fixture
def ana(app, cast):
    return sign_in(app.test_client())


@pytest.fixture
def rosa(session, cast):
    who = make.covered_patient(session, cast.renal)
    session.commit()
    return who


@pytest.fixture
def pa(session, rosa):
    plan = session.get(make.Plan, session.scalars(select(Coverage.plan_id)).one())
    row = make.authorization(session, rosa, plan)
    row.lines = [AuthorizationLine(clinic_id=rosa.clinic_id, code="J7502", units=360)]
    session.commit()
    return row


def test_both_versions_stand_side_by_side_and_mine_can_go_over_it(ana, ben, session, rosa, pa):
    url = f"/patients/{rosa.id}/authorization/{pa.id}"
    opened = fields(ana.get(url))
    sent_from(ben, url, number="B-777", given_units_J7502="400", code_other="Q5099", given_other="y")

    page = ana.post(url, data={**opened, "given_units_J7502": "500", "reason": "they called"})

    assert page.status_code == 409
    for text in (
        "Ben saved this record at",
        "10:00",
        "B-777",
        "A123",
        "400",
        "500",
        "they called",
        "Q5099 approved",
    ):
        assert text in page.text
    assert "Alvarez, Rosa, born 1971-04-02, MRN 100234" in page.text

    saved = ana.post(url, data=fields(page))
    session.expire_all()

    assert saved.status_code == 303
    assert (pa.number, pa.reason) == ("A123", "they called")
    assert [(line.code, line.units) for line in pa.lines] == [("J7502", 500)]


def test_units_alone_make_a_conflict_too(ana, ben, session, rosa, pa):
    """A line is a row of its own; its change counts as one of the authorization."""
    url = f"/patients/{rosa.id}/authorization/{pa.id}"
    opened = fields(ana.get(url))
    sent_from(ben, url, given_units_J7502="400")

    page = ana.post(url, data={**opened, "number": "C-1"})

    assert page.status_code == 409
    assert "400" in page.text


def test_units_of_a_fill_make_a_conflict_too(ana, ben, session, rosa):
    fill = session.scalars(select(Fill)).one()
    url = f"/patients/{rosa.id}/fill/{fill.id}"
    opened = fields(ana.get(url))
    sent_from(ben, url, units_J7502="30")

    assert ana.post(url, data={**opened, "ndc": "1"}).status_code == 409


def test_papers_of_a_rule_make_a_conflict_too(ana, ben, session, rosa):
    rule = session.scalars(select(FormularyRule)).one()
    url = f"/payers/rules/{rule.id}/change"
    opened = fields(ana.get(url))
    note = {"papers_asked": "yes", "papers-0-kind": "chart_note"}
    sent_from(ben, url, seen="y", **note, **{"papers-0-max_age_days": "90"})

    page = ana.post(url, data={**opened, **note, "papers-0-max_age_days": "60", "papers-0-note": "stable"})

    assert page.status_code == 409
    assert "Chart note, not older than 90 days" in page.text
    assert "Chart note, not older than 60 days, stable" in page.text


def test_the_days_of_open_hours_make_a_conflict_too(ana, ben, session, rosa):
    payer = session.scalars(select(Payer)).one()
    url = f"/payers/{payer.id}/change"
    hours = {"opens_minute": "8", "closes_minute": "17", "hours_zone": "America/Chicago"}
    opened = fields(ana.get(url))
    sent_from(ben, url, open_days="1", **hours)

    page = ana.post(url, data={**opened, **hours, "open_days": ["2", "3"]})

    assert page.status_code == 409
    assert "Tue, Wed" in page.text


def test_steps_of_a_rule_make_a_conflict_too(ana, ben, session, rosa):
    rule = session.scalars(select(FormularyRule)).one()
    url = f"/payers/rules/{rule.id}/change"
    sent_from(
        ben,
        url,
        seen="y",
        **{"step_therapy": "yes", "steps-0-options": "methotrexate", "steps-0-min_days": "90"},
    )
    opened = fields(ana.get(url))
    sent_from(ben, url, seen="y", **{"steps-0-min_days": "60"})

    page = ana.post(url, data={**opened, "steps-0-options": "methotrexate, acitretin"})

    assert page.status_code == 409
    assert "1 of methotrexate, 60 days" in page.text
    assert "1 of methotrexate, acitretin, 90 days" in page.text


def test_a_patient_has_the_page_too(ana, ben, session, rosa):
    url = f"/patients/{rosa.id}/change"
    opened = fields(ana.get(url))
    sent_from(ben, url, given="Rosalia")

    page = ana.post(url, data={**opened, "given": "Rose"})
    ana.post(url, data=fields(page))
    session.expire_all()

    assert page.status_code == 409
    assert "Rosalia" in page.text
    assert session.get_one(Patient, rosa.id).given == "Rose"


def test_the_same_words_twice_leave_nothing_to_save(ana, ben, rosa):
    url = f"/patients/{rosa.id}/change"
    opened = fields(ana.get(url))
    sent_from(ben, url, given="Rosalia")

    page = ana.post(url, data={**opened, "given": "Rosalia"})

    assert page.status_code == 409
    assert "Both say the same" in page.text
    assert "Save mine over it" not in page.text


@pytest.mark.parametrize("version", ["", "0", "x", "²", "9" * 40])
def test_a_version_that_cannot_be_is_a_conflict(ana, session, rosa, pa, version):
    url = f"/patients/{rosa.id}/authorization/{pa.id}"

    assert sent_from(ana, url, number="C-1", version=version).status_code == 409
    session.expire_all()
    assert session.scalars(select(Authorization)).one().number == "A123"
