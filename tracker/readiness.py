"""What must be true before the first request: the schema is this release's, and the demo stays the demo."""

from flask import Flask
from sqlalchemy import select

from tracker import clock
from tracker.db import db
from tracker.migrating import is_current, migrate_database
from tracker.models.clinic import Clinic
from tracker.models.user import User
from tracker.services import clinic_day, demo
from tracker.settings import DEMO_EMAIL, DEMO_PASSWORD, BadSettings, Mode, Settings

WEAK_WORDS = ("secret", "changeme", "change-me", "password", "default", "example", "please")


def make_ready(app: Flask) -> None:
    """Demo: create, migrate and fill the database. Otherwise: refuse to serve one that is not ready.

    Raises BadSettings with the cure.
    """
    settings: Settings = app.extensions["settings"]
    if settings.mode is Mode.DEMO:
        migrate_database(app)
        with app.app_context():
            _load_demo(settings)
        return
    if settings.mode is Mode.PRODUCTION:
        _refuse_carelessness(app, settings)
    if not is_current(app):
        raise BadSettings("the database is not at this release's schema; run: tracker db upgrade")
    with app.app_context():
        _refuse_demo_data()


def _load_demo(settings: Settings) -> None:
    session = db.session
    if not demo.exists(session):
        clinic = demo.load(
            session, email=DEMO_EMAIL, password=DEMO_PASSWORD, now=clock.now(), as_of=settings.as_of
        )
    else:
        found = session.scalar(select(Clinic).where(Clinic.is_demo))
        if found is None:
            session.rollback()
            return
        clinic = found
    if settings.as_of is not None:
        clinic_day.move_demo_date(session, clinic, settings.as_of)
    session.commit()
    session.remove()


def _refuse_carelessness(app: Flask, settings: Settings) -> None:
    """What would let strangers in, though the program would run."""
    if app.debug:
        raise BadSettings("debugging shows the program's inside to visitors; unset FLASK_DEBUG")
    if looks_made_up(settings.secret_key):
        raise BadSettings(
            "TRACKER_SECRET_KEY is no random text; make one with: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    if any(looks_made_up(key) for key in settings.secret_keys[1:]):
        raise BadSettings(
            "TRACKER_OLD_SECRET_KEYS holds what is no random text; take it out: what hangs on it is lost to "
            "anyone who guesses it"
        )


def looks_made_up(secret: str) -> bool:
    """Whether a person typed it: few different signs, a repetition, or one of the words of examples."""
    lowered = secret.casefold()
    repeats = any(secret == (secret[:n] * len(secret))[: len(secret)] for n in range(1, len(secret) // 2 + 1))
    return len(set(secret)) < 12 or repeats or any(word in lowered for word in WEAK_WORDS)


def _refuse_demo_data() -> None:
    """A real clinic's data and the demo's open password do not belong in one database."""
    found = db.session.scalar(select(Clinic.id).where(Clinic.is_demo)) or db.session.scalar(
        select(User.id).where(User.is_demo)
    )
    db.session.remove()
    if found:
        raise BadSettings(
            "this database holds the demo; use another TRACKER_DATABASE_URL or TRACKER_INSTANCE"
        )
