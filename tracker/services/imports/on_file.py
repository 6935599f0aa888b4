"""What is on file about the patients of a spreadsheet, read in one query per table and chunk."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Column, Select, select

from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.user import User
from tracker.services.imports.store import Store
from tracker.services.imports.tables import (
    CHILDREN,
    FILL_UNIT,
    LINE,
    LINE_COLUMNS,
    OF_PATIENT,
    READ,
    TABLES,
    Values,
    columns_of,
)
from tracker.services.names import fold

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that applying a row needs to know: the rows on file, the day, who works here."""

    store: Store
    today: date
    owners: dict[str, str]
    owner_names: dict[str, str]


def read_desk(session: Db, clinic: Clinic, mrns: Collection[str], *, today: date, lock: bool = False) -> Desk:
    """The clinic's plans and these patients with their facts. `lock` holds the rows until the commit."""
    store = Store()
    for table in ("payer", "plan"):
        _load(session, store, table, _rows(table, clinic.id, lock), patient_column=None)
    patients = _read_patients(session, store, clinic.id, mrns, lock)
    for table in OF_PATIENT:
        column = TABLES[table].columns["patient_id"]
        for some in _chunks(patients):
            _load(session, store, table, _rows(table, clinic.id, lock).where(column.in_(some)), column)
    _read_children(session, store, clinic.id)
    owners, names = _people(session, clinic.id)
    return Desk(store, today, owners, names)


def _read_patients(session: Db, store: Store, clinic_id: str, mrns: Collection[str], lock: bool) -> list[str]:
    """Patients by MRN; those whose MRN differs in leading zeros are read too."""
    column = TABLES["patient"].columns["mrn"]
    wanted = {form for mrn in mrns for form in _forms(mrn)}
    for some in _chunks(sorted(wanted)):
        _load(session, store, "patient", _rows("patient", clinic_id, lock).where(column.in_(some)), None)
    return [entry.id for entry in store.all("patient")]


def _forms(mrn: str) -> set[str]:
    bare = mrn.lstrip("0")
    return {mrn, bare, f"0{mrn}", f"00{mrn}", f"0{bare}"} - {""}


def _rows(table: str, clinic_id: str, lock: bool) -> Select[Any]:
    columns = TABLES[table].columns
    wanted = [columns[name] for name in READ[table]] if table in READ else columns_of(table)
    keys = [columns[name] for name in ("id", "patient_id") if name in columns]
    query = select(*keys, *wanted).where(columns["clinic_id"] == clinic_id).order_by(columns["id"])
    return query.with_for_update() if lock else query


def _load(
    session: Db, store: Store, table: str, query: Select[Any], patient_column: Column[Any] | None
) -> None:
    names = READ.get(table) or tuple(column.name for column in columns_of(table))
    child = CHILDREN.get(table)
    for row in session.execute(query).mappings():
        values: Values = {name: row[name] for name in names}
        if child:
            values[child] = {}
        store.load(table, row["id"], row["patient_id"] if patient_column is not None else None, values)


def _read_children(session: Db, store: Store, clinic_id: str) -> None:
    fills = [entry.id for entry in store.all("fill")]
    for some in _chunks(fills):
        where = FILL_UNIT.columns["clinic_id"] == clinic_id, FILL_UNIT.columns["fill_id"].in_(some)
        for row in session.execute(select(FILL_UNIT).where(*where)).mappings():
            store.entries[row["fill_id"]].values["unit_rows"][row["code"]] = row["units"]
    decided = [entry.id for entry in store.all("payer_authorization")]
    for some in _chunks(decided):
        where = LINE.columns["clinic_id"] == clinic_id, LINE.columns["authorization_id"].in_(some)
        for row in session.execute(select(LINE).where(*where)).mappings():
            line = {name: row[name] for name in LINE_COLUMNS}
            store.entries[row["authorization_id"]].values["lines"][row["code"]] = line


def _people(session: Db, clinic_id: str) -> tuple[dict[str, str], dict[str, str]]:
    """Ids of the clinic's people by folded name and by address, and names by id."""
    owners: dict[str, str] = {}
    names: dict[str, str] = {}
    query = select(User.id, User.name, User.email).where(User.clinic_id == clinic_id, User.active)
    for user_id, name, email in session.execute(query):
        owners[fold(name)] = owners[email] = user_id
        names[user_id] = name
    return owners, names


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
