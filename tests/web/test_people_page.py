"""The page of the people: invite, give a role, switch off, unlock; never beyond one's own clinic."""

import re
from datetime import timedelta
from email import message_from_bytes
from email.policy import SMTP

import crawling
import pytest
import time_machine
from sqlalchemy import select

import make
from tracker.jobs.mailer import send_due
from tracker.models.audit import AuditEvent
from tracker.models.user import Membership, Role, User
from tracker.serving import office_of
from tracker.web.account import browser_name

NEW = "quite another horse battery"


@pytest.fixture
def dana(app, cast):
    return crawling.browser(app, "dana")


def invite(client, email="eve@clinic.example", **more):
    return client.post("/people/add", data={"email": email, "name": "Eve", "role": "lead", **more})


def test_everyone_is_listed_with_role_and_state_and_nobody_of_another_clinic(dana, cast):
    page = dana.get("/people").text

    assert all(email in page for email in ("ana@clinic.example", "ben@clinic.example", "dana@clinic.example"))
    assert "cleo@clinic.example" not in page


def test_who_is_invited_chooses_a_password_and_comes_in(app, dana, session):
    assert invite(dana).location == "/people"
    assert "invited" in dana.get("/people").text
    client = app.test_client()
    sign_in = {"email": "eve@clinic.example", "password": "!"}
    assert client.post("/sign-in", data=sign_in).status_code == 422
    session.rollback()
    send_due(office_of(app))
    (mail,) = app.extensions["settings"].mail_folder.glob("*.eml")
    text = message_from_bytes(mail.read_bytes(), policy=SMTP).get_body(("plain",)).get_content()
    code = re.search(r"/choose-password#([\w-]+)", text)[1]

    answer = client.post("/choose-password", data={"code": code, "password": NEW, "again": NEW})
    assert answer.status_code == 303, answer.text

    assert client.post("/sign-in", data=sign_in | {"password": NEW}).location == "/"
    assert session.scalars(select(User.role).where(User.name == "Eve")).one() is Role.LEAD


def test_an_invitation_can_be_sent_again_until_there_is_a_password(dana, session, cast):
    invite(dana)
    eve = session.scalars(select(User.id).where(User.name == "Eve")).one()

    assert dana.post(f"/people/{eve}/invite").status_code == 303
    assert dana.post(f"/people/{cast.ana.id}/invite").status_code == 422


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"email": "ana@clinic.example"}, "already works here"),
        ({"email": "nonsense"}, "Give an e-mail address"),
        ({"email": "a@b.example\r\nBcc: c@d.example"}, "Give an e-mail address"),
        ({"name": ""}, "Type the name."),
        ({"role": "king"}, "Choose one of the list."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(dana, typed, words):
    answer = invite(dana, **typed)

    assert answer.status_code == 422
    assert words in answer.text
    assert "Eve" in answer.text or "name" in typed


def test_someone_of_another_clinic_is_let_in_here_and_keeps_the_home(app, dana, session, cast):
    assert invite(dana, "cleo@clinic.example").location == "/people"
    row = session.scalars(select(Membership)).one()
    assert (row.clinic_id, row.user_id, row.role) == (cast.renal.id, cast.cleo.id, Role.LEAD)
    page = dana.get(f"/people/{cast.cleo.id}").text
    assert "Belongs to another clinic" in page

    for act in ("unlock", "second-factor/require", "second-factor/forget", "invite"):
        assert dana.post(f"/people/{cast.cleo.id}/{act}").status_code == 404
    assert dana.post(f"/people/{cast.cleo.id}", data={"role": "viewer"}).status_code == 303
    assert dana.post(f"/people/{cast.cleo.id}/off").location == "/people"
    session.expire_all()

    assert cast.cleo.active
    assert session.scalars(select(Membership)).all() == []
    assert crawling.browser(app, "cleo").get("/payers/").status_code == 200


def test_whoever_is_let_in_is_told_from_home(app, dana, session, cast):
    invite(dana, "cleo@clinic.example")
    session.rollback()
    send_due(office_of(app))

    (mail,) = app.extensions["settings"].mail_folder.glob("*.eml")
    letter = message_from_bytes(mail.read_bytes(), policy=SMTP)
    assert letter["To"] == "cleo@clinic.example"
    assert letter["Subject"] == "[PA tracker] You can work in one more clinic"
    text = letter.get_body(("plain",)).get_content()
    assert "Besides Skin clinic" in text
    assert any(word.endswith("/account") for word in text.split())
    assert "choose-password" not in text


def test_a_role_counts_from_the_next_request(app, dana, session, cast):
    ben = crawling.browser(app, "ben")
    assert ben.post("/payers/new", data={"name": "Acme"}).status_code == 303

    dana.post(f"/people/{cast.ben.id}", data={"role": "viewer"})

    assert ben.post("/payers/new", data={"name": "Beacon"}).status_code == 403
    old, new = session.execute(
        select(AuditEvent.old, AuditEvent.new).where(AuditEvent.table_name == "app_user")
    ).one()
    assert (old, new) == ({"role": "coordinator"}, {"role": "viewer"})


def test_the_last_administrator_stays(app, dana, session, cast):
    assert dana.post(f"/people/{cast.dana.id}", data={"role": "lead"}).status_code == 422
    assert dana.post(f"/people/{cast.dana.id}/off").status_code == 422
    dana.post(f"/people/{cast.ben.id}", data={"role": "administrator"})

    assert dana.post(f"/people/{cast.dana.id}", data={"role": "lead"}).status_code == 303
    assert dana.get("/people").status_code == 403


def test_off_is_off_at_once_and_on_again(app, dana, cast):
    ben = crawling.browser(app, "ben")

    dana.post(f"/people/{cast.ben.id}/off")

    assert ben.get("/payers/").location.startswith("/sign-in")
    dana.post(f"/people/{cast.ben.id}/on")
    assert crawling.browser(app, "ben").get("/payers/").status_code == 200


def test_someone_is_signed_out_everywhere_and_can_come_back(app, dana, session, cast):
    ben = crawling.browser(app, "ben")

    assert dana.post(f"/people/{cast.ben.id}/sessions/end").location == f"/people/{cast.ben.id}"

    assert ben.get("/payers/").location.startswith("/sign-in")
    assert crawling.browser(app, "ben").get("/payers/").status_code == 200
    assert session.scalars(select(AuditEvent.new)).all().count({"sessions": "ended"}) == 1


def test_a_locked_sign_in_is_seen_and_opened(app, cast):
    with time_machine.travel("2026-03-17 08:00 +0000", tick=False) as travel:
        stranger = app.test_client()
        for _ in range(10):
            stranger.post("/sign-in", data={"email": "ben@clinic.example", "password": "wrong"})
            travel.shift(timedelta(seconds=40))
        dana = crawling.browser(app, "dana")
        assert "locked" in dana.get("/people").text

        dana.post(f"/people/{cast.ben.id}/unlock")

        assert "locked" not in dana.get("/people").text
        assert crawling.browser(app, "ben").get("/payers/").status_code == 200


def test_the_clinic_asks_everyone_for_a_second_factor(app, dana, session, cast):
    assert dana.post("/people/second-factor", data={"required": "y"}).location == "/people"
    answer = app.test_client().post(
        "/sign-in", data={"email": "ben@clinic.example", "password": make.PASSWORD}
    )
    assert answer.location == "/second-factor/set-up"

    dana.post("/people/second-factor", data={})
    session.expire_all()

    assert not cast.renal.second_factor_required


def test_the_bar_opens_the_other_clinics_of_a_person(app, session, cast):
    assert "Open Skin clinic" not in crawling.browser(app, "ana").get("/payers/").text
    session.add(Membership(clinic_id=cast.skin.id, user_id=cast.ana.id, role=Role.VIEWER))
    session.commit()

    assert "Open Skin clinic" in crawling.browser(app, "ana").get("/payers/").text


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36",
            "Chrome on Windows",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/156.0 Safari/537.36 Edg/156.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) Version/19.0 Safari/605.1", "Safari on Mac OS X"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("curl/8.1", "curl/8.1"),
        ("", "not told"),
    ],
)
def test_browsers_have_names(agent, name):
    assert browser_name(agent) == name
