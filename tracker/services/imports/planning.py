"""The dry run: every row of the file applied in memory, and told row by row. Nothing is written here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tracker.formats.clinic_columns import ClinicField
from tracker.formats.clinic_plans import plan_key
from tracker.formats.clinic_rows import ClinicRecord, Fault, Skipped
from tracker.services.imports.applying import (
    RowRefused,
    Work,
    apply_coverage,
    apply_patient,
    apply_plan,
    apply_transplant,
)
from tracker.services.imports.authorizations import apply_authorization
from tracker.services.imports.billing import Spans, spans_of
from tracker.services.imports.on_file import Desk
from tracker.services.imports.report import Line, Outcome, Report, RowError, RowReport
from tracker.services.imports.store import Contradiction, Detail, Store
from tracker.services.imports.therapy import apply_fill, apply_regimen
from tracker.services.imports.wording import field_name, in_words, plan_of, shown

Read = Sequence[ClinicRecord | Skipped]
Progress = Callable[[int, int], None]
STEP = 500
# The column a contradiction is shown at, by the name of the value.
AT = {
    "member_id": ClinicField.MEMBER_ID,
    "birth_date": ClinicField.BIRTH_DATE,
    "family": ClinicField.FAMILY,
    "given": ClinicField.GIVEN,
    "name_key": ClinicField.FAMILY,
    "indication": ClinicField.INDICATION,
    "owner_id": ClinicField.OWNER,
    "ends_on": ClinicField.AUTHORIZATION_TO,
    "starts_on": ClinicField.AUTHORIZATION_FROM,
    "requested_ends_on": ClinicField.AUTHORIZATION_TO,
    "requested_starts_on": ClinicField.AUTHORIZATION_FROM,
    "status": ClinicField.AUTHORIZATION_STATUS,
    "number": ClinicField.AUTHORIZATION,
    "lines": ClinicField.AUTHORIZATION_UNITS,
    "unit_rows": ClinicField.QUANTITY,
    "ndc": ClinicField.NDC,
    "formulation": ClinicField.DRUG,
    "dose_mg": ClinicField.DOSE,
    "doses_per_day": ClinicField.DOSE,
    "days_supply": ClinicField.DAYS_SUPPLY,
    "organ": ClinicField.ORGAN,
    "on_date": ClinicField.TRANSPLANTED_ON,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What the file would do: the report, the rows in memory, and which row of the file is whose."""

    report: Report
    store: Store
    rows_of: Mapping[str, Sequence[int]]


def make_plan(
    desk: Desk, read: Read, *, refused: Mapping[int, Fault], progress: Progress | None = None
) -> Plan:
    """Apply every usable row. `refused`: rows found to contradict what is on file when they were checked."""
    report, rows_of = Report(), dict[str, list[int]]()
    spans = spans_of(each for each in read if isinstance(each, ClinicRecord) and each.row not in refused)
    for number, each in enumerate(read, start=1):
        if isinstance(each, Skipped):
            _skip(report, each)
        else:
            fault = refused.get(each.row)
            faults = [*each.faults, *([fault] if fault else [])]
            if faults:
                _refuse(report, each, faults)
            elif patient_id := _apply(desk, spans, each, report):
                rows_of.setdefault(patient_id, []).append(each.row)
        if progress and number % STEP == 0:
            progress(number, len(read))
    _count(report, desk.store)
    report.plans = _plans(desk, read)
    return Plan(report, desk.store, rows_of)


def _skip(report: Report, skipped: Skipped) -> None:
    report.counts.skipped += 1
    report.rows.append(RowReport(skipped.row, "", Outcome.SKIPPED, [f"Skipped: {skipped.reason}"]))


def _apply(desk: Desk, spans: Spans, record: ClinicRecord, report: Report) -> str | None:
    """One row, whole or not at all; the id of its patient, None if it is refused."""
    work = Work(desk, spans, record, [])
    try:
        with desk.store.attempt(record.row) as attempt:
            patient = apply_patient(work)
            plan = apply_plan(work)
            apply_coverage(work, patient, plan)
            apply_transplant(work, patient)
            apply_fill(work, patient)
            apply_regimen(work, patient)
            apply_authorization(work, patient, plan)
    except RowRefused as refusal:
        _refuse(report, record, [refusal.fault])
        return None
    except Contradiction as clash:
        _refuse(report, record, [_clash(desk, record, clash)])
        return None
    report.remark(record.row, [*record.notes, *work.notes])
    _tell(desk, record, attempt.details, report)
    return patient.id


def _clash(desk: Desk, record: ClinicRecord, clash: Contradiction) -> Fault:
    """Two rows of one file disagree: neither can be right unasked."""
    what = field_name(clash.entry, clash.name)
    on_file = shown(desk, clash.name, clash.entry.values.get(clash.name))
    problem = f"contradicts row {clash.entry.row}, where {what} is {on_file}"
    found = shown(desk, clash.name, clash.value)
    return record.fault(AT.get(clash.name, ClinicField.MRN), found, problem, "Correct one of the two rows.")


def _refuse(report: Report, record: ClinicRecord, faults: Sequence[Fault]) -> None:
    report.counts.refused += 1
    says = [str(fault) for fault in faults]
    report.rows.append(RowReport(record.row, record.who, Outcome.REFUSED, says))
    report.errors += [RowError(each.row, each.column, each.found, each.problem, each.cure) for each in faults]


def _tell(desk: Desk, record: ClinicRecord, details: Sequence[Detail], report: Report) -> None:
    says, changes = in_words(desk, details)
    if not details:
        report.counts.unchanged += 1
        report.rows.append(RowReport(record.row, record.who, Outcome.UNCHANGED))
        return
    new = any(each.name is None and each.entry.table == "patient" for each in details)
    outcome = Outcome.ADDED if new else Outcome.CHANGED
    report.counts.added += new
    report.counts.changed += not new
    report.counts.changed_fields += len(changes)
    report.rows.append(RowReport(record.row, record.who, outcome, says, changes))


def _count(report: Report, store: Store) -> None:
    report.counts.rows = len(report.rows) - report.counts.skipped
    new: set[str] = set()
    old: set[str] = set()
    for entry in store.entries.values():
        if entry.table == "patient" and entry.added:
            new.add(entry.id)
        elif entry.added or entry.changed:
            old.add(entry.patient_id or (entry.id if entry.table == "patient" else ""))
    report.counts.new_patients = len(new)
    report.counts.changed_patients = len(old - new - {""})


def _plans(desk: Desk, read: Read) -> list[Line]:
    """Every spelling of a plan in the file, the plan it is taken as, and what is new about that."""
    typed = {each.plan.text: each.plan for each in read if isinstance(each, ClinicRecord) and each.plan}
    names = {plan_key(plan_of(desk, plan.id)): plan for plan in desk.store.all("plan")}
    lines: list[Line] = []
    for text, name in sorted(typed.items()):
        plan = names.get(name.key) or names.get(plan_key(f"{name.full} Plan"))
        if plan is not None:
            guess = "guessed from its name" if name.guessed else "its name does not tell more"
            new = f"new, {plan.values['line_of_business'].label} ({guess})" if plan.added else "on file"
            lines.append((text, plan_of(desk, plan.id), new))
    return lines
