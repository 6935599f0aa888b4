"""Texts sealed so that only this program reads them and nobody changes or swaps them unseen.

From each secret key one key is derived for each purpose (HKDF, RFC 5869). A sealed text says how it was made:

    gcm1.3f9c0a51b2de.<nonce and text>     the way, the name of the secret key, and the rest

so that both can be replaced: new texts take `WAY` and the newest key, older ones are read as they say.
"""

import base64
import binascii
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12  # NIST SP 800-38D, 8.2.2: random, and far fewer than 2**32 texts for a key


class Aead(Protocol):
    """Encryption that notices a change (RFC 5116)."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None, /) -> bytes: ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None, /) -> bytes: ...


WAYS: dict[str, Callable[[bytes], Aead]] = {"gcm1": AESGCM}  # AES-256-GCM
WAY = "gcm1"


class NotUnsealed(Exception):
    """Sealed with another key, for someone else, or changed since."""


@dataclass(frozen=True)
class Keyring:
    """The secret keys, newest first: it seals, all of them unseal."""

    secrets: tuple[str, ...]

    def seal(self, text: str, *, purpose: str, owner: str) -> str:
        """The text for one purpose and one owner; for another owner it is worth nothing."""
        name, nonce = self.newest, os.urandom(NONCE_BYTES)
        bound = _bound(WAY, name, purpose, owner)
        body = nonce + self._lock(WAY, name, purpose).encrypt(nonce, text.encode(), bound)
        return f"{WAY}.{name}.{base64.urlsafe_b64encode(body).decode()}"

    def unseal(self, sealed: str, *, purpose: str, owner: str) -> str:
        """The text, or NotUnsealed."""
        way, name, body = _parts(sealed)
        if way not in WAYS or name not in self.names:
            raise NotUnsealed
        bound = _bound(way, name, purpose, owner)
        try:
            lock = self._lock(way, name, purpose)
            return lock.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], bound).decode()
        except (InvalidTag, ValueError):
            raise NotUnsealed from None

    def is_newest(self, sealed: str) -> bool:
        """Whether sealing it again would change nothing but the nonce."""
        return sealed.startswith(f"{WAY}.{self.newest}.")

    @property
    def newest(self) -> str:
        """The name of the key that seals."""
        return next(iter(self.names))

    @cached_property
    def names(self) -> dict[str, str]:
        """Each secret key by the name that sealed texts give it. The name does not tell the key."""
        return {_derived(secret, "name of a key", 6).hex(): secret for secret in self.secrets}

    def _lock(self, way: str, name: str, purpose: str) -> Aead:
        return WAYS[way](_derived(self.names[name], f"{way}, {purpose}", 32))


def key_name(sealed: str) -> str:
    """The name of the key that a text was sealed with; empty if it is not sealed this way."""
    try:
        return _parts(sealed)[1]
    except NotUnsealed:
        return ""


def _parts(sealed: str) -> tuple[str, str, bytes]:
    way, _, rest = sealed.partition(".")
    name, dot, body = rest.partition(".")
    if not dot:
        raise NotUnsealed
    try:
        return way, name, base64.b64decode(body, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotUnsealed from None


def _bound(way: str, name: str, purpose: str, owner: str) -> bytes:
    """What a sealed text holds good for, beside its key."""
    return "\0".join((way, name, purpose, owner)).encode()


def _derived(secret: str, purpose: str, length: int) -> bytes:
    """A key of its own for a purpose. Without salt: the secret key is random (RFC 5869, 3.1)."""
    return HKDF(SHA256(), length, salt=None, info=f"tracker: {purpose}".encode()).derive(secret.encode())
