"""`tracker audit` as someone at a shell meets it."""

from datetime import UTC, datetime

import pytest

import make
from tracker.commands.audit import audit as audit_command
from tracker.models.audit import AuditAction
from tracker.services import audit, audit_anchor, audit_chain
from tracker.services.actor import Actor

NOW = datetime(2026, 6, 8, 17, 0, tzinfo=UTC)


@pytest.fixture
def clinic(session):
    clinic = make.clinic(session)
    for _ in range(3):
        audit.record(session, clinic_id=clinic.id, actor=Actor("Ana"), action=AuditAction.ADDED, at=NOW)
    session.commit()
    return clinic


def test_a_whole_trail_says_so(runner, clinic):
    done = runner.invoke(audit_command, ["verify"])

    assert done.exit_code == 0
    assert "Renal clinic: 3 events, whole." in done.output
    assert "No anchored head" in done.output


def test_a_trail_shorter_than_its_anchor_ends_with_status_1(runner, clinic, settings):
    head = audit_chain.Head(clinic.id, 9, "a" * 64)
    (settings.instance / audit_anchor.NAME).write_text(audit_anchor.Anchor(NOW, head).line() + "\n")

    done = runner.invoke(audit_command, ["verify"])

    assert done.exit_code == 1
    assert "The end is cut off: event 9 was there at 2026-06-08 17:00Z, the last is now 3." in done.output


def test_a_file_of_heads_that_was_spoilt_is_told(runner, clinic, settings):
    (settings.instance / audit_anchor.NAME).write_text("nonsense\n")

    assert "no head of a chain" in str(runner.invoke(audit_command, ["verify"]).exception)


def test_an_export_is_itself_on_record(runner, clinic):
    first = runner.invoke(audit_command, ["export", "--clinic", "Renal clinic", "--to", "2026-06-08"])
    second = runner.invoke(audit_command, ["export", "--clinic", "Renal clinic", "--format", "jsonl"])

    assert len(first.stdout.splitlines()) == 4
    assert '"action": "exported"' in second.stdout


def test_no_other_clinic_is_exported(runner, clinic):
    assert "no clinic" in str(runner.invoke(audit_command, ["export", "--clinic", "Nowhere"]).exception)
