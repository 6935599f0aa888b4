"""`tracker backup` and `tracker restore`: copies of the database that can be trusted, and the way back."""

from contextlib import closing
from pathlib import Path

import click
from alembic.script import ScriptDirectory
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from tracker import cipher, clock
from tracker.db import db
from tracker.migrating import migrate_database
from tracker.models.audit import AuditAction
from tracker.models.clinic import Clinic
from tracker.running import is_running
from tracker.services import audit, audit_anchor, backups, holds
from tracker.services.actor import COMMAND
from tracker.services.backups import Contents
from tracker.services.errors import BadFile, Refused
from tracker.settings import Settings, read_key

NOT_SQLITE = (
    "This database is not a SQLite file. Back it up with its own tools, for PostgreSQL pg_dump, and restore "
    "it with pg_restore; then run: tracker mail hold"
)


@click.command()
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), help="another folder")
@click.option("--plain", is_flag=True, help="allow a copy that is not encrypted outside the backup folder")
@click.option("--list", "listing", is_flag=True, help="list the backups there are")
@click.option("--new-key", is_flag=True, help="print a fresh key for TRACKER_BACKUP_KEY")
@with_appcontext
def backup(folder: Path | None, plain: bool, listing: bool, new_key: bool) -> None:
    """Copy the database while it is in use, and look the copy through.

    Example: tracker backup --to /mnt/safe
    """
    settings = _settings()
    if new_key:
        click.echo(backups.new_key())
        click.echo("Keep it apart from the backups: without it they cannot be opened.", err=True)
        return
    if listing:
        _list(folder or settings.backups)
        return
    if folder is not None and not (settings.backup_key or settings.database_key) and not plain:
        raise Refused(
            "The copy would not be encrypted. Set TRACKER_BACKUP_KEY (tracker backup --new-key), "
            "or say --plain."
        )
    with closing(cipher.connect(_database(settings), key=settings.database_key)) as database:
        made = backups.make_backup(
            database,
            folder or settings.backups,
            key=settings.backup_key,
            now=clock.now(),
            database_key=settings.database_key,
        )
    how = "encrypted" if made.encrypted else "not encrypted: TRACKER_BACKUP_KEY is not set"
    if made.encrypted and not settings.backup_key:
        how = "encrypted with the database's key"
    click.echo(f"{made.path} ({_size(made.size)}, looked through, {how})")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="put it in place of the database there is")
@click.option(
    "--database-key-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="key that the database had when the backup was made, where it has another now",
)
@with_appcontext
def restore(file: Path, yes: bool, database_key_file: Path | None) -> None:
    """Look a backup through and say what it holds; with --yes, make it the database.

    The database that stands there is kept beside it. Afterwards no mail goes out until someone has looked:
    tracker mail release.

    Example: tracker restore instance/backups/tracker-20261125T060000Z.db.age --yes
    """
    settings, now = _settings(), clock.now()
    database = _database(settings, must_exist=False)
    database.parent.mkdir(parents=True, exist_ok=True)
    database_key = read_key(database_key_file) if database_key_file else settings.database_key
    with backups.opened(file, key=settings.backup_key, beside=database.parent) as plain:
        contents = backups.look_through(plain, database_key=database_key)
        _known(contents)
        click.echo(_described(contents))
        if not yes:
            click.echo(
                "Whole and readable. Nothing was changed; to make it the database: "
                f"tracker restore {file} --yes"
            )
            return
        _stopped(settings)
        db.session.remove()
        db.engine.dispose()
        own = backups.own_key(plain, database_key)
        ready = backups.under_key(plain, own=own, key=settings.database_key)
        kept = backups.put_in_place(ready, database, now=now)
        audit_anchor.set_aside(settings.instance / audit_anchor.NAME, now=now)
    app = current_app._get_current_object()  # type: ignore[attr-defined] # the app behind the proxy
    migrate_database(app)
    holds.hold_mail(db.session, reason=f"restored from {file.name}", now=now)
    for clinic_id in db.session.execute(select(Clinic.id)).scalars().all():
        audit.record(
            db.session,
            clinic_id=clinic_id,
            actor=COMMAND,
            action=AuditAction.RESTORED,
            at=now,
            table_name="database",
            new={"backup": file.name},
        )
    db.session.commit()
    if kept is not None:
        click.echo(f"What stood there is kept as {kept}.")
    click.echo(
        "Restored. Start the tracker: the scan catches up by itself. No mail goes out until you run: "
        "tracker mail release"
    )


def _known(contents: Contents) -> None:
    """Refuse a backup of a later release, whose tables this one does not know."""
    folder = current_app.extensions["migrate"].directory
    known = {each.revision for each in ScriptDirectory(folder).walk_revisions()}
    if contents.revision not in known:
        raise BadFile(
            f"The backup is of another release (schema {contents.revision}). Install that release first."
        )


def _stopped(settings: Settings) -> None:
    """A running tracker would go on writing into the file that is taken away."""
    if is_running(settings.instance):
        raise Refused("The tracker is running on this database. Stop it and run this again.")


def _described(contents: Contents) -> str:
    newest = f"last change {contents.newest_at[:16]} UTC" if contents.newest_at else "no change on file"
    return (
        f"{contents.clinic_count} clinics, {contents.patient_count} patients, "
        f"{contents.open_alert_count} open alerts; {newest}; schema {contents.revision}."
    )


def _list(folder: Path) -> None:
    found = backups.listed(folder) if folder.is_dir() else []
    for each in found:
        how = "encrypted" if each.encrypted else "plain"
        click.echo(f"{each.made_at:%Y-%m-%d %H:%M}Z  {_size(each.size):>9}  {how:9}  {each.path}")
        for clinic_id, number, head in each.heads:
            click.echo(f"    audit {clinic_id} {number} {head}")
    if not found:
        click.echo(f"No backup in {folder}.")


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB"


def _database(settings: Settings, *, must_exist: bool = True) -> Path:
    path = settings.sqlite_file
    if path is None:
        raise Refused(NOT_SQLITE)
    if must_exist and not path.exists():
        raise Refused(f"There is no database at {path} yet. Create it with: tracker db upgrade")
    return path


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
