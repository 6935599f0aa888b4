"""Bringing in a clinic's spreadsheet: the dry run, the import, importing twice, undo."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from math import inf
from pathlib import Path

import pytest
from sqlalchemy import func, select

import make
from tracker.models.alert import Alert
from tracker.models.audit import AuditEvent
from tracker.models.authorization import Authorization
from tracker.models.imports import ColumnMapping, ImportChange, ImportState
from tracker.models.patient import Coverage, Patient, PatientCheck
from tracker.models.payer import Payer, Plan
from tracker.models.therapy import Fill, Regimen
from tracker.rules.words import AuthorizationStatus, LineOfBusiness, Severity
from tracker.services.actor import Actor
from tracker.services.errors import BadFile, Conflict, Refused
from tracker.services.imports import batches, committing, undoing
from tracker.services.imports.report import Outcome

EXAMPLES = Path(__file__).resolve().parents[3] / "shared" / "data" / "clinic-spreadsheet-SYNTHETIC"
NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
ANA = Actor("Ana")
HEAD = "MRN,Last Name,First Name,DOB,Plan,Member ID,NDC,Qty,DS,Date Filled,PA #,PA start,PA exp,PA units\n"
ROSA = (
    "100234,Alvarez,Rosa,4/2/1971,Acme Gold PPO,M1,0078-0248-15,60,30,10/5/2026,A-1,1/1/2026,12/31/2026,720\n"
)


@pytest.fixture
def clinic(session):
    return make.clinic(session)


def staged(session, clinic, text, *, name="list.csv", sheet=None, now=NOW):
    content = text if isinstance(text, bytes) else text.encode()
    batch = batches.stage(
        session, clinic_id=clinic.id, file_name=name, content=content, sheet=sheet, actor=ANA, now=now
    )
    return committing.job(session, batch, actor=ANA, now=now)


def imported(session, clinic, text, **more):
    job = staged(session, clinic, text, **more)
    committing.commit_good(job)
    return job.batch


def example(name):
    path = EXAMPLES / name
    if not path.exists():
        pytest.skip(f"no shared data beside the checkout ({path})")
    return path.read_bytes()


def count(session, model):
    return session.execute(select(func.count()).select_from(model)).scalar_one()


def test_one_row_brings_a_patient_with_coverage_regimen_fill_and_authorization(session, clinic):
    imported(session, clinic, HEAD + ROSA)

    patient = session.scalars(select(Patient)).one()
    fill, pa = session.scalars(select(Fill)).one(), session.scalars(select(Authorization)).one()
    regimen, coverage = session.scalars(select(Regimen)).one(), session.scalars(select(Coverage)).one()
    assert (patient.mrn, patient.family, patient.birth_date) == ("100234", "Alvarez", date(1971, 4, 2))
    assert coverage.starts_on == date(2026, 1, 1)
    assert [(unit.code, unit.units) for unit in fill.unit_rows] == [("J7502", 60)]
    assert (regimen.dose_mg, regimen.doses_per_day, regimen.strengths_mg) == (Decimal(100), 2, ["100"])
    assert (pa.number, pa.status, pa.ends_on) == ("A-1", AuthorizationStatus.APPROVED, date(2026, 12, 31))
    assert [(line.code, line.units) for line in pa.lines] == [("J7502", 720)]


def test_a_dry_run_writes_nothing_and_says_what_it_took_from_where(session, clinic):
    report = committing.dry_run(staged(session, clinic, HEAD + ROSA))

    assert count(session, Patient) == count(session, Plan) == count(session, PatientCheck) == 0
    assert report.counts.new_patients == 1
    assert report.counts.alerts_opened is not None
    assert report.plans == [("Acme Gold PPO", "Acme Gold PPO", "new, commercial (guessed from its name)")]
    assert "The regimen is taken from quantity / days supply: 2 capsules of 100 mg a day" in report.notes


def test_importing_twice_changes_nothing(session, clinic):
    imported(session, clinic, HEAD + ROSA)

    again = committing.dry_run(staged(session, clinic, HEAD + ROSA))

    assert [row.outcome for row in again.rows] == [Outcome.UNCHANGED]
    assert again.notes == {}


def test_a_changed_end_is_shown_before_and_after_and_raises_the_version(session, clinic):
    imported(session, clinic, HEAD + ROSA)
    later = HEAD + ROSA.replace("12/31/2026", "2027-01-31").replace("M1", "M2")

    report = committing.commit_all(staged(session, clinic, later))

    assert [tuple(line) for line in report.rows[0].changes] == [
        ("Member ID", "M1", "M2"),
        ("PA A-1 to", "2026-12-31", "2027-01-31"),
    ]
    assert session.scalars(select(Authorization.version)).one() == 2


def test_all_or_nothing_writes_nothing_when_one_row_is_refused(session, clinic):
    job = staged(
        session, clinic, HEAD + ROSA + ROSA.replace("100234", "100235").replace("4/2/1971", "2/30/1971")
    )

    with pytest.raises(Refused, match="One row cannot be imported, so nothing was"):
        committing.commit_all(job)

    assert count(session, Patient) == 0
    assert job.batch.state is ImportState.STAGED


def test_only_the_good_rows_by_choice(session, clinic):
    bad = ROSA.replace("100234", "100235").replace("10/5/2026", "12/5/2026")

    report = committing.commit_good(staged(session, clinic, HEAD + bad + ROSA))

    assert session.scalars(select(Patient.mrn)).all() == ["100234"]
    assert [(e.row, e.column, e.found) for e in report.errors] == [(2, "Date Filled", "2026-12-05")]
    assert report.errors[0].cure.startswith("Plan it instead")


def test_two_rows_that_disagree_are_told_apart(session, clinic):
    rival = ROSA.replace("12/31/2026", "11/30/2026")

    report = committing.dry_run(staged(session, clinic, HEAD + ROSA + rival))

    assert report.errors[0].row == 3
    assert report.errors[0].problem == "contradicts row 2, where PA A-1 to is 2026-12-31"


def test_two_strengths_of_one_fill_are_one_fill_of_two_codes(session, clinic):
    both = ROSA + ROSA.replace("0078-0248-15", "0078-0246-15").replace(",720", ",")
    batch = imported(session, clinic, HEAD + both)

    fill = session.scalars(select(Fill)).one()
    assert {unit.code: unit.units for unit in fill.unit_rows} == {"J7502": 60, "J7515": 60}
    assert count(session, Regimen) == 0
    assert committing.dry_run(staged(session, clinic, HEAD + both)).counts.unchanged == 2
    assert batch.state is ImportState.COMMITTED


def test_a_lost_leading_zero_makes_no_second_patient(session, clinic):
    make.patient(session, clinic, mrn="0100234")

    report = committing.dry_run(staged(session, clinic, HEAD + ROSA))

    assert report.errors[0].cure == "Write 0100234?"


def test_a_record_number_of_another_person_is_refused(session, clinic):
    make.patient(session, clinic, family="Chen", birth_date=date(1950, 1, 1))

    report = committing.dry_run(staged(session, clinic, HEAD + ROSA))

    assert "another name and another birth date" in report.errors[0].problem


def test_a_payer_that_fits_two_plans_must_be_named(session, clinic):
    make.plan(session, clinic, payer="Acme", name="Gold")
    payer = session.scalars(select(Payer)).one()
    make.save(
        session,
        Plan(
            clinic_id=clinic.id, payer_id=payer.id, name="Silver", line_of_business=LineOfBusiness.COMMERCIAL
        ),
    )

    report = committing.dry_run(staged(session, clinic, HEAD + ROSA.replace("Acme Gold PPO", "ACME")))

    assert report.errors[0].problem == "could be 2 plans: Acme Gold, Acme Silver"


def test_facts_that_contradict_what_is_on_file_refuse_the_row(session, clinic):
    patient = make.patient(session, clinic)
    make.regimen(session, patient, starts_on=date(2026, 12, 1))
    make.regimen(session, patient, starts_on=date(2026, 10, 1), ends_on=date(2026, 12, 20))

    report = committing.dry_run(staged(session, clinic, HEAD + ROSA))

    assert report.counts.refused == 1
    assert "overlaps another regimen" in report.errors[0].problem


def test_a_request_without_a_number_becomes_approved_when_its_number_comes(session, clinic):
    waiting = ROSA.replace("A-1,1/1/2026,12/31/2026,720", "pending - faxed 11/12,,,")
    imported(session, clinic, HEAD + waiting)
    first = session.scalars(select(Authorization)).one()
    assert (first.number, first.status) == (None, AuthorizationStatus.SUBMITTED)

    imported(session, clinic, HEAD + ROSA)

    only = session.scalars(select(Authorization)).one()
    assert (only.number, only.status) == ("A-1", AuthorizationStatus.APPROVED)


def test_an_empty_authorization_number_is_no_authorization(session, clinic):
    imported(session, clinic, HEAD + ROSA.replace("A-1,1/1/2026,12/31/2026,720", "n/a,,,"))

    assert count(session, Authorization) == 0


MANY = 130


def many(rows=MANY):
    """Patients whose authorization ended: each opens alerts."""
    line = ROSA.replace("100234,Alvarez", "{mrn},Fam{n}").replace("M1", "M{n}").replace("A-1", "A-{n}")
    line = line.replace("12/31/2026", "10/31/2026")
    return HEAD + "".join(line.format(mrn=500000 + n, n=n) for n in range(rows))


def test_a_dry_run_of_many_foretells_what_the_import_then_opens(session, clinic):
    job = staged(session, clinic, many())
    told = committing.dry_run(job).counts
    assert count(session, Alert) == 0
    opened = committing.commit_all(job).counts.alerts_opened

    assert told.alerts_opened == opened == count(session, Alert)
    assert (told.alerts_looked_at, told.alerts_of, told.alerts_partial) == (MANY, MANY, False)
    mailed = session.execute(select(func.count()).where(Alert.severity != Severity.INFO)).scalar_one()
    assert told.storms == {"everyone (unowned)": mailed}


def test_a_few_alerts_are_no_storm(session, clinic):
    told = committing.dry_run(staged(session, clinic, many(2))).counts

    assert told.alerts_opened
    assert told.storms == {}


def test_a_dry_run_without_time_says_how_many_it_looked_at(session, clinic, monkeypatch):
    monkeypatch.setattr(committing, "CHECKED_AT_ONCE", 100)
    job = replace(staged(session, clinic, many()), look_until=0.0)
    told = committing.dry_run(job).counts
    job = replace(job, look_until=inf)
    whole = committing.dry_run(job).counts

    assert (told.alerts_looked_at, told.alerts_of, told.alerts_partial) == (100, MANY, True)
    assert told.storms == whole.storms


def test_alerts_are_foretold_for_whoever_answers_today(session, clinic):
    ana, ben = (make.user(session, clinic, name=name) for name in ("Ana", "Ben"))
    for number in range(30):
        who = {"mrn": str(500000 + number), "family": f"Fam{number}", "given": "Rosa"}
        make.patient(session, clinic, owner_id=ana.id, birth_date=date(1971, 4, 2), **who)
    ana.backup_id, ana.away_from = ben.id, date(2026, 11, 1)
    session.flush()

    told = committing.dry_run(staged(session, clinic, many(30))).counts

    assert told.storms == {"Ben": 30}


def test_undo_takes_everything_back(session, clinic):
    batch = imported(session, clinic, HEAD + ROSA)

    undoing.undo(session, batch, actor=ANA, now=NOW)

    session.expire_all()
    for model in (Patient, Payer, Plan, Coverage, Regimen, Fill, Authorization, PatientCheck):
        assert count(session, model) == 0
    assert batch.state is ImportState.UNDONE
    assert committing.dry_run(staged(session, clinic, HEAD + ROSA)).counts.new_patients == 1


def test_undo_restores_what_was_changed_and_checks_again(session, clinic):
    imported(session, clinic, HEAD + ROSA)
    changed = HEAD + ROSA.replace("12/31/2026,720", "11/30/2026,360")
    second = imported(session, clinic, changed)

    undoing.undo(session, second, actor=ANA, now=NOW)

    session.expire_all()
    pa = session.scalars(select(Authorization)).one()
    assert (pa.ends_on, [line.units for line in pa.lines], pa.version) == (date(2026, 12, 31), [720], 3)


def test_undo_is_refused_with_what_stands_in_the_way(session, clinic):
    batch = imported(session, clinic, HEAD + ROSA)
    patient = session.scalars(select(Patient)).one()
    session.scalars(select(Authorization)).one().ends_on = date(2027, 3, 31)
    make.fill(session, patient, on=date(2026, 11, 5))

    with pytest.raises(undoing.UndoRefused) as refusal:
        undoing.undo(session, batch, actor=ANA, now=NOW)

    assert refusal.value.standing == [
        "Authorization A-1: ends on changed since",
        "Fill: added since to what this import brought in",
    ]
    assert count(session, Fill) == 2


def test_a_batch_is_imported_once_and_undone_once(session, clinic):
    job = staged(session, clinic, HEAD + ROSA)
    committing.commit_good(job)

    with pytest.raises(Conflict):
        committing.commit_good(job)
    undoing.undo(session, job.batch, actor=ANA, now=NOW)
    with pytest.raises(Conflict):
        undoing.undo(session, job.batch, actor=ANA, now=NOW)


def test_columns_are_remembered_for_the_same_headers(session, clinic):
    head = HEAD.replace("MRN", "Number here")
    first = staged(session, clinic, head + ROSA).batch
    assert "mrn" not in first.mapping["columns"].values()
    chosen = {column.index: column.field for column in batches.columns_of(first).columns}
    chosen[0] = "mrn"
    batches.set_columns(session, first, chosen, now=NOW)

    again = staged(session, clinic, head.upper() + ROSA)

    assert again.batch.mapping["remembered"]
    assert committing.dry_run(again).counts.new_patients == 1
    assert count(session, ColumnMapping) == 1


def test_each_written_row_leaves_an_audit_event(session, clinic):
    batch = imported(session, clinic, HEAD + ROSA)

    changes = count(session, ImportChange)
    events = session.scalars(select(AuditEvent.action).where(AuditEvent.table_name != "import_batch")).all()
    assert changes == len(events) == 7
    assert batch.content is None


def test_the_example_workbook_comes_in(session, clinic):
    job = staged(session, clinic, example("cyclosporine_pa_log.xlsx"), name="log.xlsx")
    report = committing.commit_good(job)

    counts = report.counts
    assert (counts.rows, counts.new_patients, counts.unchanged, counts.refused) == (61, 59, 1, 1)
    assert [(e.row, e.column, e.cure) for e in report.errors] == [(22, "PA exp", "Write 2027-02-28?")]
    assert ("AETNA ppo", "Aetna PPO") in {tuple(line[:2]) for line in report.plans}
    assert session.scalars(select(Patient.mrn).where(Patient.mrn == "100223")).one() == "100223"
    again = committing.dry_run(staged(session, clinic, example("cyclosporine_pa_log.xlsx"), name="log.xlsx"))
    assert again.counts.written == 0


def test_the_example_export_comes_in_after_the_workbook(session, clinic):
    imported(session, clinic, example("cyclosporine_pa_log.xlsx"), name="log.xlsx")
    plans = count(session, Plan)

    report = committing.commit_good(staged(session, clinic, example("refills_export.csv")))

    assert report.counts.refused == 0
    assert count(session, Plan) == plans
    again = committing.dry_run(staged(session, clinic, example("refills_export.csv")))
    assert again.counts.written == 0


def test_another_sheet_can_be_chosen(session, clinic):
    content = example("cyclosporine_pa_log.xlsx")

    batch = staged(session, clinic, content, sheet="OLD - do not use").batch

    assert batch.sheet == "OLD - do not use"
    with pytest.raises(BadFile, match="CsA PA log"):
        staged(session, clinic, content, sheet="nothing")
