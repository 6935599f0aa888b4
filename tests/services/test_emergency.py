"""Emergency access as the database keeps it: one patient, a time, a review."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

import make
from tracker.models.emergency import EmergencyAccess
from tracker.models.outbox import OutboxMessage
from tracker.models.user import Role
from tracker.services import emergency
from tracker.services.actor import Actor
from tracker.services.emergency import Wanted
from tracker.services.errors import NotFound, Refused

NOON = datetime(2026, 6, 8, 17, 0, tzinfo=UTC)
LEE = Actor("Lee")


@pytest.fixture
def rosa(session, cast):
    cast.renal.emergency_on = True
    return make.patient(session, cast.renal, mrn="100234", birth_date=date(1958, 3, 17))


def opened(session, cast, rosa, now=NOON):
    wanted = Wanted(rosa.clinic_id, rosa.mrn, rosa.birth_date, "Seizure on our ward")
    row = emergency.open_record(session, cast.cleo, wanted, from_clinic="Skin clinic", now=now)
    assert row is not None
    return row


def test_it_lasts_as_long_as_the_clinic_says(session, cast, rosa):
    cast.renal.emergency_minutes = 30
    row = opened(session, cast, rosa)

    assert emergency.find(session, cast.cleo, row.id, now=NOON + timedelta(minutes=29))[0] is row
    with pytest.raises(NotFound):
        emergency.find(session, cast.cleo, row.id, now=NOON + timedelta(minutes=30))


def test_what_waits_stands_first_and_is_counted(session, cast, rosa):
    first = opened(session, cast, rosa)
    second = opened(session, cast, rosa, now=NOON + timedelta(hours=2))
    emergency.review(session, rosa.clinic_id, first.id, note="Needed", reviewer=LEE, now=NOON)
    waiting, reviewed = emergency.lines(session, rosa.clinic_id, now=NOON + timedelta(hours=4))

    assert [(line.access.id, line.running, line.looks) for line in waiting] == [(second.id, False, 0)]
    assert [line.access.review_note for line in reviewed] == ["Needed"]
    assert emergency.waiting_count(session, rosa.clinic_id) == 1
    assert emergency.lines(session, cast.skin.id, now=NOON) == ([], [])


def test_only_the_leads_of_the_patients_clinic_are_told(session, cast, rosa):
    make.user(session, cast.skin, name="Eve", role=Role.LEAD)
    make.user(session, cast.renal, name="Old", role=Role.LEAD).active = False
    opened(session, cast, rosa)

    told = session.execute(select(OutboxMessage.recipient_id)).scalars().all()
    assert told == [cast.dana.id]


def test_it_is_not_switched_on_where_nobody_would_be_told(session, cast):
    with pytest.raises(Refused, match="role lead"):
        emergency.set_policy(session, cast.skin, on=True, minutes=60, actor=LEE, now=NOON)


def test_half_a_review_is_none(session, cast, rosa):
    row = opened(session, cast, rosa)
    row.reviewed_at = NOON

    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()


def test_a_patient_of_another_clinic_than_said_is_none(session, cast, rosa):
    session.add(
        EmergencyAccess(
            clinic_id=cast.skin.id,
            patient_id=rosa.id,
            user_id=cast.cleo.id,
            opened_by="Cleo",
            from_clinic="Skin clinic",
            reason="x",
            opened_at=NOON,
            ends_at=NOON,
        )
    )

    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()
