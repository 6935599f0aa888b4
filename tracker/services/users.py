"""People who sign in: add them, check a password, change it."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tracker.models.audit import AuditAction
from tracker.models.base import Db
from tracker.models.user import Role, User
from tracker.services import audit
from tracker.services.actor import Actor
from tracker.services.errors import Refused

SHORTEST_PASSWORD = 15  # NIST SP 800-63B-4, single factor
LONGEST_PASSWORD = 256
MAILBOX = re.compile(r"""[^@\s,;:<>()\[\]"\\]+@[^@\s,;:<>()\[\]"\\]+""")

# OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB, two passes, one lane.
hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_nobody = hasher.hash("nobody has this password")


def add_user(
    session: Db,
    *,
    clinic_id: str,
    email: str,
    name: str,
    password: str,
    role: Role = Role.COORDINATOR,
    is_demo: bool = False,
) -> User:
    """A new account. Raises Refused for an address in use, a malformed one, or a weak password."""
    address = email.strip().lower()
    if not MAILBOX.fullmatch(address) or len(address) > 254:
        raise Refused("Give an e-mail address, as in kim@clinic.example.", field="email")
    user = User(
        clinic_id=clinic_id,
        email=address,
        name=name.strip(),
        password_hash=_hashed(password, is_demo=is_demo),
        role=role,
        is_demo=is_demo,
    )
    try:
        with session.begin_nested():
            session.add(user)
            session.flush()
    except IntegrityError:
        raise Refused(f"{address} already has an account.", field="email") from None
    return user


def authenticate(session: Db, email: str, password: str) -> User | None:
    """The active user with this address and password; None for any other pair, after the same work."""
    query = select(User).where(User.email == email.strip().lower())
    user = session.execute(query).scalar_one_or_none()
    right = _verified(user.password_hash if user else _nobody, password[:LONGEST_PASSWORD])
    return user if user and right and user.active else None


def set_password(session: Db, user: User, password: str) -> None:
    """Change it, or raise Refused for a weak one."""
    user.password_hash = _hashed(password, is_demo=user.is_demo)
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


def _hashed(password: str, *, is_demo: bool) -> str:
    if not is_demo and len(password) < SHORTEST_PASSWORD:
        raise Refused(f"A password has at least {SHORTEST_PASSWORD} characters.", field="password")
    if len(password) > LONGEST_PASSWORD:
        raise Refused(f"A password has at most {LONGEST_PASSWORD} characters.", field="password")
    return hasher.hash(password)


def _verified(hashed: str, password: str) -> bool:
    try:
        return hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
