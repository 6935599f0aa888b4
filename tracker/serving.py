"""Pages and clockwork in one process, with an orderly end.

The server loop is ours, because waitress alone cuts off the answers under way when it is told to stop. On
SIGTERM or Ctrl-C: take no more connections, finish what was asked, stop the clockwork, go.
"""

import gc
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from flask import Flask
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, scoped_session
from waitress import create_server, wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer

from tracker import clock
from tracker.core import HOME
from tracker.db import db
from tracker.factory import create_app
from tracker.jobs.mailer import Office, OpenSession, renderer
from tracker.jobs.schedule import Clockwork
from tracker.readiness import make_ready
from tracker.running import running
from tracker.settings import BadSettings, Settings, from_environment

DRAIN_SECONDS = 30.0
NEW_OBJECTS = 50_000  # that many before the garbage collector looks
QUIET_SECONDS = 0.3  # so long nothing may happen before the drain counts as done

Line = Callable[[str], None]


def say(line: str) -> None:
    print(line, flush=True)


def complain(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


class LineWithIds(logging.Formatter):
    """A log line with the ids given beside it. Only these names are written: none holds a patient's data.

    Times are UTC. One event is one line: what would break it or hide in it is written as an escape.
    """

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"
    written = (
        "clinic_id",
        "patient_id",
        "message_row_id",
        "attempts",
        "part",
        "error",
        "audit_number",
        "audit_hash",
        "user_id",
    )

    def format(self, record: logging.LogRecord) -> str:
        found = [f"{name}={record.__dict__[name]}" for name in self.written if name in record.__dict__]
        line = " ".join([super().format(record), *found])
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def session_opener(app: Flask) -> OpenSession:
    """Sessions for work outside a request, each with its own end."""

    @contextmanager
    def open_session() -> Iterator[scoped_session[Session]]:
        with app.app_context():
            yield db.session

    return open_session


def office_of(app: Flask) -> Office:
    """What the clockwork needs of the application."""
    return Office(
        open_session=session_opener(app),
        settings=app.extensions["settings"],
        render=renderer(HOME / "templates" / "email"),
        clock=clock.now,
    )


def serve() -> int:
    """Serve until told to stop; the exit code. What a person can mend is one line."""
    try:
        settings = from_environment()
        _set_up_logs(settings)
        settings.instance.mkdir(parents=True, exist_ok=True)
        app = create_app(settings)
        make_ready(app)
    except BadSettings as error:
        complain(f"Cannot start: {error}")
        return 2
    except OperationalError as error:
        kind = type(error.orig).__name__
        complain(f"Cannot start: the database does not answer ({kind}). See TRACKER_DATABASE_URL.")
        return 1
    except OSError as error:
        complain(
            f"Cannot start: {settings.instance} cannot be written ({error.strerror}). See TRACKER_INSTANCE."
        )
        return 1
    try:
        server = Server(app, settings)
    except OSError as error:
        complain(
            f"Cannot listen on {settings.host}:{settings.port} ({error.strerror or error}). "
            f"Stop what runs there, or choose another port: TRACKER_PORT={settings.port + 1}"
        )
        return 1
    with running(settings.instance):
        return _run(app, settings, server)


def _set_up_logs(settings: Settings) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(LineWithIds("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=settings.log_level, handlers=[handler])
    # SQLAlchemy tells every row it reads when it is let, and rows are patients' data.
    for chatty in ("alembic", "apscheduler", "sqlalchemy"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _run(app: Flask, settings: Settings, server: "Server") -> int:
    spare_the_collector()
    clockwork = Clockwork(office_of(app))
    stop = threading.Event()
    _on_signal(stop, server)
    clockwork.start()
    _greet(settings)
    try:
        server.run_until(stop)
        clockwork.ask_to_stop()
        say("Stopping: finishing what is under way.")
        server.drain(DRAIN_SECONDS)
    finally:
        clockwork.stop()
        server.close()
    say("Stopped.")
    return 0


def spare_the_collector() -> None:
    """What is loaded by now stays: to look through it again and again costs a quarter of every page."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 20, 50)


def _greet(settings: Settings) -> None:
    say(f"Open {settings.address}")
    if settings.demo_sign_in:
        email, password = settings.demo_sign_in
        say(f"Sign in to the demo as {email} with the password {password}")
    if not settings.has_mail_server:
        say(f"No mail server is set: mails are written to {settings.mail_folder}")
    say("Stop with Ctrl-C.")


def _on_signal(stop: threading.Event, server: "Server") -> None:
    """The first signal asks for an orderly end; a second one does not wait for it."""

    def handle(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop.set()
        server.wake()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)


def _proxy(settings: Settings) -> dict[str, Any]:
    """Believe the web server in front about who asks and over what, and nobody else."""
    if not settings.trusted_proxy:
        return {}
    return {
        "trusted_proxy": settings.trusted_proxy,
        "trusted_proxy_count": 1,
        "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"},
        "clear_untrusted_proxy_headers": True,
    }


class Server:
    """The sockets of waitress and the loop around them. Raises OSError when an address is taken."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._map: dict[int, Any] = {}
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        try:
            create_server(
                app,
                map=self._map,
                listen=f"{host}:{settings.port}",
                threads=settings.threads,
                ident=None,
                channel_timeout=60,
                max_request_body_size=(settings.upload_megabytes + 1) * 1024 * 1024,
                **_proxy(settings),
            )
        except ValueError as error:
            raise OSError(str(error)) from None
        self._listeners = [part for part in self._map.values() if isinstance(part, BaseWSGIServer)]

    def wake(self) -> None:
        for listener in self._listeners:
            listener.pull_trigger()

    def run_until(self, stop: threading.Event) -> None:
        while not stop.is_set():
            wasyncore.loop(timeout=1, map=self._map, count=1)

    def drain(self, seconds: float) -> None:
        """Take no more connections; go on until every request has its whole answer, or the time is up."""
        self._turn()  # whoever is already at the door comes in
        for listener in self._listeners:
            listener.accepting = False
            listener.socket.close()
            self._map.pop(listener._fileno, None)
        ends = time.monotonic() + seconds
        quiet_since = time.monotonic()
        while time.monotonic() < ends and time.monotonic() - quiet_since < QUIET_SECONDS:
            self._turn()
            if self._busy():
                quiet_since = time.monotonic()

    def close(self) -> None:
        for listener in self._listeners:
            listener.task_dispatcher.shutdown(timeout=1)
        wasyncore.close_all(self._map, ignore_all=True)

    def _turn(self) -> None:
        wasyncore.loop(timeout=0.05, map=self._map, count=1)

    def _busy(self) -> bool:
        """Whether a request is being read, worked on or answered; an idle connection does not count."""
        channels = [part for part in self._map.values() if isinstance(part, HTTPChannel)]
        return any(channel.requests or channel.request or channel.total_outbufs_len for channel in channels)
