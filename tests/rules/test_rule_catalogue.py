"""The catalogue is a data file: what it says, and how a wrong one is refused."""

import json
from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from tracker.rules import catalogue
from tracker.rules.catalogue_data import BadCatalogue, packaged, tables_from
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
