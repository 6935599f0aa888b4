"""The what-if page: who may see it, a preview that saves nothing, accepting, and a stale one."""

from datetime import date

import pytest
from reading import sign_in
from sqlalchemy import func, select

import kept
import make
from tracker import clock
from tracker.models.alert import Alert, AlertState
from tracker.models.audit import CHANGES, AuditEvent
from tracker.models.authorization import Authorization
from tracker.models.patient import Coverage
from tracker.models.therapy import PlannedFill, Regimen
from tracker.models.user import Role
from tracker.services import checking
from tracker.services.actor import Actor


@pytest.fixture
def who(session, cast):
    """On 2026-06-08: an authorization that ends on 2026-06-30, the next fill is on 2026-07-05."""
    kept.stand_on(session, cast.renal)
    patient = make.covered_patient(session, cast.renal)
    plan_id = session.scalars(select(Coverage.plan_id)).one()
    make.save(
        session,
        Authorization(
            clinic_id=cast.renal.id,
            patient_id=patient.id,
            plan_id=plan_id,
            kind="prior_authorization",
            number="A123",
            status="approved",
            starts_on=date(2026, 1, 1),
            ends_on=date(2026, 6, 30),
        ),
    )
    checking.recheck(
        session, patient_id=patient.id, clinic_id=cast.renal.id, now=clock.now(), actor=Actor("Scan")
    )
    session.commit()
    return patient.id


@pytest.fixture
def ana(client, who):
    return sign_in(client, "ana")


@pytest.fixture
def renewal(session, who):
    plan_id = session.scalars(select(Coverage.plan_id)).one()
    return {
        "pa_plan_id": plan_id,
        "pa_kind": "prior_authorization",
        "pa_status": "approved",
        "pa_from": "2026-07-01",
        "pa_to": "2027-12-31",
        "units_J7502": "900",
    }


def seen_on(page):
    return page.split('name="seen" value="')[1].split('"')[0]


def accepted(page):
    """The hidden fields of the form that accepts."""
    part = page[page.index("/what-if/accept") :]
    part = part[: part.index("</form>")]
    pairs = [piece.split('" value="') for piece in part.split('<input type="hidden" name="')[1:]]
    return {name: value.split('"')[0] for name, value in pairs if name != "csrf_token"}


def test_strangers_sign_in_cleo_finds_nothing_ana_reads(client, who):
    address = f"/patients/{who}/what-if"

    assert client.get(address).status_code == 303
    assert sign_in(client, "ana").get(address).status_code == 200
    client.post("/sign-out")
    cleo = sign_in(client, "cleo")
    assert cleo.get(address).status_code == 404
    assert cleo.post(address, data={"fill_on": "2026-06-29"}).status_code == 404
    assert cleo.post(f"{address}/accept", data={"fill_on": "2026-06-29"}).status_code == 404


def test_a_preview_shows_both_answers_and_saves_nothing(ana, session, who, renewal):
    changes = select(func.count()).where(AuditEvent.action.in_(CHANGES))
    before = session.scalar(changes)

    answer = ana.post(f"/patients/{who}/what-if", data=renewal)

    assert answer.status_code == 200
    for said in (
        "<del>",
        "<ins>",
        "would be covered",
        "closes",
        "New prior authorization",
        "Accept and save",
        "Discard",
    ):
        assert said in answer.text
    assert session.scalar(select(func.count()).select_from(Authorization)) == 1
    assert session.scalar(changes) == before


def test_accepting_saves_and_the_alert_closes(ana, session, who, renewal):
    page = ana.post(f"/patients/{who}/what-if", data=renewal).text

    answer = ana.post(f"/patients/{who}/what-if/accept", data=accepted(page))

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/patients/{who}")
    assert "1 closed" in ana.get(f"/patients/{who}").text
    new = session.scalars(select(Authorization).where(Authorization.number.is_(None))).one()
    assert (new.starts_on, new.ends_on, new.lines[0].units) == (date(2026, 7, 1), date(2027, 12, 31), 900)
    assert set(session.scalars(select(Alert.state))) == {AlertState.CLOSED}


def test_a_relative_date_is_carried_as_the_day_it_meant(ana, who):
    page = ana.post(f"/patients/{who}/what-if", data={"fill_on": "+21d", "fill_days": "30"}).text

    assert accepted(page)["fill_on"] == "2026-06-29"


def test_a_stale_accept_is_a_conflict_that_shows_the_new_comparison(ana, client, session, who, renewal):
    page = ana.post(f"/patients/{who}/what-if", data=renewal).text
    client.post("/sign-out")
    ben = sign_in(client, "ben")
    ben.post(f"/patients/{who}/planned_fill/new", data={"on_date": "2026-07-03", "days_supply": "30"})
    client.post("/sign-out")

    answer = sign_in(client, "ana").post(f"/patients/{who}/what-if/accept", data=accepted(page))

    assert answer.status_code == 409
    assert "Someone changed this patient" in answer.text
    assert "Ben" in answer.text
    assert session.scalar(select(func.count()).select_from(Authorization)) == 1
    again = client.post(f"/patients/{who}/what-if/accept", data=accepted(answer.text))
    assert again.status_code == 303


def test_a_change_of_plan_and_dose_is_saved_whole(ana, session, who):
    old = session.scalars(select(Coverage)).one()
    data = {
        "coverage_id": old.id,
        "coverage_ends_on": "2026-06-30",
        "plan_id": old.plan_id,
        "plan_from": "7/1/2026",
        "therapy_from": "2026-06-20",
        "dose_mg": "150",
    }
    page = ana.post(f"/patients/{who}/what-if", data=data).text

    assert ana.post(f"/patients/{who}/what-if/accept", data=accepted(page)).status_code == 303
    assert sorted(session.scalars(select(Coverage.starts_on))) == [date(2020, 1, 1), date(2026, 7, 1)]
    assert sorted(session.scalars(select(Regimen.dose_mg))) == [100, 150]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "Nothing is changed yet"),
        ({"fill_on": "2026-13-01", "fill_days": "30"}, "There is no month 13"),
        ({"fill_on": "2026-06-01", "fill_days": "30"}, "This day is over"),
        ({"fill_days": "30"}, "Give the day of the fill"),
        ({"fill_on": "2026-06-29"}, "Give the days supply"),
        ({"coverage_ends_on": "2026-06-29"}, "Choose the coverage that ends"),
        ({"plan_from": "2026-06-29"}, "Choose the new plan"),
        ({"dose_mg": "150"}, "Give the day from which this holds"),
        ({"therapy_from": "2026-06-29"}, "Say what changes on that day"),
        ({"pa_to": "2026-06-29"}, "Choose the plan of the new authorization"),
        ({"pa_plan_id": "nonsense"}, "Choose one of the list"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_kept(ana, who, data, said):
    answer = ana.post(f"/patients/{who}/what-if", data=data)

    assert answer.status_code == 422
    assert said in answer.text
    assert all(f'value="{value}"' in answer.text for name, value in data.items() if name == "fill_on")
    assert ana.post(f"/patients/{who}/what-if/accept", data=data).status_code == 422


def test_what_the_rules_refuse_is_said(ana, session, who, renewal):
    answer = ana.post(f"/patients/{who}/what-if", data={**renewal, "pa_to": "2026-06-01"})

    assert answer.status_code == 422
    assert "before" in answer.text


def test_a_viewer_tries_but_cannot_accept(client, session, cast, who, renewal):
    make.user(session, cast.renal, name="Vic", role=Role.VIEWER)
    session.commit()
    vic = sign_in(client, "vic")

    page = vic.post(f"/patients/{who}/what-if", data=renewal)

    assert page.status_code == 200
    assert "Accept and save" not in page.text
    accept = {**renewal, "seen": "x"}
    assert vic.post(f"/patients/{who}/what-if/accept", data=accept).status_code == 403


def test_the_patient_page_offers_the_fill_ahead_and_the_bridges(ana, session, who):
    page = ana.get(f"/patients/{who}").text

    assert f'href="/patients/{who}/what-if"' in page
    assert "A fill for 30 days is permitted from" in page
    assert "Expedited request" in page
    assert "unverified" in page
    tried = ana.post(f"/patients/{who}/what-if", data={"fill_on": "2026-06-30", "fill_days": "30"})
    assert ana.post(f"/patients/{who}/what-if/accept", data=accepted(tried.text)).status_code == 303
    assert session.scalars(select(PlannedFill.on_date)).all() == [date(2026, 6, 30)]


def test_where_no_denial_is_near_the_panels_stay_away(ana, session, who, renewal):
    page = ana.post(f"/patients/{who}/what-if", data=renewal).text
    ana.post(f"/patients/{who}/what-if/accept", data=accepted(page))

    assert "Bridge plan" not in ana.get(f"/patients/{who}").text


def test_text_of_a_fact_is_never_markup(client, session, cast):
    kept.stand_on(session, cast.renal)
    patient = make.covered_patient(session, cast.renal, family="<b>O'Neil</b>")
    session.commit()

    page = sign_in(client, "ana").post(
        f"/patients/{patient.id}/what-if", data={"fill_on": "2026-06-29", "fill_days": "30"}
    )

    assert page.status_code == 200
    assert "<b>O" not in page.text
