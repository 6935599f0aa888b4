"""Column types: instants, quantities, words and texts that refuse what must not be stored."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, DateTime, Enum, String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from tracker.models.ids import LENGTH

# C0 and C1 controls but tab and line feed, lone surrogates, and the marks that turn text around.
REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
THOUSAND = Decimal(1000)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Refuses naive values; always gives UTC back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Quantity(TypeDecorator[Decimal]):
    """A decimal with at most three places, stored as whole thousandths."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        thousandths = Decimal(value) * THOUSAND
        if thousandths != thousandths.to_integral_value():
            raise ValueError("a quantity has at most three decimal places")
        return int(thousandths)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        if value is None:
            return None
        quantity = (Decimal(value) / THOUSAND).normalize()
        return quantity.quantize(Decimal(1)) if quantity == quantity.to_integral_value() else quantity


class CleanText(TypeDecorator[str]):
    """Text from outside: NUL, control characters and lone surrogates are refused."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is not None and REFUSED.search(value):
            raise ValueError("text holds a character that cannot be stored")
        return value


def row_id() -> String:
    return String(LENGTH)


def word_type(words: type[StrEnum], name: str) -> Enum:
    """A word stored by its value, held by a CHECK constraint called `name`."""
    return Enum(
        words,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=40,
        validate_strings=True,
        values_callable=_values,
    )


def _values(words: Any) -> list[str]:
    return [word.value for word in words]
