"""Single sign-on against a provider, or someone in its name, that lies: nobody comes in, nothing leaks."""

import gzip
import json
import logging
import socket
import time
from datetime import timedelta

import fake_provider
import pytest
from fake_provider import BACK, CLIENT, SECRET, at, away, come, key, reply, why
from joserfc.jwk import OctKey
from sqlalchemy import func, select

from tracker import clock
from tracker.commands import doctor
from tracker.models.provider_link import ProviderAttempt, ProviderLink
from tracker.models.web_session import WebSession
from tracker.services import openid_http

NOT_ACCEPTED = "The answer was not accepted"
LATE = "This took too long"
DESCRIPTION = "/.well-known/openid-configuration"


@pytest.fixture
def settings(settings, fake):
    return fake_provider.used(settings, fake)


@pytest.fixture(autouse=True)
def nobody_came_in(cast, session):
    yield
    session.rollback()
    assert session.scalar(select(func.count()).select_from(WebSession)) == 0
    assert session.scalar(select(func.count()).select_from(ProviderLink)) == 0


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": None},
        {"aud": ["another", "third"], "azp": CLIENT},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"azp": "another"},
        {"nonce": "of another exchange"},
        {"nonce": None},
        {"nonce": 7},
        {"exp": 1},
        {"exp": "9999999999"},
        {"exp": None},
        {"exp": True},
        {"iat": 9999999999},
        {"iat": 1},
        {"iat": None},
        {"nbf": 9999999999},
        {"sub": None},
        {"sub": ""},
        {"sub": ["s-ana"]},
        {"sub": "x" * 256},
        {"sub": "s-ana\n"},
        {"at_hash": "bm90IHRoaXM"},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_opens_nothing(client, fake, claims):
    assert why(client, come(client, fake, **claims)) == NOT_ACCEPTED


@pytest.mark.parametrize("seconds", [-61, -3600])
def test_an_expired_token_opens_nothing(client, fake, seconds):
    assert why(client, come(client, fake, exp=at(seconds))) == NOT_ACCEPTED


@pytest.mark.parametrize(
    ("header", "signer"),
    [
        ({"alg": "none"}, None),
        ({"alg": "HS256"}, fake_provider.public_pem_as_secret),
        ({"alg": "HS256"}, lambda: OctKey.import_key(SECRET)),
        ({"alg": "RS256"}, lambda: key("stranger")),
        ({"alg": "RS256", "kid": "stranger"}, lambda: key("stranger")),
        ({"alg": "PS256"}, lambda: fake_provider.unbound("one")),
        ({"alg": "RS256", "jwk": {"kty": "oct", "k": "YQ"}}, lambda: key("stranger")),
    ],
    ids=[
        "none",
        "HS256 of the public key",
        "HS256 of the secret",
        "another key",
        "kid",
        "alg",
        "jwk",
    ],
)
@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_only_signatures_of_published_keys_are_taken(client, fake, header, signer):
    fake.header = header
    fake.signer = signer() if signer else None

    assert why(client, come(client, fake)) == NOT_ACCEPTED


@pytest.mark.parametrize(
    "token", ["", "x", "a.b.c", "a.b.c.d.e", "." * 2, "e30.e30.", "x" * 60_000, None, 7, ["x"]], ids=repr
)
def test_what_is_no_token_opens_nothing(client, fake, token):
    fake.says["/token"] = {"id_token": token, "access_token": "x", "token_type": "Bearer"}

    assert why(client, come(client, fake)) == NOT_ACCEPTED


def test_a_state_counts_once(client, fake):
    words = fake.grant(away(client), email="nobody@clinic.example")
    assert why(client, client.get(BACK, query_string=words)) == "No way in with this account"

    again = client.get(BACK, query_string=words)

    assert why(client, again) == LATE
    assert fake.asked.count("/token") == 1


def test_a_state_counts_in_the_browser_that_was_sent(app, client, fake):
    """Login CSRF: the attacker's own answer in the victim's browser."""
    words = fake.grant(away(client))
    victim = app.test_client()
    away(victim)

    assert why(victim, victim.get(BACK, query_string=words)) == LATE
    assert "/token" not in fake.asked


def test_a_stranger_who_brings_made_up_words_is_refused(client, fake):
    for words in ({}, {"state": "x"}, {"code": "x"}, {"state": "x", "code": "y"}):
        assert why(client, client.get(BACK, query_string=words)) == LATE


def test_after_ten_minutes_nobody_is_awaited(client, fake, session):
    words = fake.grant(away(client))
    session.execute(ProviderAttempt.__table__.update().values(started_at=clock.now() - timedelta(minutes=10)))
    session.commit()

    assert why(client, client.get(BACK, query_string=words)) == LATE


@pytest.mark.parametrize("issuer", ["https://evil.example", "", None])
def test_an_answer_of_another_issuer_is_not_redeemed(client, fake, issuer):
    words = fake.grant(away(client))
    named = {} if issuer is None else {"iss": issuer}

    answer = client.get(BACK, query_string={"code": words["code"], "state": words["state"], **named})

    assert why(client, answer) == NOT_ACCEPTED
    assert "/token" not in fake.asked


def test_a_word_that_stands_twice_is_not_believed(client, fake):
    words = fake.grant(away(client))

    answer = client.get(BACK, query_string={**words, "code": [words["code"], "other"]})

    assert why(client, answer) == NOT_ACCEPTED


def test_a_code_of_another_exchange_is_refused(app, client, fake):
    """Swapped codes: the other one's verifier and nonce are missing here."""
    other = app.test_client()
    theirs, mine = fake.grant(away(other)), fake.grant(away(client))

    answer = client.get(BACK, query_string={**mine, "code": theirs["code"]})

    assert why(client, answer) == NOT_ACCEPTED


def test_a_code_that_was_used_is_refused(client, fake):
    words = fake.grant(away(client))
    fake.codes.clear()

    assert why(client, client.get(BACK, query_string=words)) == NOT_ACCEPTED


@pytest.mark.parametrize(
    ("error", "heading"),
    [
        ("access_denied", "Not signed in at Clinic ID"),
        ("<script>", "Not signed in at Clinic ID"),
        ("temporarily_unavailable", "Clinic ID does not answer"),
    ],
)
def test_what_was_broken_off_there_is_said(client, fake, error, heading):
    words = {**fake.grant(away(client)), "error": error, "error_description": "<b>x</b>"}

    assert why(client, client.get(BACK, query_string=words)) == heading


def slow(request):
    request.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{")
    for _ in range(40):
        time.sleep(0.05)
        try:
            request.wfile.write(b" ")
            request.wfile.flush()
        except OSError:
            return


def silent(_request):
    time.sleep(0.5)


BAD_ANSWERS = {
    "huge": lambda request: reply(request, b"[" + b"1," * 200_000),
    "deep": lambda request: reply(request, b"[" * 100_000),
    "packed": lambda request: reply(request, gzip.compress(b"{}" * 10), Content_Encoding="gzip"),
    "list": lambda request: reply(request, "[]"),
    "text": lambda request: reply(request, "<html>"),
    "bytes": lambda request: reply(request, b"\xff\xfe\x00"),
    "failing": lambda request: reply(request, "{}", 500),
    "elsewhere": lambda request: reply(request, "{}", 302, Location="http://127.0.0.1:1/"),
    "drip": slow,
    "silent": silent,
}


@pytest.mark.parametrize("path", [DESCRIPTION, "/token", "/keys"])
@pytest.mark.parametrize("bad", BAD_ANSWERS)
def test_a_provider_that_answers_badly_is_told_of_calmly_and_soon(client, fake, monkeypatch, path, bad):
    words = None if path == DESCRIPTION else fake.grant(away(client))
    monkeypatch.setattr(openid_http, "READ_SECONDS", 0.2)
    monkeypatch.setattr(openid_http, "ALL_SECONDS", 0.3)
    fake.says[path] = BAD_ANSWERS[bad]
    began = time.monotonic()

    answer = client.get(BACK, query_string=words) if words else client.post("/sign-in/provider")

    assert why(client, answer) == "Clinic ID does not answer"
    assert time.monotonic() - began < 4


def test_a_provider_that_is_gone_is_told_of(client, app, fake, cast):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    provider = app.extensions["identity_provider"]
    provider.terms = type(provider.terms)(f"http://127.0.0.1:{port}", CLIENT, SECRET, "Clinic ID", "x")

    assert why(client, client.post("/sign-in/provider")) == "Clinic ID does not answer"


@pytest.mark.parametrize(
    "description",
    [
        {"issuer": "https://elsewhere.example"},
        {"issuer": None},
        {"token_endpoint": "file:///etc/passwd"},
        {"token_endpoint": None},
        {"jwks_uri": "ftp://x.example/"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://user:word@x.example/"},
        {"authorization_endpoint": "https://x.example/\r\nSet-Cookie: a=b"},
    ],
    ids=str,
)
def test_a_description_that_leads_astray_is_not_followed(client, fake, description):
    fake.description = description

    assert why(client, client.post("/sign-in/provider")) == "Clinic ID does not answer"


def test_those_who_wait_for_a_provider_that_hangs_leave_threads_for_others(client, fake, monkeypatch):
    monkeypatch.setattr(openid_http, "WAIT_SECONDS", 0.01)
    for _ in range(openid_http.CALLS_AT_ONCE):
        openid_http._calling.acquire()
    try:
        assert why(client, client.post("/sign-in/provider")) == "Clinic ID does not answer"
    finally:
        openid_http._calling.release(openid_http.CALLS_AT_ONCE)


def test_a_key_that_is_not_known_has_the_keys_read_again_once_a_minute(client, fake, cast):
    fake.header, fake.signer = {"kid": "two"}, key("two")
    for _ in range(3):
        assert why(client, come(client, fake)) == NOT_ACCEPTED

    assert fake.asked.count("/keys") == 1


@pytest.mark.parametrize("text", ["aana", "email", "s-ana", "nobody@", "code", "state"])
def test_neither_log_nor_address_nor_page_tells_of_the_person(client, fake, caplog, text):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("sqlalchemy").setLevel(logging.WARNING)
    words = fake.grant(away(client), sub="s-aana", email="nobody@clinic.example")
    answer = client.get(BACK, query_string=words)
    page = client.get(answer.location)
    secrets = {"code": words["code"], "state": words["state"]}

    ours = [record for record in caplog.records if record.name.startswith("tracker")]
    assert [record.reason for record in ours if hasattr(record, "reason")] == ["nobody"]
    assert "?" not in answer.location
    word = secrets.get(text, text)
    told = json.dumps([record.getMessage() + repr(record.__dict__) for record in ours])
    assert text == "email" or word not in told
    assert text in ("email",) or word not in page.text


def test_the_doctor_says_whether_the_description_can_be_read(app, fake):
    visit = doctor.Visit(app, app.extensions["settings"], clock.now())
    [well] = doctor._single_sign_on(visit)
    fake.published = []
    [ill] = doctor._single_sign_on(visit)
    fake.description = {"issuer": "https://elsewhere.example"}
    [worse] = doctor._single_sign_on(visit)

    assert well.level is doctor.Level.OK
    assert fake.issuer in well.text
    assert ill.level is worse.level is doctor.Level.BAD
    assert "no key" in ill.text
    assert "another issuer" in worse.text
    assert "openid-configuration" in worse.cure
