"""Codes, dose splits, units, capsules (rulebook 2)."""

from decimal import Decimal

import pytest
from casemaker import document, regimen

from tracker.rules import catalogue
from tracker.rules.casefile import case_from
from tracker.rules.facts import Regimen
from tracker.rules.units import capsules_of, dispensed, mg_of, remainder_mg, unit_mg
from tracker.rules.words import Drug, Form, Formulation


def made(**more: object) -> Regimen:
    return case_from(document(regimens=[regimen(**more)], fills=[])).patient.regimens[0]


CODES = [
    ("J7500", Drug.AZATHIOPRINE, "50", False),
    ("J7501", Drug.AZATHIOPRINE, "100", True),
    ("J7502", Drug.CYCLOSPORINE, "100", False),
    ("J7503", Drug.TACROLIMUS, "0.25", False),
    ("J7507", Drug.TACROLIMUS, "1", False),
    ("J7508", Drug.TACROLIMUS, "0.1", False),
    ("J7509", Drug.METHYLPREDNISOLONE, "4", False),
    ("J7510", Drug.PREDNISOLONE, "5", False),
    ("J7512", Drug.PREDNISONE, "1", False),
    ("J7515", Drug.CYCLOSPORINE, "25", False),
    ("J7516", Drug.CYCLOSPORINE, "250", True),
    ("J7517", Drug.MYCOPHENOLATE_MOFETIL, "250", False),
    ("J7518", Drug.MYCOPHENOLIC_ACID, "180", False),
    ("J7520", Drug.SIROLIMUS, "1", False),
    ("J7527", Drug.EVEROLIMUS, "0.25", False),
    ("J7599", None, "1", False),
]


@pytest.mark.parametrize(("code", "drug", "mg", "injected"), CODES)
def test_code_and_its_unit(code: str, drug: Drug | None, mg: str, injected: bool) -> None:
    entry = catalogue.code_of(code)

    assert entry is not None
    assert (entry.drug, entry.unit_mg, entry.injected) == (drug, Decimal(mg), injected)
    assert catalogue.label_of(code) == entry.text


def test_code_of_nothing_weighs_nothing() -> None:
    assert catalogue.code_of("J7505") is None
    assert catalogue.label_of("J7505") == "code J7505"
    assert unit_mg("J7505") == 0


OWN = [
    (Drug.CYCLOSPORINE, Formulation.MODIFIED, Form.CAPSULE, ("J7502", "J7515")),
    (Drug.CYCLOSPORINE, None, Form.SOLUTION, ("J7502", "J7515")),
    (Drug.CYCLOSPORINE, Formulation.NON_MODIFIED, Form.INJECTION, ("J7516",)),
    (Drug.TACROLIMUS, Formulation.IMMEDIATE_RELEASE, Form.CAPSULE, ("J7507",)),
    (Drug.TACROLIMUS, Formulation.ENVARSUS_XR, Form.TABLET, ("J7503",)),
    (Drug.TACROLIMUS, Formulation.ASTAGRAF_XL, Form.CAPSULE, ("J7508",)),
    (Drug.AZATHIOPRINE, None, Form.TABLET, ("J7500",)),
    (Drug.AZATHIOPRINE, None, Form.INJECTION, ("J7501",)),
]


@pytest.mark.parametrize(("drug", "formulation", "form", "codes"), OWN)
def test_own_codes(drug: Drug, formulation: Formulation | None, form: Form, codes: tuple[str, ...]) -> None:
    assert catalogue.codes_of(drug, formulation, form) == codes


def test_every_drug_has_a_code_for_each_of_its_forms() -> None:
    for drug in catalogue.drugs():
        formulation = next(iter(catalogue.FORMULATIONS.get(drug, ())), None)
        for form in catalogue.forms_of(drug):
            assert catalogue.codes_of(drug, formulation, form)


FILLS = [
    ({"dose_mg": 150}, 30, {"J7502": 60, "J7515": 120}, 30),
    ({"dose_mg": 150, "strengths_mg": [100, 50]}, 30, {"J7502": 60, "J7515": 120}, 30),
    ({"dose_mg": 125}, 30, {"J7502": 60, "J7515": 60}, 30),
    ({"dose_mg": 75}, 30, {"J7515": 180}, 30),
    ({"dose_mg": 75, "strengths_mg": [25, 50]}, 30, {"J7515": 180}, 30),
    ({"dose_mg": 110}, 30, None, 30),
    ({"form": "solution", "dose_mg": 150}, 30, {"J7502": 100}, 33),
    ({"form": "solution", "dose_mg": 100}, 25, {"J7502": 50}, 25),
    ({"form": "solution", "dose_mg": 100}, 26, {"J7502": 100}, 50),
    ({"form": "injection", "dose_mg": 90, "doses_per_day": 1}, 30, {"J7516": 11}, 30),
    (
        {
            "drug": "tacrolimus",
            "formulation": "envarsus_xr",
            "strengths_mg": [4, 1, "0.75"],
            "dose_mg": "4.75",
        },
        30,
        {"J7503": 1140},
        30,
    ),
    ({"drug": "sirolimus", "formulation": None, "strengths_mg": [2], "dose_mg": 3}, 30, None, 30),
    ({"drug": "azathioprine", "formulation": None, "strengths_mg": [75], "dose_mg": 75}, 1, {"J7500": 3}, 1),
]


@pytest.mark.parametrize(("regimen_facts", "asked", "units", "days"), FILLS)
def test_units_and_days_of_a_fill(
    regimen_facts: dict[str, object], asked: int, units: dict[str, int] | None, days: int
) -> None:
    numbers = {key: decimal(value) for key, value in regimen_facts.items()}

    assert dispensed(made(**numbers), asked) == (units, days)


def decimal(value: object) -> object:
    if isinstance(value, list):
        return [decimal(each) for each in value]
    return Decimal(value) if isinstance(value, str) and value[0].isdigit() else value


def test_remainder_is_never_rounded() -> None:
    assert remainder_mg(made(dose_mg=110)) == 10
    assert remainder_mg(made(dose_mg=125)) == 0
    assert remainder_mg(made(form="solution", dose_mg=110)) == 0


def test_mg_counts_the_drugs_own_codes_only() -> None:
    own = made()

    assert mg_of(own, {"J7502": 60, "J7515": 4, "J7516": 1}) == 6100
    assert mg_of(own, {"J7516": 1}) is None
    assert mg_of(own, None) is None


CAPSULES = [
    ({"dose_mg": 150, "strengths_mg": [100, 50]}, "J7515", 120, 60),
    ({"dose_mg": 150, "strengths_mg": [100, 50]}, "J7515", 121, 61),
    ({"dose_mg": 150, "strengths_mg": [100, 25]}, "J7515", 120, 120),
    ({"dose_mg": 100}, "J7515", 7, 7),
    ({"dose_mg": 110}, "J7502", 60, None),
    ({"form": "solution"}, "J7502", 60, None),
]


@pytest.mark.parametrize(("regimen_facts", "code", "units", "capsules"), CAPSULES)
def test_capsules_of_units(
    regimen_facts: dict[str, object], code: str, units: int, capsules: int | None
) -> None:
    assert capsules_of(made(**regimen_facts), code, units) == capsules
