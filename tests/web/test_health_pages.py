"""What machines that watch are told, and that it names nobody."""

from datetime import timedelta

import pytest
from sqlalchemy import select

import make
from clockwork import alert
from tracker import clock
from tracker.models.audit import AuditEvent
from tracker.models.user import Role
from tracker.services import heartbeat, holds
from tracker.settings import Mode


@pytest.fixture
def alive(session, cast):
    heartbeat.beat(session, heartbeat.SCAN, clock.now())
    session.commit()


def test_a_fresh_scan_is_alive(client, alive):
    answer = client.get("/healthz")

    assert (answer.status_code, answer.json["scan"]) == (200, "ok")


@pytest.mark.parametrize(("seconds", "code"), [(290, 200), (310, 503)])
def test_two_rounds_without_a_scan_are_not(client, session, cast, seconds, code):
    """A round is a look every 30 seconds and at most two minutes of mails."""
    heartbeat.beat(session, heartbeat.SCAN, clock.now() - timedelta(seconds=seconds))
    session.commit()

    assert client.get("/healthz").status_code == code


def test_a_long_scan_that_gets_on_is_alive(client, session, cast):
    heartbeat.beat(session, heartbeat.SCAN, clock.now() - timedelta(hours=2))
    heartbeat.beat(session, heartbeat.PROGRESS, clock.now() - timedelta(seconds=20))
    session.commit()

    assert client.get("/healthz").status_code == 200


def test_a_scan_that_never_ends_is_not_alive(client, session, cast):
    heartbeat.beat(session, heartbeat.SCAN, clock.now() - timedelta(hours=27))
    heartbeat.beat(session, heartbeat.PROGRESS, clock.now())
    session.commit()

    assert client.get("/healthz").status_code == 503


def test_a_clock_from_the_future_is_not_believed(client, session, cast):
    heartbeat.beat(session, heartbeat.SCAN, clock.now() + timedelta(days=3))
    session.commit()

    assert client.get("/healthz").json["clock"] == "doubtful"


def test_ready_needs_no_scan(client, cast):
    assert client.get("/readyz").status_code == 200


def test_metrics_count_and_name_nobody(client, session, cast, alive):
    rosa = make.patient(session, cast.renal, family="Canarybird")
    alert(session, rosa)
    session.commit()
    text = client.get("/metrics").text

    assert "tracker_patients 1.0" in text
    assert 'tracker_open_alerts{severity="high"} 1.0' in text
    assert not [word for word in ("Canarybird", "Renal", "Ana", rosa.id, cast.renal.id) if word in text]


def test_metrics_ask_for_their_token(client, app, settings):
    app.extensions["settings"] = settings.model_copy(update={"metrics_token": "a token of sixteen"})

    assert client.get("/metrics").status_code == 404
    given = {"Authorization": "Bearer a token of sixteen"}
    assert client.get("/metrics", headers=given).status_code == 200


def test_a_token_that_was_renewed_in_its_file_counts_at_the_next_request(client, app, settings, tmp_path):
    kept = tmp_path / "token"
    app.extensions["settings"] = settings.model_copy(update={"metrics_token_file": kept})
    first, second = "the first of sixteen", "the second of sixteen"

    kept.write_text(f"{first}\n")
    assert metrics_with(client, first) == 200
    kept.write_text(f"{second}\n")
    assert (metrics_with(client, first), metrics_with(client, second)) == (404, 200)


@pytest.mark.parametrize("content", [None, "", "\n", "short", "of two lines\nof which none counts"], ids=repr)
def test_a_token_file_that_holds_none_opens_nothing(client, app, settings, tmp_path, caplog, content):
    kept = tmp_path / "token"
    app.extensions["settings"] = settings.model_copy(update={"metrics_token_file": kept})
    if content is not None:
        kept.write_text(content)

    assert {metrics_with(client, word) for word in ("", (content or "").strip(), "None")} == {404}
    assert client.get("/metrics").status_code == 404
    assert all("tracker doctor" in record.getMessage() for record in caplog.records)


def metrics_with(client, token):
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}".replace("\n", " ")}).status_code


def test_without_a_token_metrics_are_closed_in_production(client, app, settings):
    app.extensions["settings"] = settings.model_copy(update={"mode": Mode.PRODUCTION})

    assert client.get("/metrics").status_code == 404


@pytest.fixture
def held(app, client, session, cast, alive):
    """Mails are held, and Ana, who may let them go or not, is signed in."""
    holds.hold_mail(session, reason="restored from last night", now=clock.now())
    session.commit()
    client.post("/sign-in", data={"email": "ana@clinic.example", "password": make.PASSWORD})


def test_every_page_says_that_mails_are_held(client, held):
    assert "Emails are held" in client.get("/patients").text
    assert "restored from last night" in client.get("/scan/").text


def test_a_coordinator_cannot_let_held_mails_go(client, held, session):
    assert client.post("/scan/mail", data={"waiting": "drop"}).status_code == 403
    assert holds.mail_is_held(session)


def test_the_lead_lets_them_go(client, held, session, cast):
    cast.ana.role = Role.LEAD
    session.commit()
    client.post("/scan/mail", data={"waiting": "drop"})
    session.expire_all()

    assert not holds.mail_is_held(session)
    assert session.execute(select(AuditEvent.table_name).where(AuditEvent.table_name == "hold")).all()


def test_held_mails_are_let_go_one_way_or_the_other(client, held, session, cast):
    cast.ana.role = Role.LEAD
    session.commit()

    assert client.post("/scan/mail", data={}).status_code == 400
    assert holds.mail_is_held(session)
