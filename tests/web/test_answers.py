"""How every answer is made: its type, its cookie, whom it believes about the asker."""

import re

import attacks
import crawling
import pytest
from waitress.adjustments import Adjustments
from waitress.parser import HTTPRequestParser

from tracker import serving
from tracker.models.base import Base
from tracker.web.security import Cookies


@pytest.fixture
def dana(app, session, cast):
    crawling.stock(session, cast)
    return crawling.browser(app, "dana")


def test_every_answer_says_its_type_and_texts_their_letters(app, dana):
    silent = []
    for way in crawling.ways(app):
        with dana.open(way.addresses(["0" * 26])[0], method=way.method) as answer:
            kind = answer.headers.get("Content-Type", "")
            if answer.data and not (kind.endswith("charset=utf-8") or kind == "application/json"):
                silent.append((way.endpoint, kind))
    with dana.get("/static/app.js") as script:
        assert script.content_type == "text/javascript; charset=utf-8"

    assert silent == []


def test_looking_changes_nothing(app, dana, session, cast):
    """Every address that is looked at, as an administrator: what is on record stays as it was, row by row."""
    before = everything(session)
    asked = 0
    for way in crawling.ways(app):
        if way.method == "GET":
            for address in attacks.addresses(session, cast.renal.id, way):
                asked += 1
                with dana.get(address):
                    pass
        session.rollback()

    assert everything(session) == before
    assert asked > 60


def everything(session):
    """All rows of all tables but those of looking itself: the audit trail and the session that is seen."""
    session.expire_all()
    tables = [
        table for table in Base.metadata.sorted_tables if table.name not in ("audit_event", "web_session")
    ]
    return {table.name: sorted(map(repr, session.execute(table.select()))) for table in tables}


METHODS = ["TRACE", "TRACK", "CONNECT", "PUT", "DELETE", "PATCH", "PROPFIND", "OPTIONS"]


@pytest.mark.parametrize("method", METHODS)
def test_other_methods_are_refused(client, method):
    assert client.open("/sign-in", method=method).status_code == 405


def test_no_route_answers_a_method_that_it_does_not_name(app, dana):
    """None of these, nor what a browser would ask before it sends something from another site."""
    answered = []
    for rule in app.url_map.iter_rules():
        address = "/static/app.js" if rule.endpoint == "static" else crawling._plain(rule.rule)
        for method in METHODS:
            with dana.open(re.sub(r"<[^>]+>", "0" * 26, address), method=method) as answer:
                if answer.status_code not in (400, 404, 405):
                    answered.append((rule.endpoint, method, answer.status_code))

    assert answered == []


@pytest.mark.parametrize(
    "path",
    ["/static/", "/static/vendor/", "/static/../app.py", "/static/%2e%2e/settings.py", "/.git/config"]
    + ["/instance/tracker.db", "/static/..%2f..%2fpyproject.toml", "/console", "/docs", "/server-status"],
)
def test_no_folder_and_no_file_beside_the_pages_is_shown(client, path):
    with client.get(path) as answer:
        assert answer.status_code == 404


def test_the_cookie_is_signed_with_a_hash_that_still_counts(app, client):
    app.config["WTF_CSRF_ENABLED"] = True  # whose token is the first thing kept in it
    client.get("/sign-in")
    signed = client.get_cookie("tracker").value
    serializer = Cookies().get_signing_serializer(app)

    assert serializer.signer_kwargs["digest_method"]().name == "sha256"
    assert "csrf_token" in serializer.loads(signed)
    client.set_cookie("tracker", signed[:-2] + ("AA" if signed[-2:] != "AA" else "BB"))
    assert "csrf_token" not in client.get("/account").text


def test_only_the_named_web_server_is_believed_about_the_asker(settings):
    assert serving._proxy(settings) == {}  # and waitress then takes such headers away
    named = serving._proxy(settings.model_copy(update={"trusted_proxy": "10.0.0.1"}))

    assert (named["trusted_proxy"], named["trusted_proxy_count"]) == ("10.0.0.1", 1)
    assert named["trusted_proxy_headers"] == {"x-forwarded-for", "x-forwarded-proto"}
    assert named["clear_untrusted_proxy_headers"] is True


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Content-Length: +5",
        b"Content-Length: 5_0",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding : chunked",
        b"Transfer-Encoding: chunked\r\n folded: yes",
    ],
)
def test_a_smuggled_request_is_refused(headers):
    """Where one message ends and the next begins must never be a matter of taste."""
    parser = HTTPRequestParser(Adjustments())
    parser.received(b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\n" + headers + b"\r\n\r\n")

    assert parser.error is not None
