"""`tracker import`: bring in a clinic's spreadsheet, see first what it would do, take a batch back."""

import math
from collections.abc import Sequence
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from tracker import clock
from tracker.antivirus import NotScanned, Scanner
from tracker.db import db
from tracker.formats.clinic_columns import ClinicField
from tracker.models.clinic import Clinic
from tracker.models.imports import ImportBatch
from tracker.services.actor import COMMAND
from tracker.services.errors import NotFound, Refused
from tracker.services.imports import batches, committing, undoing
from tracker.services.imports.planning import Progress
from tracker.services.imports.report import Report, RowReport, rows_in_words
from tracker.settings import Settings

LISTED = 40
IGNORE = "ignore"


@click.group("import")
def import_group() -> None:
    """Bring in files.

    Example: tracker import clinic refills.csv --dry-run
    """


@import_group.command("clinic")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--clinic", "clinic_name", help="which clinic; needed if there are several")
@click.option("--dry-run", is_flag=True, help="only say what would be added, changed or refused")
@click.option("--only-good", is_flag=True, help="import the good rows and leave the others out")
@click.option("--sheet", help="sheet of the workbook; the first one if not given")
@click.option(
    "--map", "pairs", multiple=True, metavar="'HEADER=FIELD'", help="what a column holds; may be repeated"
)
@click.option("--undo", "undo_id", metavar="BATCH", help="take a whole import back")
@click.option("--yes", is_flag=True, help="do not ask before importing")
@with_appcontext
def clinic(
    file: Path | None,
    clinic_name: str | None,
    dry_run: bool,
    only_good: bool,
    sheet: str | None,
    pairs: Sequence[str],
    undo_id: str | None,
    yes: bool,
) -> None:
    """Import a clinic's spreadsheet, CSV or XLSX: all rows or none, or with --only-good the good ones.

    A field for --map that does not exist has all fields listed; 'ignore' leaves a column out.

    Example: tracker import clinic refills.csv --clinic "Renal clinic" --map "Chart no=mrn" --only-good
    """
    home = _clinic(clinic_name)
    if undo_id:
        _undo(home, undo_id)
        return
    if file is None:
        raise click.UsageError(
            "Name the file to import. Example: tracker import clinic refills.csv --dry-run"
        )
    batch = _stage(home, file, sheet, pairs)
    report = _dry_run(batch)
    _say(report)
    if dry_run:
        db.session.rollback()
        click.echo("Dry run: nothing was saved.")
        return
    _commit(batch, report, only_good=only_good, yes=yes)


def _clinic(name: str | None) -> Clinic:
    query = select(Clinic).order_by(Clinic.name)
    found = db.session.execute(query.where(Clinic.name == name) if name else query).scalars().all()
    if len(found) == 1:
        return found[0]
    if name:
        raise NotFound(f"There is no clinic called {name}. See: tracker user list")
    if not found:
        raise NotFound("There is no clinic yet. Add its first person: tracker user add --help")
    listed = ", ".join(each.name for each in found)
    raise click.UsageError(f"Say which clinic with --clinic. There are: {listed}")


def _looked_through(file: Path) -> bytes:
    """The file, without a virus where a scanner is set."""
    settings: Settings = current_app.extensions["settings"]
    content = file.read_bytes()
    if not settings.clamd:
        return content
    try:
        virus = Scanner(settings.clamd).virus_in(content)
    except NotScanned as failure:
        raise Refused(f"The virus scanner gave no verdict: {failure}. See: tracker doctor") from None
    if virus is not None:
        raise Refused(f"{file} holds the virus {virus}. Nothing of it was taken; delete it.")
    return content


def _stage(home: Clinic, file: Path, sheet: str | None, pairs: Sequence[str]) -> ImportBatch:
    batch = batches.stage(
        db.session,
        clinic_id=home.id,
        file_name=file.name,
        content=_looked_through(file),
        sheet=sheet,
        actor=COMMAND,
        now=clock.now(),
    )
    found = batches.columns_of(batch)
    if len(found.sheets) > 1:
        others = ", ".join(name for name in found.sheets if name != found.sheet)
        click.echo(f"Sheet: {found.sheet}. Not read: {others} (choose with --sheet).")
    chosen = _chosen(found, pairs)
    for column in found.columns:
        field = chosen[column.index]
        click.echo(f"  {column.header}  ->  {field.label if field else 'not imported'}")
    batches.set_columns(db.session, batch, chosen, now=clock.now())
    return batch


def _chosen(found: batches.Columns, pairs: Sequence[str]) -> dict[int, ClinicField | None]:
    """The proposed meanings, with those that --map says instead."""
    chosen = {column.index: column.field for column in found.columns}
    for pair in pairs:
        header, _, name = pair.rpartition("=")
        column = next((c for c in found.columns if c.header.casefold() == header.strip().casefold()), None)
        if column is None:
            headers = ", ".join(each.header for each in found.columns)
            raise click.BadParameter(
                f"There is no column '{header}'. There are: {headers}", param_hint="--map"
            )
        field = _field(name.strip().casefold())
        chosen = {index: None if other is field else other for index, other in chosen.items()}
        chosen[column.index] = field
    return chosen


def _field(name: str) -> ClinicField | None:
    if name == IGNORE:
        return None
    if name not in set(ClinicField):
        names = ", ".join([*ClinicField, IGNORE])
        raise click.BadParameter(f"'{name}' is no field. Fields: {names}", param_hint="--map")
    return ClinicField(name)


def _dry_run(batch: ImportBatch) -> Report:
    with click.progressbar(length=100, label="Reading") as bar:
        report = committing.dry_run(_job(batch, _follow(bar)))
        bar.update(100 - bar.pos)
    return report


def _job(batch: ImportBatch, progress: Progress | None) -> committing.Job:
    return committing.job(
        db.session, batch, actor=COMMAND, now=clock.now(), progress=progress, look_seconds=math.inf
    )


def _follow(bar: "click._termui_impl.ProgressBar[int]") -> Progress:
    """Move a bar of a hundred steps with the rows that are done."""
    return lambda done, total: bar.update(max(0, 100 * done // total - bar.pos))


def _say(report: Report) -> None:
    counts = report.counts
    for row in [row for row in report.rows if row.outcome.value != "unchanged"][:LISTED]:
        click.echo(_line(row))
    if counts.rows + counts.skipped - counts.unchanged > LISTED:
        click.echo("... the rest is counted below; all rows are on the import page.")
    for note, rows in report.notes.items():
        click.echo(f"Note: {note} ({rows_in_words(rows)})")
    for typed, taken, new in report.plans:
        click.echo(f"Plan: '{typed}' -> {taken}, {new}")
    click.echo(
        f"{counts.rows} rows: {counts.new_patients} new patients, {counts.changed} rows change something,"
        f" {counts.unchanged} unchanged, {counts.refused} refused, {counts.skipped} skipped."
    )
    if counts.alerts_opened is not None:
        click.echo(f"Alerts after the import: {counts.alerts_opened} open, {counts.alerts_closed} close.")
    for name, count in counts.storms.items():
        click.echo(f"{count} alerts would open for {name}: they are mailed as one message.")


def _line(row: RowReport) -> str:
    changes = [f"{name}: {before} -> {after}" for name, before, after in row.changes]
    says = "; ".join([*row.says, *changes])
    return says if says.startswith(f"Row {row.row},") else f"Row {row.row}, {row.outcome.value}: {says}"


def _commit(batch: ImportBatch, report: Report, *, only_good: bool, yes: bool) -> None:
    if report.counts.written == 0:
        db.session.rollback()
        click.echo("Nothing to import: every usable row is on file already.")
        return
    if report.counts.refused and not only_good:
        db.session.rollback()
        raise Refused("Nothing was imported. Correct the rows above, or give --only-good to leave them out.")
    if not yes:
        click.confirm(f"Import {report.counts.ready} rows?", abort=True)
    with click.progressbar(length=100, label="Importing") as bar:
        job = _job(batch, _follow(bar))
        done = committing.commit_good(job) if only_good else committing.commit_all(job)
        db.session.commit()
        bar.update(100 - bar.pos)
    click.echo(
        f"Imported {done.counts.written} rows. To take it back: tracker import clinic --undo {batch.id}"
    )


def _undo(home: Clinic, batch_id: str) -> None:
    batch = batches.find_batch(db.session, clinic_id=home.id, batch_id=batch_id, lock=True)
    try:
        count = undoing.undo(db.session, batch, actor=COMMAND, now=clock.now())
    except undoing.UndoRefused as refusal:
        for sentence in refusal.standing:
            click.echo(sentence, err=True)
        raise
    db.session.commit()
    click.echo(f"Undone: {count} records are as they were before.")
