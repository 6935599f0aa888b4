"""Mail servers that refuse, hang, drip, drop and put off: each as the rules of sending say, none for long."""

import socket
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pytest
from ledger import extra
from sink import Fault, Sink
from sqlalchemy import select

import make
from clockwork import SetClock, alert, certificate, office
from tracker.jobs.delivery import SmtpDelivery, Undelivered
from tracker.jobs.mailer import send_due
from tracker.models.outbox import MailKind, OutboxMessage, OutboxState
from tracker.rules.words import Severity
from tracker.services import outbox

pytestmark = pytest.mark.faults
SHORT, SHORT_WHOLE = 0.3, 0.8  # seconds for an answer and for all of it, in place of 30 and 90
PATIENT = 5.0  # for a server that is only slow because this machine is
LEEWAY = 3.0  # for a busy machine
SENT, RETRY, FAILED = OutboxState.SENT, OutboxState.RETRY, OutboxState.FAILED


@dataclass(frozen=True)
class Case:
    """A fault, the state it leaves, whether the mail may have arrived, how many copies come in the end."""

    fault: Fault
    state: OutboxState
    unsure: bool = False
    copies: int = 1


CASES = {
    "421 instead of a greeting": Case(Fault("banner", "421 busy"), RETRY),
    "554 instead of a greeting": Case(Fault("banner", "554 no"), RETRY),
    "no greeting": Case(Fault("banner", "hang"), RETRY),
    "a greeting that never ends": Case(Fault("banner", "drip"), RETRY),
    "gone before the greeting": Case(Fault("banner", "drop"), RETRY),
    "silence at EHLO": Case(Fault("EHLO", "hang"), RETRY),
    "an answer to EHLO that never ends": Case(Fault("EHLO", "drip"), RETRY),
    "452 to the sender": Case(Fault("MAIL", "452 full"), RETRY),
    "silence at MAIL": Case(Fault("MAIL", "hang"), RETRY),
    "450 to the recipient": Case(Fault("RCPT", "450 later"), RETRY),
    "421 to the recipient": Case(Fault("RCPT", "421 too many"), RETRY),
    "550 to the recipient": Case(Fault("RCPT", "550 unknown"), FAILED, copies=0),
    "silence at RCPT": Case(Fault("RCPT", "hang"), RETRY),
    "gone at RCPT": Case(Fault("RCPT", "drop"), RETRY),
    "451 to DATA": Case(Fault("DATA", "451 later"), RETRY),
    "silence at DATA": Case(Fault("DATA", "hang"), RETRY),
    "gone at DATA": Case(Fault("DATA", "drop"), RETRY),
    "451 after the text": Case(Fault("text", "451 later"), RETRY),
    "552 after the text": Case(Fault("text", "552 too large"), FAILED, copies=0),
    "gone before it kept the text": Case(Fault("text", "drop"), RETRY, unsure=True),
    "gone after it kept the text": Case(Fault("text", "drop", kept=True), RETRY, unsure=True, copies=2),
    "silence before it kept the text": Case(Fault("text", "hang"), RETRY, unsure=True),
    "silence after it kept the text": Case(Fault("text", "hang", kept=True), RETRY, unsure=True, copies=2),
    "a last answer that never ends": Case(Fault("text", "drip", kept=True), RETRY, unsure=True, copies=2),
}


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def tell(session, cast, clock):
    """Put a critical alert of each of these people into the outbox."""

    def once(*people):
        for number, person in enumerate(people):
            who = make.patient(session, cast.renal, mrn=f"9{number}", owner_id=person.id)
            row = alert(session, who, severity=Severity.CRITICAL)
            outbox.tell(session, alert=row, occasion="opened:1", now=clock())
        session.commit()
        clock.forward(minutes=1)

    return once


@pytest.fixture
def send(session, settings, clock):
    """One round over a port; the seconds it took."""

    def once(port, patience=PATIENT):
        server = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none"}
        given = settings.model_copy(update={**server, "smtp_timeout": patience})
        whole = SHORT_WHOLE if patience == SHORT else PATIENT
        begun = time.monotonic()
        send_due(office(session, given, clock), delivery=SmtpDelivery(given, whole_seconds=whole))
        session.expire_all()
        return time.monotonic() - begun

    return once


def message_to(session, person):
    query = select(OutboxMessage).where(
        OutboxMessage.recipient_id == person.id, OutboxMessage.kind == MailKind.ALERTS
    )
    return session.execute(query).scalar_one()


@pytest.mark.parametrize("name", CASES)
def test_a_server_at_fault_costs_a_little_time_and_no_mail(session, cast, clock, tell, send, name):
    case = CASES[name]
    tell(cast.ana)
    sink = Sink([case.fault])
    with sink.listening():
        seconds = send(sink.port, SHORT if case.fault.what in ("hang", "drip") else PATIENT)
        first = message_to(session, cast.ana)
        assert (first.state, first.unsure) == (case.state, case.unsure)
        clock.forward(minutes=2)
        send(sink.port)

    hers = [mail for mail in sink.mails if mail.to == "ana@clinic.example"]
    assert seconds < SHORT_WHOLE + LEEWAY
    assert message_to(session, cast.ana).state is (FAILED if case.state is FAILED else SENT)
    assert len(hers) == case.copies
    assert [mail.repeat for mail in hers][-1:] == [case.unsure] * bool(case.copies)
    assert len({mail.message_id for mail in hers}) == min(case.copies, 1)


def test_nobody_listens(session, cast, clock, tell, send):
    tell(cast.ana)
    sink = Sink()
    with sink.listening():
        pass
    assert send(sink.port) < LEEWAY
    assert message_to(session, cast.ana).state is RETRY
    clock.forward(minutes=2)
    with sink.listening():
        send(sink.port)

    assert [mail.repeat for mail in sink.mails] == [False]


def test_a_greylisting_server_gets_the_same_mail_until_it_takes_it(session, cast, clock, tell, send):
    """450 for a quarter of an hour: four tries, one mail, no repeat."""
    tell(cast.ana)
    begun = clock()
    sink = Sink([Fault("RCPT", "450 later", times=999)])
    with sink.listening():
        while (clock() - begun).total_seconds() < 15 * 60:
            send(sink.port)
            clock.forward(seconds=30)
        tries = sink.steps.count("RCPT")
        sink._left = [0]
        for _ in range(24):
            send(sink.port)
            clock.forward(minutes=1)

    assert tries == 4  # at once, after 1, 2 and 5 minutes
    assert [mail.repeat for mail in sink.mails] == [False]


def test_one_refused_recipient_costs_the_others_nothing(session, cast, tell, send):
    tell(cast.ana, cast.ben, cast.dana)
    sink = Sink([Fault("RCPT", "550 unknown", only_to="ben@clinic.example")])
    with sink.listening():
        send(sink.port)

    assert {mail.to for mail in sink.mails} >= {"ana@clinic.example", "dana@clinic.example"}
    assert message_to(session, cast.ben).state is FAILED
    assert extra(sink.mails) == 0


@contextmanager
def dripping(*, tls_first: bool):
    """A server whose part of the TLS handshake is one long record, a byte at a time."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve():
        line, _ = listener.accept()
        with line, suppress(OSError):
            if not tls_first:
                line.sendall(b"220 ready\r\n")
                line.recv(1000)
                line.sendall(b"250-sink\r\n250 STARTTLS\r\n")
                line.recv(1000)
                line.sendall(b"220 go on\r\n")
            line.recv(4000)
            line.sendall(b"\x16\x03\x03\x3f\xff\x02\x00\x3f\xfb")
            while not over.wait(0.1):
                line.sendall(b"\x03")

    talk = threading.Thread(target=serve, daemon=True)
    talk.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        talk.join(5)
        listener.close()


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_handshake_that_never_ends_is_broken_off(settings, tmp_path, security):
    """A byte of it now and then: every wait is short, the whole is not."""
    with dripping(tls_first=security == "tls") as port:
        given = settings.model_copy(
            update={
                "smtp_host": "127.0.0.1",
                "smtp_port": port,
                "smtp_security": security,
                "smtp_timeout": SHORT,
                "smtp_ca_file": certificate(tmp_path)[0],
            }
        )
        way = SmtpDelivery(given, whole_seconds=SHORT_WHOLE)
        begun = time.monotonic()
        with pytest.raises(Undelivered) as caught:
            way.try_connection()

    assert time.monotonic() - begun < SHORT_WHOLE + LEEWAY
    assert caught.value.way_broken


def test_many_addresses_that_do_not_answer_have_one_end(settings, monkeypatch):
    """Each address of a name may take the whole timeout; together they may not take the whole day."""
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    port = full.getsockname()[1]
    waiting = [socket.socket() for _ in range(8)]
    for each in waiting:  # fills the queue: the next to knock hears nothing
        each.setblocking(False)
        each.connect_ex(("127.0.0.1", port))
    address = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [address] * 20)
    given = settings.model_copy(
        update={"smtp_host": "mail.example", "smtp_port": port, "smtp_security": "tls", "smtp_timeout": SHORT}
    )
    begun = time.monotonic()
    try:
        with pytest.raises(Undelivered):
            SmtpDelivery(given, whole_seconds=SHORT_WHOLE).try_connection()
    finally:
        for each in (full, *waiting):
            each.close()

    assert time.monotonic() - begun < SHORT_WHOLE + LEEWAY
