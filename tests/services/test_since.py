"""Since yesterday: what opened by itself, and what colleagues did, by person and kind."""

from datetime import UTC, datetime, timedelta

import pytest

import kept
import make
from tracker.models.alert import AlertEventKind
from tracker.models.authorization_log import Channel
from tracker.services import contacts, since
from tracker.services.actor import Actor
from tracker.web.since_words import ACTS, BY_ITSELF, happened_said

YESTERDAY = datetime(2026, 6, 7, 5, 0, tzinfo=UTC)
NOW = datetime(2026, 6, 8, 12, 0, tzinfo=UTC)


@pytest.fixture
def who(session, cast):
    return make.patient(session, cast.renal)


def call(session, who, actor, at=NOW):
    values = {"channel": Channel.CALL, "on_date": at.date(), "said": "Asked for the status"}
    contacts.log(session, values, clinic_id=who.clinic_id, patient_id=who.id, actor=actor, now=at)


def told(session, cast):
    found = since.happened(session, clinic_id=cast.renal.id, since=YESTERDAY, me=cast.ana.id)
    return [(each.actor, happened_said(each)) for each in found]


def test_calls_of_colleagues_are_told_and_ones_own_are_not(session, cast, who):
    ben, ana = Actor("Ben", cast.ben.id), Actor("Ana", cast.ana.id)
    call(session, who, ben)
    call(session, who, ben, NOW - timedelta(hours=1))
    call(session, who, ana)
    call(session, who, ben, YESTERDAY - timedelta(seconds=1))

    assert told(session, cast) == [("Ben", "logged 2 calls")]


def test_the_last_three_of_each_kind_are_named_the_newest_first(session, cast):
    ben = Actor("Ben", cast.ben.id)
    people = [make.patient(session, cast.renal, mrn=str(n)) for n in range(5)]
    for hours, person in enumerate(people):
        call(session, person, ben, NOW - timedelta(hours=hours))
        if hours == 1:
            kept.alert(session, person, opened_at=NOW)

    opened, calls = since.happened(session, clinic_id=cast.renal.id, since=YESTERDAY, me=cast.ana.id)

    assert [each.id for each in calls.names] == [each.id for each in people[:3]]
    assert calls.count == 5
    assert [each.id for each in opened.names] == [people[1].id]


def test_what_opened_stands_before_what_a_colleague_did_before_what_changed(session, cast, who):
    alert = kept.alert(session, who, opened_at=NOW)
    kept.event(session, alert, AlertEventKind.CHANGED, NOW)
    kept.event(session, alert, AlertEventKind.SNOOZED, NOW, cast.ben)

    assert told(session, cast) == [
        (None, "1 opened"),
        ("Ben", "snoozed 1 alert"),
        (None, "1 changed severity"),
    ]


def test_many_are_told_with_commas():
    opened = since.Happened("alert_event", "opened", None, 3108, NOW, [])

    assert happened_said(opened) == "3,108 opened"


def test_every_event_channel_and_move_has_words():
    kinds = {kind.value for kind in AlertEventKind}

    assert kinds == {kind for kind in kinds if kind in BY_ITSELF or kind in ACTS}
    assert {channel.value for channel in Channel} <= set(ACTS)
