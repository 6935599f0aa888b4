"""Fetch from the sign-in provider: in bounded time and size, one place only, never where it redirects to.

Part of the extra `[sso]`; nothing but `identity_provider.py` loads it.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from requests import PreparedRequest, RequestException, Response, Session
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from tracker.services.openid import Unreachable

CONNECT_SECONDS, READ_SECONDS, ALL_SECONDS = 4.0, 5.0, 8.0
MOST_BYTES = 256_000
CALLS_AT_ONCE = 3  # so that a provider that hangs does not take every thread with it
WAIT_SECONDS = 1.0
FAULTS = (RequestException, HTTPError, OSError, ValueError, RecursionError)

Kind = TypeVar("Kind", bound=Session)
_calling = threading.BoundedSemaphore(CALLS_AT_ONCE)


class Bounded(HTTPAdapter):
    """Reads an answer whole, within its limits, before anyone looks at it."""

    def __init__(self, ca_file: Path | None) -> None:
        super().__init__(max_retries=0)
        self.trusted: bool | str = str(ca_file) if ca_file else True

    def send(self, request: PreparedRequest, *_args: Any, **more: Any) -> Response:
        ends = time.monotonic() + ALL_SECONDS
        verify = self.trusted if self.trusted is not True else more.get("verify") or True
        response = super().send(
            request,
            stream=True,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            verify=verify,
            proxies=more.get("proxies"),
        )
        try:
            if 300 <= response.status_code < 400:
                raise Unreachable("it leads elsewhere")
            # What requests itself does when it reads an answer, with limits.
            response._content = _read(response, ends)
            response._content_consumed = True  # type: ignore[attr-defined] # not in its stubs
        finally:
            response.close()
        return response


def _read(response: Response, ends: float) -> bytes:
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise Unreachable("a packed answer")
    content = b""
    while True:
        part = response.raw.read1(16_384)
        content += part
        if not part:
            return content
        if len(content) > MOST_BYTES:
            raise Unreachable("an endless answer")
        if time.monotonic() > ends:
            raise Unreachable("an answer without end")


def prepare(session: Kind, ca_file: Path | None) -> Kind:
    """Give a session its limits. A .netrc is not asked, as each request says who it is."""
    for scheme in ("https://", "http://"):
        session.mount(scheme, Bounded(ca_file))
    session.headers.update({"Accept-Encoding": "identity", "User-Agent": "pa-tracker"})
    return session


@contextmanager
def call() -> Iterator[None]:
    """A turn to speak to the provider. Whatever goes wrong is Unreachable, with its kind alone."""
    if not _calling.acquire(timeout=WAIT_SECONDS):
        raise Unreachable("too many at once")
    try:
        yield
    except FAULTS as error:
        raise Unreachable(type(error).__name__) from None
    finally:
        _calling.release()


def document(session: Session, address: str, *, auth: Any = None) -> dict[str, Any]:
    """A JSON object. Raises Unreachable."""
    with call():
        answer = session.get(address, auth=auth or _nobody, allow_redirects=False)
        if answer.status_code != 200:
            raise Unreachable(f"status {answer.status_code}")
        try:
            found = answer.json()
        except JSONDecodeError:
            raise Unreachable("no JSON") from None
        if not isinstance(found, dict):
            raise Unreachable("no JSON object")
        return found


def is_good_address(address: object, *, plain_http: bool) -> bool:
    """Whether this can be fetched, or a browser sent there: https, whole, with nobody's password in it."""
    if not isinstance(address, str) or len(address) > 2000 or not address.isascii() or "\\" in address:
        return False
    if any(ord(letter) <= 32 for letter in address):
        return False
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and parts.scheme in _schemes(plain_http) and _is_bare(parts)
    except ValueError:
        return False


def _schemes(plain_http: bool) -> set[str]:
    return {"https", "http"} if plain_http else {"https"}


def _is_bare(parts: Any) -> bool:
    return parts.username is None and parts.password is None and not parts.fragment


def _nobody(request: PreparedRequest) -> PreparedRequest:
    return request
