"""Secrets of authenticator apps at rest: sealed for their person, read, and sealed anew with another key.

Releases before kept them encrypted by passlib, without a check that they are unchanged or whose they are.
Such a secret is read once more and then sealed. With which key it was encrypted cannot be told from it: a
wrong key gives another secret, not an error. Only a right code proves it.
"""

import hashlib
import hmac
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from passlib.totp import TOTP
from sqlalchemy import select

from tracker.keyring import Keyring, NotUnsealed, key_name
from tracker.models.audit import AuditAction
from tracker.models.base import Db
from tracker.models.second_factor import AuthenticatorApp
from tracker.models.user import User
from tracker.services import audit
from tracker.services.actor import Actor

log = logging.getLogger(__name__)
PURPOSE = "authenticator apps"


@dataclass(frozen=True, slots=True)
class Standing:
    """How many apps hang on which key. `earlier`: kept as releases before did. `lost`: no key reads them."""

    newest: int
    old: dict[str, int]
    earlier: int
    lost: int

    @property
    def waiting(self) -> int:
        """Those that hang on more than the newest key."""
        return sum(self.old.values()) + self.earlier


def seal(ring: Keyring, plain: str, *, user_id: str) -> str:
    """What is kept of an app's secret; of use for this person only."""
    return ring.seal(plain, purpose=PURPOSE, owner=user_id)


def readings(ring: Keyring, row: AuthenticatorApp) -> Sequence[str]:
    """What the secret is: one reading, none if it was changed or its key is gone. Of one that an earlier
    release kept, one for each key, oldest first, since it was that release's."""
    if is_earlier(row):
        return [found for secret in reversed(ring.secrets) if (found := _read_earlier(secret, row.secret))]
    try:
        return [ring.unseal(row.secret, purpose=PURPOSE, owner=row.user_id)]
    except NotUnsealed:
        log.error("the secret of an authenticator app cannot be read", extra={"user_id": row.user_id})
        return []


def is_earlier(row: AuthenticatorApp) -> bool:
    """Whether a release before kept it, as passlib's JSON."""
    return row.secret.startswith("{")


def renew(ring: Keyring, row: AuthenticatorApp, plain: str) -> None:
    """Seal it anew if it is not sealed with the newest key in today's way. The caller commits."""
    if not ring.is_newest(row.secret):
        row.secret = seal(ring, plain, user_id=row.user_id)


def renew_all(session: Db, ring: Keyring, *, actor: Actor, now: datetime) -> int:
    """Seal every secret with the newest key; how many were changed.

    What an earlier release kept is left alone while there are several keys: its person's next code tells.
    """
    count: Counter[str] = Counter()
    query = select(AuthenticatorApp, User.clinic_id).join(User, User.id == AuthenticatorApp.user_id)
    for row, clinic_id in session.execute(query.with_for_update(of=AuthenticatorApp)).all():
        found = readings(ring, row)
        if len(found) == 1 and not ring.is_newest(row.secret) and not _is_doubtful(ring, row):
            renew(ring, row, found[0])
            count[clinic_id] += 1
    for clinic_id, changed in sorted(count.items()):
        audit.record(
            session,
            clinic_id=clinic_id,
            actor=actor,
            action=AuditAction.CHANGED,
            at=now,
            table_name="authenticator_app",
            new={"sealed_with": "the newest secret key", "count": changed},
        )
    session.flush()
    return count.total()


def standing(session: Db, ring: Keyring) -> Standing:
    """What hangs on which key, now."""
    newest, earlier, lost = 0, 0, 0
    old: Counter[str] = Counter()
    for row in session.execute(select(AuthenticatorApp)).scalars():
        if not readings(ring, row):
            lost += 1
        elif is_earlier(row):
            earlier += 1
        elif ring.is_newest(row.secret):
            newest += 1
        else:
            old[key_name(row.secret)] += 1
    return Standing(newest, dict(old), earlier, lost)


def _is_doubtful(ring: Keyring, row: AuthenticatorApp) -> bool:
    return is_earlier(row) and len(ring.secrets) > 1


def earlier_key(secret: str) -> str:
    """The key that releases before gave to passlib."""
    return hmac.new(secret.encode(), b"authenticator apps", hashlib.sha256).hexdigest()


def _read_earlier(secret: str, kept: str) -> str | None:
    """passlib's JSON without its encryption; None if it is none."""
    wallet = TOTP.using(secrets={"1": earlier_key(secret)})
    try:
        plain: str = wallet.from_json(kept).to_json(encrypt=False)
    except (ValueError, TypeError, KeyError):
        return None
    return plain
