"""Ask ClamAV's clamd whether a file holds a virus (INSTREAM; clamd(8), read 2026-11-25).

The libraries for it are asynchronous or ten years old, and the protocol is one question. Nothing here decides
what becomes of the file.
"""

import re
import socket
import struct
import time
from dataclasses import dataclass

CHUNK = 64 * 1024
SECONDS = 30.0  # for the whole of it, from the first byte to the answer
LONGEST_ANSWER = 4096
TOO_LARGE = "larger than its StreamMaxLength; set that above TRACKER_UPLOAD_MEGABYTES"
# https://www.eicar.org/download-anti-malware-testfile/: harmless, and every scanner finds it. In two halves,
# so that no scanner finds this file.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD" + rb"-ANTIVIRUS-TEST-FILE!$H+H*"


class NotScanned(Exception):
    """The scanner gave no verdict; the message says why, in words for an administrator."""


@dataclass(frozen=True, slots=True)
class Scanner:
    """Where clamd listens: the path of its socket, or `127.0.0.1:3310`."""

    address: str
    seconds: float = SECONDS

    def virus_in(self, content: bytes) -> str | None:
        """The name of the virus; None for a clean file. Raises NotScanned."""
        ends_at = time.monotonic() + self.seconds
        try:
            with self._line(ends_at) as line:
                answer = _asked(line, content, ends_at)
        except TimeoutError:
            raise NotScanned(f"it did not answer within {self.seconds:g} seconds") from None
        except OSError as error:
            raise NotScanned(f"it cannot be reached ({error.strerror or type(error).__name__})") from None
        return _verdict(answer)

    def _line(self, ends_at: float) -> socket.socket:
        family = socket.AF_UNIX if self.address.startswith("/") else socket.AF_INET
        line = socket.socket(family, socket.SOCK_STREAM)
        try:
            line.settimeout(_left(ends_at))
            line.connect(self.address if family is socket.AF_UNIX else _host_and_port(self.address))
        except BaseException:
            line.close()
            raise
        return line


def _asked(line: socket.socket, content: bytes, ends_at: float) -> str:
    try:
        _send(line, content, ends_at)
    except (BrokenPipeError, ConnectionResetError):
        pass  # it has said why before it hung up, as of a file that is too large
    answer = b""
    while len(answer) < LONGEST_ANSWER and not answer.endswith(b"\0"):
        line.settimeout(_left(ends_at))
        try:
            part = line.recv(LONGEST_ANSWER)
        except ConnectionResetError:
            break
        if not part:
            break
        answer += part
    return answer.rstrip(b"\0\n").decode("utf-8", "replace")


def _send(line: socket.socket, content: bytes, ends_at: float) -> None:
    line.sendall(b"zINSTREAM\0")
    for start in range(0, len(content), CHUNK):
        part = content[start : start + CHUNK]
        line.settimeout(_left(ends_at))
        line.sendall(struct.pack("!I", len(part)) + part)
    line.settimeout(_left(ends_at))
    line.sendall(struct.pack("!I", 0))


def _verdict(answer: str) -> str | None:
    """Only its own words for a clean file count as one."""
    if answer == "stream: OK":
        return None
    if found := re.fullmatch(r"stream: (.+) FOUND", answer):
        return "".join(letter for letter in found[1] if letter.isprintable())[:100] or "unnamed"
    if "size limit exceeded" in answer:
        raise NotScanned(f"the file is {TOO_LARGE}")
    raise NotScanned("it ended without a verdict" if not answer else "it met an error of its own")


def _left(ends_at: float) -> float:
    left = ends_at - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)
