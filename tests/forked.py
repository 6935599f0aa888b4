"""A program in a process of its own, without the start of another Python: what it printed, how it ended."""

import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from typing import NoReturn

import canaries
import reuse
from tracker.cli import main


def forked(environment: Mapping[str, str], work: Callable[[], object]) -> subprocess.CompletedProcess[str]:
    """Run `work` with this environment and nothing else of it."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = os.fork()
        if child == 0:
            _become(environment, work, out.fileno(), err.fileno())
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0)
        err.seek(0)
        said, complained = out.read(), err.read()
        canaries.write("complaint of a command", complained)
        return subprocess.CompletedProcess([], code, said, complained)


def tracker(environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """The command `tracker` with these words."""

    def command() -> None:
        sys.argv = ["tracker", *words]
        main()

    return forked(environment, command)


def _become(environment: Mapping[str, str], work: Callable[[], object], out: int, err: int) -> NoReturn:
    code = 3
    try:
        os.dup2(out, 1)
        os.dup2(err, 2)
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
        os.environ.clear()
        os.environ.update(environment)
        work()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        reuse.leave(environment["TRACKER_INSTANCE"])
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
