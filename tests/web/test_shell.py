"""The frame of every page: sign-in, headers, errors, vendored files."""

import hashlib
import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import abort
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

import make
from tracker.factory import create_app
from tracker.models.audit import AuditAction, AuditEvent
from tracker.models.user import Role
from tracker.services import users
from tracker.services.errors import Conflict, Refused
from tracker.web.access import safe_next

VENDOR = Path(__file__).resolve().parents[2] / "tracker" / "static" / "vendor"


def sign_in(client, email="ana@clinic.example", password=make.PASSWORD, **more):
    return client.post("/sign-in", data={"email": email, "password": password}, **more)


def test_a_stranger_is_sent_to_sign_in_with_the_way_back(client, cast):
    answer = client.get("/scan/?page=2")

    assert answer.status_code == 303
    assert answer.location == "/sign-in?next=/scan/?page%3D2"


def test_sign_in_opens_the_site_and_is_recorded(client, cast, session):
    answer = sign_in(client, "ANA@clinic.example ")

    assert (answer.status_code, answer.location) == (303, "/")
    assert session.scalars(select(AuditEvent.action)).all() == [AuditAction.SIGNED_IN]


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ana@clinic.example", "wrong"),
        ("nobody@clinic.example", make.PASSWORD),
        ("", ""),
        ("ana@clinic.example", "\x00"),
    ],
)
def test_a_wrong_pair_says_no_more_than_that(client, cast, email, password):
    answer = sign_in(client, email, password)

    assert answer.status_code == 422
    assert make.PASSWORD not in answer.text


def test_an_account_that_is_off_cannot_sign_in_and_loses_its_session(client, cast, session):
    sign_in(client)
    cast.ana.active = False
    session.commit()

    assert client.get("/").status_code == 303
    assert sign_in(client).status_code == 422


def test_a_session_ends_after_twelve_hours_however_busy(client, cast):
    with time_machine.travel("2026-03-17 08:00 +0000", tick=False) as travel:
        sign_in(client)
        for _ in range(71):
            travel.shift(timedelta(minutes=10))
            assert client.get("/payers/").status_code == 200

        travel.shift(timedelta(minutes=10))

        assert client.get("/payers/").status_code == 303


def test_a_new_password_ends_the_sessions_of_the_old_one(client, cast, session):
    sign_in(client)
    users.set_password(session, cast.ana, "another horse, battery, staple")
    session.commit()

    assert client.get("/payers/").status_code == 303


def test_a_session_planted_before_the_sign_in_is_not_kept(client, cast):
    with client.session_transaction() as planted:
        planted["planted"] = "by someone else"

    sign_in(client)

    with client.session_transaction() as session:
        assert "planted" not in session


def test_a_viewer_looks_and_searches_but_changes_nothing(client, cast, session):
    cast.ben.role = Role.VIEWER
    session.commit()
    sign_in(client, "ben@clinic.example")

    assert client.get("/payers/").status_code == 200
    assert client.post("/payers/new", data={"name": "Acme"}).status_code == 403
    assert client.post("/sign-out").location == "/sign-in"


def test_signing_out_ends_it(client, cast):
    sign_in(client)

    assert client.post("/sign-out").location == "/sign-in"
    assert client.get("/").location == "/sign-in?next=/"


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/a\tb",
        "/a\nb",
        "evil",
        "",
        None,
        "/ok\\x",
    ],
)
def test_a_foreign_way_back_is_ignored(wanted):
    assert safe_next(wanted) is None


def test_a_local_way_back_is_kept():
    assert safe_next("/patients/01J?tab=fills") == "/patients/01J?tab=fills"


def test_a_form_without_its_token_is_refused(app, client, cast):
    app.config["WTF_CSRF_ENABLED"] = True

    assert sign_in(client).status_code == 400


def test_a_token_is_enough_over_https_for_we_ask_browsers_to_send_no_referrer(app, client, cast):
    app.config["WTF_CSRF_ENABLED"] = True
    page = client.get("/sign-in", base_url="https://tracker.example").text
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)[1]

    answer = client.post(
        "/sign-in",
        base_url="https://tracker.example",
        data={"email": "ana@clinic.example", "password": make.PASSWORD, "csrf_token": token},
    )

    assert answer.status_code == 303


@pytest.mark.parametrize("path", ["/sign-in", "/nowhere", "/static/app.css"])
def test_headers_are_on_every_answer(client, cast, path):
    with client.get(path) as answer:
        headers = answer.headers

    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert ("no-store" in headers["Cache-Control"]) is (not path.startswith("/static"))


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(client, cast):
    cookie = sign_in(client).headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_https_is_kept_and_its_cookie_never_leaves_it(settings):
    app = create_app(settings.model_copy(update={"public_url": "https://tracker.example"}))

    answer = app.test_client().get("/sign-in", base_url="https://tracker.example")

    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert "Secure" in answer.headers["Set-Cookie"]


def test_static_files_come_without_a_cookie_for_caches_may_keep_them(client, cast):
    sign_in(client)

    with client.get("/static/app.css") as answer:
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("failure", "status", "words"),
    [
        (Refused("The last day is before the first day."), 422, "before the first day"),
        (Conflict("Someone else changed it."), 409, "Someone else changed it."),
        (ValueError("Rosa Alvarez 1971-04-02"), 500, "Something went wrong here"),
    ],
)
def test_a_failure_is_a_page_without_patient_data(app, client, cast, caplog, failure, status, words, listed):
    def fail():
        raise failure

    app.add_url_rule("/fail", "fail", fail)
    listed("fail")
    sign_in(client)

    answer = client.get("/fail")

    assert answer.status_code == status
    assert words in answer.text
    assert "Alvarez" not in answer.text + caplog.text + str([vars(record) for record in caplog.records])


@pytest.mark.parametrize("code", [403, 404, 405, 413, 429])
def test_http_errors_are_pages_too(app, client, cast, code, listed):
    app.add_url_rule("/fail", "fail", lambda: abort(code))
    listed("fail")
    sign_in(client)

    answer = client.get("/fail")

    assert answer.status_code == code
    assert "<h1>" in answer.text


def test_a_wrong_method_is_told_the_right_ones(client, cast):
    answer = client.post("/payers/")

    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_a_failure_is_a_page_even_when_the_database_is_gone(client, cast, monkeypatch):
    sign_in(client)

    def gone(*_args, **_more):
        raise OperationalError("SELECT 'Rosa Alvarez'", {}, Exception("gone"))

    monkeypatch.setattr(Session, "execute", gone)
    monkeypatch.setattr(Session, "get", gone)
    answer = client.get("/payers/")

    assert answer.status_code == 500
    assert "Something went wrong here" in answer.text
    assert "Alvarez" not in answer.text


def test_every_template_compiles(app):
    for name in app.jinja_env.list_templates(extensions=["html", "svg"]):
        assert app.jinja_env.get_template(name)


def test_vendored_files_are_as_they_came():
    listed = dict(reversed(line.split("  ", 1)) for line in (VENDOR / "MANIFEST").read_text().splitlines())
    found = {
        f"./{path.relative_to(VENDOR)}": hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name not in {"MANIFEST", "README.md"}
    }

    assert found == listed


@pytest.mark.parametrize(
    ("address", "current"),
    [
        ("/today/calls", "Today"),
        ("/emergency", "Patients"),
        ("/emergency/review", "Audit"),
        ("/patients", "Patients"),
        ("/patients/{patient}/authorizations/{authorization}/packet", "Patients"),
        ("/patients/{patient}/sheet", "Patients"),
    ],
)
def test_one_page_of_the_bar_is_marked_as_the_current_one(client, session, cast, address, current):
    who = make.patient(session, cast.renal)
    pa = make.authorization(session, who, make.plan(session, cast.renal))
    session.commit()
    sign_in(client, "dana@clinic.example")

    page = client.get(address.format(patient=who.id, authorization=pa.id)).text

    bar = re.search(r'<nav class="nav".*?</nav>', page, re.DOTALL)[0]
    assert [each.strip() for each in re.findall(r'aria-current="page">([^<]+)', bar)] == [current]
