"""One record of the file against what is on file: the payer's authorization."""

from typing import Any

from tracker.formats.clinic_rows import ClinicRecord
from tracker.rules.words import AuthorizationKind, AuthorizationStatus
from tracker.services.imports.applying import Work
from tracker.services.imports.billing import billed
from tracker.services.imports.store import Entry, spoken
from tracker.services.imports.tables import columns_of

GIVEN = frozenset(
    {AuthorizationStatus.APPROVED, AuthorizationStatus.PARTIALLY_APPROVED, AuthorizationStatus.NOT_REQUIRED}
)
OPEN = frozenset({AuthorizationStatus.DRAFT, AuthorizationStatus.SUBMITTED, AuthorizationStatus.PENDED})


def apply_authorization(work: Work, patient: Entry, plan: Entry | None) -> None:
    """The row's authorization: found by plan, number and start, brought up to date, or added."""
    record, store = work.record, work.desk.store
    if not record.has_authorization:
        return
    plan_id = plan.id if plan else _only_plan(work, patient)
    if plan_id is None:
        work.notes.append("A PA is left out: neither the file nor the coverage tells its plan")
        return
    kept = _same(work, patient, plan_id)
    status = _status(work, kept)
    said = _said(work, status, kept)
    if kept:
        store.put(kept, said)
        return
    values = {**_blank(), **{name: value for name, value in said.items() if value is not None}}
    values |= {"plan_id": plan_id, "status": status}
    named = spoken(said)
    store.add("payer_authorization", values, patient_id=patient.id, said=named)


def _only_plan(work: Work, patient: Entry) -> str | None:
    plans = {each.values["plan_id"] for each in work.desk.store.of("coverage", patient.id)}
    return plans.pop() if len(plans) == 1 else None


def _same(work: Work, patient: Entry, plan_id: str) -> Entry | None:
    record = work.record
    kept = [
        each
        for each in work.desk.store.of("payer_authorization", patient.id)
        if each.values["plan_id"] == plan_id and each.values["kind"] == AuthorizationKind.PRIOR_AUTHORIZATION
    ]
    numbered = [each for each in kept if each.values["number"] == record.number]
    if record.number is not None and not numbered:
        waiting = [each for each in kept if each.values["number"] is None and each.values["status"] in OPEN]
        return waiting[0] if len(waiting) == 1 else None
    if record.number is None:
        numbered = [each for each in numbered if (each.values["status"] in OPEN) == _asks(record)]
    return _by_start(record, numbered)


def _asks(record: ClinicRecord) -> bool:
    return record.status is None or record.status in OPEN


def _by_start(record: ClinicRecord, kept: list[Entry]) -> Entry | None:
    """The one that starts on the same day; one whose start, or whose start in the file, is not known."""
    starts = record.authorization_from
    for each in kept:
        if starts in (each.values["starts_on"], each.values["requested_starts_on"]):
            return each
    for each in kept:
        if starts is None or (
            each.values["starts_on"] is None and each.values["requested_starts_on"] is None
        ):
            return each
    return None


def _status(work: Work, kept: Entry | None) -> AuthorizationStatus:
    """What the file says; else what is on file, unless a number and an end now tell of an approval."""
    record = work.record
    if record.status:
        return record.status
    whole = record.number is not None and record.authorization_to is not None
    if kept and not (whole and kept.values["status"] in OPEN and kept.values["number"] is None):
        return AuthorizationStatus(kept.values["status"])
    if whole:
        work.notes.append(
            "The status of a PA is not in the file: with a number and an end it is taken as approved"
        )
        return AuthorizationStatus.APPROVED
    work.notes.append("A PA without a number, or without an end, is taken as submitted, not as approved")
    return AuthorizationStatus.SUBMITTED


def _said(work: Work, status: AuthorizationStatus, kept: Entry | None) -> dict[str, Any]:
    """The columns that the row fills. What was asked for stands beside what was given."""
    record = work.record
    dates = ("starts_on", "ends_on") if status in GIVEN else ("requested_starts_on", "requested_ends_on")
    return {
        "number": record.number,
        "status": status,
        dates[0]: record.authorization_from,
        dates[1]: record.authorization_to,
        "lines": _lines(work, status, kept),
    }


def _lines(work: Work, status: AuthorizationStatus, kept: Entry | None) -> dict[str, Any] | None:
    """The line of the row's code with its units; without units in the file there is no line, so no limit."""
    record = work.record
    given = status in GIVEN
    if record.authorization_units is None:
        if kept is None and given:
            work.notes.append("PA units are not in the file: such a PA is kept without a unit limit")
        return None
    units = billed(record)
    code = record.code or (next(iter(units)) if units and len(units) == 1 else None)
    if code is None:
        work.notes.append("PA units are left out: neither code, NDC nor strength tells their billing code")
        return None
    lines = dict(kept.values["lines"]) if kept else {}
    before = lines.get(code, {"units": None, "approved": False, "requested": False, "requested_units": None})
    fresh = (
        {"units": record.authorization_units, "approved": True}
        if given
        else {"requested_units": record.authorization_units, "requested": True}
    )
    return {**lines, code: {**before, **fresh}}


def _blank() -> dict[str, Any]:
    blank: dict[str, Any] = {column.name: None for column in columns_of("payer_authorization")}
    return blank | {"kind": AuthorizationKind.PRIOR_AUTHORIZATION, "expedited": False, "lines": {}}
