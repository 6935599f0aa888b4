"""The `tracker` program: a Flask command group with our commands."""

import sys

import click
from flask.cli import FlaskGroup

from tracker.commands.audit import audit
from tracker.commands.backup import backup, restore
from tracker.commands.catalogue import catalogue
from tracker.commands.check import check
from tracker.commands.clinic import clinic
from tracker.commands.db import db
from tracker.commands.demo import demo
from tracker.commands.doctor import doctor
from tracker.commands.imports import import_group
from tracker.commands.mail import mail
from tracker.commands.run import run
from tracker.commands.scan import scan
from tracker.commands.user import user
from tracker.commands.what_if import what_if
from tracker.factory import create_app
from tracker.services.errors import TrackerError
from tracker.settings import BadSettings

tracker = FlaskGroup(
    name="tracker",
    create_app=create_app,
    add_default_commands=False,
    add_version_option=False,
    load_dotenv=False,
    help="Prior-authorization and step-therapy tracker.\n\nExample: tracker check patient.json",
)
for command in (
    run,
    demo,
    check,
    what_if,
    catalogue,
    import_group,
    scan,
    mail,
    user,
    clinic,
    db,
    backup,
    restore,
    audit,
    doctor,
):
    tracker.add_command(command)


def main() -> None:
    """Run one command; what a person can mend is one line on stderr."""
    try:
        tracker.main(standalone_mode=True)
    except BadSettings as error:
        click.echo(f"Settings: {error}", err=True)
        sys.exit(2)
    except TrackerError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
