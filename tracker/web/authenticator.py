"""Authenticator apps: Flask-Security's TOTP, and each code counts once and for half a minute.

Of Flask-Security only the parts are used that stand alone. Its own pages keep a sign-in in a signed cookie
that outlives signing out, and know roles for the whole site only, so they are not registered.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import Flask, current_app
from flask_security import Totp
from passlib.exc import MalformedTokenError, TokenError
from passlib.totp import TOTP

from tracker import clock
from tracker.keyring import Keyring, NotUnsealed
from tracker.models.second_factor import AuthenticatorApp
from tracker.services import app_secrets
from tracker.settings import Settings

ISSUER = "PA tracker"
COOKIES, SEALED_FOR = "cookies", timedelta(minutes=10)
CODE_SECONDS = 30
CODES_IN_A_ROW = 10  # five minutes from the first to the second
STEPS_OFF = (0, -1, 1, -2, 2)  # half minutes by which a telephone's clock may be off


class CountingTotp(Totp):
    """Codes that count once, in their own half minute: the last counter is kept with the app's secret."""

    def counter_of(self, code: str, plain: str, row: AuthenticatorApp, *, steps: int) -> int | None:
        """The counter of this code if it is new and the app's at `steps` half minutes from now."""
        try:
            match = self._totp.verify(
                code, plain, window=0, skew=steps * CODE_SECONDS, last_counter=row.last_counter
            )
        except (MalformedTokenError, TokenError):
            return None
        counter: int = match.counter
        return counter


def init_app(app: Flask) -> None:
    settings: Settings = app.extensions["settings"]
    # It asks for a key and encrypts nothing with it: it is handed secrets in the clear.
    app.extensions["authenticator"] = CountingTotp(
        {"1": app_secrets.earlier_key(settings.secret_key)}, ISSUER
    )


def check(code: str, row: AuthenticatorApp) -> bool:
    """Whether the code is new and of this half minute, by the clock of the app. The row remembers the code.

    Two codes in a row that are off by as much show how the telephone's clock goes: the second one counts, and
    from then on that clock does (RFC 6238, section 6). So each code has half a minute, and no more.
    """
    for plain in app_secrets.readings(_ring(), row):
        for steps in sorted(STEPS_OFF, key=lambda steps: steps != row.clock_steps):
            counter = _totp().counter_of(code, plain, row, steps=steps)
            if counter is not None:
                app_secrets.renew(_ring(), row, plain)
                return _is_of_this_half_minute(row, counter, steps)
    return False


def _is_of_this_half_minute(row: AuthenticatorApp, counter: int, steps: int) -> bool:
    """Spend the code. One of another half minute is refused, but for a second one off by as much."""
    before, off_before = row.near_counter, row.near_steps
    second = before is not None and off_before == steps and 0 < counter - before <= CODES_IN_A_ROW
    row.last_counter = counter
    if steps == row.clock_steps or second:
        row.clock_steps, row.near_counter, row.near_steps = steps, None, None
        return True
    row.near_counter, row.near_steps = counter, steps
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
    return _ring().seal("\n".join([clock.now().isoformat(), *texts]), purpose=COOKIES, owner="")


def unseal(sealed: object) -> Sequence[str]:
    """The texts, if they were sealed here a short while ago; else none."""
    try:
        sealed_at, *texts = _ring().unseal(str(sealed), purpose=COOKIES, owner="").split("\n")
    except NotUnsealed:
        return ()
    return texts if clock.now() - datetime.fromisoformat(sealed_at) < SEALED_FOR else ()


def _ring() -> Keyring:
    ring: Keyring = current_app.extensions["keyring"]
    return ring


def _totp() -> CountingTotp:
    totp: CountingTotp = current_app.extensions["authenticator"]
    return totp
