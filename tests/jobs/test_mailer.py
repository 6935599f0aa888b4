"""Sending, over real mail servers that refuse, drop, stall or ask for a password."""

import email
import email.policy
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

import make
from clockwork import Box, SetClock, alert, certificate, mail_server, office, only
from tracker.jobs.delivery import SmtpDelivery, Undelivered
from tracker.jobs.mailer import send_due
from tracker.models.outbox import MailKind, OutboxMessage, OutboxState
from tracker.rules.words import Severity
from tracker.services import outbox
from tracker.settings import Mode, Settings


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def waiting(session, cast, clock):
    """One alert of Ana's that must be mailed now."""
    rosa = make.patient(session, cast.renal, owner_id=cast.ana.id)
    row = alert(session, rosa, severity=Severity.CRITICAL)
    outbox.tell(session, alert=row, occasion="opened:1", now=clock())
    session.commit()
    clock.forward(minutes=1)
    return row


@pytest.fixture
def send(session, settings, clock):
    """Send over a mail server at a port; the message afterwards."""

    def once(port: int, **more) -> OutboxMessage:
        given = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none", "smtp_timeout": 5}
        send_due(office(session, settings, clock, **{**given, **more}))
        session.expire_all()
        mine = select(OutboxMessage).where(OutboxMessage.kind == MailKind.ALERTS)
        return session.execute(mine).scalar_one()

    return once


def parsed(content: bytes):
    return email.message_from_bytes(content, policy=email.policy.default)


def test_a_mail_server_gets_one_mail_for_one_person(send, waiting):
    box = Box()
    with mail_server(box) as port:
        message = send(port)

    assert message.state is OutboxState.SENT
    assert box.recipients == [["ana@clinic.example"]]


def test_a_mail_says_counts_and_links_and_who_sent_it(send, waiting):
    box = Box()
    with mail_server(box) as port:
        message = send(port)

    mail = parsed(box.mails[0])
    text, html = mail.iter_parts()
    assert mail["Subject"] == "[PA tracker] 1 critical - Renal clinic"
    assert mail["Message-ID"] == message.message_id
    assert mail["Auto-Submitted"] == "auto-generated"
    assert None not in (mail["List-Id"], mail["Date"])
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    for part in (text, html):
        assert f"/alerts/{waiting.id}" in part.get_content()
        assert "in 3 days" in part.get_content()


def test_a_mail_holds_nothing_about_the_patient(send, waiting):
    box = Box()
    with mail_server(box) as port:
        send(port)

    mail = parsed(box.mails[0])
    said = str(mail["Subject"]) + "".join(part.get_content() for part in mail.iter_parts())
    for secret in ("Alvarez", "Rosa", "100234", "1971", "A123", "cyclosporine", "PA_EXPIRING"):
        assert secret not in said


def test_a_refused_address_fails_at_once(send, waiting):
    with mail_server(Box(("RCPT", "550 nobody here"))) as port:
        message = send(port)

    assert (message.state, message.attempts) == (OutboxState.FAILED, 1)
    assert message.last_error == "550 to the recipient"


def test_a_mail_that_is_put_off_is_sent_later_with_the_same_id(send, waiting, clock):
    box = Box(("RCPT", "450 later"))
    with mail_server(box) as port:
        put_off = send(port).state
        clock.forward(seconds=59)
        assert send(port).state is OutboxState.RETRY
        clock.forward(seconds=1)
        message = send(port)

    assert (put_off, message.state) == (OutboxState.RETRY, OutboxState.SENT)
    assert parsed(box.mails[0])["Message-ID"] == message.message_id
    assert "[repeat]" not in parsed(box.mails[0])["Subject"]


def test_a_refused_text_fails_at_once(send, waiting):
    with mail_server(Box(("DATA", "554 spam"))) as port:
        message = send(port)

    assert message.state is OutboxState.FAILED


def test_a_break_before_the_text_is_a_plain_retry(send, waiting):
    with mail_server(Box(("RCPT", "drop"))) as port:
        message = send(port)

    assert (message.state, message.unsure) == (OutboxState.RETRY, False)


def test_a_break_after_the_text_is_repeated_and_says_so(send, waiting, clock):
    box = Box(("DATA", "drop"))
    with mail_server(box) as port:
        unsure = send(port).unsure
        clock.forward(minutes=1)
        message = send(port)

    first, second = map(parsed, box.mails)
    assert unsure
    assert message.state is OutboxState.SENT
    assert second["Subject"] == f"[repeat] {first['Subject']}"
    assert second["Message-ID"] == first["Message-ID"]


def test_a_refused_sender_waits_for_the_settings_to_be_mended(send, waiting):
    with mail_server(Box(("MAIL", "550 not you"))) as port:
        message = send(port)

    assert message.state is OutboxState.RETRY


@pytest.mark.parametrize(("verb", "unsure"), [("RCPT", False), ("DATA", True)])
def test_a_server_that_never_answers_is_left_after_the_timeout(send, waiting, verb, unsure):
    started = time.monotonic()
    with mail_server(Box((verb, "hang"))) as port:
        message = send(port, smtp_timeout=1)

    assert (message.state, message.unsure) == (OutboxState.RETRY, unsure)
    assert time.monotonic() - started < 10


def test_a_whole_send_has_an_end(settings):
    given = {"smtp_host": "127.0.0.1", "smtp_security": "none", "smtp_timeout": 20}
    with mail_server(Box(("MAIL", "hang"))) as port:
        way = SmtpDelivery(settings.model_copy(update={**given, "smtp_port": port}), whole_seconds=0.5)
        started = time.monotonic()
        with pytest.raises(Undelivered):
            way.send(make_message(), to="ana@clinic.example")
        took = time.monotonic() - started
        way.close()

    assert took < 5


def make_message():
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["Message-ID"] = "<1@test.invalid>"
    message.set_content(".starts with a dot\n..and two\n")
    return message


def test_lines_that_start_with_a_dot_arrive_whole(settings):
    box = Box()
    with mail_server(box) as port:
        given = {"smtp_host": "127.0.0.1", "smtp_security": "none", "smtp_port": port}
        way = SmtpDelivery(settings.model_copy(update=given))
        way.send(make_message(), to="ana@clinic.example")
        way.close()

    assert parsed(box.mails[0]).get_content().splitlines() == [".starts with a dot", "..and two"]


def test_a_server_that_is_down_is_tried_once_a_round(session, settings, cast, clock, send):
    for name in ("100", "101", "102"):
        owner = make.user(session, cast.renal, name=f"Kim{name}")
        rosa = make.patient(session, cast.renal, mrn=name, owner_id=owner.id)
        outbox.tell(session, alert=alert(session, rosa), occasion="opened:1", now=clock())
    session.commit()
    clock.forward(minutes=1)

    down = {"smtp_host": "127.0.0.1", "smtp_port": 1, "smtp_security": "none"}
    tally = send_due(office(session, settings, clock, **down))

    states = session.execute(select(OutboxMessage.state)).scalars().all()
    assert tally.retry == 1
    assert sorted(states) == [OutboxState.CREATED, OutboxState.CREATED, OutboxState.RETRY]


def test_after_an_outage_the_worst_goes_first_and_nothing_waits_for_its_own_next_try(
    session, settings, cast, clock
):
    """The worst was tried most: its own wait is the longest. One mail finds out that the way is open."""
    people = [make.user(session, cast.renal, name=name) for name in ("Hal", "Hilda", "Cora", "Hope", "Carl")]
    ranks = [Severity.CRITICAL if person.name[0] == "C" else Severity.HIGH for person in people]
    for number, (person, severity) in enumerate(zip(people, ranks, strict=True)):
        rosa = make.patient(session, cast.renal, mrn=str(number), owner_id=person.id)
        row = alert(session, rosa, severity=severity)
        outbox.tell(session, alert=row, occasion="opened:1", now=clock(), to=[person.id])
        session.flush()
    session.execute(update(OutboxMessage).values(next_at=clock()))
    session.commit()
    box = Box()

    def tick(**smtp):
        clock.forward(minutes=1)
        given = {"smtp_host": "127.0.0.1", "smtp_security": "none", "smtp_timeout": 5, **smtp}
        return send_due(office(session, settings, clock, **given))

    with mail_server(box) as port:
        pass
    for _ in range(6):
        tick(smtp_port=port)
    waits = session.execute(select(OutboxMessage.next_at).where(OutboxMessage.attempts > 2)).scalars()
    assert max(waits) > clock() + timedelta(minutes=2)
    with mail_server(box) as port:
        tally = tick(smtp_port=port)

    assert tally.sent == len(people)
    found = [each[0][0] for each in box.recipients]
    assert found[1:] == ["c", "c", "h", "h"]


def test_one_connection_serves_a_round(session, settings, cast, clock):
    for name in ("100", "101", "102"):
        owner = make.user(session, cast.renal, name=f"Kim{name}")
        rosa = make.patient(session, cast.renal, mrn=name, owner_id=owner.id)
        outbox.tell(session, alert=alert(session, rosa), occasion="opened:1", now=clock())
    session.commit()
    clock.forward(minutes=1)
    box = Box(("RCPT", "550 nobody here"))

    with mail_server(box) as port:
        given = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none"}
        tally = send_due(office(session, settings, clock, **given))

    assert (tally.sent, tally.failed) == (3, 1)  # the administrator hears of the one that failed
    assert all(len(people) == 1 for people in box.recipients)


def test_starttls_with_a_password(send, waiting, tmp_path):
    cert, context = certificate(tmp_path)
    box = Box()
    options = {"tls_context": context, "require_starttls": True, "authenticator": only("ana", "geheim")}
    with mail_server(box, **options) as port:
        message = send(
            port, smtp_security="starttls", smtp_ca_file=cert, smtp_user="ana", smtp_password="geheim"
        )

    assert message.state is OutboxState.SENT
    assert len(box.mails) == 1


def test_tls_from_the_first_byte(send, waiting, tmp_path):
    cert, context = certificate(tmp_path)
    box = Box()
    with mail_server(box, ssl_context=context) as port:
        message = send(port, smtp_security="tls", smtp_ca_file=cert)

    assert message.state is OutboxState.SENT


def test_a_certificate_nobody_vouches_for_is_refused(send, waiting, tmp_path):
    _, context = certificate(tmp_path)
    box = Box()
    with mail_server(box, tls_context=context) as port:
        message = send(port, smtp_security="starttls")

    assert message.state is OutboxState.RETRY
    assert message.last_error.startswith("certificate refused")
    assert box.mails == []


def test_a_server_without_starttls_gets_no_mail(send, waiting):
    box = Box()
    with mail_server(box) as port:
        message = send(port, smtp_security="starttls")

    assert message.state is OutboxState.RETRY
    assert box.mails == []


def test_a_wrong_password_waits_for_the_settings_to_be_mended(send, waiting, tmp_path):
    cert, context = certificate(tmp_path)
    options = {"tls_context": context, "require_starttls": True, "authenticator": only("ana", "geheim")}
    with mail_server(Box(), **options) as port:
        message = send(
            port, smtp_security="starttls", smtp_ca_file=cert, smtp_user="ana", smtp_password="wrong"
        )

    assert message.state is OutboxState.RETRY
    assert message.last_error.startswith("sign-in refused")


def test_a_password_that_was_renewed_in_its_file_counts_at_the_next_connection(send, waiting, tmp_path):
    cert, context = certificate(tmp_path)
    kept = tmp_path / "password"
    kept.write_text("of before\n")
    options = {"tls_context": context, "require_starttls": True, "authenticator": only("ana", "geheim")}
    given = {"smtp_security": "starttls", "smtp_ca_file": cert, "smtp_user": "ana"}
    with mail_server(Box(), **options) as port:
        delivery = send(port, **given, smtp_password_file=kept)
        before = delivery.last_error
        kept.write_text("geheim\n")
        SmtpDelivery(smtp_settings(port, **given, smtp_password_file=kept)).try_connection()

    assert before.startswith("sign-in refused")


@pytest.mark.parametrize("content", [None, b"", b"one\ntwo", b"\xff\xfe"], ids=repr)
def test_a_password_file_that_holds_none_keeps_mails_waiting(send, waiting, tmp_path, content):
    cert, context = certificate(tmp_path)
    kept = tmp_path / "password"
    if content is not None:
        kept.write_bytes(content)
    options = {"tls_context": context, "require_starttls": True, "authenticator": only("ana", "geheim")}
    given = {"smtp_security": "starttls", "smtp_ca_file": cert, "smtp_user": "ana"}
    with mail_server(Box(), **options) as port:
        message = send(port, **given, smtp_password_file=kept)

    assert message.state is OutboxState.RETRY
    assert message.last_error == "the file of the password cannot be read"


def smtp_settings(port, **more):
    given = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_timeout": 5, "secret_key": "x" * 32}
    return Settings(mode=Mode.TEST, instance=Path(), **given, **more)


def test_without_a_mail_server_mails_are_files(session, settings, clock, waiting):
    tally = send_due(office(session, settings, clock))

    (file,) = settings.mail_folder.iterdir()
    assert tally.sent == 1
    assert file.suffix == ".eml"
    assert parsed(file.read_bytes())["To"] == "ana@clinic.example"


def test_a_folder_that_cannot_be_written_is_tried_again(session, settings, clock, waiting):
    settings.mail_folder.write_text("in the way")

    tally = send_due(office(session, settings, clock))

    assert tally.retry == 1


def test_no_transaction_is_open_while_sending(session, settings, clock, waiting):
    class Looking:
        def __init__(self):
            self.saw = []

        def send(self, _message, *, to):
            self.saw.append(session().in_transaction())

        def close(self):
            pass

    way = Looking()
    send_due(office(session, settings, clock), delivery=way)

    assert way.saw == [False]


def test_a_non_ascii_address_is_refused_before_sending(session, settings, cast, clock, waiting):
    cast.ana.email = "jörg@clinic.example"
    session.commit()
    box = Box()

    with mail_server(box) as port:
        given = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none"}
        tally = send_due(office(session, settings, clock, **given))

    assert tally.failed == 1
    assert [people for people in box.recipients if "dana@clinic.example" not in people] == []
