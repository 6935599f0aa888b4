"""The provider says that someone is signed out: who is out, what is not believed, how often it may ask."""

import time
from datetime import timedelta

import crawling
import fake_provider
import pytest
import time_machine
from fake_provider import CLIENT, SECRET, at, away, come, key
from joserfc.jwk import OctKey
from sqlalchemy import func, select

import make
from tracker.models.audit import AuditAction, AuditEvent
from tracker.models.provider_link import ProviderSignOut
from tracker.models.web_session import WebSession

ENDED = "/sign-in/provider/ended"
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
def settings(settings, fake):
    return fake_provider.used(settings, fake)


@pytest.fixture
def machine(app):
    """The provider's server: no cookie, no origin."""
    return app.test_client(use_cookies=False)


def is_in(client):
    return client.get("/payers/").status_code == 200


def say(machine, token, **more):
    return machine.post(ENDED, data={"logout_token": token}, **more)


def signed_in(app, fake, **claims):
    client = app.test_client()
    assert come(client, fake, **claims).location == "/"
    assert is_in(client)
    return client


# ------------------------------------------------------------------------------------------ who is out


def test_whoever_is_signed_out_there_is_out_here_everywhere(app, fake, cast, machine):
    here, there = signed_in(app, fake), crawling.browser(app, "ana")
    ben = crawling.browser(app, "ben")

    answer = say(machine, fake.logout_token())

    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert (is_in(here), is_in(there), is_in(ben)) == (False, False, True)


def test_one_sign_in_there_ends_what_began_with_it(app, fake, cast, machine):
    one, two = signed_in(app, fake, sid="a"), signed_in(app, fake, sid="b")
    by_password = crawling.browser(app, "ana")

    assert say(machine, fake.logout_token(sid="a")).status_code == 200

    assert (is_in(one), is_in(two), is_in(by_password)) == (False, True, True)


def test_a_sign_in_there_is_enough_to_say_who(app, fake, cast, machine):
    one = signed_in(app, fake, sid="a")

    assert say(machine, fake.logout_token(sub=None, sid="a")).status_code == 200

    assert not is_in(one)


def test_a_session_of_which_the_provider_gave_no_name_ends_with_any(app, fake, cast, machine):
    nameless = signed_in(app, fake)

    say(machine, fake.logout_token(sid="never heard of"))

    assert not is_in(nameless)


def test_the_session_of_another_person_stays(app, fake, cast, machine):
    signed_in(app, fake, sid="a")
    ben = signed_in(app, fake, sub="s-ben", email="ben@clinic.example", sid="b")

    assert say(machine, fake.logout_token(sub="s-ana", sid="b")).status_code == 200

    assert is_in(ben)


def test_who_showed_themselves_again_goes_with_the_new_sign_in_there(app, fake, cast, machine):
    client = signed_in(app, fake, sid="a")
    come(client, fake, "/confirm/provider", sid="b")

    say(machine, fake.logout_token(sid="b"))

    assert not is_in(client)


def test_a_new_password_leaves_the_session_the_providers(app, fake, cast, machine):
    client = signed_in(app, fake, sid="a")
    new = "quite another horse battery"
    form = {"current": make.PASSWORD, "password": new, "again": new}
    assert client.post("/account/password", data=form).location == "/account"
    assert is_in(client)

    assert say(machine, fake.logout_token(sid="a")).status_code == 200

    assert not is_in(client)


def test_half_way_in_is_out_as_well(app, fake, cast, machine, session):
    cast.ana.second_factor_required = True
    session.commit()
    come(app.test_client(), fake, sid="a")
    assert session.scalar(select(func.count()).select_from(WebSession)) == 1

    say(machine, fake.logout_token(sid="a"))

    session.rollback()
    assert session.scalar(select(func.count()).select_from(WebSession)) == 0


def test_it_is_on_record_where_sessions_were_ended(app, fake, cast, machine, session):
    signed_in(app, fake)
    for _ in range(2):
        assert say(machine, fake.logout_token()).status_code == 200

    query = select(AuditEvent).where(AuditEvent.action == AuditAction.SIGNED_OUT)
    [event] = session.scalars(query).all()
    assert (event.actor, event.actor_id, event.row_key) == ("Single sign-on", None, cast.ana.id)
    assert event.new == {"person": cast.ana.id}


def test_whom_nobody_knows_here_is_out_already(fake, cast, machine):
    for claims in ({"sub": "s-nobody"}, {"sub": None, "sid": "x"}, {"sub": "s-nobody", "sid": "x"}):
        assert say(machine, fake.logout_token(**claims)).status_code == 200


def test_an_application_type_and_capitals_are_the_same_type(app, fake, cast, machine):
    for name in ("application/logout+jwt", "Logout+JWT"):
        client = signed_in(app, fake)
        assert say(machine, fake.logout_token({"typ": name})).status_code == 200
        assert not is_in(client)


# ------------------------------------------------------------------------------------- what is not believed


@pytest.fixture
def stays(app, fake, cast, caplog):
    """Ana is signed in, and still is after the test, which says for what reason in the log."""
    client = signed_in(app, fake, sid="a")
    yield caplog
    assert is_in(client)


def refused(machine, token, caplog):
    answer = say(machine, token)
    assert (answer.status_code, answer.json) == (400, {"error": "invalid_request"})
    assert answer.headers["Cache-Control"] == "no-store"
    return [record.reason for record in caplog.records if hasattr(record, "reason")]


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": "https://elsewhere.example"}, "another issuer"),
        ({"iss": None}, "another issuer"),
        ({"aud": "another"}, "another audience"),
        ({"aud": None}, "another audience"),
        ({"aud": []}, "another audience"),
        ({"aud": {"tracker": 1}}, "another audience"),
        ({"aud": [CLIENT, "another"]}, "several audiences, and none is said to be meant"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "for another party"),
        ({"iat": None}, "issued at another time"),
        ({"iat": "now"}, "issued at another time"),
        ({"iat": True}, "issued at another time"),
        ({"iat": 1}, "issued at another time"),
        ({"iat": 9999999999}, "issued at another time"),
        ({"exp": None}, "expired"),
        ({"exp": 1}, "expired"),
        ({"exp": "9999999999"}, "expired"),
        ({"nbf": 9999999999}, "not yet valid"),
        ({"events": None}, "no event of signing out"),
        ({"events": {}}, "no event of signing out"),
        ({"events": EVENT}, "no event of signing out"),
        ({"events": [EVENT]}, "no event of signing out"),
        ({"events": {EVENT: None}}, "no event of signing out"),
        ({"events": {EVENT: True}}, "no event of signing out"),
        ({"events": {EVENT + "/": {}}}, "no event of signing out"),
        ({"events": {"http://schemas.openid.net/event/other": {}}}, "no event of signing out"),
        ({"nonce": "x"}, "a nonce, as an ID token has"),
        ({"nonce": ""}, "a nonce, as an ID token has"),
        ({"jti": None}, "no name of the message"),
        ({"jti": ""}, "no name of the message"),
        ({"jti": 7}, "no name of the message"),
        ({"jti": "x" * 256}, "no name of the message"),
        ({"sub": None}, "nobody's"),
        ({"sub": ""}, "nobody's"),
        ({"sub": ["s-ana"]}, "nobody's"),
        ({"sub": {"$ne": ""}}, "nobody's"),
        ({"sub": "s-ana\n"}, "nobody's"),
        ({"sub": "x" * 256}, "nobody's"),
        ({"sid": ""}, "nobody's"),
        ({"sid": 0}, "nobody's"),
        ({"sid": ["a"]}, "nobody's"),
        ({"sub": None, "sid": "%\0"}, "nobody's"),
    ],
    ids=str,
)
def test_a_wrong_claim_ends_nothing(machine, fake, stays, claims, reason):
    assert refused(machine, fake.logout_token(**claims), stays) == [reason]


@pytest.mark.parametrize("claims", [{"iat": -121, "exp": 600}, {"iat": 61, "exp": 600}, {"exp": -61}])
def test_another_time_ends_nothing(machine, fake, stays, claims):
    with time_machine.travel("2026-03-17 08:00 +0000", tick=False):
        moved = {name: at(seconds) for name, seconds in claims.items()}
        [reason] = refused(machine, fake.logout_token(**moved), stays)

    assert reason in ("issued at another time", "expired")


@pytest.mark.parametrize("typ", ["JWT", "at+jwt", "", "logout", "secevent+jwt", "logout+jwt;x", None])
def test_another_type_ends_nothing(machine, fake, stays, typ):
    token = fake.logout_token({"typ": typ}) if typ is not None else fake.token(claims_of(fake))

    assert refused(machine, token, stays)[-1] in (
        "not typed as a logout token",
        "the token is not good (InvalidHeaderValueError)",
    )


def claims_of(fake):
    return {
        "iss": fake.issuer,
        "aud": CLIENT,
        "iat": at(0),
        "exp": at(60),
        "jti": "j",
        "sub": "s-ana",
        "events": {EVENT: {}},
    }


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
        ({"alg": "RS256", "jku": "http://127.0.0.1:1/"}, lambda: key("stranger")),
    ],
    ids=["none", "HS256 of the public key", "HS256 of the secret", "another key", "kid", "alg", "jwk", "jku"],
)
@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_only_signatures_of_published_keys_are_believed(machine, fake, stays, header, signer):
    fake.header = header
    fake.signer = signer() if signer else None

    assert len(refused(machine, fake.logout_token(), stays)) == 1


@pytest.mark.parametrize(
    "token", ["", "x", "a.b.c", "a.b.c.d.e", "..", "e30.e30.", "x" * 60_000, "é.é.é", "\0.\0.\0"], ids=repr
)
def test_what_is_no_token_ends_nothing(machine, fake, stays, token):
    refused(machine, token[:50], stays)
    refused(machine, token, stays)


def test_the_body_of_a_good_one_cannot_be_changed(machine, fake, stays):
    head, _, signature = fake.logout_token(sub="s-nobody").split(".")
    body = fake.logout_token(sub="s-ana").split(".")[1]

    assert len(refused(machine, f"{head}.{body}.{signature}", stays)) == 1


def test_an_id_token_signs_nobody_out(client, machine, fake, stays):
    words = fake.grant(away(client))
    token = fake.token(fake.codes[words["code"]][1])

    assert refused(machine, token, stays) == ["not typed as a logout token"]


def test_a_logout_token_lets_nobody_in(app, client, fake, cast):
    words = fake.grant(away(client))
    asked, told = fake.codes[words["code"]]
    fake.says["/token"] = {
        "id_token": fake.logout_token(exp=told["exp"]),
        "access_token": "x",
        "token_type": "Bearer",
    }

    answer = client.get(fake_provider.BACK, query_string=words)

    assert fake_provider.why(client, answer) == "The answer was not accepted"
    assert not is_in(client)


def test_a_message_counts_once(app, machine, fake, cast, caplog):
    token = fake.logout_token()
    assert say(machine, token).status_code == 200
    client = signed_in(app, fake)

    assert refused(machine, token, caplog) == ["it came before"]
    assert is_in(client)


def test_messages_are_forgotten_when_they_would_be_too_old(machine, fake, cast, session):
    with time_machine.travel("2026-03-17 08:00 +0000", tick=False) as travel:
        say(machine, fake.logout_token())
        travel.shift(timedelta(minutes=16))
        say(machine, fake.logout_token())

    assert session.scalar(select(func.count()).select_from(ProviderSignOut)) == 1


def test_neither_none_nor_two_nor_one_in_the_address(machine, fake, stays):
    one, two = fake.logout_token(), fake.logout_token()
    answers = [
        machine.post(ENDED),
        machine.post(ENDED, data={"logout_token": [one, two]}),
        machine.post(ENDED, query_string={"logout_token": one}),
        machine.post(ENDED, query_string={"logout_token": one}, data={"logout_token": one}),
        machine.post(ENDED, json={"logout_token": one}),
        machine.post(ENDED, data=one, content_type="application/jwt"),
    ]

    assert {answer.status_code for answer in answers} == {400}
    assert machine.get(ENDED, query_string={"logout_token": one}).status_code == 405


def test_a_browser_that_another_site_sends_is_refused_though_the_token_be_good(machine, fake, stays):
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert say(machine, fake.logout_token(), headers=headers).status_code == 400


def test_it_needs_no_token_of_a_form(app, machine, fake, cast):
    client = signed_in(app, fake)
    app.config["WTF_CSRF_ENABLED"] = True

    assert say(machine, fake.logout_token()).status_code == 200
    assert not is_in(client)


def test_a_provider_that_is_down_leaves_all_as_it_is(machine, fake, stays, app):
    app.extensions["identity_provider"]._keys = None
    fake.says["/keys"] = lambda request: fake_provider.reply(request, "{}", 500)

    assert refused(machine, fake.logout_token(), stays) == ["status 500"]


def test_a_stranger_has_the_keys_read_again_once_a_minute_at_most(machine, fake, cast):
    fake.header, fake.signer = {"kid": "two"}, key("two")
    for _ in range(5):
        assert say(machine, fake.logout_token()).status_code == 400

    assert fake.asked.count("/keys") == 1


def test_a_stranger_does_not_make_known_keys_forgotten_while_the_provider_is_down(app, machine, fake, cast):
    client = signed_in(app, fake)
    with time_machine.travel(time.time() + 90, tick=False):
        fake.says["/keys"] = lambda request: fake_provider.reply(request, "{}", 500)
        for _ in range(3):
            fake.header, fake.signer = {"kid": "two"}, key("two")
            assert say(machine, fake.logout_token()).status_code == 400
        fake.header, fake.signer = {}, key("one")

        assert say(machine, fake.logout_token()).status_code == 200
    assert fake.asked.count("/keys") == 2
    assert not is_in(client)


def test_the_log_does_not_say_who(machine, fake, cast, caplog):
    say(machine, fake.logout_token(sub="s-secret", sid="sid-secret", nonce="n-secret"))

    told = [repr(record.__dict__) for record in caplog.records if record.name.startswith("tracker")]
    assert len(told) == 1
    assert "secret" not in told[0]


# ----------------------------------------------------------------------------------------------- how often

STRANGER = {"environ_base": {"REMOTE_ADDR": "203.0.113.7"}}
THEIRS = {"environ_base": {"REMOTE_ADDR": "203.0.113.8"}}


def test_wrong_ones_of_one_address_are_slowed_and_no_others(app, machine, fake, cast):
    client = signed_in(app, fake)
    with time_machine.travel(time.time(), tick=False):
        answers = [say(machine, "a.b.c", **STRANGER).status_code for _ in range(105)]
        slowed = say(machine, fake.logout_token(), **STRANGER)

        assert answers.count(400) == 100
        assert slowed.status_code == 429
        assert int(slowed.headers["Retry-After"]) >= 1
        assert is_in(client)
        assert say(machine, fake.logout_token(), **THEIRS).status_code == 200
    assert not is_in(client)


def test_a_whole_clinic_can_be_signed_out_at_once(machine, fake, cast):
    with time_machine.travel(time.time(), tick=False):
        answers = {say(machine, fake.logout_token(sub=f"s-{n}"), **THEIRS).status_code for n in range(120)}

    assert answers == {200}


def test_without_a_provider_nothing_is_believed(fake, cast, app, machine):
    token = fake.logout_token()
    app.extensions["identity_provider"] = None

    assert say(machine, token).status_code == 400
    assert crawling.browser(app, "ana").get("/").status_code == 200
