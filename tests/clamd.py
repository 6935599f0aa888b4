"""A clamd that behaves as told: it answers, hangs, hangs up, or says what nobody expects."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class FakeClamd:
    """`answer`: what it says to every file; None: nothing. It `dies_after` bytes, `hangs` seconds."""

    def __init__(self, listener: socket.socket) -> None:
        self.answer: bytes | None = b"stream: OK\0"
        self.dies_after: int | None = None
        self.hangs = 0.0
        self.received: list[bytes] = []
        self._listener = listener

    def serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            with line, suppress(OSError):
                self._talk(line)

    def _talk(self, line: socket.socket) -> None:
        assert _exactly(line, 10) == b"zINSTREAM\0"
        content = b""
        while size := struct.unpack("!I", _exactly(line, 4))[0]:
            content += _exactly(line, size)
            if self.dies_after is not None and len(content) >= self.dies_after:
                break
        self.received.append(content)
        time.sleep(self.hangs)
        if self.answer is not None:
            line.sendall(self.answer)


def _exactly(line: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        part = line.recv(count - len(found))
        if not part:
            raise OSError("hung up")
        found += part
    return found


@contextmanager
def running(path: Path) -> Iterator[FakeClamd]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()
        fake = FakeClamd(listener)
        thread = threading.Thread(target=fake.serve, daemon=True)
        thread.start()
        try:
            yield fake
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)
