"""Bring the database to this release's schema, or say that it is not."""

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import upgrade

from tracker.db import db, reading


def current(app: Flask) -> str | None:
    """The revision of the open database; None for an empty one."""
    with app.app_context(), reading(), db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest(app: Flask) -> str | None:
    """The revision this release needs."""
    return ScriptDirectory(app.extensions["migrate"].directory).get_current_head()


def is_current(app: Flask) -> bool:
    return current(app) == newest(app)


def migrate_database(app: Flask) -> None:
    """Run what is missing. Each step is one transaction: a failure leaves the step before it."""
    if not is_current(app):
        with app.app_context():
            upgrade()
