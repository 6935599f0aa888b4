"""Row identifiers: 26 characters, in order of making, 80 random bits, safe in a URL.

The form is a ULID: 48 bits of milliseconds, then randomness, in Crockford's base 32.
Made before the insert, so that a batch needs no round trip to learn its keys.
"""

import secrets

from tracker import clock

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 26


def new_id() -> str:
    """A fresh identifier."""
    milliseconds = int(clock.now().timestamp() * 1000)
    number = (milliseconds << 80) | secrets.randbits(80)
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def in_no_order(row_id: str) -> str:
    """A sort key by the random end of an identifier: always the same order, and one that means nothing."""
    return row_id[::-1]
