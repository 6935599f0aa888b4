"""The frame of every page: sign-in, headers, errors, vendored files."""

import hashlib
from pathlib import Path

import pytest
from flask import abort
from sqlalchemy import select

import make
from tracker.models.audit import AuditAction, AuditEvent
from tracker.services.errors import Conflict, Refused
from tracker.web.access import safe_next

VENDOR = Path(__file__).resolve().parents[2] / "tracker" / "static" / "vendor"


def sign_in(client, email="ana@clinic.example", password=make.PASSWORD, **more):
    return client.post("/sign-in", data={"email": email, "password": password}, **more)


@pytest.fixture
def app(app):
    app.config["WTF_CSRF_ENABLED"] = False
    return app


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


@pytest.mark.parametrize(
    ("failure", "status", "words"),
    [
        (Refused("The last day is before the first day."), 422, "before the first day"),
        (Conflict("Someone else changed it."), 409, "Someone else changed it."),
        (ValueError("Rosa Alvarez 1971-04-02"), 500, "Something went wrong here"),
    ],
)
def test_a_failure_is_a_page_without_patient_data(app, client, cast, caplog, failure, status, words):
    def fail():
        raise failure

    app.add_url_rule("/fail", "fail", fail)
    sign_in(client)

    answer = client.get("/fail")

    assert answer.status_code == status
    assert words in answer.text
    assert "Alvarez" not in answer.text + caplog.text + str([vars(record) for record in caplog.records])


@pytest.mark.parametrize("code", [403, 404, 405, 413, 429])
def test_http_errors_are_pages_too(app, client, cast, code):
    app.add_url_rule("/fail", "fail", lambda: abort(code))
    sign_in(client)

    answer = client.get("/fail")

    assert answer.status_code == code
    assert "<h1>" in answer.text


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
