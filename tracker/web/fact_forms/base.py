"""What the forms of facts share: how a row becomes a form, and a form becomes values for the service."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from wtforms.validators import StopValidation

from tracker.web import access
from tracker.web.forms import (
    ChoiceField,
    TypedField,
    VersionedForm,
    YesNoUnknownField,
    read_date,
)

MOMENT = re.compile(r"(\S+)[ T]+([0-9]{1,2}):([0-9]{2})")
MOST_TOKENS = 12
TOKEN = re.compile(r"[A-Z0-9]{1,6}")
LEFT_OUT = {"csrf_token", "version"}


@dataclass(frozen=True, slots=True)
class Scene:
    """What a form may offer: this clinic's plans and this patient's own records, as (id, name)."""

    plans: Sequence[tuple[str, str]] = ()
    authorizations: Sequence[tuple[str, str]] = ()
    fills: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that stand together under a heading; `beside` puts two of them in a row."""

    shape: ClassVar[str] = "group"
    title: str
    names: Sequence[str]
    note: str = ""
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Sides:
    """Two groups, beside each other where there is room."""

    shape: ClassVar[str] = "sides"
    groups: Sequence[Group]


@dataclass(frozen=True, slots=True)
class Row:
    """The fields of one billing code; `head` is the field that names it, where it is not known yet."""

    code: str
    text: str
    names: Sequence[str]
    head: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """The same fields for each billing code; `heads` name the columns after the code's."""

    shape: ClassVar[str] = "table"
    title: str
    note: str
    heads: Sequence[str]
    rows: Sequence[Row]


Part = Group | Sides | Table


@dataclass(frozen=True, slots=True)
class Needed:
    """A field that must hold something; spaces are nothing. What is typed wrong has its own sentence."""

    message: str
    field_flags: Mapping[str, bool] = field(default_factory=lambda: {"required": True})

    def __call__(self, form: Any, checked: Any) -> None:
        if checked.data in (None, "") and not checked.errors:
            raise StopValidation(self.message)


class FactForm(VersionedForm):
    """Fields are named as the columns they fill; `coded` names those that stand for a billing code."""

    groups: Sequence[Group] = ()
    codes: Sequence[str] = ()
    coded: frozenset[str] = frozenset()

    @classmethod
    def initial(cls, row: Any) -> dict[str, Any]:
        """What the form shows for a row on file."""
        names = [name for name in dir(cls) if not name.startswith("_")]
        return {name: getattr(row, name) for name in names if hasattr(row, name) and name != "meta"}

    @classmethod
    def codes_on(cls, row: Any) -> list[str]:
        """The billing codes that a row on file names."""
        return []

    def prepare(self, scene: Scene) -> None:
        """Set what its lists offer."""

    def values(self) -> dict[str, Any]:
        """Column -> value, for the service."""
        return {each.name: data_of(each) for each in self if each.name not in LEFT_OUT | self.coded}

    def layout(self) -> Sequence[Part]:
        """The groups, or all fields in one."""
        return self.groups or [Group("", [each.name for each in self if each.name not in LEFT_OUT])]


def keep_offered(each: ChoiceField) -> None:
    """A list goes on to offer what is on file, so that saving another field does not lose it."""
    kept = each.object_data
    if kept and str(kept) not in {choice.value for choice in each.choices}:
        each.offer([*((choice.value, choice.label) for choice in each.choices if choice.value), (kept, kept)])


def data_of(each: Any) -> Any:
    """The value of a field as a column takes it."""
    return each.answer if isinstance(each, YesNoUnknownField) else each.data


class MomentField(TypedField):
    """`2026-06-05 16:40` on the clinic's clock; the data is an instant in UTC."""

    def __init__(self, label: str, validators: Any = None, **more: Any) -> None:
        more.setdefault("render_kw", {}).setdefault("autocomplete", "off")
        super().__init__(label, validators, **more)

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """An instant that was left as shown stays as it was, seconds and the hour of a clock change too."""
        kept = self.object_data
        if kept is not None and valuelist and valuelist[0].strip() == self.shown(kept):
            self.data = kept
            return
        super().process_formdata(valuelist)

    def read(self, text: str) -> datetime:
        found = MOMENT.fullmatch(text)
        if not found or int(found[2]) > 23 or int(found[3]) > 59:
            raise ValueError("Write day and time, as in 2026-06-05 16:40.")
        day: date = read_date(found[1], access.today)
        zone = _zone()
        local = datetime(day.year, day.month, day.day, int(found[2]), int(found[3]), tzinfo=zone)
        instant = local.astimezone(UTC)
        if instant.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
            raise ValueError("The clocks went forward then: this time did not exist.")
        return instant

    def shown(self, value: datetime) -> str:
        return f"{value.astimezone(_zone()):%Y-%m-%d %H:%M}"


def _zone() -> ZoneInfo:
    return ZoneInfo(access.current_clinic().time_zone)


class StrengthsField(TypedField):
    """`100, 25`: milligrams, kept largest first as exact texts."""

    def shown(self, value: Sequence[str]) -> str:
        return ", ".join(value)

    def read(self, text: str) -> list[str]:
        strengths = set()
        for part in text.replace("mg", " ").replace(",", " ").split():
            try:
                strength = Decimal(part) if len(part) <= 8 and part.isascii() else None
            except InvalidOperation:
                strength = None
            if strength is None or not strength.is_finite() or not 0 < strength <= 10000:
                raise ValueError(f"{part[:20]} is no strength. Write milligrams, as in 100, 25.")
            strengths.add(strength)
        return [format(strength.normalize(), "f") for strength in sorted(strengths, reverse=True)]


class TokensField(TypedField):
    """Short codes with commas or spaces between: `KX, GA`."""

    def shown(self, value: Sequence[str]) -> str:
        return ", ".join(value)

    def read(self, text: str) -> list[str]:
        tokens = text.upper().replace(",", " ").split()
        for token in tokens:
            if not TOKEN.fullmatch(token):
                raise ValueError(f"{token[:20]} is no code. Write letters and digits, as in KX.")
        if len(tokens) > MOST_TOKENS:
            raise ValueError(f"Give at most {MOST_TOKENS} codes.")
        return tokens
