"""The clock's spring: one tick every few seconds that scans and then mails.

APScheduler keeps nothing here but the tick itself, in memory. What is due and what was sent is in our tables,
so a tick that is late, doubled or cut off costs nothing but time.
"""

import logging
import threading
import time
from collections.abc import Callable

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from tracker.jobs.mailer import Office, send_due
from tracker.jobs.scanner import scan_all
from tracker.services import heartbeat

log = logging.getLogger(__name__)

TICK = "tick"
_one_per_process = threading.Lock()


class AlreadyTicking(RuntimeError):
    """This process has its clockwork; a second would only do the work twice."""


class Clockwork:
    """Start once, stop once. `stop` waits for a tick that is under way, which ends at its next batch."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.seconds = office.settings.scan_seconds
        self._stopping = threading.Event()
        self._last_tick = time.monotonic()
        self._scheduler = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(1)},
            timezone="UTC",
        )
        self._watch = threading.Thread(target=self._nudge, name="tick-watch", daemon=True)

    def start(self) -> None:
        if not _one_per_process.acquire(blocking=False):
            raise AlreadyTicking("The clockwork is already running in this process.")
        self._scheduler.add_job(
            self.tick,
            "interval",
            seconds=self.seconds,
            id=TICK,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
            next_run_time=self.office.clock(),
        )
        self._scheduler.start()
        self._watch.start()

    def ask_to_stop(self) -> None:
        """Let a tick that is under way end early; returns at once."""
        self._stopping.set()

    def stop(self) -> None:
        self.ask_to_stop()
        self._scheduler.shutdown(wait=True)
        self._watch.join()
        _one_per_process.release()

    def tick(self) -> None:
        """Scan, then mail; trouble in one never keeps the other from its turn."""
        self._last_tick = time.monotonic()
        self._safely("scan", self._scan)
        if not self._stopping.is_set():
            self._safely("mail", self._mail)
        self._last_tick = time.monotonic()

    def _scan(self) -> None:
        scan_all(self.office.open_session, self.office.clock, stopping=self._stopping.is_set)

    def _mail(self) -> None:
        send_due(self.office, stopping=self._stopping.is_set)
        with self.office.open_session() as session:
            heartbeat.beat(session, heartbeat.MAIL, self.office.clock())
            session.commit()

    def _safely(self, what: str, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            log.error("a part of the tick failed", extra={"part": what, "error": type(error).__name__})

    def _nudge(self) -> None:
        """Ask for a tick when none came for long: the computer's clock was set back, or it slept."""
        while not self._stopping.wait(self.seconds):
            if time.monotonic() - self._last_tick > 3 * self.seconds:
                self._last_tick = time.monotonic()
                self._scheduler.modify_job(TICK, next_run_time=self.office.clock())
