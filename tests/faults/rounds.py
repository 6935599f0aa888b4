"""One round of each rig, for the tests and for the soak: a folder and a seed in, figures and wrongs out."""

import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from ledger import Books, extra, violations
from sink import Sink
from stage import DAY, build

HERE = Path(__file__).resolve().parent
ENVIRONMENT = {"PYTHONPATH": f"{HERE}:{HERE.parent}:{HERE.parent.parent}", "PATH": "/usr/bin:/bin"}
PATIENTS = 24


@dataclass(frozen=True)
class Result:
    """What came of a round: figures to add up, and what was wrong."""

    figures: dict[str, int]
    wrong: list[str] = field(default_factory=list)


def program(name: str, *arguments: object, seconds: float = 300, before: tuple[str, ...] = ()) -> str:
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
