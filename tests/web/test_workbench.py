"""The workbench: next acts on Today, forms that start from an alert, sheets for paper, and quick find."""

from datetime import date

import pytest
from reading import rosa_on_her_day, sign_in, statements
from sqlalchemy import delete, select

import kept
import make
from tracker.models.alert import Alert
from tracker.models.authorization import Authorization
from tracker.models.patient import PatientCheck
from tracker.models.user import Role


@pytest.fixture
def rosa(session, cast):
    return rosa_on_her_day(session, cast.renal)


@pytest.fixture
def alert(session, rosa):
    return session.scalars(select(Alert)).one()


@pytest.fixture
def ana(client, cast, rosa):
    return sign_in(client)


def test_a_row_offers_the_act_of_its_cause_and_to_take_it(ana, rosa, alert):
    page = ana.get("/").text

    assert f"/patients/{rosa}/planned_fill/new?alert={alert.id}" in page
    assert "Plan early fill" in page
    assert f"/alerts/{alert.id}/take" in page


def test_taking_it_from_today_leads_back_to_today(ana, session, cast, alert):
    answer = ana.post(f"/alerts/{alert.id}/take", data={"back": "today"})

    assert (answer.status_code, answer.location) == (303, "/")
    assert session.get_one(Alert, alert.id).owner_id == cast.ana.id
    assert "/take" not in ana.get("/").text


def test_who_may_only_look_is_offered_the_proof(client, session, cast, rosa, alert):
    make.user(session, cast.renal, name="Vera", role=Role.VIEWER)
    session.commit()

    page = sign_in(client, "vera").get("/").text

    assert "Proof" in page
    assert "Plan early fill" not in page
    assert "New authorization" not in page


def test_columns_of_the_charts_lead_to_the_calendar(ana):
    page = ana.get("/").text

    assert "/calendar/?view=list&amp;from=2026-06-14" in page
    assert "Sun 2026-06-14: 1 fill, 1 refused" in page
    assert "Week of 2026-06-08: 1 renewal to start" in page


def test_a_request_starts_with_the_kind_and_plan_of_its_cause(ana, session, rosa, alert):
    plan = session.scalars(select(Authorization.plan_id).where(Authorization.number == "A-48213")).one()
    alert.code, alert.plan_id = "QL_EXCEEDED", plan
    session.commit()

    page = ana.get(f"/patients/{rosa}/authorization/new?alert={alert.id}").text

    assert '<option selected value="quantity_limit_override">' in page
    assert f'<option selected value="{plan}">' in page


def test_an_alert_of_someone_else_fills_nothing_in(ana, session, cast, alert):
    other = make.patient(session, cast.renal, mrn="2")
    session.commit()

    page = ana.get(f"/patients/{other.id}/authorization/new?alert={alert.id}").text

    assert '<option selected value="quantity_limit_override">' not in page
    assert ana.get(f"/patients/{other.id}/authorization/new?alert=nothing").status_code == 404


@pytest.mark.parametrize("address", ["/patients/{}/sheet", "/today/calls", "/patients/new-authorization"])
def test_strangers_sign_in_and_another_clinic_sees_nobody(client, cast, rosa, address):
    address = address.format(rosa)

    assert client.get(address).status_code == 303
    cleo = sign_in(client, "cleo").get(address)
    assert cleo.status_code == (404 if rosa in address else 200)
    assert "Alvarez" not in cleo.text


def test_the_sheet_of_a_patient_has_all_on_one_page(ana, rosa):
    page = ana.get(f"/patients/{rosa}/sheet").text

    for said in (
        "Alvarez, Rosa",
        "1971-04-02",
        "100234",
        "Earliest denial",
        "No PA from",
        'PA <b class="copy whole">A-55907</b>, through 2026-12-31',
        "Beacon",
        "Printed ",
    ):
        assert said in page


def test_the_sheet_of_a_patient_with_nothing_says_what_is_missing(ana, session, cast):
    bare = make.patient(session, cast.renal, mrn="bare", birth_date=None, indication=None)
    session.commit()

    page = ana.get(f"/patients/{bare.id}/sheet").text

    assert "no check was made yet" in page
    assert "No coverage is in force or to come" in page


def test_the_call_sheet_says_whom_to_call_what_to_ask_and_leaves_lines(ana):
    page = ana.get("/today/calls").text

    assert "Can the new authorization start earlier" in page
    assert "With whom, reference" in page


def test_the_call_sheet_says_once_how_a_payer_is_reached(ana, session, cast, alert):
    plan = make.plan(session, cast.renal, payer="Prairie")
    plan.payer.phone, plan.payer.fax = "800-555-0163", "800-555-0164"
    for number in range(2):
        who = make.patient(session, cast.renal, mrn=f"M{number}")
        kept.check(session, who, [kept.fill(date(2026, 6, 11 + number), result="fail", code="PA_GAP")])
        kept.alert(session, who, plan_id=plan.id)
    session.commit()

    page = ana.get("/today/calls").text

    assert [page.count(said) for said in ("<h3>Prairie</h3>", "800-555-0163</a>", "800-555-0164")] == [
        1,
        1,
        1,
    ]
    assert page.count("MRN M0") == page.count("MRN M1") == 1


def test_with_nobody_to_call_the_call_sheet_says_why(ana, session, alert):
    session.execute(delete(PatientCheck))
    session.commit()

    assert "Nobody to call today" in ana.get("/today/calls").text


def test_results_are_grouped_by_what_matched(ana, session, cast):
    make.patient(session, cast.renal, mrn="A-55907", family="Otherson")
    session.commit()

    page = ana.post("/patients/search", data={"q": "a-55907"}).text

    assert "2 patients found" in page
    assert page.index('id="h-mrn"') < page.index('id="h-number"')
    assert "PA A-55907, partially approved, 2026-06-25 to 2026-12-31" in page


def test_a_birth_date_opens_the_only_patient_born_then(ana, rosa):
    answer = ana.post("/patients/search", data={"q": "4/2/1971"})

    assert (answer.status_code, answer.location) == (303, f"/patients/{rosa}")


def test_a_new_authorization_asks_for_whom_and_opens_the_form(ana, rosa):
    assert "for whom?" in ana.get("/patients/new-authorization").text

    answer = ana.post("/patients/search", data={"q": "alv", "then": "authorization"})

    assert answer.location == f"/patients/{rosa}/authorization/new"
    assert (
        ana.post("/patients/search", data={"then": "authorization"}).location == "/patients/new-authorization"
    )


def test_control_characters_are_left_out_of_what_is_looked_for(ana, rosa):
    assert ana.post("/patients/search", data={"q": "al\x01v\u202e"}).location == f"/patients/{rosa}"


def test_the_parts_of_a_patient_stand_in_their_order(ana, rosa):
    page = ana.get(f"/patients/{rosa}").text
    places = [
        page.index(f'href="#{name}"')
        for name in ("timeline", "coverages", "therapy", "authorizations", "trials", "contacts")
    ]

    assert places == sorted(places)
    assert "Log call" in page
    assert f"/patients/{rosa}/sheet" in page


def test_a_patient_page_takes_the_same_queries_however_much_is_on_file(ana, session, rosa):
    ana.get(f"/patients/{rosa}")  # the first read that goes on record
    few = statements(ana, f"/patients/{rosa}")
    who = session.get_one(make.Patient, rosa)
    for number in range(12):
        make.fill(session, who, on=date(2025, 1 + number, 1))
    plan = session.get_one(make.Plan, session.scalars(select(Authorization.plan_id)).first())
    for number in range(6):
        make.authorization(session, who, plan, number=f"OLD-{number}")
        kept.alert(session, who, key=f"more{number}", severity="info")
    session.commit()

    assert statements(ana, f"/patients/{rosa}") == few


def test_hostile_and_foreign_names_are_shown_as_text(ana, session, cast):
    for mrn, family in (("x", "<b>Bold</b>"), ("y", "שלום"), ("z", "Ω 🦊" + "x" * 150)):
        kept.alvarez(session, cast.renal, mrn=mrn, family=family)
    session.commit()

    for address in ("/", "/today/calls"):
        page = ana.get(address).text
        assert "<b>Bold</b>" not in page
        assert "שלום" in page
