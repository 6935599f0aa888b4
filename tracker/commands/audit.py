"""`tracker audit`: prove that the record of who did what is whole, and hand it out."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from tracker import clock
from tracker.db import db
from tracker.models.audit import AuditAction
from tracker.models.clinic import Clinic
from tracker.services import audit as recording
from tracker.services import audit_anchor, audit_export, audit_verify
from tracker.services.actor import COMMAND
from tracker.services.audit_export import ExportFormat
from tracker.services.errors import NotFound
from tracker.settings import Settings


@click.group()
def audit() -> None:
    """The record of who read and changed what: verify it, export it.

    Example: tracker audit verify
    """


@audit.command()
@click.option(
    "--anchors",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="compare with this file of heads; default: audit-head in the instance folder",
)
@with_appcontext
def verify(anchors: Path | None) -> None:
    """Look at every event and at the anchored heads; exit status 1 if the record was tampered with.

    Finds events that were changed, exchanged, replaced or removed, at the end too.

    Example: tracker audit verify --anchors /mnt/safe/audit-head
    """
    settings: Settings = current_app.extensions["settings"]
    kept = audit_anchor.read(anchors or settings.instance / audit_anchor.NAME)
    found = audit_verify.verify(db.session, kept)
    for verdict in found:
        how = "tampered with" if verdict.faults else "whole"
        click.echo(f"{verdict.clinic_name}: {verdict.count} events, {how}. Head {verdict.head}")
        for fault in verdict.faults:
            click.echo(f"  {fault}")
        if verdict.loose:
            click.echo(f"  {verdict.loose} events of an earlier release wait to be chained.")
    if not kept:
        click.echo("No anchored head to compare with: a cut-off end would not be seen.")
    if any(verdict.faults for verdict in found):
        raise SystemExit(1)


@audit.command()
@click.option("--clinic", "name", required=True, help="name of the clinic")
@click.option("--format", "form", type=click.Choice([each.value for each in ExportFormat]), default="csv")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="first day (UTC)")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="last day (UTC)")
@click.option(
    "--output", type=click.File("w", encoding="utf-8"), default="-", help="file; default: standard output"
)
@with_appcontext
def export(name: str, form: str, first: datetime | None, last: datetime | None, output: IO[str]) -> None:
    """Write the events of one clinic, oldest first, as CSV or JSON lines. The export goes on record.

    Example: tracker audit export --clinic "Renal clinic" --format jsonl --output audit.jsonl
    """
    clinic_id = db.session.execute(select(Clinic.id).where(Clinic.name == name)).scalar_one_or_none()
    if clinic_id is None:
        raise NotFound(f"There is no clinic {name}.")
    recording.record(
        db.session,
        clinic_id=clinic_id,
        actor=COMMAND,
        action=AuditAction.EXPORTED,
        at=clock.now(),
        table_name="audit_event",
    )
    db.session.commit()
    since = first.replace(tzinfo=UTC) if first else None
    until = last.replace(tzinfo=UTC) + timedelta(days=1) if last else None
    lines = audit_export.export(
        db.session, clinic_id=clinic_id, form=ExportFormat(form), since=since, until=until
    )
    output.writelines(lines)
