"""Once a day what is no longer needed goes, and no record with it."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

import make
from clockwork import NOON, SetClock, office
from tracker.jobs.tidying import tidy_all
from tracker.models.audit import AuditAction, AuditEvent
from tracker.models.imports import ImportBatch, ImportState
from tracker.models.web_session import LinkKind, PasswordLink, SignInPlace, Stage, Throttle, WebSession
from tracker.services import heartbeat, password_links, throttle, unusual_sign_in, web_sessions
from tracker.services.actor import Actor
from tracker.services.imports import batches


@pytest.fixture
def clock(session, cast):
    heartbeat.beat(session, heartbeat.CLOCK, NOON)
    session.commit()
    return SetClock()


@pytest.fixture
def house(session, settings, clock):
    return office(session, settings, clock)


def stage(session, clinic, now=NOON):
    batch = batches.stage(
        session,
        clinic_id=clinic.id,
        file_name="list.csv",
        content=b"MRN\n100234\n",
        sheet=None,
        actor=Actor("Ana"),
        now=now,
    )
    session.commit()
    return batch


def count(session, model):
    session.rollback()
    return session.execute(select(func.count()).select_from(model)).scalar_one()


@pytest.mark.parametrize(("days", "state"), [(30, ImportState.STAGED), (31, ImportState.DISCARDED)])
def test_a_list_that_nobody_imported_goes_after_a_month(session, cast, house, clock, days, state):
    row_id = stage(session, cast.renal).id
    clock.forward(days=days)
    heartbeat.beat(session, heartbeat.CLOCK, clock())
    session.commit()

    tidy_all(house, None)

    session.rollback()
    batch = session.get(ImportBatch, row_id, populate_existing=True)
    assert (batch.state, batch.content is None) == (state, state is ImportState.DISCARDED)
    query = select(AuditEvent.actor).where(AuditEvent.action == AuditAction.REMOVED)
    assert session.scalars(query).all() == ["Clockwork"] * (state is ImportState.DISCARDED)


def test_what_signing_in_leaves_goes_when_it_tells_nothing_any_more(session, cast, house, clock):
    where = {"address": "203.0.113.7", "agent": "", "now": NOON}
    web_sessions.begin(session, user=cast.ana, clinic_id=cast.renal.id, stage=Stage.FULL, **where)
    password_links.make(session, cast.ana.id, LinkKind.RESET, now=NOON)
    throttle.take(session, throttle.ACCOUNT, "nobody@clinic.example", now=NOON)
    unusual_sign_in.came_in(session, cast.ana, address="203.0.113.7", now=NOON)
    session.commit()
    left = []

    for days in (1, 31, 340, 400):
        clock.forward(days=days)
        heartbeat.beat(session, heartbeat.CLOCK, clock())
        session.commit()
        tidy_all(house, None)
        left.append([count(session, model) for model in (WebSession, PasswordLink, Throttle, SignInPlace)])

    assert left == [[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]]


def test_it_is_done_once_a_day_and_not_by_a_doubtful_clock(session, cast, house, clock):
    today = NOON.date()
    stage(session, cast.renal, now=NOON - timedelta(days=40))

    assert tidy_all(house, today) == today  # done already
    clock.forward(days=4000)
    assert tidy_all(house, today) == today  # nothing was done
    assert session.scalars(select(ImportBatch.state)).all() == [ImportState.STAGED]
    clock.forward(days=-4000)
    assert tidy_all(house, None) == today


def test_records_stay(session, cast, house, clock):
    rosa = make.patient(session, cast.renal)
    session.commit()
    before = count(session, AuditEvent)
    clock.forward(days=3000)
    heartbeat.beat(session, heartbeat.CLOCK, clock())
    session.commit()

    tidy_all(house, None)

    assert count(session, AuditEvent) == before
    assert session.get(type(rosa), rosa.id) is not None
