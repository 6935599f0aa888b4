"""What a person is told by mail about their account, so that what was not them does not go unseen."""

from datetime import timedelta

import crawling
import pytest
import time_machine
from sqlalchemy import select

import make
from tracker import clock
from tracker.commands.user import user as user_command
from tracker.core import HOME
from tracker.db import db
from tracker.jobs.mailer import renderer, send_due
from tracker.models.outbox import OutboxMessage
from tracker.models.web_session import SignInPlace
from tracker.services import second_factors
from tracker.services.notices import SUBJECTS, Notice
from tracker.services.unusual_sign_in import network_of
from tracker.serving import office_of
from tracker.web import authenticator

GOOD = "quite another horse battery"
render = renderer(HOME / "templates" / "email")


def told(session, person):
    """The kinds of notices that wait for someone, oldest first."""
    session.rollback()
    mine = OutboxMessage.recipient_id == person.id, OutboxMessage.notice.is_not(None)
    return session.scalars(select(OutboxMessage.notice).where(*mine).order_by(OutboxMessage.id)).all()


def test_a_password_changed_on_the_account_page_is_told(app, cast, session):
    ana = crawling.browser(app, "ana")
    data = {"current": make.PASSWORD, "password": GOOD, "again": GOOD}

    assert ana.post("/account/password", data=data).status_code == 303

    assert told(session, cast.ana) == ["password_changed"]


@pytest.mark.parametrize(
    ("command", "kind"),
    [(["password", "--password", GOOD], "password_changed"), (["forget-second-factor"], "factors_changed")],
)
def test_what_is_changed_on_the_command_line_is_told(runner, cast, session, command, kind):
    name, *more = command
    runner.invoke(user_command, [name, "ana@clinic.example", *more])

    assert told(session, cast.ana) == [kind]


@pytest.mark.parametrize("part", ["account.text", "account.html"])
def test_every_notice_has_words_of_its_own(part):
    """None falls through to the words of another."""
    frame = {"clinic": "Renal", "link": "https://x.example/", "code": "", "has_link": False}
    frame |= {"has_page": False, "provider": "", "lasts": "", "heading": ""}
    texts = {render(part, {**frame, "notice": notice.value}) for notice in Notice}

    assert len(texts) == len(Notice) == len(SUBJECTS)


# ------------------------------------------------------------------------------------ unusual sign-ins

HOME_NETWORK, ELSEWHERE = "203.0.113.7", "198.51.100.20"


@pytest.fixture
def travel():
    with time_machine.travel("2026-03-17 08:00:05 +0000", tick=False) as moved:
        yield moved


def make_app(app, person):
    """An authenticator app in use, whose codes nobody here knows."""
    row = second_factors.start_app(db.session, person.id, authenticator.new_secret(person.id))
    row.confirmed_at = clock.now()
    db.session.commit()


def knock(app, password=make.PASSWORD, *, come_from=HOME_NETWORK):
    """A browser that tried once, from somewhere; and what it was answered."""
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = come_from
    data = {"email": "ana@clinic.example", "password": password}
    return client, client.post("/sign-in", data=data).status_code


def test_the_first_place_and_those_that_are_known_are_not_told(app, cast, session, travel):
    for _ in range(3):
        assert knock(app)[1] == 303
        travel.shift(timedelta(days=20))

    assert told(session, cast.ana) == []


def test_a_sign_in_from_a_new_network_is_told_once_a_day(app, cast, session, travel):
    knock(app)
    for n in range(4):
        knock(app, come_from=f"198.51.{n}.20")

    assert told(session, cast.ana) == ["sign_in_place"]
    travel.shift(timedelta(days=1))
    knock(app, come_from="192.0.2.1")
    assert told(session, cast.ana) == ["sign_in_place"] * 2


def test_a_network_that_was_away_for_half_a_year_is_new_again(app, cast, session, travel):
    knock(app)
    travel.shift(timedelta(days=181))
    knock(app)

    assert told(session, cast.ana) == ["sign_in_place"]


def test_a_wrong_password_from_elsewhere_makes_no_place_known(app, cast, session, travel):
    knock(app)
    knock(app, "wrong", come_from=ELSEWHERE)
    knock(app, come_from=ELSEWHERE)

    assert told(session, cast.ana) == ["sign_in_place"]


@pytest.mark.parametrize(("wrong", "kinds"), [(4, []), (5, ["sign_in_tries"])])
def test_a_right_password_after_many_wrong_ones_is_told(app, cast, session, travel, wrong, kinds):
    for _ in range(wrong):
        assert knock(app, "wrong")[1] == 422
    travel.shift(timedelta(minutes=1))

    assert knock(app)[1] == 303
    assert told(session, cast.ana) == kinds


def test_both_on_one_day_are_one_mail(app, cast, session, travel):
    knock(app, come_from=ELSEWHERE)
    for _ in range(5):
        knock(app, "wrong")
    travel.shift(timedelta(minutes=1))
    knock(app)

    assert told(session, cast.ana) == ["sign_in_tries"]


def test_who_knows_the_password_and_no_code_is_told_of(app, cast, session, travel):
    """Even where a new browser is used after each few codes, and once a day."""
    make_app(app, cast.ana)
    for _ in range(3):
        client, _status = knock(app)
        for _ in range(2):
            assert client.post("/sign-in/second", data={"code": "000000"}).status_code == 422
            travel.shift(timedelta(seconds=40))

    assert told(session, cast.ana) == ["sign_in_codes"]


def test_the_mail_names_no_address_and_leads_to_the_account(app, cast, session, travel):
    knock(app)
    knock(app, come_from=ELSEWHERE)
    session.rollback()
    send_due(office_of(app))

    (path,) = app.extensions["settings"].mail_folder.glob("*.eml")
    text = path.read_text()
    assert "Subject: [PA tracker] A sign-in from a new place" in text
    assert "/account" in text
    assert ELSEWHERE not in text


def test_what_is_kept_of_a_network_is_a_hash(app, cast, session, travel):
    knock(app)

    rows = session.scalars(select(SignInPlace)).all()
    assert [(row.user_id, len(row.network_hash)) for row in rows] == [(cast.ana.id, 64)]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:22ff::7", "2001:db8:1:2200::/56"),
        ("127.0.0.1", None),
        ("::1", None),
        ("", None),
        ("nonsense", None),
    ],
)
def test_of_an_address_the_part_that_stays_counts(address, network):
    assert network_of(address) == network
