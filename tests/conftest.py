"""Fixtures: an app with an empty database, and the cast of named users.

Tests of models and services run twice: on SQLite in memory and on a real PostgreSQL.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from hypothesis import settings as hypothesis_settings
from sqlalchemy.orm import Session, scoped_session

import canaries
import databases
import make
import reuse
from tracker.core import create_core
from tracker.db import db
from tracker.factory import create_app
from tracker.services import users
from tracker.serving import spare_the_collector
from tracker.settings import Mode, Settings

hypothesis_settings.register_profile("suite", derandomize=True, deadline=None, max_examples=60)
hypothesis_settings.register_profile("few", derandomize=True, deadline=None, max_examples=3)
hypothesis_settings.load_profile("suite")

HERE = Path(__file__).parent
BOTH_DATABASES = {"models", "services"}
MEMORY = "sqlite://"
LONG = {"test_pages.py", "test_permissions.py", "faults"}

# Thousands of passwords are hashed here; that a real hash is dear is tested in test_users.
REAL_HASHER = users.hasher
users.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
users._nobody = users.hasher.hash("nobody has this password")

reuse.begin()
canaries.begin()
COMPILED = reuse.Compiled()


@contextmanager
def in_memory(image: bytes | None = None) -> Iterator[Connection]:
    """An app with a database in memory, filled with the image of one."""
    app = create_core(Settings(mode=Mode.TEST, instance=Path(), database_url=MEMORY, secret_key="x" * 32))
    with app.app_context():
        connection = db.engine.raw_connection()
        if image is not None:
            connection.driver_connection.deserialize(image)
        yield connection.driver_connection
        connection.close()
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def empty_tables() -> bytes:
    """A database with every table, made once and copied into each test's memory."""
    with in_memory() as connection:
        db.create_all()
        return connection.serialize()


@pytest.fixture(scope="session")
def cast_tables(empty_tables: bytes) -> bytes:
    """The same with the cast."""
    with in_memory(empty_tables) as connection:
        make.cast(db.session)
        return connection.serialize()


def room_of(path: Path) -> str:
    return path.relative_to(HERE).parts[0]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that no process works on alone at the end."""
    items.sort(key=lambda item: not LONG & set(item.path.relative_to(HERE).parts))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if room_of(metafunc.definition.path) in BOTH_DATABASES and "database_url" in metafunc.fixturenames:
        params = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
        metafunc.parametrize("database_url", params, indirect=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[databases.Databases]:
    """A server that lives as long as the run."""
    try:
        with databases.server() as address, databases.databases(address) as made:
            yield made
    except ImportError as error:
        if os.environ.get("TRACKER_TEST_MUST_RUN"):
            raise
        pytest.skip(f"no PostgreSQL: {error}")


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """SQLite in memory, unless the test asks for PostgreSQL."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield MEMORY
        return
    made: databases.Databases = request.getfixturevalue("postgres")
    yield made.emptied()


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(
        mode=Mode.TEST,
        instance=tmp_path,
        database_url=database_url,
        secret_key="a secret of the tests, long enough to be one",
        call_limits=False,  # tests of many calls make them within a second; test_pace has them on
    )


def pytest_collection_finish() -> None:
    spare_the_collector()


@pytest.fixture(autouse=True)
def nothing_of_a_patient_is_written() -> Iterator[None]:
    """In logs, mails, addresses, error pages and counts, whatever the test does."""
    shared = {first: set(birds) for first, birds in canaries.known.items()}  # of fixtures of the whole run
    yield
    found = canaries.found()
    canaries.known.clear()
    canaries.known.update(shared)
    assert found == []


@pytest.fixture
def app(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Flask]:
    """An app with its database, empty or with the cast; with its pages where the room has to do with them."""
    image = request.getfixturevalue("cast_tables" if "cast" in request.fixturenames else "empty_tables")
    pages = room_of(request.path) not in BOTH_DATABASES
    app = create_app(settings) if pages else create_core(settings)
    app.config["TESTING"] = True
    app.jinja_env.bytecode_cache = COMPILED
    with app.app_context():
        if settings.database_url == MEMORY:
            connection = db.engine.raw_connection()
            connection.driver_connection.deserialize(image)
            connection.close()
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def session(app: Flask) -> scoped_session[Session]:
    return db.session


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


@pytest.fixture
def cast(session: scoped_session[Session], settings: Settings) -> make.Cast:
    """Ana and Ben of the renal clinic, Cleo of another clinic, Dana the administrator."""
    return make.known_cast(session) if settings.database_url == MEMORY else make.cast(session)
