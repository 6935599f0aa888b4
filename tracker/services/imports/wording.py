"""What an import does to one row of the database, in the words of the dry run."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from tracker.rules.words import Word
from tracker.services.imports.on_file import Desk
from tracker.services.imports.store import Detail, Entry
from tracker.services.imports.tables import Values

FIELDS: Mapping[str, Mapping[str, str]] = {
    "patient": {
        "family": "Last name",
        "given": "First name",
        "birth_date": "Date of birth",
        "indication": "Indication",
        "owner_id": "Owner",
    },
    "coverage": {"member_id": "Member ID", "starts_on": "Coverage from", "ends_on": "Coverage to"},
    "transplant": {"organ": "Transplanted organ", "on_date": "Date of transplant"},
    "regimen": {
        "dose_mg": "Regimen dose (mg)",
        "doses_per_day": "Doses per day",
        "formulation": "Regimen formulation",
        "days_supply": "Regimen days supply",
        "strengths_mg": "Capsule strengths (mg)",
    },
    "fill": {"formulation": "formulation", "ndc": "NDC", "unit_rows": "units"},
    "payer_authorization": {
        "number": "number",
        "status": "status",
        "starts_on": "from",
        "ends_on": "to",
        "requested_starts_on": "asked from",
        "requested_ends_on": "asked to",
        "lines": "units",
    },
}
UNSEEN = frozenset({"name_key"})


def change_line(desk: Desk, detail: Detail) -> tuple[str, str, str]:
    """(field, on file, after import) of one changed value."""
    name = detail.name or ""
    return field_name(detail.entry, name), shown(desk, name, detail.before), shown(desk, name, detail.after)


def field_name(entry: Entry, name: str) -> str:
    """`PA A-55907 to`, `Fill of 2026-10-31 units`, `Member ID`."""
    label = FIELDS.get(entry.table, {}).get(name, name)
    if entry.table == "payer_authorization":
        return f"{pa_name(entry.values['number'])} {label}"
    if entry.table == "fill":
        return f"Fill of {entry.values['on_date']} {label}"
    return label


def pa_name(number: str | None) -> str:
    """`PA A-55907`; a number that says so itself is left alone."""
    if number is None:
        return "PA without a number"
    return number if number.upper().startswith("PA") else f"PA {number}"


def shown(desk: Desk, name: str, value: Any) -> str:
    """A value as people read it; a missing one is `not on file`."""
    if value is None or value in ([], {}):
        return "not on file"
    if name == "owner_id":
        return desk.owner_names.get(value, "somebody who left")
    if name == "unit_rows":
        return " + ".join(f"{count} x {code}" for code, count in sorted(value.items()))
    if name == "lines":
        return " + ".join(_line(code, line) for code, line in sorted(value.items()))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, Word):
        return value.label
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _line(code: str, line: Mapping[str, Any]) -> str:
    amount = line["units"] if line["approved"] else line["requested_units"]
    return f"{'no limit' if amount is None else amount} x {code}"


def added_sentence(desk: Desk, entry: Entry) -> str:
    """`New fill of 2026-10-31: 30 days, 60 x J7502`."""
    return _ADDED[entry.table](desk, entry.values)


def _plan(desk: Desk, values: Values) -> str:
    payer = desk.store.entries[values["payer_id"]].values["name"]
    return f"New plan {payer} {values['name']}: {values['line_of_business'].label}, its rules not known yet"


def _coverage(desk: Desk, values: Values) -> str:
    ends = f" to {values['ends_on']}" if values["ends_on"] else ""
    return f"New coverage by {plan_of(desk, values['plan_id'])} from {values['starts_on']}{ends}"


def _transplant(desk: Desk, values: Values) -> str:
    return f"New transplant: {shown(desk, '', values['organ'])}, {shown(desk, '', values['on_date'])}"


def _regimen(desk: Desk, values: Values) -> str:
    kind = f" {values['formulation'].label}" if values["formulation"] else ""
    dose = f"{shown(desk, '', values['dose_mg'])} mg x {values['doses_per_day']} a day"
    return f"New regimen: {values['drug'].replace('_', ' ')}{kind}, {dose}, from {values['starts_on']}"


def _fill(desk: Desk, values: Values) -> str:
    units = shown(desk, "unit_rows", values["unit_rows"]) if values["unit_rows"] else "units not known"
    return f"New fill of {values['on_date']}: {values['days_supply']} days, {units}"


def _authorization(desk: Desk, values: Values) -> str:
    first = values["starts_on"] or values["requested_starts_on"]
    last = values["ends_on"] or values["requested_ends_on"]
    span = f", {first or 'open'} to {last or 'open'}" if first or last else ", no dates"
    units = f", {shown(desk, 'lines', values['lines'])}" if values["lines"] else ""
    return f"New {pa_name(values['number'])}: {values['status'].label}{span}{units}"


def plan_of(desk: Desk, plan_id: str) -> str:
    plan = desk.store.entries[plan_id].values
    return f"{desk.store.entries[plan['payer_id']].values['name']} {plan['name']}".strip()


_ADDED: Mapping[str, Callable[[Desk, Values], str]] = {
    "payer": lambda desk, values: f"New payer {values['name']}",
    "plan": _plan,
    "patient": lambda desk, values: "New patient",
    "coverage": _coverage,
    "transplant": _transplant,
    "regimen": _regimen,
    "fill": _fill,
    "payer_authorization": _authorization,
}


def in_words(desk: Desk, details: Sequence[Detail]) -> tuple[list[str], list[tuple[str, str, str]]]:
    """Sentences about what is added, and lines about what is changed of what was on file before."""
    says = [added_sentence(desk, each.entry) for each in details if each.name is None]
    changes = [
        change_line(desk, each)
        for each in details
        if each.name is not None and each.name not in UNSEEN and not each.entry.added
    ]
    return says, changes
