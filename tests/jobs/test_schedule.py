"""The tick: it comes at once and again, scans and mails, and no trouble stops it."""

import threading
import time
from contextlib import contextmanager

import pytest
from sqlalchemy import select

import make
from clockwork import RENDER, SetClock, alert, office
from tracker import clock as real_clock
from tracker.db import db
from tracker.factory import create_app
from tracker.jobs import schedule
from tracker.jobs.mailer import Office
from tracker.jobs.scanner import scan_all
from tracker.jobs.schedule import AlreadyTicking, Clockwork
from tracker.models.outbox import MailKind, OutboxMessage, OutboxState
from tracker.models.patient import PatientCheck
from tracker.models.scan import Heartbeat
from tracker.services import heartbeat, outbox, scan


@pytest.fixture
def quick(tmp_path, settings):
    """An office on a file database that ticks every second."""
    url = f"sqlite:///{tmp_path / 'tick.db'}"
    given = settings.model_copy(update={"database_url": url, "scan_seconds": 1})
    app = create_app(given)
    with app.app_context():
        db.create_all()

    @contextmanager
    def open_session():
        with app.app_context():
            yield db.session

    yield Office(open_session, given, RENDER, real_clock.now)
    with app.app_context():
        db.engine.dispose()


def until(true, seconds=10):
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if true():
            return True
        time.sleep(0.02)
    return False


def beats(office):
    with office.open_session() as session:
        return {row.name: row.at for row in session.execute(select(Heartbeat)).scalars()}


def test_the_first_tick_comes_at_once_and_leaves_its_heartbeats(quick):
    work = Clockwork(quick)
    work.start()
    try:
        assert until(lambda: set(beats(quick)) == {"scan", "clock", "mail"}, seconds=30)
    finally:
        work.stop()


def test_ticks_go_on(quick):
    work = Clockwork(quick)
    work.start()
    try:
        assert until(lambda: "mail" in beats(quick))
        first = beats(quick)["scan"]
        assert until(lambda: beats(quick)["scan"] > first)
    finally:
        work.stop()


def test_a_process_has_one_clockwork(quick):
    work = Clockwork(quick)
    work.start()
    try:
        with pytest.raises(AlreadyTicking):
            Clockwork(quick).start()
    finally:
        work.stop()


def test_after_a_stop_another_may_start(quick):
    for _ in range(2):
        work = Clockwork(quick)
        work.start()
        work.stop()


def test_stop_waits_for_the_tick_under_way(quick, monkeypatch):
    begun, ended = threading.Event(), threading.Event()

    def slow(*_, **__):
        begun.set()
        time.sleep(0.3)
        ended.set()

    monkeypatch.setattr(schedule, "scan_all", slow)
    work = Clockwork(quick)
    work.start()
    assert begun.wait(5)

    work.stop()

    assert ended.is_set()


@pytest.mark.parametrize("broken", ["scan_all", "send_due"])
def test_trouble_in_one_part_leaves_the_other_its_turn(session, settings, cast, monkeypatch, broken, caplog):
    done = []

    def work(name):
        def part(*_, **__):
            done.append(name)
            if name == broken:
                raise ValueError("Rosa Alvarez")

        return part

    for name in ("scan_all", "send_due"):
        monkeypatch.setattr(schedule, name, work(name))
    Clockwork(office(session, settings, SetClock())).tick()

    assert done == ["scan_all", "send_due"]
    assert "Alvarez" not in caplog.text


def test_a_clock_set_back_does_not_silence_the_tick(quick, monkeypatch):
    """The scheduler sleeps by the wall clock: set back an hour, it would sleep an hour."""
    ticks = []
    monkeypatch.setattr(Clockwork, "tick", lambda self: ticks.append(time.monotonic()))
    work = Clockwork(quick)
    work.start()
    try:
        assert until(lambda: len(ticks) == 1)
        work._scheduler.modify_job("tick", next_run_time=real_clock.now().replace(year=2099))
        assert until(lambda: len(ticks) == 2)
    finally:
        work.stop()


def test_a_clock_that_comes_right_after_1970_costs_no_time(quick, monkeypatch):
    """Not one of the runs that would have been in between is even counted."""
    ticks = []
    monkeypatch.setattr(Clockwork, "tick", lambda self: ticks.append(time.monotonic()))
    work = Clockwork(quick)
    work.start()
    try:
        assert until(lambda: len(ticks) == 1)
        work._scheduler.modify_job("tick", next_run_time=real_clock.now().replace(year=1970))
        assert until(lambda: len(ticks) >= 3, seconds=30)
    finally:
        work.stop()


def due_patient(session, clinic, mrn):
    who = make.covered_patient(session, clinic, mrn=mrn)
    if session.get(PatientCheck, who.id) is None:
        make.save(session, PatientCheck(patient_id=who.id, clinic_id=clinic.id))
    session.commit()
    return who.id


def test_a_tick_checks_every_clinic(session, settings, cast):
    ids = [due_patient(session, cast.renal, "1"), due_patient(session, cast.skin, "2")]
    clock = SetClock()

    whole = scan_all(office(session, settings, clock).open_session, clock, stopping=lambda: False)

    assert whole
    assert all(session.get_one(PatientCheck, row).as_of for row in ids)
    assert heartbeat.last_beat(session, "scan") == clock()


def test_one_clinic_in_trouble_leaves_the_others_their_check(session, settings, cast, monkeypatch):
    ids = [due_patient(session, cast.renal, "1"), due_patient(session, cast.skin, "2")]
    honest = scan.steps

    def steps(session, *, clinic_id, **more):
        if clinic_id == first:
            raise ValueError("Rosa Alvarez")
        return honest(session, clinic_id=clinic_id, **more)

    first = min(cast.renal.id, cast.skin.id)
    monkeypatch.setattr(scan, "steps", steps)
    clock = SetClock()
    whole = scan_all(office(session, settings, clock).open_session, clock, stopping=lambda: False)
    session.expire_all()

    assert not whole
    assert [bool(session.get_one(PatientCheck, row).as_of) for row in ids].count(True) == 1
    assert heartbeat.last_beat(session, "scan") is None


def test_a_doubtful_clock_stops_the_scan_until_someone_asks(session, settings, cast):
    who = due_patient(session, cast.renal, "1")
    clock = SetClock()
    heartbeat.beat(session, "scan", clock())
    session.commit()
    clock.forward(days=500)

    whole = scan_all(office(session, settings, clock).open_session, clock, stopping=lambda: False)

    assert not whole
    assert session.get_one(PatientCheck, who).as_of is None


def test_a_tick_mails_what_waits(session, settings, cast):
    clock = SetClock()
    rosa = make.patient(session, cast.renal, owner_id=cast.ana.id)
    outbox.tell(session, alert=alert(session, rosa), occasion="opened:1", now=clock())
    session.commit()
    clock.forward(minutes=1)

    Clockwork(office(session, settings, clock)).tick()

    session.expire_all()
    told = session.execute(select(OutboxMessage).where(OutboxMessage.recipient_id == cast.ana.id)).scalars()
    assert {row.kind: row.state for row in told} == {
        MailKind.ALERTS: OutboxState.SENT,
        MailKind.DIGEST: OutboxState.SENT,
    }


def test_a_tick_that_hangs_ends_the_process(quick, monkeypatch, caplog):
    go, ended = threading.Event(), threading.Event()
    monkeypatch.setattr(schedule, "scan_all", lambda *_, **__: go.wait(10))
    given = quick.settings.model_copy(update={"watchdog_seconds": 0})
    work = Clockwork(Office(quick.open_session, given, RENDER, real_clock.now), end=ended.set)
    work.start()
    try:
        assert ended.wait(5)
    finally:
        go.set()
        work.stop()
    assert "hangs" in caplog.text


def test_a_tick_that_gets_on_is_left_alone(quick, monkeypatch):
    """As long as it is asked between batches whether to stop, it is alive."""
    ended = threading.Event()

    def slow(*_, stopping, **__):
        for _ in range(30):
            time.sleep(0.1)
            stopping()

    monkeypatch.setattr(schedule, "scan_all", slow)
    given = quick.settings.model_copy(update={"watchdog_seconds": 1})
    work = Clockwork(Office(quick.open_session, given, RENDER, real_clock.now), end=ended.set)
    work.start()
    try:
        assert not ended.wait(2.5)
    finally:
        work.stop()


@pytest.mark.parametrize(("whole", "pings"), [(True, 1), (False, 0)])
def test_only_a_complete_scan_is_told_to_the_dead_man_switch(session, settings, monkeypatch, whole, pings):
    told = []
    monkeypatch.setattr(schedule, "scan_all", lambda *_, **__: whole)
    monkeypatch.setattr(schedule, "ping", told.append)

    Clockwork(office(session, settings, SetClock(), ping_url="https://ping.example/secret")).tick()

    assert told == ["https://ping.example/secret"] * pings
