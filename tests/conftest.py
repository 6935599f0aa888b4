"""Fixtures: an app with an empty database in memory, and the cast of named users."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from hypothesis import settings as hypothesis_settings
from sqlalchemy.orm import Session, scoped_session

import make
from tracker.db import db
from tracker.factory import create_app
from tracker.settings import Mode, Settings

hypothesis_settings.register_profile("suite", derandomize=True, deadline=None, max_examples=60)
hypothesis_settings.load_profile("suite")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        mode=Mode.TEST,
        instance=tmp_path,
        database_url="sqlite://",
        secret_key="a secret of the tests, long enough to be one",
    )


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    app.config["TESTING"] = True
    with app.app_context():
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
