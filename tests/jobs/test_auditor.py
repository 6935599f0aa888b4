"""The tick writes down where the audit chains stand."""

import logging

import pytest
from sqlalchemy import insert

import make
from clockwork import NOON, SetClock, office
from tracker.jobs.auditor import anchor_heads
from tracker.models.audit import AuditAction
from tracker.models.ids import new_id
from tracker.services import audit, audit_anchor, audit_chain
from tracker.services.actor import SCAN


@pytest.fixture
def clinic(session):
    clinic = make.clinic(session)
    audit.record(session, clinic_id=clinic.id, actor=SCAN, action=AuditAction.MAILED, at=NOON)
    session.commit()
    return clinic


def test_the_first_head_of_a_day_is_logged_and_every_head_is_kept(session, clinic, settings, caplog):
    caplog.set_level(logging.INFO)
    rig = office(session, settings, SetClock())
    anchor_heads(rig)
    audit.record(session, clinic_id=clinic.id, actor=SCAN, action=AuditAction.MAILED, at=NOON)
    session.commit()
    anchor_heads(rig)

    (anchor,) = audit_anchor.read(settings.instance / audit_anchor.NAME)
    assert anchor.head == audit_chain.head_of(session, clinic.id)
    said = [record for record in caplog.records if record.name == "tracker.jobs.auditor"]
    assert [(record.audit_number, record.clinic_id) for record in said] == [(1, clinic.id)]


def test_events_that_an_older_process_wrote_are_chained(session, clinic, settings):
    loose = {"id": new_id(), "clinic_id": clinic.id, "at": NOON, "actor": "x", "action": AuditAction.ADDED}
    session.execute(insert(audit_chain.EVENT), [loose])
    session.commit()

    anchor_heads(office(session, settings, SetClock()))

    assert audit_chain.head_of(session, clinic.id).number == 2


def test_a_trail_that_lost_events_is_an_error_in_the_log(session, clinic, settings, caplog):
    head = audit_chain.Head(clinic.id, 9, "a" * 64)
    (settings.instance / audit_anchor.NAME).write_text(audit_anchor.Anchor(NOON, head).line() + "\n")

    anchor_heads(office(session, settings, SetClock()))

    assert "tracker audit verify" in caplog.text
