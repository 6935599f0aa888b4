"""ID tokens: whose signature, for whom, until when. Only asymmetric signatures of keys that are published.

`openid_logout.py` reads the provider's word that someone is signed out, by the same signature and dates.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.jwt import Token

from tracker.services.openid import Untrusted

FAMILIES = {"RS": "RSA", "PS": "RSA", "ES": "EC"}
ALGORITHMS = tuple(f"{family}{bits}" for family in FAMILIES for bits in (256, 384, 512))
SMALLEST_RSA = 2048
MOST_KEYS = 50
SKEW = timedelta(minutes=1)
OLDEST = timedelta(minutes=10)  # Microsoft dates its tokens five minutes back
LONGEST_TOKEN = 50_000

Key = RSAKey | ECKey
BAD = (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Expected:
    issuer: str
    client_id: str
    nonce: str
    access_token: str | None


class UnknownKey(Untrusted):
    """Signed with a key that is not published, or not yet known here."""


def claims_of(token: str, key_set: Mapping[str, Any], expected: Expected, *, now: datetime) -> dict[str, Any]:
    """What a token says, all of it checked. Raises Untrusted with the reason, or UnknownKey."""
    read = signed(token, key_set)
    claims, seconds = dict(read.claims), int(now.timestamp())
    params = {
        "nonce": expected.nonce,
        "client_id": expected.client_id,
        "access_token": expected.access_token,
    }
    leeway = int(SKEW.total_seconds())
    try:
        CodeIDToken(claims, read.header, params=params).validate(now=seconds, leeway=leeway)
    except BAD as error:
        raise Untrusted(f"the token is not good ({type(error).__name__})") from None
    refuse(_faults(claims, expected, now))
    return claims


def signed(token: str, key_set: Mapping[str, Any]) -> Token:
    """What a token of a published key says, unchecked but for that. Raises Untrusted or UnknownKey."""
    if len(token) > LONGEST_TOKEN or token.count(".") != 2:
        raise Untrusted("no signed token")
    keys = keys_of(key_set)
    try:
        return jwt.decode(token, lambda headed: _key_for(headed.headers(), keys), algorithms=ALGORITHMS)
    except Untrusted:
        raise
    except BAD as error:
        raise Untrusted(f"the token is not good ({type(error).__name__})") from None


def refuse(faults: Sequence[tuple[bool, str]]) -> None:
    """Raise Untrusted for the first that is one."""
    for wrong, reason in faults:
        if wrong:
            raise Untrusted(reason)


def keys_of(key_set: Mapping[str, Any]) -> Sequence[Key]:
    """The keys of a set that can check a signature; what cannot be read is left out."""
    found: list[Key] = []
    rows = key_set.get("keys")
    for row in rows[:MOST_KEYS] if isinstance(rows, list) else []:
        if not isinstance(row, dict) or row.get("use", "sig") != "sig":
            continue
        try:
            key = RSAKey.import_key(row) if row.get("kty") == "RSA" else ECKey.import_key(row)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if isinstance(key, ECKey) or key.raw_value.key_size >= SMALLEST_RSA:
            found.append(key)
    return found


def _key_for(header: Mapping[str, Any], keys: Sequence[Key]) -> Key:
    """The key a token names; without a name, the only one of its kind."""
    algorithm, kid = str(header.get("alg")), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise Untrusted("the signature is of a kind that is not taken")
    fitting = [
        key
        for key in keys
        if key.key_type == FAMILIES[algorithm[:2]]
        and key.as_dict().get("alg", algorithm) == algorithm
        and (kid is None or key.as_dict().get("kid") == kid)
    ]
    if len(fitting) != 1:
        raise UnknownKey("the key is not known")
    return fitting[0]


def _faults(claims: Mapping[str, Any], expected: Expected, now: datetime) -> list[tuple[bool, str]]:
    """Stricter than the library where it lets a type or a missing claim pass."""
    nonce = claims.get("nonce")
    return [
        *faults_of_any(claims, expected.issuer, expected.client_id, now=now, oldest=OLDEST),
        (not isinstance(nonce, str) or not _same(nonce, expected.nonce), "another nonce"),
        (not is_name(claims.get("sub")), "nobody's"),
    ]


def faults_of_any(
    claims: Mapping[str, Any], issuer: str, client_id: str, *, now: datetime, oldest: timedelta
) -> list[tuple[bool, str]]:
    """Of whatever the provider signs: whose it is, for whom, and its dates."""
    issued: Any = claims.get("iat")
    ends: Any = claims.get("exp")
    starts: Any = claims.get("nbf")
    audience, party = claims.get("aud"), claims.get("azp")
    many = isinstance(audience, list) and len(audience) > 1
    low, high = (now - oldest).timestamp(), (now + SKEW).timestamp()
    return [
        (claims.get("iss") != issuer, "another issuer"),
        (audience != client_id and not _holds(audience, client_id), "another audience"),
        (many and party is None, "several audiences, and none is said to be meant"),
        (party is not None and party != client_id, "for another party"),
        (not _is_number(ends) or ends <= (now - SKEW).timestamp(), "expired"),
        (not _is_number(issued) or not low <= issued <= high, "issued at another time"),
        (starts is not None and (not _is_number(starts) or starts > high), "not yet valid"),
    ]


def _holds(audience: object, client_id: str) -> bool:
    return isinstance(audience, list) and client_id in audience


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())


def is_name(value: object) -> bool:
    """Whether it can be the provider's name of a person or a session."""
    return isinstance(value, str) and 0 < len(value) <= 255 and value.isascii() and value.isprintable()


def with_query(address: str, more: Mapping[str, str]) -> str:
    """An address with words added to its query."""
    parts = urlsplit(address)
    query = "&".join(part for part in (parts.query, urlencode(more)) if part)
    return urlunsplit(parts._replace(query=query))
