"""Settings refuse nonsense at start, naming the variable and the cure."""

from datetime import date
from pathlib import Path

import pytest

import tracker.settings
from tracker.settings import BadSettings, Mode, describe, from_environment

README = Path(__file__).resolve().parent.parent / "README.md"
PRODUCTION = {
    "TRACKER_MODE": "production",
    "TRACKER_SECRET_KEY": "x" * 32,
    "TRACKER_PUBLIC_URL": "https://tracker.clinic.example",
}

PROVIDER = {
    "TRACKER_OIDC_ISSUER": "https://login.clinic.example",
    "TRACKER_OIDC_CLIENT_ID": "tracker",
    "TRACKER_OIDC_CLIENT_SECRET": "a secret",
}


def read(tmp_path, **environment):
    return from_environment({"TRACKER_INSTANCE": str(tmp_path), **environment})


def test_the_defaults_start_the_demo_on_this_machine(tmp_path):
    settings = read(tmp_path)

    assert (settings.mode, settings.address) == (Mode.DEMO, "http://127.0.0.1:8000")
    assert settings.database.endswith("/tracker.db")
    assert settings.demo_sign_in is not None


def test_a_secret_is_made_once_and_kept_private(tmp_path):
    first, second = read(tmp_path), read(tmp_path)

    assert first.secret_key == second.secret_key
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_production_starts_when_all_is_said(tmp_path):
    assert read(tmp_path, **PRODUCTION).demo_sign_in is None


@pytest.mark.parametrize(
    ("environment", "cure"),
    [
        ({"TRACKER_PORTT": "1"}, "TRACKER_PORTT is no setting"),
        ({"TRACKER_PORT": "99999"}, "TRACKER_PORT"),
        ({"TRACKER_PORT": "eight"}, "TRACKER_PORT"),
        ({"TRACKER_MODE": "prod"}, "TRACKER_MODE"),
        ({"TRACKER_AS_OF": "2026-02-30"}, "TRACKER_AS_OF"),
        ({"TRACKER_PUBLIC_URL": "tracker.example"}, "TRACKER_PUBLIC_URL"),
        ({"TRACKER_MAIL_FROM": "nobody"}, "TRACKER_MAIL_FROM"),
        ({"TRACKER_SMTP_USER": "kim"}, "TRACKER_SMTP_PASSWORD"),
        ({"TRACKER_SMTP_PASSWORD_FILE": "/run/mail"}, "TRACKER_SMTP_USER"),
        ({"TRACKER_SMTP_PASSWORD_FILE": "/run/mail", "TRACKER_SMTP_PASSWORD": "x"}, "not both"),
        ({"TRACKER_METRICS_TOKEN_FILE": "/run/token", "TRACKER_METRICS_TOKEN": "x" * 16}, "not both"),
        ({"TRACKER_METRICS_TOKEN": "x" * 15}, "16 characters"),
        ({"TRACKER_SMTP_HOST": "mail.example", "TRACKER_SMTP_SECURITY": "none"}, "starttls or tls"),
        ({**PRODUCTION, "TRACKER_SECRET_KEY": "short"}, "32 random characters"),
        ({**PRODUCTION, "TRACKER_OLD_SECRET_KEYS": "short"}, "each key of TRACKER_OLD_SECRET_KEYS"),
        ({**PRODUCTION, "TRACKER_OLD_SECRET_KEYS": "x" * 32}, "names a key twice"),
        ({**PRODUCTION, "TRACKER_OLD_SECRET_KEYS": f"{'y' * 32} {'y' * 32}"}, "names a key twice"),
        ({"TRACKER_CLAMD": "scanner.example:3310"}, "in the clear"),
        ({"TRACKER_CLAMD": "clamd.sock"}, "path of a socket"),
        ({**PRODUCTION, "TRACKER_PUBLIC_URL": "http://x.example"}, "https"),
        ({**PRODUCTION, "TRACKER_PUBLIC_URL": ""}, "set TRACKER_PUBLIC_URL"),
        ({**PRODUCTION, "TRACKER_LOG_LEVEL": "DEBUG"}, "use INFO"),
        ({**PRODUCTION, "TRACKER_AS_OF": "2026-06-08"}, "remove it in production"),
    ],
)
def test_nonsense_is_refused_with_the_cure(tmp_path, environment, cure):
    with pytest.raises(BadSettings, match=cure):
        read(tmp_path, **environment)


def test_a_file_that_is_read_at_each_use_need_not_be_there_at_the_start(tmp_path):
    """The clinic's pages come up though its vault is late."""
    given = {"TRACKER_SMTP_USER": "kim", "TRACKER_SMTP_PASSWORD_FILE": "/nowhere/mail"}
    settings = read(tmp_path, **PRODUCTION, **given, TRACKER_METRICS_TOKEN_FILE="/nowhere/token")

    assert (settings.smtp_password, settings.metrics_token) == ("", "")


def test_the_demo_may_stand_on_another_day(tmp_path):
    assert read(tmp_path, TRACKER_AS_OF="2026-06-08").as_of == date(2026, 6, 8)


def test_every_setting_is_documented():
    text = README.read_text(encoding="utf-8")

    assert [name for name, _, meaning in describe() if f"`{name}`" not in text or not meaning] == []


def test_production_without_https_must_be_asked_for(tmp_path):
    settings = read(
        tmp_path, **{**PRODUCTION, "TRACKER_PUBLIC_URL": "http://tracker.lan:8000", "TRACKER_ALLOW_HTTP": "1"}
    )

    assert settings.address == "http://tracker.lan:8000"


def test_only_the_public_name_and_this_machine_are_answered(tmp_path):
    assert read(tmp_path).host_names == frozenset()
    assert read(tmp_path, **PRODUCTION).host_names == {
        "tracker.clinic.example",
        "localhost",
        "127.0.0.1",
        "::1",
    }


@pytest.mark.parametrize(
    ("change", "cure"),
    [
        ({"TRACKER_OIDC_ISSUER": "http://login.clinic.example"}, "must begin with https"),
        ({"TRACKER_OIDC_ISSUER": "http://localhost:9000"}, "must begin with https"),
        ({"TRACKER_OIDC_ISSUER": "login.clinic.example"}, "must look like https"),
        ({"TRACKER_OIDC_ISSUER": "https://login.clinic.example?x=1"}, "must look like https"),
        ({"TRACKER_OIDC_ISSUER": ""}, "set TRACKER_OIDC_ISSUER"),
        ({"TRACKER_OIDC_CLIENT_ID": ""}, "set TRACKER_OIDC_CLIENT_ID"),
        ({"TRACKER_OIDC_CLIENT_SECRET": ""}, "TRACKER_OIDC_CLIENT_SECRET_FILE"),
        ({"TRACKER_OIDC_CLIENT_SECRET_FILE": "/nowhere/secret"}, "not both"),
        ({"TRACKER_OIDC_SECOND_FACTOR": "mfa"}, "amr:mfa"),
        ({"TRACKER_OIDC_PROMPT": "none"}, "TRACKER_OIDC_PROMPT"),
        ({"TRACKER_OIDC_PASSWORD": "nobody"}, "TRACKER_OIDC_PASSWORD"),
        ({"TRACKER_OIDC_NAME": " "}, "TRACKER_OIDC_NAME"),
        ({"TRACKER_OIDC_CA_FILE": "/nowhere/ca"}, "names no file"),
        ({"TRACKER_PUBLIC_URL": "http://t.lan", "TRACKER_ALLOW_HTTP": "1"}, "single sign-on needs https"),
    ],
)
def test_a_sign_in_provider_that_cannot_be_right_is_refused(tmp_path, change, cure):
    with pytest.raises(BadSettings, match=cure):
        read(tmp_path, **{**PRODUCTION, **PROVIDER, **change})


def test_without_its_packages_single_sign_on_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(tracker.settings, "find_spec", lambda name: None if name == "authlib" else name)

    with pytest.raises(BadSettings, match=r"pip install '\.\[sso\]'"):
        read(tmp_path, **PROVIDER)
    assert read(tmp_path).oidc_issuer == ""


def test_the_secret_of_the_client_may_stand_in_a_file(tmp_path):
    (tmp_path / "secret").write_text("of the file\n")
    names = {**PROVIDER, "TRACKER_OIDC_CLIENT_SECRET_FILE": str(tmp_path / "secret")}
    del names["TRACKER_OIDC_CLIENT_SECRET"]
    settings = read(tmp_path, **names)

    assert settings.oidc_client_secret == "of the file"
    assert "of the file" not in repr(settings)
    names["TRACKER_OIDC_CLIENT_SECRET_FILE"] = str(tmp_path / "nowhere")
    with pytest.raises(BadSettings, match="cannot be read"):
        read(tmp_path, **names)
