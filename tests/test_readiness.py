"""Before the first request: the demo is made ready, production refuses what is not."""

import secrets
from datetime import date

import pytest
from sqlalchemy import func, select

from tracker.db import db
from tracker.factory import create_app
from tracker.migrating import migrate_database
from tracker.models.alert import Alert
from tracker.models.clinic import Clinic
from tracker.models.patient import Patient, PatientCheck
from tracker.readiness import looks_made_up, make_ready
from tracker.settings import BadSettings, Mode, Settings

SECRET = "nJ2vW8qTz4LrXc7YbKd5MfGh9PsRuEa3"  # of these tests only


@pytest.fixture
def app_of(tmp_path):
    apps = []

    def make(mode, **more):
        values = {"secret_key": SECRET, "public_url": "https://tracker.example", **more}
        settings = Settings(mode=mode, instance=tmp_path, **values)
        apps.append(create_app(settings))
        return apps[-1]

    yield make
    for app in apps:
        with app.app_context():
            db.engine.dispose()


def test_the_demo_is_made_once_and_everyone_is_checked(app_of):
    app = app_of(Mode.DEMO, as_of=date(2026, 6, 8))
    make_ready(app)
    make_ready(app)

    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Clinic)) == 1
        assert db.session.scalar(select(func.count()).select_from(Patient)) == 60
        assert db.session.scalar(select(func.count()).where(PatientCheck.due)) == 0
        codes = set(db.session.scalars(select(Alert.code)))
    assert codes >= {"PA_EXPIRED", "PA_GAP", "QL_EXCEEDED", "STEP_THERAPY_UNMET", "COVERAGE_ENDING"}


def test_production_refuses_an_unmigrated_database(app_of):
    with pytest.raises(BadSettings, match="tracker db upgrade"):
        make_ready(app_of(Mode.PRODUCTION))


def test_production_refuses_the_demos_data(app_of):
    make_ready(app_of(Mode.DEMO))

    with pytest.raises(BadSettings, match="holds the demo"):
        make_ready(app_of(Mode.PRODUCTION))


def test_production_starts_on_a_migrated_empty_database(app_of):
    app = app_of(Mode.PRODUCTION)
    migrate_database(app)

    make_ready(app)


@pytest.mark.parametrize(
    "secret",
    ["x" * 40, "abcd" * 10, "my-secret-key-for-the-tracker-2026", "changeme-changeme-changeme-changeme-1"],
)
def test_production_refuses_a_secret_that_someone_typed(app_of, secret):
    app = app_of(Mode.PRODUCTION, secret_key=secret)

    with pytest.raises(BadSettings, match="token_urlsafe"):
        make_ready(app)


def test_production_refuses_an_old_secret_that_someone_typed(app_of):
    app = app_of(Mode.PRODUCTION, old_secret_keys="changeme-changeme-changeme-changeme-1")

    with pytest.raises(BadSettings, match="TRACKER_OLD_SECRET_KEYS"):
        make_ready(app)


def test_production_refuses_to_show_its_inside(app_of):
    app = app_of(Mode.PRODUCTION)
    app.debug = True

    with pytest.raises(BadSettings, match="FLASK_DEBUG"):
        make_ready(app)


def test_a_made_secret_never_looks_made_up():
    assert not any(looks_made_up(secrets.token_urlsafe(32)) for _ in range(500))
