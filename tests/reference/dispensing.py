"""What one fill dispenses: capsules, units, milligrams (rulebook 2)."""

import math
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from reference.codes import UNIT_MG, own_codes
from tracker.rules.facts import Fill, Override, Regimen

BOTTLE_ML = 50
ML_MG = 100


@dataclass
class Dispensing:
    """A fill, real or of the table. `units` are worked out where they are not on file; None: unknown."""

    on: date
    days_supply: int
    units: dict[str, int] | None
    formulation: str | None
    regimen: Regimen | None
    real: Fill | None = None
    planned: bool = False
    override: Override | None = None

    @property
    def id(self) -> str:
        return self.real.id if self.real is not None else self.on.isoformat()

    @property
    def on_file(self) -> str | None:
        """The formulation on file: of a real fill its own only."""
        return self.real.formulation if self.real is not None else self.formulation

    @property
    def denied(self) -> bool:
        return self.real is not None and self.real.claim is not None and self.real.claim.status == "denied"

    @property
    def paid(self) -> bool:
        return self.real is not None and self.real.claim is not None and self.real.claim.status == "paid"

    def of_product(self, drug: str, formulation: str | None) -> bool:
        """The same drug and formulation? One that is nowhere on file fits any."""
        if self.regimen is None or self.regimen.drug != drug:
            return False
        own = self.formulation or self.regimen.formulation
        return own is None or formulation is None or own == formulation


def day_mg(regimen: Regimen) -> Fraction:
    return Fraction(regimen.dose_mg) * regimen.doses_per_day


def split(regimen: Regimen) -> tuple[list[tuple[Fraction, int]], Fraction]:
    """One dose over the strengths, largest first: (strength, count) each, and what remains."""
    left, found = Fraction(regimen.dose_mg), []
    for strength in sorted({Fraction(each) for each in regimen.strengths_mg}, reverse=True):
        count = left // strength
        left -= count * strength
        if count:
            found.append((strength, int(count)))
    return found, left


def solid(regimen: Regimen) -> bool:
    return regimen.form in ("capsule", "tablet")


def capsule_code(strength: Fraction) -> str:
    return "J7502" if strength == 100 else "J7515"


def units_of(regimen: Regimen, days: int) -> tuple[dict[str, int] | None, int]:
    """Units and days supply of a fill of this regimen that is asked for `days`."""
    codes = own_codes(regimen)
    if regimen.form == "solution":
        a_day = day_mg(regimen) / ML_MG
        bottles = math.ceil(a_day * days / BOTTLE_ML)
        return {codes[0]: bottles * BOTTLE_ML}, math.floor(bottles * BOTTLE_ML / a_day)
    if solid(regimen) and split(regimen)[1] != 0:
        return None, days
    if regimen.drug == "cyclosporine" and solid(regimen):
        found: dict[str, int] = {}
        for strength, count in split(regimen)[0]:
            code = capsule_code(strength)
            units = count * regimen.doses_per_day * days * int(strength / UNIT_MG[code])
            found[code] = found.get(code, 0) + units
        return found, days
    return {codes[0]: math.ceil(day_mg(regimen) * days / UNIT_MG[codes[0]])}, days


def mg_of(fill: Dispensing) -> Fraction:
    """Milligrams in the drug's own codes, else days supply x mg per day."""
    assert fill.regimen is not None
    own = own_codes(fill.regimen)
    if fill.units is not None and any(code in own and fill.units[code] for code in fill.units):
        return sum((units * UNIT_MG[code] for code, units in fill.units.items() if code in own), Fraction(0))
    return fill.days_supply * day_mg(fill.regimen)


def capsules_per_dose(regimen: Regimen) -> dict[str, tuple[int, Fraction]] | None:
    """Per code of the dose: capsules and units of one dose. None: the dose cannot be made."""
    pieces, left = split(regimen)
    if left != 0:
        return None
    found: dict[str, tuple[int, Fraction]] = {}
    for strength, count in pieces:
        code = capsule_code(strength) if regimen.drug == "cyclosporine" else own_codes(regimen)[0]
        capsules, units = found.get(code, (0, Fraction(0)))
        found[code] = capsules + count, units + count * strength / UNIT_MG[code]
    return found
