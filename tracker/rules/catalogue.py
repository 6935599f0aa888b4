"""Drugs, forms, strengths and billing codes with their unit sizes, as `data/codes.json` says.

The data file is part of the program and is read once, when this module is loaded; no check reads a file.
Ophthalmic cyclosporine has none of these codes.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from tracker.rules.catalogue_data import BillingCode, Bottle, packaged, tables_from
from tracker.rules.words import Drug, Form, Formulation

_TABLES: Final = tables_from(packaged("codes.json"))

# In the order in which a drug's codes are named: its first is the "right code" of a mismatch.
CODES: Final[tuple[BillingCode, ...]] = _TABLES.codes
_BY_CODE: Final[Mapping[str, BillingCode]] = {each.code: each for each in CODES}

# Capsules of one drug that are billed under several codes: mg of the capsule -> code, units of it.
# Rulebook 2.2: one 100 mg capsule = 1 x J7502, one 25 mg = 1 x J7515, one 50 mg = 2 x J7515.
CAPSULES: Final[Mapping[Drug, Mapping[Decimal, tuple[str, int]]]] = _TABLES.capsules

# Rulebook 2.3; Neoral, Gengraf and Sandimmune oral solution, 50 mL bottles.
SOLUTIONS: Final[Mapping[Drug, Bottle]] = _TABLES.bottles

FORMULATIONS: Final[Mapping[Drug, tuple[Formulation, ...]]] = _TABLES.formulations
# Without it the codes of these drugs are not known.
FORMULATION_REQUIRED: Final = _TABLES.formulation_required
INJECTED: Final = _TABLES.injected


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


_OWN_CODES: Final = {
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


def tells_formulation(code: str) -> bool:
    """Does a code stand for one formulation of its drug? J7502 and J7515 do not."""
    entry = _BY_CODE.get(code)
    return entry is not None and (entry.drug not in FORMULATIONS or entry.formulation is not None)
