"""Which column of a clinic's spreadsheet holds what: proposed from its headers, for a person to confirm."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tracker.formats.clinic_table import Row
from tracker.rules.words import Word

LOOKED_AT = 30
SAMPLES = 3
SEPARATORS = re.compile(r"[^0-9a-z]+")


class ClinicField(Word):
    """What a column can hold. The label is what the mapping page offers."""

    MRN = "mrn", "MRN"
    FULL_NAME = "full_name", "Patient name (Last, First)"
    FAMILY = "family", "Last name"
    GIVEN = "given", "First name"
    BIRTH_DATE = "birth_date", "Date of birth"
    PLAN = "plan", "Plan (payer and plan)"
    PAYER = "payer", "Payer, when the plan stands apart"
    MEMBER_ID = "member_id", "Member ID"
    COVERAGE_FROM = "coverage_from", "Coverage starts"
    COVERAGE_TO = "coverage_to", "Coverage ends"
    DRUG = "drug", "Drug"
    NDC = "ndc", "NDC"
    CODE = "code", "Billing code (HCPCS)"
    STRENGTH = "strength", "Capsule strength (mg)"
    DOSE = "dose", "Dose"
    DOSES_PER_DAY = "doses_per_day", "Doses per day"
    QUANTITY = "quantity", "Quantity (capsules or mL)"
    UNITS = "units", "Billed units of the fill"
    DAYS_SUPPLY = "days_supply", "Days supply"
    FILLED_ON = "filled_on", "Date filled (last fill)"
    AUTHORIZATION = "authorization", "PA number"
    AUTHORIZATION_FROM = "authorization_from", "PA starts"
    AUTHORIZATION_TO = "authorization_to", "PA ends"
    AUTHORIZATION_UNITS = "authorization_units", "PA units"
    AUTHORIZATION_STATUS = "authorization_status", "PA status"
    INDICATION = "indication", "Indication (words or ICD-10)"
    ORGAN = "organ", "Transplanted organ"
    TRANSPLANTED_ON = "transplanted_on", "Date of transplant"
    OWNER = "owner", "Owner (coordinator)"


_NAMES: Mapping[ClinicField, str] = {
    ClinicField.MRN: "mrn|medical record|medical record number|med rec|mr number|chart|chart number|"
    "patient id|patient number|pt id|emr id|id",
    ClinicField.FULL_NAME: "patient last first|patient|patient name|name|pt|pt name|last first|full name|"
    "name last first|last name first name",
    ClinicField.FAMILY: "last name|last|lname|surname|family|family name|patient last name|pt last name",
    ClinicField.GIVEN: "first name|first|fname|given|given name|patient first name|pt first name|forename",
    ClinicField.BIRTH_DATE: "dob|date of birth|birth date|birthdate|born|birthday|d o b|patient dob|pt dob",
    ClinicField.PLAN: "plan|insurance|insurance plan|plan name|ins|coverage|health plan|payer plan|primary|"
    "primary insurance|primary ins|insurance name|insurer",
    ClinicField.PAYER: "payer|payor|payer name|payor name|carrier|insurance company",
    ClinicField.MEMBER_ID: "member id|member number|subscriber number|subscriber id|subscriber|member|"
    "insurance id|policy number|policy id|policy|ins id|id number|mbi|medicare number|medicaid id",
    ClinicField.COVERAGE_FROM: "coverage from|coverage start|coverage starts|coverage start date|"
    "coverage effective|plan start|eligibility start|insurance start|insurance effective|coverage eff date",
    ClinicField.COVERAGE_TO: "coverage to|coverage end|coverage ends|coverage end date|plan end|term date|"
    "coverage term|eligibility end|insurance end",
    ClinicField.DRUG: "drug|drug name|medication|med|rx|medication name|product|agent|brand",
    ClinicField.NDC: "ndc|ndc number|ndc code|ndc 11|ndc11|drug ndc",
    ClinicField.CODE: "hcpcs|hcpcs code|j code|jcode|code|billing code|cpt|cpt hcpcs|procedure code",
    ClinicField.STRENGTH: "strength|strength mg|capsule|capsule strength|capsule mg|drug strength|str",
    ClinicField.DOSE: "dose|dose mg|dosage|sig|directions|regimen|current dose",
    ClinicField.DOSES_PER_DAY: "doses per day|doses day|times per day|times a day|frequency|freq|per day",
    ClinicField.QUANTITY: "qty|quantity|quantity dispensed|qty dispensed|qty filled|caps|capsules|"
    "number dispensed|dispensed|disp qty",
    ClinicField.UNITS: "units|units billed|billed units|fill units|claim units|billing units",
    ClinicField.DAYS_SUPPLY: "days supply|ds|day supply|days|supply|days supplied|dayssupply",
    ClinicField.FILLED_ON: "date filled|last fill|fill date|last filled|filled|last fill date|filled on|"
    "date of fill|dispensed on|dispense date|date dispensed|service date|date of service|dos|last refill",
    ClinicField.AUTHORIZATION: "pa number|auth number|authorization number|authorization|auth|pa|pa id|"
    "auth id|prior auth|prior auth number|prior authorization|prior authorization number|reference number",
    ClinicField.AUTHORIZATION_FROM: "pa start|auth from|pa from|auth start|pa start date|auth start date|"
    "pa eff|pa effective|auth effective|auth begin|pa begin|authorization start|authorization from|"
    "pa effective date|approved from|effective date|approval date|approval start",
    ClinicField.AUTHORIZATION_TO: "pa exp|auth thru|auth to|auth through|pa end|auth end|pa expires|"
    "pa expiration|auth exp|auth expires|pa exp date|pa end date|auth end date|pa thru|pa to|"
    "auth expiration|authorization end|authorization to|expires|expiration|expiration date|exp date|exp|"
    "approved thru|approved through|approved to|valid thru|valid through|approval end|pa through",
    ClinicField.AUTHORIZATION_UNITS: "auth units|pa units|units authorized|units approved|authorized units|"
    "approved units|auth qty|pa qty|auth quantity|pa quantity",
    ClinicField.AUTHORIZATION_STATUS: "auth status|pa status|status|authorization status|decision",
    ClinicField.INDICATION: "dx|diagnosis|indication|icd|icd 10|icd10|dx code|diagnosis code|condition",
    ClinicField.ORGAN: "organ|transplant|transplant organ|organ transplanted|tx organ|transplant type|graft",
    ClinicField.TRANSPLANTED_ON: "transplant date|date of transplant|tx date|transplanted|transplanted on|"
    "transplant on|date transplanted",
    ClinicField.OWNER: "owner|coordinator|assigned to|assigned|case manager|responsible|staff",
}
_BY_NAME = {name: field for field, names in _NAMES.items() for name in names.split("|")}


@dataclass(frozen=True, slots=True)
class Column:
    """`index` counts from 0. `field` None: not imported."""

    index: int
    header: str
    field: ClinicField | None
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Heading:
    """The header row, its columns with a proposed meaning, and the mark by which it is known again."""

    row: int
    columns: tuple[Column, ...]
    signature: str


def folded(header: str) -> str:
    """A header without case and punctuation; `#` is a number."""
    return SEPARATORS.sub(" ", header.replace("#", " number ").casefold()).strip()


def meaning_of(header: str) -> ClinicField | None:
    return _BY_NAME.get(folded(header))


def find_heading(rows: Sequence[Row]) -> Heading | None:
    """The row among the first thirty whose cells are best known as headers; None if there is no row.

    Title rows above it are skipped. If no cell is known, the first row with two cells is taken.
    """
    looked = [row for row in rows[:LOOKED_AT] if not row.blank]
    if not looked:
        return None
    best = max(looked, key=lambda row: _known(row))
    if _known(best) < 2:
        best = next((row for row in looked if sum(map(bool, row.cells)) > 1), looked[0])
    below = [row for row in rows if row.number > best.number and not row.blank][: LOOKED_AT * 2]
    return Heading(best.number, _columns(best.cells, below), signature_of(best.cells))


def _known(row: Row) -> int:
    return len({meaning_of(cell) for cell in row.cells if cell} - {None})


def _columns(headers: Sequence[str], below: Sequence[Row]) -> tuple[Column, ...]:
    """Each meaning is proposed once, for the first column that has it."""
    width = max([len(headers), *(len(row.cells) for row in below)])
    taken: set[ClinicField] = set()
    columns = []
    for index in range(width):
        header = headers[index] if index < len(headers) else ""
        samples = _samples(below, index)
        if not header and not samples:
            continue
        field = meaning_of(header)
        field = None if field in taken else field
        if field:
            taken.add(field)
        columns.append(Column(index, header or f"Column {index + 1}", field, samples))
    return tuple(_without_rivals(columns, taken))


def _without_rivals(columns: Sequence[Column], taken: set[ClinicField]) -> list[Column]:
    """A lone `Payer` column names the plan; a full name gives way to last and first name."""
    swap: dict[ClinicField, ClinicField | None] = {}
    if ClinicField.PAYER in taken and ClinicField.PLAN not in taken:
        swap[ClinicField.PAYER] = ClinicField.PLAN
    if {ClinicField.FAMILY, ClinicField.GIVEN} <= taken:
        swap[ClinicField.FULL_NAME] = None
    return [
        Column(each.index, each.header, swap[each.field], each.samples)
        if each.field is not None and each.field in swap
        else each
        for each in columns
    ]


def _samples(below: Sequence[Row], index: int) -> tuple[str, ...]:
    found: list[str] = []
    for row in below:
        cell = row.cells[index] if index < len(row.cells) else ""
        if cell and cell not in found:
            found.append(cell[:40])
        if len(found) == SAMPLES:
            break
    return tuple(found)


def signature_of(headers: Sequence[str]) -> str:
    """The same for the same headers in the same order, whatever their case and punctuation."""
    text = "\x1f".join(folded(header) for header in headers).rstrip("\x1f")
    return hashlib.sha256(text.encode()).hexdigest()
