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
from passlib.totp import TOTP

from tracker.keyring import Keyring
from tracker.models.second_factor import AuthenticatorApp
from tracker.services import app_secrets
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
    """Secrets of apps are sealed in the database, with a key made from the secret key."""
    settings: Settings = app.extensions["settings"]
    sealing = hmac.new(settings.secret_key.encode(), b"sealed texts", hashlib.sha256).digest()
    app.extensions["sealer"] = Fernet(urlsafe_b64encode(sealing))
    # It asks for a key and encrypts nothing with it: it is handed secrets in the clear.
    app.extensions["authenticator"] = CountingTotp(
        {"1": app_secrets.earlier_key(settings.secret_key)}, ISSUER
    )


def check(code: str, row: AuthenticatorApp) -> bool:
    """Whether the code is right and new. The row then has its counter, its secret the newest key."""
    holder: Any = row  # Flask-Security hands it on to the two methods above, and looks at nothing else
    for plain in app_secrets.readings(_ring(), row):
        if _totp().verify_totp(code, plain, user=holder, window=CLOCK_SKEW_SECONDS):
            app_secrets.renew(_ring(), row, plain)
            return True
    return False


def new_secret(user_id: str) -> str:
    """A fresh secret for this person's app, sealed."""
    return app_secrets.seal(_ring(), TOTP.new().to_json(encrypt=False), user_id=user_id)


def plain_secret(row: AuthenticatorApp) -> str | None:
    """The secret in the clear; None if it was changed since, or its key is gone."""
    return next(iter(app_secrets.readings(_ring(), row)), None)


def picture(plain: str, email: str) -> str:
    """The code to scan, as an image address."""
    return _totp().generate_qrcode(email, plain)


def typed_key(plain: str) -> str:
    """The same, to type in."""
    return _totp().get_totp_pretty_key(plain)


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


def _ring() -> Keyring:
    ring: Keyring = current_app.extensions["keyring"]
    return ring


def _totp() -> CountingTotp:
    totp: CountingTotp = current_app.extensions["authenticator"]
    return totp
