"""Sessions of browsers: begun, seen, ended. The cookie holds a secret, the database only its hash."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, select, update

from tracker.models.base import Db
from tracker.models.user import User
from tracker.models.web_session import Stage, WebSession

IDLE = timedelta(minutes=15)  # shared computers in a clinic
LONGEST = timedelta(hours=12)
HALF_WAY = timedelta(minutes=10)  # to show a second factor, or to set one up
FRESH = timedelta(minutes=15)
SEEN_EVERY = timedelta(minutes=1)  # so that not every look at a page writes


def begin(
    session: Db,
    *,
    user: User,
    clinic_id: str,
    stage: Stage,
    now: datetime,
    address: str,
    agent: str,
    by_provider: bool = False,
    provider_session: str | None = None,
) -> str:
    """A new session; what its cookie must hold. `provider_session`: the provider's name of its own."""
    key = secrets.token_urlsafe(32)
    session.add(
        WebSession(
            key_hash=hashed(key),
            user_id=user.id,
            clinic_id=clinic_id,
            stage=stage,
            created_at=now,
            seen_at=now,
            fresh_until=now + FRESH if stage is Stage.FULL else now,
            ends_at=now + (LONGEST if stage is Stage.FULL else HALF_WAY),
            address=address[:45],
            agent=_printable(agent)[:120],
            challenge=secrets.token_urlsafe(32),
            by_provider=by_provider,
            provider_session=hashed(provider_session) if provider_session else None,
        )
    )
    session.flush()
    return key


def find(session: Db, key: str, *, now: datetime) -> tuple[WebSession, User] | None:
    """The session of a cookie and its person, if both are still good."""
    query = (
        select(WebSession, User)
        .join(User, User.id == WebSession.user_id)
        .where(
            WebSession.key_hash == hashed(key),
            WebSession.ends_at > now,
            WebSession.seen_at > now - IDLE,
            User.active,
        )
        .execution_options(populate_existing=True)
    )
    row = session.execute(query).one_or_none()
    return (row[0], row[1]) if row else None


def is_due_to_be_seen(row: WebSession, now: datetime) -> bool:
    return now - row.seen_at >= SEEN_EVERY


def see(session: Db, session_id: str, *, now: datetime) -> None:
    """The person is still there."""
    change = update(WebSession).where(WebSession.id == session_id, WebSession.seen_at < now)
    session.execute(change.values(seen_at=now), execution_options={"synchronize_session": False})


def step_up(session: Db, row: WebSession, *, stage: Stage, now: datetime) -> str:
    """The same browser, having shown more, under a new secret. The old one is worth nothing from now on."""
    key = secrets.token_urlsafe(32)
    if row.stage is not Stage.FULL and stage is Stage.FULL:
        row.created_at, row.ends_at = now, now + LONGEST
    row.key_hash, row.stage, row.seen_at = hashed(key), stage, now
    row.fresh_until = now + FRESH if stage is Stage.FULL else now
    row.challenge, row.tries = secrets.token_urlsafe(32), 0
    session.flush()
    return key


def renew(session: Db, row: WebSession, *, now: datetime) -> str:
    """The same session under a new secret, with no more shown and no longer to go than before."""
    key = secrets.token_urlsafe(32)
    row.key_hash, row.seen_at, row.challenge = hashed(key), now, secrets.token_urlsafe(32)
    session.flush()
    return key


def step_down(session: Db, row: WebSession, *, now: datetime) -> str:
    """The second factor is asked for once more, within the time that a sign-in has for it."""
    key = step_up(session, row, stage=Stage.SECOND_FACTOR, now=now)
    row.ends_at = min(row.ends_at, now + HALF_WAY)
    session.flush()
    return key


def take_challenge(session: Db, row: WebSession) -> str:
    """What a passkey was asked to sign. It is asked something else next time, whatever comes of this."""
    asked, row.challenge = row.challenge, secrets.token_urlsafe(32)
    session.flush()
    return asked


def of_person(user_id: str, *, now: datetime) -> Select[WebSession]:
    """Where a person is signed in, latest first."""
    return (
        select(WebSession)
        .where(
            WebSession.user_id == user_id,
            WebSession.stage == Stage.FULL,
            WebSession.ends_at > now,
            WebSession.seen_at > now - IDLE,
        )
        .order_by(WebSession.seen_at.desc(), WebSession.id)
    )


def end(session: Db, session_id: str, *, user_id: str) -> None:
    _delete(session, WebSession.id == session_id, WebSession.user_id == user_id)


def end_others(session: Db, user_id: str, *, but: str) -> None:
    _delete(session, WebSession.user_id == user_id, WebSession.id != but)


def end_all(session: Db, user_id: str) -> None:
    """Everywhere, at once: the password changed, or the account was switched off."""
    _delete(session, WebSession.user_id == user_id)


def end_of_provider(session: Db, *, provider_session: str, user_id: str | None) -> list[str]:
    """What began with one sign-in at the provider; ids of the people whose sessions they were.

    Of a person (`user_id`) also what began there under no name that we know.
    """
    one = WebSession.provider_session == hashed(provider_session)
    if user_id is not None:
        nameless = WebSession.by_provider & WebSession.provider_session.is_(None)
        one = (WebSession.user_id == user_id) & (one | nameless)
    found = session.execute(select(WebSession.id, WebSession.user_id).where(one)).all()
    _delete(session, WebSession.id.in_([row.id for row in found]))
    return sorted({row.user_id for row in found})


def count_of(session: Db, user_id: str) -> int:
    """How many a person has, whole or half way."""
    query = select(func.count()).where(WebSession.user_id == user_id)
    return session.execute(query).scalar_one()


def forget_old(session: Db, *, now: datetime) -> None:
    """Drop what can no longer be used."""
    _delete(session, (WebSession.ends_at <= now) | (WebSession.seen_at <= now - IDLE))


def hashed(secret: str) -> str:
    """What is kept of a random secret of 256 bits: no salt is needed for those."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _delete(session: Db, *which: object) -> None:
    session.execute(
        delete(WebSession).where(*which),  # type: ignore[arg-type] # columns, as where() takes them
        execution_options={"synchronize_session": False},
    )
    session.expire_all()


def _printable(text: str) -> str:
    return "".join(letter if letter.isascii() and letter.isprintable() else " " for letter in text)
