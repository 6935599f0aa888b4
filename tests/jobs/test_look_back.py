"""The clockwork looks through yesterday's reads once a morning, clinic by clinic, and mails what it finds."""

from datetime import timedelta
from email import message_from_bytes
from email.policy import SMTP

import pytest
from sqlalchemy import select

import make
from clockwork import NOON, SetClock, office
from tracker.jobs import look_back, mailer
from tracker.models.audit import AuditAction
from tracker.models.bulk_reading import BulkReading
from tracker.services import audit, bulk_reading, heartbeat
from tracker.services.actor import Actor

TOMORROW = NOON + timedelta(days=1)


@pytest.fixture
def read(session, cast):
    """Ana opened two patients, of whom one is allowed."""
    for mrn in ("1001", "1002"):
        rosa = make.patient(session, cast.renal, mrn=mrn, family="Alvarez")
        audit.record(
            session,
            clinic_id=cast.renal.id,
            actor=Actor("Ana", cast.ana.id),
            action=AuditAction.VIEWED,
            at=NOON,
            table_name="patient page",
            patient_id=rosa.id,
        )
    session.commit()


@pytest.fixture
def house(session, settings):
    return office(session, settings, SetClock(TOMORROW), reading_notice=1)


def test_the_leads_get_one_mail_without_a_name_in_it(house, read, settings):
    counts = [look_back.look_back_all(house), look_back.look_back_all(house)]
    mailer.send_due(house, stopping=lambda: False)
    mails = [
        message_from_bytes(path.read_bytes(), policy=SMTP) for path in settings.mail_folder.glob("*.eml")
    ]
    texts = [part.get_content() for mail in mails for part in mail.walk() if not part.is_multipart()]

    assert counts == [1, 0]
    assert [(mail["To"], mail["Subject"]) for mail in mails] == [
        ("dana@clinic.example", "[PA tracker] Someone read unusually many patients")
    ]
    assert len(texts) == 2
    assert all("/audit" in text for text in texts)
    assert not any(word in text for text in texts for word in ("Ana", "Alvarez", "1001"))


def test_a_doubtful_clock_looks_at_nothing(session, house, read):
    heartbeat.believe_clock(session, TOMORROW - timedelta(days=100))
    session.commit()

    assert look_back.look_back_all(house) == 0
    assert bulk_reading.clinics_to_look_at(session, TOMORROW) != []


def test_trouble_of_one_clinic_leaves_the_others_theirs(session, cast, house, read, monkeypatch, caplog):
    real = bulk_reading.look_back

    def broken(session, clinic_id, **more):
        if clinic_id == cast.skin.id:
            raise ValueError("no name of a patient in the log")
        return real(session, clinic_id, **more)

    monkeypatch.setattr(bulk_reading, "look_back", broken)
    look_back.look_back_all(house)

    assert session.execute(select(BulkReading.reader)).scalars().all() == ["Ana"]
    assert [(line.clinic_id, line.error) for line in caplog.records] == [(cast.skin.id, "ValueError")]
