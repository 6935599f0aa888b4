"""What the forms of facts share: how a row becomes a form, and a form becomes values for the service."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from wtforms.validators import InputRequired, StopValidation

from tracker.rules import catalogue
from tracker.rules.words import Drug, Form, Formulation
from tracker.web import access
from tracker.web.forms import TypedField, VersionedForm, WholeField, YesNoUnknownField, read_date

MOMENT = re.compile(r"(\S+)[ T]+(\d{1,2}):(\d{2})")
TOKEN = re.compile(r"[A-Z0-9]{1,6}")
LEFT_OUT = {"csrf_token", "version"}


@dataclass(frozen=True, slots=True)
class Scene:
    """What a form may offer: this clinic's plans and this patient's own records, as (id, name)."""

    zone: str
    plans: Sequence[tuple[str, str]] = ()
    authorizations: Sequence[tuple[str, str]] = ()
    fills: Sequence[tuple[str, str]] = ()
    codes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that stand together under a heading; `beside` puts two of them in a row."""

    title: str
    names: Sequence[str]
    note: str = ""
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Needed:
    """A field that must hold something; spaces are nothing."""

    message: str
    field_flags: Mapping[str, bool] = field(default_factory=lambda: {"required": True})

    def __call__(self, form: Any, checked: Any) -> None:
        if not checked.data and not checked.errors:
            raise StopValidation(self.message)


def asked(message: str) -> InputRequired:
    """For typed fields: nothing typed is the fault, what is typed wrong has its own sentence."""
    return InputRequired(message)


class FactForm(VersionedForm):
    """Fields are named as the columns they fill."""

    groups: Sequence[Group] = ()

    @classmethod
    def initial(cls, row: Any) -> dict[str, Any]:
        """What the form shows for a row on file."""
        names = [name for name in dir(cls) if not name.startswith("_")]
        return {name: getattr(row, name) for name in names if hasattr(row, name) and name != "meta"}

    def prepare(self, scene: Scene) -> None:
        """Set what its lists offer."""

    def values(self) -> dict[str, Any]:
        """Column -> value, for the service."""
        return {each.name: data_of(each) for each in self if each.name not in LEFT_OUT}

    def layout(self) -> Sequence[Group]:
        """The groups, or all fields in one."""
        return self.groups or [Group("", [each.name for each in self if each.name not in LEFT_OUT])]


def data_of(each: Any) -> Any:
    """The value of a field as a column takes it."""
    return each.answer if isinstance(each, YesNoUnknownField) else each.data


class MomentField(TypedField):
    """`2026-06-05 16:40` on the clinic's clock; the data is an instant in UTC."""

    zone = "UTC"

    def read(self, text: str) -> datetime:
        found = MOMENT.fullmatch(text)
        if not found or int(found[2]) > 23 or int(found[3]) > 59:
            raise ValueError("Write day and time, as in 2026-06-05 16:40.")
        day: date = read_date(found[1], access.today)
        local = datetime(
            day.year, day.month, day.day, int(found[2]), int(found[3]), tzinfo=ZoneInfo(self.zone)
        )
        return local.astimezone(UTC)

    def shown(self, value: datetime) -> str:
        return f"{value.astimezone(ZoneInfo(self.zone)):%Y-%m-%d %H:%M}"


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
        return tokens


def unit_field(code: str) -> WholeField:
    """Billing units of one code, its size said beside it."""
    return WholeField(f"{code} units", description=catalogue.label_of(code))


def unit_fields(codes: Sequence[str]) -> dict[str, WholeField]:
    return {f"units_{code}": unit_field(code) for code in codes}


def units_of(form: Any) -> dict[str, int] | None:
    """Code -> units typed; None when nothing was typed: not known."""
    found = {
        each.name.removeprefix("units_"): each.data
        for each in form
        if each.name.startswith("units_") and each.data is not None
    }
    return found or None


def own_codes(regimens: Sequence[Any], kept: Sequence[str] = ()) -> list[str]:
    """The codes a patient's forms offer: those of the drugs taken, and those already on the record."""
    taken = [
        code
        for regimen in regimens
        for code in catalogue.codes_of(Drug(regimen.drug), regimen.formulation, regimen.form)
    ]
    usual = taken or list(catalogue.codes_of(Drug.CYCLOSPORINE, Formulation.MODIFIED, Form.CAPSULE))
    return list(dict.fromkeys([*usual, *kept]))
