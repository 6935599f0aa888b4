"""One round of each rig, for the tests and for the soak: a folder and a seed in, figures and wrongs out."""

import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ledger import Books, extra, violations
from sink import Sink
from stage import DAY, build

from tracker.services.backups import make_backup

HERE = Path(__file__).resolve().parent
ENVIRONMENT = {"PYTHONPATH": f"{HERE}:{HERE.parent}:{HERE.parent.parent}", "PATH": "/usr/bin:/bin"}
PATIENTS = 24


@dataclass(frozen=True)
class Result:
    """What came of a round: figures to add up, and what was wrong."""

    figures: dict[str, int]
    wrong: list[str] = field(default_factory=list)


def program(name: str, *arguments: object, seconds: float = 900, before: tuple[str, ...] = ()) -> str:
    """Run a program of this folder to its end; what it printed."""
    command = [*before, sys.executable, str(HERE / name), *map(str, arguments)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def fresh(folder: Path, start: Path | None = None, patients: int = PATIENTS) -> Path:
    """A folder with a database in which everybody is due; a copy of `start` if that is given."""
    shutil.rmtree(folder, ignore_errors=True)
    if start is not None:
        shutil.copytree(start, folder)
    else:
        build(folder, patients)
    return folder


def killed(folder: Path, *, kills: int, seed: int, seconds: float) -> Result:
    """Lives cut off at random and one that ends: nothing is lost, nothing doubled.

    `seconds` is what a whole life takes on this machine.
    """
    sink = Sink(pause=0.01)
    with sink.listening():
        cut = int(program("lives.py", folder, sink.port, kills, seed, seconds))
    wrong = violations(Books(folder / "tracker.db", tuple(sink.mails), unsure=cut, today=DAY))
    figures = {"kills": cut, "mails": len(sink.mails), "extra": extra(sink.mails)}
    if figures["extra"] > cut:
        wrong.append(f"{figures['extra']} extra mails of {cut} kills")
    return Result(figures, wrong)


def together(folder: Path, *, count: int) -> Result:
    """Lives at once, none of them killed: not one mail comes twice."""
    sink = Sink()
    with sink.listening():
        took = int(program("lives.py", folder, sink.port, "together", count))
    wrong = violations(Books(folder / "tracker.db", tuple(sink.mails), today=DAY))
    return Result(
        {"lives": count, "milliseconds": took, "mails": len(sink.mails), "extra": extra(sink.mails)}, wrong
    )


def backed_up(folder: Path, *, copies: int) -> Result:
    """Backups while a writer commits row after row: each is whole and holds what was acknowledged before."""
    stop, written, wrong = threading.Event(), [0], []
    writer = threading.Thread(target=_write, args=(folder / "tracker.db", stop, written))
    writer.start()
    try:
        for number in range(copies):
            before, now = written[0], datetime(2026, 6, 8, tzinfo=UTC) + timedelta(minutes=number)
            with closing(sqlite3.connect(folder / "tracker.db", isolation_level=None)) as database:
                made = make_backup(database, folder / "copies", key="", now=now)
            wrong += _lacks(made.path, before)
            made.path.unlink()
    finally:
        stop.set()
        writer.join()
    return Result({"copies": copies, "written": written[0]}, wrong)


def _write(path: Path, stop: threading.Event, written: list[int]) -> None:
    with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as database:
        while not stop.wait(0.001):
            name = f"row {written[0]}"
            database.execute("INSERT INTO heartbeat (name, at) VALUES (?, '2026-06-08')", (name,))
            written[0] += 1


def _lacks(copy: Path, before: int) -> list[str]:
    with closing(sqlite3.connect(copy)) as database:
        sound = database.execute("PRAGMA integrity_check").fetchone()[0]
        names = {row[0] for row in database.execute("SELECT name FROM heartbeat WHERE name LIKE 'row %'")}
    wrong = [] if sound == "ok" else [f"{copy.name}: {sound}"]
    if names != {f"row {number}" for number in range(len(names))} or len(names) < before:
        wrong.append(f"{copy.name} holds {len(names)} rows of the {before} acknowledged before it")
    return wrong
