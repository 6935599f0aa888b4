"""The calendar feed of one person: a secret address, revocable, and counts without a name behind it."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from icalendar import Calendar, Event
from sqlalchemy import and_, select

from tracker.models.audit import AuditAction
from tracker.models.base import Db
from tracker.models.calendar import CalendarFeed
from tracker.models.user import User
from tracker.services import audit, calendar, ownership
from tracker.services.actor import Actor

BEFORE, AHEAD = timedelta(days=7), timedelta(days=120)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def feed_of(session: Db, user: User) -> CalendarFeed | None:
    query = select(CalendarFeed).where(
        CalendarFeed.clinic_id == user.clinic_id, CalendarFeed.user_id == user.id
    )
    return session.execute(query).scalar_one_or_none()


def make_feed(session: Db, user: User, *, actor: Actor, now: datetime) -> str:
    """A new secret, shown once; the address made before stops working."""
    secret = secrets.token_urlsafe(32)
    feed = feed_of(session, user) or CalendarFeed(clinic_id=user.clinic_id, user_id=user.id)
    feed.secret_hash, feed.made_at = _hash(secret), now
    session.add(feed)
    session.flush()
    _record(session, feed, actor, now, AuditAction.ADDED)
    return secret


def end_feed(session: Db, user: User, *, actor: Actor, now: datetime) -> None:
    """The address stops working."""
    feed = feed_of(session, user)
    if feed is not None:
        _record(session, feed, actor, now, AuditAction.REMOVED)
        session.delete(feed)
        session.flush()


def _record(session: Db, feed: CalendarFeed, actor: Actor, now: datetime, action: AuditAction) -> None:
    audit.record(
        session,
        clinic_id=feed.clinic_id,
        actor=actor,
        action=action,
        at=now,
        table_name="calendar_feed",
        row_key=feed.id,
    )


def reader_of(session: Db, secret: str) -> User | None:
    """Whose feed this secret opens; None for a wrong or revoked one, or someone who was switched off."""
    query = (
        select(User)
        .join(CalendarFeed, and_(CalendarFeed.clinic_id == User.clinic_id, CalendarFeed.user_id == User.id))
        .where(CalendarFeed.secret_hash == _hash(secret), User.active)
    )
    return session.execute(query).scalar_one_or_none()


def ical(session: Db, user: User, *, today: date, now: datetime, address: str) -> bytes:
    """One all-day event for each day with something of those this person answers for, or unowned."""
    first, last = today - BEFORE, today + AHEAD
    owners = {*ownership.answered_for(session, user, clinic_id=user.clinic_id, today=today), calendar.UNOWNED}
    feed = Calendar()
    feed.add("prodid", "-//PA tracker//calendar//EN")
    feed.add("version", "2.0")
    feed.add("x-wr-calname", "PA tracker")
    feed.add("refresh-interval", timedelta(hours=6), parameters={"value": "DURATION"})
    for each in calendar.days(session, clinic_id=user.clinic_id, first=first, last=last, owners=owners):
        words = calendar.in_words(each.counts)
        if words:
            feed.add_component(_event(each.on, words, user.id, now, address))
    return bytes(feed.to_ical())


def _event(on: date, words: Sequence[str], user_id: str, now: datetime, address: str) -> Event:
    event = Event()
    event.add("uid", f"{on.isoformat()}.{_hash(user_id)[:16]}@pa-tracker")
    event.add("dtstamp", now)
    event.add("dtstart", on)
    event.add("dtend", on + timedelta(days=1))
    event.add("summary", "; ".join(words))
    event.add("url", f"{address}/calendar/?view=list&from={on.isoformat()}")
    event.add("transp", "TRANSPARENT")
    return event
