"""Sessions: what begins one, what ends it, and that nothing outlives its end."""

import base64
from datetime import timedelta

import crawling
import pytest
import time_machine
from sqlalchemy import func, select

import make
from tracker.db import db
from tracker.models.audit import AuditEvent
from tracker.models.user import Membership, Role
from tracker.models.web_session import WebSession
from tracker.services import users, web_sessions

START = "2026-03-17 08:00 +0000"


@pytest.fixture
def ana(app, cast):
    return crawling.browser(app, "ana")


def cookie_of(client):
    return client.get_cookie("tracker").value


def replayed(app, value):
    """Another browser that holds a copied cookie."""
    thief = app.test_client()
    thief.set_cookie("tracker", value)
    return thief


def is_in(client):
    return client.get("/payers/").status_code == 200


def test_the_database_holds_no_secret_of_a_session(ana, session):
    with ana.session_transaction() as cookie:
        key = cookie["key"]
    row = session.scalars(select(WebSession)).one()

    assert len(key) >= 43
    assert row.key_hash == web_sessions.hashed(key)
    assert key not in str(vars(row))


def test_what_a_passkey_is_asked_is_long_and_asked_once(ana, session):
    row = session.scalars(select(WebSession)).one()

    asked = [web_sessions.take_challenge(session, row) for _ in range(50)]

    assert len(set(asked)) == 50
    assert {len(base64.urlsafe_b64decode(each + "=")) for each in asked} == {32}


def test_signing_in_gives_a_new_secret_and_ends_the_session_before(app, ana, session):
    before = cookie_of(ana)
    ana.post("/sign-in", data={"email": "ana@clinic.example", "password": make.PASSWORD})

    assert is_in(ana)
    assert not is_in(replayed(app, before))
    assert session.scalar(select(func.count()).select_from(WebSession)) == 1


def test_a_planted_secret_is_not_taken_over(app, cast):
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["key"] = "planted"
    client.post("/sign-in", data={"email": "ana@clinic.example", "password": make.PASSWORD})

    with client.session_transaction() as cookie:
        assert cookie["key"] != "planted"


def test_a_copied_cookie_is_worth_nothing_after_signing_out(app, ana):
    stolen = replayed(app, cookie_of(ana))
    assert is_in(stolen)

    ana.post("/sign-out")

    assert not is_in(stolen)


def test_showing_oneself_again_gives_a_new_secret(app, ana):
    before = cookie_of(ana)

    answer = ana.post("/confirm?next=/account", data={"password": make.PASSWORD})

    assert answer.location == "/account"
    assert is_in(ana)
    assert not is_in(replayed(app, before))


def test_a_quarter_of_an_hour_without_use_ends_it(app, cast):
    with time_machine.travel(START, tick=False) as travel:
        ana = crawling.browser(app, "ana")
        travel.shift(timedelta(minutes=14, seconds=59))
        assert is_in(ana)
        travel.shift(timedelta(minutes=15))

        assert not is_in(ana)


def test_use_keeps_it_open_until_twelve_hours(app, cast):
    with time_machine.travel(START, tick=False) as travel:
        ana = crawling.browser(app, "ana")
        for _ in range(51):
            travel.shift(timedelta(minutes=14))
            assert is_in(ana)
        travel.shift(timedelta(minutes=6))

        assert not is_in(ana)


@pytest.mark.parametrize("end", ["off", "password", "other browser", "everywhere else"])
def test_whatever_ends_a_session_ends_it_at_once(app, ana, cast, session, end):
    other = crawling.browser(app, "ana")
    assert is_in(other)
    if end == "off":
        users.switch(session, cast.ana, active=False)
        session.commit()
    elif end == "password":
        words = "quite another horse battery"
        typed = {"current": make.PASSWORD, "password": words, "again": words}
        assert ana.post("/account/password", data=typed).status_code == 303
    elif end == "other browser":
        mine = ana.get("/account").text
        row = next(row for row in session.scalars(select(WebSession)) if f"/sessions/{row.id}/end" in mine)
        ana.post(f"/account/sessions/{row.id}/end")
    else:
        ana.post("/account/sessions/end-others")

    assert not is_in(other)
    assert is_in(ana) is (end != "off")


def test_ending_sessions_asks_who_it_is(app, cast):
    with time_machine.travel(START, tick=False) as travel:
        ana = crawling.browser(app, "ana")
        for _ in range(2):
            travel.shift(timedelta(minutes=9))
            assert is_in(ana)
        other = crawling.browser(app, "ana")

        assert ana.post("/account/sessions/end-others").location == "/confirm"
        assert is_in(other)
        ana.post("/confirm", data={"password": make.PASSWORD})
        ana.post("/account/sessions/end-others")

        assert not is_in(other)
        assert is_in(ana)


def test_nobody_ends_the_session_of_someone_else(app, ana, session, cast):
    row = session.scalars(select(WebSession)).one()
    ben = crawling.browser(app, "ben")

    ben.post(f"/account/sessions/{row.id}/end")

    assert is_in(ana)


def test_the_list_of_sessions_shows_address_and_browser_and_no_more_than_is_known(app, cast):
    client = app.test_client()
    headers = {"User-Agent": "Mozilla/5.0 <b>\u00e9" + "x" * 500}
    client.post("/sign-in", data={"email": "ana@clinic.example", "password": make.PASSWORD}, headers=headers)

    page = client.get("/account").text

    assert "Mozilla/5.0 &lt;b&gt;" in page
    assert "127.0.0.1" in page


def test_sensitive_pages_ask_again_after_a_while(app, cast):
    with time_machine.travel(START, tick=False) as travel:
        dana = crawling.browser(app, "dana")
        assert dana.get("/people").status_code == 200
        travel.shift(timedelta(minutes=8))
        assert is_in(dana)
        travel.shift(timedelta(minutes=8))

        assert dana.get("/people").location == "/confirm?next=/people"
        assert dana.post(f"/people/{cast.ben.id}/off").location == "/confirm"
        assert dana.post("/confirm?next=/people", data={"password": "wrong"}).status_code == 422
        assert dana.post("/confirm?next=/people", data={"password": make.PASSWORD}).location == "/people"
        assert dana.get("/people").status_code == 200
    assert cast.ben.active


def test_another_clinic_is_opened_with_the_role_that_one_has_there(app, session, cast):
    session.add(Membership(clinic_id=cast.skin.id, user_id=cast.ana.id, role=Role.VIEWER))
    session.commit()
    ana = crawling.browser(app, "ana")
    assert "Skin clinic" in ana.get("/account").text

    ana.post("/account/clinic", data={"clinic": cast.skin.id})

    page = ana.get("/payers/").text
    assert "Skin clinic" in page
    assert ana.post("/payers/new", data={"name": "Acme"}).status_code == 403
    ana.post("/account/clinic", data={"clinic": cast.renal.id})
    assert ana.post("/payers/new", data={"name": "Acme"}).status_code == 303
    assert session.scalars(select(AuditEvent.clinic_id).where(AuditEvent.table_name == "payer")).all() == [
        cast.renal.id
    ]


def test_a_clinic_that_is_not_ones_own_cannot_be_opened(ana, cast):
    assert ana.post("/account/clinic", data={"clinic": cast.skin.id}).status_code == 404
    assert ana.post("/account/clinic", data={"clinic": "x"}).status_code == 404


def test_a_membership_that_ends_ends_what_is_open(app, session, cast):
    row = make.save(session, Membership(clinic_id=cast.skin.id, user_id=cast.ana.id, role=Role.LEAD))
    session.commit()
    ana = crawling.browser(app, "ana")
    ana.post("/account/clinic", data={"clinic": cast.skin.id})
    assert is_in(ana)
    session.delete(row)
    session.commit()

    assert not is_in(ana)


def test_a_name_is_changed_and_the_change_is_recorded(ana, session, cast):
    assert ana.post("/account/name", data={"name": ""}).status_code == 422
    assert ana.post("/account/name", data={"name": "Ana Ruiz"}).status_code == 303
    session.expire_all()

    assert cast.ana.name == "Ana Ruiz"
    assert session.scalars(select(AuditEvent.new).where(AuditEvent.table_name == "app_user")).all() == [
        {"name": "Ana Ruiz"}
    ]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"current": "wrong"}, "not your password"),
        ({"again": "something else entirely"}, "not the same"),
        ({"password": "short", "again": "short"}, "at least 15 characters"),
        ({"password": "passwordpassword1", "again": "passwordpassword1"}, "first that are tried"),
    ],
)
def test_a_password_is_not_changed_for_a_weak_or_mistyped_one(ana, cast, typed, words):
    good = "quite another horse battery"
    answer = ana.post(
        "/account/password", data={"current": make.PASSWORD, "password": good, "again": good, **typed}
    )

    assert answer.status_code == 422
    assert words in answer.text
    db.session.rollback()
    assert users.authenticate(db.session, "ana@clinic.example", make.PASSWORD)
