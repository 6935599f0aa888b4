"""Which formulation a finding is about, as a line of its proof: the billing code often does not tell."""

from collections.abc import Iterator
from typing import NamedTuple

from tracker.rules.answer import FactUsed
from tracker.rules.book import Supplied
from tracker.rules.catalogue import FORMULATIONS, tells_formulation
from tracker.rules.units import Units
from tracker.rules.wording import Wording, listed
from tracker.rules.words import AboutKind, Drug, Formulation


class _Dispensed(NamedTuple):
    drug: Drug
    formulation: Formulation | None
    units: Units | None
    kind: str
    id: str | None


def formulation_facts(words: Wording) -> Iterator[FactUsed]:
    """Of a finding about a fill or a regimen: its formulation, and that its codes do not tell it."""
    found = _dispensed(words)
    if found is None or found.drug not in FORMULATIONS:
        return
    yield FactUsed("Formulation", formulation_text(found.drug, found.formulation), found.kind, found.id)
    silent = [code for code, units in (found.units or {}).items() if units and not tells_formulation(code)]
    if silent:
        both = listed(tuple(each.label for each in FORMULATIONS[found.drug]), "and")
        verb = "does" if len(silent) == 1 else "do"
        value = f"{listed(tuple(silent), 'and')} {verb} not tell {both} apart"
        yield FactUsed("Billing code", value, found.kind, found.id)


def formulation_text(drug: Drug, formulation: Formulation | None) -> str:
    """`cyclosporine modified`; what is not on file is said to be so."""
    return f"{drug.label} {formulation.label}" if formulation else f"{drug.label}, formulation not on file"


def _dispensed(words: Wording) -> _Dispensed | None:
    finding, regimen = words.finding, words.regimen
    fill = finding.fill
    if fill is not None and regimen is not None:
        kind = "planned_fill" if fill.planned else "regimen"
        return _Dispensed(regimen.drug, fill.formulation, fill.units, kind, fill.regimen)
    if finding.about_kind is AboutKind.REGIMEN and regimen is not None:
        return _Dispensed(regimen.drug, regimen.formulation, None, "regimen", regimen.id)
    if finding.about_kind is AboutKind.FILL:
        same = [each for each in words.book.supplied if each.fill.id == finding.about]
        return _of_fill(same[0]) if same else None
    return None


def _of_fill(supplied: Supplied) -> _Dispensed | None:
    """A fill tells its drug by the regimen that it was made for."""
    if supplied.regimen is None:
        return None
    return _Dispensed(supplied.regimen.drug, supplied.formulation, supplied.units, "fill", supplied.fill.id)
