"""Take a whole import back, in reverse order. What somebody changed since is never overwritten: then nothing
is undone, and what stands in the way is listed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Table, delete, insert, select

from tracker.models.alert import Alert, AlertEvent
from tracker.models.audit import AuditAction
from tracker.models.base import Base, Db
from tracker.models.imports import ChangeAction, ImportBatch, ImportChange, ImportState
from tracker.models.outbox import OutboxLine
from tracker.services import audit, checking
from tracker.services.actor import Actor
from tracker.services.errors import Conflict, Refused
from tracker.services.imports.committing import CHECKED_AT_ONCE
from tracker.services.imports.tables import (
    CHILDREN,
    FILL_UNIT,
    HOUSEKEEPING,
    LINE,
    LINE_COLUMNS,
    OF_PATIENT,
    TABLES,
    Values,
    as_json,
    typed,
)
from tracker.services.imports.writing import (
    Writer,
    child_rows,
    chunks,
    drop_children,
    event_row,
    update_row,
)

CHUNK = 500
LISTED = 50
# Worked out from the facts, or part of a row that is compared whole.
FOLLOWS = {
    "patient_check",
    "alert",
    "alert_event",
    "outbox_line",
    "import_change",
    "fill_unit",
    "authorization_line",
}
WORDS = {"payer_authorization": "authorization", "formulary_rule": "rule", "planned_fill": "planned fill"}


class UndoRefused(Refused):
    """`standing`: sentences about what was changed since, the first fifty."""

    def __init__(self, count: int, standing: Sequence[str]) -> None:
        what = "One record was" if count == 1 else f"{count} records were"
        super().__init__(f"{what} changed or added since this import, so nothing was undone.")
        self.standing = standing


@dataclass(frozen=True, slots=True)
class _Change:
    table: str
    row_id: str
    added: bool
    before: Values
    after: Values


def undo(session: Db, batch: ImportBatch, *, actor: Actor, now: datetime) -> int:
    """Take every row of the batch back; how many there were. Raises UndoRefused, Conflict."""
    if batch.state is not ImportState.COMMITTED:
        raise Conflict("Only an import that was made, and not undone yet, can be undone.")
    writer = Writer(session, batch.clinic_id, batch.id, actor, now)
    added = _added_ids(session, batch)
    standing = _standing(writer, added)
    if standing:
        raise UndoRefused(len(standing), standing[:LISTED])
    touched: set[str] = set()
    count = 0
    for changes in _changes(session, batch):
        for table, some in groupby(changes, key=lambda each: each.table):
            group = list(some)
            count += len(group)
            touched |= _take_back(writer, table, group)
    _settle(writer, batch, touched - added["patient"], count)
    return count


def _settle(writer: Writer, batch: ImportBatch, touched: set[str], count: int) -> None:
    """Close the batch and check the patients who stay."""
    batch.state, batch.undone_at = ImportState.UNDONE, writer.now
    audit.record(
        writer.session,
        clinic_id=batch.clinic_id,
        actor=writer.actor,
        action=AuditAction.UNDONE,
        at=writer.now,
        table_name="import_batch",
        row_key=batch.id,
        old={"records": count},
    )
    writer.session.flush()
    if len(touched) > CHECKED_AT_ONCE:
        checking.mark_due(writer.session, clinic_id=batch.clinic_id, patient_ids=sorted(touched))
        return
    checking.recheck_many(
        writer.session,
        clinic_id=batch.clinic_id,
        patient_ids=sorted(touched),
        now=writer.now,
        actor=writer.actor,
        because="an import was undone",
    )


def _changes(session: Db, batch: ImportBatch) -> Iterator[list[_Change]]:
    """The batch's changes, last first, in chunks."""
    last: int | None = None
    while True:
        query = select(ImportChange).where(
            ImportChange.clinic_id == batch.clinic_id, ImportChange.batch_id == batch.id
        )
        query = query if last is None else query.where(ImportChange.position < last)
        rows = session.execute(query.order_by(ImportChange.position.desc()).limit(CHUNK)).scalars().all()
        if not rows:
            return
        last = rows[-1].position
        yield [
            _Change(
                row.table_name, row.row_key, row.action is ChangeAction.ADDED, row.before or {}, row.after
            )
            for row in rows
        ]
        for row in rows:
            session.expunge(row)


def _added_ids(session: Db, batch: ImportBatch) -> dict[str, set[str]]:
    """Ids of the rows that the batch added, by table."""
    added: dict[str, set[str]] = {table: set() for table in TABLES}
    query = select(ImportChange.table_name, ImportChange.row_key).where(
        ImportChange.clinic_id == batch.clinic_id,
        ImportChange.batch_id == batch.id,
        ImportChange.action == ChangeAction.ADDED,
    )
    for table, row_id in session.execute(query):
        added[table].add(row_id)
    return added


# ------------------------------------------------------------------------------------ what stands in the way


def _standing(writer: Writer, added: dict[str, set[str]]) -> list[str]:
    """Sentences about rows that are no longer as the import left them, or that others now hang on."""
    found: list[str] = []
    batch = writer.session.get_one(ImportBatch, writer.batch_id)
    for changes in _changes(writer.session, batch):
        for table, some in groupby(changes, key=lambda each: each.table):
            found += _changed_since(writer, table, list(some))
    for table, ids in added.items():
        for column in _pointers(table):
            found += _hanging_on(writer, column, ids, added.get(column[0].name, set()))
    return found


def _changed_since(writer: Writer, table: str, changes: Sequence[_Change]) -> list[str]:
    now = _values_now(writer, table, [each.row_id for each in changes])
    found = []
    for each in changes:
        current = now.get(each.row_id)
        if current is None:
            found.append(f"{_word(table)}: removed since")
            continue
        differing = [name for name, value in each.after.items() if current.get(name) != value]
        if differing:
            names = ", ".join(name.replace("_", " ") for name in differing)
            found.append(f"{_word(table)}{_which(current)}: {names} changed since")
    return found


def _which(values: Values) -> str:
    """What tells a row from its like, without naming a person."""
    name = values.get("mrn") or values.get("number") or values.get("on_date") or values.get("starts_on")
    return f" {name}" if name else ""


def _word(table: str) -> str:
    return WORDS.get(table, table.replace("_", " ")).capitalize()


def _values_now(writer: Writer, table: str, ids: Sequence[str]) -> dict[str, Values]:
    """Rows as they are now, as JSON values, children among them."""
    target = TABLES[table]
    own = target.columns["clinic_id"] == writer.clinic_id
    query = select(target).where(own, target.columns["id"].in_(ids)).with_for_update()
    now = {
        row["id"]: as_json({name: value for name, value in row.items() if name not in HOUSEKEEPING})
        for row in writer.session.execute(query).mappings()
    }
    child = CHILDREN.get(table)
    if child:
        for values in now.values():
            values[child] = {}
        _children_now(writer, table, now)
    return now


def _children_now(writer: Writer, table: str, now: dict[str, Values]) -> None:
    if table == "fill":
        own = FILL_UNIT.columns["clinic_id"] == writer.clinic_id, FILL_UNIT.columns["fill_id"].in_(now)
        for row in writer.session.execute(select(FILL_UNIT).where(*own)).mappings():
            now[row["fill_id"]]["unit_rows"][row["code"]] = row["units"]
        return
    own = LINE.columns["clinic_id"] == writer.clinic_id, LINE.columns["authorization_id"].in_(now)
    for row in writer.session.execute(select(LINE).where(*own)).mappings():
        line = {name: row[name] for name in LINE_COLUMNS}
        now[row["authorization_id"]]["lines"][row["code"]] = line


def _pointers(table: str) -> Iterator[tuple[Table, str]]:
    """Columns of other tables that point at rows of this one."""
    for other in Base.metadata.sorted_tables:
        for key in other.foreign_key_constraints:
            if key.referred_table.name == table and other.name not in FOLLOWS:
                yield from ((other, e.parent.name) for e in key.elements if e.column.name == "id")


def _hanging_on(writer: Writer, column: tuple[Table, str], ids: set[str], ours: set[str]) -> list[str]:
    other, name = column
    found = []
    for some in chunks(sorted(ids)):
        own = other.columns["clinic_id"] == writer.clinic_id
        query = select(other.columns["id"]).where(own, other.columns[name].in_(some))
        found += [key for (key,) in writer.session.execute(query) if key not in ours]
    return [f"{_word(other.name)}: added since to what this import brought in"] * len(found)


# ---------------------------------------------------------------------------------------------- taking back


def _take_back(writer: Writer, table: str, changes: Sequence[_Change]) -> set[str]:
    """Remove what was added, restore what was changed; the patients whose facts these are."""
    target = TABLES[table]
    ids = [each.row_id for each in changes]
    patients = dict(_patients_of(writer, table, ids))
    added = [each.row_id for each in changes if each.added]
    if table == "patient":
        _drop_follow_ups(writer, added)
    drop_children(writer, table, added)
    own = target.columns["clinic_id"] == writer.clinic_id
    writer.session.execute(delete(target).where(own, target.columns["id"].in_(added)))
    for each in changes:
        if not each.added:
            _restore(writer, table, each)
    events = [_event(writer, each, patients.get(each.row_id)) for each in changes]
    audit.record_many(writer.session, writer.clinic_id, events)
    return set(patients.values())


def _patients_of(writer: Writer, table: str, ids: Sequence[str]) -> Iterable[tuple[str, str]]:
    if table == "patient":
        return [(row_id, row_id) for row_id in ids]
    if table not in OF_PATIENT:
        return []
    columns = TABLES[table].columns
    query = select(columns["id"], columns["patient_id"]).where(
        columns["clinic_id"] == writer.clinic_id, columns["id"].in_(ids)
    )
    return [(row_id, patient_id) for row_id, patient_id in writer.session.execute(query)]


def _drop_follow_ups(writer: Writer, ids: Sequence[str]) -> None:
    """Alerts of patients who are taken back were about facts that never held."""
    mine = Alert.clinic_id == writer.clinic_id, Alert.patient_id.in_(ids)
    alerts = select(Alert.id).where(*mine)
    whose = OutboxLine.clinic_id == writer.clinic_id, OutboxLine.alert_id.in_(alerts)
    events = AlertEvent.clinic_id == writer.clinic_id, AlertEvent.patient_id.in_(ids)
    for model, where in ((OutboxLine, whose), (AlertEvent, events), (Alert, mine)):
        statement: Any = delete(model).where(*where)
        writer.session.execute(statement, execution_options={"synchronize_session": False})


def _restore(writer: Writer, table: str, change: _Change) -> None:
    values = {name: typed(table, name, value) for name, value in change.before.items()}
    update_row(writer, table, change.row_id, values)
    if CHILDREN.get(table) in values:
        drop_children(writer, table, [change.row_id])
        rows = child_rows(writer, table, change.row_id, values)
        if rows:
            writer.session.execute(insert(FILL_UNIT if table == "fill" else LINE), rows)


def _event(writer: Writer, change: _Change, patient_id: str | None) -> Values:
    action = AuditAction.REMOVED if change.added else AuditAction.CHANGED
    return event_row(writer, action, change.table, change.row_id) | {
        "patient_id": patient_id,
        "old": change.after,
        "new": None if change.added else change.before,
    }
