"""Links with which a person chooses a password: 256 random bits, kept as a hash, short-lived, good once."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from tracker.models.base import Db
from tracker.models.user import User
from tracker.models.web_session import LinkKind, PasswordLink, ResetRequest
from tracker.services import second_factors, users
from tracker.services.errors import Refused
from tracker.services.web_sessions import hashed

LASTS = {LinkKind.RESET: timedelta(minutes=15), LinkKind.INVITATION: timedelta(days=3)}
GONE = "This link was used already, or is too old."


def ask(session: Db, address: str, *, now: datetime) -> None:
    """Note that someone wants a new password. Whether anybody has this address is looked at later."""
    session.add(ResetRequest(address=address.strip().lower()[:254], asked_at=now))
    session.flush()


def waiting(session: Db) -> bool:
    return session.execute(select(ResetRequest.id).limit(1)).first() is not None


def take_requests(session: Db) -> list[User]:
    """People who asked, each once; the requests are forgotten, those of strangers too."""
    asked = session.execute(select(ResetRequest.id, ResetRequest.address)).all()
    session.execute(delete(ResetRequest).where(ResetRequest.id.in_([row.id for row in asked])))
    query = select(User).where(
        User.email.in_({row.address for row in asked}), User.active, User.is_demo.is_(False)
    )
    return list(session.execute(query).scalars())


def make(session: Db, user_id: str, kind: LinkKind, *, now: datetime) -> str:
    """A new link's secret. Links that were not used before it are worth nothing any more."""
    session.execute(
        delete(PasswordLink).where(PasswordLink.user_id == user_id, PasswordLink.used_at.is_(None))
    )
    token = secrets.token_urlsafe(32)
    session.add(
        PasswordLink(
            token_hash=hashed(token), user_id=user_id, kind=kind, created_at=now, expires_at=now + LASTS[kind]
        )
    )
    session.flush()
    return token


def person_of(session: Db, token: str, *, now: datetime) -> User | None:
    """Whose link this is, if it is still good. Nothing is used up by looking."""
    query = (
        select(User)
        .join(PasswordLink, PasswordLink.user_id == User.id)
        .where(
            PasswordLink.token_hash == hashed(token),
            PasswordLink.used_at.is_(None),
            PasswordLink.expires_at > now,
            User.active,
        )
    )
    return session.execute(query).scalar_one_or_none()


def use(session: Db, token: str, password: str, *, now: datetime) -> User:
    """Set the password and end every session of its person. Two at once: one of them is refused.

    The person is not signed in by this, and the second factor is asked for as ever.
    """
    user = person_of(session, token, now=now)
    if user is None:
        raise Refused(GONE)
    users.set_password(session, user, password, second_factor=second_factors.has_any(session, user.id))
    change = update(PasswordLink).where(
        PasswordLink.token_hash == hashed(token), PasswordLink.used_at.is_(None)
    )
    result = session.execute(change.values(used_at=now), execution_options={"synchronize_session": False})
    if not result.rowcount:  # type: ignore[attr-defined] # an UPDATE gives a cursor result
        raise Refused(GONE)
    return user


def lasts_words(kind: LinkKind) -> str:
    minutes = LASTS[kind] // timedelta(minutes=1)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 1440} days"
