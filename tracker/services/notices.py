"""Mails about an account: a link to choose a password, word of a change. Through the same outbox as alerts.

They hold no patient's data. A link is made when its mail is written, so that no table ever holds it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.outbox import OutboxMessage
from tracker.models.user import User
from tracker.models.web_session import LinkKind
from tracker.services import password_links
from tracker.services.mail_queue import new_message
from tracker.services.mail_text import MailText, Render
from tracker.services.outbox import Letter


class Notice(StrEnum):
    RESET = "reset"
    INVITATION = "invitation"
    PASSWORD_CHANGED = "password_changed"  # nosec B105 # the name of a notice
    FACTORS_CHANGED = "factors_changed"
    PROVIDER_LINKED = "provider_linked"
    PROVIDER_REMOVED = "provider_removed"
    EMERGENCY = "emergency"
    BULK_READING = "bulk_reading"
    CLINIC_OPENED = "clinic_opened"
    SIGN_IN_TRIES = "sign_in_tries"
    SIGN_IN_PLACE = "sign_in_place"
    SIGN_IN_CODES = "sign_in_codes"


SUBJECTS = {
    Notice.RESET: "Choose a new password",
    Notice.INVITATION: "You can sign in to the PA tracker",
    Notice.PASSWORD_CHANGED: "Your password was changed",
    Notice.FACTORS_CHANGED: "Your second factor was changed",
    Notice.PROVIDER_LINKED: "Your account was connected for single sign-on",
    Notice.PROVIDER_REMOVED: "Your account is no longer connected for single sign-on",
    Notice.EMERGENCY: "Someone of another clinic opened a patient of yours",
    Notice.BULK_READING: "Someone read unusually many patients",
    Notice.CLINIC_OPENED: "You can work in one more clinic",
    Notice.SIGN_IN_TRIES: "A sign-in after wrong tries",
    Notice.SIGN_IN_PLACE: "A sign-in from a new place",
    Notice.SIGN_IN_CODES: "Your password was typed, and then wrong codes",
}
LINKS = {Notice.RESET: LinkKind.RESET, Notice.INVITATION: LinkKind.INVITATION}
PAGES = {
    Notice.EMERGENCY: "/emergency/review",
    Notice.BULK_READING: "/audit",
    Notice.CLINIC_OPENED: "/account",
    Notice.SIGN_IN_TRIES: "/account",
    Notice.SIGN_IN_PLACE: "/account",
    Notice.SIGN_IN_CODES: "/account/password",
}


@dataclass(frozen=True, slots=True)
class AccountLetter:
    """A claimed message about an account."""

    letter: Letter
    notice: Notice
    name: str
    user_id: str


def tell(session: Db, user: User, notice: Notice, *, now: datetime, slot: str | None = None) -> None:
    """Put a mail about the account into the outbox, at once. `slot`: one of this name, ever."""
    row = new_message(user.clinic_id, user.id, now=now, notice=notice.value, slot=slot)
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        if slot is None:
            raise


def open_notice(session: Db, row_id: str) -> AccountLetter | None:
    """What to send for a claimed message about an account; None for one about alerts, or for one who left."""
    query = (
        select(OutboxMessage, User, Clinic)
        .join(User, User.id == OutboxMessage.recipient_id)
        .join(Clinic, Clinic.id == OutboxMessage.clinic_id)
        .where(OutboxMessage.id == row_id, OutboxMessage.notice.is_not(None), User.active)
        .execution_options(populate_existing=True)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        return None
    message, user, clinic = found
    letter = Letter(
        row_id=message.id,
        message_id=message.message_id,
        clinic_id=clinic.id,
        clinic_name=clinic.name,
        to=user.email,
        repeat=message.unsure,
        attempts=message.attempts,
        items=(),
    )
    return AccountLetter(letter, Notice(message.notice or ""), user.name, user.id)


def account_mail(
    session: Db,
    found: AccountLetter,
    *,
    address: str,
    render: Render,
    now: datetime,
    provider: str | None = None,
) -> MailText:
    """The parts of the mail; `address` is where people open the tracker, as configured.

    `provider`: where this person signs in in place of a password, which then is not asked for.
    """
    kind = LINKS.get(found.notice)
    link = address + PAGES.get(found.notice, "/")
    if kind is not None and provider is not None:
        kind, link = None, f"{address}/sign-in"
    code = password_links.make(session, found.user_id, kind, now=now) if kind is not None else ""
    if code:
        link = f"{address}/choose-password#{code}"  # browsers keep to themselves what stands behind the #
    context = {
        "heading": SUBJECTS[found.notice],
        "notice": found.notice.value,
        "clinic": " ".join(found.letter.clinic_name.split()),
        "link": link,
        "code": code,
        "has_link": kind is not None,
        "has_page": found.notice in PAGES,
        "provider": " ".join((provider or "").split()),
        "lasts": password_links.lasts_words(kind) if kind else "",
    }
    return MailText(
        subject=f"[PA tracker] {SUBJECTS[found.notice]}",
        text=render("account.text", context),
        html=render("account.html", context),
    )
