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


run()
