"""Dose, capsules, units (rulebook 2): what one fill of a regimen is billed as. Never rounds a dose."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from math import ceil
from typing import Final

from tracker.rules.catalogue import CAPSULES, SOLUTIONS, code_of, codes_of
from tracker.rules.facts import Regimen
from tracker.rules.words import Drug, Form

Units = Mapping[str, int]
NOTHING: Final = Decimal(0)
SOLID: Final = frozenset({Form.CAPSULE, Form.TABLET})


@dataclass(frozen=True, slots=True)
class Split:
    """One dose over the strengths, largest first; `remainder_mg` is what no strength can make."""

    pieces: tuple[tuple[Decimal, int], ...]
    remainder_mg: Decimal


@lru_cache(maxsize=4096)
def split_dose(dose_mg: Decimal, strengths_mg: tuple[Decimal, ...]) -> Split:
    """Split one single dose over capsule or tablet strengths, largest first (rulebook 2.1)."""
    pieces, left = [], dose_mg
    for strength in sorted(set(strengths_mg), reverse=True):
        count = int(left // strength)
        if count:
            pieces.append((strength, count))
            left -= count * strength
    return Split(tuple(pieces), left)


def remainder_mg(regimen: Regimen) -> Decimal:
    """What the strengths of a regimen cannot make of its dose; 0 for liquids."""
    if regimen.form not in SOLID:
        return NOTHING
    return split_dose(regimen.dose_mg, regimen.strengths_mg).remainder_mg


def mg_per_day(regimen: Regimen) -> Decimal:
    return regimen.dose_mg * regimen.doses_per_day


def unit_mg(code: str) -> Decimal:
    """Size of one unit; a code that the catalogue lacks weighs nothing."""
    entry = code_of(code)
    return entry.unit_mg if entry else NOTHING


@lru_cache(maxsize=4096)
def _per_dose(
    drug: Drug, dose_mg: Decimal, strengths_mg: tuple[Decimal, ...], code: str
) -> Mapping[str, tuple[int, Decimal]] | None:
    """Capsules and units of one dose by code; None if the strengths cannot make it."""
    split = split_dose(dose_mg, strengths_mg)
    if split.remainder_mg:
        return None
    table = CAPSULES.get(drug)
    if table is None:
        return {code: (sum(count for _, count in split.pieces), dose_mg / unit_mg(code))}
    found: dict[str, tuple[int, Decimal]] = {}
    for strength, count in split.pieces:
        own, units = table[strength]
        capsules, sofar = found.get(own, (0, NOTHING))
        found[own] = (capsules + count, sofar + count * units)
    return found


def own_codes(regimen: Regimen) -> tuple[str, ...]:
    """A regimen's own codes."""
    return codes_of(regimen.drug, regimen.formulation, regimen.form)


def per_dose(regimen: Regimen) -> Mapping[str, tuple[int, Decimal]] | None:
    """Capsules (tablets) and units of one dose, by code; None for a dose that cannot be made."""
    first = own_codes(regimen)[0]
    return _per_dose(regimen.drug, regimen.dose_mg, regimen.strengths_mg, first)


def dispensed(regimen: Regimen, days_asked: int) -> tuple[Units | None, int]:
    """Units and days supply of a fill of so many days; units None if the dose cannot be made.

    Whole bottles of a solution may last longer than asked (rulebook 2.3).
    """
    if regimen.form is Form.SOLUTION:
        return _bottles(regimen, days_asked)
    code = own_codes(regimen)[0]
    if regimen.form in SOLID:
        dose = per_dose(regimen)
        if dose is None:
            return None, days_asked
        doses = regimen.doses_per_day * days_asked
        return {own: ceil(units * doses) for own, (_, units) in dose.items()}, days_asked
    return {code: ceil(mg_per_day(regimen) * days_asked / unit_mg(code))}, days_asked


def _bottles(regimen: Regimen, days_asked: int) -> tuple[Units, int]:
    bottle = SOLUTIONS[regimen.drug]
    ml_per_day = mg_per_day(regimen) / bottle.mg_per_ml
    ml = ceil(ml_per_day * days_asked / bottle.ml) * bottle.ml
    return {bottle.code: ml}, int(ml // ml_per_day)


def mg_of(regimen: Regimen, units: Units | None) -> Decimal | None:
    """Milligrams of the drug's own codes; None if none of them is on file (rulebook 2.4)."""
    if units is None:
        return None
    mg: Decimal | None = None
    for code in own_codes(regimen):
        count = units.get(code)
        if count:
            mg = count * unit_mg(code) + (mg or NOTHING)
    return mg


def capsules_of(regimen: Regimen, code: str, units: int) -> int | None:
    """Capsules (tablets) of so many units of one code; None if that cannot be told (rulebook 5.3)."""
    if regimen.form not in SOLID:
        return None
    dose = per_dose(regimen)
    if dose is None:
        return None
    capsules, per = dose.get(code, (1, Decimal(1)))
    return ceil(units * capsules / per)
