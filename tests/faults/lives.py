"""Lives of the program that scan, mail and back up on one file, and may be killed at any time.

`python lives.py FOLDER PORT KILLS SEED SECONDS` cuts KILLS lives off after a random time and lets a last one
end by itself, and prints how many were cut off; SECONDS is what a whole life takes.
`python lives.py FOLDER PORT together COUNT` lets COUNT lives do the work at once; prints their milliseconds.
`python lives.py serve` reads lives to live, one line of JSON each, and answers each with how it ended: its
`folder`, `port`, `number` and, to let `strace` follow it from its first step on, `options` of that.
Each life is a process of its own (a fork, so that starting costs little).
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy.orm import configure_mappers
from stage import settings_for

from clockwork import NOON, RENDER, SetClock
from tracker.core import create_core
from tracker.db import db
from tracker.jobs.backups import back_up_daily
from tracker.jobs.digests import write_digests
from tracker.jobs.mailer import Office, send_due
from tracker.models.clinic import Clinic
from tracker.models.scan import ScanKind
from tracker.services import scan
from tracker.settings import Settings

LIFE = timedelta(minutes=11)  # longer than a lease: what a dead sender held is free in the next life
SHARE = 0.35  # of a whole life; most are far shorter, so that there is work left for the last
BATCH = 2


def live(settings: Settings, number: int, begun: Callable[[], None] = lambda: None) -> None:
    """Scan, write digests, mail and back up until nothing is left."""
    app = create_core(settings)
    clock = SetClock(NOON + number * LIFE)

    @contextmanager
    def open_session():
        with app.app_context():
            yield db.session

    office = Office(open_session, settings, RENDER, clock)
    with open_session() as session:
        clinic_id = session.query(Clinic.id).scalar()
        session.rollback()
    begun()
    busy = True
    while busy:
        busy = _scan_some(office, clinic_id)
        clock.forward(minutes=1)
        busy = bool(write_digests(office)) or busy
        busy = bool(send_due(office).sent) or busy
    back_up_daily(office)


def _scan_some(office: Office, clinic_id: str) -> bool:
    """A few batches, so that mails go out while the scan is half done. Whether anyone was due."""
    busy = False
    with office.open_session() as session:
        steps = scan.steps(session, clinic_id=clinic_id, clock=office.clock, kind=ScanKind.TICK, batch=BATCH)
        for count, _ in enumerate(steps):
            session.commit()
            busy = True
            if count == 3:
                break
        session.rollback()
    return busy


def alone(settings: Settings, number: int, begun: Callable[[], None] = lambda: None) -> int:
    """A life in a process of its own, to its end; its status."""
    child = os.fork()
    if child == 0:
        _end(settings, number, begun)
    return os.waitpid(child, 0)[1]


def _end(settings: Settings, number: int, begun: Callable[[], None]) -> None:
    """Live, and leave no trace of the process that was forked."""
    try:
        live(settings, number, begun)
    except BaseException as error:
        print(f"life {number}: {error!r}", file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


def born(settings: Settings, number: int) -> int:
    """A life as a process; returns when it is about to begin its work."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _end(settings, number, lambda: os.write(writer, b"x"))
    os.close(writer)
    os.read(reader, 1)
    os.close(reader)
    return child


def kill_one(settings: Settings, number: int, seconds: float) -> bool:
    """Whether the life was cut off, and had not ended by itself."""
    child = born(settings, number)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise SystemExit(f"a life failed by itself with {os.WEXITSTATUS(status)}")
    return os.WIFSIGNALED(status)


def at_once(settings: Settings, count: int) -> None:
    children = [born(settings, 0) for _ in range(count)]
    begun = time.monotonic()
    failed = [child for child in children if os.waitpid(child, 0)[1] != 0]
    if failed:
        raise SystemExit(f"{len(failed)} lives failed")
    print(round(1000 * (time.monotonic() - begun)))


def traced(settings: Settings, number: int, options: list[str]) -> int:
    """Let strace follow a life from its first step on; its status. A start under strace costs far more."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writer)
        os.read(reader, 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # it fails as it is told to
        _end(settings, number, lambda: None)
    os.close(reader)
    command = ["strace", "-f", "-p", str(child), *options]
    strace = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert strace.stderr is not None
    assert "attached" in strace.stderr.readline()
    os.write(writer, b"x")
    os.close(writer)
    _, status = os.waitpid(child, 0)
    strace.communicate()
    return status


def serve() -> None:
    """Live what is asked for, line by line; what all lives need is loaded once."""
    configure_mappers()
    for line in sys.stdin:
        asked = json.loads(line)
        settings, options = settings_for(Path(asked["folder"]), asked["port"]), asked.get("options")
        number = asked["number"]
        print(traced(settings, number, options) if options else alone(settings, number), flush=True)


def main() -> None:
    if sys.argv[1:] == ["serve"]:
        serve()
        return
    folder, port, what, number = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    settings = settings_for(folder, port)
    if what == "together":
        at_once(settings, number)
        return
    kills, chance, whole = int(what), random.Random(number), float(sys.argv[5])
    cut = sum(kill_one(settings, n, SHARE * whole * chance.random() ** 2) for n in range(kills))
    live(settings, kills)
    print(cut)


if __name__ == "__main__":
    main()
