"""Every page that shows a patient puts that on record: who, when, from where, what; never words searched."""

import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import event, select

import kept
import make
from tracker.db import db
from tracker.factory import create_app
from tracker.models.audit import AuditAction, AuditEvent
from tracker.models.user import Role
from tracker.services.actor import Actor, Origin
from tracker.settings import Mode
from tracker.web import reads
from tracker.web.origin import short_agent

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"


@pytest.fixture
def ana(client, cast):
    client.environ_base.update(HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="203.0.113.7")
    client.post("/sign-in", data={"email": "ana@clinic.example", "password": make.PASSWORD})
    return client


@pytest.fixture
def rosa(session, cast):
    who = kept.alvarez(session, cast.renal)
    session.commit()
    return who


def last(session):
    query = select(AuditEvent).order_by(AuditEvent.number.desc()).limit(1)
    return session.scalars(query).one()


def of(session, *actions):
    query = select(AuditEvent).where(AuditEvent.action.in_(actions)).order_by(AuditEvent.number)
    return session.scalars(query).all()


def kept_event(who):
    at = datetime(2026, 6, 8, 15, tzinfo=UTC)
    anyone, nowhere = Actor("Ana"), Origin(None, None)
    return reads.Event(
        who.clinic_id, anyone, nowhere, AuditAction.VIEWED, at, "patient page", who.id, who.id, {}
    )


def test_every_endpoint_says_what_it_shows(app):
    known = set(reads.READS) | reads.SHOW_NOBODY
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}

    assert endpoints - known == set(), "add a line to READS or SHOW_NOBODY in tracker/web/reads.py"
    assert set(reads.READS) & reads.SHOW_NOBODY == set()
    assert known - endpoints == set()


def test_a_patient_page_is_on_record_with_its_reader(ana, session, rosa, cast):
    assert ana.get(f"/patients/{rosa.id}").status_code == 200

    seen = last(session)
    assert (seen.action, seen.table_name, seen.patient_id) == (AuditAction.VIEWED, "patient page", rosa.id)
    assert (seen.actor, seen.actor_id) == ("Ana", cast.ana.id)
    assert (seen.address, seen.agent) == ("203.0.113.7", "Firefox 128, Windows")


@pytest.mark.parametrize(
    ("path", "what", "count"),
    [
        ("/", "today", None),
        ("/alerts", "worklist", 1),
        ("/alerts/print", "call sheet", 1),
        ("/patients", "patients", 1),
        ("/calendar/", "calendar", None),
    ],
)
def test_a_list_is_on_record_once_with_how_many_it_showed(ana, session, rosa, path, what, count):
    assert ana.get(path).status_code == 200

    (seen,) = of(session, AuditAction.VIEWED)
    assert (seen.table_name, seen.patient_id, seen.new.get("count")) == (what, None, count)


def test_an_alert_is_on_record_with_its_patient(ana, session, rosa):
    alert = kept.alert(session, rosa, key="PA_GAP:authorization:9")
    session.commit()

    ana.get(f"/alerts/{alert.id}")

    assert (last(session).patient_id, last(session).row_key) == (rosa.id, alert.id)


def test_what_was_searched_is_not_on_record(ana, session, rosa, cast):
    make.patient(session, cast.renal, mrn="200", family="Alvarez", given="Nina")
    session.commit()

    assert "Nina" in ana.post("/patients/search", data={"q": "Alvarez"}).text

    seen = last(session)
    assert (seen.table_name, seen.new) == ("search", {"page": "patients.search", "count": 2})


def test_pages_without_patients_leave_no_mark(ana, session, rosa):
    for path in ("/payers/", "/scan/", "/mail/", "/help/keys", "/calendar/feed"):
        assert ana.get(path).status_code == 200

    assert of(session, AuditAction.VIEWED) == []


def test_nobody_reads_what_was_not_found_or_not_theirs(client, session, rosa, cast):
    client.get(f"/patients/{rosa.id}")
    client.post("/sign-in", data={"email": "cleo@clinic.example", "password": make.PASSWORD})
    assert client.get(f"/patients/{rosa.id}").status_code == 404

    assert of(session, AuditAction.VIEWED) == []


def test_a_refusal_is_on_record(ana, session, rosa, cast):
    cast.ana.role = Role.VIEWER
    session.commit()

    assert ana.post("/patients/new").status_code == 403

    assert last(session).action is AuditAction.DENIED


def test_a_wrong_password_is_on_record_for_an_account_there_is(client, session, cast):
    client.post("/sign-in", data={"email": "ANA@clinic.example", "password": "wrong"})
    client.post("/sign-in", data={"email": "nobody@clinic.example", "password": "wrong"})

    (seen,) = of(session, AuditAction.DENIED)
    assert (seen.table_name, seen.row_key, seen.actor) == ("sign-in", cast.ana.id, "Somebody")


def test_a_refusal_of_nobody_takes_the_same_work_and_leaves_nothing_but_a_line_in_the_log(
    client, session, cast, caplog
):
    seen = []

    def look(_connection, _cursor, statement, *_more):
        if statement.startswith(("ROLLBACK TO", "RELEASE")):
            statement = "end of a trial"
        seen[-1].append(statement.split(" sa_savepoint")[0])

    event.listen(db.engine, "before_cursor_execute", look)
    for name in ("ana", "nobody"):
        seen.append([])
        client.post("/sign-in", data={"email": f"{name}@clinic.example", "password": "wrong"})
    event.remove(db.engine, "before_cursor_execute", look)

    known, unknown = seen
    assert known == unknown
    assert any("audit" in each for each in known)
    assert len(of(session, AuditAction.DENIED)) == 1
    assert "no such account" in caplog.text
    assert "nobody" not in caplog.text


def test_what_looks_like_an_attack_stands_in_the_log(app, client, cast, caplog):
    for _ in range(6):
        client.post("/sign-in", data={"email": "ana@clinic.example", "password": "wrong"})
    client.post("/sign-in", data={"email": "x"}, headers={"Origin": "https://evil.example"})

    assert [each.getMessage() for each in caplog.records if each.levelname == "WARNING"] == [
        "too many tries",
        "a form was refused: its token or origin is not ours",
    ]
    assert {each.part for each in caplog.records} == {"sign_in.enter"}


def test_a_wrong_password_before_a_sensitive_page_is_on_record(ana, session, cast):
    ana.post("/confirm", data={"password": "wrong"})

    (seen,) = of(session, AuditAction.DENIED)
    assert (seen.table_name, seen.row_key) == ("sign-in once more", cast.ana.id)


def test_a_form_shown_is_on_record_and_so_is_the_change(ana, session, rosa):
    ana.get(f"/patients/{rosa.id}/change")

    assert (last(session).table_name, last(session).patient_id) == ("patient form", rosa.id)


# ------------------------------------------------------------------------------------ trouble with the disk


@pytest.fixture
def refuse():
    """The database takes no audit event, as on a full disk."""

    def listener(_connection, _cursor, statement, *_more):
        if statement.startswith("INSERT INTO audit_event"):
            raise sqlite3.OperationalError("database or disk is full")

    event.listen(db.engine, "before_cursor_execute", listener)

    def stop():
        event.remove(db.engine, "before_cursor_execute", listener)

    return stop


def test_a_page_comes_though_its_record_cannot_be_written(ana, session, rosa, refuse, caplog):
    answer = ana.get(f"/patients/{rosa.id}")

    assert (answer.status_code, "Alvarez" in answer.text) == (200, True)
    assert "a read waits to go on record" in caplog.text
    assert "Alvarez" not in caplog.text
    refuse()
    ana.get("/patients")
    assert [each.table_name for each in of(session, AuditAction.VIEWED)] == ["patient page", "patients"]


def test_a_read_that_can_never_be_written_holds_up_no_other(app, ana, session, rosa, caplog):
    gone = replace(kept_event(rosa), clinic_id="01M8A3NEWERNRRWB4MNNJXNAPG")
    app.extensions["reads_waiting"].extend([gone, kept_event(rosa)])

    ana.get("/patients")

    assert [each.table_name for each in of(session, AuditAction.VIEWED)] == ["patient page", "patients"]
    assert "a read cannot go on record" in caplog.text
    assert not app.extensions["reads_waiting"]


def test_a_file_does_not_leave_without_its_record(ana, session, rosa, refuse, monkeypatch):
    monkeypatch.setitem(reads.READS, "patients.index", reads.Read("patients", leaves=True))

    answer = ana.get("/patients")

    assert answer.status_code == 503
    assert "Alvarez" not in answer.text


def test_a_page_does_not_wait_for_a_long_writer(tmp_path, settings):
    path = tmp_path / "busy.db"
    given = settings.model_copy(update={"database_url": f"sqlite:///{path}", "mode": Mode.TEST})
    app = create_app(given)
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        db.create_all()
        people = make.cast(db.session)
        who = kept.alvarez(db.session, people.renal)
        db.session.commit()
        address = f"/patients/{who.id}"
    client = app.test_client()
    client.post("/sign-in", data={"email": "ana@clinic.example", "password": make.PASSWORD})
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        assert client.get(address).status_code == 200
        assert time.monotonic() - began < 8  # a writer may be waited for ten seconds, a page never that long
        writer.execute("ROLLBACK")
    assert client.get(address).status_code == 200
    with app.app_context():
        assert len(of(db.session, AuditAction.VIEWED)) == 2
        db.engine.dispose()


@pytest.mark.parametrize(
    ("text", "short"),
    [
        (FIREFOX, "Firefox 128, Windows"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/126.0.0.0 Safari/537.36",
            "Chrome 126, Linux",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/17.5 Mobile/15E148 Safari/604.1",
            "Safari 17, iPhone",
        ),
        ("curl/8.5.0", "curl/8.5.0"),
        ("\x00<script>alert(1)</script>", "scriptalert1/script"),
        ("", None),
    ],
)
def test_an_agent_is_told_in_a_few_words(text, short):
    assert short_agent(text) == short
