"""Who does something: a signed-in person, the scan, or a command; and from where."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """`name` is what histories show; `user_id` is None when no person signed in."""

    name: str
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """The network address and the browser, in a few words, of someone at a page."""

    address: str | None = None
    agent: str | None = None


_origin: ContextVar[Origin | None] = ContextVar("origin", default=None)


def set_origin(origin: Origin | None) -> None:
    """Say for the rest of this request from where it comes; None outside a request."""
    _origin.set(origin)


def origin() -> Origin:
    return _origin.get() or Origin()


SCAN = Actor("Scan")
COMMAND = Actor("Command line")
