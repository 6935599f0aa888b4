"""A mail server that does as it is told: refuses, hangs, drips, drops, and remembers what it took.

Written on plain sockets, because a server library is too polite for most of it.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ledger import Mail, mail_of

LONG = 60.0
VERBS = ("banner", "EHLO", "MAIL", "RCPT", "DATA", "text")


@dataclass(frozen=True)
class Fault:
    """What to do at a step: `answer` it with a line, `hang`, `drop` the line, or `drip` the answer.

    At `text`, the mail is kept before a hang, a drop or a drip if `kept`. `times` is how often; `only_to` the
    recipient at whom it happens.
    """

    at: str
    what: str
    kept: bool = False
    times: int = 1
    only_to: str | None = None


@dataclass
class Sink:
    """Runs while its `listening` block does."""

    faults: list[Fault] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    pause: float = 0.0  # before the answer to a text, so that a kill can fall there
    port: int = 0

    def __post_init__(self) -> None:
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._left = [fault.times for fault in self.faults]

    @contextmanager
    def listening(self) -> Iterator["Sink"]:
        listener = socket.create_server(("127.0.0.1", self.port), backlog=50)
        self.port = listener.getsockname()[1]
        self._over.clear()
        accepting = threading.Thread(target=self._accept, args=(listener,), daemon=True)
        accepting.start()
        try:
            yield self
        finally:
            self._over.set()
            with socket.socket() as knock:
                knock.connect_ex(("127.0.0.1", self.port))
            accepting.join(5)
            listener.close()

    def _accept(self, listener: socket.socket) -> None:
        talks = []
        while not self._over.is_set():
            line, _ = listener.accept()
            talks.append(threading.Thread(target=self._talk, args=(line,), daemon=True))
            talks[-1].start()
        for talk in talks:
            talk.join(5)

    def _talk(self, line: socket.socket) -> None:
        line.settimeout(LONG)
        with line:
            try:
                _Talk(self, line).run()
            except OSError:
                return

    def take(self, content: bytes, recipients: list[str]) -> None:
        with self._lock:
            self.mails.append(mail_of(content, recipients))

    def fault_at(self, step: str, to: str | None) -> Fault | None:
        """The next fault that is meant for this step, used up once."""
        with self._lock:
            self.steps.append(step)
            for number, fault in enumerate(self.faults):
                if fault.at == step and self._left[number] > 0 and fault.only_to in (None, to):
                    self._left[number] -= 1
                    return fault
        return None

    def wait(self, seconds: float) -> None:
        self._over.wait(seconds)

    @property
    def over(self) -> bool:
        return self._over.is_set()


class _Talk:
    """One connection."""

    def __init__(self, sink: Sink, line: socket.socket) -> None:
        self.sink, self.line = sink, line
        self.reader = line.makefile("rb")
        self.to: list[str] = []

    def run(self) -> None:
        with self.reader:
            if not self._answer("banner", "220 sink ready"):
                return
            for verb, rest in iter(self._command, ("", "")):
                if not self._obey(verb, rest):
                    return

    def _command(self) -> tuple[str, str]:
        words = self.reader.readline().decode("ascii", "replace").strip()
        verb, _, rest = words.partition(" ")
        return verb.upper(), rest

    def _obey(self, verb: str, rest: str) -> bool:
        if verb == "QUIT":
            self.line.sendall(b"221 bye\r\n")
            return False
        if verb == "RCPT":
            address = rest.partition("<")[2].partition(">")[0]
            return self._answer("RCPT", "250 ok", address, lambda: self.to.append(address))
        if verb == "DATA":
            return self._data()
        if verb in ("MAIL", "RSET"):
            self.to = []
        return self._answer(verb, "250 ok")

    def _data(self) -> bool:
        taken: list[bool] = []
        if not self._answer("DATA", "354 go on", self._who(), lambda: taken.append(True)):
            return False
        if not taken:
            return True
        lines = []
        for text in iter(self.reader.readline, b".\r\n"):
            if not text:
                return False
            lines.append(text[1:] if text.startswith(b"..") else text)
        content, to = b"".join(lines), list(self.to)
        return self._answer("text", "250 taken", self._who(), lambda: self.sink.take(content, to))

    def _who(self) -> str | None:
        return self.to[0] if self.to else None

    def _answer(
        self, step: str, usual: str, to: str | None = None, do: Callable[[], None] | None = None
    ) -> bool:
        """Whether to go on with this connection."""
        fault = self.sink.fault_at(step, to)
        if do is not None and (fault is None or fault.kept):
            do()
        if step == "text" and self.sink.pause:
            time.sleep(self.sink.pause)
        if fault is None:
            self.line.sendall(f"{usual}\r\n".encode())
            return True
        return self._misbehave(fault, usual)

    def _misbehave(self, fault: Fault, usual: str) -> bool:
        if fault.what == "hang":
            self.sink.wait(LONG)
            return False
        if fault.what == "drop":
            return False
        if fault.what == "drip":
            return self._drip(usual)
        self.line.sendall(f"{fault.what}\r\n".encode())
        return not fault.what.startswith("421")

    def _drip(self, usual: str) -> bool:
        """A byte now and then, each in time: no wait for an answer is ever too long, only all of it."""
        for byte in (f"{usual[:3]}-patience\r\n" * 100).encode():
            if self.sink.over:
                return False
            self.line.sendall(bytes([byte]))
            self.sink.wait(0.1)
        return False
