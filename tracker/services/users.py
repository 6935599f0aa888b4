"""People who sign in: add them, check a password, change it, switch an account off."""

import re
import threading
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tracker.models.audit import AuditAction
from tracker.models.base import Db
from tracker.models.user import Role, User
from tracker.services import audit, web_sessions
from tracker.services.actor import Actor
from tracker.services.errors import Refused, TrackerError
from tracker.services.passwords import LONGEST_PASSWORD, SHORTEST_ALONE, check_password

NO_PASSWORD = "!"  # nosec B105 # invited and not yet here: nothing hashes to this
MAILBOX = re.compile(r"""[^@\s,;:<>()\[\]"\\]+@[^@\s,;:<>()\[\]"\\]+""")

# OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB, two passes, one lane.
hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_nobody = hasher.hash("nobody has this password")

# A hash takes a core for 40 ms and 19 MiB: more at once would only make everybody wait.
HASHES_AT_ONCE = 2
HASH_WAIT_SECONDS = 5.0
_hashing = threading.BoundedSemaphore(HASHES_AT_ONCE)


class Busy(TrackerError):
    """Too many passwords are being checked just now."""

    def __init__(self) -> None:
        super().__init__("Many people are signing in just now. Try again in a few seconds.")


def add_user(
    session: Db,
    *,
    clinic_id: str,
    email: str,
    name: str,
    password: str | None,
    role: Role = Role.COORDINATOR,
    is_demo: bool = False,
) -> User:
    """A new account; without a password it waits for its person to choose one by a mailed link.

    Raises Refused for an address in use, a malformed one, or a weak password.
    """
    address = known_address(email)
    user = User(
        clinic_id=clinic_id,
        email=address,
        name=name.strip(),
        password_hash=NO_PASSWORD,
        role=role,
        is_demo=is_demo,
    )
    if password is not None:
        if not is_demo:
            check_password(password, email=address, name=name, second_factor=False)
        user.password_hash = _hash(password)
    try:
        with session.begin_nested():
            session.add(user)
            session.flush()
    except IntegrityError:
        raise Refused(f"{address} already has an account.", field="email") from None
    return user


def known_address(email: str) -> str:
    """An e-mail address in lower case, or Refused."""
    address = email.strip().lower()
    if not MAILBOX.fullmatch(address) or len(address) > 254 or not address.isascii():
        raise Refused("Give an e-mail address, as in kim@clinic.example.", field="email")
    return address


def by_email(session: Db, email: str) -> User | None:
    query = select(User).where(User.email == email.strip().lower())
    return session.execute(query).scalar_one_or_none()


def authenticate(session: Db, email: str, password: str) -> User | None:
    """The active user with this address and password; None for any other pair, after the same work.

    A hash made with other parameters than today's is then made anew. The caller commits.
    """
    user = by_email(session, email)
    known = user is not None and user.password_hash != NO_PASSWORD
    password = password[:LONGEST_PASSWORD]
    right = _verified(user.password_hash if user and known else _nobody, password)
    if not (user and known and right and user.active):
        return None
    if hasher.check_needs_rehash(user.password_hash):
        _renew_hash(user, password)
    _note_length(user, password)
    return user


def set_password(
    session: Db, user: User, password: str, *, second_factor: bool = False, but: str | None = None
) -> None:
    """Change it and end every session that began with the old one, or raise Refused for a weak one.

    `second_factor`: the account has one, and so may have a shorter password. `but`: the session of whoever
    changes it, who has just shown the old one.
    """
    if not user.is_demo:
        check_password(password, email=user.email, name=user.name, second_factor=second_factor)
    user.password_hash = _hash(password)
    _note_length(user, password)
    session.flush()
    web_sessions.end_others(session, user.id, but=but or "")


def switch(session: Db, user: User, *, active: bool) -> None:
    """Switch an account on or off; off ends its sessions at once."""
    user.active = active
    if not active:
        web_sessions.end_all(session, user.id)
    session.flush()


def switch_keys(session: Db, user_id: str, *, on: bool, actor: Actor, now: datetime) -> None:
    """Turn the single keys of the pages on or off for one person."""
    user = session.get_one(User, user_id)
    if user.keys_on is on:
        return
    user.keys_on = on
    audit.record(
        session,
        clinic_id=user.clinic_id,
        actor=actor,
        action=AuditAction.CHANGED,
        at=now,
        table_name="app_user",
        row_key=user.id,
        old={"keys_on": not on},
        new={"keys_on": on},
    )
    session.flush()


def known_zone(name: str) -> str:
    """An IANA time zone, or Refused."""
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError):
        raise Refused(f"{name} is no time zone; write it as in America/Chicago.", field="time_zone") from None


def _hash(password: str) -> str:
    if not _hashing.acquire(timeout=HASH_WAIT_SECONDS):
        raise Busy
    try:
        return hasher.hash(password)
    finally:
        _hashing.release()


def _note_length(user: User, password: str) -> None:
    """Whether it stands alone: no hash tells."""
    short = len(password) < SHORTEST_ALONE
    if user.password_is_short is not short:
        user.password_is_short = short


def _renew_hash(user: User, password: str) -> None:
    try:
        user.password_hash = _hash(password)
    except Busy:
        pass  # the next sign-in does it


def _verified(hashed: str, password: str) -> bool:
    if not _hashing.acquire(timeout=HASH_WAIT_SECONDS):
        raise Busy
    try:
        return hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
    finally:
        _hashing.release()
