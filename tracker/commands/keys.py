"""`tracker keys`: what hangs on which secret key, and how it gets to the newest one."""

import click
from flask import current_app
from flask.cli import with_appcontext

from tracker import clock
from tracker.db import db
from tracker.keyring import Keyring
from tracker.services import app_secrets
from tracker.services.actor import COMMAND
from tracker.services.app_secrets import Standing

REMOVE = "Nothing hangs on an old key: remove TRACKER_OLD_SECRET_KEYS and start the tracker again."


@click.group()
def keys() -> None:
    """The secret key and those of before (TRACKER_OLD_SECRET_KEYS).

    Example: tracker keys show
    """


@keys.command()
@with_appcontext
def show() -> None:
    """Say how many authenticator apps hang on which key. Keys are named by a digest.

    Example: tracker keys show
    """
    _tell(app_secrets.standing(db.session, _ring()))


@keys.command()
@with_appcontext
def rewrap() -> None:
    """Seal everything with the newest key that hangs on an old one. Goes beside a running tracker.

    Example: tracker keys rewrap
    """
    changed = app_secrets.renew_all(db.session, _ring(), actor=COMMAND, now=clock.now())
    db.session.commit()
    click.echo(f"Sealed anew with the newest key: {_apps(changed)}.")
    _tell(app_secrets.standing(db.session, _ring()))


def _tell(stand: Standing) -> None:
    ring = _ring()
    for number, name in enumerate(ring.names):
        which = f"old key {name}" if number else f"newest key {name}"
        click.echo(f"{which}: {_apps(stand.old.get(name, 0) if number else stand.newest)}")
    if stand.earlier:
        click.echo(f"as earlier releases kept them: {_apps(stand.earlier)}")
        click.echo(
            "  Run: tracker keys rewrap"
            if len(ring.secrets) == 1
            else "  Only a right code tells which of the keys is theirs: each follows at the next sign-in."
        )
    if stand.lost:
        click.echo(f"read by none of these keys: {_apps(stand.lost)}")
        click.echo("  Name the key of before as well, or have these people set up their app anew.")
    if len(ring.secrets) > 1 and not stand.waiting and not stand.lost:
        click.echo(REMOVE)


def _ring() -> Keyring:
    ring: Keyring = current_app.extensions["keyring"]
    return ring


def _apps(count: int) -> str:
    return f"{count} authenticator app{'' if count == 1 else 's'}"
