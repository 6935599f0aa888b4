"""The page about the scan: what it shows, checking now, moving the demo's date."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

import make
from clockwork import NOON, alert
from tracker import clock
from tracker.models.audit import AuditEvent
from tracker.models.outbox import OutboxMessage, OutboxState
from tracker.models.patient import PatientCheck
from tracker.models.scan import Heartbeat, ScanRun
from tracker.models.user import Role
from tracker.services import heartbeat, outbox


@pytest.fixture
def ana(client, cast):
    client.post("/sign-in", data={"email": "ana@clinic.example", "password": make.PASSWORD})
    return client


@pytest.fixture
def due(session, cast):
    who = make.covered_patient(session, cast.renal)
    row = session.get(PatientCheck, who.id) or make.save(
        session, PatientCheck(patient_id=who.id, clinic_id=cast.renal.id)
    )
    row.due = True
    session.commit()
    return who.id


def test_the_page_says_what_is_due_and_where_mails_go(ana, due, settings):
    text = ana.get("/scan/").text

    assert "1 patient" in text
    assert str(settings.mail_folder) in text
    assert "No scan yet" in text


def test_check_now_checks_and_says_what_came_of_it(ana, due, session):
    answer = ana.post("/scan/now", follow_redirects=True)
    session.expire_all()

    assert "1 patients checked" in answer.text
    assert session.get_one(PatientCheck, due).as_of is not None
    assert session.execute(select(ScanRun)).scalar_one().kind.value == "asked"
    assert session.get(Heartbeat, "scan") is not None


def test_check_now_with_nobody_due_says_so(ana):
    assert "Nobody is due" in ana.post("/scan/now", follow_redirects=True).text


def test_a_patient_whose_check_fails_is_listed_with_a_link(ana, due, session):
    row = session.get_one(PatientCheck, due)
    row.error, row.failures, row.retry_at = "ValueError", 3, NOON
    session.commit()

    text = ana.get("/scan/").text

    assert f"/patients/{due}" in text
    assert "ValueError" in text


def test_mails_in_trouble_are_listed(ana, cast, session):
    rosa = make.patient(session, cast.renal, owner_id=cast.ana.id)
    outbox.tell(session, alert=alert(session, rosa), occasion="opened:1", now=NOON)
    message = session.execute(select(OutboxMessage)).scalar_one()
    message.state, message.last_error = OutboxState.FAILED, "550 to the recipient"
    session.commit()

    assert "550 to the recipient" in ana.get("/scan/").text


def test_another_clinics_troubles_stay_there(ana, cast, session):
    other = make.patient(session, cast.skin, mrn="77007")
    make.save(session, PatientCheck(patient_id=other.id, clinic_id=cast.skin.id, error="ValueError"))
    session.commit()

    assert "77007" not in ana.get("/scan/").text


def test_a_viewer_may_look_but_not_act(ana, cast, session):
    cast.ana.role = Role.VIEWER
    session.commit()

    assert ana.get("/scan/").status_code == 200
    assert ana.post("/scan/now").status_code == 403


def test_a_real_clinic_has_no_date_to_move(ana):
    assert "Move the demo date" not in ana.get("/scan/").text
    assert ana.post("/scan/date", data={"to": "2026-12-01"}).status_code == 404


@pytest.fixture
def demo(cast, session):
    cast.renal.is_demo = True
    session.commit()
    return cast.renal


def test_the_demo_moves_to_a_date_and_back(ana, demo, session):
    there = ana.post("/scan/date", data={"to": "2026-12-01"}, follow_redirects=True)
    session.expire_all()
    moved = demo.demo_today
    ana.post("/scan/date", data={"to": ""})
    session.expire_all()

    assert "stands on Tue 2026-12-01" in there.text
    assert (moved, demo.demo_today) == (date(2026, 12, 1), None)
    assert len(session.execute(select(AuditEvent).where(AuditEvent.table_name == "clinic")).all()) == 2


def test_a_date_that_cannot_be_read_is_shown_again(ana, demo):
    answer = ana.post("/scan/date", data={"to": "2026-02-30"})

    assert answer.status_code == 422
    assert "2026-02-30" in answer.text


def test_by_a_clock_in_doubt_the_page_says_so_and_whoever_checks_now_vouches_for_it(ana, due, session):
    heartbeat.beat(session, heartbeat.SCAN, clock.now() - timedelta(days=50))
    session.commit()

    assert "clock is in doubt" in ana.get("/scan/").text
    assert "clock is in doubt" not in ana.post("/scan/now", follow_redirects=True).text

    session.expire_all()
    assert not heartbeat.clock_is_doubtful(session, clock.now())
    event = session.execute(select(AuditEvent).where(AuditEvent.table_name == "heartbeat")).scalar_one()
    assert event.actor == "Ana"
