"""A clockwork to be killed: `python killed_scan.py FOLDER PORT KILLS SEED` scans and mails, life after life.

Each life is a fork, so that starting costs little; it is killed with SIGKILL after a random time. The last is
left alone and ends when nothing is left to do. Prints how many lives were cut off.
"""

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from clockwork import NOON, RENDER, SetClock
from tracker.db import db
from tracker.factory import create_app
from tracker.jobs.mailer import Office, send_due
from tracker.models.clinic import Clinic
from tracker.models.scan import ScanKind
from tracker.services import scan
from tracker.settings import Mode, Settings

LIFE = timedelta(minutes=11)  # longer than a lease: what a dead sender held is free in the next life
LONGEST_SECONDS = 0.12
BATCH = 2


def settings_for(folder: Path, port: int) -> Settings:
    return Settings(
        mode=Mode.TEST,
        instance=folder,
        database_url=f"sqlite:///{folder / 'tracker.db'}",
        secret_key="a secret of the tests, long enough to be one",
        smtp_host="127.0.0.1",
        smtp_port=port,
        smtp_security="none",
    )


def live(settings: Settings, number: int, begun: Callable[[], None]) -> None:
    """Scan and mail until nothing is left."""
    app = create_app(settings)
    clock = SetClock(NOON + number * LIFE)

    @contextmanager
    def open_session():
        with app.app_context():
            yield db.session

    office = Office(open_session, settings, RENDER, clock)
    with open_session() as session:
        clinic_id = session.query(Clinic.id).scalar()
    begun()
    busy = True
    while busy:
        busy = False
        with open_session() as session:
            steps = scan.steps(session, clinic_id=clinic_id, clock=clock, kind=ScanKind.TICK, batch=BATCH)
            for count, _ in enumerate(steps):
                session.commit()
                busy = True
                if count == 3:
                    break
            session.rollback()
        clock.forward(minutes=1)
        busy = bool(send_due(office).sent) or busy


def kill_one(settings: Settings, number: int, seconds: float) -> bool:
    """Whether the life was cut off, and had not ended by itself."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        live(settings, number, lambda: os.write(writer, b"x"))
        os._exit(0)
    os.close(writer)
    os.read(reader, 1)
    os.close(reader)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def main() -> None:
    folder, port, kills, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    chance = random.Random(seed)
    settings = settings_for(folder, port)
    cut = sum(kill_one(settings, n, chance.uniform(0, LONGEST_SECONDS)) for n in range(kills))
    live(settings, kills, lambda: None)
    print(cut)


if __name__ == "__main__":
    main()
