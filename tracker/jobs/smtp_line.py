"""Connections to a mail server that are made by a given moment, or not at all.

The library's own give each address of a name, and then the handshake, the whole timeout again.
"""

import smtplib
import socket
import ssl
import time


def time_left(seconds: float, ends_at: float) -> float:
    """So many seconds, but none after the end, a monotonic instant. Raises TimeoutError when it is over."""
    left = ends_at - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time for this mail is over")
    return min(seconds, left)


def reach(host: str, port: int, seconds: float, ends_at: float) -> socket.socket:
    """A connected socket, to the first address of the host that answers. Raises OSError."""
    failure = OSError("the name has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM):
        line = socket.socket(family, kind, protocol)
        try:
            line.settimeout(time_left(seconds, ends_at))
            line.connect(address)
            line.settimeout(time_left(seconds, ends_at))
        except OSError as error:
            line.close()
            failure = error
        else:
            return line
    raise failure


class Line(smtplib.SMTP):
    """Plain at first. `ends_at` must be set before `connect`."""

    ends_at: float
    _host: str

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return reach(host, port, timeout, self.ends_at)


class TlsLine(smtplib.SMTP_SSL):
    """Encrypted from the first byte. `ends_at` must be set before `connect`."""

    ends_at: float
    context: ssl.SSLContext
    _host: str

    def _get_socket(self, host: str, port: int, timeout: float) -> ssl.SSLSocket:
        line = reach(host, port, timeout, self.ends_at)
        try:
            return self.context.wrap_socket(line, server_hostname=self._host)
        except BaseException:
            line.close()
            raise
