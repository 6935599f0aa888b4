"""Lists of RxNorm concepts (`system,code,display,...`), each told apart: what can be dispensed, and as what.

The lists mix clinical and branded drugs with ingredients, strengths, groups and injections. Only a display
with drug, strength and a form of the catalogue can be dispensed.
Displays: RxNorm, National Library of Medicine.
"""

import csv
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tracker.formats.code_tables import BadFile, Refusal, table_text
from tracker.rules.words import Drug, Form, Formulation

SYSTEM = "http://www.nlm.nih.gov/research/umls/rxnorm"
MOST_ROWS = 20_000
MOST_REFUSED = 1_000
_CODE = re.compile(r"[1-9]\d{0,7}", re.ASCII)

BRANDS: Mapping[str, tuple[Drug, Formulation | None]] = {
    "neoral": (Drug.CYCLOSPORINE, Formulation.MODIFIED),
    "gengraf": (Drug.CYCLOSPORINE, Formulation.MODIFIED),
    "sandimmune": (Drug.CYCLOSPORINE, Formulation.NON_MODIFIED),
    "prograf": (Drug.TACROLIMUS, Formulation.IMMEDIATE_RELEASE),
    "envarsus": (Drug.TACROLIMUS, Formulation.ENVARSUS_XR),
    "envarsus xr": (Drug.TACROLIMUS, Formulation.ENVARSUS_XR),
    "astagraf": (Drug.TACROLIMUS, Formulation.ASTAGRAF_XL),
    "astagraf xl": (Drug.TACROLIMUS, Formulation.ASTAGRAF_XL),
    "cellcept": (Drug.MYCOPHENOLATE_MOFETIL, None),
    "myfortic": (Drug.MYCOPHENOLIC_ACID, None),
    "imuran": (Drug.AZATHIOPRINE, None),
    "azasan": (Drug.AZATHIOPRINE, None),
    "rapamune": (Drug.SIROLIMUS, None),
    "zortress": (Drug.EVEROLIMUS, None),
    "afinitor": (Drug.EVEROLIMUS, None),
    "torpenz": (Drug.EVEROLIMUS, None),
}
_GENERICS = {each.value.replace("_", " "): each for each in Drug}
_NAMES = "|".join(sorted((*BRANDS, *_GENERICS), key=len, reverse=True))
_DRUG = re.compile(
    rf"(?:\d+ hr )?(?:bx rating )?(?:(?P<ml>\d+(?:\.\d+)?) ml )?(?P<name>{_NAMES})(?P<modified>, modified)?"
    r"(?: (?P<mg>\d+(?:\.\d+)?) mg(?P<per>/ml| in 1 ml)?(?![/\w]))?"
    r"(?: (?:\d+ ?hr )?(?P<release>extended release|delayed release))?(?: (?P<form>[a-z ]+?))?"
    r"(?: \[(?P<brand>[^\]]+)\])?",
    re.ASCII,
)
_FORMS = {
    "oral capsule": Form.CAPSULE,
    "oral tablet": Form.TABLET,
    "tablet": Form.TABLET,
    "oral solution": Form.SOLUTION,
    "injection": Form.INJECTION,
}


@dataclass(frozen=True, slots=True)
class Concept:
    """One RxCUI. None: the display does not tell. `strength_mg` of one piece, or of one mL if `per_ml`.

    `not_dispensable` empty: a drug with strength and form that a pharmacy hands out by mouth.
    """

    line: int
    rxcui: str
    display: str
    drug: Drug | None = None
    brand: str | None = None
    formulation: Formulation | None = None
    formulation_reason: str = ""
    strength_mg: Decimal | None = None
    per_ml: bool = False
    form: Form | None = None
    not_dispensable: str = ""


@dataclass(frozen=True, slots=True)
class ConceptList:
    """A whole file. `other_systems`: rows of another code system, left out."""

    concepts: tuple[Concept, ...]
    refused: tuple[Refusal, ...]
    sha256: str
    other_systems: int


def read_concepts(content: bytes) -> ConceptList:
    """Every RxNorm row in the order of the file; BadFile if it is another file."""
    reader = csv.reader(io.StringIO(table_text(content), newline=""), strict=True)
    concepts: dict[str, Concept] = {}
    refused: list[Refusal] = []
    others = seen = 0
    try:
        places = _places(next(reader, []))
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            seen += 1
            system, code, display = _cells(cells, places)
            problem = _problem(system, code, display, concepts)
            if problem:
                refused.append(Refusal(reader.line_num, *problem))
            elif system.rstrip("/") != SYSTEM:
                others += 1
            else:
                concepts[code] = classify(display, rxcui=code, line=reader.line_num)
            if seen > MOST_ROWS or len(refused) > MOST_REFUSED:
                raise BadFile(
                    f"Line {reader.line_num}: too many rows for a list of codes. Give a smaller one."
                )
    except csv.Error as error:
        raise BadFile(
            f"Line {reader.line_num} cannot be read: {error}. Save the file anew as CSV."
        ) from error
    return ConceptList(tuple(concepts.values()), tuple(refused), hashlib.sha256(content).hexdigest(), others)


def _places(header: Sequence[str]) -> tuple[int, int, int]:
    names = [cell[:100].strip().casefold() for cell in header[:300]]
    missing = [name for name in ("system", "code", "display") if name not in names]
    if missing:
        raise BadFile(
            f"The first line has no column {missing[0]!r}. Give a list with the columns system,code,display."
        )
    return names.index("system"), names.index("code"), names.index("display")


def _cells(cells: Sequence[str], places: tuple[int, int, int]) -> list[str]:
    return [" ".join(cells[place][:500].split()) if place < len(cells) else "" for place in places]


def _problem(system: str, code: str, display: str, known: Mapping[str, Concept]) -> tuple[str, str] | None:
    if not system:
        return "the system is empty", f"Write {SYSTEM}."
    if not code or not display:
        return "code or display is empty", "Write both, or leave the row out."
    if system.rstrip("/") != SYSTEM:
        return None
    if not _CODE.fullmatch(code):
        return f"{code[:20]!r} is no RxCUI", "Write its digits, as in 241834."
    if code in known:
        return f"RxCUI {code} stands on line {known[code].line} already", "Keep one of the two rows."
    return None


def classify(display: str, *, rxcui: str = "", line: int = 0) -> Concept:
    """What a display tells, and nothing that it does not."""
    folded = " ".join(display.casefold().split())
    found = _DRUG.fullmatch(folded)
    if found is None:
        return Concept(
            line,
            rxcui,
            display,
            _drug_in(folded),
            not_dispensable="its name is no drug with strength and form",
        )
    name, bracket = found["name"], found["brand"]
    brand = bracket or (name if name in BRANDS else None)
    drug = BRANDS[name][0] if name in BRANDS else _GENERICS[name]
    form = _FORMS.get(found["form"] or "")
    formulation, reason = _formulation(drug, brand, found)
    return Concept(
        line,
        rxcui,
        display,
        drug,
        brand,
        formulation,
        reason,
        Decimal(found["mg"]) if found["mg"] else None,
        bool(found["per"]),
        form,
        _why_not(found, form),
    )


def _drug_in(folded: str) -> Drug | None:
    """The drug that the name begins with or holds in a pack; None if there is none or there are two."""
    words = set(re.findall(rf"(?<![a-z])({_NAMES})(?![a-z])", folded))
    drugs = {BRANDS[word][0] if word in BRANDS else _GENERICS[word] for word in words}
    return drugs.pop() if len(drugs) == 1 else None


def _why_not(found: re.Match[str], form: Form | None) -> str:
    if found["form"] is None:
        return "it is a strength without a form" if found["mg"] else "it is an ingredient or a brand name"
    if found["mg"] is None:
        return "it is a group or form without a strength"
    if form is None:
        return f"{found['form']} is no form of the catalogue"
    if form is Form.INJECTION:
        return "it is an injection, not taken by mouth"
    if (form is Form.SOLUTION) != bool(found["per"]):
        return "its strength does not fit its form"
    return ""


def _formulation(drug: Drug, brand: str | None, found: re.Match[str]) -> tuple[Formulation | None, str]:
    """The formulation with its reason; RxNorm names modified and extended release apart."""
    if drug is Drug.CYCLOSPORINE and found["modified"]:
        return Formulation.MODIFIED, "RxNorm's name says modified"
    if brand is not None and brand in BRANDS and BRANDS[brand][0] is drug:
        own = BRANDS[brand][1]
        return own, f"the brand is {brand.title()}" if own else ""
    if drug not in (Drug.CYCLOSPORINE, Drug.TACROLIMUS):
        return None, ""
    if brand is not None:
        return None, f"the brand {brand.title()} is not known here"
    # A bare ingredient or group holds all formulations of the drug.
    if found["mg"] is None or found["form"] is None:
        return None, ""
    if drug is Drug.CYCLOSPORINE:
        return Formulation.NON_MODIFIED, "RxNorm's name does not say modified"
    if found["release"]:
        return None, "extended release does not tell Envarsus XR from Astagraf XL"
    return Formulation.IMMEDIATE_RELEASE, "RxNorm's name does not say extended release"
