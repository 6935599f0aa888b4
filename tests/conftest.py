"""Fixtures: an app with an empty database, and the cast of named users.

Tests of models and services run twice: on SQLite in memory and on a real PostgreSQL.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from hypothesis import settings as hypothesis_settings
from sqlalchemy.orm import Session, scoped_session

import databases
import make
from tracker.db import db
from tracker.factory import create_app
from tracker.settings import Mode, Settings

hypothesis_settings.register_profile("suite", derandomize=True, deadline=None, max_examples=60)
hypothesis_settings.load_profile("suite")

HERE = Path(__file__).parent
BOTH_DATABASES = {"models", "services"}
MEMORY = "sqlite://"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    room = metafunc.definition.path.relative_to(HERE).parts[0]
    if room in BOTH_DATABASES and "database_url" in metafunc.fixturenames:
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
    address = made.fresh()
    yield address
    made.drop(address)


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(
        mode=Mode.TEST,
        instance=tmp_path,
        database_url=database_url,
        secret_key="a secret of the tests, long enough to be one",
    )


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    app.config["TESTING"] = True
    with app.app_context():
        if settings.database_url == MEMORY:
            db.create_all()
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
def cast(session: scoped_session[Session]) -> make.Cast:
    """Ana and Ben of the renal clinic, Cleo of another clinic, Dana the administrator."""
    return make.cast(session)
