"""Who does something: a signed-in person, the scan, or a command."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """`name` is what histories show; `user_id` is None when no person signed in.

    `address` and `agent`: the network address and the browser, in a few words, of someone at a page.
    """

    name: str
    user_id: str | None = None
    address: str | None = None
    agent: str | None = None


SCAN = Actor("Scan")
COMMAND = Actor("Command line")
