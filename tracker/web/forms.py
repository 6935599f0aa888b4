"""Fields that every form is made of. A form checks shape and type; the service checks truth."""

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_wtf import FlaskForm
from wtforms import EmailField, Field, HiddenField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.fields import SelectChoice
from wtforms.widgets import TextInput

from tracker.models.types import REFUSED
from tracker.rules.words import Word
from tracker.web import access

ISO = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
AHEAD = re.compile(r"\+(\d{1,4})d", re.IGNORECASE)
DATE_HINT = "2026-03-17, 3/17/2026, +30d or eom"
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)


class BaseForm(FlaskForm):
    """A form with its CSRF token; `today` is the clinic's."""

    @property
    def today(self) -> date:
        return access.today()

    def fail(self, message: str, field: str | None = None) -> None:
        """Show a refusal of the service: at its field if the form has it, else on top."""
        target = getattr(self, field, None) if field else None
        if isinstance(target, Field):
            target.errors = [*target.errors, message]
        else:
            self.form_errors.append(message)


class VersionedForm(BaseForm):
    """A form that changes a record; `version` is the one that was read."""

    version = HiddenField(default="1")

    @property
    def read_version(self) -> int:
        text = str(self.version.data or "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def clean(text: str) -> str:
    """Without spaces around; raises ValueError for a character that cannot be stored."""
    if REFUSED.search(text.replace("\r\n", "\n")):
        raise ValueError("This text holds a character that cannot be stored. Type it again.")
    return text.replace("\r\n", "\n").strip()


class _Clean:
    """Text from outside, refused when hostile; an empty one is None."""

    data: Any
    flags: Any

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        raw = valuelist[0] if valuelist else ""
        self.data = raw
        self.data = clean(raw) or None

    def pre_validate(self, form: Any) -> None:
        longest = getattr(self, "longest", None)
        if longest and self.data and len(self.data) > longest:
            raise ValidationError(f"Use at most {longest} characters.")


class CleanStringField(_Clean, StringField):
    def __init__(self, label: str, validators: Any = None, *, longest: int = 200, **more: Any) -> None:
        more.setdefault("render_kw", {})["maxlength"] = longest
        super().__init__(label, validators, **more)
        self.longest = longest


class CleanEmailField(_Clean, EmailField):
    """An address as typed, refused when hostile."""


class CleanTextField(_Clean, TextAreaField):
    def __init__(self, label: str, validators: Any = None, *, longest: int = 500, **more: Any) -> None:
        super().__init__(label, validators, **more)
        self.longest = longest


class TypedField(Field):
    """A field whose text is kept as typed when it cannot be read."""

    widget = TextInput()
    typed: str | None = None

    def _value(self) -> str:
        if self.typed is not None:
            return self.typed
        return "" if self.data is None else self.shown(self.data)

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.typed = valuelist[0] if valuelist else ""
        self.data = None
        text = self.typed.strip()
        if text:
            self.data = self.read(text)
            self.typed = None

    def shown(self, value: Any) -> str:
        return str(value)

    def read(self, text: str) -> Any:
        raise NotImplementedError


class DateField(TypedField):
    """`2026-03-17`, `3/17/2026`, `+30d` or `eom`, the last two from the clinic's today."""

    def __init__(self, label: str, validators: Any = None, **more: Any) -> None:
        more.setdefault("description", DATE_HINT)
        more.setdefault("render_kw", {}).setdefault("autocomplete", "off")
        super().__init__(label, validators, **more)

    def read(self, text: str) -> date:
        return read_date(text, access.today)


def read_date(text: str, today: Callable[[], date]) -> date:
    """The date that a person typed. Raises ValueError with the cure, also for one that no record has."""
    value = _typed_date(text, today)
    if not EARLIEST <= value <= LATEST:
        raise ValueError("Give a date between 1900 and 2199.")
    return value


def asked_day(text: str | None, name: str, faults: dict[str, str]) -> date | None:
    """A day in an address; None for none, and for one that cannot be: then `faults` says why, by name."""
    if not text:
        return None
    try:
        return read_date(text.strip()[:40], access.today)
    except ValueError as error:
        faults[name] = str(error)
        return None


def _typed_date(text: str, today: Callable[[], date]) -> date:
    lowered = text.lower()
    if ahead := AHEAD.fullmatch(lowered):
        return today() + timedelta(days=int(ahead[1]))
    if lowered == "eom":
        now = today()
        return now.replace(day=monthrange(now.year, now.month)[1])
    if not text.isascii():
        raise ValueError(f"Write the date as in {DATE_HINT}.")
    if ISO.fullmatch(text):
        year, month, number = (int(part) for part in text.split("-"))
    elif american := AMERICAN.fullmatch(text):
        month, number, year = (int(part) for part in american.groups())
    else:
        raise ValueError(f"Write the date as in {DATE_HINT}, with a four-digit year.")
    return _existing(year, month, number)


def _existing(year: int, month: int, number: int) -> date:
    if not 1 <= month <= 12:
        raise ValueError(f"There is no month {month}.")
    if year < 1:
        raise ValueError("Give a date between 1900 and 2199.")
    last = monthrange(year, month)[1]
    if not 1 <= number <= last:
        raise ValueError(f"{date(year, month, 1):%B} {year} has {last} days.")
    return date(year, month, number)


class NumberField(TypedField):
    """A decimal with at most three places, between its bounds."""

    def __init__(
        self,
        label: str,
        validators: Any = None,
        *,
        low: str = "0.001",
        high: str = "1000000",
        **more: Any,
    ) -> None:
        more.setdefault("render_kw", {})["inputmode"] = "decimal"
        super().__init__(label, validators, **more)
        self.low, self.high = Decimal(low), Decimal(high)

    def read(self, text: str) -> Decimal:
        try:
            value = Decimal(text) if len(text) <= 12 and text.isascii() and "e" not in text.lower() else None
        except InvalidOperation:
            value = None
        if value is None or not value.is_finite():
            raise ValueError("Give a number, as in 62.5.")
        if not self.low <= value <= self.high:
            raise ValueError(f"Give a number from {self.low} to {self.high}.")
        if value != value.quantize(Decimal("0.001")):
            raise ValueError("Give at most three decimal places.")
        return value


class WholeField(TypedField):
    """A whole number between its bounds."""

    def __init__(
        self, label: str, validators: Any = None, *, low: int = 0, high: int = 1_000_000, **more: Any
    ) -> None:
        more.setdefault("render_kw", {})["inputmode"] = "numeric"
        super().__init__(label, validators, **more)
        self.low, self.high = low, high

    def read(self, text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            raise ValueError("Give a whole number.")
        value = int(text)
        if not self.low <= value <= self.high:
            raise ValueError(f"Give a whole number from {self.low} to {self.high}.")
        return value


class ChoiceField(SelectField):
    """A select over (value, label) pairs; an empty choice gives None."""

    def __init__(
        self,
        label: str,
        validators: Any = None,
        *,
        pairs: Iterable[tuple[str, str]] = (),
        blank: str | None = "",
        **more: Any,
    ) -> None:
        super().__init__(label, validators, choices=[], validate_choice=False, **more)
        self.blank = blank
        self.offer(pairs)

    def offer(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Set what can be chosen; the empty choice stays first."""
        first = [] if self.blank is None else [SelectChoice("", self.blank)]
        self.choices = first + [SelectChoice(value, text) for value, text in pairs]

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.data = (valuelist[0] if valuelist else "") or None

    def pre_validate(self, form: Any) -> None:
        offered = {choice.value for choice in self.choices}
        if self.data is not None and str(self.data) not in offered:
            raise ValidationError("Choose one of the list.")


class WordField(ChoiceField):
    """A select over the words of the rulebook; the data is the word."""

    def __init__(self, label: str, words: type[Word], validators: Any = None, **more: Any) -> None:
        super().__init__(label, validators, pairs=[(word.value, word.label) for word in words], **more)
        self.words = words

    def pre_validate(self, form: Any) -> None:
        super().pre_validate(form)
        if self.data is not None:
            self.data = self.words(self.data)


class YesNoUnknownField(ChoiceField):
    """Yes, no, or not known (None)."""

    def __init__(self, label: str, validators: Any = None, **more: Any) -> None:
        more.setdefault("blank", "Not known")
        super().__init__(label, validators, pairs=[("yes", "Yes"), ("no", "No")], **more)

    def process_data(self, value: Any) -> None:
        self.data = {True: "yes", False: "no"}.get(value, value)

    @property
    def answer(self) -> bool | None:
        """What was chosen."""
        return {"yes": True, "no": False}.get(str(self.data))


__all__ = [
    "BaseForm",
    "ChoiceField",
    "CleanStringField",
    "CleanTextField",
    "DateField",
    "NumberField",
    "VersionedForm",
    "WholeField",
    "WordField",
    "YesNoUnknownField",
]
