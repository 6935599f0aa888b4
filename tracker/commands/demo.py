"""`tracker demo`: the demo clinic, and its movable date."""

from datetime import date, timedelta

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from tracker import clock
from tracker.db import db
from tracker.migrating import migrate_database
from tracker.models.clinic import Clinic
from tracker.services import clinic_day
from tracker.services import demo as demo_clinic
from tracker.services.errors import Refused
from tracker.settings import DEMO_EMAIL, DEMO_PASSWORD, Mode, Settings


@click.group()
def demo() -> None:
    """The demo clinic with its sixty invented patients.

    Example: tracker demo load
    """


@demo.command()
@with_appcontext
def load() -> None:
    """Create the database if needed and load the demo clinic into it.

    Example: tracker demo load
    """
    _not_in_production()
    migrate_database(current_app._get_current_object())  # type: ignore[attr-defined] # the app behind the proxy
    if demo_clinic.exists(db.session):
        click.echo("There is already a clinic; the demo is loaded into an empty database only.")
        return
    clinic = demo_clinic.load(db.session, email=DEMO_EMAIL, password=DEMO_PASSWORD, now=clock.now())
    db.session.commit()
    click.echo(f"{clinic.name} is ready. Sign in as {DEMO_EMAIL} with {DEMO_PASSWORD}")


@demo.command()
@click.argument("to")
@with_appcontext
def move(to: str) -> None:
    """Put the demo clinic on another date: 2026-12-01, +30d, or today for the real one.

    The scan finds out by itself who must be checked again.

    Example: tracker demo move +30d
    """
    _not_in_production()
    clinic = db.session.scalar(select(Clinic).where(Clinic.is_demo))
    if clinic is None:
        raise Refused("There is no demo clinic. Run: tracker demo load")
    clinic_day.move_demo_date(db.session, clinic, _day(to, clinic))
    db.session.commit()
    click.echo(f"The demo clinic is now on {clinic_day.day_in(clinic, clock.now())}.")


def _day(to: str, clinic: Clinic) -> date | None:
    if to == "today":
        return None
    if to.startswith("+") and to.endswith("d") and to[1:-1].isdigit():
        return clinic_day.day_in(clinic, clock.now()) + timedelta(days=int(to[1:-1]))
    return click.DateTime(["%Y-%m-%d"]).convert(to, None, None).date()


def _not_in_production() -> None:
    settings: Settings = current_app.extensions["settings"]
    if settings.mode is Mode.PRODUCTION:
        raise Refused("The demo is refused in production. Unset TRACKER_MODE or use another instance folder.")
