"""How the clockwork is doing in one clinic: passes, patients whose check fails, mails by state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from tracker.models.base import Db
from tracker.models.outbox import OutboxMessage, OutboxState
from tracker.models.patient import Patient, PatientCheck
from tracker.models.scan import ScanRun
from tracker.models.user import User
from tracker.services import heartbeat, scan

RUNS = 10
LISTED = 20


@dataclass(frozen=True, slots=True)
class FailingCheck:
    """A patient whose last check failed; `error` is the kind of failure."""

    patient_id: str
    mrn: str
    error: str
    failures: int
    retry_at: datetime | None


@dataclass(frozen=True, slots=True)
class TroubledMail:
    """A mail that was tried and is not out."""

    email: str
    state: OutboxState
    attempts: int
    error: str
    next_at: datetime


@dataclass(frozen=True, slots=True)
class ScanStatus:
    scanned_at: datetime | None
    mailed_at: datetime | None
    due_count: int
    runs: Sequence[ScanRun]
    failing_count: int
    failing: Sequence[FailingCheck]
    mails: Mapping[OutboxState, int]
    troubled: Sequence[TroubledMail]


def scan_status(session: Db, *, clinic_id: str, now: datetime) -> ScanStatus:
    """Everything that the page about the scan shows."""
    failing = session.execute(
        select(func.count()).where(PatientCheck.clinic_id == clinic_id, PatientCheck.error.is_not(None))
    ).scalar_one()
    return ScanStatus(
        scanned_at=heartbeat.last_beat(session, heartbeat.SCAN),
        mailed_at=heartbeat.last_beat(session, heartbeat.MAIL),
        due_count=scan.due_count(session, clinic_id, now),
        runs=_runs(session, clinic_id),
        failing_count=failing,
        failing=_failing(session, clinic_id) if failing else [],
        mails=_mails(session, clinic_id),
        troubled=_troubled(session, clinic_id),
    )


def _runs(session: Db, clinic_id: str) -> Sequence[ScanRun]:
    query = (
        select(ScanRun)
        .where(ScanRun.clinic_id == clinic_id)
        .order_by(ScanRun.started_at.desc(), ScanRun.id.desc())
        .limit(RUNS)
    )
    return session.execute(query).scalars().all()


def _failing(session: Db, clinic_id: str) -> list[FailingCheck]:
    query = (
        select(Patient.id, Patient.mrn, PatientCheck)
        .join(PatientCheck, PatientCheck.patient_id == Patient.id)
        .where(PatientCheck.clinic_id == clinic_id, PatientCheck.error.is_not(None))
        .order_by(Patient.mrn)
        .limit(LISTED)
    )
    return [
        FailingCheck(patient_id, mrn, row.error or "", row.failures, row.retry_at)
        for patient_id, mrn, row in session.execute(query)
    ]


def _mails(session: Db, clinic_id: str) -> dict[OutboxState, int]:
    query = (
        select(OutboxMessage.state, func.count())
        .where(OutboxMessage.clinic_id == clinic_id)
        .group_by(OutboxMessage.state)
    )
    counts = dict.fromkeys(OutboxState, 0)
    for state, count in session.execute(query):
        counts[state] = count
    return counts


def _troubled(session: Db, clinic_id: str) -> list[TroubledMail]:
    query = (
        select(OutboxMessage, User.email)
        .join(User, User.id == OutboxMessage.recipient_id)
        .where(
            OutboxMessage.clinic_id == clinic_id,
            OutboxMessage.state.in_((OutboxState.RETRY, OutboxState.FAILED)),
        )
        .order_by(OutboxMessage.next_at.desc())
        .limit(LISTED)
    )
    return [
        TroubledMail(email, row.state, row.attempts, row.last_error or "", row.next_at)
        for row, email in session.execute(query)
    ]
