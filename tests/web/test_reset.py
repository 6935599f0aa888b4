"""A forgotten password: asked for, mailed, chosen once, and no way around anything else."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import crawling
import pytest
import time_machine
from sqlalchemy import select

import make
from tracker import clock
from tracker.db import db
from tracker.factory import create_app
from tracker.jobs.mailer import send_due
from tracker.models.web_session import LinkKind, PasswordLink, ResetRequest
from tracker.services import password_links, users
from tracker.serving import office_of
from tracker.settings import Settings

NEW = "quite another horse battery"
START = "2026-03-17 08:00 +0000"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"public_url": "http://localhost"})


@pytest.fixture
def travel():
    with time_machine.travel(START, tick=False) as moved:
        yield moved


def mails(app):
    """Send what waits; the texts of all mails so far."""
    send_due(office_of(app))
    folder = app.extensions["settings"].mail_folder
    return [path.read_text() for path in sorted(folder.glob("*.eml"))] if folder.exists() else []


def code_for(app, client, email="ana@clinic.example"):
    assert client.post("/forgot-password", data={"email": email}).location == "/forgot-password/asked"
    (text,) = [text for text in mails(app) if "choose-password" in text][-1:]
    return re.search(r"/choose-password#([A-Za-z0-9_-]+)", text)[1]


def show(client, code):
    return client.post("/choose-password", data={"code": code})


def choose(client, code, password=NEW):
    return client.post("/choose-password", data={"code": code, "password": password, "again": password})


def test_the_link_sets_a_password_and_signs_nobody_in(app, client, cast, session, travel):
    code = code_for(app, client)
    assert show(client, code).status_code == 200

    answer = choose(client, code)

    assert answer.location == "/sign-in"
    assert client.get("/patients").location.startswith("/sign-in")
    assert users.authenticate(session, "ana@clinic.example", NEW)
    assert not users.authenticate(session, "ana@clinic.example", make.PASSWORD)


def test_it_ends_every_session(app, client, cast, travel):
    ana = crawling.browser(app, "ana")
    choose(client, code_for(app, client))

    assert ana.get("/patients").location.startswith("/sign-in")


def test_it_is_good_once(app, client, cast, travel):
    code = code_for(app, client)
    choose(client, code)

    assert show(client, code).status_code == 410
    assert choose(client, code, "and a third horse battery").status_code == 410


def test_it_is_good_for_a_quarter_of_an_hour(app, client, cast, travel):
    code = code_for(app, client)
    travel.shift(timedelta(minutes=15))

    assert choose(client, code).status_code == 410


def test_a_newer_link_takes_the_place_of_an_older(app, client, cast, session, travel):
    old = code_for(app, client)
    new = password_links.make(session, cast.ana.id, LinkKind.RESET, now=clock.now())
    session.commit()

    assert show(client, old).status_code == 410
    assert show(client, new).status_code == 200


def test_two_at_once_are_one(settings, tmp_path, travel):
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    apps = [create_app(settings.model_copy(update={"database_url": url})) for _ in range(2)]
    with apps[0].app_context():
        db.create_all()
        ana = make.cast(db.session).ana
        token = password_links.make(db.session, ana.id, LinkKind.RESET, now=clock.now())
        db.session.commit()
        db.session.remove()
    for each in apps:
        each.config["WTF_CSRF_ENABLED"] = False
    with ThreadPoolExecutor(2) as pool:
        sent = pool.map(lambda n: choose(apps[n].test_client(), token, f"{NEW} {n}"), range(2))
        answers = [answer.status_code for answer in sent]
    for each in apps:
        with each.app_context():
            db.engine.dispose()

    assert sorted(answers) in ([303, 410], [303, 422])


def test_the_second_factor_is_asked_for_as_ever(app, client, cast, session, travel):
    cast.renal.second_factor_required = True
    session.commit()
    choose(client, code_for(app, client))

    answer = client.post("/sign-in", data={"email": "ana@clinic.example", "password": NEW})

    assert answer.location == "/second-factor/set-up"


def test_the_token_is_kept_nowhere_and_is_long(app, client, cast, session, travel):
    token = code_for(app, client)
    row = session.scalars(select(PasswordLink)).one()

    assert len(token) >= 43
    assert row.token_hash != token
    assert token not in str(session.connection().exec_driver_sql("SELECT * FROM outbox_message").all())


def test_asking_is_the_same_for_everyone_and_writes_the_same(app, client, cast, session, travel):
    known = client.post("/forgot-password", data={"email": "ana@clinic.example"})
    unknown = client.post("/forgot-password", data={"email": "nobody@clinic.example"})

    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    assert len(session.scalars(select(ResetRequest)).all()) == 2
    session.rollback()
    assert len([text for text in mails(app) if "choose-password" in text]) == 1
    assert session.scalars(select(ResetRequest)).all() == []


@pytest.mark.parametrize("state", ["off", "demo"])
def test_who_may_not_sign_in_gets_no_link(app, client, cast, session, travel, state):
    if state == "off":
        cast.ana.active = False
    else:
        cast.ana.is_demo = True
    session.commit()
    client.post("/forgot-password", data={"email": "ana@clinic.example"})

    assert mails(app) == []


def test_asking_again_and_again_is_slowed_down(client, cast, travel):
    codes = [
        client.post("/forgot-password", data={"email": "ana@clinic.example"}).status_code for _ in range(5)
    ]

    assert codes == [303, 303, 303, 429, 429]


@pytest.mark.parametrize("header", [{"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}])
def test_the_mailed_link_leads_to_the_configured_address(app, client, cast, travel, header):
    client.post("/forgot-password", data={"email": "ana@clinic.example"}, headers=header)
    text = "".join(mails(app))

    assert "evil" not in text
    assert not text or "http://localhost/choose-password#" in text


def test_the_mail_says_nothing_of_patients_and_names_the_clinic(app, client, cast, session, travel):
    crawling.stock(session, cast)
    code_for(app, client)
    text = "".join(mails(app))

    assert "Renal clinic" in text
    assert "15 minutes" in text
    assert not any(word in text for word in ("Alvarez", "Rosa", "100234", "cyclosporine"))


def test_a_weak_password_leaves_the_link_good(app, client, cast, travel):
    code = code_for(app, client)

    answer = choose(client, code, "password2026pass")

    assert answer.status_code == 422
    assert choose(client, code).status_code == 303


@pytest.mark.parametrize("token", ["x", "%00", "../" * 20, "a" * 3000, "\u2028"])
def test_a_guessed_token_is_spent(client, cast, token):
    assert show(client, token).status_code in (400, 410, 422)
    assert choose(client, token).status_code in (400, 410, 422)


def test_the_change_is_told_to_the_person(app, client, cast, travel):
    choose(client, code_for(app, client))

    assert any("Your password was changed" in text for text in mails(app))


@pytest.mark.parametrize("email", ["a@b.example\r\nBcc: c@d.example", "a@b.example\x00", "x" * 300 + "@b.ex"])
def test_no_header_comes_in_by_an_address(app, client, cast, email):
    client.post("/forgot-password", data={"email": email})

    assert not any("Bcc" in text for text in mails(app))
