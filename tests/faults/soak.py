"""The faults at full length: `python tests/faults/soak.py kills=1000 together=100 folder=/tmp/tracker-soak`

Without arguments, all of it. Runs in rounds and prints each; every round that is done is kept in `soak.jsonl`
of the folder, so that a run that is stopped goes on where it was. Ends with 1 if anything was wrong.
"""

import fcntl
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent.parent)]
import crashpoints  # noqa: E402 - beside this file
import rounds  # noqa: E402 - beside this file
from rounds import Result  # noqa: E402 - beside this file

FULL = {"kills": "1000", "together": "100", "backups": "200", "points": "all"}
KILLS_IN_ROUND, COPIES_IN_ROUND, FEW = 25, 20, 4
Round = tuple[str, Callable[[], Result]]


def main() -> int:
    given = dict(argument.split("=", 1) for argument in sys.argv[1:] if argument.partition("=")[2])
    folder = Path(given.pop("folder", "/tmp/tracker-soak"))
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "lock").open(
        "w"
    )  # held to the end: two runs in one folder would take each other's clinic
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"Another run is under way in {folder}. Give this one a folder of its own, or wait.")
        return 2
    kept = folder / "soak.jsonl"
    done = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    names = {each["round"] for each in done}
    todo = [each for each in plan(folder, given or FULL) if each[0] not in names]
    left = 0
    for number, (name, work) in enumerate(todo, start=1):
        begun = time.monotonic()
        try:
            result = work()
        except subprocess.TimeoutExpired as late:
            left += 1
            print(f"{name}: not done in {late.timeout:.0f} s, left for the next run")
            continue
        done.append({"round": name, "figures": result.figures, "wrong": result.wrong})
        with kept.open("a") as file:
            file.write(json.dumps(done[-1]) + "\n")
        print(
            f"{number} of {len(todo)}: {name}: {said(result.figures)} ({time.monotonic() - begun:.0f} s)",
            *result.wrong,
            sep="\n  ",
        )
        sys.stdout.flush()
    if left:
        print(f"{left} rounds are left: the machine was too busy. Run it again.")
    return summary(done) or int(left > 0)


def plan(folder: Path, wanted: dict[str, str]) -> Iterator[Round]:
    """The rounds, by name; each begins with a fresh copy of one clinic."""
    start, work = folder / "start", folder / "work"
    if not (start / "tracker.db").exists():
        rounds.fresh(start)
    fresh = lambda: rounds.fresh(work, start)  # noqa: E731 - said once, used everywhere below
    kills = int(wanted.get("kills", 0))
    seconds = rounds.together(fresh(), count=1).figures["milliseconds"] / 1000 if kills else 0
    for number in range(-(-kills // KILLS_IN_ROUND)):
        yield (
            f"kills {number}",
            lambda seed=number: rounds.killed(fresh(), kills=KILLS_IN_ROUND, seed=seed, seconds=seconds),
        )
    for number in range(int(wanted.get("together", 0))):
        yield f"together {number}", lambda count=2 + number % 2: rounds.together(fresh(), count=count)
    for number in range(-(-int(wanted.get("backups", 0)) // COPIES_IN_ROUND)):
        yield f"backups {number}", lambda: rounds.backed_up(fresh(), copies=COPIES_IN_ROUND)
    if wanted.get("points"):
        yield from points(start.parent / "few", work, wanted["points"])


def points(start: Path, work: Path, wanted: str) -> Iterator[Round]:
    """Every write, sync, send and rename of one life as the place where it ends, or where the disk fails."""
    if not (start / "tracker.db").exists():
        rounds.fresh(start, patients=FEW)
    lives = crashpoints.Lives()
    counts = crashpoints.counted(lives, rounds.fresh(work, start))
    every = [(call, n, how) for call, how in crashpoints.FAULTS for n in range(1, counts[call] + 1)]
    chosen = every if wanted == "all" else every[:: max(1, len(every) // int(wanted))]
    for call, n, how in chosen:
        yield (
            f"points {call} {n} {how}",
            lambda call=call, n=n, how=how: crashpoints.crashed(
                lives, rounds.fresh(work, start), call, n, how
            ),
        )


def said(figures: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in figures.items())


def summary(done: list[dict]) -> int:
    """Add the figures up by rig."""
    for rig in dict.fromkeys(each["round"].split()[0] for each in done):
        mine = [each for each in done if each["round"].split()[0] == rig]
        total = {name: sum(each["figures"][name] for each in mine) for name in mine[0]["figures"]}
        print(
            f"{rig}: {len(mine)} rounds, {said(total)}, {sum(len(each['wrong']) for each in mine)} violations"
        )
    return int(any(each["wrong"] for each in done))


if __name__ == "__main__":
    sys.exit(main())
