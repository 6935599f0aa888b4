"""Write a plan: inserts in chunks, updates that raise the version, and what undo and audit need to know."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, update
from sqlalchemy.exc import IntegrityError

from tracker.models.audit import AuditAction
from tracker.models.base import Base, Db
from tracker.models.ids import new_id
from tracker.models.imports import ChangeAction, ImportChange
from tracker.models.patient import PatientCheck
from tracker.services import audit
from tracker.services.actor import Actor, origin
from tracker.services.errors import Conflict
from tracker.services.imports.store import Entry, Store
from tracker.services.imports.tables import (
    CHILDREN,
    FILL_UNIT,
    LINE,
    ORDER,
    TABLES,
    Values,
    as_json,
)

CHUNK = 1_000
CHANGE = Base.metadata.tables[ImportChange.__tablename__]
CHECK = Base.metadata.tables[PatientCheck.__tablename__]


@dataclass(frozen=True, slots=True)
class Writer:
    """In whose name, when, and for which clinic and batch rows are written."""

    session: Db
    clinic_id: str
    batch_id: str
    actor: Actor
    now: datetime


def write_rows(writer: Writer, store: Store, wanted: Callable[[Entry], bool] = lambda each: True) -> None:
    """Rows and their children, parents first. Raises Conflict if someone added the same meanwhile."""
    try:
        for table in ORDER:
            entries = [each for each in store.all(table) if wanted(each)]
            for some in chunks([each for each in entries if each.added]):
                writer.session.execute(insert(TABLES[table]), [_new_row(writer, each) for each in some])
                write_children(writer, table, some)
            changed = [each for each in entries if each.changed]
            for entry in changed:
                update_row(writer, table, entry.id, {name: entry.values[name] for name in entry.before or {}})
            rewritten = [each for each in changed if CHILDREN.get(table) in (each.before or {})]
            drop_children(writer, table, [each.id for each in rewritten])
            write_children(writer, table, rewritten)
    except IntegrityError as error:
        raise Conflict("Someone changed these records meanwhile. Run the dry run again.") from error
    checks = [
        {"patient_id": each.id, "clinic_id": writer.clinic_id}
        for each in _new_patients(store)
        if wanted(each)
    ]
    for some_checks in chunks(checks):
        writer.session.execute(insert(CHECK), some_checks)


def _new_patients(store: Store) -> Iterator[Entry]:
    return (each for each in store.all("patient") if each.added)


def _new_row(writer: Writer, entry: Entry) -> Values:
    row = {name: value for name, value in entry.values.items() if name != CHILDREN.get(entry.table)}
    row |= {"id": entry.id, "clinic_id": writer.clinic_id, "version": 1}
    row |= {"entered_at": writer.now, "entered_by": writer.actor.name}
    return row if entry.patient_id is None else row | {"patient_id": entry.patient_id}


def update_row(writer: Writer, table: str, row_id: str, values: Values) -> None:
    """Set these columns of one row, raise its version, say who entered them."""
    target = TABLES[table]
    child = CHILDREN.get(table)
    fresh = {name: value for name, value in values.items() if name != child}
    fresh |= {"version": target.columns["version"] + 1}
    fresh |= {"entered_at": writer.now, "entered_by": writer.actor.name}
    where = target.columns["clinic_id"] == writer.clinic_id, target.columns["id"] == bindparam("_id")
    writer.session.execute(update(target).where(*where).values(**fresh), {"_id": row_id})


def write_children(writer: Writer, table: str, entries: Iterable[Entry]) -> None:
    rows = [row for entry in entries for row in child_rows(writer, table, entry.id, entry.values)]
    if rows:
        writer.session.execute(insert(FILL_UNIT if table == "fill" else LINE), rows)


def child_rows(writer: Writer, table: str, row_id: str, values: Values) -> list[Values]:
    """Units of a fill, or lines of an authorization, as rows."""
    if table == "fill":
        units = values["unit_rows"] or {}
        common = {"clinic_id": writer.clinic_id, "fill_id": row_id}
        return [{**common, "code": code, "units": count} for code, count in units.items()]
    if table != "payer_authorization":
        return []
    common = {"clinic_id": writer.clinic_id, "authorization_id": row_id}
    return [
        {**common, "id": new_id(), "position": position, "code": code, **line}
        for position, (code, line) in enumerate((values["lines"] or {}).items(), start=1)
    ]


def drop_children(writer: Writer, table: str, ids: Sequence[str]) -> None:
    if table not in CHILDREN:
        return
    target, column = (FILL_UNIT, "fill_id") if table == "fill" else (LINE, "authorization_id")
    for some in chunks(ids):
        own = target.columns["clinic_id"] == writer.clinic_id
        writer.session.execute(delete(target).where(own, target.columns[column].in_(some)))


# ---------------------------------------------------------------------------------------- undo and audit


def write_history(writer: Writer, store: Store) -> None:
    """One change for undo and one audit event per row, in the order in which rows were written."""
    entries = [each for table in ORDER for each in store.all(table) if each.added or each.changed]
    for start in range(0, len(entries), CHUNK):
        some = entries[start : start + CHUNK]
        changes = [_change(writer, position, each) for position, each in enumerate(some, start=start + 1)]
        writer.session.execute(insert(CHANGE), changes)
        audit.record_many(writer.session, writer.clinic_id, [_event(writer, each) for each in some])


def _change(writer: Writer, position: int, entry: Entry) -> Values:
    return {
        "id": new_id(),
        "clinic_id": writer.clinic_id,
        "batch_id": writer.batch_id,
        "position": position,
        "table_name": entry.table,
        "row_key": entry.id,
        "action": ChangeAction.ADDED if entry.added else ChangeAction.CHANGED,
        "before": as_json(entry.before) if entry.before is not None else None,
        "after": _after(entry),
    }


def _after(entry: Entry) -> Values:
    """All values of a new row; of an old one, those that changed."""
    names = entry.values if entry.before is None else entry.before
    return as_json({name: entry.values[name] for name in names})


def _event(writer: Writer, entry: Entry) -> Values:
    patient_id = entry.id if entry.table == "patient" else entry.patient_id
    new = {name: value for name, value in _after(entry).items() if value is not None and name != "name_key"}
    old = as_json(entry.before) if entry.before is not None else None
    return event_row(
        writer, AuditAction.ADDED if entry.added else AuditAction.CHANGED, entry.table, entry.id
    ) | {
        "patient_id": patient_id,
        "old": old,
        "new": new,
    }


def event_row(writer: Writer, action: AuditAction, table: str, row_id: str) -> Values:
    """An audit event as a row; the caller adds whose it is, and what was and is."""
    return {
        "id": new_id(),
        "clinic_id": writer.clinic_id,
        "at": writer.now,
        "actor": writer.actor.name,
        "actor_id": writer.actor.user_id,
        "address": origin().address,
        "agent": origin().agent,
        "action": action,
        "table_name": table,
        "row_key": row_id,
    }


def chunks(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]
