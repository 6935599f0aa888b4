"""Settings from the environment. Each is documented here; nonsense is refused at start.

`describe()` is the list that the README and `tracker run --help` point to.
"""

import os
import re
import secrets
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tracker import secret_files

PREFIX = "TRACKER_"
DATABASE_KEY = re.compile("[0-9a-fA-F]{64}")
CLAMD = re.compile(r"/\S+|(?:127\.0\.0\.1|localhost):[0-9]{1,5}")
SECOND_FACTOR = re.compile(r"(\s*(amr|acr):[^\s,]+\s*(,|$))*")
SSO_PACKAGES = "authlib", "joserfc", "requests"
TEST_ONLY = {"TRACKER_TEST_PG_URL", "TRACKER_TEST_MUST_RUN"}
SHORTEST_TOKEN = 16
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
DEMO_EMAIL = "ana@demo.example"
DEMO_PASSWORD = "cyclosporine-demo"  # nosec B105 # shown on the sign-in page of the demo


class Mode(StrEnum):
    DEMO = "demo"
    PRODUCTION = "production"
    TEST = "test"


class BadSettings(Exception):
    """The environment asks for something that cannot be right; the message says what to change."""


class Settings(BaseModel):
    """What the environment may say, with `TRACKER_` before each name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Mode = Field(Mode.DEMO, description="demo, production or test")
    instance: Path = Field(Path("instance"), description="folder for the database, mails and secrets")
    database_url: str = Field("", description="SQLAlchemy address; default: SQLite under the instance folder")
    database_key_file: Path | None = Field(
        None, description="file with the key that encrypts a SQLite database (tracker db new-key)"
    )
    database_key: str = Field(
        "", description="the key itself, where no file can be: 64 hexadecimal digits", repr=False
    )
    secret_key: str = Field(
        "",
        description="signs cookies, seals app secrets; 32 characters or more; required in production",
        repr=False,
    )
    old_secret_keys: str = Field(
        "",
        description="secret keys of before, newest first, a blank or line break between them; they only read",
        repr=False,
    )
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=1, le=65535, description="port to listen on")
    public_url: str = Field(
        "", description="address that people open: the only host answered, and that of links in mails"
    )
    allow_http: bool = Field(
        False, description="production without https, for a closed network only; 1 to allow it"
    )
    trusted_proxy: str = Field(
        "", description="network address of the web server in front, whose X-Forwarded-For is believed"
    )
    threads: int = Field(8, ge=1, le=64, description="threads that answer requests")
    scan_seconds: int = Field(
        30, ge=1, le=3600, description="seconds between two looks for patients who are due"
    )
    as_of: date | None = Field(None, description="the demo's date; refused in production")
    smtp_host: str = Field("", description="mail server; empty: mails are written to files")
    smtp_port: int = Field(587, ge=1, le=65535, description="port of the mail server")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="starttls, tls, or none (only for a server on this machine)"
    )
    smtp_user: str = Field("", description="user name at the mail server")
    smtp_password: str = Field("", description="password at the mail server", repr=False)
    smtp_password_file: Path | None = Field(None, description="file with that password, read at each use")
    smtp_ca_file: Path | None = Field(None, description="certificates to trust for the mail server")
    smtp_timeout: int = Field(
        30, ge=1, le=60, description="seconds to wait for each answer of the mail server"
    )
    mail_from: str = Field("pa-tracker@localhost", description="sender of the mails")
    backup_folder: Path | None = Field(
        None, description="folder for daily backups; default: backups under the instance folder"
    )
    backup_keep: int = Field(30, ge=0, le=3650, description="daily backups kept; 0: none are made")
    backup_key: str = Field(
        "", description="age key that encrypts backups (tracker backup --new-key)", repr=False
    )
    oidc_issuer: str = Field("", description="single sign-on: the provider's issuer, exactly as it writes it")
    oidc_client_id: str = Field("", description="single sign-on: this program's name at the provider")
    oidc_client_secret: str = Field(
        "", description="single sign-on: the secret that goes with it", repr=False
    )
    oidc_client_secret_file: Path | None = Field(
        None, description="single sign-on: file with it, read at each use"
    )
    oidc_name: str = Field(
        "single sign-on",
        max_length=40,
        description='single sign-on: the word on the button "Sign in with ..."',
    )
    oidc_second_factor: str = Field(
        "", description="single sign-on: what proves a second factor, as in amr:mfa or acr:gold, by commas"
    )
    oidc_prompt: Literal["login", "select_account", "nothing"] = Field(
        "login",
        description="single sign-on: what the provider asks each time: login, select_account, nothing",
    )
    oidc_password: Literal["everyone", "administrators"] = Field(
        "everyone", description="single sign-on: who may still sign in with a password"
    )
    oidc_ca_file: Path | None = Field(
        None, description="single sign-on: certificates to trust for the provider"
    )
    watchdog_seconds: int = Field(
        600, ge=60, le=86400, description="a scan or mail round silent for so long ends the process (exit 70)"
    )
    ping_url: str = Field(
        "", description="https address to fetch after each complete scan, for a dead-man switch", repr=False
    )
    metrics_token: str = Field(
        "", description="bearer token that opens /metrics; without one it is closed in production", repr=False
    )
    metrics_token_file: Path | None = Field(None, description="file with that token, read at each use")
    reading_notice: int = Field(
        150, ge=0, le=100_000, description="patients opened or exported in a day before leads hear; 0: never"
    )
    clamd: str = Field(
        "", description="ClamAV's clamd, which looks through uploads: path of its socket, or 127.0.0.1:3310"
    )
    upload_megabytes: int = Field(20, ge=1, le=200, description="largest file that can be uploaded")
    call_limits: bool = Field(
        True, description="limits on how often one person may call pages; 0 only to measure or to attack it"
    )
    compiled_rules: bool = Field(False, description="use the rules that make compiled built; 1 to use them")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="how much is logged")

    @model_validator(mode="after")
    def fits_together(self) -> Self:
        for wrong, cure in (*self._contradictions(), *self._single_sign_on()):
            if wrong:
                raise ValueError(cure)
        return self

    def _contradictions(self) -> list[tuple[bool, str]]:
        production = self.mode is Mode.PRODUCTION
        public = urlsplit(self.public_url)
        return [
            (
                production and len(self.secret_key) < 32,
                "set TRACKER_SECRET_KEY to 32 random characters or more",
            ),
            *self._wrong_keys(),
            (
                bool(self.clamd) and not CLAMD.fullmatch(self.clamd),
                "TRACKER_CLAMD must be the path of a socket, or a port of this machine as 127.0.0.1:3310: "
                "files are sent to it in the clear",
            ),
            (production and self.as_of is not None, "TRACKER_AS_OF moves the date; remove it in production"),
            (
                production and not self.public_url,
                "set TRACKER_PUBLIC_URL to the https address people open",
            ),
            (
                production and public.scheme != "https" and not self.allow_http,
                "set TRACKER_PUBLIC_URL to the https address people open, or TRACKER_ALLOW_HTTP=1 if nobody "
                "else can listen on the network",
            ),
            (
                production and self.log_level == "DEBUG",
                "TRACKER_LOG_LEVEL=DEBUG writes too much for production; use INFO",
            ),
            (
                bool(self.public_url) and (public.scheme not in {"http", "https"} or not public.netloc),
                "TRACKER_PUBLIC_URL must look like https://tracker.example",
            ),
            (
                bool(self.smtp_host) and self.smtp_security == "none" and self.smtp_host not in LOOPBACK,
                "TRACKER_SMTP_SECURITY=none is only for a mail server on this machine; use starttls or tls",
            ),
            (
                bool(self.smtp_user) != bool(self.smtp_password or self.smtp_password_file),
                "set TRACKER_SMTP_USER and TRACKER_SMTP_PASSWORD, or its _FILE, together",
            ),
            (
                bool(self.ping_url) and urlsplit(self.ping_url).scheme not in {"http", "https"},
                "TRACKER_PING_URL must look like https://ping.example/secret",
            ),
            (
                bool(self.metrics_token) and len(self.metrics_token) < SHORTEST_TOKEN,
                "TRACKER_METRICS_TOKEN must have 16 characters or more",
            ),
            (
                "@" not in self.mail_from or any(c in self.mail_from for c in "\r\n\0"),
                "TRACKER_MAIL_FROM must be an address",
            ),
        ]

    def _wrong_keys(self) -> list[tuple[bool, str]]:
        production = self.mode is Mode.PRODUCTION
        return [
            (
                production and any(len(key) < 32 for key in self.secret_keys[1:]),
                "each key of TRACKER_OLD_SECRET_KEYS has 32 random characters or more",
            ),
            (
                bool(self.old_secret_keys) and len(set(self.secret_keys)) < len(self.secret_keys),
                "TRACKER_OLD_SECRET_KEYS names a key twice, or the one of TRACKER_SECRET_KEY",
            ),
            (
                bool(self.database_key) and not DATABASE_KEY.fullmatch(self.database_key),
                "the database key must be 64 hexadecimal digits; make one with: tracker db new-key FILE",
            ),
            (
                bool(self.database_key) and self.sqlite_file is None,
                "the database key is for a SQLite file; have another database encrypted where it is kept",
            ),
        ]

    def _single_sign_on(self) -> list[tuple[bool, str]]:
        given, issuer = bool(self.oidc_issuer), urlsplit(self.oidc_issuer)
        production, plain = self.mode is Mode.PRODUCTION, issuer.scheme != "https"
        odd = not issuer.hostname or bool(issuer.query or issuer.fragment or issuer.username)
        closed = self.oidc_password != "everyone"  # nosec B105 # a word, no password
        orphans = closed or bool(self.oidc_client_id or self.oidc_client_secret)
        away = plain and (production or issuer.hostname not in LOOPBACK)
        there = all(find_spec(name) for name in SSO_PACKAGES)
        open_http = production and urlsplit(self.public_url).scheme != "https"
        return [
            (orphans and not given, "set TRACKER_OIDC_ISSUER, or remove the other TRACKER_OIDC settings"),
            (given and odd, "TRACKER_OIDC_ISSUER must look like https://login.clinic.example/realms/clinic"),
            (given and away, "TRACKER_OIDC_ISSUER must begin with https://; else others sign in as anyone"),
            (given and not self.oidc_client_id, "set TRACKER_OIDC_CLIENT_ID to what the provider gave"),
            (
                given and not self.oidc_client_secret,
                "set TRACKER_OIDC_CLIENT_SECRET_FILE to the secret's file",
            ),
            (given and not there, "TRACKER_OIDC_ISSUER needs packages. Run: pip install '.[sso]'"),
            (given and open_http, "single sign-on needs https: set TRACKER_PUBLIC_URL to the https address"),
            (
                not SECOND_FACTOR.fullmatch(self.oidc_second_factor),
                "TRACKER_OIDC_SECOND_FACTOR must look like amr:mfa, or acr:gold,amr:hwk",
            ),
            (not self.oidc_name.strip(), "TRACKER_OIDC_NAME must be a word or two for the button"),
            (
                self.oidc_ca_file is not None and not self.oidc_ca_file.is_file(),
                "TRACKER_OIDC_CA_FILE names no file",
            ),
        ]

    @property
    def host_names(self) -> frozenset[str]:
        """Names that a request may be for; empty: any, as where nobody said which. This machine's always."""
        name = urlsplit(self.public_url).hostname
        return frozenset({name, *LOOPBACK}) if name else frozenset()

    @property
    def demo_sign_in(self) -> tuple[str, str] | None:
        """E-mail and password of the demo's coordinator; None outside the demo."""
        return (DEMO_EMAIL, DEMO_PASSWORD) if self.mode is Mode.DEMO else None

    @property
    def address(self) -> str:
        """What people open, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")

    @property
    def database(self) -> str:
        """The SQLAlchemy address in use."""
        return self.database_url or f"sqlite:///{(self.instance / 'tracker.db').resolve()}"

    @property
    def passwords_for_all(self) -> bool:
        """Whether anyone may sign in with a password, not administrators alone."""
        return self.oidc_password == "everyone"  # nosec B105 # a word, no password

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The secret key and those of before, newest first. A key with a blank in it stands on a line."""
        old = self.old_secret_keys
        keys = old.splitlines() if "\n" in old else old.split()
        return (self.secret_key, *(key.strip() for key in keys if key.strip()))

    @property
    def mail_folder(self) -> Path:
        return self.instance / "mail"

    @property
    def backups(self) -> Path:
        """Where backups are written."""
        return self.backup_folder or self.instance / "backups"

    @property
    def sqlite_file(self) -> Path | None:
        """The file of a SQLite database; None for another database, or one in memory."""
        prefix = "sqlite:///"
        name = self.database.removeprefix(prefix) if self.database.startswith(prefix) else ""
        return Path(name) if name and name != ":memory:" else None

    @property
    def has_mail_server(self) -> bool:
        return bool(self.smtp_host)


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """Read settings, or raise BadSettings naming the variable and the cure."""
    environment = os.environ if environment is None else environment
    given = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and name not in TEST_ONLY
    }
    try:
        settings = Settings.model_validate(_with_files(given))
    except ValidationError as error:
        raise BadSettings("; ".join(_sentence(fault) for fault in error.errors())) from None
    return _with_secret(settings)


def _sentence(fault: object) -> str:
    assert isinstance(fault, dict)
    if not fault["loc"]:
        return str(fault["msg"]).removeprefix("Value error, ")
    name = PREFIX + str(fault["loc"][0]).upper()
    if fault["type"] == "extra_forbidden":
        return f"{name} is no setting of this program; see the README for the list"
    return f"{name}: {fault['msg']}"


def _with_files(given: dict[str, str]) -> dict[str, str]:
    """What the program keeps in hand in place of the file that holds it; the others are read at each use."""
    for name, read in (
        ("database_key", read_key),
        ("oidc_client_secret", _read_secret),
        ("smtp_password", None),
        ("metrics_token", None),
    ):
        path, variable = given.get(f"{name}_file"), PREFIX + name.upper()
        if path and given.get(name):
            raise BadSettings(f"set {variable}_FILE or {variable}, not both")
        if path and read:
            given = {**given, name: read(Path(path))}
    return given


def _read_secret(path: Path) -> str:
    try:
        return secret_files.read(path)
    except secret_files.NoSecret as fault:
        raise BadSettings(str(fault)) from None


def read_key(path: Path) -> str:
    """The key that a file holds. Raises BadSettings for a file that cannot be read or holds none."""
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise BadSettings(f"the key file {path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        text = ""
    if not DATABASE_KEY.fullmatch(text):
        raise BadSettings(
            f"the key file {path} must hold 64 hexadecimal digits; make one with: tracker db new-key FILE"
        )
    return text


def _with_secret(settings: Settings) -> Settings:
    """Outside production a missing secret is made once and kept in the instance folder."""
    if settings.secret_key:
        return settings
    path = settings.instance / "secret_key"
    if not path.exists():
        settings.instance.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32), encoding="ascii")
    return settings.model_copy(update={"secret_key": path.read_text(encoding="ascii").strip()})


def describe() -> list[tuple[str, str, str]]:
    """(variable, default, meaning) of every setting."""
    return [
        (PREFIX + name.upper(), "" if each.default is None else str(each.default), each.description or "")
        for name, each in Settings.model_fields.items()
    ]
