"""Who read unusually many patients in a day of the clinic: found the next morning, told once."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

import make
from clockwork import NOON
from tracker.models.audit import AuditAction, AuditEvent
from tracker.models.bulk_reading import BulkReading
from tracker.models.mail_choice import MailPolicy
from tracker.models.outbox import OutboxMessage
from tracker.models.user import Role
from tracker.services import audit, bulk_reading
from tracker.services.actor import Actor

MORNING = datetime(2026, 6, 9, 13, 0, tzinfo=UTC)  # Tuesday 08:00 in Chicago
MOST = 3


@pytest.fixture
def patients(session, cast):
    return [make.patient(session, cast.renal, mrn=f"10{n}") for n in range(MOST + 1)]


def look(session, user, patient, *, at=NOON, action=AuditAction.VIEWED):
    audit.record(
        session,
        clinic_id=patient.clinic_id,
        actor=Actor(user.name, user.id),
        action=action,
        at=at,
        table_name="patient page",
        patient_id=patient.id,
    )


def export(session, user, count, *, at=NOON):
    audit.record(
        session,
        clinic_id=user.clinic_id,
        actor=Actor(user.name, user.id),
        action=AuditAction.EXPORTED,
        at=at,
        table_name="worklist",
        new={"count": count},
    )


def look_back(session, clinic, *, now=MORNING, most=MOST):
    session.flush()
    return bulk_reading.look_back(session, clinic.id, most=most, now=now)


def noted(session):
    rows = session.execute(select(BulkReading).order_by(BulkReading.read_on)).scalars()
    return [(row.reader, row.read_on, row.patient_count, row.exported_count) for row in rows]


def told(session):
    query = select(OutboxMessage.recipient_id).where(OutboxMessage.notice == "bulk_reading")
    return sorted(session.execute(query).scalars())


def test_who_opened_too_many_patients_is_noted_once(session, cast, patients):
    for each in patients:
        look(session, cast.ana, each)

    counts = [look_back(session, cast.renal), look_back(session, cast.renal, now=MORNING)]

    assert noted(session) == [("Ana", date(2026, 6, 8), 4, 0)]
    assert told(session) == [cast.dana.id]
    assert counts == [1, 0]


def test_as_many_as_allowed_and_the_same_patient_again_are_not_too_many(session, cast, patients):
    for each in (*patients[:MOST], patients[0], patients[1]):
        look(session, cast.ana, each)

    assert look_back(session, cast.renal) == 0
    assert told(session) == []


def test_rows_that_left_as_files_count_together(session, cast):
    export(session, cast.ana, 2)
    export(session, cast.ana, 2)
    export(session, cast.ben, MOST)
    look_back(session, cast.renal)

    assert noted(session) == [("Ana", date(2026, 6, 8), 0, 4)]


def test_the_day_is_the_clinics(session, cast, patients):
    starts, ends = datetime(2026, 6, 8, 5, 0, tzinfo=UTC), datetime(2026, 6, 9, 5, 0, tzinfo=UTC)
    for at, each in zip([starts - timedelta(seconds=1), starts, starts, ends], patients, strict=True):
        look(session, cast.ana, each, at=at)
    for at, each in zip([starts, starts, starts, ends - timedelta(seconds=1)], patients, strict=True):
        look(session, cast.ben, each, at=at)
    look_back(session, cast.renal)

    assert noted(session) == [("Ben", date(2026, 6, 8), 4, 0)]


def test_changes_and_what_the_program_does_are_not_reads(session, cast, patients):
    for each in patients:
        look(session, cast.ana, each, action=AuditAction.CHANGED)
        look(session, cast.ben, each, action=AuditAction.DENIED)
        audit.record(
            session,
            clinic_id=each.clinic_id,
            actor=Actor("Scan"),
            action=AuditAction.VIEWED,
            at=NOON,
            patient_id=each.id,
        )

    assert look_back(session, cast.renal) == 0


def test_a_lead_is_not_told_of_their_own_reading(session, cast, patients):
    lead = make.user(session, cast.renal, name="Lee", role=Role.LEAD)
    for each in patients:
        look(session, lead, each)
    look_back(session, cast.renal)

    assert told(session) == [cast.dana.id]


def test_two_readers_are_one_mail_to_each_lead(session, cast, patients):
    for each in patients:
        look(session, cast.ana, each)
        look(session, cast.dana, each)
    lead = make.user(session, cast.renal, name="Lee", role=Role.LEAD)
    make.user(session, cast.renal, name="Old", role=Role.LEAD).active = False
    look_back(session, cast.renal)

    assert told(session) == sorted([cast.dana.id, lead.id])


def test_another_clinics_reads_are_its_own(session, cast, patients):
    for each in patients:
        look(session, cast.ana, each)

    assert look_back(session, cast.skin) == 0
    assert bulk_reading.latest(session, cast.skin.id, now=MORNING) == []


def test_days_missed_are_made_up_for_but_not_weeks(session, cast, patients):
    look_back(session, cast.renal, now=MORNING - timedelta(days=20))
    for each in patients:
        look(session, cast.ana, each, at=NOON - timedelta(days=2))
        look(session, cast.ana, each, at=NOON - timedelta(days=9))
    look_back(session, cast.renal)

    assert [day for _, day, *_ in noted(session)] == [date(2026, 6, 6)]


def test_zero_looks_for_nobody(session, cast, patients):
    for each in patients:
        look(session, cast.ana, each)

    assert look_back(session, cast.renal, most=0) == 0
    assert bulk_reading.clinics_to_look_at(session, MORNING) == [cast.skin.id]


def test_a_clinic_is_looked_at_once_a_day_from_its_own_hour_on(session, cast):
    session.add(MailPolicy(clinic_id=cast.renal.id, digest_hour=8))
    session.add(MailPolicy(clinic_id=cast.skin.id, digest_hour=9))
    session.flush()
    early = bulk_reading.clinics_to_look_at(session, MORNING - timedelta(seconds=1))
    first = bulk_reading.clinics_to_look_at(session, MORNING)
    look_back(session, cast.renal)
    again = bulk_reading.clinics_to_look_at(session, MORNING + timedelta(hours=15))
    tomorrow = bulk_reading.clinics_to_look_at(session, MORNING + timedelta(days=1))

    assert (early, first) == ([], [cast.renal.id])
    assert (cast.renal.id in again, cast.renal.id in tomorrow) == (False, True)


def test_a_notice_is_itself_on_record(session, cast, patients):
    for each in patients:
        look(session, cast.ana, each)
    look_back(session, cast.renal)

    event = session.execute(select(AuditEvent).where(AuditEvent.table_name == "bulk_reading")).scalar_one()
    assert (event.actor, event.new["user_id"], event.new["patient_count"]) == ("Scan", cast.ana.id, 4)


def test_what_is_old_is_shown_no_longer(session, cast, patients):
    for each in patients:
        look(session, cast.ana, each)
    look_back(session, cast.renal)

    assert len(bulk_reading.latest(session, cast.renal.id, now=MORNING + timedelta(days=89))) == 1
    assert bulk_reading.latest(session, cast.renal.id, now=MORNING + timedelta(days=91)) == []
