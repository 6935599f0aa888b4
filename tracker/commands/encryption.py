"""`tracker db encrypt`, `rekey` and `new-key`: give the database file a key, another key, or make one."""

import os
from pathlib import Path

import click
from sqlalchemy import select

from tracker import cipher, clock
from tracker.core import create_core
from tracker.db import db
from tracker.migrating import is_current
from tracker.models.audit import AuditAction
from tracker.models.clinic import Clinic
from tracker.running import is_running
from tracker.services import audit, backups, sealing
from tracker.services.actor import COMMAND
from tracker.services.errors import Refused
from tracker.settings import Settings, from_environment, read_key

KEEP = "Keep the key in a second place, apart from the backups: without it nobody opens the database again."
KEY_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("new-key")
@click.argument("file", type=KEY_FILE)
def new_key(file: Path) -> None:
    """Write a fresh key into a file that only this account can read.

    Example: tracker db new-key /etc/tracker/database.key
    """
    try:
        number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refused(f"{file} exists. A key is never written over: choose another name.") from None
    except OSError as error:
        raise Refused(f"{file} cannot be written ({error.strerror}).") from None
    with os.fdopen(number, "w", encoding="ascii") as opened:
        opened.write(f"{cipher.new_key()}\n")
    click.echo(f"{file.resolve()} holds a new key. {KEEP}")


@click.command()
def encrypt() -> None:
    """Encrypt a database that is in the clear, with the key of TRACKER_DATABASE_KEY_FILE.

    The old file is gone only when the new one has been compared with it. Needs as much room again, and a
    tracker that is stopped.

    Example: tracker db encrypt
    """
    settings = from_environment()
    database = _stopped_database(settings)
    if not settings.database_key:
        raise Refused(
            "Set TRACKER_DATABASE_KEY_FILE to a file with a key first; make one with: tracker db new-key FILE"
        )
    if not cipher.is_plain(database):
        cipher.connect(database, key=settings.database_key).close()
        click.echo(f"{database} is encrypted with this key already.")
        return
    sealing.change_key(database, old="", new=settings.database_key)
    _put_on_record(settings, "encrypted")
    click.echo(f"{database} is encrypted. {KEEP}")
    _name_the_readable(settings.backups, database)


@click.command()
@click.argument("new_key_file", type=KEY_FILE)
def rekey(new_key_file: Path) -> None:
    """Give an encrypted database another key. Afterwards name the new file in TRACKER_DATABASE_KEY_FILE.

    Needs as much room again, and a tracker that is stopped. Ended half way, the old key is still the one.

    Example: tracker db rekey /etc/tracker/database-2027.key
    """
    settings = from_environment()
    database = _stopped_database(settings)
    key = read_key(new_key_file)
    if not settings.database_key:
        raise Refused("No database key is set. To encrypt the database: tracker db encrypt")
    if cipher.opens(database, key=key):
        click.echo(f"{database} has this key already. Set TRACKER_DATABASE_KEY_FILE={new_key_file.resolve()}")
        return
    cipher.connect(database, key=settings.database_key).close()
    sealing.change_key(database, old=settings.database_key, new=key)
    _put_on_record(settings.model_copy(update={"database_key": key}), "given another key")
    click.echo(f"{database} has the new key. Set TRACKER_DATABASE_KEY_FILE={new_key_file.resolve()}")
    click.echo(
        "Backups made until now need the old key (tracker restore FILE --database-key-file OLD): keep it as "
        "long as them."
    )


def _stopped_database(settings: Settings) -> Path:
    """The file, with nobody at work on it."""
    path = settings.sqlite_file
    if path is None:
        raise Refused("This database is not a SQLite file. Have it encrypted where it is kept.")
    if not path.exists():
        raise Refused(
            f"There is no database at {path} yet. With a key set, it is made encrypted: tracker db upgrade"
        )
    if is_running(settings.instance):
        raise Refused("The tracker is running on this database. Stop it and run this again.")
    return path


def _put_on_record(settings: Settings, deed: str) -> None:
    """In every clinic; not in a database of an older release, whose record looks otherwise."""
    app = create_core(settings)
    if not is_current(app):
        return
    with app.app_context():
        for clinic_id in db.session.execute(select(Clinic.id)).scalars().all():
            audit.record(
                db.session,
                clinic_id=clinic_id,
                actor=COMMAND,
                action=AuditAction.CHANGED,
                at=clock.now(),
                table_name="database",
                new={"file": deed},
            )
        db.session.commit()
        db.session.remove()
        db.engine.dispose()


def _name_the_readable(folder: Path, database: Path) -> None:
    """Copies made before, which anyone who has the disk can still read."""
    readable = [path for path in backups.copies(folder, database) if cipher.is_plain(path)]
    if readable:
        click.echo("These copies are still in the clear. Make a backup, then remove them:")
    for path in readable:
        click.echo(f"  {path}")
