"""The database session and engine, set up so that no write is lost.

SQLite: WAL, foreign keys, recursive triggers, a busy timeout, and transactions that the driver does not
open by itself. A transaction that may write begins IMMEDIATE: it waits its turn instead of failing half way.
One that only reads (see `reading`) begins plainly and never waits for a writer.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, scoped_session

from tracker import cipher
from tracker.models import Base

BUSY_SECONDS = 10
MAPPED_BYTES = 256 * 1024 * 1024
SHORT_WAIT = 0.25  # of a writer that a person waits for


class Database(SQLAlchemy):
    """Flask-SQLAlchemy, its session typed as what the services take."""

    session: scoped_session[Session]  # type: ignore[assignment] # its own session class is one of ours


db = Database(metadata=Base.metadata)

_only_reads: ContextVar[bool] = ContextVar("only_reads", default=False)
_hurries: ContextVar[bool] = ContextVar("hurries", default=False)

EVERY_CLINIC, NO_CLINIC = "", "none"
_clinic: ContextVar[str] = ContextVar("clinic", default=EVERY_CLINIC)
SEE_CLINIC = "SELECT set_config('tracker.clinic', %(clinic_id)s, true)"  # until the transaction ends


@contextmanager
def reading() -> Iterator[None]:
    """Transactions begun inside only read."""
    token = _only_reads.set(True)
    try:
        yield
    finally:
        _only_reads.reset(token)


@contextmanager
def writing(*, hurried: bool = False) -> Iterator[None]:
    """Transactions begun inside write, whatever the request said.

    A hurried one gives up soon where SQLite has another writer: it raises OperationalError.
    """
    tokens = _only_reads.set(False), _hurries.set(hurried)
    try:
        yield
    finally:
        _only_reads.reset(tokens[0])
        _hurries.reset(tokens[1])


def set_reading(only: bool) -> None:
    """Say for the rest of this request whether its transactions only read."""
    _only_reads.set(only)


def see_clinic(clinic_id: str) -> None:
    """Patients of this clinic alone are in sight from here on: see `models/wall.py`. PostgreSQL holds to it.

    Of the transaction under way too. `forget_clinic` ends it.
    """
    _clinic.set(clinic_id)
    if db.engine.dialect.name == "postgresql" and db.session().in_transaction():
        db.session.connection().exec_driver_sql(SEE_CLINIC, {"clinic_id": clinic_id})


def forget_clinic() -> None:
    """Transactions begun from here on see all clinics, as work does that is nobody's request."""
    _clinic.set(EVERY_CLINIC)


def engine_options(url: str, *, key: str = "") -> dict[str, Any]:
    """Options for `create_engine`; a lost PostgreSQL connection is noticed before it is used.

    `key` encrypts a SQLite file. Values of statements stay out of error texts: they are patients' data.
    """
    if url.startswith("sqlite"):
        return {
            "hide_parameters": True,
            "connect_args": {"timeout": BUSY_SECONDS},
            "module": cipher.driver(key),
        }
    return {"hide_parameters": True, "pool_pre_ping": True, "pool_timeout": 5}


def prepare_engine(engine: Engine, *, key: str = "") -> None:
    """Attach what each transaction begins with, and SQLite's set-up."""
    if engine.dialect.name == "postgresql":
        event.listen(engine, "begin", _see_clinic)
    if engine.dialect.name != "sqlite":
        return

    def connect(_dialect: object, _record: object, words: list[str], more: dict[str, Any]) -> Any:
        return cipher.connect(words[0], key=key, **more)

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)


def _see_clinic(connection: Connection) -> None:
    if _clinic.get() != EVERY_CLINIC:
        connection.exec_driver_sql(SEE_CLINIC, {"clinic_id": _clinic.get()})


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    for pragma in (
        *("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON"),
        # Every view is put on record, and each write empties every connection's own cache: read the system's.
        f"mmap_size={MAPPED_BYTES}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: Connection) -> None:
    if _only_reads.get():
        connection.exec_driver_sql("BEGIN")
    elif _hurries.get():
        connection.exec_driver_sql(f"PRAGMA busy_timeout={int(SHORT_WAIT * 1000)}")
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
