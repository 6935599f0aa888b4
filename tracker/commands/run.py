"""`tracker run`: serve pages and clockwork in one process."""

import click

from tracker.serving import serve
from tracker.settings import describe

SETTINGS = "\n".join(f"{name}: {meaning}" for name, _, meaning in describe())


@click.command(epilog=f"\b\nSettings from the environment:\n{SETTINGS}")
def run() -> None:
    """Serve the pages, scan and send mails, until Ctrl-C.

    Example: TRACKER_PORT=8080 tracker run
    """
    raise SystemExit(serve())
