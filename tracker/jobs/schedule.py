"""The clock's spring: one tick every few seconds that scans and then mails.

APScheduler keeps nothing here but the tick itself, in memory. What is due and what was sent is in our tables,
so a tick that is late, doubled or cut off costs nothing but time.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NoReturn

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from tracker.jobs.auditor import anchor_heads
from tracker.jobs.backups import back_up_daily
from tracker.jobs.caretaker import tend_all
from tracker.jobs.digests import write_digests
from tracker.jobs.look_back import look_back_all
from tracker.jobs.mailer import Office, send_due
from tracker.jobs.ping import ping
from tracker.jobs.scanner import scan_all
from tracker.jobs.tidying import tidy_all
from tracker.services import heartbeat

log = logging.getLogger(__name__)

TICK = "tick"
HUNG = 70  # exit status, EX_SOFTWARE: whoever started the process starts it again
_one_per_process = threading.Lock()


class Every(BaseTrigger):  # type: ignore[misc] # the library has no types
    """So many seconds from now, whatever was missed: the library's own interval lists every run that was.

    After a start in 1970, as with a dead clock battery, that is 59 million of them.
    """

    def __init__(self, seconds: int) -> None:
        self.wait = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        return now if previous is None else now + self.wait


class AlreadyTicking(RuntimeError):
    """This process has its clockwork; a second would only do the work twice."""


def end_process() -> NoReturn:
    """Leave at once, without waiting for the thread that hangs."""
    logging.shutdown()
    os._exit(HUNG)


class Clockwork:
    """Start once, stop once. `stop` waits for a tick that is under way, which ends at its next batch.

    A tick that shows no progress for `watchdog_seconds` hangs, and no thread can be ended from outside:
    the process ends (`end`), and what was under way is taken up by the next one.
    """

    def __init__(self, office: Office, *, end: Callable[[], object] = end_process) -> None:
        self.office = office
        self.seconds = office.settings.scan_seconds
        self._end = end
        self._under_way = False
        self._tidied_on: date | None = None
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
            Every(self.seconds),
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
        """Scan, tend, write digests, look back, mail, anchor the audit trail, tidy, back up.

        Trouble in one stops no other.
        """
        self._under_way = True
        for what, work in (
            ("scan", self._scan),
            ("tend", self._tend),
            ("digest", self._digest),
            ("look back", self._look_back),
            ("mail", self._mail),
            ("audit", self._anchor),
            ("tidy", self._tidy),
            ("backup", self._back_up),
        ):
            self._last_tick = time.monotonic()
            if what == "scan" or not self._stopping.is_set():
                self._safely(what, work)
        self._last_tick = time.monotonic()
        self._under_way = False

    def _goes_on(self) -> bool:
        """Asked after each batch and each mail, so it is also the sign of progress. Whether to stop."""
        self._last_tick = time.monotonic()
        return self._stopping.is_set()

    def _scan(self) -> None:
        whole = scan_all(self.office.open_session, self.office.clock, stopping=self._goes_on)
        if whole and self.office.settings.ping_url:
            ping(self.office.settings.ping_url)

    def _tend(self) -> None:
        tend_all(self.office.open_session, self.office.clock, stopping=self._goes_on)

    def _digest(self) -> None:
        write_digests(self.office)

    def _look_back(self) -> None:
        look_back_all(self.office)

    def _anchor(self) -> None:
        anchor_heads(self.office)

    def _tidy(self) -> None:
        self._tidied_on = tidy_all(self.office, self._tidied_on)

    def _back_up(self) -> None:
        back_up_daily(self.office)

    def _mail(self) -> None:
        send_due(self.office, stopping=self._goes_on)
        with self.office.open_session() as session:
            heartbeat.beat(session, heartbeat.MAIL, self.office.clock())
            session.commit()

    def _safely(self, what: str, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            log.error("a part of the tick failed", extra={"part": what, "error": type(error).__name__})

    def _nudge(self) -> None:
        """Ask for a tick when none came for long: the computer's clock was set back, or it slept.

        End the process when one is under way and does not get on.
        """
        while not self._stopping.wait(self.seconds):
            silent = time.monotonic() - self._last_tick
            if self._under_way:
                if silent > self.office.settings.watchdog_seconds:
                    log.critical("the tick hangs: the process ends, to be started again")
                    self._end()
            elif silent > 3 * self.seconds:
                self._last_tick = time.monotonic()
                self._scheduler.modify_job(TICK, next_run_time=self.office.clock())
