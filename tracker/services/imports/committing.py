"""The dry run and the import of a batch: the same plan, kept as a report or written in one transaction."""

import math
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select

from tracker.formats.clinic_columns import ClinicField
from tracker.formats.clinic_rows import ClinicRecord, Fault
from tracker.models.audit import AuditAction
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.ids import in_no_order
from tracker.models.imports import ImportBatch, ImportState
from tracker.rules.casefile import BadCase, validate
from tracker.services import audit, checking, foretelling
from tracker.services.actor import Actor
from tracker.services.clinic_day import day_in
from tracker.services.errors import Conflict, Refused
from tracker.services.foretelling import Foretold
from tracker.services.imports.batches import keep_report, read_records
from tracker.services.imports.on_file import read_desk
from tracker.services.imports.planning import Plan, Progress, Read, make_plan
from tracker.services.imports.report import Report
from tracker.services.imports.store import Entry, Store
from tracker.services.imports.writing import Writer, write_history, write_rows
from tracker.services.loading import load_cases

LOOKED_AT_ONCE = 100
CATALOGUE = "payer", "plan"
CHECKED_AT_ONCE = 500  # beyond it patients are marked due and the scan checks them
LOOK_SECONDS = 8.0  # so long a dry run looks ahead while a person, and every other writer, waits
TRIES = 3


@dataclass(frozen=True, slots=True)
class Job:
    """One batch of one clinic on one day, in somebody's name."""

    session: Db
    clinic: Clinic
    batch: ImportBatch
    actor: Actor
    now: datetime
    progress: Progress | None = None
    look_until: float = math.inf

    @property
    def today(self) -> date:
        return day_in(self.clinic, self.now)

    @property
    def writer(self) -> Writer:
        return Writer(self.session, self.clinic.id, self.batch.id, self.actor, self.now)


def job(
    session: Db,
    batch: ImportBatch,
    *,
    actor: Actor,
    now: datetime,
    progress: Progress | None = None,
    look_seconds: float = LOOK_SECONDS,
) -> Job:
    """`look_seconds`: how long a dry run of very many patients may foretell their alerts."""
    clinic = session.execute(select(Clinic).where(Clinic.id == batch.clinic_id)).scalar_one()
    return Job(session, clinic, batch, actor, now, progress, time.monotonic() + look_seconds)


def dry_run(job: Job) -> Report:
    """Say row by row what the import would do, and keep that with the batch. Nothing else is written."""
    _waiting(job.batch)
    read = read_records(job.batch, job.today)
    plan = _checked_plan(job, read, keep=False)
    keep_report(job.session, job.batch, plan.report)
    return plan.report


def commit_all(job: Job) -> Report:
    """Write every row. Raises Refused if one row cannot be written: then none is."""
    return _commit(job, whole=True)


def commit_good(job: Job) -> Report:
    """Write the rows that can be written, and leave the others out."""
    return _commit(job, whole=False)


def _commit(job: Job, *, whole: bool) -> Report:
    _waiting(job.batch)
    read = read_records(job.batch, job.today)
    plan = _checked_plan(job, read, keep=True, whole=whole)
    if plan.report.counts.written == 0:
        raise Refused("No row of this file would add or change anything.")
    batch = job.batch
    keep_report(job.session, batch, plan.report)
    batch.state, batch.committed_at, batch.content = ImportState.COMMITTED, job.now, None
    audit.record(
        job.session,
        clinic_id=batch.clinic_id,
        actor=job.actor,
        action=AuditAction.IMPORTED,
        at=job.now,
        table_name="import_batch",
        row_key=batch.id,
        new={"rows": plan.report.counts.written, "left_out": plan.report.counts.refused},
    )
    job.session.flush()
    return plan.report


def _waiting(batch: ImportBatch) -> None:
    if batch.state is not ImportState.STAGED:
        raise Conflict("This import is not waiting any more. Open it to see what became of it.")


# --------------------------------------------------------------------------------------------- the plan


def _checked_plan(job: Job, read: Read, *, keep: bool, whole: bool = False) -> Plan:
    """A plan whose facts do not contradict what is on file: rows that do are refused, and it is made again.

    `keep`: its rows stay written; `whole`: one refused row refuses all.
    """
    refused: dict[int, Fault] = {}
    for _ in range(TRIES):
        desk = read_desk(job.session, job.clinic, _mrns(read), today=job.today, lock=keep)
        plan = make_plan(desk, read, refused=refused, progress=job.progress)
        if whole:
            _refuse_unless_whole(plan.report)
        found = _try(job, plan, read, keep=keep)
        if not found:
            return plan
        refused |= found
    raise Refused("These rows contradict each other. Correct the rows of the dry run, then import again.")


def _refuse_unless_whole(report: Report) -> None:
    count = report.counts.refused
    if count:
        rows = "One row" if count == 1 else f"{count} rows"
        raise Refused(
            f"{rows} cannot be imported, so nothing was. Correct the file, or import the"
            f" {report.counts.ready} good rows only."
        )


def _mrns(read: Read) -> set[str]:
    return {each.mrn for each in read if isinstance(each, ClinicRecord) and each.mrn}


def _try(job: Job, plan: Plan, read: Read, *, keep: bool) -> Mapping[int, Fault]:
    """Write the plan and check its patients; rows that contradict what is on file, by number.

    All is taken back if there are such rows, or if nothing is to be kept.
    """
    touched = _touched(plan.store)
    if not touched:
        return {}
    if not keep:
        return _foretell(job, plan, read, touched)
    trial = job.session.begin_nested()
    try:
        write_rows(job.writer, plan.store)
        found: dict[int, Fault] = {}
        for start in range(0, len(touched), CHECKED_AT_ONCE):
            found |= _contradictions(job, plan, read, touched[start : start + CHECKED_AT_ONCE])
        if not found:
            write_history(job.writer, plan.store)
            _check(job, plan, touched)
    except BaseException:
        trial.rollback()
        raise
    if found:
        trial.rollback()
    else:
        trial.commit()
    return found


def _foretell(job: Job, plan: Plan, read: Read, touched: Sequence[str]) -> Mapping[int, Fault]:
    """Write and check patient after patient, and take all back: faulty rows, and in the report the alerts.

    Beyond the first few hundred they are looked at as long as there is time, in an order without meaning.
    The import itself looks at every one for contradictions.
    """
    order, told, found = sorted(touched, key=in_no_order), Foretold(len(touched)), dict[int, Fault]()
    names = foretelling.names_in_charge(job.session, job.clinic.id, job.today)
    trial = job.session.begin_nested()
    try:
        write_rows(job.writer, plan.store, lambda each: each.table in CATALOGUE)
        for start in range(0, len(order), LOOKED_AT_ONCE):
            if start >= CHECKED_AT_ONCE and time.monotonic() > job.look_until:
                break
            some = set(order[start : start + LOOKED_AT_ONCE])
            write_rows(job.writer, plan.store, _of_these(some))
            found |= _contradictions(job, plan, read, some)
            if not found:
                foretelling.look(job.session, job.clinic, some, today=job.today, names=names, into=told)
    finally:
        trial.rollback()
        job.session.expire_all()
    plan.report.counts = replace(
        plan.report.counts,
        alerts_opened=told.opened,
        alerts_closed=told.closed,
        alerts_of=told.of,
        alerts_looked_at=told.looked_at,
        alerts_mailed=dict(told.mailed),
    )
    return found


def _of_these(patients: Collection[str]) -> Callable[[Entry], bool]:
    return lambda each: _of(each) in patients


def _of(entry: Entry) -> str | None:
    """The patient whose record this is; None: a payer's or a plan's."""
    return None if entry.table in CATALOGUE else entry.patient_id or entry.id


def _touched(store: Store) -> list[str]:
    """Patients whose facts the plan changes."""
    found = {_of(each) for each in store.entries.values() if each.added or each.changed}
    return sorted(each for each in found if each)


def _contradictions(job: Job, plan: Plan, read: Read, touched: Collection[str]) -> dict[int, Fault]:
    """Rows of patients whose facts, as they would be, contradict each other."""
    job.session.expire_all()
    by_row = {each.row: each for each in read if isinstance(each, ClinicRecord)}
    found: dict[int, Fault] = {}
    for patient_id, case in load_cases(job.session, job.clinic, touched, as_of=job.today).items():
        try:
            validate(case)
        except BadCase as fault:
            cure = "Correct the row, or the facts on the patient's page."
            rows: Sequence[int] = plan.rows_of.get(patient_id, ())
            for row in rows:
                record = by_row[row]
                problem = f"does not fit what is on file: {_place(fault.path)} {fault.reason}"
                found[row] = record.fault(ClinicField.MRN, record.mrn or "", problem, cure)
    return found


def _place(path: str) -> str:
    """`patient.regimens[0].from` in words: `regimens from`."""
    parts = path.replace("patient.", "").split(".")
    return " ".join(part.split("[")[0].replace("_", " ") for part in parts)


def _check(job: Job, plan: Plan, touched: Collection[str]) -> None:
    """Saved means checked; a great many are marked due instead."""
    if len(touched) > CHECKED_AT_ONCE:
        checking.mark_due(job.session, clinic_id=job.clinic.id, patient_ids=touched)
        return
    outcome = checking.recheck_many(
        job.session,
        clinic_id=job.clinic.id,
        patient_ids=touched,
        now=job.now,
        actor=job.actor,
        because="the import of a spreadsheet",
    )
    counts = plan.report.counts
    plan.report.counts = replace(counts, alerts_opened=outcome.opened, alerts_closed=outcome.closed)
