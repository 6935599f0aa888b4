"""Drugs, forms, strengths and billing codes with their unit sizes: the only place that names a code.

Code texts: CMS HCPCS 2019 alpha-numeric file (HCPC2019_CONTR_ANWEB) and, for those in force in April 2026,
OPPS Addendum B of April 2026; rulebook section 2. Ophthalmic cyclosporine has none of these codes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tracker.rules.words import Drug, Form, Formulation

SOURCE = "CMS HCPCS alpha-numeric file 2019; OPPS Addendum B, April 2026"


@dataclass(frozen=True, slots=True)
class BillingCode:
    """One code: `unit_mg` milligrams are one unit. `drug` None: not otherwise classified."""

    code: str
    drug: Drug | None
    unit_mg: Decimal
    text: str
    formulation: Formulation | None = None
    injected: bool = False
    source: str = SOURCE


def _code(code: str, drug: Drug, unit_mg: str, text: str, **more: Formulation | bool) -> BillingCode:
    return BillingCode(code, drug, Decimal(unit_mg), text, **more)  # type: ignore[arg-type]


# In the order in which a drug's codes are named: its first is the "right code" of a mismatch.
CODES: tuple[BillingCode, ...] = (
    _code("J7502", Drug.CYCLOSPORINE, "100", "Cyclosporine, oral, 100 mg"),
    _code("J7515", Drug.CYCLOSPORINE, "25", "Cyclosporine, oral, 25 mg"),
    _code("J7516", Drug.CYCLOSPORINE, "250", "Cyclosporine, injection, 250 mg", injected=True),
    _code("J7500", Drug.AZATHIOPRINE, "50", "Azathioprine, oral, 50 mg"),
    _code("J7501", Drug.AZATHIOPRINE, "100", "Azathioprine, parenteral, 100 mg", injected=True),
    _code(
        "J7507",
        Drug.TACROLIMUS,
        "1",
        "Tacrolimus, immediate release, oral, 1 mg",
        formulation=Formulation.IMMEDIATE_RELEASE,
    ),
    _code(
        "J7503",
        Drug.TACROLIMUS,
        "0.25",
        "Tacrolimus, extended release (Envarsus XR), oral, 0.25 mg",
        formulation=Formulation.ENVARSUS_XR,
    ),
    _code(
        "J7508",
        Drug.TACROLIMUS,
        "0.1",
        "Tacrolimus, extended release (Astagraf XL), oral, 0.1 mg",
        formulation=Formulation.ASTAGRAF_XL,
    ),
    _code("J7517", Drug.MYCOPHENOLATE_MOFETIL, "250", "Mycophenolate mofetil, oral, 250 mg"),
    _code("J7518", Drug.MYCOPHENOLIC_ACID, "180", "Mycophenolic acid, oral, 180 mg"),
    _code("J7520", Drug.SIROLIMUS, "1", "Sirolimus, oral, 1 mg"),
    _code("J7527", Drug.EVEROLIMUS, "0.25", "Everolimus, oral, 0.25 mg"),
    _code("J7512", Drug.PREDNISONE, "1", "Prednisone, oral, 1 mg"),
    _code("J7510", Drug.PREDNISOLONE, "5", "Prednisolone, oral, 5 mg"),
    _code("J7509", Drug.METHYLPREDNISOLONE, "4", "Methylprednisolone, oral, 4 mg"),
    BillingCode("J7599", None, Decimal(1), "Immunosuppressive drug, not otherwise classified"),
)
_BY_CODE: Mapping[str, BillingCode] = {each.code: each for each in CODES}

# Capsules of one drug that are billed under several codes: mg of the capsule -> code, units of it.
# Rulebook 2.2: one 100 mg capsule = 1 x J7502, one 25 mg = 1 x J7515, one 50 mg = 2 x J7515.
CAPSULES: Mapping[Drug, Mapping[Decimal, tuple[str, int]]] = {
    Drug.CYCLOSPORINE: {
        Decimal(100): ("J7502", 1),
        Decimal(50): ("J7515", 2),
        Decimal(25): ("J7515", 1),
    }
}


@dataclass(frozen=True, slots=True)
class Bottle:
    """An oral solution: `mg_per_ml`, whole bottles of `ml`, one mL = one unit of `code`."""

    code: str
    mg_per_ml: int
    ml: int


# Rulebook 2.3; Neoral, Gengraf and Sandimmune oral solution, 50 mL bottles.
SOLUTIONS: Mapping[Drug, Bottle] = {Drug.CYCLOSPORINE: Bottle("J7502", 100, 50)}

FORMULATIONS: Mapping[Drug, tuple[Formulation, ...]] = {
    Drug.CYCLOSPORINE: (Formulation.MODIFIED, Formulation.NON_MODIFIED),
    Drug.TACROLIMUS: (Formulation.IMMEDIATE_RELEASE, Formulation.ENVARSUS_XR, Formulation.ASTAGRAF_XL),
}
# Without it the codes of these drugs are not known.
FORMULATION_REQUIRED = frozenset({Drug.TACROLIMUS})
INJECTED = frozenset({Drug.CYCLOSPORINE, Drug.AZATHIOPRINE})


def drugs() -> tuple[Drug, ...]:
    """Every drug of the catalogue."""
    return tuple(Drug)


def forms_of(drug: Drug) -> tuple[Form, ...]:
    """The forms in which a drug can be on file."""
    forms = [Form.CAPSULE, Form.TABLET]
    if drug in SOLUTIONS:
        forms.append(Form.SOLUTION)
    if drug in INJECTED:
        forms.append(Form.INJECTION)
    return tuple(forms)


def strengths_of(drug: Drug) -> tuple[Decimal, ...]:
    """The capsule strengths a drug is bound to, largest first; empty: any."""
    return tuple(CAPSULES.get(drug, ()))


def _own_codes(drug: Drug, formulation: Formulation | None, injected: bool) -> tuple[str, ...]:
    return tuple(
        each.code
        for each in CODES
        if each.drug is drug
        and each.injected == injected
        and (each.formulation is None or formulation is None or each.formulation is formulation)
    )


_OWN_CODES = {
    (drug, formulation, injected): _own_codes(drug, formulation, injected)
    for drug in Drug
    for formulation in (None, *Formulation)
    for injected in (False, True)
}


def codes_of(drug: Drug, formulation: Formulation | None, form: Form) -> tuple[str, ...]:
    """A drug's own codes: those of its formulation and of its form, oral or injection."""
    return _OWN_CODES[drug, formulation, form is Form.INJECTION]


def code_of(code: str) -> BillingCode | None:
    """The catalogue's entry of a code; None if it has none."""
    return _BY_CODE.get(code)


def label_of(code: str) -> str:
    """What a code stands for, for people."""
    entry = _BY_CODE.get(code)
    return entry.text if entry else f"code {code}"
