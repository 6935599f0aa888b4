"""The clock wakes what slept to its day and lets what nobody answers climb, clinic by clinic."""

from contextlib import nullcontext
from datetime import date, timedelta

import pytest

import make
from clockwork import NOON, SetClock, alert
from tracker.jobs import caretaker
from tracker.models.alert import AlertState
from tracker.services import escalation


@pytest.fixture
def rosa(session, cast):
    return make.patient(session, cast.renal, owner_id=cast.ana.id)


def tend(session, clock, *, stopping=lambda: False):
    caretaker.tend_all(lambda: nullcontext(session), clock, stopping=stopping)


def test_an_alert_wakes_in_the_clinics_own_morning(session, rosa):
    row = alert(session, rosa, ladder_from=NOON)
    row.state, row.snoozed_until, row.snoozed_by = AlertState.SNOOZED, date(2026, 6, 9), "Ana"
    row.snooze_reason = "Waiting"
    session.commit()

    tend(session, SetClock(NOON + timedelta(hours=11)))  # 23:00 in Chicago
    asleep = row.state
    tend(session, SetClock(NOON + timedelta(hours=13)))

    assert (asleep, row.state) == (AlertState.SNOOZED, AlertState.OPEN)


def test_what_nobody_answers_takes_one_step_in_a_tick(session, cast, rosa):
    row = alert(session, rosa, ladder_from=NOON)
    make.user(session, cast.renal, name="Lea", role="lead")
    session.commit()
    clock = SetClock(NOON + timedelta(days=2))

    tend(session, clock)
    tend(session, clock)

    assert (row.escalation_level, row.ladder_from) == (2, clock.at)


def test_a_stopping_process_begins_nothing(session, rosa):
    row = alert(session, rosa, ladder_from=NOON)
    session.commit()

    tend(session, SetClock(NOON + timedelta(days=2)), stopping=lambda: True)

    assert row.escalation_level == 0


def test_trouble_of_one_clinic_leaves_the_others_their_turn(session, cast, rosa, monkeypatch, caplog):
    other = alert(session, make.patient(session, cast.skin), ladder_from=NOON)
    alert(session, rosa, ladder_from=NOON)
    make.user(session, cast.skin, name="Sue", role="lead")
    session.commit()
    renal, climb = cast.renal.id, escalation.climb

    def fails(session, *, clinic_id, **more):
        if clinic_id == renal:
            raise RuntimeError("Rosa Alvarez")
        return climb(session, clinic_id=clinic_id, **more)

    monkeypatch.setattr(escalation, "climb", fails)
    tend(session, SetClock(NOON + timedelta(days=2)))

    assert other.escalation_level > 0
    assert "Alvarez" not in caplog.text
