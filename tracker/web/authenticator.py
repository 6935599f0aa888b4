"""Authenticator apps: Flask-Security's TOTP with its weak default mended, a code that could be used twice.

Of Flask-Security only the parts are used that stand alone. Its own pages keep a sign-in in a signed cookie
that outlives signing out, and know roles for the whole site only, so they are not registered.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from flask import Flask, current_app
from flask_security import Totp

from tracker.models.second_factor import AuthenticatorApp
from tracker.settings import Settings

ISSUER = "PA tracker"
SEALED_SECONDS = 600
CLOCK_SKEW_SECONDS = 30  # one code before and one after


class CountingTotp(Totp):
    """Codes that count once: the last counter is kept with the app's secret."""

    def get_last_counter(self, user: Any) -> int | None:
        return user.last_counter

    def set_last_counter(self, user: Any, tmatch: Any) -> None:
        user.last_counter = tmatch.counter


def init_app(app: Flask) -> None:
    """Secrets of apps are encrypted in the database, with a key made from the secret key."""
    settings: Settings = app.extensions["settings"]
    key = hmac.new(settings.secret_key.encode(), b"authenticator apps", hashlib.sha256).hexdigest()
    sealing = hmac.new(settings.secret_key.encode(), b"sealed texts", hashlib.sha256).digest()
    app.extensions["sealer"] = Fernet(urlsafe_b64encode(sealing))
    app.extensions["authenticator"] = CountingTotp({"1": key}, ISSUER)


def check(code: str, row: AuthenticatorApp) -> bool:
    """Whether the code is right and new; its counter is then in the row."""
    holder: Any = row  # Flask-Security hands it on to the two methods above, and looks at nothing else
    return _totp().verify_totp(code, row.secret, user=holder, window=CLOCK_SKEW_SECONDS)


def new_secret() -> str:
    return _totp().generate_totp_secret()


def picture(row: AuthenticatorApp, email: str) -> str:
    """The code to scan, as an image address."""
    return _totp().generate_qrcode(email, row.secret)


def seal(texts: Sequence[str]) -> str:
    """Texts that only this program can read, for a cookie."""
    return _sealer().encrypt("\n".join(texts).encode()).decode()


def unseal(sealed: object) -> Sequence[str]:
    """The texts, if they were sealed here a short while ago; else none."""
    try:
        return _sealer().decrypt(str(sealed), ttl=SEALED_SECONDS).decode().split("\n")
    except InvalidToken:
        return ()


def _sealer() -> Fernet:
    sealer: Fernet = current_app.extensions["sealer"]
    return sealer


def typed_key(row: AuthenticatorApp) -> str:
    """The same, to type in."""
    return _totp().get_totp_pretty_key(row.secret)


def _totp() -> CountingTotp:
    totp: CountingTotp = current_app.extensions["authenticator"]
    return totp
