"""Know whether a tracker runs on an instance folder: each holds a shared lock while it serves."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "running.lock"


@contextmanager
def running(instance: Path) -> Iterator[None]:
    """Hold the lock; any number of processes may."""
    with (instance / NAME).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def is_running(instance: Path) -> bool:
    """Whether anyone serves from this folder now. The system lets go of a killed process's lock by itself."""
    try:
        with (instance / NAME).open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
