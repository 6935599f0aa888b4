"""Authenticator apps: Flask-Security's TOTP with its weak default mended, a code that could be used twice.

Of Flask-Security only the parts are used that stand alone. Its own pages keep a sign-in in a signed cookie
that outlives signing out, and know roles for the whole site only, so they are not registered.
"""

import hashlib
import hmac
from typing import Any

from flask import Flask, current_app
from flask_security import Totp

from tracker.models.second_factor import AuthenticatorApp
from tracker.settings import Settings

ISSUER = "PA tracker"
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


def typed_key(row: AuthenticatorApp) -> str:
    """The same, to type in."""
    return _totp().get_totp_pretty_key(row.secret)


def _totp() -> CountingTotp:
    totp: CountingTotp = current_app.extensions["authenticator"]
    return totp
