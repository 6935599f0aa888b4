"""`tracker db`: bring the database up to date, say where it stands, encrypt it."""

import click
from flask import current_app
from flask.cli import with_appcontext

from tracker.commands.encryption import encrypt, new_key, rekey
from tracker.migrating import current, is_current, migrate_database, newest


@click.group()
def db() -> None:
    """Create, migrate and encrypt the database.

    Example: tracker db upgrade
    """


@db.command()
@with_appcontext
def upgrade() -> None:
    """Create the tables, or bring them to this release.

    Example: tracker db upgrade
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined] # the app behind the proxy
    file = app.extensions["settings"].sqlite_file
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    if is_current(app):
        click.echo(f"The database is up to date ({newest(app)}).")
        return
    migrate_database(app)
    click.echo(f"The database is now at {newest(app)}.")


@db.command()
@with_appcontext
def status() -> None:
    """Say which schema the database has and which one this release needs.

    Example: tracker db status
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined] # the app behind the proxy
    click.echo(f"Database: {current(app) or 'empty'}. This release: {newest(app)}.")
    if not is_current(app):
        raise SystemExit("Run: tracker db upgrade")


for command in (encrypt, rekey, new_key):
    db.add_command(command)
