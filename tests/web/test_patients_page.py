"""The list of patients, the search that leaves no trace, and the page of one patient."""

import re
from datetime import date

import pytest
from reading import rosa_on_her_day, sign_in, statements

import kept
import make
from tracker.models.patient import PatientCheck


@pytest.fixture
def rosa(session, cast):
    return rosa_on_her_day(session, cast.renal, owner_id=cast.ana.id)


@pytest.fixture
def ana(client, cast, rosa):
    return sign_in(client)


def test_strangers_sign_in_cleo_finds_nothing_ana_reads(client, cast, rosa):
    address = f"/patients/{rosa}"

    assert client.get(address).status_code == 303
    assert sign_in(client, "ana").get(address).status_code == 200
    client.post("/sign-out")
    assert sign_in(client, "cleo").get(address).status_code == 404
    assert client.post("/patients/search", data={"q": "Alvarez"}).text.count("Rosa") == 0


def test_the_page_says_what_she_asks_at_the_telephone(ana, rosa):
    page = ana.get(f"/patients/{rosa}").text

    for said in (
        "Alvarez, Rosa",
        "1971-04-02",
        "100234",
        "Kidney transplant",
        "cyclosporine modified, 150 mg twice a day",
        "the next one starts 2026-06-25",
        "that was 4 days ago",
        "No PA from",
        "Proof",
        "A-55907",
        "partially approved",
        "720 J7502",
    ):
        assert said in page


def test_drawing_and_table_tell_the_same_fills(ana, rosa):
    page = ana.get(f"/patients/{rosa}").text

    assert page.count('<a class="hit"') == 14
    assert page.count('<tr id="fill-') == 14
    assert "style=" not in page
    assert "<script>" not in page


def test_every_kind_of_fact_can_be_added_and_every_fact_changed(ana, rosa):
    page = ana.get(f"/patients/{rosa}").text

    for kind in (
        "coverage",
        "regimen",
        "fill",
        "planned_fill",
        "authorization",
        "trial",
        "denial",
        "lab",
        "weight",
    ):
        assert f"Add {kind.replace('_', ' ')}" in page
    assert page.count(">Change<span") == 9


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("error", "ValueError", "The last check failed"),
        ("due", True, "Something changed since the last check"),
    ],
)
def test_an_answer_that_is_not_current_is_said_to_be_so(ana, session, rosa, column, value, said):
    setattr(session.get(PatientCheck, rosa), column, value)
    session.commit()

    page = ana.get(f"/patients/{rosa}").text

    assert said in page
    assert "true on" in page


def test_a_patient_with_nothing_on_file_is_asked_for_the_first_facts(ana, session, cast):
    bare = make.patient(session, cast.renal, mrn="bare", birth_date=None, indication=None)
    session.commit()

    page = ana.get(f"/patients/{bare.id}").text

    assert "Not checked yet" in page
    assert "Nothing on file yet" in page


def test_one_hit_goes_straight_to_the_patient_with_no_name_in_the_address(ana, rosa):
    answer = ana.post("/patients/search", data={"q": "alv"})

    assert (answer.status_code, answer.location) == (303, f"/patients/{rosa}")


def test_several_hits_are_listed_and_none_says_so(ana, session, cast):
    make.patient(session, cast.renal, mrn="2", given="Ruth")
    session.commit()

    assert "2 patients found" in ana.post("/patients/search", data={"q": "Alvarez"}).text
    assert "No patient found" in ana.post("/patients/search", data={"q": "nobody"}).text
    assert ana.post("/patients/search", data={"q": " \x00"}).location == "/patients"
    assert ana.get("/patients/search").status_code == 303


def test_the_number_of_queries_does_not_grow_with_the_patients(ana, session, cast):
    counts = []
    for number in range(2):
        for extra in range(20 * number):
            who = make.patient(session, cast.renal, mrn=f"M{extra}")
            kept.check(session, who, [kept.fill(date(2026, 7, 1))])
        session.commit()
        counts.append(statements(ana, "/patients"))

    assert counts[0] == counts[1]


def tinted(page):
    return re.findall(r'<tr id="fill-([^"]+)" class="bad"', page)


def test_only_the_first_refused_fill_is_tinted(ana, session, cast, rosa):
    well = make.patient(session, cast.renal, mrn="M1")
    kept.check(session, well, [kept.fill(date(2026, 7, 1)), kept.fill(date(2026, 7, 31))])
    session.commit()

    page = ana.get(f"/patients/{rosa}").text

    assert tinted(page) == ["2026-06-14"]
    assert page.count("refused") > 3
    assert tinted(ana.get(f"/patients/{well.id}").text) == []
