"""The page of one authorization: what it shows, its moves as forms, who may see and do what."""

import re
from datetime import UTC, date, datetime

import pytest
import time_machine
from sqlalchemy import select

import kept
import make
from tracker.models.authorization import Authorization, AuthorizationLine, Denial
from tracker.models.authorization_log import AuthorizationMove
from tracker.models.user import Role
from tracker.rules.moves import Move
from tracker.rules.words import AuthorizationStatus
from tracker.services import checking
from tracker.services.actor import Actor
from writing import fields, sent_from, sign_in

BACKWARD = {"starts_on": "2026-07-02", "ends_on": "2026-07-01"}
NOW = datetime(2026, 6, 8, 15, 0, tzinfo=UTC)


@pytest.fixture
def app(app):
    with time_machine.travel(NOW, tick=False):
        yield app


@pytest.fixture
def rosa(session, cast):
    """The design's patient: a gap before a partial approval, and a request for it."""
    kept.stand_on(session, cast.renal)
    who = kept.alvarez(session, cast.renal)
    session.commit()
    return who


@pytest.fixture
def ana(client, cast):
    return sign_in(client)


def pa(session, number="A-55907"):
    return session.scalars(select(Authorization).where(Authorization.number == number)).one()


def open_request(session):
    return session.scalars(select(Authorization).where(Authorization.number.is_(None))).one()


def url(row, rest=""):
    return f"/patients/{row.patient_id}/authorizations/{row.id}{rest}"


def read(answer):
    """The words of a page, as a reader meets them."""
    return " ".join(re.sub("<[^>]+>", "", answer.text).split())


ROUTES = ["", "/renew", "/replace", *(f"/{move.value}" for move in Move)]


@pytest.mark.parametrize("rest", ROUTES)
def test_a_stranger_signs_in_first_and_another_clinic_finds_nothing(client, session, rosa, rest):
    row = pa(session)

    assert "/sign-in" in client.get(url(row, rest)).location
    cleo = sign_in(client, "cleo@clinic.example")
    assert cleo.get(url(row, rest)).status_code == 404
    if rest:
        assert cleo.post(url(row, rest)).status_code == 404


@pytest.mark.parametrize("rest", ["", "/renew", "/cancel", "/lapse"])
def test_ana_reads_every_page(ana, session, rosa, rest):
    assert ana.get(url(pa(session), rest)).status_code == 200


def test_a_viewer_reads_and_changes_nothing(client, session, cast, rosa):
    make.user(session, cast.renal, name="Vera", role=Role.VIEWER)
    session.commit()
    vera = sign_in(client, "vera@clinic.example")
    row = pa(session)

    assert vera.get(url(row)).status_code == 200
    assert vera.post(url(row, "/cancel"), data={"reason": "x", "version": "1"}).status_code == 403
    assert vera.post(url(row, "/renew")).status_code == 403
    assert vera.post(f"/patients/{rosa.id}/contacts/new", data={"said": "x"}).status_code == 403
    session.expire_all()
    assert row.status is AuthorizationStatus.PARTIALLY_APPROVED


def test_one_of_another_patient_is_not_found(ana, session, cast, rosa):
    other = make.patient(session, cast.renal, mrn="200")
    session.commit()

    assert ana.get(f"/patients/{other.id}/authorizations/{pa(session).id}").status_code == 404


def test_the_page_says_what_was_asked_given_and_when_it_bites(ana, session, rosa):
    page = read(ana.get(url(pa(session))))

    for text in (
        "14 days later: fill on Sun 2026-06-14 refused",
        "161 days shorter",
        "360 fewer, does not bite before PA ends",
        "No letter",
        "Starts in 17 days",
        "it is still good on its last day",
        "0 of 360 used (0%)",
        "Gap of 14 days",
        "falls in it",
        "No renewal yet",
        "a renewal here will not carry over",
    ):
        assert text in page, text


def test_the_payers_clock_is_said_in_hours_of_the_clinics_zone(ana, session, rosa):
    row = open_request(session)
    row.received_at = datetime(2026, 6, 5, 21, 40, tzinfo=UTC)
    session.commit()

    page = ana.get(url(row)).text

    assert "6 h 40 min left" in page
    assert "Mon 2026-06-08 16:40 CDT" in page


def test_an_impossible_move_says_what_to_do_instead(ana, session, rosa):
    row = pa(session)

    shown = ana.get(url(row, "/submit"))
    sent = ana.post(url(row, "/submit"), data={"on": "2026-06-08", "version": str(row.version)})

    assert "makes no sense now" in shown.text
    assert sent.status_code == 422
    assert "Ask for the rest in a new request" in sent.text
    assert session.scalars(select(AuthorizationMove)).all() == []


def test_a_decision_is_recorded_with_its_units(ana, session, rosa):
    row = open_request(session)
    line = AuthorizationLine(clinic_id=row.clinic_id, code="J7502", approved=False, requested=True)
    line.requested_units = 720
    row.lines = [line]
    session.commit()

    answer = sent_from(
        ana,
        url(row, "/decide"),
        status="approved",
        number="A-9",
        ends_on="2026-06-24",
        starts_on="2026-06-11",
        units_J7502="60",
    )

    session.expire_all()
    assert answer.status_code == 303
    assert (row.status, row.number) == (AuthorizationStatus.APPROVED, "A-9")
    assert [(each.approved, each.units, each.requested_units) for each in row.lines] == [(True, 60, 720)]
    page = ana.get(answer.location).text
    assert "saved and checked" in page
    assert "<del>submitted</del> <ins>approved</ins>" in page


def test_a_denial_is_filed_with_its_deadline(ana, session, rosa):
    row = open_request(session)

    answer = sent_from(ana, url(row, "/deny"), carc="50", received_on="2026-06-08")

    session.expire_all()
    assert answer.status_code == 303
    assert session.scalars(select(Denial.carc)).all() == ["50"]
    page = ana.get(url(row)).text
    assert "Appeal" in page
    assert "180 days left" in page


@pytest.mark.parametrize(
    ("rest", "typed", "sentence"),
    [
        ("/decide", {}, "Say what the payer decided."),
        ("/decide", {"status": "approved", "starts_on": "", "ends_on": ""}, "first and the last day"),
        (
            "/decide",
            {"status": "approved", "starts_on": "2026-07-02", "ends_on": "2026-07-01"},
            "before the first day",
        ),
        ("/decide", {"status": "approved", "on": "6/31/2026"}, "June 2026 has 30 days."),
        ("/pend", {}, "Say what the payer asks for."),
        ("/deny", {}, "Say why the payer denied it"),
        ("/cancel", {}, "Say why it is void."),
    ],
)
def test_what_a_move_needs_is_asked_for_and_the_input_is_kept(ana, session, rosa, rest, typed, sentence):
    row = open_request(session)

    answer = sent_from(ana, url(row, rest), **typed)

    assert answer.status_code == 422
    assert sentence in answer.text
    for name, value in typed.items():
        assert fields(answer).get(name, [""]) == [value]
    session.expire_all()
    assert row.status is AuthorizationStatus.SUBMITTED


def test_a_move_on_an_older_version_is_a_conflict(ana, session, rosa):
    row = open_request(session)
    shown = fields(ana.get(url(row, "/cancel"))) | {"reason": ["Wrong plan"]}
    row.prescriber = "Dr Shah"
    session.commit()

    answer = ana.post(url(row, "/cancel"), data=shown)

    assert answer.status_code == 409
    assert "Someone else changed this record" in answer.text
    assert fields(answer)["reason"] == ["Wrong plan"]


def test_a_renewal_is_shown_then_drafted_then_led_to(ana, session, rosa):
    row = pa(session)
    shown = ana.get(url(row, "/renew"))
    before = len(session.scalars(select(Authorization)).all())

    made = ana.post(url(row, "/renew"))
    again = ana.get(url(row, "/renew"))

    assert "Fri 2027-01-01" in shown.text
    assert made.status_code == again.status_code == 303
    assert made.location == again.location
    assert len(session.scalars(select(Authorization)).all()) == before + 1
    assert "Record submission" in ana.get(made.location).text


def test_what_cannot_be_renewed_leads_back_with_the_reason(ana, session, rosa):
    row = open_request(session)

    answer = ana.get(url(row, "/renew"))

    assert answer.status_code == 303
    assert "Only what was approved can be renewed" in ana.get(answer.location).text


def test_the_reader_is_told_of_units_used(ana, session, rosa):
    """Real fills that name it and the fills to come are its segments."""
    row = pa(session, "A-48213")
    row.lines = [AuthorizationLine(clinic_id=row.clinic_id, code="J7502", units=720, units_used_before=60)]
    session.commit()

    page = ana.get(url(row)).text

    assert "J7502: 720 units authorized, 180 used, 0 planned, 540 left over." in page


def test_a_removed_history_is_never_offered(ana, session, rosa):
    row = open_request(session)
    sent_from(ana, url(row, "/cancel"), reason="Asked twice")

    answer = ana.post(
        f"/patients/{rosa.id}/authorization/{row.id}/remove", data={"version": str(pa_version(session, row))}
    )

    assert answer.status_code == 422
    assert "still used by another record" in answer.text


def pa_version(session, row):
    session.expire_all()
    return row.version


def test_patient_page_and_proof_lead_to_it(ana, session, rosa):
    row = pa(session)

    assert url(row) in ana.get(f"/patients/{rosa.id}").text


def test_a_page_of_a_long_name_without_any_date_stands(ana, session, cast, rosa):
    plan = session.get(make.Plan, pa(session).plan_id)
    row = make.authorization(
        session, rosa, plan, number="N" * 60, status="draft", starts_on=None, ends_on=None
    )
    session.commit()
    checking.recheck_many(
        session, clinic_id=rosa.clinic_id, patient_ids=[rosa.id], now=NOW, actor=Actor("Ana")
    )
    session.commit()

    page = ana.get(url(row))

    assert page.status_code == 200
    assert "No code is named in the request." in page.text


def test_a_letter_takes_the_badge_away(ana, session, rosa):
    row = pa(session)
    row.letter_on = date(2026, 6, 5)
    session.commit()

    page = ana.get(url(row)).text

    assert "No letter" not in page
    assert "Letter of 2026-06-05" in page
