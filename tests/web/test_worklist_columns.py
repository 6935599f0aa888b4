"""Columns of the worklist that a person chose: kept for them, followed by files and paper, without script."""

import csv
import io

import pytest
from reading import sign_in, statements
from sqlalchemy import select

import kept
import make
from tracker.models.audit import AuditEvent
from tracker.models.user import Role
from tracker.models.worklist_columns import WorklistColumns

CHOSEN = {"column": ["phone", "opened", "nonsense"]}


@pytest.fixture
def ana(client, cast, session):
    """Ana, with an alert about a plan that has a telephone."""
    kept.stand_on(session, cast.renal)
    acme = make.plan(session, cast.renal)
    acme.payer.phone = "800-555-0110"
    who = make.patient(session, cast.renal, owner_id=cast.ana.id)
    kept.alert(session, who, plan_id=acme.id)
    session.commit()
    return sign_in(client, "ana")


def file_heads(client, **data):
    with client.post("/alerts/export", data={"format": "csv", **data}) as answer:
        return next(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


def test_a_choice_is_kept_and_the_list_shows_it(ana, session, cast):
    answer = ana.post("/alerts/columns", data={**CHOSEN, "owner": "me", "severity": "critical"})

    page = ana.get("/alerts").text
    assert (answer.status_code, answer.location) == (303, "/alerts?owner=me&severity=critical")
    assert "800-555-0110</a>" in page
    assert "Open since" in page
    assert 'data-label="Harm"' not in page
    assert 'data-label="Drug left"' not in page
    assert session.scalars(select(WorklistColumns.shown)).all() == [["phone", "opened"]]


def test_what_to_do_and_for_whom_stands_there_whatever_is_chosen(ana):
    ana.post("/alerts/columns", data={})

    page = ana.get("/alerts").text
    assert "Plan an early fill, or move the PA start" in page
    assert "Alvarez, Rosa" in page
    assert "Acme Health" not in page.split('id="worklist"')[1]


def test_at_first_again_forgets_the_choice(ana, session):
    ana.post("/alerts/columns", data=CHOSEN)
    ana.post("/alerts/columns", data={**CHOSEN, "at_first": "1"})

    assert session.scalars(select(WorklistColumns)).all() == []
    assert 'data-label="Harm"' in ana.get("/alerts").text


def test_a_colleague_sees_their_own_columns(ana, session, cast):
    ana.post("/alerts/columns", data=CHOSEN)
    ana.post("/sign-out")

    assert 'data-label="Harm"' in sign_in(ana, "ben").get("/alerts").text


def test_a_file_holds_everything_until_a_choice_is_made_and_then_what_was_chosen(ana):
    before = file_heads(ana)
    ana.post("/alerts/columns", data=CHOSEN)

    assert {"Severity", "What clears it", "Harm date", "PA number", "Owner"} < set(before)
    assert file_heads(ana) == [
        *("What to do", "Why", "Family name", "Given name", "Birth date", "MRN"),
        *("Payer's phone", "Status", "Open since"),
    ]


def test_paper_follows_and_always_says_whom_to_call(ana):
    ana.post("/alerts/columns", data={"column": ["opened", "plan"]})

    page = ana.get("/alerts/print").text

    assert "Open since" in page
    assert "Acme Health Gold" in page
    assert "800-555-0110" in page
    assert ">Drug left<" not in page
    assert ">Harm date<" not in page


def test_a_choice_is_audited_once(ana, session):
    for _ in range(2):
        ana.post("/alerts/columns", data=CHOSEN)

    query = select(AuditEvent).where(AuditEvent.table_name == "worklist_columns")
    (event,) = session.scalars(query).all()
    assert (event.old, event.new) == ({"shown": None}, {"shown": ["phone", "opened"]})


def test_who_may_only_look_chooses_too(ana, session, cast):
    make.user(session, cast.renal, name="Vera", role=Role.VIEWER)
    session.commit()
    ana.post("/sign-out")
    vera = sign_in(ana, "vera")

    assert vera.post("/alerts/columns", data=CHOSEN).status_code == 303
    assert "Open since" in vera.get("/alerts").text


def test_columns_cost_no_query_a_row(ana, session, cast):
    ana.post("/alerts/columns", data=CHOSEN)
    session.commit()  # as below: what the post has read is not known to the page
    few = statements(ana, "/alerts")
    for number in range(8):
        kept.alert(session, make.patient(session, cast.renal, mrn=f"M{number}"))
    session.commit()

    assert statements(ana, "/alerts") == few
