"""A constraint of the database, turned into a sentence for the person who ran into it."""

import re

from sqlalchemy.exc import IntegrityError

from tracker.services.errors import Refused

UNIQUE_SQLITE = re.compile(r"UNIQUE constraint failed: (?P<columns>[\w., ]+)")
CHECK_SQLITE = re.compile(r"CHECK constraint failed: (?P<name>\w+)")
HOUSEKEEPING = {"clinic_id", "patient_id", "id"}

# What must be one of a kind, by the last column of the natural key.
UNIQUE = {
    "mrn": "This MRN is already on file.",
    "name": "This name is already on file.",
    "email": "This address is already in use.",
    "starts_on": "There is already one that starts on this day.",
    "on_date": "There is already one on this day.",
    "sequence": "This fill is already on file.",
    "code": "This code is already there.",
    "kind": "There is already one on this day.",
}
FALLBACK = "This {word} contradicts what is already on file."


def refusal(error: IntegrityError, word: str) -> Refused:
    """The sentence and the field for a failed constraint; `word` names the kind of record."""
    name, columns = _broken(error)
    if name and name.endswith("_first"):
        return Refused("The last day is before the first day.", field=_opposite(name))
    if name and name.endswith("_range"):
        column = _column(name, "_range")
        return Refused("This number is outside what is possible.", field=column)
    if columns:
        field = columns[-1]
        return Refused(UNIQUE.get(field, FALLBACK.format(word=word)), field=field)
    if _is_foreign(error):
        return Refused(f"This {word} is still used by another record, or names one that is not here.")
    return Refused(FALLBACK.format(word=word))


def _broken(error: IntegrityError) -> tuple[str | None, list[str]]:
    """(name of the constraint, columns of a unique key) as far as the database tells."""
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None and diagnosis.constraint_name:
        name = str(diagnosis.constraint_name)
        return name, _columns_of(name, str(diagnosis.table_name)) if name.startswith("uq_") else []
    text = str(error.orig)
    if found := CHECK_SQLITE.search(text):
        return found["name"], []
    if found := UNIQUE_SQLITE.search(text):
        return None, [part.split(".")[-1].strip() for part in found["columns"].split(",")]
    return None, []


def _columns_of(name: str, table: str) -> list[str]:
    """The last column of a unique key from its name; PostgreSQL says no more than that."""
    tail = name.removeprefix(f"uq_{table}_")
    return [next((column for column in sorted(UNIQUE, key=len, reverse=True) if tail.endswith(column)), tail)]


def _column(name: str, ending: str) -> str:
    """`ck_fill_days_supply_range` -> `days_supply`, whatever the table's name."""
    bare = name.removeprefix("ck_").removesuffix(ending)
    known = ("days_supply", "dose_mg", "doses_per_day", "rank", "kg", "limit_quantity", "limit_per_days")
    return next((column for column in known if bare.endswith(column)), bare)


def _opposite(name: str) -> str:
    return "requested_ends_on" if "requested" in name else "ends_on"


def _is_foreign(error: IntegrityError) -> bool:
    return "foreign key" in str(error.orig).lower()
