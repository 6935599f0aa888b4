"""One row of a clinic's spreadsheet as a typed record: every cell read, every fault kept with its column."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeVar

from tracker.formats import clinic_values as values
from tracker.formats.clinic_columns import ClinicField
from tracker.formats.clinic_plans import PlanName, plan_name
from tracker.formats.clinic_products import (
    Product,
    billing_code,
    ndc_of,
    product_of_name,
    product_of_ndc,
)
from tracker.formats.clinic_table import Row
from tracker.rules.words import AuthorizationStatus, Indication, Organ

Value = TypeVar("Value")
TOTAL = re.compile(r"(?i)(?:grand |sub)?\W?totals?\b.*|sum|count|patients?:? *\d+")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row is refused: `column` is its header, `cure` a sentence."""

    row: int
    column: str
    found: str
    problem: str
    cure: str

    def __str__(self) -> str:
        found = f"{self.found} " if self.found else ""
        return f"Row {self.row}, column {self.column}: {found}{self.problem}. {self.cure}"


@dataclass(slots=True)
class ClinicRecord:
    """What one row says. None: it says nothing about it. `faults` empty: it can be used."""

    row: int
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    columns: Mapping[ClinicField, str] = field(default_factory=dict)
    mrn: str | None = None
    family: str | None = None
    given: str | None = None
    birth_date: date | None = None
    plan: PlanName | None = None
    member_id: str | None = None
    coverage_from: date | None = None
    coverage_to: date | None = None
    product: Product | None = None
    ndc: str | None = None
    code: str | None = None
    strength_mg: Decimal | None = None
    dose_mg: Decimal | None = None
    doses_per_day: int | None = None
    quantity: int | None = None
    units: int | None = None
    days_supply: int | None = None
    filled_on: date | None = None
    number: str | None = None
    status: AuthorizationStatus | None = None
    authorization_from: date | None = None
    authorization_to: date | None = None
    authorization_units: int | None = None
    indication: Indication | None = None
    organ: Organ | None = None
    transplanted_on: date | None = None
    owner: str | None = None

    @property
    def who(self) -> str:
        name = f"{self.family}, {self.given}" if self.family else ""
        return name or (f"MRN {self.mrn}" if self.mrn else "")

    @property
    def has_authorization(self) -> bool:
        return bool(self.number or self.status or self.authorization_from or self.authorization_to)

    def fault(self, at: ClinicField, found: object, problem: str, cure: str) -> Fault:
        column = self.columns.get(at, at.label)
        return Fault(self.row, column, values.shown(str(found)), problem, cure)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each field stands, the header row, and the clinic's today."""

    header_row: int
    places: Mapping[ClinicField, int]
    headers: Mapping[ClinicField, str]
    today: date


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that is no patient's: blank rows are not told one by one."""

    row: int
    reason: str


def records(rows: Iterable[Row], layout: Layout) -> Iterator[ClinicRecord | Skipped]:
    """Every row under the header, in order."""
    header: Sequence[str] = ()
    for row in rows:
        if row.number == layout.header_row:
            header = row.cells
        if row.number <= layout.header_row:
            continue
        if row.blank:
            yield Skipped(row.number, "blank")
        elif row.cells == header:
            yield Skipped(row.number, "the headers once more")
        elif TOTAL.fullmatch(next(cell for cell in row.cells if cell)):
            yield Skipped(row.number, "a total, not a patient")
        else:
            yield read_record(row, layout)


def read_record(row: Row, layout: Layout) -> ClinicRecord:
    """Read each mapped cell; a cell that cannot be read becomes a fault, and the others are read on."""
    record = ClinicRecord(row.number, columns=layout.headers)
    cells = {place: row.cells[index] for place, index in layout.places.items() if index < len(row.cells)}
    for place, cell in cells.items():
        try:
            values.refuse_hostile(cell)
            if values.known(cell):
                _READERS[place](record, cell, layout.today)
            elif cell.startswith("?"):
                record.notes.append(f"{layout.headers[place]}: '?' is taken as not known")
        except values.BadValue as fault:
            record.faults.append(record.fault(place, fault.found, fault.problem, fault.cure))
    _together(record, layout)
    return record


def _together(record: ClinicRecord, layout: Layout) -> None:
    """What only several cells of a row tell: the record number is there, ranges run forward."""
    if record.mrn is None and not any(
        fault.column == layout.headers.get(ClinicField.MRN) for fault in record.faults
    ):
        record.faults.append(record.fault(ClinicField.MRN, "", "is empty", "Write the patient's MRN."))
    pairs = (
        (ClinicField.AUTHORIZATION_TO, record.authorization_from, record.authorization_to, "the PA"),
        (ClinicField.COVERAGE_TO, record.coverage_from, record.coverage_to, "the coverage"),
    )
    for at, first, last, what in pairs:
        if first and last and last < first:
            problem = f"is before {what} starts, {first}"
            record.faults.append(record.fault(at, last, problem, "Correct one of the two dates."))
    if record.filled_on and record.filled_on > layout.today:
        cure = "Plan it instead: a planned fill is added on the patient's page."
        problem = f"is after today, {layout.today}: a fill cannot be later"
        record.faults.append(record.fault(ClinicField.FILLED_ON, record.filled_on, problem, cure))
    if record.product and record.ndc:
        _one_drug(record)


def _one_drug(record: ClinicRecord) -> None:
    """The NDC is the product that was dispensed; another drug's name beside it is a fault."""
    dispensed = product_of_ndc(record.ndc or "")
    if dispensed is None or record.product is None or dispensed is record.product:
        return
    if dispensed.drug is not record.product.drug:
        problem = f"is {dispensed.name}, but the drug column says {record.product.name}"
        record.faults.append(record.fault(ClinicField.NDC, record.ndc, problem, "Correct one of the two."))


# ---------------------------------------------------------------------------------- one reader per field

Reader = Callable[[ClinicRecord, str, date], None]


def _plain(name: str, read: Callable[[str], object]) -> Reader:
    def reader(record: ClinicRecord, cell: str, today: date) -> None:
        setattr(record, name, read(cell))

    return reader


def _past_date(name: str) -> Reader:
    """A date that cannot be after today; a two-digit year is the last one that has been."""

    def reader(record: ClinicRecord, cell: str, today: date) -> None:
        value = values.a_date(cell, newest=today.year)
        if value > today:
            raise values.BadValue(cell, f"is after today, {today}", "Check the year.")
        setattr(record, name, value)

    return reader


def _full_name(record: ClinicRecord, cell: str, today: date) -> None:
    record.family, record.given = values.full_name(cell)


def _payer(record: ClinicRecord, cell: str, today: date) -> None:
    """Read before the plan: the plan's reader puts the payer in front."""
    record.plan = plan_name(values.short_text(cell, 150))


def _plan(record: ClinicRecord, cell: str, today: date) -> None:
    text = values.short_text(cell, 150)
    before = record.plan.text if record.plan else ""
    inside = before.casefold() in text.casefold()
    record.plan = plan_name(text if inside or not before else f"{before} {text}")


def _drug(record: ClinicRecord, cell: str, today: date) -> None:
    record.product = product_of_name(cell)
    written = re.search(r"(\d+(?:\.\d+)?) *mg\b", cell, re.IGNORECASE)
    if written and record.strength_mg is None:
        record.strength_mg = Decimal(written[1])


def _ndc(record: ClinicRecord, cell: str, today: date) -> None:
    record.ndc = ndc_of(cell)
    product = product_of_ndc(record.ndc)
    if product is None:
        record.notes.append(f"NDC {record.ndc} is not among the known ones: kept, its strength unknown")
        return
    record.strength_mg = product.strength_mg
    record.product = record.product or product


def _dose(record: ClinicRecord, cell: str, today: date) -> None:
    record.dose_mg, times = values.dose(cell)
    record.doses_per_day = times or record.doses_per_day


def _units(record: ClinicRecord, cell: str, today: date) -> None:
    record.units = values.units(cell, record.code)


def _authorization_units(record: ClinicRecord, cell: str, today: date) -> None:
    record.authorization_units = values.units(cell, record.code)


def _number(record: ClinicRecord, cell: str, today: date) -> None:
    record.number, status = values.authorization_number(cell)
    if status is None:
        return
    record.status = record.status or status
    said = values.shown(cell)
    record.notes.append(
        f"'{said}' is taken as a PA without a number, status {status.label}; no date in it is kept"
    )


_READERS: Mapping[ClinicField, Reader] = {
    ClinicField.MRN: _plain("mrn", values.mrn),
    ClinicField.FULL_NAME: _full_name,
    ClinicField.FAMILY: _plain("family", lambda text: values.short_text(text, 200)),
    ClinicField.GIVEN: _plain("given", lambda text: values.short_text(text, 200)),
    ClinicField.BIRTH_DATE: _past_date("birth_date"),
    ClinicField.PAYER: _payer,
    ClinicField.PLAN: _plan,
    ClinicField.MEMBER_ID: _plain("member_id", lambda text: values.short_text(text, 60)),
    ClinicField.COVERAGE_FROM: _plain("coverage_from", values.a_date),
    ClinicField.COVERAGE_TO: _plain("coverage_to", values.a_date),
    ClinicField.DRUG: _drug,
    ClinicField.NDC: _ndc,
    ClinicField.CODE: _plain("code", billing_code),
    ClinicField.STRENGTH: _plain("strength_mg", values.milligrams),
    ClinicField.DOSE: _dose,
    ClinicField.DOSES_PER_DAY: _plain("doses_per_day", values.times_a_day),
    ClinicField.QUANTITY: _plain("quantity", lambda text: values.count(text, 1, 100_000)),
    ClinicField.UNITS: _units,
    ClinicField.DAYS_SUPPLY: _plain("days_supply", lambda text: values.count(text, 1, 365)),
    ClinicField.FILLED_ON: _plain("filled_on", values.a_date),
    ClinicField.AUTHORIZATION: _number,
    ClinicField.AUTHORIZATION_FROM: _plain("authorization_from", values.a_date),
    ClinicField.AUTHORIZATION_TO: _plain("authorization_to", values.a_date),
    ClinicField.AUTHORIZATION_UNITS: _authorization_units,
    ClinicField.AUTHORIZATION_STATUS: _plain("status", values.authorization_status),
    ClinicField.INDICATION: _plain("indication", values.indication),
    ClinicField.ORGAN: _plain("organ", values.organ),
    ClinicField.TRANSPLANTED_ON: _past_date("transplanted_on"),
    ClinicField.OWNER: _plain("owner", lambda text: values.short_text(text, 200)),
}
# The order in which cells are read: a payer before its plan, a code before units, a status before a number.
READING_ORDER = (
    ClinicField.PAYER,
    ClinicField.CODE,
    ClinicField.AUTHORIZATION_STATUS,
    *(
        each
        for each in ClinicField
        if each not in (ClinicField.PAYER, ClinicField.CODE, ClinicField.AUTHORIZATION_STATUS)
    ),
)


def in_reading_order(places: Mapping[ClinicField, int]) -> dict[ClinicField, int]:
    return {each: places[each] for each in READING_ORDER if each in places}
