"""The audit trail as a file: one event a line, in the order of the chain."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.engine import RowMapping

from tracker.formats.table_out import guarded
from tracker.models.base import Db
from tracker.services.audit import plain
from tracker.services.audit_chain import EVENT

BATCH = 2_000
COLUMNS = (
    *("number", "at", "actor", "actor_id", "address", "agent", "action", "table_name", "row_key"),
    *("patient_id", "old", "new", "id", "clinic_id", "hash"),
)


class ExportFormat(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"


def export(
    session: Db, *, clinic_id: str, form: ExportFormat, since: datetime | None, until: datetime | None
) -> Iterator[str]:
    """Lines with their ends; `since` inclusive, `until` not."""
    if form is ExportFormat.CSV:
        yield _csv(COLUMNS)
    for row in _events(session, clinic_id, since, until):
        values = [plain(row[name]) for name in COLUMNS]
        if form is ExportFormat.JSONL:
            yield json.dumps(dict(zip(COLUMNS, values, strict=True)), ensure_ascii=False) + "\n"
        else:
            yield _csv([_cell(value) for value in values])


def _events(
    session: Db, clinic_id: str, since: datetime | None, until: datetime | None
) -> Iterator[RowMapping]:
    last = 0
    while True:
        query = select(EVENT).where(EVENT.c.clinic_id == clinic_id, EVENT.c.number > last)
        if since is not None:
            query = query.where(EVENT.c.at >= since)
        if until is not None:
            query = query.where(EVENT.c.at < until)
        rows = session.execute(query.order_by(EVENT.c.number).limit(BATCH)).mappings().all()
        yield from rows
        if len(rows) < BATCH:
            return
        last = rows[-1]["number"]


def _cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
    return guarded(text)


def _csv(cells: tuple[str, ...] | list[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
