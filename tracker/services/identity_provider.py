"""The clinic's own sign-in provider: its description, its keys, and codes redeemed for who someone is.

Authorization code flow with PKCE (RFC 7636), state, nonce and `iss` (RFC 9207); ID tokens as OpenID Connect
Core 1.0, 3.1.3.7, and RFC 9700 ask for. Part of the extra `[sso]`: loaded only where a provider is set.
"""

import hmac
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Auth, OAuth2Session
from requests import Session

from tracker import clock, secret_files
from tracker.services import openid_http, openid_logout, openid_token
from tracker.services.openid import (
    Ask,
    Ended,
    Prompt,
    Terms,
    Told,
    Unreachable,
    Untrusted,
    acr_values,
    proves_two,
)

KEPT = timedelta(hours=1)  # the description and the keys
REREAD = timedelta(minutes=1)  # keys, when a token names one that is not known
WELL_KNOWN = "/.well-known/openid-configuration"
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
SCOPE = "openid email"
MICROSOFT = "https://login.microsoftonline.com/"
GOOGLE = "https://accounts.google.com"

Said = TypeVar("Said")


@dataclass(slots=True)
class Kept:
    """Something read from the provider, and when."""

    found: dict[str, Any]
    at: datetime

    def is_younger(self, than: timedelta) -> bool:
        return timedelta(0) <= clock.now() - self.at < than


class Provider:
    """One provider. What it says of itself is kept for an hour."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self._lock = threading.Lock()
        self._description: Kept | None = None
        self._keys: Kept | None = None
        self._asked_again: Kept | None = None

    def look(self) -> None:
        """Read the description and the keys anew, or raise Unreachable."""
        self._description = Kept(self._read_description(), clock.now())
        self._keys = Kept(self._fetched(self._endpoint("jwks_uri")), clock.now())
        if not openid_token.keys_of(self._keys.found):
            raise Unreachable("no key to check a signature with")

    def look_once(self) -> None:
        self._described()

    def address(self, ask: Ask) -> str:
        more = {"prompt": self.terms.prompt.value} if self.terms.prompt is not Prompt.NOTHING else {}
        if ask.again:
            more = {"prompt": "login", "max_age": "0"}
        levels = acr_values(self.terms)
        url, _ = self._session().create_authorization_url(
            self._endpoint("authorization_endpoint"),
            state=ask.state,
            nonce=ask.nonce,
            code_verifier=ask.verifier,
            **more,
            **({"acr_values": levels} if levels else {}),
        )
        return str(url)

    def end_address(self, *, back: str, state: str) -> str | None:
        """No token goes along, which would put an e-mail address into the browser's history."""
        address = self._described().get("end_session_endpoint")
        if not openid_http.is_good_address(address, plain_http=self.terms.plain_http):
            return None
        more = {"client_id": self.terms.client_id, "post_logout_redirect_uri": back, "state": state}
        return openid_token.with_query(str(address), more)

    def check_origin(self, issuer: str | None) -> None:
        offered = self._described().get("authorization_response_iss_parameter_supported") is True
        if issuer is None and not offered:
            return
        if issuer is None or not hmac.compare_digest(issuer.encode(), self.terms.issuer.encode()):
            raise Untrusted("the answer names another issuer")

    def told(self, code: str, ask: Ask, *, now: datetime) -> Told:
        """Redeem a code, once: whoever brings it again is refused by the provider."""
        answer = self._redeemed(code, ask)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise Untrusted("no ID token")
        access = answer.get("access_token")
        access = access if isinstance(access, str) else None
        claims = self._checked(token, nonce=ask.nonce, access_token=access, now=now)
        subject = str(claims["sub"])
        return Told(
            issuer=self.terms.issuer,
            subject=subject,
            email=self._address_of(claims, access),
            second_factor=proves_two(self.terms, acr=claims.get("acr"), amr=claims.get("amr")),
            shown_at=_instant(claims.get("auth_time")),
            session=claims["sid"] if openid_token.is_name(claims.get("sid")) else None,
        )

    def ended(self, token: str, *, now: datetime) -> Ended:
        """Checked with keys that may be an hour old; a key that is not known has them read once a minute."""
        issuer, client_id = self.terms.issuer, self.terms.client_id
        return self._read(
            lambda keys: openid_logout.ended_of(token, keys, issuer=issuer, client_id=client_id, now=now)
        )

    def _redeemed(self, code: str, ask: Ask) -> Mapping[str, Any]:
        session, endpoint = self._session(), self._endpoint("token_endpoint")
        with openid_http.call():
            try:
                answer = session.fetch_token(
                    endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=ask.verifier,
                    allow_redirects=False,
                )
            except OAuthError:
                raise Untrusted("the code was not accepted") from None
        if not isinstance(answer, dict):
            raise Unreachable("no JSON object")
        return answer

    def _checked(self, token: str, *, nonce: str, access_token: str | None, now: datetime) -> dict[str, Any]:
        expected = openid_token.Expected(self.terms.issuer, self.terms.client_id, nonce, access_token)
        return self._read(lambda keys: openid_token.claims_of(token, keys, expected, now=now))

    def _read(self, check: Callable[[dict[str, Any]], Said]) -> Said:
        """What a token says by the provider's keys, which are read anew for a key that is not known."""
        try:
            return check(self._key_set())
        except openid_token.UnknownKey:
            if not self._may_read_again():
                raise
        self._keys = Kept(self._fetched(self._endpoint("jwks_uri")), clock.now())
        return check(self._keys.found)

    def _may_read_again(self) -> bool:
        """It may have new ones. Once a minute, answered or not: anyone can name a key that is not known."""
        asked = [kept for kept in (self._keys, self._asked_again) if kept is not None]
        if any(kept.is_younger(REREAD) for kept in asked):
            return False
        self._asked_again = Kept({}, clock.now())
        return True

    def _address_of(self, claims: dict[str, Any], access_token: str | None) -> str | None:
        """The e-mail address, if the provider has checked that it is theirs.

        Some keep it out of the ID token and give it to whoever holds the access token (Core 5.3, 5.4).
        """
        endpoint = self._described().get("userinfo_endpoint")
        good = openid_http.is_good_address(endpoint, plain_http=self.terms.plain_http)
        if "email" not in claims and access_token and good:
            try:
                more = self._fetched(str(endpoint), token=access_token)
            except Unreachable:  # whoever is known already needs no address
                return None
            if more.get("sub") != claims["sub"]:  # of someone else: not to be used (Core 5.3.2)
                return None
            claims = {**more, "iss": claims["iss"]}
        email = claims.get("email")
        if not isinstance(email, str) or not email.isascii() or not vouches(claims):
            return None
        return email.strip().lower()

    def _key_set(self) -> dict[str, Any]:
        if self._keys is None or not self._keys.is_younger(KEPT):
            self._keys = Kept(self._fetched(self._endpoint("jwks_uri")), clock.now())
        return self._keys.found

    def _described(self) -> dict[str, Any]:
        kept = self._description
        if kept is None or not kept.is_younger(KEPT):
            kept = self._description = Kept(self._read_description(), clock.now())
        return kept.found

    def _read_description(self) -> dict[str, Any]:
        found = self._fetched(self.terms.issuer.rstrip("/") + WELL_KNOWN)
        if found.get("issuer") != self.terms.issuer:
            raise Unreachable("the description is of another issuer")
        for name in ENDPOINTS:
            if not openid_http.is_good_address(found.get(name), plain_http=self.terms.plain_http):
                raise Unreachable(f"no usable {name}")
        return found

    def _endpoint(self, name: str) -> str:
        return str(self._described()[name])

    def _fetched(self, address: str, *, token: str | None = None) -> dict[str, Any]:
        session = openid_http.prepare(Session(), self.terms.ca_file)
        auth = OAuth2Auth({"access_token": token}) if token else None
        with session:
            return openid_http.document(session, address, auth=auth)

    def _secret(self) -> str:
        try:
            return secret_files.current(self.terms.client_secret, self.terms.client_secret_file)
        except secret_files.NoSecret:
            raise Unreachable("the file of the client's secret cannot be read") from None

    def _session(self) -> Any:
        ways = self._described().get("token_endpoint_auth_methods_supported")
        by_post = isinstance(ways, list) and "client_secret_post" in ways
        session = OAuth2Session(
            self.terms.client_id,
            self._secret(),
            token_endpoint_auth_method="client_secret_post" if by_post else "client_secret_basic",
            code_challenge_method="S256",
            redirect_uri=self.terms.redirect_uri,
            scope=SCOPE,
        )
        return openid_http.prepare(session, self.terms.ca_file)


def vouches(claims: Mapping[str, Any]) -> bool:
    """Whether the provider says that the address is the person's.

    Microsoft has a claim of its own for it ("xms_edov", learn.microsoft.com, optional claims, read
    2026-11-25). Google answers for addresses of its own and of the organizations it serves ("hd",
    developers.google.com/identity/openid-connect, read 2026-11-25), not for others that were once checked.
    """
    issuer, email = str(claims.get("iss", "")), str(claims.get("email", "")).lower()
    if issuer.startswith(MICROSOFT) and claims.get("xms_edov") in (True, 1, "1", "true"):
        return True
    if claims.get("email_verified") is not True:
        return False
    if issuer == GOOGLE:
        return email.endswith("@gmail.com") or email.rpartition("@")[2] == claims.get("hd")
    return True


def _instant(seconds: object) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < 2**33:
        return None
    return datetime.fromtimestamp(seconds, UTC)
