"""A clockwork of its own process: `python hung.py FOLDER hang|work`. `work` ends after a whole tick."""

import sys
import threading
from pathlib import Path

from stage import opened, settings_for

from clockwork import NOON, SetClock
from tracker.jobs import schedule
from tracker.jobs.mailer import Office
from tracker.jobs.schedule import Clockwork
from tracker.services import heartbeat

WATCHDOG = {"hang": 1, "work": 600}  # seconds; shorter than a person may set it


def main() -> None:
    folder, what = Path(sys.argv[1]), sys.argv[2]
    quick = {"watchdog_seconds": WATCHDOG[what], "scan_seconds": 1}
    settings = settings_for(folder).model_copy(update=quick)
    if what == "hang":
        schedule.scan_all = lambda *_, **__: threading.Event().wait()
    clock = SetClock(NOON)
    clock.forward(hours=what == "work")
    with opened(settings, clock) as office:
        work = Clockwork(office)
        work.start()
        while not mailed(office):
            threading.Event().wait(0.05)
        work.stop()


def mailed(office: Office) -> bool:
    with office.open_session() as session:
        found = heartbeat.last_beat(session, heartbeat.MAIL)
        session.rollback()
    return found == office.clock()


if __name__ == "__main__":
    main()
