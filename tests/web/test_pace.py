"""How often one person may call pages: generous, told in words, on record, and nobody else's loss."""

import crawling
import pytest
import time_machine
from sqlalchemy import select

from tracker.models.audit import AuditAction, AuditEvent
from tracker.web import pace, permissions


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"call_limits": True})


@pytest.fixture
def travel():
    with time_machine.travel("2026-03-17 08:00 +0000", tick=False) as moved:
        yield moved


def codes(browser, path, count, **more):
    return [browser.get(path, **more).status_code for _ in range(count)]


def test_call_sheets_without_end_are_refused_with_the_wait(app, cast, travel):
    ana = crawling.browser(app, "ana")

    assert codes(ana, "/today/calls", 20) == [200] * 20
    answer = ana.get("/today/calls")

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "10"
    assert "A little slower, please" in answer.text
    assert "Go on in 10 seconds" in answer.text
    assert ana.get("/").status_code == 200
    travel.shift(10)
    assert ana.get("/today/calls").status_code == 200


def test_a_colleague_is_not_held_up(app, cast, travel):
    ana, ben = crawling.browser(app, "ana"), crawling.browser(app, "ben")
    codes(ana, "/today/calls", 30)

    assert ben.get("/today/calls").status_code == 200


def test_it_goes_on_record_once(app, cast, session, travel):
    ana = crawling.browser(app, "ana")
    codes(ana, "/today/calls", 30)

    refused = session.scalars(select(AuditEvent).where(AuditEvent.action == AuditAction.DENIED)).all()

    assert [(each.actor_id, each.table_name) for each in refused] == [(cast.ana.id, "too many files at once")]


def test_three_pages_a_second_pass_for_minutes(app, cast, travel):
    ana = crawling.browser(app, "ana")
    seen = set()
    for _ in range(60):
        seen |= set(codes(ana, "/help/keys", 3))
        travel.shift(1)
    assert seen == {200}


def test_a_program_that_reads_page_after_page_is_slowed(app, cast, travel):
    ana = crawling.browser(app, "ana")

    answers = codes(ana, "/help/keys", 620)

    assert answers.count(200) <= 600
    assert answers[-1] == 429


def test_strangers_feeds_from_one_address_are_slowed_and_others_are_not(app, cast, travel):
    stranger = app.test_client()
    path = f"/calendar/feed/{'a' * 43}.ics"
    there, elsewhere = ({"environ_base": {"REMOTE_ADDR": f"203.0.113.{n}"}} for n in (7, 8))

    answers = codes(stranger, path, 130, **there)

    assert answers.count(429) == 10
    assert stranger.get(path, **elsewhere).status_code == 404
    assert stranger.get("/sign-in", **there).status_code == 200


def test_every_page_that_is_named_costly_is_there(app):
    assert {*pace.COSTLY, *pace.UPLOADS} <= set(permissions.RULES)
    assert {*pace.COSTLY, *pace.UPLOADS} <= {rule.endpoint for rule in app.url_map.iter_rules()}
