"""Readers of single fields: each takes a value and its path and gives a fact, or refuses it."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tracker.rules.casefile_json import BadCase, Odd, Twice, path_of
from tracker.rules.words import Word

T = TypeVar("T")
W = TypeVar("W", bound=Word)
Reader = Callable[[object, str], T]
MOST = 1_000_000
# One patient's case: thirteen years of daily fills are fewer.
MOST_ITEMS = 5_000
_FIRST, _LAST = date(1900, 1, 1), date(2199, 12, 31)
# A `to` of this day is open (rulebook 11).
_OPEN = "9999-12-31"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"([Zz]|[+-][0-9]{2}:?[0-9]{2})"
)


class Fields:
    """The fields of one JSON object, each read once; what is left over at the end is an unknown key."""

    __slots__ = ("left", "path")

    def __init__(self, value: object, path: str) -> None:
        if not isinstance(value, dict):
            raise BadCase(path, _wrong(value, "must be an object"))
        if isinstance(value, Twice):
            raise BadCase(path_of(path, value.key), "is given twice")
        for key in value:
            if not isinstance(key, str):
                raise BadCase(path, "has a key that is no text")
        self.left, self.path = dict(value), path

    def required(self, key: str, read: Reader[T]) -> T:
        value = self.left.pop(key, None)
        if value is None:
            raise BadCase(path_of(self.path, key), "is required")
        return read(value, path_of(self.path, key))

    def optional(self, key: str, read: Reader[T]) -> T | None:
        value = self.left.pop(key, None)
        return None if value is None else read(value, path_of(self.path, key))

    def given(self, key: str, read: Reader[T], default: T) -> T:
        value = self.left.pop(key, None)
        return default if value is None else read(value, path_of(self.path, key))

    def end(self) -> None:
        for key in self.left:
            raise BadCase(path_of(self.path, key), "is not a known key")


def _wrong(value: object, reason: str) -> str:
    return value.reason if isinstance(value, Odd) else reason


def text(value: object, path: str) -> str:
    """Any text without NUL and broken characters."""
    if not isinstance(value, str):
        raise BadCase(path, _wrong(value, "must be text"))
    if "\0" in value:
        raise BadCase(path, "must not contain a NUL character")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise BadCase(path, "contains half a character (a lone surrogate)") from None
    return value


def name(value: object, path: str) -> str:
    """A text that says something: ids, codes."""
    found = text(value, path)
    if not found.strip():
        raise BadCase(path, "must not be blank")
    return found


def flag(value: object, path: str) -> bool:
    if not isinstance(value, bool):
        raise BadCase(path, _wrong(value, "must be true or false"))
    return value


def _number(value: object, path: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise BadCase(path, _wrong(value, "must be a number"))
    number = (
        value if isinstance(value, Decimal) else Decimal(repr(value) if isinstance(value, float) else value)
    )
    if not number.is_finite():
        raise BadCase(path, "must be a finite number")
    if number < 0:
        raise BadCase(path, "must not be negative")
    if number > MOST:
        raise BadCase(path, f"must be at most {MOST}")
    return number


def whole(value: object, path: str) -> int:
    """A whole number from 0 to a million."""
    if type(value) is int and 0 <= value <= MOST:
        return value
    number = _number(value, path)
    if number != number.to_integral_value():
        raise BadCase(path, "must be a whole number")
    return int(number)


def between(first: int, last: int) -> Reader[int]:
    def read(value: object, path: str) -> int:
        number = whole(value, path)
        if not first <= number <= last:
            raise BadCase(path, f"must be from {first} to {last}")
        return number

    return read


def positive(value: object, path: str) -> int:
    """A whole number above zero."""
    number = whole(value, path)
    if number == 0:
        raise BadCase(path, "must not be zero")
    return number


def amount(value: object, path: str) -> Decimal:
    """mg, kg, limits: above zero, not necessarily whole, of at most 15 digits."""
    number = _number(value, path)
    if number == 0:
        raise BadCase(path, "must not be zero")
    if number.adjusted() < -12:
        raise BadCase(path, "has too many digits")
    number = number.normalize()
    exponent = number.as_tuple().exponent
    if len(number.as_tuple().digits) > 15 or not isinstance(exponent, int) or exponent < -12:
        raise BadCase(path, "has too many digits")
    return number.quantize(Decimal(1)) if exponent > 0 else number


def day(value: object, path: str) -> date:
    """A date YYYY-MM-DD from 1900 to 2199."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise BadCase(path, _wrong(value, "must be a date YYYY-MM-DD"))
    try:
        found = date.fromisoformat(value)
    except ValueError:
        raise BadCase(path, "is no day of the calendar") from None
    return in_range(found, path)


def in_range(found: date, path: str) -> date:
    if not _FIRST <= found <= _LAST:
        raise BadCase(path, "must be a date from 1900 to 2199")
    return found


def end_day(value: object, path: str) -> date | None:
    """The end of a range; 9999-12-31 is open."""
    return None if value == _OPEN else day(value, path)


def instant(value: object, path: str) -> datetime:
    """An instant, ISO 8601 with offset; kept in UTC."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise BadCase(path, _wrong(value, "must be an instant with offset, as 2026-04-10T09:30:00-05:00"))
    try:
        found = datetime.fromisoformat(value.upper().replace(" ", "T"))
        in_range(found.date(), path)
        return found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        if isinstance(error, BadCase):
            raise
        raise BadCase(path, "is no instant of the calendar") from None


def zone(value: object, path: str) -> str:
    """A time zone of the IANA list."""
    found = name(value, path)
    try:
        ZoneInfo(found)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise BadCase(path, "is not a known time zone") from None
    return found


def word(words: type[W]) -> Reader[W]:
    """One of an enumeration's values."""
    by_value = {each.value: each for each in words}

    def read(value: object, path: str) -> W:
        if not isinstance(value, str) or value not in by_value:
            raise BadCase(path, _wrong(value, "must be one of " + ", ".join(by_value)))
        return by_value[value]

    return read


def items(read: Reader[T]) -> Reader[tuple[T, ...]]:
    """A list of at most `MOST_ITEMS`, each item read alike."""

    def read_all(value: object, path: str) -> tuple[T, ...]:
        if not isinstance(value, (list, tuple)):
            raise BadCase(path, _wrong(value, "must be a list"))
        if len(value) > MOST_ITEMS:
            raise BadCase(path, f"has {len(value)} items; a case takes at most {MOST_ITEMS}")
        return tuple(read(each, path_of(path, number)) for number, each in enumerate(value))

    return read_all


def present(read: Reader[T]) -> Reader[T]:
    """An item of a list that must not be null."""

    def read_one(value: object, path: str) -> T:
        if value is None:
            raise BadCase(path, "must not be null")
        return read(value, path)

    return read_one


def units(value: object, path: str) -> Mapping[str, int]:
    """Whole units per billing code."""
    fields = Fields(value, path)
    return {
        name(code, path_of(path, code)): whole(count, path_of(path, code))
        for code, count in fields.left.items()
    }
