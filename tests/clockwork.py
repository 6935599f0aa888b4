"""Rigs for the clockwork: alerts out of nothing, a clock to set, mail servers that misbehave on demand."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from tracker.jobs.mailer import Office, renderer
from tracker.models.alert import Alert
from tracker.models.ids import new_id
from tracker.rules.words import Severity
from tracker.settings import Settings

HOME = Path(__file__).resolve().parent.parent
NOON = datetime(2026, 6, 8, 17, 0, tzinfo=UTC)  # Monday noon in Chicago
RENDER = renderer(HOME / "templates" / "email")


class SetClock:
    """Says what it was told."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **much: float) -> None:
        self.at += timedelta(**much)


def alert(session, patient, *, severity: Severity = Severity.HIGH, **more) -> Alert:
    """An open alert that nothing has found."""
    values = {
        "key": new_id(),
        "code": "PA_EXPIRING",
        "about_kind": "authorization",
        "about_id": None,
        "harm_on": date(2026, 6, 11),
        "message": "PA A123 for cyclosporine of Rosa Alvarez ends.",
        "clears_when": "It is renewed.",
        "facts": {},
        "proof": {},
        "opened_at": NOON,
        **more,
    }
    row = Alert(
        clinic_id=patient.clinic_id,
        patient_id=patient.id,
        severity=severity,
        severity_rank=list(Severity).index(severity),
        **values,
    )
    session.add(row)
    session.flush()
    return row


def office(session, settings: Settings, clock: SetClock, **smtp) -> Office:
    given = settings.model_copy(update=smtp)
    return Office(lambda: nullcontext(session), given, RENDER, clock)


class Box:
    """A mail server's handler: keeps what it takes, and does `faults` one after the other first.

    A fault is `(verb, what)`: what is an answer such as `450 later`, `drop` or `hang`; `drop` at DATA comes
    after the mail is kept.
    """

    def __init__(self, *faults: tuple[str, str]) -> None:
        self.faults = list(faults)
        self.mails: list[bytes] = []
        self.recipients: list[list[str]] = []

    async def handle_MAIL(self, server, _session, envelope, address, _options):
        answer = await self._fault("MAIL", server)
        if answer is None:
            envelope.mail_from = address
        return answer or "250 OK"

    async def handle_RCPT(self, server, _session, envelope, address, _options):
        answer = await self._fault("RCPT", server)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server, _session, envelope):
        refused = bool(self.faults) and self.faults[0][0] == "DATA" and self.faults[0][1][0].isdigit()
        if not refused:
            self.mails.append(envelope.content)
            self.recipients.append(list(envelope.rcpt_tos))
        return await self._fault("DATA", server) or "250 OK"

    async def _fault(self, verb: str, server: SMTP) -> str | None:
        if not self.faults or self.faults[0][0] != verb:
            return None
        _, what = self.faults.pop(0)
        if what == "hang":
            await asyncio.sleep(30)
        if what in {"drop", "hang"}:
            server.transport.abort()
            return "421 gone"
        return what


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def mail_server(box: Box, **options) -> Iterator[int]:
    """A real SMTP server on this machine; its port."""
    port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port, ready_timeout=10, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A throw-away certificate for 127.0.0.1, and the server's side of it."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        [*command, *names, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


def only(user: str, password: str):
    """An authenticator that knows one account."""

    def authenticate(_server, _session, _envelope, _mechanism, given):
        return AuthResult(success=(given.login, given.password) == (user.encode(), password.encode()))

    return authenticate
