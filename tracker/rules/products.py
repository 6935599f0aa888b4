"""Which product an NDC or an RxCUI stands for, from the packaged maps. Unknown stays unknown.

`data/products.json` is made by `tracker catalogue build` from the CMS crosswalk and lists of RxNorm concepts,
and is read once, when this module is loaded.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tracker.rules.catalogue_data import BadCatalogue, packaged
from tracker.rules.words import Drug, Form, Formulation

_HYPHENS = re.compile(r"(\d{4,5})-(\d{3,4})-(\d{1,2})", re.ASCII)
_DIGITS = re.compile(r"\d{11}", re.ASCII)
# Labeler, product and package of the three forms of 10 digits, and of the one of 11.
_SHAPES = {(4, 4, 2), (5, 3, 2), (5, 4, 1), (5, 4, 2)}


@dataclass(frozen=True, slots=True)
class KnownProduct:
    """What the public lists tell of one NDC or RxCUI. None and empty: they do not tell.

    `strength_mg` of one piece, or of one mL if `per_ml`. `units`: billing units in the whole package.
    `also`: other codes that the crosswalk lists it under, with their units. `not_dispensable`: why a
    pharmacy cannot hand this out by mouth; empty if it can.
    """

    key: str
    name: str
    drug: Drug | None
    formulation: Formulation | None = None
    formulation_reason: str = ""
    strength_mg: Decimal | None = None
    per_ml: bool = False
    form: Form | None = None
    code: str | None = None
    pieces: Decimal | None = None
    units: Decimal | None = None
    labeler: str = ""
    also: Mapping[str, Decimal] = field(default_factory=dict)
    doubt: str = ""
    not_dispensable: str = ""


def ndc_of(text: str) -> str | None:
    """An NDC as 11 digits 5-4-2; None if it is none, or ten digits that can be read in three ways."""
    text = text.strip()
    if _DIGITS.fullmatch(text):
        return f"{text[:5]}-{text[5:9]}-{text[9:]}"
    found = _HYPHENS.fullmatch(text)
    if found is None or tuple(map(len, found.groups())) not in _SHAPES:
        return None
    return f"{found[1]:0>5}-{found[2]:0>4}-{found[3]:0>2}"


def product_of_ndc(text: str) -> KnownProduct | None:
    """The package of an NDC in any of its forms; None if it is not on the list or cannot be read."""
    ndc = ndc_of(text)
    return _MAPS.ndc.get(ndc) if ndc else None


def product_of_rxcui(text: str) -> KnownProduct | None:
    """The RxNorm concept of a code; None if it is not on the lists."""
    return _MAPS.rxcui.get(text.strip())


def sources() -> Mapping[str, Any]:
    """Files the maps were made of: name, quarter, sha256, and the day on which they were read."""
    return _MAPS.sources


@dataclass(frozen=True, slots=True)
class Maps:
    sources: Mapping[str, Any]
    ndc: Mapping[str, KnownProduct]
    rxcui: Mapping[str, KnownProduct]


def maps_from(text: str) -> Maps:
    """The maps of a built file; BadCatalogue names the entry that cannot be."""
    try:
        data = json.loads(text)
        return Maps(data["sources"], _table(data["ndc"]), _table(data["rxcui"]))
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        problem = f"The product maps cannot be read ({type(error).__name__}: {error})."
        raise BadCatalogue(f"{problem} Build them anew with: tracker catalogue build") from error


def _table(entries: Mapping[str, Any]) -> dict[str, KnownProduct]:
    return {key: _product(key, entry) for key, entry in entries.items()}


def _product(key: str, entry: Mapping[str, Any]) -> KnownProduct:
    def number(name: str) -> Decimal | None:
        return Decimal(entry[name]) if name in entry else None

    drug, formulation, form = entry.get("drug"), entry.get("formulation"), entry.get("form")
    return KnownProduct(
        key=key,
        name=entry["name"],
        drug=Drug(drug) if drug else None,
        formulation=Formulation(formulation) if formulation else None,
        formulation_reason=entry.get("formulation_reason", ""),
        strength_mg=number("strength_mg"),
        per_ml=entry.get("per_ml", False),
        form=Form(form) if form else None,
        code=entry.get("code"),
        pieces=number("pieces"),
        units=number("units"),
        labeler=entry.get("labeler", ""),
        also={code: Decimal(units) for code, units in entry.get("also", {}).items()},
        doubt=entry.get("doubt", ""),
        not_dispensable=entry.get("not_dispensable", ""),
    )


_MAPS = maps_from(packaged("products.json"))
