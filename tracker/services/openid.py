"""What is said to and by the clinic's own sign-in provider (OpenID Connect), apart from how it is fetched.

`identity_provider.py` speaks to it. Source: OpenID Connect Core 1.0, sections 2 and 3.1, read 2026-11-25.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from tracker.services.errors import TrackerError


class Prompt(StrEnum):
    """What the provider asks at a sign-in: who it is, which account, or what it holds right."""

    LOGIN = "login"
    SELECT_ACCOUNT = "select_account"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Terms:
    """How a clinic's provider is reached and believed.

    `second_factor`: what proves two factors, as in `amr:mfa`. `plain_http`: for tests on this machine.
    `client_secret_file`: holds the secret in place of `client_secret`, and is read whenever it is needed.
    """

    issuer: str
    client_id: str
    client_secret: str
    name: str
    redirect_uri: str
    second_factor: tuple[tuple[str, str], ...] = ()
    prompt: Prompt = Prompt.LOGIN
    ca_file: Path | None = None
    plain_http: bool = False
    client_secret_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """The three secrets of one exchange. `again`: the person must show now who they are."""

    state: str
    nonce: str
    verifier: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What the provider vouches for, its signature checked.

    `email`: only an address that it has checked belongs to them. `shown_at`: when they last showed who they
    are; None if it does not say. `second_factor`: that they showed two. `session`: its own name
    of the sign-in there, which it says again when that ends.
    """

    issuer: str
    subject: str
    email: str | None
    second_factor: bool
    shown_at: datetime | None
    session: str | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """Someone is signed out there: everywhere (`session` None), or of one sign-in. One of both is said.

    `token_id` names this message, which counts once.
    """

    subject: str | None
    session: str | None
    token_id: str


class Unreachable(TrackerError):
    """The provider does not answer, or with nothing that can be read. `reason` is for the log."""

    def __init__(self, reason: str) -> None:
        super().__init__("The sign-in provider does not answer.")
        self.reason = reason


class Untrusted(TrackerError):
    """What the provider, or someone in its name, said is not believed. `reason` is for the log."""

    def __init__(self, reason: str) -> None:
        super().__init__("The answer of the sign-in provider was not accepted.")
        self.reason = reason


class IdentityProvider(Protocol):
    """What pages need of a provider."""

    terms: Terms

    def look(self) -> None:
        """Read its description, or raise Unreachable."""

    def look_once(self) -> None:
        """The same, if it was not read lately."""

    def address(self, ask: Ask) -> str:
        """Where the browser goes."""

    def end_address(self, *, back: str, state: str) -> str | None:
        """Where the browser ends its session there; None if that is not offered."""

    def check_origin(self, issuer: str | None) -> None:
        """Raise Untrusted if an answer names another provider, or none though it always would."""

    def told(self, code: str, ask: Ask, *, now: datetime) -> Told:
        """Redeem a code. Raises Unreachable or Untrusted."""

    def ended(self, token: str, *, now: datetime) -> Ended:
        """Who is signed out, by its own word. Raises Unreachable or Untrusted."""


def words_of(text: str) -> tuple[tuple[str, str], ...]:
    """`amr:mfa, acr:gold` as pairs. Raises ValueError for anything else."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    pairs = [part.partition(":") for part in parts]
    if any(claim not in {"amr", "acr"} or not value for claim, _, value in pairs):
        raise ValueError(text)
    return tuple((claim, value) for claim, _, value in pairs)


def acr_values(terms: Terms) -> str | None:
    """What to ask for, so that a provider with levels asks for the second factor."""
    return " ".join(value for claim, value in terms.second_factor if claim == "acr") or None


def proves_two(terms: Terms, *, acr: object, amr: object) -> bool:
    """Whether the token says what this clinic counts as a second factor."""
    methods: Sequence[object] = amr if isinstance(amr, list) else []
    return any(value == acr if claim == "acr" else value in methods for claim, value in terms.second_factor)
