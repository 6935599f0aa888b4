"""Single sign-on: who comes in by it, what is asked beside it, and what it leaves on record."""

import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import SMTP
from urllib.parse import parse_qs, urlsplit

import crawling
import fake_provider
import pytest
import time_machine
from fake_provider import BACK, CLIENT, SECRET, away, come, key, reply, why
from flask import current_app
from sqlalchemy import select

import make
from tracker import clock
from tracker.factory import create_app
from tracker.jobs.mailer import send_due
from tracker.models.audit import AuditAction, AuditEvent
from tracker.models.outbox import OutboxMessage
from tracker.models.provider_link import ProviderLink
from tracker.models.second_factor import AuthenticatorApp
from tracker.models.user import User
from tracker.models.web_session import PasswordLink, WebSession
from tracker.services import single_sign_on, throttle, users
from tracker.services.identity_provider import vouches
from tracker.serving import office_of
from tracker.web import authenticator

NO_WAY = "No way in with this account"
START = "2026-03-17 08:00 +0000"


@pytest.fixture
def words():
    """Settings that a test adds."""
    return {}


@pytest.fixture
def settings(settings, fake, words):
    return fake_provider.used(settings, fake, **words)


@pytest.fixture
def travel():
    with time_machine.travel(START, tick=False) as moved:
        yield moved


def is_in(client):
    return client.get("/payers/").status_code == 200


def events(session, action):
    return session.scalars(select(AuditEvent).where(AuditEvent.action == action)).all()


def code(session, user):
    """What the app on the telephone shows now."""
    row = session.get(AuthenticatorApp, user.id, populate_existing=True)
    return current_app.extensions["authenticator"].generate_totp_password(authenticator.plain_secret(row))


def give_app(app, session, user):
    """A person sets up an authenticator app."""
    client = crawling.browser(app, user.name.lower())
    client.post("/second-factor/app/start")
    assert client.post("/second-factor/app", data={"code": code(session, user)}).status_code == 303
    client.post("/sign-out")


# ------------------------------------------------------------------------------------------ who comes in


def test_the_first_sign_in_connects_by_the_checked_address_and_says_so(client, fake, cast, session):
    assert come(client, fake).location == "/"

    assert is_in(client)
    link = session.scalars(select(ProviderLink)).one()
    assert (link.user_id, link.issuer, link.subject) == (cast.ana.id, fake.issuer, "s-ana")
    assert session.scalars(select(OutboxMessage.notice)).all() == ["provider_linked"]
    assert [each.row_key for each in events(session, AuditAction.ADDED)] == [cast.ana.id]
    assert [each.new for each in events(session, AuditAction.SIGNED_IN)] == [{"shown": "single sign-on"}]


def test_afterwards_the_subject_decides_and_no_address(client, fake, cast, session):
    come(client, fake)
    client.post("/sign-out")

    come(client, fake, email="dana@clinic.example")

    assert session.scalars(select(WebSession.user_id)).all() == [cast.ana.id]


def test_a_client_secret_renewed_in_its_file_counts_at_the_next_exchange(client, fake, cast, tmp_path):
    kept = tmp_path / "secret"
    kept.write_text("of before\n")
    provider = current_app.extensions["identity_provider"]
    provider.terms = replace(provider.terms, client_secret="of the start", client_secret_file=kept)
    assert why(client, come(client, fake)) == "The answer was not accepted"
    kept.write_text(f"{SECRET}\n")

    assert come(client, fake).location == "/"


def test_without_the_file_of_its_secret_the_provider_counts_as_down(client, fake, cast, tmp_path):
    provider = current_app.extensions["identity_provider"]
    provider.terms = replace(provider.terms, client_secret_file=tmp_path / "nowhere")
    answer = client.post("/sign-in/provider")
    answer = client.get(answer.location)

    assert why(client, answer) == "Clinic ID does not answer"


def test_an_address_that_another_is_connected_to_opens_nothing(client, fake, cast):
    come(client, fake)
    client.post("/sign-out")

    assert why(client, come(client, fake, sub="s-thief")) == NO_WAY


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "true"},
        {"email": None},
        {"email": "nobody@clinic.example"},
        {"email": ["ana@clinic.example"]},
        {"email": "аna@clinic.example"},
        {"xms_edov": True, "email_verified": None},
    ],
    ids=str,
)
def test_an_address_that_is_not_vouched_for_opens_nothing(client, fake, cast, session, claims):
    before = session.scalars(select(User.id)).all()

    assert why(client, come(client, fake, **claims)) == NO_WAY
    assert not is_in(client)
    assert session.scalars(select(User.id)).all() == before


@pytest.mark.parametrize("how", ["off", "locked", "codes locked", "demo"])
@pytest.mark.parametrize("connected", [True, False])
def test_who_may_not_come_in_gets_the_same_answer_as_a_stranger(client, fake, cast, session, how, connected):
    if connected:
        come(client, fake)
        client.post("/sign-out")
    if how == "off":
        users.switch(session, cast.ana, active=False)
    elif how == "demo":
        cast.ana.is_demo = True
    else:
        limit, subject = (
            (throttle.ACCOUNT, "ana@clinic.example") if how == "locked" else (throttle.FACTOR, cast.ana.id)
        )
        throttle.take(session, limit, subject, now=clock.now())
        session.execute(throttle.Throttle.__table__.update().values(locked_at=clock.now()))
    session.commit()
    refusal = come(client, fake)
    mine = client.get(refusal.location).text
    stranger = client.application.test_client()
    theirs = stranger.get(come(stranger, fake, sub="x", email="x@x.example").location).text

    assert NO_WAY in mine
    assert re.sub('value="[^"]*"', "", mine) == re.sub('value="[^"]*"', "", theirs)
    denied = events(session, AuditAction.DENIED)
    assert [(each.table_name, each.row_key) for each in denied] == [("single sign-on", cast.ana.id)]


def test_the_address_is_asked_for_where_the_token_has_none(client, fake, cast, session):
    fake.says["/me"] = {"sub": "s-ana", "email": "ana@clinic.example", "email_verified": True}
    come(client, fake, email=None)
    assert is_in(client)

    other = client.application.test_client()
    fake.says["/me"] = {"sub": "s-ben", "email": "ben@clinic.example", "email_verified": True}
    assert why(other, come(other, fake, email=None, sub="s-x")) == NO_WAY


def test_who_vouches_for_an_address():
    ours = {"iss": "https://id.example", "email": "a@clinic.example", "email_verified": True}
    google = {**ours, "iss": "https://accounts.google.com"}
    microsoft = {**ours, "iss": "https://login.microsoftonline.com/t/v2.0", "email_verified": None}

    assert vouches(ours)
    assert not vouches(google)
    assert not vouches({**google, "hd": "other.example"})
    assert vouches({**google, "hd": "clinic.example"})
    assert vouches({**google, "email": "a@gmail.com"})
    assert not vouches(microsoft)
    assert vouches({**microsoft, "xms_edov": True})
    assert not vouches({**ours, "email_verified": 0, "xms_edov": True})


def test_a_new_key_of_the_provider_is_found(client, fake, cast):
    come(client, fake)
    client.post("/sign-out")
    with time_machine.travel("2030-01-01 00:00 +0000", tick=False):
        fake.published, fake.signer, fake.header = [key("one"), key("two")], key("two"), {"kid": "two"}
        assert come(client, fake).location == "/"


def test_a_client_secret_may_go_in_the_body(client, app, fake, cast):
    sent = []
    fake.description = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    fake.says["/token"] = lambda request: (
        sent.append(request.headers.get("Authorization")),
        reply(request, "{}"),
    )
    come(client, fake)

    assert sent == [None]


# ----------------------------------------------------------------------------------------- second factor


@pytest.fixture
def strict(cast, session):
    cast.renal.second_factor_required = True
    session.commit()
    return cast


@pytest.mark.parametrize("words", [{"oidc_second_factor": "amr:mfa,acr:gold"}])
@pytest.mark.parametrize("claims", [{"amr": ["pwd", "mfa"]}, {"acr": "gold"}], ids=str)
def test_a_second_factor_shown_there_counts(client, fake, strict, session, claims):
    assert come(client, fake, **claims).location == "/"

    shown = [each.new["shown"] for each in events(session, AuditAction.SIGNED_IN)]
    assert shown == ["single sign-on and second factor"]


@pytest.mark.parametrize("words", [{"oidc_second_factor": "amr:mfa,acr:gold"}])
@pytest.mark.parametrize(
    "claims",
    [{}, {"amr": ["pwd"]}, {"amr": "mfa"}, {"acr": "mfa"}, {"amr": ["gold"]}, {"acr": ["gold"]}],
    ids=str,
)
def test_anything_else_does_not(client, fake, strict, claims):
    location = come(client, fake, **claims).location

    assert location in {"/second-factor/set-up", "/sign-in/provider/refused"}
    assert not is_in(client)


def test_without_the_setting_nothing_counts(client, fake, strict):
    assert come(client, fake, amr=["mfa"], acr="gold").location == "/second-factor/set-up"


@pytest.mark.parametrize("words", [{"oidc_second_factor": "acr:gold"}])
def test_a_level_is_asked_for(client, fake, cast):
    assert parse_qs(urlsplit(away(client)).query)["acr_values"] == ["gold"]


@pytest.mark.parametrize("words", [{"oidc_second_factor": "amr:mfa"}])
def test_the_own_factor_is_asked_for_before_an_account_is_connected(client, app, fake, cast, session, travel):
    give_app(app, session, cast.ana)
    travel.shift(timedelta(minutes=2))

    assert come(client, fake, "/sign-in/provider?next=/payers/", amr=["mfa"]).location == "/sign-in/second"
    assert not is_in(client)
    assert session.scalars(select(ProviderLink)).all() == []
    assert client.post("/sign-in/second", data={"code": "000000"}).status_code == 422
    assert session.scalars(select(ProviderLink)).all() == []

    assert client.post("/sign-in/second", data={"code": code(session, cast.ana)}).location == "/payers/"
    assert session.scalars(select(ProviderLink.subject)).all() == ["s-ana"]
    shown = [each.new["shown"] for each in events(session, AuditAction.SIGNED_IN)]
    assert shown[-1] == "single sign-on and code"

    client.post("/sign-out")
    assert come(client, fake, amr=["mfa"]).location == "/"
    client.post("/sign-out")
    assert come(client, fake, amr=["pwd"]).location == "/sign-in/second"


def test_the_cookie_shows_nobody_who_they_are_there(client, app, fake, cast, session, travel):
    give_app(app, session, cast.ana)
    come(client, fake)
    kept = app.session_interface.get_signing_serializer(app).loads(client.get_cookie("tracker").value)

    assert "linking" in kept
    assert "s-ana" not in str(kept)


# -------------------------------------------------------------------------------------- shown once more


def grown_old(client, travel):
    for _ in range(2):
        travel.shift(timedelta(minutes=9))
        assert is_in(client)


def test_before_a_sensitive_page_the_provider_asks_again(client, fake, cast, session, travel):
    come(client, fake, sub="s-dana", email="dana@clinic.example")
    grown_old(client, travel)
    assert client.get("/people").location == "/confirm?next=/people"
    assert "Show it at Clinic ID" in client.get("/confirm?next=/people").text

    address = away(client, "/confirm/provider?next=/people")
    asked = parse_qs(urlsplit(address).query)
    answer = client.get(BACK, query_string=fake.grant(address, sub="s-dana", email=None))

    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    assert answer.location == "/people"
    assert client.get("/people").status_code == 200


@pytest.mark.parametrize(
    ("claims", "heading"),
    [
        ({"auth_time": None}, "You were not asked there"),
        ({"auth_time": 1}, "You were not asked there"),
        ({"auth_time": True}, "You were not asked there"),
        ({"sub": "s-ben", "email": "ben@clinic.example"}, "Somebody else"),
        ({"sub": "s-new", "email": "dana@clinic.example"}, "Somebody else"),
    ],
    ids=str,
)
def test_who_does_not_show_themselves_there_now_is_not_believed(
    client, fake, cast, session, travel, claims, heading
):
    come(client, fake, sub="s-dana", email="dana@clinic.example")
    grown_old(client, travel)

    answer = come(client, fake, "/confirm/provider?next=/people", **{"sub": "s-dana", **claims})

    assert why(client, answer) == heading
    assert client.get("/people").location == "/confirm?next=/people"
    assert events(session, AuditAction.DENIED)


def test_an_answer_for_the_one_before_does_not_confirm_the_next(client, fake, cast, session):
    come(client, fake, sub="s-dana", email="dana@clinic.example")
    address = away(client, "/confirm/provider")
    with client.session_transaction() as cookie:
        ticket = cookie["ticket"]
    client.post("/sign-out")
    come(client, fake)
    with client.session_transaction() as cookie:
        cookie["ticket"] = ticket

    assert (
        why(client, client.get(BACK, query_string=fake.grant(address, sub="s-dana"))) == "This took too long"
    )


def test_a_session_of_before_is_not_taken_for_a_sign_in_now(client, fake, cast):
    """Someone took `prompt=login` out of the address, at a computer where another had signed in."""
    assert why(client, come(client, fake, auth_time=1)) == "You were not asked there"
    assert come(client, fake, auth_time=None).location == "/"  # not every provider says when


@pytest.mark.parametrize("words", [{"oidc_prompt": "nothing"}])
def test_where_the_clinic_wants_it_the_provider_decides_when_to_ask(client, fake, cast):
    assert "prompt" not in parse_qs(urlsplit(away(client)).query)
    assert come(client, fake, auth_time=1).location == "/"


@pytest.mark.parametrize("words", [{"oidc_second_factor": "amr:mfa"}])
def test_a_password_alone_does_not_stand_in_for_two_factors_shown_there(client, fake, strict, travel):
    come(client, fake, sub="s-dana", email="dana@clinic.example", amr=["mfa"])
    grown_old(client, travel)
    assert 'type="password"' not in client.get("/confirm").text

    assert client.post("/confirm", data={"password": make.PASSWORD}).status_code == 422
    answer = come(client, fake, "/confirm/provider", sub="s-dana", amr=["pwd"])

    assert why(client, answer) == "A second factor is missing"
    assert come(client, fake, "/confirm/provider", sub="s-dana", amr=["mfa"]).location == "/"


def test_who_has_an_own_factor_shows_it_as_well(client, app, fake, cast, session, travel):
    give_app(app, session, cast.ana)
    travel.shift(timedelta(minutes=2))
    come(client, fake)
    client.post("/sign-in/second", data={"code": code(session, cast.ana)})

    assert come(client, fake, "/confirm/provider?next=/account").location == "/sign-in/second"
    assert not is_in(client)


# ---------------------------------------------------------------------------- leaving, connecting, removing


def test_signing_out_ends_our_session_and_leads_to_the_end_of_theirs(client, fake, cast, session):
    come(client, fake)

    answer = client.post("/sign-out")

    assert answer.location == "/sign-in/provider/out"
    assert session.scalars(select(WebSession)).all() == []
    there = urlsplit(client.get(answer.location).headers["Refresh"].removeprefix("0; url="))
    words = parse_qs(there.query)
    assert f"{there.scheme}://{there.netloc}{there.path}" == f"{fake.issuer}/end"
    assert words["from"] == ["here"]
    assert words["client_id"] == [CLIENT]
    assert words["post_logout_redirect_uri"] == [f"{current_app.extensions['settings'].address}/sign-in"]
    assert "id_token_hint" not in words


def test_where_the_provider_offers_no_end_it_is_said(client, fake, cast):
    fake.description = {"end_session_endpoint": None}
    come(client, fake)
    page = client.get(client.post("/sign-out").location)

    assert "Refresh" not in page.headers
    assert "You may still be signed in at Clinic ID" in page.text


def test_who_came_in_with_a_password_leaves_as_ever(app, cast, client):
    ana = crawling.browser(app, "ana")

    assert ana.post("/sign-out").location == "/sign-in"
    assert ana.get("/sign-in/provider/out").location == "/sign-in"


def test_an_account_is_connected_from_inside_whatever_the_address_there(app, fake, cast, session):
    ana = crawling.browser(app, "ana")
    assert "Connect it" in ana.get("/account").text

    answer = come(ana, fake, "/account/provider", sub="s-9", email="private@x.example", email_verified=False)

    assert answer.location == "/account"
    assert "connected" in ana.get("/account").text
    assert single_sign_on.link_of(session, cast.ana.id).subject == "s-9"


def test_one_person_there_is_one_person_here(app, client, fake, cast):
    come(client, fake)
    ben = crawling.browser(app, "ben")

    assert why(ben, come(ben, fake, "/account/provider")) == "Not connected"
    assert why(client, come(client, fake, "/account/provider", sub="s-2")) == "Not connected"


def test_an_administrator_sees_and_removes_it_and_it_does_not_come_back_by_itself(
    app, client, fake, cast, session
):
    come(client, fake)
    dana = crawling.browser(app, "dana")
    page = dana.get(f"/people/{cast.ana.id}").text
    assert re.search(r"</svg>connected</span>\s*<span>with Clinic ID since", page)
    assert re.findall(r"(not connected|connected)</span>", dana.get("/people").text) == [
        "connected",
        "not connected",
        "not connected",
    ]

    dana.post(f"/people/{cast.ana.id}/provider/remove")

    assert not is_in(client)
    assert why(client, come(client, fake)) == NO_WAY
    assert [each.row_key for each in events(session, AuditAction.REMOVED)] == [cast.ana.id]
    assert session.scalars(select(OutboxMessage.notice)).all()[-1] == "provider_removed"
    ana = crawling.browser(app, "ana")
    assert come(ana, fake, "/account/provider").location == "/account"
    assert come(client, fake).location == "/"


def test_a_person_made_anew_there_is_connected_again(app, client, fake, cast, session):
    come(client, fake)
    crawling.browser(app, "dana").post(f"/people/{cast.ana.id}/provider/remove")

    assert come(client, fake, sub="s-ana-2").location == "/"


def test_another_clinic_removes_nothing(app, client, fake, cast, session):
    come(client, fake, sub="s-cleo", email="cleo@clinic.example")
    dana = crawling.browser(app, "dana")

    assert dana.post(f"/people/{cast.cleo.id}/provider/remove").status_code == 404
    assert single_sign_on.link_of(session, cast.cleo.id) is not None
    assert crawling.browser(app, "ana").post(f"/people/{cast.ana.id}/provider/remove").status_code == 403


# ------------------------------------------------------------------------------------------ the sign-in page


def test_the_button_names_the_provider_and_needs_a_token(client, app, fake, cast):
    assert "Sign in with Clinic ID" in client.get("/sign-in?next=/account").text
    app.config["WTF_CSRF_ENABLED"] = True

    assert client.post("/sign-in/provider").status_code == 400
    assert client.post("/sign-in/provider", headers={"Origin": "https://evil.example"}).status_code == 400


def test_without_a_provider_there_is_none_of_this(settings, cast):
    app = create_app(settings.model_copy(update={"oidc_issuer": ""}))
    with app.app_context():
        app.config["WTF_CSRF_ENABLED"] = False
        client = app.test_client()

        for path in ("go", "back", "refused", "out"):
            assert client.get(f"/sign-in/provider/{path}").status_code == 404
        assert client.post("/sign-in/provider").status_code == 404


@pytest.mark.parametrize(
    ("wanted", "goal"),
    [
        ("/payers/", "/payers/"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/x\nSet-Cookie:a", "/"),
    ],
)
def test_the_way_on_stays_here(client, fake, cast, wanted, goal):
    address = away_with(client, wanted)

    assert client.get(BACK, query_string=fake.grant(address)).location == goal


def away_with(client, wanted):
    answer = client.post("/sign-in/provider", query_string={"next": wanted})
    return client.get(answer.location).headers["Refresh"].removeprefix("0; url=")


def test_what_goes_to_the_provider_is_exact_and_new_each_time(client, fake, cast):
    first, second = (parse_qs(urlsplit(away(client)).query) for _ in range(2))

    assert first["redirect_uri"] == [f"{current_app.extensions['settings'].address}{BACK}"]
    assert (first["response_type"], first["scope"]) == (["code"], ["openid email"])
    assert first["code_challenge_method"] == ["S256"]
    assert first["prompt"] == ["login"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name][0]) >= 43
        assert first[name] != second[name]


def test_two_pages_on_their_way_at_once_both_arrive(client, fake, cast):
    one, two = away(client), away(client)

    assert client.get(BACK, query_string=fake.grant(one, email="x@x.example", sub="x")).status_code == 303
    assert client.get(BACK, query_string=fake.grant(two)).location == "/"


@pytest.mark.parametrize("words", [{"oidc_password": "administrators"}])
def test_passwords_may_be_left_to_administrators(app, client, fake, cast):
    def knock(name, password=make.PASSWORD):
        return client.post("/sign-in", data={"email": f"{name}@clinic.example", "password": password})

    refused, wrong = knock("ana"), knock("ana", "x")

    assert refused.status_code == wrong.status_code == 422
    assert re.sub('value="[^"]*"', "", refused.text) == re.sub('value="[^"]*"', "", wrong.text)
    assert knock("dana").status_code == 303


def mails_to(app, address):
    send_due(office_of(app))
    folder = app.extensions["settings"].mail_folder
    mails = [message_from_bytes(path.read_bytes(), policy=SMTP) for path in folder.glob("*.eml")]
    return [
        part.get_content()
        for mail in mails
        if mail["To"] == address
        for part in mail.walk()
        if not part.is_multipart()
    ]


@pytest.mark.parametrize("words", [{"oidc_password": "administrators"}])
def test_an_invitation_says_where_to_sign_in_and_offers_no_password(app, fake, cast, session):
    dana = crawling.browser(app, "dana")
    assert "They sign in with Clinic ID" in dana.get("/people/add").text
    dana.post("/people/add", data={"email": "eve@clinic.example", "name": "Eve", "role": "lead"})
    session.rollback()
    text, html = mails_to(app, "eve@clinic.example")

    for each in (text, html):
        assert "sign in with Clinic ID" in each
        assert f"{app.extensions['settings'].address}/sign-in" in each
        assert not re.search(r"choose-password|Choose your password|good once", each)
    assert session.scalars(select(PasswordLink)).all() == []


@pytest.mark.parametrize("words", [{"oidc_password": "administrators"}])
def test_whoever_asks_for_a_password_there_is_told_where_to_sign_in(app, client, fake, cast, session):
    client.post("/forgot-password", data={"email": "ana@clinic.example"})
    client.post("/forgot-password", data={"email": "dana@clinic.example"})
    ana, dana = mails_to(app, "ana@clinic.example"), mails_to(app, "dana@clinic.example")

    assert all("sign in with Clinic ID" in each and "choose-password" not in each for each in ana)
    assert len(ana) == 2
    assert all("choose-password" in each for each in dana)
    assert session.scalars(select(PasswordLink.user_id)).all() == [cast.dana.id]


@pytest.mark.parametrize("words", [{}, {"oidc_password": "administrators"}])
def test_an_administrator_is_invited_to_choose_a_password(app, fake, cast, session, words):
    dana = crawling.browser(app, "dana")
    role = "administrator" if words else "lead"
    dana.post("/people/add", data={"email": "eve@clinic.example", "name": "Eve", "role": role})
    session.rollback()
    texts = mails_to(app, "eve@clinic.example")

    assert len(texts) == 2
    assert all("choose-password" in each and "Clinic ID" not in each for each in texts)


def test_who_came_in_by_it_is_no_longer_invited(app, client, fake, cast, session):
    cast.ana.password_hash = users.NO_PASSWORD
    session.commit()
    dana = crawling.browser(app, "dana")
    page = f"/people/{cast.ana.id}"
    assert "invited" in dana.get(page).text
    assert dana.post(f"{page}/invite").status_code == 303

    come(client, fake)

    assert "invited" not in dana.get(page).text
    assert "Send the link again" not in dana.get(page).text
    assert dana.post(f"{page}/invite").status_code == 422


def test_a_stranger_who_knocks_on_must_wait(client, fake, cast, travel):
    told = [why(client, come(client, fake, sub="x", email="x@x.example")) for _ in range(12)]

    assert told == [NO_WAY] * 10 + ["Too many tries"] * 2


def test_one_network_address_is_not_sent_there_without_end(client, fake, cast, travel):
    there = {"environ_base": {"REMOTE_ADDR": "203.0.113.7"}}
    goals = [client.post("/sign-in/provider", **there).location for _ in range(103)]

    assert goals.count("/sign-in/provider/go") == 100
    assert client.post("/sign-in/provider").location == "/sign-in/provider/go"
