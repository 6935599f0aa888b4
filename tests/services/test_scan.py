"""The scan: who is due, batch by batch; it may stop anywhere, and one bad patient stops nobody else."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

import make
from clockwork import NOON, SetClock
from tracker.models.alert import Alert
from tracker.models.outbox import OutboxLine
from tracker.models.patient import PatientCheck
from tracker.models.scan import ScanKind, ScanRun
from tracker.services import checking, heartbeat, scan

AS_OF = date(2026, 6, 8)


@pytest.fixture
def clock():
    return SetClock()


def never_checked(session, clinic, *, mrn="100234"):
    who = make.covered_patient(session, clinic, mrn=mrn)
    if session.get(PatientCheck, who.id) is None:
        make.save(session, PatientCheck(patient_id=who.id, clinic_id=clinic.id))
    return who.id


@pytest.fixture
def five(session, cast):
    ids = [never_checked(session, cast.renal, mrn=f"10000{n}") for n in range(5)]
    session.commit()
    return ids


def run(session, clinic, clock, *, kind=ScanKind.ASKED, batch=2, stop_after=None):
    steps = []
    for step in scan.steps(session, clinic_id=clinic.id, clock=clock, kind=kind, batch=batch):
        session.commit()
        steps.append(step)
        if len(steps) == stop_after:
            break
    session.rollback()
    return steps


def checks(session):
    session.expire_all()
    return session.execute(select(PatientCheck)).scalars().all()


def spoil(monkeypatch, bad):
    """The check of one patient fails, and its error quotes a name."""
    honest = checking.recheck_many

    def check(session, *, patient_ids, **more):
        if bad in patient_ids:
            raise ValueError("Rosa Alvarez")
        return honest(session, patient_ids=patient_ids, **more)

    monkeypatch.setattr(checking, "recheck_many", check)


def test_everyone_who_is_due_is_checked(session, cast, five, clock):
    steps = run(session, cast.renal, clock)

    assert [step.done_count for step in steps] == [2, 4, 5, 5]
    assert steps[-1].finished
    assert all(row.as_of == AS_OF and not row.due for row in checks(session))


def test_a_second_scan_finds_nobody_and_changes_nothing(session, cast, five, clock):
    run(session, cast.renal, clock)
    before = [(a.id, a.state, a.times_opened) for a in session.execute(select(Alert)).scalars()]

    steps = run(session, cast.renal, clock)

    assert steps == []
    assert [(a.id, a.state, a.times_opened) for a in session.execute(select(Alert)).scalars()] == before


def test_the_run_is_kept_with_its_counts(session, cast, five, clock):
    run(session, cast.renal, clock)

    (kept,) = session.execute(select(ScanRun)).scalars()
    assert (kept.due_count, kept.checked_count, kept.error_count) == (5, 5, 0)
    assert kept.opened_count == len(session.execute(select(Alert)).scalars().all()) > 0
    assert kept.finished_at == NOON


def test_new_alerts_come_with_their_mail_lines(session, cast, five, clock):
    run(session, cast.renal, clock)

    alerts = session.execute(select(Alert).where(Alert.severity_rank < 3)).scalars().all()
    told = session.execute(select(OutboxLine)).scalars().all()
    assert {line.alert_id for line in told} == {alert.id for alert in alerts}


def test_what_was_cut_off_is_taken_up_by_the_next(session, cast, five, clock):
    run(session, cast.renal, clock, stop_after=1)

    steps = run(session, cast.renal, clock)

    assert steps[-1].done_count == 3
    assert all(row.as_of == AS_OF for row in checks(session))


def test_another_clinic_is_left_alone(session, cast, five, clock):
    other = never_checked(session, cast.skin, mrn="200")
    session.commit()

    run(session, cast.renal, clock)

    assert session.get_one(PatientCheck, other).as_of is None


def test_one_bad_patient_does_not_keep_the_others(session, cast, five, clock, monkeypatch):
    spoil(monkeypatch, five[2])

    steps = run(session, cast.renal, clock, batch=5)

    assert (steps[-1].checked_count, steps[-1].error_count) == (4, 1)
    assert [row.patient_id for row in checks(session) if row.as_of is None] == [five[2]]


def test_a_failure_is_kept_by_its_kind_and_tried_again_later(session, cast, five, clock, monkeypatch):
    spoil(monkeypatch, five[2])
    run(session, cast.renal, clock)

    row = session.get_one(PatientCheck, five[2])
    assert (row.error, row.failures) == ("ValueError", 1)
    assert row.retry_at == NOON + timedelta(minutes=1)
    assert run(session, cast.renal, clock) == []


def test_a_failure_waits_longer_each_time_and_ends_when_the_check_works(
    session, cast, five, clock, monkeypatch
):
    spoil(monkeypatch, five[2])
    run(session, cast.renal, clock)
    clock.forward(minutes=1)
    run(session, cast.renal, clock)
    waits = session.get_one(PatientCheck, five[2]).retry_at - clock()
    monkeypatch.undo()
    clock.forward(minutes=2)
    run(session, cast.renal, clock)

    row = session.get_one(PatientCheck, five[2])
    assert waits == timedelta(minutes=2)
    assert (row.error, row.failures, row.retry_at, row.as_of) == (None, 0, None, AS_OF)


def test_a_patient_without_an_answer_does_not_come_again_at_once(session, cast, five, clock, monkeypatch):
    monkeypatch.setattr(checking, "recheck_many", lambda *_, **__: scan.Outcome())

    steps = run(session, cast.renal, clock)

    assert steps[-1].error_count == 5
    assert {row.error for row in checks(session)} == {"NoAnswer"}


def test_a_day_that_has_come_makes_a_patient_due(session, cast, five, clock):
    run(session, cast.renal, clock)
    session.get_one(PatientCheck, five[0]).check_on = date(2026, 6, 9)
    session.commit()

    assert run(session, cast.renal, clock) == []
    clock.forward(days=1)
    assert scan.due_count(session, cast.renal.id, clock()) >= 1


def test_clinics_with_someone_due_are_found(session, cast, five, clock):
    assert scan.clinics_due(session, clock()) == [cast.renal.id]

    run(session, cast.renal, clock)
    for row in checks(session):
        row.check_on = date(2026, 7, 1)
    session.commit()

    assert scan.clinics_due(session, clock()) == []
    assert scan.clinics_due(session, clock() + timedelta(days=30)) == [cast.renal.id]


def test_all_are_asked_for_those_never_checked_included(session, cast, five, clock):
    run(session, cast.renal, clock)
    session.delete(session.get_one(PatientCheck, five[0]))
    session.commit()

    assert scan.ask_for_all(session, clinic_id=cast.renal.id) == 5
    assert run(session, cast.renal, clock, kind=ScanKind.FULL)[-1].checked_count == 5


def test_the_trust_line_counts_what_was_checked(session, cast, five, clock):
    run(session, cast.renal, clock)
    heartbeat.beat(session, heartbeat.SCAN, clock())

    line = heartbeat.trust_line(session, cast.renal, clock(), mail_to_files=True)

    assert (line.as_of, line.last_finished_at, line.patient_count) == (AS_OF, NOON, 5)
    assert not line.stale


@pytest.mark.parametrize(("hours", "stale"), [(26, False), (26.1, True)])
def test_silence_is_stale_after_a_day(session, cast, clock, hours, stale):
    heartbeat.beat(session, heartbeat.SCAN, clock())
    clock.forward(hours=hours)

    assert heartbeat.trust_line(session, cast.renal, clock(), mail_to_files=False).stale is stale


def test_without_a_heartbeat_the_line_is_stale(session, cast, clock):
    line = heartbeat.trust_line(session, cast.renal, clock(), mail_to_files=False)

    assert line.stale
    assert line.last_finished_at is None


@pytest.mark.parametrize(
    ("days", "doubtful"), [(-2, True), (-0.5, False), (30, False), (39.9, False), (40.1, True)]
)
def test_a_clock_that_jumped_far_is_not_believed(session, cast, clock, days, doubtful):
    heartbeat.beat(session, heartbeat.SCAN, clock())
    session.flush()

    assert heartbeat.clock_is_doubtful(session, clock() + timedelta(days=days)) is doubtful


def test_a_clock_that_someone_vouches_for_is_believed_again(session, cast, clock):
    heartbeat.beat(session, heartbeat.SCAN, clock())
    clock.forward(days=90)
    heartbeat.believe_clock(session, clock())

    assert not heartbeat.clock_is_doubtful(session, clock())
    assert heartbeat.scan_is_stale(session, clock(), silence=timedelta(minutes=5))
