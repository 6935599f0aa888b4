"""The `tracker` program: a Flask command group with our commands, each loaded when it is called."""

import sys
from importlib import import_module

import click
from flask import Flask
from flask.cli import FlaskGroup

from tracker.services.errors import TrackerError
from tracker.settings import BadSettings

# By name: the module in `tracker.commands`, and the command there.
COMMANDS = {
    "run": "run:run",
    "demo": "demo:demo",
    "check": "check:check",
    "what-if": "what_if:what_if",
    "catalogue": "catalogue:catalogue",
    "import": "imports:import_group",
    "scan": "scan:scan",
    "mail": "mail:mail",
    "user": "user:user",
    "clinic": "clinic:clinic",
    "db": "db:db",
    "backup": "backup:backup",
    "restore": "backup:restore",
    "audit": "audit:audit",
    "keys": "keys:keys",
    "doctor": "doctor:doctor",
}


class Commands(FlaskGroup):
    """What one command needs is not waited for by another."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name].split(":")
        found: click.Command = getattr(import_module(f"tracker.commands.{module}"), attribute)
        return found


def _app() -> Flask:
    """Half a second of imports that only some commands need."""
    app: Flask = import_module("tracker.core").create_core()
    return app


tracker = Commands(
    name="tracker",
    create_app=_app,
    add_default_commands=False,
    add_version_option=False,
    load_dotenv=False,
    help="Prior-authorization and step-therapy tracker.\n\nExample: tracker check patient.json",
)


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
    except Exception as error:
        line = _of_the_database(error)
        if line is None:
            raise
        click.echo(line, err=True)
        sys.exit(1)


def _of_the_database(error: Exception) -> str | None:
    """What `trouble` says of it, looked up only where the database's library is loaded at all."""
    library = sys.modules.get("sqlalchemy.exc")
    if library is None or not isinstance(error, library.SQLAlchemyError):
        return None
    line: str | None = import_module("tracker.commands.trouble").told(error)
    return line
