"""Single sign-on: sending someone to the clinic's provider, and knowing who comes back.

Nobody is made here. (issuer, subject) says who it is; an e-mail address does so only once, at the first
sign-in, and with no more power than a mailed link to choose a password has: a second factor that the person
has here is asked for before the link is kept.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from tracker.models.audit import AuditAction
from tracker.models.base import Db
from tracker.models.provider_link import ProviderAttempt, ProviderLink, Purpose
from tracker.models.user import Membership, Role, User
from tracker.services import audit, notices, throttle, users, web_sessions
from tracker.services.actor import Actor
from tracker.services.errors import NotFound, Refused
from tracker.services.openid import Ask, Told
from tracker.services.people import Desk
from tracker.services.web_sessions import hashed

LASTS = timedelta(minutes=10)  # to sign in at the provider
SKEW = timedelta(seconds=60)  # between two clocks
WHAT = "provider_link"


@dataclass(frozen=True, slots=True)
class Found:
    """Who came back. `is_new`: known by the address alone, so that the link is still to be made."""

    user: User
    is_new: bool


def new_ticket() -> str:
    """The secret of a browser that all its exchanges are made of; only its cookie holds it."""
    return secrets.token_urlsafe(32)


def start(
    session: Db, ticket: str, purpose: Purpose, *, user_id: str | None, wanted: str | None, now: datetime
) -> str:
    """Await someone back; the state that they must bring."""
    session.execute(delete(ProviderAttempt).where(ProviderAttempt.started_at < now - LASTS))
    state = secrets.token_urlsafe(32)
    session.add(
        ProviderAttempt(
            state_hash=_state_hash(ticket, state),
            purpose=purpose,
            user_id=user_id,
            wanted=wanted,
            started_at=now,
        )
    )
    session.flush()
    return state


def waiting(session: Db, ticket: str, state: str, *, now: datetime) -> ProviderAttempt | None:
    """The attempt of this browser with this state, if there is still time."""
    row = session.get(ProviderAttempt, _state_hash(ticket, state), populate_existing=True)
    return row if row is not None and now - row.started_at < LASTS else None


def take(session: Db, ticket: str, state: str, *, now: datetime) -> ProviderAttempt | None:
    """The same, once: a second one with this state finds nothing. The caller commits before it goes on."""
    row = waiting(session, ticket, state, now=now)
    if row is None:
        return None
    gone = session.execute(
        delete(ProviderAttempt).where(ProviderAttempt.state_hash == row.state_hash),
        execution_options={"synchronize_session": False},
    )
    session.expunge(row)
    return row if gone.rowcount == 1 else None  # type: ignore[attr-defined] # a DELETE gives a cursor result


def ask_of(ticket: str, state: str, purpose: Purpose) -> Ask:
    """The secrets of one exchange, the same each time they are made."""
    nonce, verifier = (_made(ticket, f"{word}:{state}") for word in ("nonce", "verifier"))
    return Ask(state, nonce, verifier, again=purpose is Purpose.CONFIRM)


def person_of(session: Db, told: Told) -> Found | None:
    """The account of whoever signed in there; None for nobody, and for those who may not come in."""
    link = _by_subject(session, told)
    if link is not None and link.removed_at is None:
        user = session.get_one(User, link.user_id)
        return Found(user, is_new=False) if _may_come(session, user) else None
    if link is not None or told.email is None:
        return None
    known = users.by_email(session, told.email)
    if known is None or link_of(session, known.id) is not None or not _may_come(session, known):
        return None
    return Found(known, is_new=True)


def account_meant(session: Db, told: Told) -> User | None:
    """Whose history a refusal belongs in."""
    link = _by_subject(session, told)
    if link is not None:
        return session.get_one(User, link.user_id)
    return users.by_email(session, told.email) if told.email else None


def is_theirs(session: Db, user: User, told: Told) -> bool:
    """Whether the person who signed in there is this one."""
    link = link_of(session, user.id)
    return link is not None and (link.issuer, link.subject) == (told.issuer, told.subject)


def is_recent(told: Told, started_at: datetime) -> bool:
    """Whether the person showed who they are since they were sent there."""
    return told.shown_at is not None and told.shown_at >= started_at - SKEW


def link_of(session: Db, user_id: str) -> ProviderLink | None:
    """Who a person is at the provider."""
    query = select(ProviderLink).where(ProviderLink.user_id == user_id, ProviderLink.removed_at.is_(None))
    return session.execute(query).scalar_one_or_none()


def connect(session: Db, user: User, issuer: str, subject: str, *, now: datetime) -> None:
    """Keep who this person is there, on record and told by mail. Refused if it is someone else already."""
    query = select(ProviderLink).where(ProviderLink.issuer == issuer, ProviderLink.subject == subject)
    row = session.execute(query).scalar_one_or_none()
    if (row is not None and row.removed_at is None) or link_of(session, user.id) is not None:
        raise Refused("This account, or the one at the provider, is connected already.")
    try:
        with session.begin_nested():
            if row is None:
                row = ProviderLink(issuer=issuer, subject=subject)
                session.add(row)
            row.user_id, row.linked_at, row.used_at, row.removed_at = user.id, now, now, None
            session.flush()
    except IntegrityError:  # another browser was first
        raise Refused("This account is connected already.") from None
    notices.tell(session, user, notices.Notice.PROVIDER_LINKED, now=now)
    _note(session, user, Actor(user.name, user.id), AuditAction.ADDED, now, new={"issuer": issuer})


def used(session: Db, user: User, *, now: datetime) -> None:
    """Note that they came in by it."""
    link = link_of(session, user.id)
    if link is not None:
        link.used_at = now
        session.flush()


def remove(session: Db, desk: Desk, user_id: str) -> None:
    """Forget who a person is at the provider, and end their sessions. For their clinic's administrators."""
    query = select(User).where(User.clinic_id == desk.clinic_id, User.id == user_id)
    user = session.execute(query).scalar_one_or_none()
    link = link_of(session, user_id) if user else None
    if user is None or link is None:
        raise NotFound("There is no such connection.")
    link.removed_at = desk.now
    web_sessions.end_all(session, user.id)
    notices.tell(session, user, notices.Notice.PROVIDER_REMOVED, now=desk.now)
    _note(session, user, desk.actor, AuditAction.REMOVED, desk.now, old={"issuer": link.issuer})
    session.flush()


def is_administrator(session: Db, user: User) -> bool:
    """Of any clinic: who keeps a password when the provider decides for everyone else."""
    query = select(Membership.id).where(Membership.user_id == user.id, Membership.role == Role.ADMINISTRATOR)
    return user.role is Role.ADMINISTRATOR or session.execute(query).first() is not None


def _may_come(session: Db, user: User) -> bool:
    """Switched on, not of the demo, and not locked for good by wrong passwords or codes."""
    shut = throttle.is_shut(session, throttle.ACCOUNT, user.email) or throttle.is_shut(
        session, throttle.FACTOR, user.id
    )
    return user.active and not user.is_demo and not shut


def _by_subject(session: Db, told: Told) -> ProviderLink | None:
    query = select(ProviderLink).where(
        ProviderLink.issuer == told.issuer, ProviderLink.subject == told.subject
    )
    return session.execute(query).scalar_one_or_none()


def _state_hash(ticket: str, state: str) -> str:
    return hashed(f"{ticket}:{state}")


def _made(ticket: str, words: str) -> str:
    """64 hexadecimal digits: long enough for a PKCE verifier (RFC 7636, 4.1), and nobody else can make it."""
    return hmac.new(ticket.encode(), words.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _note(
    session: Db,
    user: User,
    actor: Actor,
    action: AuditAction,
    now: datetime,
    *,
    old: dict[str, str] | None = None,
    new: dict[str, str] | None = None,
) -> None:
    audit.record(
        session,
        clinic_id=user.clinic_id,
        actor=actor,
        action=action,
        at=now,
        table_name=WHAT,
        row_key=user.id,
        old=old,
        new=new,
    )
