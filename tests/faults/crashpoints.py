"""End a life, or fail the disk, at one chosen system call; `strace` does it (`.ci/strace` installs it)."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from ledger import Books, extra, violations
from rounds import ENVIRONMENT, HERE, Result
from sink import Sink
from stage import DAY

KILL, EIO = "signal=SIGKILL", "error=EIO"
CALLS = ("pwrite64", "fdatasync", "fsync", "sendto", "connect", "rename")
FAULTS = (*((call, KILL) for call in CALLS), ("fdatasync", EIO), ("fsync", EIO), ("pwrite64", "error=ENOSPC"))


class Lives:
    """A program that lives one life after another; see `lives.py`. It ends when nobody can ask any more."""

    def __init__(self) -> None:
        command = [sys.executable, str(HERE / "lives.py"), "serve"]
        self.program = subprocess.Popen(
            command, env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def live(self, folder: Path, port: int, number: int, *options: str) -> int:
        """One life, under strace if there are options for it; its status."""
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        asked = {"folder": str(folder), "port": port, "number": number, "options": options}
        self.program.stdin.write(json.dumps(asked) + "\n")
        self.program.stdin.flush()
        return int(self.program.stdout.readline())


def counted(lives: Lives, folder: Path) -> Counter[str]:
    """How often a whole life makes each call."""
    sink, trace = Sink(), folder / "trace"
    with sink.listening():
        lives.live(folder, sink.port, 0, "-e", f"trace={','.join(CALLS)}", "-o", str(trace))
    return Counter(re.findall(r"^(?:\d+ +)?(\w+)\(", trace.read_text(), re.MULTILINE))


def crashed(lives: Lives, folder: Path, call: str, number: int, how: str) -> Result:
    """A life with a fault at that call, then one without: nothing is lost, one mail at most comes again."""
    sink = Sink()
    with sink.listening():
        fault = f"inject={call}:{how}:when={number}"
        options = "-e", f"trace={call}", "-e", fault, "-o", "/dev/null"
        ended = lives.live(folder, sink.port, 0, *options)
        assert lives.live(folder, sink.port, 1) == 0
    wrong = violations(Books(folder / "tracker.db", tuple(sink.mails), unsure=1, today=DAY))
    return Result({"points": 1, "ended": int(ended != 0), "extra": extra(sink.mails)}, wrong)
