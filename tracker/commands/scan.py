"""`tracker scan`: check whoever is due, now. What is done stays done if it is interrupted."""

from collections.abc import Sequence

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from tracker import clock
from tracker.db import db
from tracker.models.clinic import Clinic
from tracker.models.scan import ScanKind
from tracker.services import heartbeat
from tracker.services import scan as scanning
from tracker.services.actor import COMMAND
from tracker.services.errors import NotFound
from tracker.services.scan import Step


@click.command()
@click.option("--all", "everyone", is_flag=True, help="check every patient, due or not")
@click.option("--clinic", "clinic_name", help="only this clinic")
@with_appcontext
def scan(everyone: bool, clinic_name: str | None) -> None:
    """Check the patients who are due. It may be interrupted: the next scan goes on where it stopped.

    Example: tracker scan --all --clinic "Renal clinic"
    """
    kind = ScanKind.FULL if everyone else ScanKind.ASKED
    for clinic_id, name in _clinics(clinic_name):
        if everyone:
            scanning.ask_for_all(db.session, clinic_id=clinic_id)
            db.session.commit()
        click.echo(f"{name}: {_result(_scan(clinic_id, name, kind))}")
    if not clinic_name:
        heartbeat.beat(db.session, heartbeat.SCAN, clock.now())
        db.session.commit()


def _clinics(name: str | None) -> Sequence[tuple[str, str]]:
    query = select(Clinic.id, Clinic.name).order_by(Clinic.name)
    if name:
        query = query.where(Clinic.name == name)
    found = [(clinic_id, clinic_name) for clinic_id, clinic_name in db.session.execute(query)]
    db.session.rollback()
    if name and not found:
        raise NotFound(f"There is no clinic called {name}. See: tracker user list")
    return found


def _scan(clinic_id: str, name: str, kind: ScanKind) -> Step | None:
    due = scanning.due_count(db.session, clinic_id, clock.now())
    db.session.rollback()
    last = None
    with click.progressbar(length=due, label=name) as bar:
        for step in scanning.steps(
            db.session, clinic_id=clinic_id, clock=clock.now, kind=kind, actor=COMMAND
        ):
            db.session.commit()
            bar.update(step.done_count - (last.done_count if last else 0))
            last = step
    db.session.rollback()
    return last


def _result(step: Step | None) -> str:
    if step is None:
        return "nobody is due."
    return (
        f"{step.checked_count} patients checked, {step.opened_count} alerts opened, "
        f"{step.closed_count} closed, {step.error_count} errors."
    )
