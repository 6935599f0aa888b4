"""A batch from upload to dry run: staged with its file, columns mapped and remembered, told row by row."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import undefer

from tracker.formats.clinic_columns import ClinicField, Column, Heading, find_heading
from tracker.formats.clinic_rows import Layout, in_reading_order, records
from tracker.formats.clinic_table import BadTable, Row, read_rows, sheet_names
from tracker.models.audit import AuditAction
from tracker.models.base import Db
from tracker.models.imports import ColumnMapping, ImportBatch, ImportState
from tracker.services import audit, upload_quota
from tracker.services.actor import Actor
from tracker.services.errors import BadFile, Conflict, NotFound, Refused
from tracker.services.imports.planning import Read
from tracker.services.imports.report import Report, pack, unpack

PEEK = 100
FIELD_CHOICES = [(field.value, field.label) for field in ClinicField]
NAMES_NEEDED = "Say which column holds the MRN: patients are found by it."


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a staged file with their meaning now, and the sheets it has."""

    columns: Sequence[Column]
    sheets: Sequence[str]
    sheet: str | None
    header_row: int
    remembered: bool


def stage(
    session: Db,
    *,
    clinic_id: str,
    file_name: str,
    content: bytes,
    sheet: str | None,
    actor: Actor,
    now: datetime,
) -> ImportBatch:
    """Keep a file as a new batch, its columns proposed. Raises BadFile."""
    upload_quota.check_import(session, clinic_id=clinic_id, actor=actor)
    sheets = _sheets(content)
    batch = ImportBatch(
        clinic_id=clinic_id,
        file_name=_safe_name(file_name),
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        created_by=actor.name,
        created_at=now,
    )
    _lay_out(session, batch, content, sheets, sheet or next(iter(sheets), None))
    session.add(batch)
    session.flush()
    return batch


def choose_sheet(session: Db, batch: ImportBatch, sheet: str) -> None:
    """Read another sheet of the workbook; the columns are proposed anew."""
    content = _content(batch)
    _lay_out(session, batch, content, _sheets(content), sheet)
    session.flush()


def columns_of(batch: ImportBatch) -> Columns:
    """The columns of a staged batch, with samples and the meaning chosen so far."""
    kept, heading = batch.mapping, _heading(_content(batch), batch.sheet)
    chosen: Mapping[str, str] = kept["columns"]
    columns = [
        Column(each.index, each.header, _field(chosen.get(str(each.index))), each.samples)
        for each in heading.columns
    ]
    return Columns(columns, kept["sheets"], batch.sheet, heading.row, kept["remembered"])


def set_columns(session: Db, batch: ImportBatch, chosen: Mapping[int, str | None], *, now: datetime) -> None:
    """Settle what each column holds, and remember it for these headers. Raises Refused."""
    if not {field for field in chosen.values() if field} <= set(ClinicField):
        raise Refused("Choose what the column holds from the list.")
    fields = [ClinicField(field) for field in chosen.values() if field]
    twice = next((field for field in fields if fields.count(field) > 1), None)
    if twice:
        raise Refused(f"Two columns are said to hold {twice.label}. Choose one of them.")
    if ClinicField.MRN not in fields:
        raise Refused(NAMES_NEEDED)
    columns = {str(index): str(field) for index, field in sorted(chosen.items()) if field}
    batch.mapping = {**batch.mapping, "columns": columns}
    _remember(session, batch, columns, now)
    session.flush()


def keep_report(session: Db, batch: ImportBatch, report: Report) -> None:
    batch.counts = asdict(report.counts)
    batch.report = pack(report)
    session.flush()


def report_of(session: Db, batch: ImportBatch) -> Report | None:
    """What the last dry run said; None if there was none."""
    query = select(ImportBatch.report).where(ImportBatch.id == batch.id)
    content = session.execute(query).scalar_one()
    return unpack(content) if content else None


def discard(session: Db, batch: ImportBatch, *, actor: Actor, now: datetime) -> None:
    """Drop a staged file: nothing of it is kept but that it was there."""
    if batch.state is not ImportState.STAGED:
        raise Conflict("This import is not waiting any more.")
    batch.state, batch.content, batch.report = ImportState.DISCARDED, None, None
    audit.record(
        session,
        clinic_id=batch.clinic_id,
        actor=actor,
        action=AuditAction.REMOVED,
        at=now,
        table_name="import_batch",
        row_key=batch.id,
    )
    session.flush()


def find_batch(session: Db, *, clinic_id: str, batch_id: str, lock: bool = False) -> ImportBatch:
    """A batch of this clinic with its file. `lock` keeps others from committing it at the same time."""
    query = (
        select(ImportBatch)
        .where(ImportBatch.clinic_id == clinic_id, ImportBatch.id == batch_id)
        .options(undefer(ImportBatch.content))
        .execution_options(populate_existing=True)
    )
    batch = session.execute(query.with_for_update() if lock else query).scalar_one_or_none()
    if batch is None:
        raise NotFound("There is no such import here.")
    return batch


def recent_batches(session: Db, *, clinic_id: str, most: int = 100) -> Sequence[ImportBatch]:
    """Newest first, without their files."""
    query = select(ImportBatch).where(ImportBatch.clinic_id == clinic_id)
    newest = query.order_by(ImportBatch.created_at.desc(), ImportBatch.id.desc()).limit(most)
    return session.execute(newest).scalars().all()


def committed_before(session: Db, batch: ImportBatch) -> ImportBatch | None:
    """The last committed import of the very same file."""
    query = (
        select(ImportBatch)
        .where(
            ImportBatch.clinic_id == batch.clinic_id,
            ImportBatch.sha256 == batch.sha256,
            ImportBatch.state == ImportState.COMMITTED,
            ImportBatch.id != batch.id,
        )
        .order_by(ImportBatch.committed_at.desc())
        .limit(1)
    )
    return session.execute(query).scalar_one_or_none()


def read_records(batch: ImportBatch, today: date) -> Read:
    """Every row of the staged file under its header. Raises BadFile."""
    content, mapping = _content(batch), batch.mapping
    places = {ClinicField(name): int(index) for index, name in mapping["columns"].items()}
    headers = {field: str(mapping["headers"][str(index)]) for field, index in places.items()}
    layout = Layout(mapping["header_row"], in_reading_order(places), headers, today)
    try:
        return list(records(read_rows(content, batch.sheet), layout))
    except BadTable as fault:
        raise BadFile(str(fault)) from None


# ------------------------------------------------------------------------------------------------ inside


def _safe_name(name: str) -> str:
    """The last part of a file's name, without what cannot be stored."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c for c in last if c.isprintable())[-200:] or "spreadsheet"


def _content(batch: ImportBatch) -> bytes:
    if batch.content is None:
        raise Conflict("The file of this import is not kept any more. Upload it again.")
    return batch.content


def _sheets(content: bytes) -> list[str]:
    try:
        return sheet_names(content)
    except BadTable as fault:
        raise BadFile(str(fault)) from None


def _heading(content: bytes, sheet: str | None) -> Heading:
    try:
        peek: list[Row] = list(islice(read_rows(content, sheet), PEEK))
    except BadTable as fault:
        raise BadFile(str(fault)) from None
    heading = find_heading(peek)
    if heading is None:
        raise BadFile("No row of this sheet holds anything. Choose another sheet or another file.")
    return heading


def _lay_out(
    session: Db, batch: ImportBatch, content: bytes, sheets: Sequence[str], sheet: str | None
) -> None:
    if sheet is not None and sheets and sheet not in sheets:
        raise BadFile(f"There is no sheet '{sheet}'. The workbook has: {', '.join(sheets)}.")
    heading = _heading(content, sheet if sheets else None)
    proposed: dict[str, str] = {str(each.index): each.field.value for each in heading.columns if each.field}
    known = _known(session, batch.clinic_id, heading.signature)
    batch.sheet = sheet if sheets else None
    batch.mapping = {
        "header_row": heading.row,
        "headers": {str(each.index): each.header[:100] for each in heading.columns},
        "columns": known.mapping["columns"] if known else proposed,
        "signature": heading.signature,
        "sheets": list(sheets),
        "remembered": known is not None,
        "size": len(content),
    }
    batch.counts, batch.report = {}, None


def _known(session: Db, clinic_id: str, signature: str) -> ColumnMapping | None:
    query = select(ColumnMapping).where(
        ColumnMapping.clinic_id == clinic_id, ColumnMapping.signature == signature
    )
    return session.execute(query).scalar_one_or_none()


def _remember(session: Db, batch: ImportBatch, columns: Mapping[str, Any], now: datetime) -> None:
    signature = batch.mapping["signature"]
    known = _known(session, batch.clinic_id, signature)
    if known is None:
        known = ColumnMapping(clinic_id=batch.clinic_id, signature=signature)
        session.add(known)
    known.mapping, known.updated_at = {"columns": dict(columns)}, now


def _field(name: str | None) -> ClinicField | None:
    return ClinicField(name) if name else None
