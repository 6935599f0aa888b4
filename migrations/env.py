"""How migrations run: on the app's own engine, each in its own transaction, on SQLite too."""

from typing import Any

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app

from tracker.models import Base

database = current_app.extensions["migrate"].db


def literal_type(kind: str, item: Any, autogen: AutogenContext) -> str | bool:
    """Write our column types down as the plain types they stand on: a migration imports no model."""
    if kind != "type" or not isinstance(item, sa.types.TypeDecorator):
        return False
    impl = item.impl_instance
    if isinstance(impl, sa.String):
        return f"sa.String({impl.length})" if impl.length else "sa.String()"
    return f"sa.{impl!r}"


def run() -> None:
    with database.engine.connect() as connection:
        _let_tables_be_made_anew(connection)
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            render_item=literal_type,
            transactional_ddl=True,
            transaction_per_migration=True,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        _hold_references(connection)


def _let_tables_be_made_anew(connection: sa.Connection) -> None:
    """SQLite changes a constraint by making the table anew, which references to its rows would forbid."""
    if connection.dialect.name == "sqlite":
        _bare(connection).execute("PRAGMA foreign_keys=OFF")


def _hold_references(connection: sa.Connection) -> None:
    """References count again; one that leads nowhere is a broken migration."""
    if connection.dialect.name == "sqlite":
        broken = _bare(connection).execute("PRAGMA foreign_key_check").fetchall()
        _bare(connection).execute("PRAGMA foreign_keys=ON")
        assert not broken, f"{len(broken)} references lead nowhere"


def _bare(connection: sa.Connection) -> Any:
    """The driver's own connection: outside a transaction, where this switch works."""
    return connection.connection.dbapi_connection


run()
