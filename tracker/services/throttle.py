"""How often someone may try: counted in the database, so that it holds across processes and restarts.

A try is counted, and the count committed, before it is answered: a hundred tries at once are a hundred tries.
Nobody is locked out by the tries at another account.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from tracker.models.base import Db
from tracker.models.web_session import Throttle
from tracker.services.errors import TrackerError

QUIET = timedelta(minutes=15)
LOCKED_AFTER = 100  # NIST SP 800-63B-4, 3.2.2: consecutive failures


@dataclass(frozen=True, slots=True)
class Limit:
    """`free` tries without a wait, then 1, 2, 4 ... seconds, and from `most` on a quarter of an hour."""

    kind: str
    free: int
    most: int
    locks: bool


ACCOUNT = Limit("account", free=5, most=10, locks=True)
FACTOR = Limit("factor", free=5, most=10, locks=True)
ADDRESS = Limit("address", free=40, most=50, locks=False)  # a whole clinic may stand behind one address
PROVIDER = Limit("provider", free=10, most=20, locks=False)  # one person there, sent back as nobody here
START = Limit("provider start", free=100, most=110, locks=False)  # from one address, to be sent there
SIGN_OUT = Limit("provider sign-out", free=100, most=110, locks=False)  # wrong ones, from one address
RESET = Limit("reset", free=3, most=5, locks=False)


class TooMany(TrackerError):
    """Not now. `seconds` to wait; None if only an administrator can open the account again."""

    def __init__(self, seconds: int | None) -> None:
        super().__init__("Too many tries. " + (_wait_words(seconds) if seconds else LOCKED_TEXT))
        self.seconds = seconds


LOCKED_TEXT = "This sign-in is locked. An administrator of your clinic can open it again."


def take(session: Db, limit: Limit, subject: str, *, now: datetime) -> None:
    """Count one try, or raise TooMany and count nothing. The caller commits before it goes on."""
    row = _row(session, limit, subject, now)
    if row.locked_at is not None:
        raise TooMany(None)
    if row.next_at > now:
        raise TooMany(max(1, int((row.next_at - now).total_seconds() + 0.999)))
    row.tries = 1 if now - row.last_at >= QUIET else row.tries + 1
    row.total += 1
    row.last_at = now
    row.next_at = now + wait_after(limit, row.tries)
    if limit.locks and row.total >= LOCKED_AFTER:
        row.locked_at = now
    session.flush()


def touch(session: Db, limit: Limit, subject: str) -> None:
    """Write the count once more as it is."""
    same = update(Throttle).where(Throttle.key_hash == _key(limit, subject)).values(total=Throttle.total)
    session.execute(same, execution_options={"synchronize_session": False})


def forget(session: Db, limit: Limit, subject: str) -> None:
    """A right answer, or an administrator, wipes the slate."""
    session.execute(delete(Throttle).where(Throttle.key_hash == _key(limit, subject)))


def give_back(session: Db, limit: Limit, subject: str, *, now: datetime) -> None:
    """A try of many people's subject was right: it takes nothing from the others. Wrong ones stay counted."""
    row = _row(session, limit, subject, now)
    row.tries, row.total = max(0, row.tries - 1), max(0, row.total - 1)
    row.next_at = row.last_at + wait_after(limit, row.tries)
    session.flush()


def count_of(session: Db, limit: Limit, subject: str) -> int:
    """How many tries were counted since the last that was right."""
    row = session.get(Throttle, _key(limit, subject), populate_existing=True)
    return 0 if row is None else row.total


def is_locked(session: Db, limit: Limit, subject: str, *, now: datetime) -> bool:
    """Whether the next try would be refused, for a good while or for good."""
    row = session.get(Throttle, _key(limit, subject))
    return row is not None and (row.locked_at is not None or row.next_at - now > timedelta(minutes=1))


def is_shut(session: Db, limit: Limit, subject: str) -> bool:
    """Whether only an administrator can open it again."""
    row = session.get(Throttle, _key(limit, subject), populate_existing=True)
    return row is not None and row.locked_at is not None


def forget_old(session: Db, *, now: datetime) -> None:
    """Drop what no longer slows anybody down."""
    old = Throttle.locked_at.is_(None), Throttle.last_at < now - timedelta(days=1)
    session.execute(delete(Throttle).where(*old), execution_options={"synchronize_session": False})


def wait_after(limit: Limit, tries: int) -> timedelta:
    """How long after the so-manieth try the next one may come."""
    if tries < limit.free:
        return timedelta(0)
    if tries >= limit.most:
        return QUIET
    return min(timedelta(seconds=2 ** (tries - limit.free)), QUIET)


def _row(session: Db, limit: Limit, subject: str, now: datetime) -> Throttle:
    """The count, held so that no one else counts at the same time."""
    key = _key(limit, subject)
    query = select(Throttle).where(Throttle.key_hash == key).with_for_update()
    query = query.execution_options(populate_existing=True)
    found = session.execute(query).scalar_one_or_none()
    if found is not None:
        return found
    try:
        with session.begin_nested():
            row = Throttle(key_hash=key, tries=0, total=0, last_at=now, next_at=now)
            session.add(row)
            session.flush()
        return row
    except IntegrityError:  # another process was first to see this subject
        return session.execute(query).scalar_one()


def _key(limit: Limit, subject: str) -> str:
    return hashlib.sha256(f"{limit.kind}:{subject.strip().casefold()}".encode()).hexdigest()


def _wait_words(seconds: int) -> str:
    if seconds < 90:
        return f"Try again in {seconds} second{'' if seconds == 1 else 's'}."
    return f"Try again in {-(-seconds // 60)} minutes."
