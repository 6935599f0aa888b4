"""The second factor: asked for, set up, used once, lost and replaced."""

import base64
import random
import re
import string
from datetime import timedelta

import crawling
import pytest
import time_machine
from argon2 import PasswordHasher
from flask import current_app
from flask_security import Totp
from passlib.totp import TOTP
from sqlalchemy import select

import make
from tracker import clock
from tracker.models.audit import AuditAction, AuditEvent
from tracker.models.outbox import OutboxMessage
from tracker.models.second_factor import AuthenticatorApp, RecoveryCode
from tracker.models.user import User
from tracker.services import app_secrets, second_factors, users
from tracker.web import authenticator

START = "2026-03-17 08:00:05 +0000"


@pytest.fixture
def travel():
    with time_machine.travel(START, tick=False) as moved:
        yield moved


@pytest.fixture
def strict(session, cast, travel):
    """The renal clinic asks for a second factor."""
    cast.renal.second_factor_required = True
    session.commit()
    return cast


def knock(client, **more):
    data = {"email": "ana@clinic.example", "password": make.PASSWORD, **more}
    return client.post("/sign-in", data=data)


def code(session, name="ana", ahead=0):
    """What the app on the telephone shows now; its clock may be some seconds ahead."""
    user = users.by_email(session, f"{name}@clinic.example")
    row = session.get(AuthenticatorApp, user.id, populate_existing=True)
    app = TOTP.from_source(authenticator.plain_secret(row))
    return app.generate(clock.now() + timedelta(seconds=ahead)).token


def set_up(client, session):
    """Sign in, set up the app; the recovery codes."""
    knock(client)
    client.post("/second-factor/app/start")
    answer = client.post("/second-factor/app", data={"code": code(session)})
    assert answer.location == "/second-factor/codes", answer.text
    return re.findall(
        r"<code>([0-9a-z]{4}(?:-[0-9a-z]{4}){6})</code>", client.get("/second-factor/codes").text
    )


def test_a_clinic_that_asks_leads_to_the_set_up_and_opens_nothing_before(client, strict, session):
    assert knock(client).location == "/second-factor/set-up"
    assert client.get("/patients").location == "/second-factor/set-up"
    assert client.get("/account").location == "/second-factor/set-up"
    assert session.scalars(select(AuditEvent)).all() == []

    codes = set_up(client, session)

    assert client.get("/patients").status_code == 200
    assert len(codes) == len(set(codes)) == 10


def test_recovery_codes_are_shown_once_and_kept_as_hashes(client, strict, session):
    codes = set_up(client, session)

    assert client.get("/second-factor/codes").location == "/account"
    kept = session.scalars(select(RecoveryCode.code_hash)).all()
    assert len(kept) == 10
    assert not set(kept) & set(codes)


def test_the_cookie_shows_no_recovery_code(client, strict, session):
    knock(client)
    client.post("/second-factor/app/start")
    client.post("/second-factor/app", data={"code": code(session)})
    cookie = client.get_cookie("tracker").value
    kept = client.application.session_interface.get_signing_serializer(client.application).loads(cookie)
    codes = re.findall(r"<code>([0-9a-z-]{34})</code>", client.get("/second-factor/codes").text)

    assert len(codes) == 10
    assert "codes" in kept
    assert not any(each in str(kept) or each[:14] in str(kept) for each in codes)


def test_no_step_of_a_sign_in_makes_a_cookie_too_large(client, strict, session):
    """ASVS 5.0, 3.3.5: browsers drop a cookie of more than 4,096 bytes, name and value together."""
    way_on = "/" + "".join(random.Random(7).choices(string.ascii_letters + string.digits, k=1_999))
    sizes = []

    def size():
        cookie = client.get_cookie("tracker")
        sizes.append(len("__Host-tracker") + len(cookie.value))

    client.post(f"/sign-in?next={way_on}", data={"email": "ana@clinic.example", "password": make.PASSWORD})
    size()
    client.post("/second-factor/app/start")
    client.get("/second-factor/app")
    size()
    client.post("/second-factor/app", data={"code": code(session)})
    size()
    client.get("/second-factor/codes")
    client.post("/second-factor/codes/new")
    size()

    assert max(sizes) > 1_999  # the way on was in it
    assert max(sizes) <= 4_096, sizes


def test_the_password_alone_opens_nothing_any_more(client, strict, session):
    set_up(client, session)
    other = client.application.test_client()

    assert knock(other).location == "/sign-in/second"
    for path in ("/patients", "/account", "/second-factor/set-up", "/second-factor/app"):
        assert other.get(path).location == "/sign-in/second", path
    assert other.post("/second-factor/app/start").location == "/sign-in/second"
    assert other.post("/second-factor/passkeys", data={"name": "x"}).location == "/sign-in/second"


def test_the_code_of_the_app_opens_and_leads_on_to_where_one_wanted(client, strict, session, travel):
    set_up(client, session)
    travel.shift(timedelta(minutes=2))
    other = client.application.test_client()
    other.post("/sign-in?next=/patients", data={"email": "ana@clinic.example", "password": make.PASSWORD})

    assert other.post("/sign-in/second", data={"code": "12 34 56"}).status_code == 422
    assert other.post("/sign-in/second", data={"code": code(session)}).location == "/patients"
    assert other.get("/patients").status_code == 200


def test_the_secret_of_the_session_changes_with_the_second_step(client, strict, session, travel):
    set_up(client, session)
    travel.shift(timedelta(minutes=2))
    other = client.application.test_client()
    knock(other)
    before = other.get_cookie("tracker").value
    other.post("/sign-in/second", data={"code": code(session)})

    thief = client.application.test_client()
    thief.set_cookie("tracker", before)

    assert thief.get("/patients").location.startswith("/sign-in")


def test_a_set_up_that_waited_elsewhere_is_no_way_around_the_factor(client, strict, session):
    """A thief of the password was at the set-up page when its owner finished theirs."""
    thief = client.application.test_client()
    assert knock(thief).location == "/second-factor/set-up"
    set_up(client, session)

    assert thief.get("/second-factor/set-up").location == "/sign-in"
    assert thief.post("/second-factor/passkeys", data={"name": "x", "passkey": "{}"}).location == "/sign-in"
    assert thief.post("/second-factor/app/start").location == "/sign-in"
    assert thief.get("/patients").status_code == 303


def test_a_secret_that_another_browser_asked_for_is_neither_shown_nor_taken(client, strict, session):
    """Else a thief of the password would know what the owner's app holds from then on."""
    thief = client.application.test_client()
    knock(client)
    knock(thief)
    client.post("/second-factor/app/start")
    assert client.get("/second-factor/app").status_code == 200

    assert thief.get("/second-factor/app").location == "/second-factor/set-up"
    thief.post("/second-factor/app/start")
    assert thief.get("/second-factor/app").status_code == 200
    assert client.get("/second-factor/app").location == "/second-factor/set-up"
    answer = client.post("/second-factor/app", data={"code": code(session)})
    assert answer.location == "/second-factor/set-up"
    client.post("/second-factor/app/start")
    assert client.get("/second-factor/app").status_code == 200


def test_a_new_password_is_no_way_around_showing_both_factors_again(client, strict, session, travel):
    set_up(client, session)
    travel.shift(timedelta(minutes=14))
    client.get("/patients")
    travel.shift(timedelta(minutes=2))
    assert client.get("/second-factor/codes").location == "/account"
    form = {"current": make.PASSWORD, "password": "stapled battery horse", "again": "stapled battery horse"}
    assert client.post("/account/password", data=form).location == "/account"

    assert client.get("/patients").status_code == 200
    assert client.post("/second-factor/app/remove").location.startswith("/confirm")
    assert client.post("/second-factor/codes/new").location.startswith("/confirm")
    assert client.get("/second-factor/set-up").location.startswith("/confirm")


def test_a_new_password_does_not_lengthen_the_day(client, strict, session, travel):
    set_up(client, session)
    for _ in range(71):
        travel.shift(timedelta(minutes=10))
        assert client.get("/payers/").status_code == 200
    form = {"current": make.PASSWORD, "password": "stapled battery horse", "again": "stapled battery horse"}
    client.post("/account/password", data=form)
    travel.shift(timedelta(minutes=9))
    assert client.get("/payers/").status_code == 200
    travel.shift(timedelta(minutes=2))

    assert client.get("/payers/").status_code == 303


def test_a_code_counts_once(client, strict, session, travel):
    set_up(client, session)
    shown = code(session)  # the one that set the app up
    other = client.application.test_client()
    knock(other)
    assert other.post("/sign-in/second", data={"code": shown}).status_code == 422
    travel.shift(timedelta(seconds=60))
    fresh = code(session)
    assert other.post("/sign-in/second", data={"code": fresh}).status_code == 303

    third = client.application.test_client()
    knock(third)

    assert third.post("/sign-in/second", data={"code": fresh}).status_code == 422


@pytest.mark.parametrize(("seconds", "status"), [(24, 303), (25, 422), (85, 422)])
def test_a_code_has_half_a_minute(client, strict, session, travel, seconds, status):
    set_up(client, session)
    travel.shift(timedelta(seconds=60))
    shown = code(session)
    travel.shift(timedelta(seconds=seconds))
    other = client.application.test_client()
    knock(other)

    assert other.post("/sign-in/second", data={"code": shown}).status_code == status


def sign_in_with(client, code):
    other = client.application.test_client()
    knock(other)
    return other.post("/sign-in/second", data={"code": code}).status_code


def test_whoever_was_slow_types_the_next_one(client, strict, session, travel):
    set_up(client, session)
    travel.shift(timedelta(seconds=60))
    shown = code(session)
    travel.shift(timedelta(seconds=30))

    assert sign_in_with(client, shown) == 422
    assert sign_in_with(client, code(session)) == 303


@pytest.mark.parametrize("ahead", [-60, -20, 30, 60])
def test_two_codes_in_a_row_show_how_the_telephones_clock_goes(client, strict, session, travel, ahead):
    set_up(client, session)
    travel.shift(timedelta(seconds=120))
    assert sign_in_with(client, code(session, ahead=ahead)) == 422
    travel.shift(timedelta(seconds=30))
    assert sign_in_with(client, code(session, ahead=ahead)) == 303

    travel.shift(timedelta(seconds=60))
    assert sign_in_with(client, code(session)) == 422, "the half minute of that telephone is another"
    travel.shift(timedelta(seconds=120))
    assert sign_in_with(client, code(session, ahead=ahead)) == 303


@pytest.mark.parametrize(
    ("first", "wait", "then"),
    [(-30, 360, -30), (-30, 60, 30), (-30, 60, -60), (-90, 30, -90)],
    ids=["long after", "off the other way", "off by more", "off by too much"],
)
def test_two_codes_that_do_not_belong_together_show_nothing(
    client, strict, session, travel, first, wait, then
):
    set_up(client, session)
    travel.shift(timedelta(seconds=300))
    assert sign_in_with(client, code(session, ahead=first)) == 422
    travel.shift(timedelta(seconds=wait))

    assert sign_in_with(client, code(session, ahead=then)) == 422


def test_the_same_refused_code_twice_is_not_two(client, strict, session, travel):
    set_up(client, session)
    travel.shift(timedelta(seconds=120))
    late = code(session, ahead=-30)

    assert [sign_in_with(client, late) for _ in range(2)] == [422, 422]


def test_a_telephone_that_is_slow_can_be_set_up(client, strict, session, travel):
    knock(client)
    client.post("/second-factor/app/start")

    assert client.post("/second-factor/app", data={"code": code(session, ahead=-40)}).status_code == 422
    travel.shift(timedelta(seconds=30))
    answer = client.post("/second-factor/app", data={"code": code(session, ahead=-40)})
    assert answer.location == "/second-factor/codes"


def test_a_recovery_code_opens_once_however_it_is_typed(client, strict, session):
    first, second, *_ = set_up(client, session)
    for typed, status in ((first.upper().replace("-", " "), 303), (first, 422), (second, 303)):
        other = client.application.test_client()
        knock(other)
        assert other.post("/sign-in/second", data={"code": typed}).status_code == status
    assert second_factors.codes_left(session, strict.ana.id) == 8


def test_ten_wrong_codes_and_the_password_is_asked_again(client, strict, session, travel):
    set_up(client, session)
    other = client.application.test_client()
    knock(other)
    answers = []
    for _ in range(10):
        answers.append(other.post("/sign-in/second", data={"code": "000000"}))
        travel.shift(timedelta(seconds=40))

    assert [answer.status_code for answer in answers] == [422] * 9 + [303]
    assert answers[-1].location == "/sign-in"
    knock(other)
    travel.shift(timedelta(seconds=40))
    assert other.post("/sign-in/second", data={"code": code(session)}).status_code == 429


def test_before_a_sensitive_page_both_factors_are_asked_for(client, strict, session, travel):
    set_up(client, session)
    for _ in range(2):
        travel.shift(timedelta(minutes=9))
        assert client.get("/patients").status_code == 200
    assert client.post("/second-factor/codes/new").location == "/confirm"

    told = client.post("/confirm?next=/account", data={"password": make.PASSWORD})

    assert told.location == "/sign-in/second"
    assert client.get("/patients").location == "/sign-in/second"
    assert client.post("/sign-in/second", data={"code": code(session)}).location == "/account"
    assert client.post("/second-factor/codes/new").location == "/second-factor/codes"


def test_the_second_factor_once_more_is_not_put_off(client, strict, session, travel):
    set_up(client, session)
    client.post("/confirm", data={"password": make.PASSWORD})
    travel.shift(timedelta(minutes=10))

    assert client.get("/sign-in/second").location == "/sign-in"


def test_a_wrong_code_is_on_record_and_so_is_what_was_shown(client, strict, session, travel):
    set_up(client, session)
    travel.shift(timedelta(minutes=2))
    other = client.application.test_client()
    knock(other)
    other.post("/sign-in/second", data={"code": "000000"})
    other.post("/sign-in/second", data={"code": code(session)})

    events = session.scalars(select(AuditEvent).order_by(AuditEvent.number)).all()

    refused = [each for each in events if each.action is AuditAction.DENIED]
    assert [(each.table_name, each.row_key) for each in refused] == [("second factor", strict.ana.id)]
    shown = [each.new["shown"] for each in events if each.action is AuditAction.SIGNED_IN]
    assert shown == ["password and new authenticator app", "password and code"]


def test_half_way_there_is_no_time_to_lose(client, strict, session, travel):
    set_up(client, session)
    other = client.application.test_client()
    knock(other)
    travel.shift(timedelta(minutes=10))

    assert other.get("/sign-in/second").location == "/sign-in"


def test_the_last_factor_stays_where_the_clinic_asks_for_one(client, strict, session):
    set_up(client, session)

    answer = client.post("/second-factor/app/remove")

    assert answer.status_code == 422
    assert "Add another one" in answer.text
    assert second_factors.has_any(session, strict.ana.id)


def test_where_nobody_asks_a_factor_can_be_taken_and_left(client, cast, session, travel):
    knock(client)
    client.post("/second-factor/app/start")
    client.post("/second-factor/app", data={"code": code(session)})
    assert second_factors.has_any(session, cast.ana.id)

    assert client.post("/second-factor/app/remove").location == "/account"

    assert not second_factors.has_any(session, cast.ana.id)
    assert second_factors.codes_left(session, cast.ana.id) == 0


SHORT = "9k#vTq2!"


@pytest.fixture
def short(client, cast, session, travel):
    """Nobody asks for a factor; Ana has an app all the same, and a password that is enough beside it."""
    set_up(client, session)
    form = {"current": make.PASSWORD, "password": SHORT, "again": SHORT}
    assert client.post("/account/password", data=form).location == "/account"
    return client


def test_a_short_password_does_not_come_to_stand_alone(short, session):
    travelled = short.post("/second-factor/app/remove")
    assert travelled.status_code == 422
    assert "15 characters" in travelled.text
    form = {"current": SHORT, "password": make.PASSWORD, "again": make.PASSWORD}
    assert short.post("/account/password", data=form).location == "/account"

    assert short.post("/second-factor/app/remove").location == "/account"


def test_who_lost_the_factor_beside_a_short_password_sets_up_another(app, short, cast):
    dana = crawling.browser(app, "dana")
    assert dana.post(f"/people/{cast.ana.id}/second-factor/forget").status_code == 303

    assert knock(short, password=SHORT).location == "/second-factor/set-up"


def test_a_short_password_of_the_release_before_is_known_when_it_is_typed(app, short, cast, session):
    session.execute(User.__table__.update().values(password_is_short=False))
    session.commit()
    dana = crawling.browser(app, "dana")
    dana.post(f"/people/{cast.ana.id}/second-factor/forget")

    assert knock(short, password=SHORT).location == "/second-factor/set-up"
    assert knock(short).status_code == 422


def test_new_codes_make_the_old_worthless(client, strict, session):
    old = set_up(client, session)[0]

    assert client.post("/second-factor/codes/new").location == "/second-factor/codes"

    other = client.application.test_client()
    knock(other)
    assert other.post("/sign-in/second", data={"code": old}).status_code == 422


def test_each_change_is_recorded_and_told_to_its_person(client, strict, session):
    set_up(client, session)

    told = session.scalars(select(OutboxMessage.notice)).all()
    new = session.scalars(select(AuditEvent.new).where(AuditEvent.action == AuditAction.CHANGED)).all()
    assert told == ["factors_changed"]
    assert new == [{"second_factor": "authenticator app added"}]


def test_the_secret_of_the_app_is_not_readable_in_the_database(client, strict, session):
    set_up(client, session)
    row = session.scalars(select(AuthenticatorApp)).one()
    plain = current_app.extensions["authenticator"].get_totp_b32_key(authenticator.plain_secret(row))

    assert plain not in row.secret
    assert plain.encode() not in base64.urlsafe_b64decode(row.secret.rpartition(".")[2])


def test_the_demo_signs_in_in_one_step(client, cast, session, travel):
    cast.renal.second_factor_required = cast.renal.is_demo = True
    session.commit()

    assert knock(client).location == "/"


def test_a_clinic_made_on_the_command_line_asks_for_one(client, strict, session):
    assert type(strict.renal)(name="Real").second_factor_required is None  # the column's default decides
    clinic = make.save(session, type(strict.renal)(name="Real"))

    assert clinic.second_factor_required


@pytest.mark.parametrize(
    "answer", ["", "{}", "[]", "null", '{"id": "x"}', "[" * 9000, '{"id": null, "response": 1}']
)
def test_a_broken_passkey_answer_is_refused_and_is_no_failure(client, strict, session, answer):
    set_up(client, session)
    other = client.application.test_client()
    knock(other)

    sent = other.post("/sign-in/second", data={"passkey": answer, "code": ""})

    assert sent.status_code == 422
    added = client.post("/second-factor/passkeys", data={"name": "Key", "passkey": answer})
    assert added.status_code == 422


def test_flask_security_brings_no_route_and_no_session(app):
    assert not [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("security")]
    assert "security" not in app.extensions


def test_an_administrator_asks_one_person_for_a_factor_and_forgets_a_lost_one(app, cast, session, travel):
    dana = crawling.browser(app, "dana")
    assert dana.post(f"/people/{cast.ana.id}/second-factor/require").status_code == 303
    ana = app.test_client()
    set_up(ana, session)
    assert ana.get("/patients").status_code == 200

    assert dana.post(f"/people/{cast.ana.id}/second-factor/forget").status_code == 303

    assert ana.get("/patients").location.startswith("/sign-in")
    assert knock(ana).location == "/second-factor/set-up"


def test_what_is_sealed_for_a_cookie_opens_for_ten_minutes_and_unchanged(app, travel):
    sealed = authenticator.seal(["one", "two"])

    assert authenticator.unseal(sealed) == ["one", "two"]
    assert authenticator.unseal(sealed[:-6] + "AAAAA=") == ()
    travel.shift(timedelta(minutes=9, seconds=59))
    assert authenticator.unseal(sealed) == ["one", "two"]
    travel.shift(timedelta(seconds=1))
    assert authenticator.unseal(sealed) == ()
    for nothing in (None, "", "x.y.z"):
        assert authenticator.unseal(nothing) == ()


def test_a_row_of_the_release_before_opens_and_is_sealed(client, strict, session, travel):
    """Written as it was then: encrypted by passlib, with a key made from the secret key."""
    set_up(client, session)
    row = session.scalars(select(AuthenticatorApp)).one()
    secret_key = current_app.extensions["settings"].secret_key
    then = Totp({"1": app_secrets.earlier_key(secret_key)}, "PA tracker")
    row.secret = then.generate_totp_secret()
    session.commit()
    travel.shift(timedelta(minutes=2))
    other = client.application.test_client()
    knock(other)

    shown = then.generate_totp_password(row.secret)
    assert other.post("/sign-in/second", data={"code": shown}).status_code == 303

    session.refresh(row)
    assert not app_secrets.is_earlier(row)
    assert shown == code(session)


def test_another_persons_secret_in_the_row_opens_nothing(client, strict, session, travel):
    """Whoever can write to the database and has an app of their own."""
    set_up(client, session)
    thief = client.application.test_client()
    thief.post("/sign-in", data={"email": "ben@clinic.example", "password": make.PASSWORD})
    thief.post("/second-factor/app/start")
    shown = code(session, "ben")
    bens = session.get(AuthenticatorApp, strict.ben.id).secret
    session.get(AuthenticatorApp, strict.ana.id).secret = bens
    session.commit()
    other = client.application.test_client()
    knock(other)

    assert other.post("/sign-in/second", data={"code": shown}).status_code == 422


def test_an_app_that_waits_and_cannot_be_read_starts_anew(client, strict, session):
    knock(client)
    client.post("/second-factor/app/start")
    session.scalars(select(AuthenticatorApp)).one().secret = "gcm1.000000000000.AAAA"
    session.commit()
    assert client.get("/second-factor/app").location == "/second-factor/set-up"

    assert len(set_up(client, session)) == 10


def test_a_password_hash_of_weaker_parameters_is_renewed_at_the_sign_in(client, cast, session, monkeypatch):
    before = cast.ana.password_hash
    stronger = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    monkeypatch.setattr(users, "hasher", stronger)

    assert knock(client, password="wrong").status_code == 422
    session.refresh(cast.ana)
    assert cast.ana.password_hash == before
    assert knock(client).status_code == 303

    session.refresh(cast.ana)
    assert not stronger.check_needs_rehash(cast.ana.password_hash)
    assert stronger.verify(cast.ana.password_hash, make.PASSWORD)
    renewed = cast.ana.password_hash
    assert knock(client).status_code == 303
    session.refresh(cast.ana)
    assert cast.ana.password_hash == renewed


def test_a_cookie_signed_by_an_old_key_signs_nobody_in(client, cast, settings):
    knock(client)
    cookie = client.get_cookie("tracker").value
    assert client.get("/patients").status_code == 200
    new = {"secret_key": "Zt5uB9wE2xR7yG4nH8mJ1kL6pQ3sVcDa", "old_secret_keys": settings.secret_key + "\n"}
    client.application.secret_key = new["secret_key"]
    assert settings.model_copy(update=new).secret_keys == (new["secret_key"], settings.secret_key)

    client.set_cookie("tracker", cookie)

    assert client.get("/patients").location.startswith("/sign-in")
