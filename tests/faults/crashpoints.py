"""End a life, or fail the disk, at one chosen system call; `strace` does it (`.ci/strace` installs it)."""

import re
from collections import Counter
from pathlib import Path

from ledger import Books, extra, violations
from rounds import Result, program
from sink import Sink
from stage import DAY

KILL, EIO = "signal=SIGKILL", "error=EIO"
CALLS = ("pwrite64", "fdatasync", "fsync", "sendto", "connect", "rename")
FAULTS = (*((call, KILL) for call in CALLS), ("fdatasync", EIO), ("fsync", EIO), ("pwrite64", "error=ENOSPC"))


def counted(folder: Path) -> Counter[str]:
    """How often a whole life makes each call."""
    sink, trace = Sink(), folder / "trace"
    with sink.listening():
        _traced(folder, sink.port, "-e", f"trace={','.join(CALLS)}", "-o", str(trace))
    return Counter(re.findall(r"^(?:\d+ +)?(\w+)\(", trace.read_text(), re.MULTILINE))


def crashed(folder: Path, call: str, number: int, how: str) -> Result:
    """A life with a fault at that call, then one without: nothing is lost, one mail at most comes again."""
    sink = Sink()
    with sink.listening():
        fault = f"inject={call}:{how}:when={number}"
        ended = _traced(folder, sink.port, "-e", f"trace={call}", "-e", fault, "-o", "/dev/null")
        program("lives.py", folder, sink.port, "alone", 1)
    wrong = violations(Books(folder / "tracker.db", tuple(sink.mails), unsure=1, today=DAY))
    return Result({"points": 1, "ended": int(ended != 0), "extra": extra(sink.mails)}, wrong)


def _traced(folder: Path, port: int, *options: str) -> int:
    return int(program("lives.py", folder, port, "traced", 0, *options))
