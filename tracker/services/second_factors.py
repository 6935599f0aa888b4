"""The second factor: what a person has beside the password. Codes and keys are checked once and never again.

How a six-digit code or a passkey is checked is the caller's: here is only who has what, and what was used.
"""

import re
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Select, delete, exists, or_, select, update

from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.ids import ALPHABET
from tracker.models.second_factor import AuthenticatorApp, Passkey, RecoveryCode
from tracker.models.user import Membership, User
from tracker.services import web_sessions
from tracker.services.errors import NotFound, Refused
from tracker.services.passwords import SHORTEST_ALONE
from tracker.services.web_sessions import hashed

RECOVERY_CODES = 10
CODE_LETTERS = 28  # of five bits each: past guessing, so that a plain hash of one is enough
MOST_PASSKEYS = 10
SIX_DIGITS = re.compile(r"\d{6}")

# Whether the app's code is right; it leaves the code's counter in the row.
Check = Callable[[str, AuthenticatorApp], bool]


def has_any(session: Db, user_id: str) -> bool:
    """Whether a second factor is in use."""
    app = exists().where(AuthenticatorApp.user_id == user_id, AuthenticatorApp.confirmed_at.is_not(None))
    key = exists().where(Passkey.user_id == user_id)
    return bool(session.execute(select(or_(app, key))).scalar())


def is_required(session: Db, user: User) -> bool:
    """Whether a password alone is not enough: so says one of the clinics, the account, or the length.

    A short one was chosen beside a second factor that is gone since.
    """
    if user.is_demo:
        return False
    if user.second_factor_required or user.password_is_short:
        return True
    others = select(Membership.clinic_id).where(Membership.user_id == user.id)
    query = select(
        exists().where(
            or_(Clinic.id == user.clinic_id, Clinic.id.in_(others)),
            Clinic.second_factor_required,
            Clinic.is_demo.is_(False),
        )
    )
    return bool(session.execute(query).scalar())


def app_of(session: Db, user_id: str) -> AuthenticatorApp | None:
    """The authenticator app in use."""
    row = session.get(AuthenticatorApp, user_id)
    return row if row is not None and row.confirmed_at is not None else None


def passkeys_of(user_id: str) -> Select[Passkey]:
    return select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.added_at, Passkey.id)


def codes_left(session: Db, user_id: str) -> int:
    query = select(RecoveryCode.id).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return len(session.execute(query).scalars().all())


def start_app(session: Db, user_id: str, secret: str) -> AuthenticatorApp:
    """Offer a secret to an app. It counts from its first right code on. Refused while another is in use."""
    row = session.get(AuthenticatorApp, user_id)
    if row is None:
        row = AuthenticatorApp(user_id=user_id, secret=secret)
        session.add(row)
    elif row.confirmed_at is not None:
        raise Refused("An authenticator app is in use. Remove it first.")
    else:
        row.secret = secret
    session.flush()
    return row


def confirm_app(session: Db, user_id: str, code: str, *, check: Check, now: datetime) -> bool:
    """Take the app into use if this is its code."""
    row = _held_app(session, user_id)
    if row is None or not _matches(code, row, check):
        return False
    row.confirmed_at = now
    session.flush()
    return True


def use_code(session: Db, user_id: str, typed: str, *, check: Check, now: datetime) -> bool:
    """Whether this is the app's code of this half minute, or a recovery code; either only once."""
    row = _held_app(session, user_id)
    if row is not None and row.confirmed_at is not None and _matches(typed, row, check):
        session.flush()
        return True
    return _use_recovery_code(session, user_id, typed, now)


def new_recovery_codes(session: Db, user_id: str, *, now: datetime) -> Sequence[str]:
    """Fresh codes, shown this once; older ones are worth nothing any more."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = [_code() for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(user_id=user_id, code_hash=_code_hash(code), made_at=now) for code in codes)
    session.flush()
    return codes


def add_passkey(
    session: Db,
    user_id: str,
    *,
    name: str,
    credential_id: str,
    public_key: bytes,
    sign_count: int,
    now: datetime,
) -> Passkey:
    """A key that this person has just shown. Raises Refused for one too many, or one that is known."""
    known = session.execute(select(Passkey.id).where(Passkey.credential_id == credential_id)).first()
    if known:
        raise Refused("This passkey is already in use.")
    if len(session.execute(passkeys_of(user_id)).all()) >= MOST_PASSKEYS:
        raise Refused(f"You have {MOST_PASSKEYS} passkeys. Remove one first.")
    row = Passkey(
        user_id=user_id,
        name=name,
        credential_id=credential_id,
        public_key=public_key,
        sign_count=sign_count,
        added_at=now,
    )
    session.add(row)
    session.flush()
    return row


def passkey_by_credential(session: Db, user_id: str, credential_id: str) -> Passkey | None:
    """The person's key with this id, held so that its counter is checked one try at a time."""
    query = (
        select(Passkey)
        .where(Passkey.user_id == user_id, Passkey.credential_id == credential_id)
        .with_for_update()
    )
    return session.execute(query).scalar_one_or_none()


def remove_app(session: Db, user: User) -> None:
    """Forget the app. Refused if it is the last factor of someone who must have one."""
    row = app_of(session, user.id)
    if row is None:
        raise NotFound("There is no authenticator app.")
    session.delete(row)
    _refuse_to_leave_bare(session, user)


def remove_passkey(session: Db, user: User, passkey_id: str) -> None:
    """Forget a key. Refused if it is the last factor of someone who must have one."""
    row = session.get(Passkey, passkey_id)
    if row is None or row.user_id != user.id:
        raise NotFound("There is no such passkey.")
    session.delete(row)
    _refuse_to_leave_bare(session, user)


def forget_all(session: Db, user_id: str) -> None:
    """Start over, as after a lost telephone. Ends every session."""
    for table in (AuthenticatorApp, Passkey, RecoveryCode):
        session.execute(delete(table).where(table.user_id == user_id))
    web_sessions.end_all(session, user_id)


def _refuse_to_leave_bare(session: Db, user: User) -> None:
    session.flush()
    if has_any(session, user.id):
        return
    if user.password_is_short:
        raise Refused(f"Choose a password of {SHORTEST_ALONE} characters or more first: yours is shorter.")
    if is_required(session, user):
        raise Refused("Your clinic asks for a second factor. Add another one before you remove this.")
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))


def _held_app(session: Db, user_id: str) -> AuthenticatorApp | None:
    """The app's row, held so that two posts of one code come one after the other."""
    query = select(AuthenticatorApp).where(AuthenticatorApp.user_id == user_id).with_for_update()
    return session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()


def _matches(typed: str, row: AuthenticatorApp, check: Check) -> bool:
    digits = typed.replace(" ", "")
    return bool(SIX_DIGITS.fullmatch(digits)) and digits.isascii() and check(digits, row)


def _use_recovery_code(session: Db, user_id: str, typed: str, now: datetime) -> bool:
    change = (
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == _code_hash(typed),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    result = session.execute(change, execution_options={"synchronize_session": False})
    return bool(result.rowcount)  # type: ignore[attr-defined] # an UPDATE gives a cursor result


def _code() -> str:
    """140 random bits, in groups that can be read aloud."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LETTERS)).lower()
    return "-".join(letters[at : at + 4] for at in range(0, CODE_LETTERS, 4))


def _code_hash(code: str) -> str:
    """Of the code as typed: case, spaces and dashes do not matter, nor o for 0 and l or i for 1."""
    plain = re.sub(r"[\s-]", "", code).casefold().translate(str.maketrans("oil", "011"))
    return hashed(plain)
