"""Mails with their state, sent again; what each person wants to be mailed; the clinic's hours."""

import pytest
from sqlalchemy import select

import make
from clockwork import NOON, alert
from tracker.models.audit import AuditEvent
from tracker.models.mail_choice import AtOnce, MailChoice, MailPolicy
from tracker.models.outbox import MailKind, OutboxMessage, OutboxState
from tracker.models.user import Role
from tracker.rules.words import Severity
from tracker.services import outbox

CHOICES = {"at_once": "critical", "digest": "working_days", "quiet_from": "", "quiet_to": ""}
HOURS = {"digest_hour": "7", "quiet_from": "19", "quiet_to": "7", "budget": "5"}


@pytest.fixture
def ana(client, cast):
    client.post("/sign-in", data={"email": "ana@clinic.example", "password": make.PASSWORD})
    return client


@pytest.fixture
def failed(session, cast):
    rosa = make.patient(session, cast.renal, owner_id=cast.ben.id)
    outbox.tell(
        session, alert=alert(session, rosa, severity=Severity.CRITICAL), occasion="opened:1", now=NOON
    )
    row = session.execute(select(OutboxMessage)).scalar_one()
    row.state, row.last_error = OutboxState.FAILED, "550 to the recipient"
    session.commit()
    return row


def again(session, row):
    session.expire_all()
    return session.get_one(OutboxMessage, row.id)


def test_without_a_mail_the_page_says_when_there_will_be_one(ana):
    assert "No mail yet" in ana.get("/mail/").text


def test_a_failed_mail_stands_on_every_page(ana, failed):
    assert "1 failed" in ana.get("/patients").text
    text = ana.get("/mail/?state=failed").text
    assert "550 to the recipient" in text
    assert "ben@clinic.example" in text


def test_a_failed_mail_goes_again(ana, failed, session):
    ana.post(f"/mail/{failed.id}/again")

    assert again(session, failed).state is OutboxState.RETRY
    events = session.execute(select(AuditEvent).where(AuditEvent.table_name == "outbox_message")).scalars()
    assert [(each.old, each.new["sent_again"]) for each in events] == [({"state": "failed"}, True)]


def test_a_failed_mail_that_was_dealt_with_stands_no_more(ana, failed, session):
    ana.post(f"/mail/{failed.id}/seen")

    assert again(session, failed).acknowledged_by == "Ana"
    assert "0 failed" in ana.get("/patients").text


def test_a_mail_that_is_being_sent_cannot_go_again(ana, failed, session):
    failed.state = OutboxState.SENDING
    session.commit()

    assert "being sent just now" in ana.post(f"/mail/{failed.id}/again", follow_redirects=True).text


@pytest.mark.parametrize("act", ["again", "seen"])
def test_another_clinics_mail_is_not_found(client, cast, failed, session, act):
    client.post("/sign-in", data={"email": "cleo@clinic.example", "password": make.PASSWORD})

    assert client.post(f"/mail/{failed.id}/{act}").status_code == 404
    assert failed.id not in client.get("/mail/").text
    assert again(session, failed).state is OutboxState.FAILED


def test_a_viewer_looks_but_does_not_act(client, cast, failed, session):
    cast.ana.role = Role.VIEWER
    session.commit()
    client.post("/sign-in", data={"email": "ana@clinic.example", "password": make.PASSWORD})

    assert client.get("/mail/").status_code == 200
    assert client.post(f"/mail/{failed.id}/again").status_code == 403


def test_a_stranger_is_sent_to_the_sign_in(client, cast):
    for path in ("/mail/", "/mail/choices", "/mail/clinic"):
        assert client.get(path).location.startswith("/sign-in")


def test_a_choice_is_kept_and_shown(ana, session, cast):
    assert ana.post("/mail/choices", data=CHOICES).status_code == 303
    row = session.execute(select(MailChoice)).scalar_one()

    assert (row.user_id, row.at_once, row.quiet_from) == (cast.ana.id, AtOnce.CRITICAL, None)
    assert '<option selected value="critical">' in ana.get("/mail/choices").text


def test_half_a_quiet_time_is_refused_and_what_was_typed_is_kept(ana, session):
    answer = ana.post("/mail/choices", data=CHOICES | {"quiet_from": "21"})

    assert answer.status_code == 422
    assert "Give both ends" in answer.text
    assert '<option selected value="21">' in answer.text
    assert session.execute(select(MailChoice)).first() is None


def test_only_a_lead_sets_the_clinics_hours(ana, session, cast):
    assert ana.get("/mail/clinic").status_code == 403
    cast.ana.role = Role.LEAD
    session.commit()
    assert ana.post("/mail/clinic", data=HOURS).status_code == 303

    assert session.get_one(MailPolicy, cast.renal.id).digest_hour == 7
    assert "At 07:00" in ana.get("/mail/choices").text


def test_nonsense_hours_are_refused(ana, session, cast):
    cast.ana.role = Role.LEAD
    session.commit()

    assert ana.post("/mail/clinic", data=HOURS | {"budget": "0"}).status_code == 422
    assert ana.post("/mail/clinic", data=HOURS | {"digest_hour": "24"}).status_code == 422


def test_a_digest_is_named_as_one(ana, session, cast):
    make.save(
        session,
        OutboxMessage(
            clinic_id=cast.renal.id,
            recipient_id=cast.ana.id,
            kind=MailKind.DIGEST,
            slot="2026-06-08",
            message_id="<1@x.invalid>",
            created_at=NOON,
            next_at=NOON,
        ),
    )
    session.commit()

    assert "Digest" in ana.get("/mail/").text
