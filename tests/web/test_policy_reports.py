"""What browsers kept from pages: counted by directive and day, and nothing else of it is kept."""

import json
from datetime import date, timedelta

import crawling
import pytest
import time_machine
from sqlalchemy import select

from tracker import clock
from tracker.commands import doctor
from tracker.db import db
from tracker.factory import create_app
from tracker.models.audit import AuditEvent
from tracker.models.policy_report import PolicyReport
from tracker.models.web_session import WebSession
from tracker.services import policy_reports

ABOUT = "https://tracker.example/patients/01ARZ3NDEKTSV4RRFFQ69G5FAV?x=1"


@pytest.fixture
def travel():
    with time_machine.travel("2026-03-17 08:00 +0000", tick=False) as moved:
        yield moved


def report(directive="script-src-elem", **more):
    body = {"document-uri": ABOUT, "blocked-uri": "inline", "effective-directive": directive, **more}
    return json.dumps({"csp-report": body})


def send(client, content, kind="application/csp-report", **more):
    return client.post("/policy-reports", data=content, content_type=kind, **more).status_code


def rows(session):
    session.rollback()
    found = session.scalars(select(PolicyReport).order_by(PolicyReport.seen_on, PolicyReport.directive)).all()
    return [(row.seen_on, row.directive, row.count) for row in found]


def test_reports_are_counted_by_day_and_directive_and_nothing_else_is_kept(client, session, travel, caplog):
    for directive in ("script-src-elem", "script-src", "img-src", "script-src-attr"):
        assert send(client, report(directive)) == 204
    travel.shift(timedelta(days=1))
    assert send(client, report()) == 204

    first, second = date(2026, 3, 17), date(2026, 3, 18)
    assert rows(session) == [(first, "img-src", 1), (first, "script-src", 3), (second, "script-src", 1)]
    assert "patients" not in caplog.text


def test_an_older_browsers_report_and_one_of_a_word_we_do_not_know(client, session, travel):
    old = json.dumps({"csp-report": {"violated-directive": "style-src 'self'", "blocked-uri": "inline"}})

    assert send(client, old) == send(client, report("<script>x")) == 204

    assert [row[1:] for row in rows(session)] == [("other", 1), ("style-src", 1)]


@pytest.mark.parametrize("place", ["blocked-uri", "source-file"])
def test_what_an_extension_does_is_not_counted(client, session, place):
    assert send(client, report(**{place: "moz-extension://0f/x.js"})) == 204

    assert rows(session) == []


BROKEN = [
    '{"csp-report": []}',
    '{"csp-report": {}}',
    '{"csp-report": {"violated-directive": ""}}',
    '"csp-report"',
]
BROKEN += [
    '{"csp-report": {"violated-directive": 7}}',
    '["csp-report"]',
    '{"csp-report"',
    "[" * 9000 + "csp-report",
]


@pytest.mark.parametrize("content", [*BROKEN, b'\xff{"csp-report": 1}'])
def test_what_cannot_be_read_is_not_counted_and_no_failure(client, session, content):
    assert send(client, content) == 204

    assert rows(session) == []


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        ("", "application/csp-report", 400),
        ("x=csp-report", "application/x-www-form-urlencoded", 400),
        ("{}", "application/json", 400),
        ("x" * 17 * 1024, "application/csp-report", 413),
    ],
)
def test_what_is_no_report_is_refused(client, session, content, kind, code):
    assert send(client, content, kind) == code


def test_one_from_another_site_is_refused(client, session):
    assert send(client, report(), headers={"Sec-Fetch-Site": "cross-site"}) == 400
    assert send(client, report(), headers={"Origin": "https://evil.example"}) == 400
    assert rows(session) == []


def test_old_counts_go(client, session, travel):
    send(client, report())
    travel.shift(timedelta(days=91))
    send(client, report())

    assert [row[0] for row in rows(session)] == [date(2026, 6, 16)]


def test_it_needs_no_token_and_keeps_no_session_awake(app, cast, session, travel):
    ana = crawling.browser(app, "ana")
    app.config["WTF_CSRF_ENABLED"] = True
    travel.shift(timedelta(minutes=10))
    before = session.scalars(select(AuditEvent.id)).all()

    assert send(ana, report()) == 204

    session.rollback()
    seen = session.scalars(select(WebSession)).one()
    assert seen.seen_at == seen.created_at
    assert session.scalars(select(AuditEvent.id)).all() == before


def test_reports_without_end_are_dropped_and_not_on_record(settings, travel):
    app = create_app(settings.model_copy(update={"call_limits": True}))
    with app.app_context():
        db.create_all()
        flood = [send(app.test_client(), report()) for _ in range(30)]
        there = {"environ_base": {"REMOTE_ADDR": "203.0.113.7"}}

        assert (flood.count(204), flood.count(429)) == (20, 10)
        assert send(app.test_client(), report(), **there) == 204
        assert rows(db.session) == [(date(2026, 3, 17), "script-src", 21)]
        db.session.remove()
        db.engine.dispose()


def said(app):
    """What the doctor says of it."""
    return list(doctor._browsers(doctor.Visit(app, app.extensions["settings"], clock.now())))


def test_the_watchers_and_the_doctor_are_told_of_this_week(client, app, session, travel):
    send(client, report("img-src"))
    travel.shift(timedelta(days=3))
    send(client, report())
    send(client, report())

    assert 'tracker_policy_reports{directive="script-src"} 2.0' in client.get("/metrics").text
    (found,) = said(app)
    assert found.text == "Browsers: they kept things from pages in the last 7 days: img-src 1, script-src 2."

    travel.shift(timedelta(days=8))
    assert "tracker_policy_reports{" not in client.get("/metrics").text
    assert said(app) == []


def test_every_directive_of_the_policy_has_its_count(client):
    policy = client.get("/sign-in").headers["Content-Security-Policy"]
    named = {part.split()[0] for part in policy.split("; ")}

    assert named - {"report-uri"} == policy_reports.DIRECTIVES
