"""What of a worklist leaves the product as a file or on paper, and that it did."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import count
from typing import IO

from tracker.formats.table_out import write_csv, write_xlsx
from tracker.models.audit import AuditAction
from tracker.models.base import Db
from tracker.services import audit
from tracker.services.actor import Actor
from tracker.services.worklist_page import WorkRow

MOST_ROWS = 50_000
MOST_PRINTED = 500
HEADS = (
    "Severity",
    "What to do",
    "Why",
    "What clears it",
    "Family name",
    "Given name",
    "Birth date",
    "MRN",
    "Harm date",
    "Due",
    "Days of drug left",
    "Payer",
    "Plan",
    "Payer's phone",
    "PA number",
    "Cause",
    "Owner",
    "Status",
    "Open since",
)


def cells(rows: Iterable[WorkRow], today: date) -> Iterator[Sequence[str]]:
    """The rows as texts; what is not on file is empty."""
    for row in rows:
        line, who = row.line, row.line.who
        left = max(0, (line.run_out_on - today).days) if line.run_out_on else None
        yield (
            line.severity.label,
            line.first_act,
            line.message,
            line.clears_when,
            who.family,
            who.given,
            _text(who.birth_date),
            who.mrn,
            _text(line.harm_on),
            _text(line.due_on),
            _text(left),
            _text(row.payer),
            _text(row.plan),
            _text(row.phone),
            _text(row.number),
            line.label,
            _text(line.owner),
            line.state.value,
            line.opened_at.date().isoformat(),
        )


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


def write(file: IO[bytes], kind: str, rows: Iterable[WorkRow], today: date) -> int:
    """Write the rows as `csv` or `xlsx`; how many there were. Little of them is in memory at a time."""
    counter = count()
    counted = (row for row, _ in zip(cells(rows, today), counter, strict=False))
    if kind == "csv":
        write_csv(file, HEADS, counted)
    else:
        write_xlsx(file, HEADS, counted, title="Worklist")
    return next(counter)


def _text(value: object) -> str:
    return "" if value is None else str(value)
