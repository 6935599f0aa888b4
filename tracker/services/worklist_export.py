"""What of a worklist leaves the product as a file or on paper, and that it did.

A file holds the columns that its reader chose for the list; all of them, if nothing was chosen.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import count
from typing import IO

from tracker.formats.table_out import write_csv, write_xlsx
from tracker.models.audit import AuditAction
from tracker.models.base import Db
from tracker.services import audit
from tracker.services.actor import Actor
from tracker.services.worklist_columns import Column
from tracker.services.worklist_page import WorkRow

MOST_ROWS = 50_000
MOST_PRINTED = 500
Cell = Callable[[WorkRow, date], object]
# head, the column of the list that it belongs to (None: it stands in every file), what stands there
CELLS: Sequence[tuple[str, Column | None, Cell]] = (
    ("Severity", Column.SEVERITY, lambda row, today: row.line.severity.label),
    ("What to do", None, lambda row, today: row.line.first_act),
    ("Why", None, lambda row, today: row.line.message),
    ("What clears it", Column.CLEARS, lambda row, today: row.line.clears_when),
    ("Family name", None, lambda row, today: row.line.who.family),
    ("Given name", None, lambda row, today: row.line.who.given),
    ("Birth date", None, lambda row, today: row.line.who.birth_date),
    ("MRN", None, lambda row, today: row.line.who.mrn),
    ("Harm date", Column.HARM, lambda row, today: row.line.harm_on),
    ("Due", Column.OWNER, lambda row, today: row.line.due_on),
    ("Days of drug left", Column.LEFT, lambda row, today: _days_left(row, today)),
    ("Payer", Column.PAYER, lambda row, today: row.payer),
    ("Plan", Column.PLAN, lambda row, today: row.plan),
    ("Payer's phone", Column.PHONE, lambda row, today: row.phone),
    ("PA number", Column.PAYER, lambda row, today: row.number),
    ("Cause", Column.PAYER, lambda row, today: row.line.label),
    ("Owner", Column.OWNER, lambda row, today: row.line.owner),
    ("Status", None, lambda row, today: row.line.state.value),
    ("Tags", Column.TAGS, lambda row, today: "; ".join(row.tags)),
    ("Open since", Column.OPENED, lambda row, today: row.line.opened_at.date()),
)


def table(
    rows: Iterable[WorkRow], today: date, chosen: Collection[Column] | None = None
) -> tuple[Sequence[str], Iterator[Sequence[str]]]:
    """Heads, and the rows as texts; what is not on file is empty. `chosen`: None for every column."""
    kept = [(head, cell) for head, column, cell in CELLS if chosen is None or column in {None, *chosen}]
    return [head for head, _ in kept], ([_text(cell(row, today)) for _, cell in kept] for row in rows)


def _days_left(row: WorkRow, today: date) -> int | None:
    run_out_on = row.line.run_out_on
    return max(0, (run_out_on - today).days) if run_out_on else None


def record_export(
    session: Db,
    query: Mapping[str, Sequence[str]],
    *,
    kind: str,
    count: int,
    clinic_id: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Say in the audit trail who took how many alerts out, by which filters."""
    audit.record(
        session,
        clinic_id=clinic_id,
        actor=actor,
        action=AuditAction.EXPORTED,
        at=now,
        table_name="alert",
        new={"as": kind, "filters": {name: list(values) for name, values in query.items()}, "count": count},
    )


def write(
    file: IO[bytes],
    kind: str,
    rows: Iterable[WorkRow],
    today: date,
    chosen: Collection[Column] | None = None,
) -> int:
    """Write the rows as `csv` or `xlsx`; how many there were. Little of them is in memory at a time."""
    counter = count()
    heads, cells = table(rows, today, chosen)
    counted = (row for row, _ in zip(cells, counter, strict=False))
    if kind == "csv":
        write_csv(file, heads, counted)
    else:
        write_xlsx(file, heads, counted, title="Worklist")
    return next(counter)


def _text(value: object) -> str:
    return "" if value is None else str(value)
