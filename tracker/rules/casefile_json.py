"""Bytes to a plain JSON document, refusing what no case file may hold: size, encoding, odd numbers."""

import json
import re
from collections import Counter
from decimal import Decimal, InvalidOperation

LIMIT_BYTES = 2_000_000
_PATH_LIMIT = 200


class BadCase(ValueError):
    """A refused case file: where the fault is, and why. Reads `path: reason`, always one line."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = one_line(path) or "document"
        self.reason = one_line(reason)
        super().__init__(f"{self.path}: {self.reason}")


def one_line(text: str) -> str:
    """Printable, short, on one line, whatever was in the file."""
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text[: _PATH_LIMIT + 1])
    return shown if len(text) <= _PATH_LIMIT else shown[:_PATH_LIMIT] + "..."


class Odd:
    """Stands where the file had something no field accepts; says why when a field is read."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Twice(dict[str, object]):
    """An object with a key given twice."""

    key = ""


def document_of(text: bytes | str) -> object:
    """Parse a case file's text."""
    decoded = _decoded(text)
    try:
        return json.loads(
            decoded,
            parse_int=_integer,
            parse_float=_decimal,
            parse_constant=lambda name: Odd(f"{name} is no number"),
            object_pairs_hook=_object,
        )
    except RecursionError:
        raise BadCase("document", "is nested too deeply") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise BadCase("document", f"is not JSON: {error.msg} ({where})") from None


def _decoded(text: bytes | str) -> str:
    size = len(text) if isinstance(text, bytes) else len(text.encode("utf-8", "surrogatepass"))
    if size > LIMIT_BYTES:
        raise BadCase("document", "is larger than 2 MB")
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadCase("document", f"is not UTF-8 (byte {error.start + 1})") from None
    # Windows editors write a byte order mark; it is no part of the document.
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise BadCase("document", "is empty")
    return text


def _integer(digits: str) -> int | Odd:
    return int(digits) if len(digits) <= 20 else Odd("must be at most 1000000")


def _decimal(digits: str) -> Decimal | Odd:
    if len(digits) > 100:
        return Odd("has too many digits")
    try:
        return Decimal(digits)
    except InvalidOperation:
        return Odd("is no number")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    twice, times = Twice(found), Counter(key for key, _ in pairs)
    twice.key = next(key for key, count in times.items() if count > 1)
    return twice


_SIMPLE_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def path_of(parent: str, key: str | int) -> str:
    """`patient.fills[0].units.J7502`."""
    if isinstance(key, int):
        return f"{parent}[{key}]"
    shown = key if _SIMPLE_KEY.fullmatch(key) else json.dumps(key[:60])
    return f"{parent}.{shown}" if parent else shown
