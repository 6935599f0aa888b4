"""Which passwords are good enough: long, and not what everybody tries first. No rules about signs or digits.

Two lists: the 30,000 most common passwords of leaked collections (zxcvbn), as they are; and words of this
project, free for any use, alone or repeated, however dressed up with digits, signs and swapped letters.
"""

import re
from pathlib import Path

from zxcvbn.frequency_lists import FREQUENCY_LISTS

from tracker.services.errors import Refused

# NIST SP 800-63B-4, 3.1.1.2: alone, and beside a second factor.
SHORTEST_ALONE = 15
SHORTEST_WITH_SECOND = 8
LONGEST_PASSWORD = 256
FEWEST_DIFFERENT = 5

COMMON = frozenset(Path(__file__).with_name("common_passwords.txt").read_text(encoding="ascii").split())
LEAKED = frozenset(FREQUENCY_LISTS["passwords"])
RUNS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv")
SWAPPED = str.maketrans("013457@$!|", "oieastasil")
NOT_LETTERS = re.compile("[^a-z]+")


def check_password(password: str, *, email: str, name: str, second_factor: bool) -> None:
    """Raise Refused with the cure for a password that is short, endless or easily guessed."""
    shortest = SHORTEST_WITH_SECOND if second_factor else SHORTEST_ALONE
    if len(password) < shortest:
        raise Refused(
            f"A password has at least {shortest} characters. Four words in a row are easy to keep.",
            field="password",
        )
    if len(password) > LONGEST_PASSWORD:
        raise Refused(f"A password has at most {LONGEST_PASSWORD} characters.", field="password")
    if is_common(password) or _is_about(password, email, name):
        raise Refused(
            "This password is among the first that are tried. Choose another, as four words in a row.",
            field="password",
        )


def is_common(password: str) -> bool:
    """Whether it is one of the words everybody tries, a run of keys, or one thing over and over."""
    lowered = password.casefold()
    if len(set(lowered)) < FEWEST_DIFFERENT or lowered in COMMON or lowered in LEAKED:
        return True
    if _is_run(re.sub("[^a-z0-9]", "", lowered)):
        return True
    return any(_is_repeated_word(letters) for letters in _readings(lowered))


def _readings(lowered: str) -> set[str]:
    """The letters as typed, and with look-alike digits read as letters, what stands around left out."""
    bare = re.sub("^[^a-z0-9]+|[^a-z0-9]+$", "", lowered)
    core = re.sub("^[^a-z]+|[^a-z]+$", "", lowered)
    swapped = (text.translate(SWAPPED) for text in (lowered, bare, core))
    return {NOT_LETTERS.sub("", text) for text in (lowered, *swapped)} - {""}


def _is_repeated_word(letters: str) -> bool:
    """One of the words once or several times; two of them in a row count as well."""
    for cut in range(3, len(letters) + 1):
        first, rest = letters[:cut], letters[cut:]
        if first in COMMON and (not rest or rest in COMMON or not rest.replace(first, "")):
            return True
    return False


def _is_run(text: str) -> bool:
    """Made of pieces of four or more neighbours on the keyboard or in the alphabet."""
    rows = [row for run in RUNS for row in (run, run[::-1])]
    at = 0
    while at < len(text):
        longest = max((_together(text, at, row) for row in rows), default=0)
        if longest < 4:
            return False
        at += longest
    return bool(text)


def _together(text: str, at: int, row: str) -> int:
    length = 0
    while at + length < len(text) and text[at : at + length + 1] in row:
        length += 1
    return length


def _is_about(password: str, email: str, name: str) -> bool:
    """Whether little more than the person's own name, address or this product is in it."""
    left = password.casefold()
    words = re.split(r"[^a-z0-9]+", f"{email} {name}".casefold())
    for word in sorted([*words, "tracker", "clinic", "password"], key=len, reverse=True):
        if len(word) >= 3:
            left = left.replace(word, "")
    return len(re.sub(r"[^a-z]", "", left)) < 4 and len(left) < len(password) - 3
