"""The reference's own catalogue: billing codes, their unit size, and whose they are (rulebook 2)."""

from fractions import Fraction

from tracker.rules.facts import Regimen

UNIT_MG = {
    "J7500": Fraction(50),
    "J7501": Fraction(100),
    "J7502": Fraction(100),
    "J7503": Fraction(1, 4),
    "J7507": Fraction(1),
    "J7508": Fraction(1, 10),
    "J7509": Fraction(4),
    "J7510": Fraction(5),
    "J7512": Fraction(1),
    "J7515": Fraction(25),
    "J7516": Fraction(250),
    "J7517": Fraction(250),
    "J7518": Fraction(180),
    "J7520": Fraction(1),
    "J7527": Fraction(1, 4),
}
ORAL = {
    "azathioprine": ["J7500"],
    "cyclosporine": ["J7502", "J7515"],
    "mycophenolate_mofetil": ["J7517"],
    "mycophenolic_acid": ["J7518"],
    "sirolimus": ["J7520"],
    "everolimus": ["J7527"],
    "prednisone": ["J7512"],
    "prednisolone": ["J7510"],
    "methylprednisolone": ["J7509"],
}
TACROLIMUS = {"immediate_release": ["J7507"], "envarsus_xr": ["J7503"], "astagraf_xl": ["J7508"]}
INJECTION = {"azathioprine": ["J7501"], "cyclosporine": ["J7516"]}


def own_codes(regimen: Regimen) -> list[str]:
    """The codes of the regimen's drug, in its formulation and form."""
    if regimen.form == "injection":
        return INJECTION[regimen.drug]
    if regimen.drug == "tacrolimus":
        assert regimen.formulation is not None
        return TACROLIMUS[regimen.formulation]
    return ORAL[regimen.drug]
