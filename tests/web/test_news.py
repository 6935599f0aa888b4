"""`2 new: show` on an open page: what changed since, who may know, and that it keeps no session alive."""

import re
from datetime import UTC, datetime, timedelta

import crawling
import pytest
import time_machine

import kept
from tracker.models.alert import AlertEventKind

OPENED = datetime(2026, 6, 8, 15, 0, tzinfo=UTC)


@pytest.fixture
def app(app):
    with time_machine.travel(OPENED, tick=False):
        yield app


@pytest.fixture
def rosa(session, cast):
    who = kept.alvarez(session, cast.renal)
    session.commit()
    return who


@pytest.fixture
def ana(app, cast, rosa):
    return crawling.browser(app, "ana")


def poll_of(page):
    """The address that a page asks."""
    return re.search(r'hx-get="(/news[^"]+)"', page.text)[1].replace("&amp;", "&")


def later(session, who, kind, *, minutes=1, **more):
    row = kept.alert(session, who, key=f"k{minutes}{kind}", opened_at=OPENED - timedelta(days=1), **more)
    kept.event(session, row, kind, OPENED + timedelta(minutes=minutes))
    session.commit()


@pytest.mark.parametrize("path", ["/", "/alerts", "/alerts?owner=me"])
def test_nothing_is_said_while_nothing_changed(ana, path):
    answer = ana.get(poll_of(ana.get(path)))

    assert (answer.status_code, answer.data) == (204, b"")


def test_what_opened_returned_and_closed_since_is_told_once(ana, rosa, session):
    asked = poll_of(ana.get("/alerts"))
    later(session, rosa, AlertEventKind.OPENED)
    later(session, rosa, AlertEventKind.RETURNED, minutes=2)
    later(session, rosa, AlertEventKind.CLOSED, minutes=3)
    later(session, rosa, AlertEventKind.NOTED, minutes=4)

    answer = ana.get(asked)

    assert '<a href="">2 new, 1 closed: show</a>' in answer.text
    assert "Alvarez" not in answer.text
    assert ana.get(poll_of(answer)).status_code == 204
    later(session, rosa, AlertEventKind.OPENED, minutes=5)
    assert "3 new, 1 closed: show" in ana.get(poll_of(answer)).text


def test_what_stood_there_before_the_page_is_no_news(ana, rosa, session):
    later(session, rosa, AlertEventKind.OPENED, minutes=-1)

    assert ana.get(poll_of(ana.get("/"))).status_code == 204


def test_another_clinic_hears_nothing_of_it(app, ana, rosa, session):
    cleo = crawling.browser(app, "cleo")
    asked = poll_of(cleo.get("/alerts"))
    later(session, rosa, AlertEventKind.OPENED)

    assert cleo.get(asked).status_code == 204


@pytest.mark.parametrize("since", ["", "x", "nan", "inf", "1e400", "-1e30", "9" * 40])
def test_a_strange_instant_is_answered_by_nothing(ana, since):
    assert ana.get("/news", query_string={"since": since}).status_code == 204


def test_an_open_page_alone_keeps_no_session_alive(app, ana):
    asked = poll_of(ana.get("/alerts"))
    for minutes in (5, 10, 14):
        with time_machine.travel(OPENED + timedelta(minutes=minutes), tick=False):
            assert ana.get(asked).status_code == 204

    with time_machine.travel(OPENED + timedelta(minutes=16), tick=False):
        assert ana.get(asked).location.startswith("/sign-in")
        assert ana.get("/alerts").location.startswith("/sign-in")
