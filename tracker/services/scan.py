"""Look after whoever is due: in batches, each a transaction of its own, so that it can stop anywhere.

`steps` yields after each batch and the edge that loops over it commits. What is done is no longer due, so a
pass that is cut off is taken up by the next one. One patient whose check fails never stops the others.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, literal, or_, select, update
from sqlalchemy import insert as insert_rows
from sqlalchemy.exc import OperationalError

from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.patient import Patient, PatientCheck
from tracker.models.scan import ScanKind, ScanRun
from tracker.services import checking
from tracker.services.actor import SCAN, Actor
from tracker.services.clinic_day import clinic_today
from tracker.services.reconcile import Outcome

Clock = Callable[[], datetime]

BATCH = 200
RETRY_MINUTES = (1, 2, 5, 10, 20, 30, 60)


@dataclass(frozen=True, slots=True)
class Step:
    """How far a pass is; commit after each."""

    run_id: str
    due_count: int
    done_count: int
    checked_count: int
    opened_count: int
    closed_count: int
    error_count: int
    finished: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """What one batch came to."""

    patient_ids: Sequence[str]
    outcome: Outcome
    failed: int


def clinics_due(session: Db, now: datetime) -> list[str]:
    """Ids of the clinics in which someone may be due, whatever their time zone."""
    latest = (now + timedelta(hours=14)).date()
    someone = select(PatientCheck.patient_id).where(
        PatientCheck.clinic_id == Clinic.id,
        or_(
            PatientCheck.due,
            PatientCheck.check_on.is_(None),
            PatientCheck.check_on <= func.coalesce(Clinic.demo_today, latest),
            PatientCheck.as_of > func.coalesce(Clinic.demo_today, latest),
        ),
    )
    return list(session.execute(select(Clinic.id).where(someone.exists()).order_by(Clinic.id)).scalars())


def due_count(session: Db, clinic_id: str, now: datetime) -> int:
    """How many patients of a clinic must be checked now."""
    due = checking.due_patients(clinic_id, clinic_today(session, clinic_id, now), now)
    return session.execute(select(func.count()).select_from(due.order_by(None).subquery())).scalar_one()


def nobody_is_due(session: Db, now: datetime) -> bool:
    """Whether every clinic's answers hold today."""
    return not any(due_count(session, clinic_id, now) for clinic_id in clinics_due(session, now))


def ask_for_all(session: Db, *, clinic_id: str) -> int:
    """Mark every patient of a clinic due, those never checked included; how many there are."""
    never = select(Patient.id, Patient.clinic_id, literal(True), literal(0), literal(0)).where(
        Patient.clinic_id == clinic_id,
        ~select(PatientCheck.patient_id).where(PatientCheck.patient_id == Patient.id).exists(),
    )
    columns = ["patient_id", "clinic_id", "due", "failures", "future_fill_count"]
    session.execute(insert_rows(PatientCheck).from_select(columns, never, include_defaults=False))
    return checking.mark_due(session, clinic_id=clinic_id)


def steps(
    session: Db,
    *,
    clinic_id: str,
    clock: Clock,
    kind: ScanKind,
    batch: int = BATCH,
    actor: Actor = SCAN,
) -> Iterator[Step]:
    """Check a clinic's due patients, one batch for each step; nothing if nobody is due."""
    started = clock()
    due = due_count(session, clinic_id, started)
    if not due:
        return
    run = ScanRun(
        clinic_id=clinic_id, kind=kind, as_of=clinic_today(session, clinic_id, started), started_at=started
    )
    run.due_count, run.checked_count, run.opened_count, run.closed_count, run.error_count = due, 0, 0, 0, 0
    session.add(run)
    session.flush()
    seen: set[str] = set()
    while True:
        done = next_batch(session, clinic_id=clinic_id, now=clock(), batch=batch, actor=actor)
        fresh = set(done.patient_ids) - seen if done else set()
        if done is None or not fresh:  # a batch without anyone new would come again for ever
            break
        seen |= fresh
        _count(run, done)
        yield _step(run, len(seen), finished=False)
    run.finished_at = clock()
    session.flush()
    yield _step(run, len(seen), finished=True)


def next_batch(
    session: Db, *, clinic_id: str, now: datetime, batch: int = BATCH, actor: Actor = SCAN
) -> Batch | None:
    """Check the next due patients in the caller's transaction; None if nobody is left.

    Rows that another process is at are passed over.
    """
    today = clinic_today(session, clinic_id, now)
    query = checking.due_patients(clinic_id, today, now).limit(batch).with_for_update(skip_locked=True)
    ids = list(session.execute(query).scalars())
    if not ids:
        return None
    try:
        with session.begin_nested():
            outcome = _check(session, clinic_id, ids, now, actor)
    except OperationalError:  # the database itself is in trouble: no patient is to blame
        raise
    except Exception:  # one bad patient spoils the batch: take them one by one
        return _one_by_one(session, clinic_id, ids, now, actor)
    return Batch(ids, outcome, _note_missed(session, clinic_id, ids, now))


def _check(session: Db, clinic_id: str, ids: Sequence[str], now: datetime, actor: Actor) -> Outcome:
    return checking.recheck_many(session, clinic_id=clinic_id, patient_ids=ids, now=now, actor=actor)


def _one_by_one(session: Db, clinic_id: str, ids: Sequence[str], now: datetime, actor: Actor) -> Batch:
    total, failed = Outcome(), 0
    for patient_id in ids:
        try:
            with session.begin_nested():
                total += _check(session, clinic_id, [patient_id], now, actor)
        except OperationalError:
            raise
        except Exception as error:
            _note_failure(session, patient_id, type(error).__name__, now)
            failed += 1
    return Batch(ids, total, failed + _note_missed(session, clinic_id, ids, now))


def _note_missed(session: Db, clinic_id: str, ids: Sequence[str], now: datetime) -> int:
    """Whoever came through a check without an answer and without an error must not be due for ever."""
    session.flush()
    query = checking.due_patients(clinic_id, clinic_today(session, clinic_id, now), now)
    missed = list(session.execute(query.where(PatientCheck.patient_id.in_(ids))).scalars())
    for patient_id in missed:
        _note_failure(session, patient_id, "NoAnswer", now)
    return len(missed)


def _note_failure(session: Db, patient_id: str, error: str, now: datetime) -> None:
    """Keep the kind of error, never its text, which may quote a fact; try again later and later."""
    failures = session.execute(
        select(PatientCheck.failures).where(PatientCheck.patient_id == patient_id)
    ).scalar_one()
    wait = timedelta(minutes=RETRY_MINUTES[min(failures, len(RETRY_MINUTES) - 1)])
    session.execute(
        update(PatientCheck)
        .where(PatientCheck.patient_id == patient_id)
        .values(error=error[:200], failures=failures + 1, retry_at=now + wait, due=True)
        .execution_options(synchronize_session=False)
    )


def _count(run: ScanRun, done: Batch) -> None:
    run.checked_count += len(done.patient_ids) - done.failed
    run.error_count += done.failed
    run.opened_count += done.outcome.opened
    run.closed_count += done.outcome.closed


def _step(run: ScanRun, done_count: int, *, finished: bool) -> Step:
    return Step(
        run_id=run.id,
        due_count=run.due_count,
        done_count=done_count,
        checked_count=run.checked_count,
        opened_count=run.opened_count,
        closed_count=run.closed_count,
        error_count=run.error_count,
        finished=finished,
    )
