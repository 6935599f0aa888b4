"""`tracker scan` and `tracker mail`."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

import make
from clockwork import Box, alert, mail_server
from tracker import clock
from tracker.commands.mail import mail
from tracker.commands.run import run
from tracker.commands.scan import scan
from tracker.models.outbox import OutboxMessage, OutboxState
from tracker.models.patient import PatientCheck
from tracker.models.scan import Heartbeat
from tracker.services import outbox
from tracker.services.errors import NotFound


@pytest.fixture
def due(session, cast):
    who = make.covered_patient(session, cast.renal)
    row = session.get(PatientCheck, who.id) or make.save(
        session, PatientCheck(patient_id=who.id, clinic_id=cast.renal.id)
    )
    row.due = True
    session.commit()
    return row


@pytest.fixture
def waiting(session, cast):
    """A mail that may go now: no clinic has quiet hours at this time of day."""
    with time_machine.travel("2026-06-08T15:00:00Z", tick=False):
        rosa = make.patient(session, cast.renal, owner_id=cast.ana.id)
        told = clock.now() - timedelta(minutes=1)
        outbox.tell(session, alert=alert(session, rosa), occasion="opened:1", now=told)
        session.commit()
        yield


def test_a_scan_says_what_came_of_it(runner, due, session):
    done = runner.invoke(scan)

    assert done.exit_code == 0, done.output
    assert "Renal clinic: 1 patients checked" in done.output
    assert "Skin clinic: nobody is due." in done.output
    assert session.get(Heartbeat, "scan") is not None


def test_a_scan_of_all_takes_those_who_are_not_due(runner, due):
    runner.invoke(scan)

    assert "Renal clinic: nobody is due." in runner.invoke(scan).output
    assert "Renal clinic: 1 patients checked" in runner.invoke(scan, ["--all"]).output


def test_a_scan_of_one_clinic_leaves_the_others(runner, due):
    done = runner.invoke(scan, ["--clinic", "Skin clinic"])

    assert "Renal" not in done.output


def test_a_clinic_nobody_knows_is_refused(runner, cast):
    assert isinstance(runner.invoke(scan, ["--clinic", "Nowhere"]).exception, NotFound)


@pytest.mark.parametrize("command", [scan, mail, run, *mail.commands.values()])
def test_every_command_has_an_example(runner, command):
    assert "Example: " in runner.invoke(command, ["--help"]).output


def test_mails_are_sent_and_no_longer_listed(runner, waiting, session):
    before = runner.invoke(mail, ["list"]).output
    session.rollback()
    sent = runner.invoke(mail, ["send"])
    session.expire_all()

    assert "created" in before
    assert "ana@clinic.example" in before
    assert "1 sent" in sent.output, sent.output
    assert session.execute(select(OutboxMessage)).scalar_one().state is OutboxState.SENT
    assert "No mail waits." in runner.invoke(mail, ["list"]).output
    assert "sent" in runner.invoke(mail, ["list", "--all"]).output


def test_a_test_mail_goes_to_the_folder(runner, cast, settings):
    done = runner.invoke(mail, ["test", "kim@clinic.example"])

    assert done.exit_code == 0, done.output
    (file,) = settings.mail_folder.iterdir()
    assert b"To: kim@clinic.example" in file.read_bytes()


def test_a_test_mail_that_is_refused_says_why(runner, app, cast, settings):
    with mail_server(Box(("RCPT", "550 nobody here"))) as port:
        given = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none"}
        app.extensions["settings"] = settings.model_copy(update=given)
        done = runner.invoke(mail, ["test", "kim@clinic.example"])

    assert done.exit_code == 1
    assert "550 to the recipient" in done.output
