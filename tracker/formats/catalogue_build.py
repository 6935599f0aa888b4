"""The packaged product maps, made of the CMS crosswalk and RxNorm lists; same files, same bytes."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tracker.formats.asp import AspRow, Crosswalk
from tracker.formats.rxnorm import BRANDS, Concept, ConceptList
from tracker.rules.catalogue import CAPSULES, FORMULATIONS, SOLUTIONS, code_of, codes_of
from tracker.rules.catalogue_data import BillingCode
from tracker.rules.words import Form, Formulation

Entry = dict[str, Any]
# Thousandths of a mg; a strength that is finer comes from a rounded number of units.
FINEST = -3


@dataclass(frozen=True, slots=True)
class Named:
    """A file that was read."""

    name: str
    content: ConceptList


def products_text(asp_name: str, asp: Crosswalk, lists: Sequence[Named], read_on: date) -> str:
    """`products.json`: one entry a line, sorted, so that two builds can be compared by eye."""
    concepts = [each for one in lists for each in one.content.concepts]
    sources = {
        "asp": {"file": asp_name, "quarter": asp.quarter, "sha256": asp.sha256},
        "rxnorm": [{"file": one.name, "sha256": one.content.sha256} for one in lists],
        "read_on": read_on.isoformat(),
    }
    tables = {
        "ndc": _ndc_entries(asp.rows, concepts),
        "rxcui": {each.rxcui: _of_concept(each) for each in concepts},
    }
    parts = [f'"sources": {json.dumps(sources, indent=2)}']
    for name, entries in tables.items():
        lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(entries[key])}" for key in sorted(entries))
        parts.append(f'"{name}": {{\n{lines}\n}}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _ndc_entries(rows: Iterable[AspRow], concepts: Sequence[Concept]) -> dict[str, Entry]:
    """One entry per NDC; codes that the catalogue lacks are left out."""
    found: dict[str, list[AspRow]] = {}
    for row in rows:
        entry = code_of(row.code)
        if entry is not None and entry.drug is not None:
            found.setdefault(row.ndc, []).append(row)
    return {ndc: _of_package(same, concepts) for ndc, same in found.items()}


def _of_package(rows: Sequence[AspRow], concepts: Sequence[Concept]) -> Entry:
    row = _main(rows)
    code = code_of(row.code)
    assert code is not None
    assert code.drug is not None
    strength = _strength(row, code)
    formulation, reason = _formulation(row.name, code)
    form = _form(row, code, strength, concepts)
    entry = {
        "name": row.name,
        "labeler": row.labeler,
        "drug": code.drug.value,
        "formulation": formulation.value if formulation else None,
        "formulation_reason": reason,
        "strength_mg": _plain(strength),
        "per_ml": form in (Form.SOLUTION, Form.INJECTION) or None,
        "form": form.value if form else None,
        "code": row.code,
        "pieces": _plain(row.size * row.quantity) if not _two_ways(row, code) else None,
        "units": _plain(row.units),
        "also": {each.code: _plain(each.units) for each in rows if each is not row},
        "doubt": row.doubt,
        "not_dispensable": "it is an injection, not taken by mouth" if code.injected else "",
    }
    return {name: value for name, value in entry.items() if value not in (None, "", {})}


def _main(rows: Sequence[AspRow]) -> AspRow:
    """Of several codes of one package, the one under which the catalogue bills its capsules."""
    for row in rows:
        code = code_of(row.code)
        assert code is not None
        assert code.drug is not None
        own = CAPSULES.get(code.drug, {}).get(_strength(row, code) or Decimal(0))
        if own is not None and own[0] == row.code:
            return row
    return rows[0]


def _two_ways(row: AspRow, code: BillingCode) -> bool:
    """Several pieces in several packs: Prograf 00469-0657 is listed so, with 5 mg told as a quantity of 5."""
    return row.size > 1 and row.quantity > 1 and not code.injected


def _strength(row: AspRow, code: BillingCode) -> Decimal | None:
    """Milligrams of one piece or mL, out of units and pieces; None where the row does not tell."""
    if row.doubt or _two_ways(row, code):
        return None
    milligrams = row.units * code.unit_mg / (row.size * row.quantity)
    exponent = milligrams.normalize().as_tuple().exponent
    return milligrams if isinstance(exponent, int) and exponent >= FINEST else None


def _formulation(name: str, code: BillingCode) -> tuple[Formulation | None, str]:
    """From the code if it stands for one, else from the product's name; a generic's name does not tell."""
    assert code.drug is not None
    if code.drug not in FORMULATIONS:
        return None, ""
    if code.formulation is not None:
        return code.formulation, f"{code.code} is of this formulation only"
    folded = name.casefold()
    brand = next((each for each in BRANDS if folded.startswith(each)), None)
    if brand is not None and BRANDS[brand][0] is code.drug:
        return BRANDS[brand][1], f"the brand is {brand.title()}"
    if "non-modified" in folded or "nonmodified" in folded:
        return Formulation.NON_MODIFIED, "the name says non-modified"
    if "modified" in folded:
        return Formulation.MODIFIED, "the name says modified"
    return None, f"neither the name nor {code.code} tells it"


def _form(
    row: AspRow, code: BillingCode, strength: Decimal | None, concepts: Sequence[Concept]
) -> Form | None:
    """The one form in which RxNorm lists this strength; a bottle is known by its size."""
    if code.injected:
        return Form.INJECTION
    if strength is None:
        return None
    assert code.drug is not None
    bottle = SOLUTIONS.get(code.drug)
    if bottle is not None and row.size == bottle.ml and strength == bottle.mg_per_ml:
        return Form.SOLUTION
    forms = {
        each.form or each.not_dispensable
        for each in concepts
        if each.drug is code.drug
        and each.strength_mg == strength
        and (each.form or "no form of the catalogue" in each.not_dispensable)
        and _same_release(each, code)
        and not (each.form is Form.SOLUTION and bottle is not None)
    }
    only = forms.pop() if len(forms) == 1 else None
    return only if isinstance(only, Form) else None


def _same_release(concept: Concept, code: BillingCode) -> bool:
    return code.formulation is None or concept.formulation is code.formulation


def _of_concept(concept: Concept) -> Entry:
    entry = {
        "name": concept.display,
        "drug": concept.drug.value if concept.drug else None,
        "formulation": concept.formulation.value if concept.formulation else None,
        "formulation_reason": concept.formulation_reason,
        "strength_mg": _plain(concept.strength_mg),
        "per_ml": concept.per_ml or None,
        "form": concept.form.value if concept.form else None,
        "code": _code(concept),
        "not_dispensable": concept.not_dispensable,
    }
    return {name: value for name, value in entry.items() if value not in (None, "")}


def _code(concept: Concept) -> str | None:
    """The code a concept is billed under; None if several would do, or none."""
    drug, form, strength = concept.drug, concept.form, concept.strength_mg
    if drug is None or form is None or strength is None:
        return None
    if form is Form.SOLUTION:
        bottle = SOLUTIONS.get(drug)
        return bottle.code if bottle and bottle.mg_per_ml == strength else None
    if form is not Form.INJECTION and drug in CAPSULES:
        own = CAPSULES[drug].get(strength)
        return own[0] if own else None
    codes = codes_of(drug, concept.formulation, form)
    return codes[0] if len(codes) == 1 else None


def _plain(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount.normalize():f}"
