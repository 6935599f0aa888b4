"""Which product an NDC or an RxCUI stands for; what cannot be read or is not listed is unknown."""

import json
from decimal import Decimal
from typing import Any

import pytest

from tracker.rules.catalogue_data import BadCatalogue
from tracker.rules.products import KnownProduct, maps_from, ndc_of, product_of_ndc, product_of_rxcui, sources
from tracker.rules.words import Drug, Form, Formulation


@pytest.mark.parametrize(
    ("text", "ndc"),
    [
        ("00078024815", "00078-0248-15"),
        (" 0078-0248-15 ", "00078-0248-15"),
        ("50742-123-15", "50742-0123-15"),
        ("50742-1234-5", "50742-1234-05"),
        ("50742-1234-15", "50742-1234-15"),
        ("0078-024-15", None),
        ("0078024815", None),
        ("000780248150", None),
        ("\u0660\u0660\u0660\u0667\u0668\u0660\u0662\u0664\u0668\u0661\u0665", None),
        ("", None),
    ],
)
def test_an_ndc_is_read_only_where_it_can_mean_one_thing(text: str, ndc: str | None) -> None:
    assert ndc_of(text) == ndc


def built(**entry: Any) -> str:
    return json.dumps({"sources": {}, "ndc": {"00078-0248-15": entry}, "rxcui": {}})


def test_what_the_lists_do_not_tell_stays_unknown() -> None:
    found = maps_from(built(name="Something")).ndc["00078-0248-15"]

    assert (found.drug, found.formulation, found.form, found.strength_mg, found.code) == (None,) * 5
    assert (found.per_ml, found.also, found.doubt, found.not_dispensable) == (False, {}, "", "")


def test_what_they_tell_is_taken_as_it_is() -> None:
    text = built(
        name="Neoral 25 mg",
        drug="cyclosporine",
        formulation="modified",
        form="capsule",
        strength_mg="25",
        code="J7515",
        units="30",
        also={"J7502": "7.5"},
    )
    found = maps_from(text).ndc["00078-0248-15"]

    assert (found.drug, found.formulation, found.form) == (
        Drug.CYCLOSPORINE,
        Formulation.MODIFIED,
        Form.CAPSULE,
    )
    assert (found.strength_mg, found.units, found.also) == (25, 30, {"J7502": Decimal("7.5")})


@pytest.mark.parametrize("text", ["{", "[]", "{}", built(), built(name="x", drug="aspirin")])
def test_a_map_that_cannot_be_says_how_to_mend_it(text: str) -> None:
    with pytest.raises(BadCatalogue, match="Build them anew with: tracker catalogue build"):
        maps_from(text)


def test_the_packaged_maps_know_the_cyclosporines_of_either_kind() -> None:
    known = product_of_rxcui(" 197553 ")  # RxNorm: cyclosporine 25 MG Oral Capsule

    assert known is not None
    assert (known.drug, known.form) == (Drug.CYCLOSPORINE, Form.CAPSULE)
    assert product_of_rxcui("0") is None
    assert product_of_ndc("0078-0248") is None
    assert product_of_ndc("00000-0000-00") is None
    assert sources()


def test_words_of_the_lists_are_kept_as_they_are() -> None:
    found = maps_from(built(name="Something", labeler="Acme", not_dispensable="sold no more")).ndc[
        "00078-0248-15"
    ]

    assert (found.labeler, found.not_dispensable) == ("Acme", "sold no more")


WHOLE: dict[str, Any] = {
    "name": "Sandimmune",
    "labeler": "Novartis",
    "drug": "cyclosporine",
    "formulation": "non_modified",
    "formulation_reason": "the brand is Sandimmune",
    "strength_mg": "50",
    "per_ml": True,
    "form": "injection",
    "code": "J7516",
    "pieces": "50",
    "units": "10",
    "also": {"J7502": "25"},
    "doubt": "10 units x 1 packages are not the 50 units listed",
    "not_dispensable": "it is an injection, not taken by mouth",
}


def test_every_word_of_an_entry_has_its_place() -> None:
    found = maps_from(json.dumps({"sources": {"read_on": "2026-11-25"}, "ndc": {"k": WHOLE}, "rxcui": {}}))

    assert found.sources == {"read_on": "2026-11-25"}
    assert found.rxcui == {}
    assert found.ndc["k"] == KnownProduct(
        key="k",
        name="Sandimmune",
        drug=Drug.CYCLOSPORINE,
        formulation=Formulation.NON_MODIFIED,
        formulation_reason="the brand is Sandimmune",
        strength_mg=Decimal(50),
        per_ml=True,
        form=Form.INJECTION,
        code="J7516",
        pieces=Decimal(50),
        units=Decimal(10),
        labeler="Novartis",
        also={"J7502": Decimal(25)},
        doubt="10 units x 1 packages are not the 50 units listed",
        not_dispensable="it is an injection, not taken by mouth",
    )


def test_an_entry_that_says_next_to_nothing_is_blank_elsewhere() -> None:
    found = maps_from(json.dumps({"sources": {}, "ndc": {}, "rxcui": {"7": {"name": "Something"}}}))

    assert found.rxcui == {"7": KnownProduct(key="7", name="Something", drug=None)}


def test_a_package_is_found_in_each_form_of_its_number() -> None:
    texts = ("0078-0109-01", "00078010901", " 00078-0109-01 ")
    found = [product_of_ndc(text) for text in texts]

    assert [(each.key, each.name, each.code) for each in found if each] == [
        ("00078-0109-01", "Sandimmune", "J7516")
    ] * 3


def test_a_map_that_cannot_be_says_what_is_wrong_with_it() -> None:
    with pytest.raises(BadCatalogue) as refused:
        maps_from(built())

    assert str(refused.value) == (
        "The product maps cannot be read (KeyError: 'name'). Build them anew with: tracker catalogue build"
    )
