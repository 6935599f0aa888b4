"""The provider's word that someone is signed out there (OpenID Connect Back-Channel Logout 1.0, 2.4 and 2.6).

Stricter than it where OWASP ASVS 5.0, 10.5.5, asks for more: the token must say that it is one, and be young.
Both read 2026-11-26.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tracker.services.openid import Ended
from tracker.services.openid_token import faults_of_any, is_name, refuse, signed

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TYPES = {"logout+jwt", "application/logout+jwt"}
OLDEST = timedelta(minutes=2)  # it is sent as it is made


def ended_of(token: str, key_set: Mapping[str, Any], *, issuer: str, client_id: str, now: datetime) -> Ended:
    """Who is signed out. Raises Untrusted with the reason, or UnknownKey.

    Whether it came before is not asked here.
    """
    read = signed(token, key_set)
    claims = dict(read.claims)
    refuse(
        [
            (str(read.header.get("typ", "")).lower() not in TYPES, "not typed as a logout token"),
            *faults_of_any(claims, issuer, client_id, now=now, oldest=OLDEST),
            *_faults(claims),
        ]
    )
    return Ended(claims.get("sub"), claims.get("sid"), claims["jti"])


def _faults(claims: Mapping[str, Any]) -> list[tuple[bool, str]]:
    events, named = claims.get("events"), [name for name in ("sub", "sid") if name in claims]
    event = events.get(EVENT) if isinstance(events, dict) else None
    return [
        (not isinstance(event, dict), "no event of signing out"),
        ("nonce" in claims, "a nonce, as an ID token has"),
        (not is_name(claims.get("jti")), "no name of the message"),
        (not named or not all(is_name(claims[name]) for name in named), "nobody's"),
    ]
