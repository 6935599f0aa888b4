"""Hand a finished mail over: to a mail server by SMTP, or to a folder as a file.

A failure says what the sender must know: whether another try can help, whether the mail may have arrived all
the same, and whether the way itself is broken, so that other mails need not try it now.
"""

import os
import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from tracker import secret_files
from tracker.jobs.smtp_line import Line, TlsLine, time_left
from tracker.settings import Settings

WHOLE_SEND_SECONDS = 90.0
LINE_STARTS_WITH_DOT = re.compile(rb"^\.", re.MULTILINE)
BROKEN = (OSError, smtplib.SMTPException, ValueError)


class Undelivered(Exception):
    """`after_data`: it may have arrived. `permanent`: no use to try again. `way_broken`: stop for now.

    The message holds the kind of failure and the server's code, never what the server said.
    """

    def __init__(
        self, error: str, *, after_data: bool = False, permanent: bool = False, way_broken: bool = False
    ) -> None:
        super().__init__(error)
        self.after_data = after_data
        self.permanent = permanent
        self.way_broken = way_broken


class Delivery(Protocol):
    def send(self, message: EmailMessage, *, to: str) -> None:
        """Return when it is handed over for good; raise Undelivered otherwise."""

    def close(self) -> None:
        """Let go of the connection, if any."""


class FolderDelivery:
    """Mails as `.eml` files, whole or not at all. The same mail again is the same file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, message: EmailMessage, *, to: str) -> None:
        name = re.sub(r"[^A-Za-z0-9-]", "", message["Message-ID"].partition("@")[0])
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _write_whole(self.folder / f"{name}.eml", message.as_bytes())
        except OSError as error:
            raise Undelivered(type(error).__name__, way_broken=True) from None

    def close(self) -> None:
        return None


def _write_whole(path: Path, content: bytes) -> None:
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class SmtpDelivery:
    """One connection for a batch of mails; opened at the first, opened again after a break."""

    def __init__(self, settings: Settings, *, whole_seconds: float = WHOLE_SEND_SECONDS) -> None:
        self.settings = settings
        self.whole_seconds = whole_seconds
        self._ends_at = time.monotonic() + whole_seconds
        self.smtp: smtplib.SMTP | None = None

    def send(self, message: EmailMessage, *, to: str) -> None:
        if not to.isascii():
            raise Undelivered("the address is not plain ASCII", permanent=True)
        with self._capped():
            smtp = self._connected()
            assert smtp.sock is not None
            smtp.sock.settimeout(self.settings.smtp_timeout)
            self._envelope(smtp, to)
            self._content(smtp, message.as_bytes())

    def try_connection(self) -> None:
        """Connect and sign in, send nothing. Raises Undelivered."""
        with self._capped():
            self._connected()
        self.close()

    def close(self) -> None:
        smtp, self.smtp = self.smtp, None
        if smtp is None:
            return
        try:
            smtp.quit()
        except BROKEN:
            smtp.close()

    def _connected(self) -> smtplib.SMTP:
        if self.smtp is not None:
            return self.smtp
        try:
            return self._open()
        except BROKEN as error:
            self._drop()
            raise Undelivered(_kind(error), way_broken=True) from None

    def _open(self) -> smtplib.SMTP:
        given = self.settings
        context = ssl.create_default_context(cafile=given.smtp_ca_file)
        if given.smtp_security == "tls":
            smtp: Line | TlsLine = TlsLine(timeout=given.smtp_timeout, context=context)
        else:
            smtp = Line(timeout=given.smtp_timeout)
        self.smtp = smtp  # from here on `_break` can end it
        smtp._host = given.smtp_host  # the name TLS checks; connect() keeps none
        smtp.ends_at = self._ends_at
        code, _ = smtp.connect(given.smtp_host, given.smtp_port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, b"")
        self._limit(smtp)
        if given.smtp_security == "starttls":
            smtp.starttls(context=context)
            self._limit(smtp)
        smtp.ehlo_or_helo_if_needed()
        if given.smtp_user:
            self._sign_in(smtp)
        return smtp

    def _limit(self, smtp: smtplib.SMTP) -> None:
        """`_break` cannot end a handshake, which takes the socket apart: its wait must be short enough."""
        assert smtp.sock is not None
        smtp.sock.settimeout(time_left(self.settings.smtp_timeout, self._ends_at))

    def _sign_in(self, smtp: smtplib.SMTP) -> None:
        """A refusal may come as an answer or, at some servers, as a closed line."""
        given = self.settings
        try:
            password = secret_files.current(given.smtp_password, given.smtp_password_file)
        except secret_files.NoSecret:
            self._drop()
            raise Undelivered("the file of the password cannot be read", way_broken=True) from None
        try:
            smtp.login(given.smtp_user, password)
        except BROKEN as error:
            self._drop()
            raise Undelivered(f"sign-in refused: {_kind(error)}", way_broken=True) from None

    def _envelope(self, smtp: smtplib.SMTP, to: str) -> None:
        """Sender and recipient. A refused sender is a matter of settings: all mails wait for its cure."""
        try:
            code, _ = smtp.mail(self.settings.mail_from)
            if code != 250:
                self._drop()
                raise Undelivered(f"{code} to the sender", way_broken=True)
            code, _ = smtp.rcpt(to)
            if code not in (250, 251):
                self._reset(smtp, code)
                raise Undelivered(f"{code} to the recipient", permanent=500 <= code < 600)
            code, _ = smtp.docmd("DATA")
            if code != 354:
                self._reset(smtp, code)
                raise Undelivered(f"{code} to DATA", permanent=500 <= code < 600)
        except BROKEN as error:
            self._drop()
            raise Undelivered(_kind(error), way_broken=True) from None

    def _content(self, smtp: smtplib.SMTP, content: bytes) -> None:
        """From here on a broken connection leaves open whether the mail was taken."""
        try:
            smtp.send(LINE_STARTS_WITH_DOT.sub(b"..", content).removesuffix(b"\r\n") + b"\r\n.\r\n")
            code, _ = smtp.getreply()
        except BROKEN as error:
            self._drop()
            raise Undelivered(_kind(error), after_data=True, way_broken=True) from None
        if code != 250:
            self._reset(smtp, code)
            raise Undelivered(f"{code} after the text", permanent=500 <= code < 600)

    def _reset(self, smtp: smtplib.SMTP, code: int) -> None:
        """Make the connection fit for the next mail; 421 says that the server closes it."""
        if code == 421:
            self._drop()
            return
        try:
            smtp.rset()
        except BROKEN:
            self._drop()

    def _drop(self) -> None:
        smtp, self.smtp = self.smtp, None
        if smtp is not None:
            smtp.close()

    @contextmanager
    def _capped(self) -> Iterator[None]:
        """Break the connection when one mail takes too long, however lively the server is."""
        self._ends_at = time.monotonic() + self.whole_seconds
        timer = threading.Timer(self.whole_seconds, self._break)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _break(self) -> None:
        sock = getattr(self.smtp, "sock", None)
        if sock is not None:
            try:
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            except OSError:
                pass


def _kind(error: Exception) -> str:
    """The kind of failure with the server's code; the server's words may quote an address."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate refused: {error.verify_message}"
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def delivery_for(settings: Settings) -> Delivery:
    """The mail server of the settings, or the folder if there is none."""
    return SmtpDelivery(settings) if settings.has_mail_server else FolderDelivery(settings.mail_folder)
