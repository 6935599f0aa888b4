"""`tracker clinic`: who is called when nobody answers an alert, and after how long."""

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from tracker.db import db
from tracker.models.clinic import Clinic
from tracker.models.ladder import Ladder
from tracker.services import ladders


@click.group()
def clinic() -> None:
    """Settings of a clinic.

    Example: tracker clinic ladder "Renal clinic" --lead ana@clinic.example
    """


@clinic.command()
@click.argument("name")
@click.option("--backup", help="address of the backup owner of the whole clinic")
@click.option("--lead", help="address of the clinic lead")
@click.option("--clinician", help="name of the clinician who is called last")
@click.option("--clinician-contact", help="phone or address of a clinician without an account")
@click.option("--clinician-account", help="address with which the clinician signs in")
@click.option("--critical-hours", type=int, help="until the next step, at first 4")
@click.option("--high-hours", type=int, help="until the next step, at first 24")
@click.option("--warning-hours", type=int, help="until the next step, at first 72")
@with_appcontext
def ladder(name: str, **given: str | int | None) -> None:
    """Set the ladder of alerts that nobody answers, and show it. What is not given stays.

    Example: tracker clinic ladder "Renal clinic" --lead ana@clinic.example --clinician "Dr Shah"
    """
    found = db.session.scalar(select(Clinic).where(Clinic.name == name))
    if found is None:
        raise click.ClickException(f"There is no clinic called {name}.")
    row = ladders.change(db.session, clinic_id=found.id, given=given)
    db.session.commit()
    _show(row)


def _show(row: Ladder) -> None:
    for label, text in ladders.in_words(db.session, row):
        click.echo(f"{label}: {text}")
