"""Send what waits in the outbox: claim one message, let go of the database, send, record.

No transaction is open while a mail server is spoken to, and no message is held that is not being sent.
"""

import logging
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from tracker.db import reading
from tracker.jobs.delivery import Delivery, Undelivered, delivery_for
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.outbox import MailKind, OutboxMessage
from tracker.models.user import User
from tracker.services import (
    digest,
    heartbeat,
    holds,
    mail_queue,
    notices,
    outbox,
    password_links,
    single_sign_on,
)
from tracker.services.heartbeat import MAIL_ROUND, TrustLine, stale_after, trust_line
from tracker.services.mail_choices import wishes_of
from tracker.services.mail_text import MailText, Render, alert_mail, digest_mail
from tracker.services.outbox import Letter
from tracker.settings import Settings

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
OpenSession = Callable[[], AbstractContextManager[Db]]

POLICY = SMTP.clone(cte_type="7bit")
ROUND_SECONDS = MAIL_ROUND.total_seconds()  # then the scan has its turn again


@dataclass(frozen=True, slots=True)
class Office:
    """What every mail needs: the database, the settings, the templates, the clock."""

    open_session: OpenSession
    settings: Settings
    render: Render
    clock: Clock


@dataclass
class Tally:
    """What came of a round."""

    sent: int = 0
    dropped: int = 0
    retry: int = 0
    failed: int = 0


def renderer(folder: Path) -> Render:
    """Fill the mail templates of a folder; only those in HTML are escaped."""
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )

    def render(name: str, context: Mapping[str, Any]) -> str:
        return environment.get_template(name).render(context)

    return render


def send_due(
    office: Office,
    *,
    delivery: Delivery | None = None,
    stopping: Callable[[], bool] = lambda: False,
    round_seconds: float = ROUND_SECONDS,
) -> Tally:
    """Send whatever may go out now, until nothing waits, the way is broken or the time is up.

    While mails are held, or the computer's clock is doubtful, nothing is sent.
    """
    tally = Tally()
    owner = secrets.token_hex(8)
    way = delivery or delivery_for(office.settings)
    ends = time.monotonic() + round_seconds
    try:
        _answer_requests(office)
        while not stopping() and time.monotonic() < ends and _someone_waits(office):
            if not _send_next(office, way, owner, tally):
                break
    finally:
        way.close()
    return tally


def _answer_requests(office: Office) -> None:
    """Write to those who asked for a new password, apart from the request, whose time tells nothing so."""
    with reading(), office.open_session() as session:
        found = password_links.waiting(session)
        session.rollback()
    if not found:
        return
    with office.open_session() as session:
        for user in password_links.take_requests(session):
            notices.tell(session, user, notices.Notice.RESET, now=office.clock())
        session.commit()


def _someone_waits(office: Office) -> bool:
    """A look that takes no write lock, since most rounds find nothing."""
    with reading(), office.open_session() as session:
        now = office.clock()
        found = session.execute(select(OutboxMessage.id).where(mail_queue.ready(now)).limit(1)).first()
        stopped = holds.mail_is_held(session) or heartbeat.clock_is_doubtful(session, now)
        waits = found is not None and not stopped
        session.rollback()
    return waits


def _send_next(office: Office, way: Delivery, owner: str, tally: Tally) -> bool:
    """Whether to go on after this message."""
    taken = _take(office, owner, tally)
    if taken is None:
        return True
    letter, message = taken
    try:
        way.send(message, to=letter.to)
    except Undelivered as failure:
        _record_failure(office, letter, owner, failure, tally)
        return not failure.way_broken
    with office.open_session() as session:
        outbox.record_sent(session, letter.row_id, owner=owner, now=office.clock())
        if heartbeat.still(session, heartbeat.MAIL_BROKEN):
            mail_queue.hasten(session, now=office.clock())
        session.commit()
    tally.sent += 1
    return True


def _take(office: Office, owner: str, tally: Tally) -> tuple[Letter, EmailMessage] | None:
    """Claim one message and write its mail, in one transaction that ends before the sending."""
    now = office.clock()
    with office.open_session() as session:
        claimed = outbox.claim(session, owner=owner, now=now)
        if not claimed:
            session.rollback()
            return None
        try:
            with session.begin_nested():
                taken = _write(office, session, claimed[0], now)
        except SQLAlchemyError:
            raise
        except Exception as error:  # this one letter is to blame, and must not hold up the others
            outbox.record_failed(session, claimed[0], owner=owner, now=now, error=type(error).__name__)
            tally.failed += 1
            session.commit()
            return None
        if taken is None:
            outbox.record_dropped(session, claimed[0], owner=owner, now=now)
            tally.dropped += 1
        session.commit()
    return taken


def _write(office: Office, session: Db, row_id: str, now: datetime) -> tuple[Letter, EmailMessage] | None:
    settings = office.settings
    about_account = notices.open_notice(session, row_id)
    if about_account is not None:
        letter = about_account.letter
        text = notices.account_mail(
            session,
            about_account,
            address=settings.address,
            render=office.render,
            now=now,
            provider=_provider_of(session, about_account.user_id, settings),
        )
        return letter, compose(letter.message_id, letter.to, text, settings=settings, now=now)
    return _write_alerts(office, session, row_id, now)


def _provider_of(session: Db, user_id: str, settings: Settings) -> str | None:
    """Where this person signs in, if a password of theirs would open nothing."""
    if settings.passwords_for_all:
        return None
    if single_sign_on.is_administrator(session, session.get_one(User, user_id)):
        return None
    return settings.oidc_name


def _write_alerts(
    office: Office, session: Db, row_id: str, now: datetime
) -> tuple[Letter, EmailMessage] | None:
    letter = outbox.open_letter(session, row_id, now=now)
    if letter is None:
        return None
    clinic = session.get_one(Clinic, letter.clinic_id)
    settings = office.settings
    trust = trust_line(
        session,
        clinic,
        now,
        mail_to_files=not settings.has_mail_server,
        silence=stale_after(settings.scan_seconds),
    )
    if letter.kind is MailKind.DIGEST:
        text = _digest(office, session, letter, clinic, trust, now)
    else:
        text = alert_mail(
            letter, trust=trust, time_zone=clinic.time_zone, address=settings.address, render=office.render
        )
    return letter, compose(letter.message_id, letter.to, text, settings=settings, now=now)


def _digest(
    office: Office, session: Db, letter: Letter, clinic: Clinic, trust: TrustLine, now: datetime
) -> MailText:
    """Read when it is sent, so that it says what is so now."""
    person, yesterday = session.get_one(User, letter.recipient_id), now - timedelta(days=1)
    found = digest.read(session, clinic_id=clinic.id, user=person, on=trust.as_of, since=yesterday)
    wishes = wishes_of(session, clinic_id=clinic.id, user_id=person.id)
    return digest_mail(
        letter, found, trust=trust, wishes=wishes, address=office.settings.address, render=office.render
    )


def compose(message_id: str, to: str, text: MailText, *, settings: Settings, now: datetime) -> EmailMessage:
    """A mail with its text part first; one recipient."""
    message = EmailMessage(policy=POLICY)
    message["From"] = formataddr(("PA tracker", settings.mail_from))
    message["To"] = to
    message["Subject"] = text.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message["List-Id"] = f"PA tracker alerts <alerts.{settings.mail_from.rpartition('@')[2]}>"
    message.set_content(text.text)
    message.add_alternative(text.html, subtype="html")
    return message


def _record_failure(office: Office, letter: Letter, owner: str, failure: Undelivered, tally: Tally) -> None:
    now, error = office.clock(), str(failure)
    extra = {"message_row_id": letter.row_id, "attempts": letter.attempts, "error": error}
    with office.open_session() as session:
        if failure.permanent:
            outbox.record_failed(session, letter.row_id, owner=owner, now=now, error=error)
            tally.failed += 1
            log.error("mail refused for good", extra=extra)
        else:
            outbox.record_retry(
                session, letter, owner=owner, now=now, error=error, after_data=failure.after_data
            )
            tally.retry += 1
            log.warning("mail not sent, to be tried again", extra=extra)
        if failure.way_broken:
            heartbeat.beat(session, heartbeat.MAIL_BROKEN, now)
        session.commit()
