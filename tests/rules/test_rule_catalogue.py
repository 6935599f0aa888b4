"""The catalogue is a data file: what it says, and how a wrong one is refused."""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tracker.rules import catalogue
from tracker.rules.catalogue_data import BadCatalogue, BillingCode, Bottle, packaged, tables_from
from tracker.rules.words import Drug, Form, Formulation

DATA: Any = json.loads(packaged("codes.json"))


def changed(change: Callable[[Any], object]) -> str:
    data = deepcopy(DATA)
    change(data)
    return json.dumps(data)


def test_every_code_says_where_it_is_from_and_when_it_was_read() -> None:
    assert all(each.source and each.verified_on.year >= 2026 for each in catalogue.CODES)
    assert [each.code for each in catalogue.CODES][:3] == ["J7502", "J7515", "J7516"]


def test_a_drug_has_a_code_for_each_of_its_formulations_and_forms() -> None:
    for drug in catalogue.drugs():
        for formulation in catalogue.FORMULATIONS.get(drug, (None,)):
            for form in catalogue.forms_of(drug):
                assert catalogue.codes_of(drug, formulation, form)


def test_a_code_tells_the_formulation_or_does_not() -> None:
    assert not catalogue.tells_formulation("J7502")
    assert not catalogue.tells_formulation("J7515")
    assert catalogue.tells_formulation("J7503")
    assert catalogue.tells_formulation("J7520")
    assert not catalogue.tells_formulation("J9999")


def test_capsules_are_split_from_the_largest_whatever_the_order_in_the_file() -> None:
    def turn(data: Any) -> None:
        table = data["capsules"]["cyclosporine"]
        data["capsules"]["cyclosporine"] = dict(reversed(table.items()))

    assert list(tables_from(changed(turn)).capsules[Drug.CYCLOSPORINE]) == [
        Decimal(100),
        Decimal(50),
        Decimal(25),
    ]


def test_forms_and_labels() -> None:
    assert catalogue.forms_of(Drug.AZATHIOPRINE) == (Form.CAPSULE, Form.TABLET, Form.INJECTION)
    assert catalogue.codes_of(Drug.TACROLIMUS, Formulation.ASTAGRAF_XL, Form.CAPSULE) == ("J7508",)
    assert catalogue.label_of("J7516") == "Cyclosporine, injection, 250 mg"
    assert catalogue.label_of("J9999") == "code J9999"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: data.pop("source"), "source is missing"),
        (lambda data: data.update(verified_on="last week"), "verified_on: 'last week' is no date"),
        (lambda data: data.update(codes={}), "codes is no list"),
        (lambda data: data["codes"].append(3), r"codes\[16\] is no JSON object"),
        (lambda data: data["codes"].append(data["codes"][0]), "J7502 stands twice"),
        (lambda data: data["codes"][1].update(text=" "), r"codes\[1\].text is missing"),
        (
            lambda data: data["codes"][1].update(drug="aspirin"),
            r"codes\[1\].drug: 'aspirin' is unknown; write",
        ),
        (lambda data: data["codes"][5].update(formulation="slow"), r"codes\[5\].formulation: 'slow'"),
        (lambda data: data["codes"][2].update(injected="yes"), r"codes\[2\].injected: 'yes' is neither"),
        (lambda data: data["codes"][0].update(unit_mg=100), r"codes\[0\].unit_mg: 100 are no milligrams"),
        (lambda data: data["codes"][0].update(unit_mg="x"), r"codes\[0\].unit_mg: 'x' are no milligrams"),
        (lambda data: data["codes"][0].update(unit_mg="-1"), r"codes\[0\].unit_mg: '-1' are no milligrams"),
        (lambda data: data["capsules"].update(cyclosporine=[]), "capsules.cyclosporine is no JSON object"),
        (lambda data: data["capsules"]["cyclosporine"]["50"].update(units=0), "50.units: 0 is no whole"),
        (
            lambda data: data["capsules"]["cyclosporine"]["50"].update(units=True),
            "50.units: True is no whole",
        ),
        (lambda data: data["bottles"]["cyclosporine"].update(code="J1"), "J1 is not among the codes"),
        (lambda data: data["formulations"].update(tacrolimus=[]), "formulations.tacrolimus: list"),
        (lambda data: data["formulations"].update(tacrolimus="x"), "formulations.tacrolimus: list"),
        (lambda data: data.update(injected=["aspirin"]), "injected: 'aspirin' is unknown"),
    ],
)
def test_a_wrong_table_is_refused_with_its_place(change: Callable[[Any], object], says: str) -> None:
    with pytest.raises(BadCatalogue, match=says):
        tables_from(changed(change))


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(BadCatalogue):
        tables_from(text)


SAYS: list[tuple[Callable[[Any], object], str]] = [
    (lambda data: data.pop("source"), "source is missing."),
    (lambda data: data.pop("verified_on"), "verified_on is missing."),
    (
        lambda data: data.update(verified_on="last week"),
        "verified_on: 'last week' is no date; write it as in 2026-03-17.",
    ),
    (lambda data: data["codes"][1].pop("code"), "codes[1].code is missing."),
    (lambda data: data["codes"][1].update(text=""), "codes[1].text is missing."),
    (lambda data: data["codes"].append(data["codes"][0]), "codes: J7502 stands twice; keep one."),
    (
        lambda data: data["codes"][1].update(drug="aspirin"),
        "codes[1].drug: 'aspirin' is unknown; write one of cyclosporine, azathioprine, tacrolimus, "
        "mycophenolate_mofetil, mycophenolic_acid, sirolimus, everolimus, prednisone, prednisolone, "
        "methylprednisolone.",
    ),
    (lambda data: data["codes"][2].update(injected=1), "codes[2].injected: 1 is neither true nor false."),
    (
        lambda data: data["codes"][0].update(unit_mg="0"),
        "codes[0].unit_mg: '0' are no milligrams; write them in quotes, as in \"0.25\".",
    ),
    (
        lambda data: data["codes"][0].update(unit_mg=None),
        'codes[0].unit_mg: None are no milligrams; write them in quotes, as in "0.25".',
    ),
    (lambda data: data.update(capsules=[]), "capsules is no JSON object."),
    (
        lambda data: data["capsules"]["cyclosporine"].update({"50": 2}),
        "capsules.cyclosporine.50 is no JSON object.",
    ),
    (
        lambda data: data["capsules"]["cyclosporine"].update({"x": {}}),
        "capsules.cyclosporine.x: 'x' are no milligrams; write them in quotes, as in \"0.25\".",
    ),
    (
        lambda data: data["capsules"]["cyclosporine"]["50"].pop("code"),
        "capsules.cyclosporine.50.code is missing.",
    ),
    (
        lambda data: data["capsules"]["cyclosporine"]["50"].update(code="J1"),
        "capsules.cyclosporine.50.code: J1 is not among the codes.",
    ),
    (
        lambda data: data["capsules"]["cyclosporine"]["50"].update(units=0),
        "capsules.cyclosporine.50.units: 0 is no whole number above 0.",
    ),
    (lambda data: data["bottles"].update(cyclosporine=1), "bottles.cyclosporine is no JSON object."),
    (lambda data: data["bottles"]["cyclosporine"].pop("code"), "bottles.cyclosporine.code is missing."),
    (
        lambda data: data["bottles"]["cyclosporine"].update(code="J1"),
        "bottles.cyclosporine.code: J1 is not among the codes.",
    ),
    (
        lambda data: data["bottles"]["cyclosporine"].update(mg_per_ml="x"),
        "bottles.cyclosporine.mg_per_ml: 'x' is no whole number above 0.",
    ),
    (
        lambda data: data["bottles"]["cyclosporine"].pop("ml"),
        "bottles.cyclosporine.ml: None is no whole number above 0.",
    ),
    (lambda data: data.update(formulations=1), "formulations is no JSON object."),
    (
        lambda data: data["formulations"].update(tacrolimus=[]),
        "formulations.tacrolimus: list the formulations of the drug, or leave the drug out.",
    ),
    (lambda data: data.update(formulation_required=1), "formulation_required is no list."),
]


@pytest.mark.parametrize(("change", "says"), SAYS)
def test_a_fault_is_told_in_full(change: Callable[[Any], object], says: str) -> None:
    with pytest.raises(BadCatalogue) as refused:
        tables_from(changed(change))

    assert str(refused.value) == says


@pytest.mark.parametrize(
    ("change", "begins"),
    [
        (
            lambda data: data.update(bottles={"aspirin": {}}),
            "bottles: 'aspirin' is unknown; write one of cyc",
        ),
        (
            lambda data: data["formulations"].update(tacrolimus=["x"]),
            "formulations.tacrolimus: 'x' is unknown; write one of modified, non_modified, ",
        ),
        (lambda data: data.update(injected=["x"]), "injected: 'x' is unknown; write one of cyclosporine, "),
    ],
)
def test_an_unknown_word_is_told_with_those_that_are_known(
    change: Callable[[Any], object], begins: str
) -> None:
    with pytest.raises(BadCatalogue) as refused:
        tables_from(changed(change))

    assert str(refused.value).startswith(begins)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "The catalogue is no JSON object."),
        (
            "{",
            "The catalogue is no JSON: Expecting property name enclosed in double quotes: line 1 column 2",
        ),
    ],
)
def test_another_text_is_told_as_what_it_is(text: str, says: str) -> None:
    with pytest.raises(BadCatalogue) as refused:
        tables_from(text)

    assert str(refused.value).startswith(says)


def test_the_tables_that_are_read_are_those_of_the_program() -> None:
    found = tables_from(packaged("codes.json"))

    assert found.codes == catalogue.CODES
    assert found.codes[2] == BillingCode(
        "J7516",
        Drug.CYCLOSPORINE,
        Decimal(250),
        "Cyclosporine, injection, 250 mg",
        None,
        True,
        DATA["source"],
        date.fromisoformat(DATA["verified_on"]),
    )
    assert found.bottles == catalogue.SOLUTIONS == {Drug.CYCLOSPORINE: Bottle("J7502", 100, 50)}
    assert found.capsules[Drug.CYCLOSPORINE] == {
        Decimal(100): ("J7502", 1),
        Decimal(50): ("J7515", 2),
        Decimal(25): ("J7515", 1),
    }
    assert found.formulations == catalogue.FORMULATIONS
    assert found.formulation_required == catalogue.FORMULATION_REQUIRED
    assert found.injected == catalogue.INJECTED
    assert Drug.CYCLOSPORINE in found.injected
