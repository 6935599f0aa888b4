"""The clinic's provider says that someone is signed out there: their sessions here end too, on record."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from tracker.models.audit import AuditAction
from tracker.models.base import Db
from tracker.models.provider_link import ProviderLink, ProviderSignOut
from tracker.models.user import User
from tracker.services import audit, web_sessions
from tracker.services.actor import Actor
from tracker.services.openid import Ended, Untrusted
from tracker.services.web_sessions import hashed

KEPT = timedelta(minutes=15)  # longer than any such message is believed
PROVIDER = Actor("Single sign-on")


def take(session: Db, issuer: str, ended: Ended, *, now: datetime) -> int:
    """Whose sessions were ended; 0 if nobody's was open. Raises Untrusted for a message that came before."""
    _count_once(session, issuer, ended, now)
    people = _end(session, issuer, ended)
    for user in session.scalars(select(User).where(User.id.in_(people)).order_by(User.id)):
        audit.record(
            session,
            clinic_id=user.clinic_id,
            actor=PROVIDER,
            action=AuditAction.SIGNED_OUT,
            at=now,
            table_name="sessions",
            row_key=user.id,
            new={"person": user.id},
        )
    session.flush()
    return len(people)


def _count_once(session: Db, issuer: str, ended: Ended, now: datetime) -> None:
    session.execute(delete(ProviderSignOut).where(ProviderSignOut.taken_at < now - KEPT))
    try:
        with session.begin_nested():
            session.add(ProviderSignOut(token_hash=hashed(f"{issuer} {ended.token_id}"), taken_at=now))
            session.flush()
    except IntegrityError:
        raise Untrusted("it came before") from None


def _end(session: Db, issuer: str, ended: Ended) -> list[str]:
    """Ids of the people. Without a session of the provider's all of theirs end, also those of a password.

    Whoever shows a second factor just now for the first time is not connected yet: by the session alone.
    """
    user_id = _user_id(session, issuer, ended.subject) if ended.subject else None
    if ended.session is not None:
        return web_sessions.end_of_provider(session, provider_session=ended.session, user_id=user_id)
    if user_id is None or not web_sessions.count_of(session, user_id):
        return []
    web_sessions.end_all(session, user_id)
    return [user_id]


def _user_id(session: Db, issuer: str, subject: str) -> str | None:
    query = select(ProviderLink.user_id).where(
        ProviderLink.issuer == issuer, ProviderLink.subject == subject, ProviderLink.removed_at.is_(None)
    )
    return session.execute(query).scalar_one_or_none()
