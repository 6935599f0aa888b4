"""`tracker keys`: a new secret key takes over from the old one, and it is said when that may go."""

import pytest

import make
from tracker.commands.doctor import Visit, _secret_keys
from tracker.commands.keys import keys
from tracker.factory import create_app
from tracker.keyring import Keyring
from tracker.models.second_factor import AuthenticatorApp
from tracker.services import app_secrets

OLD, NEW = "k3Yq8vN3rTz1LxWc5bKd7MfJh2PsUeAo", "Zt5uB9wE2xR7yG4nH8mJ1kL6pQ3sVcDa"
PLAIN = '{"key":"A3RK65FFXKWLRGTPOEZEC3ODLF2T7U6Y","type":"totp","v":1}'


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"secret_key": NEW, "old_secret_keys": OLD})


@pytest.fixture
def row(session, cast):
    sealed = app_secrets.seal(Keyring((OLD,)), PLAIN, user_id=cast.ana.id)
    made = make.save(session, AuthenticatorApp(user_id=cast.ana.id, secret=sealed))
    session.commit()
    return made


def doctor(app, settings):
    return [
        f"{found.level.value} {found.text} {found.cure}" for found in _secret_keys(Visit(app, settings, None))
    ]


def test_the_newest_key_takes_over(app, runner, row, session, settings):
    old = Keyring((OLD,)).newest
    assert f"old key {old}: 1 authenticator app\n" in runner.invoke(keys, ["show"]).output
    assert "Run: tracker keys rewrap" in doctor(app, settings)[0]

    answer = runner.invoke(keys, ["rewrap"])

    assert "Sealed anew with the newest key: 1 authenticator app." in answer.output
    assert "remove TRACKER_OLD_SECRET_KEYS" in answer.output
    session.refresh(row)
    assert app_secrets.readings(Keyring((NEW,)), row) == [PLAIN]
    assert doctor(app, settings) == [
        "look Secret key: nothing hangs on the old ones. Remove TRACKER_OLD_SECRET_KEYS."
    ]


def test_neither_key_is_shown(runner, row):
    answer = runner.invoke(keys, ["rewrap"]).output + runner.invoke(keys, ["show"]).output

    assert OLD not in answer
    assert NEW not in answer


def test_a_key_that_went_too_early_is_missed(session, row, settings):
    alone = create_app(settings.model_copy(update={"old_secret_keys": ""}))

    assert (
        "bad Secret key: it does not read the secrets of 1 authenticator apps." in doctor(alone, settings)[0]
    )
