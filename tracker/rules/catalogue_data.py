"""The catalogue's data file read into plain tables, every fault named by its place.

The files of `tracker/rules/data/` are part of the program: they are read once, when it is loaded. No check
reads a file, so the rules stay free of input and output.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from importlib import resources
from typing import Any, TypeVar

from tracker.rules.words import Drug, Formulation, Word

W = TypeVar("W", bound=Word)
V = TypeVar("V")


class BadCatalogue(ValueError):
    """A packaged table says something that cannot be: what, where, and what may stand there."""


@dataclass(frozen=True, slots=True)
class BillingCode:
    """One code: `unit_mg` milligrams are one unit. `drug` None: not otherwise classified."""

    code: str
    drug: Drug | None
    unit_mg: Decimal
    text: str
    formulation: Formulation | None
    injected: bool
    source: str
    verified_on: date


@dataclass(frozen=True, slots=True)
class Bottle:
    """An oral solution: `mg_per_ml`, whole bottles of `ml`, one mL = one unit of `code`."""

    code: str
    mg_per_ml: int
    ml: int


@dataclass(frozen=True, slots=True)
class Tables:
    """All of the catalogue. `codes` in the order in which a drug's codes are named."""

    codes: tuple[BillingCode, ...]
    capsules: Mapping[Drug, Mapping[Decimal, tuple[str, int]]]
    bottles: Mapping[Drug, Bottle]
    formulations: Mapping[Drug, tuple[Formulation, ...]]
    formulation_required: frozenset[Drug]
    injected: frozenset[Drug]


def packaged(name: str) -> str:
    """The text of a file of `tracker/rules/data/`."""
    return resources.files("tracker.rules").joinpath("data", name).read_text(encoding="utf-8")


def tables_from(text: str) -> Tables:
    """The catalogue's tables; BadCatalogue says what is wrong and where."""
    try:
        return _tables(json.loads(text))
    except json.JSONDecodeError as error:
        raise BadCatalogue(f"The catalogue is no JSON: {error}") from error


def _tables(data: object) -> Tables:
    whole = _object(data, "The catalogue")
    source, read_on = _text(whole, "source", ""), _day(whole, "verified_on")
    codes = tuple(
        _code(_object(each, f"codes[{place}]"), f"codes[{place}]", source, read_on)
        for place, each in enumerate(_list(whole, "codes"))
    )
    names = [each.code for each in codes]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise BadCatalogue(f"codes: {twice} stands twice; keep one.")
    known = frozenset(names)
    return Tables(
        codes,
        _by_drug(whole, "capsules", lambda each, at: _strengths(each, at, known)),
        _by_drug(whole, "bottles", lambda each, at: _bottle(each, at, known)),
        _by_drug(whole, "formulations", _formulations),
        frozenset(_drugs(whole, "formulation_required")),
        frozenset(_drugs(whole, "injected")),
    )


def _code(entry: Mapping[str, Any], at: str, source: str, read_on: date) -> BillingCode:
    drug, formulation = entry.get("drug"), entry.get("formulation")
    injected = entry.get("injected", False)
    if not isinstance(injected, bool):
        raise BadCatalogue(f"{at}.injected: {injected!r} is neither true nor false.")
    return BillingCode(
        _text(entry, "code", at),
        None if drug is None else _word(Drug, drug, f"{at}.drug"),
        _milligrams(entry.get("unit_mg"), f"{at}.unit_mg"),
        _text(entry, "text", at),
        None if formulation is None else _word(Formulation, formulation, f"{at}.formulation"),
        injected,
        source,
        read_on,
    )


def _strengths(entry: object, at: str, known: frozenset[str]) -> Mapping[Decimal, tuple[str, int]]:
    """Largest first, so that a dose is split as rulebook 2.1 says."""
    found = {}
    for strength, units in _object(entry, at).items():
        here = f"{at}.{strength}"
        one = _object(units, here)
        amount = _milligrams(strength, here)
        found[amount] = _known(one, here, known), _count(one, "units", here)
    return dict(sorted(found.items(), reverse=True))


def _bottle(entry: object, at: str, known: frozenset[str]) -> Bottle:
    one = _object(entry, at)
    return Bottle(_known(one, at, known), _count(one, "mg_per_ml", at), _count(one, "ml", at))


def _formulations(entry: object, at: str) -> tuple[Formulation, ...]:
    if not isinstance(entry, list) or not entry:
        raise BadCatalogue(f"{at}: list the formulations of the drug, or leave the drug out.")
    return tuple(_word(Formulation, each, at) for each in entry)


def _by_drug(whole: Mapping[str, Any], name: str, read: Callable[[object, str], V]) -> dict[Drug, V]:
    table = _object(whole.get(name), name)
    return {_word(Drug, key, name): read(each, f"{name}.{key}") for key, each in table.items()}


def _drugs(whole: Mapping[str, Any], name: str) -> list[Drug]:
    return [_word(Drug, each, name) for each in _list(whole, name)]


def _known(entry: Mapping[str, Any], at: str, known: frozenset[str]) -> str:
    code = _text(entry, "code", at)
    if code not in known:
        raise BadCatalogue(f"{at}.code: {code} is not among the codes.")
    return code


def _object(value: object, at: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadCatalogue(f"{at} is no JSON object.")
    return value


def _list(entry: Mapping[str, Any], name: str) -> list[Any]:
    value = entry.get(name)
    if not isinstance(value, list):
        raise BadCatalogue(f"{name} is no list.")
    return value


def _text(entry: Mapping[str, Any], name: str, at: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value.strip():
        raise BadCatalogue(f"{at + '.' if at else ''}{name} is missing.")
    return value


def _day(entry: Mapping[str, Any], name: str) -> date:
    value = _text(entry, name, "")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise BadCatalogue(f"{name}: {value!r} is no date; write it as in 2026-03-17.") from error


def _count(entry: Mapping[str, Any], name: str, at: str) -> int:
    value = entry.get(name)
    if type(value) is not int or value < 1:
        raise BadCatalogue(f"{at}.{name}: {value!r} is no whole number above 0.")
    return value


def _milligrams(value: object, at: str) -> Decimal:
    """Written as text, so that 0.1 is a tenth and nothing near it."""
    try:
        amount = Decimal(value) if isinstance(value, str) else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount <= 0:
        raise BadCatalogue(f'{at}: {value!r} are no milligrams; write them in quotes, as in "0.25".')
    return amount


def _word(words: type[W], value: Any, at: str) -> W:
    try:
        return words(value)
    except ValueError as error:
        allowed = ", ".join(words)
        raise BadCatalogue(f"{at}: {value!r} is unknown; write one of {allowed}.") from error
