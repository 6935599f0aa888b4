"""One record of the file against what is on file: patient, plan, coverage and transplant. Therapy and
authorizations stand in their own modules.
"""

from dataclasses import dataclass
from datetime import date

from tracker.formats.clinic_columns import ClinicField
from tracker.formats.clinic_plans import PlanName, plan_key
from tracker.formats.clinic_rows import ClinicRecord, Fault
from tracker.services.imports.billing import Spans
from tracker.services.imports.on_file import Desk
from tracker.services.imports.store import Entry
from tracker.services.names import fold, name_key


class RowRefused(Exception):
    """A row that can be read but not be brought in."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass(slots=True)
class Work:
    """One record being applied. `notes` says in words what was not in the file."""

    desk: Desk
    spans: Spans
    record: ClinicRecord
    notes: list[str]

    def refuse(self, at: ClinicField, found: object, problem: str, cure: str) -> RowRefused:
        return RowRefused(self.record.fault(at, found, problem, cure))


# ---------------------------------------------------------------------------------------------- patient


def apply_patient(work: Work) -> Entry:
    """The row's patient: found by MRN, brought up to date, or added."""
    record, store = work.record, work.desk.store
    assert record.mrn is not None
    patient = store.patient(record.mrn)
    if patient is None:
        return _new_patient(work)
    _same_person(work, patient)
    if record.family and record.given and _renamed(record, patient):
        store.put(patient, {"family": record.family, "given": record.given})
        store.put(patient, {"name_key": name_key(record.family, record.given)})
    store.put(patient, _facts(work))
    return patient


def _facts(work: Work) -> dict[str, object]:
    record = work.record
    return {"birth_date": record.birth_date, "indication": record.indication, "owner_id": _owner(work)}


def _new_patient(work: Work) -> Entry:
    record = work.record
    _no_twin(work)
    if not record.family or not record.given:
        at = ClinicField.FAMILY if ClinicField.FAMILY in record.columns else ClinicField.FULL_NAME
        cure = "Add last and first name, or correct the MRN."
        raise work.refuse(at, "", f"is empty, and MRN {record.mrn} is not on file", cure)
    said = {"mrn": record.mrn, "family": record.family, "given": record.given, **_facts(work)}
    values = {**said, "name_key": name_key(record.family, record.given), "active": True}
    return work.desk.store.add("patient", values, said=[name for name, value in said.items() if value])


def _no_twin(work: Work) -> None:
    """An MRN that lost its leading zeros in a spreadsheet must not make a second patient."""
    record = work.record
    for twin in work.desk.store.near(record.mrn or ""):
        same_name = fold(record.family or "") == fold(twin.values["family"])
        if same_name and record.birth_date in (None, twin.values["birth_date"]):
            found, known = record.mrn, twin.values["mrn"]
            problem = f"is not on file, but {known} is, with the same name and birth date"
            raise work.refuse(ClinicField.MRN, found, problem, f"Write {known}?")


def _same_person(work: Work, patient: Entry) -> None:
    record = work.record
    born = patient.values["birth_date"]
    if not record.family or not record.birth_date or born in (None, record.birth_date):
        return
    if fold(record.family) != fold(patient.values["family"]):
        problem = "is on file for another name and another birth date"
        raise work.refuse(
            ClinicField.MRN, record.mrn, problem, "Check the MRN; names can be changed by hand."
        )


def _renamed(record: ClinicRecord, patient: Entry) -> bool:
    """Another name, not the same one without its accents."""
    return bool(name_key(record.family or "", record.given or "") != patient.values["name_key"])


def _owner(work: Work) -> str | None:
    name = work.record.owner
    if name is None:
        return None
    found = work.desk.owners.get(fold(name))
    if found is None:
        work.notes.append("An owner is nobody who signs in here: left as on file")
    return found


# ------------------------------------------------------------------------------------------------- plan


def apply_plan(work: Work) -> Entry | None:
    """The plan that the row names: one on file, however it is spelled, or a new one."""
    name = work.record.plan
    if name is None:
        return None
    fits = _fitting(work, name)
    if len(fits) > 1:
        listed = ", ".join(sorted(full for full, _ in fits))
        problem = f"could be {len(fits)} plans: {listed}"
        raise work.refuse(ClinicField.PLAN, name.text, problem, "Write one of them.")
    return fits[0][1] if fits else _new_plan(work, name)


def _fitting(work: Work, name: PlanName) -> list[tuple[str, Entry]]:
    """Plans with this name; else those that the name is the beginning of, or the plan's own name."""
    store = work.desk.store
    plans = [(full_name(store.entries[plan.values["payer_id"]], plan), plan) for plan in store.all("plan")]
    exact = [(full, plan) for full, plan in plans if plan_key(full) == name.key]
    if exact:
        return exact[:1]
    return [
        (full, plan)
        for full, plan in plans
        if plan_key(full).startswith(f"{name.key} ") or plan_key(plan.values["name"]) == name.key
    ]


def full_name(payer: Entry, plan: Entry) -> str:
    """Payer and plan as one name."""
    return f"{payer.values['name']} {plan.values['name']}".strip()


def _new_plan(work: Work, name: PlanName) -> Entry:
    store = work.desk.store
    payer = next(
        (each for each in store.all("payer") if plan_key(each.values["name"]) == plan_key(name.payer)), None
    )
    if payer is None:
        blank = {"phone": None, "fax": None, "portal": None, "hours": None}
        payer = store.add("payer", {"name": name.payer, **blank})
    values = {
        "payer_id": payer.id,
        "name": name.plan or "Plan",
        "line_of_business": name.line_of_business,
        "decision_hours_standard": None,
        "decision_hours_expedited": None,
    }
    return store.add("plan", values)


# --------------------------------------------------------------------------------- coverage, transplant


def apply_coverage(work: Work, patient: Entry, plan: Entry | None) -> None:
    """The patient's membership in the plan: found by plan, brought up to date, or added."""
    if plan is None:
        return
    record, store = work.record, work.desk.store
    kept = _same_coverage(work, patient, plan)
    if kept is None:
        _new_coverage(work, patient, plan)
        return
    said = {"member_id": record.member_id, "starts_on": record.coverage_from, "ends_on": record.coverage_to}
    store.put(kept, said)


def _same_coverage(work: Work, patient: Entry, plan: Entry) -> Entry | None:
    kept = [each for each in work.desk.store.of("coverage", patient.id) if each.values["plan_id"] == plan.id]
    if not kept:
        return None
    starts = work.record.coverage_from
    last = max(kept, key=lambda each: each.values["starts_on"])
    if starts is None:
        return last
    exact = next((each for each in kept if each.values["starts_on"] == starts), None)
    ended = last.values["ends_on"] is not None and starts > last.values["ends_on"]
    return exact or (None if ended else last)


def _new_coverage(work: Work, patient: Entry, plan: Entry) -> None:
    record = work.record
    assert record.plan is not None
    starts = record.coverage_from
    if starts is None:
        day = work.spans.first_day.get((record.mrn or "", record.plan.key))
        if day is None:
            work.notes.append("A coverage is left out: no date in the file tells when it began")
            return
        starts = day
        work.notes.append(
            "The start of a new coverage is not in the file: the first PA start or fill is taken"
        )
    said = {"member_id": record.member_id, "ends_on": record.coverage_to}
    named = [
        *(name for name, value in said.items() if value),
        *(["starts_on"] if record.coverage_from else []),
    ]
    values = {
        **said,
        "plan_id": plan.id,
        "starts_on": starts,
        "rank": _rank(work, patient, starts),
        "medicare_basis": None,
    }
    work.desk.store.add("coverage", values, patient_id=patient.id, said=named)


def _rank(work: Work, patient: Entry, starts: date) -> int:
    """Behind the coverages that are in force beside it."""
    beside = [
        each.values["rank"]
        for each in work.desk.store.of("coverage", patient.id)
        if each.values["ends_on"] is None or each.values["ends_on"] >= starts
    ]
    if beside:
        work.notes.append("A patient has another coverage in force: the new one is ranked behind it")
    return min(9, max(beside, default=0) + 1)


def apply_transplant(work: Work, patient: Entry) -> None:
    record, store = work.record, work.desk.store
    if record.organ is None and record.transplanted_on is None:
        return
    said = {"organ": record.organ, "on_date": record.transplanted_on}
    kept = store.of("transplant", patient.id)
    if kept:
        store.put(kept[0], said)
        return
    blank = {"part_a_at_transplant": None, "approved_facility": None, "discharged_on": None}
    named = [name for name, value in said.items() if value]
    store.add("transplant", {**said, **blank}, patient_id=patient.id, said=named)
