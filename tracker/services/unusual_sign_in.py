"""Tell people by mail of a sign-in that may not have been theirs: after many wrong tries, from a network that
is new to the account, or one that stopped at the second factor. At most one a day, and one more of the last.

Only a hash of each network is kept. Where the web server in front is not named, nobody's is known.
"""

import hashlib
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tracker.models.base import Db
from tracker.models.user import User
from tracker.models.web_session import SignInPlace
from tracker.services import notices
from tracker.services.notices import Notice

MANY = 5  # wrong ones before the right one; from the fifth on they also wait (throttle.ACCOUNT)
KNOWN_FOR = timedelta(days=180)
KEPT_FOR = timedelta(days=730)  # then `tidying` forgets it
# Home connections change their last numbers each night: what counts is the part that stays.
IPV4_BITS, IPV6_BITS = 24, 56


def network_of(address: str) -> str | None:
    """The part of a network address that stays. None: it does not tell one visitor from another."""
    try:
        found = ip_address(address)
    except ValueError:
        return None
    if found.is_loopback:
        return None
    bits = IPV4_BITS if found.version == 4 else IPV6_BITS
    return str(ip_network(f"{found}/{bits}", strict=False))


def came_in(session: Db, user: User, *, address: str, now: datetime) -> None:
    """Someone signed in, with all that is asked for: remember from where, and tell if that is new."""
    network = network_of(address)
    if network is None:
        return
    seen = select(SignInPlace).where(SignInPlace.user_id == user.id)
    known = {row.network_hash: row for row in session.execute(seen).scalars()}
    row = known.get(_hash(user, network))
    is_new = row is None or now - row.seen_at > KNOWN_FOR
    if row is None:
        _remember(session, SignInPlace(user_id=user.id, network_hash=_hash(user, network), seen_at=now))
    else:
        row.seen_at = max(row.seen_at, now)
    if is_new and known:  # the first of all is how one begins
        _tell(session, user, Notice.SIGN_IN_PLACE, now)


def right_after(session: Db, user: User, wrong: int, *, now: datetime) -> None:
    """A password or code was right, after so many that were not."""
    if wrong >= MANY:
        _tell(session, user, Notice.SIGN_IN_TRIES, now)


def stuck_at_code(session: Db, user: User, wrong: int, *, now: datetime) -> None:
    """The password was right, and now this many codes are not: perhaps someone knows the password."""
    if wrong >= MANY:
        _tell(session, user, Notice.SIGN_IN_CODES, now)


def _tell(session: Db, user: User, notice: Notice, now: datetime) -> None:
    what = notice.value if notice is Notice.SIGN_IN_CODES else "sign_in"
    if not user.is_demo:
        notices.tell(session, user, notice, now=now, slot=f"{what} {now:%Y-%m-%d}")


def _remember(session: Db, row: SignInPlace) -> None:
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:  # two browsers at once
        pass


def _hash(user: User, network: str) -> str:
    return hashlib.sha256(f"{user.id}:{network}".encode()).hexdigest()
