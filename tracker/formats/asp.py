"""The CMS crosswalk from NDC to HCPCS code (ASP files, quarterly CSV) as records; bad rows are refused.

The file: preamble, one header whose first name carries the year, up to 250 columns of which ten are used,
latin-1, line breaks inside quotes. "Billable units per 11-digit NDC" are rounded in places (7.5 stands as 8),
so the unrounded number is worked out where the row allows.
Source: CMS, "ASP NDC-HCPCS crosswalk", field descriptions, October 2025.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from tracker.formats.code_tables import BadFile, Refusal, table_text
from tracker.rules.products import ndc_of

LOOKED_AT = 60
MOST_ROWS = 20_000
MOST_REFUSED = 1_000
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "text": ("shortdescription", "shortdescriptor"),
    "labeler": ("labelername",),
    "ndc": ("ndc2", "ndc", "ndcoralternateid"),
    "name": ("drugname",),
    "dosage": ("hcpcsdosage", "codedosagedescriptor"),
    "size": ("pkgsize", "packagesize"),
    "quantity": ("pkgqty", "packagequantity"),
    "units": ("billunits", "billableunitsperpackage"),
    "units_listed": ("billunitspkg", "billableunitsper11digitndc"),
}
_CODE_HEADER = re.compile(r"(?:\d{4})?(?:hcpcs)?code")
_CODE = re.compile(r"[A-Z]\d{4}", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?|\.\d{1,9}", re.ASCII)
_DAY = r"([A-Za-z]{3,9} \d{1,2}, \d{4})"
_EFFECTIVE = re.compile(rf"Effective {_DAY} (?:through|to|-) {_DAY}")


@dataclass(frozen=True, slots=True)
class AspRow:
    """One package under one code. `units` of the whole package, unrounded where the row tells.
    `doubt`: why its numbers cannot be added up.
    """

    line: int
    code: str
    text: str
    labeler: str
    ndc: str
    name: str
    dosage: str
    size: Decimal
    quantity: Decimal
    units: Decimal
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """A whole file. `starts_on`, `ends_on` None: its preamble does not say."""

    rows: tuple[AspRow, ...]
    refused: tuple[Refusal, ...]
    sha256: str
    starts_on: date | None
    ends_on: date | None

    @property
    def quarter(self) -> str | None:
        """`2025Q4`; None if the preamble does not name exactly one quarter."""
        first, last = self.starts_on, self.ends_on
        if first is None or last is None or (first.year, _quarter(first)) != (last.year, _quarter(last)):
            return None
        return f"{first.year}Q{_quarter(first)}"


def _quarter(day: date) -> int:
    return (day.month + 2) // 3


def read_crosswalk(content: bytes) -> Crosswalk:
    """All usable rows and all refused ones, in the order of the file; BadFile if it is another file."""
    text = table_text(content)
    lines = _lines(text)
    places, preamble = _header(lines)
    rows: list[AspRow] = []
    refused: list[Refusal] = []
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        try:
            rows.append(_row(line, cells, places))
        except _Unusable as error:
            refused.append(Refusal(line, error.problem, error.cure))
        if len(rows) > MOST_ROWS or len(refused) > MOST_REFUSED:
            raise BadFile(
                f"Line {line}: too many {'rows' if len(rows) > MOST_ROWS else 'unusable rows'}. "
                "Give the quarterly ASP NDC-HCPCS crosswalk of CMS, as CSV."
            )
    starts_on, ends_on = _effective(preamble)
    return Crosswalk(tuple(rows), tuple(refused), hashlib.sha256(content).hexdigest(), starts_on, ends_on)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows of cells, each with the line of the file on which it ends."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise BadFile(
            f"Line {reader.line_num} cannot be read: {error}. Save the file anew as CSV."
        ) from error


def _folded(cell: str) -> str:
    return re.sub(r"[^0-9a-z]+", "", cell[:100].casefold())


def _header(lines: Iterator[tuple[int, list[str]]]) -> tuple[Mapping[str, int], str]:
    """Where each column stands, and the text above the header."""
    above: list[str] = []
    for seen, (_, cells) in enumerate(lines):
        if seen >= LOOKED_AT:
            break
        names = [_folded(cell) for cell in cells[:300]]
        if names and _CODE_HEADER.fullmatch(names[0]):
            return {"code": 0, **_places(names)}, " ".join(above)
        above.append(" ".join(cell.strip()[:1000] for cell in cells[:3]))
    raise BadFile(
        "No header of the ASP NDC-HCPCS crosswalk in the first "
        f"{LOOKED_AT} rows: one starts with a name such as _2025_CODE. Give the CSV file of CMS."
    )


def _places(names: Sequence[str]) -> dict[str, int]:
    places = {}
    for column, known in _COLUMNS.items():
        found = next((names.index(name) for name in known if name in names), None)
        if found is None:
            raise BadFile(
                f"The header has no column {known[0]!r}. Give the NDC-HCPCS crosswalk, not the payment file."
            )
        places[column] = found
    return places


class _Unusable(Exception):
    def __init__(self, problem: str, cure: str) -> None:
        self.problem, self.cure = problem, cure


def _row(line: int, cells: Sequence[str], places: Mapping[str, int]) -> AspRow:
    def cell(name: str) -> str:
        place = places[name]
        # Line breaks inside quotes and doubled blanks are the file's own; no name is this long.
        return " ".join(cells[place][:200].split()) if place < len(cells) else ""

    code = cell("code").upper()
    if not _CODE.fullmatch(code):
        raise _Unusable(f"{code[:20]!r} is no HCPCS code", "Write one as in J7502.")
    if not cell("name"):
        raise _Unusable("the drug's name is empty", "Write the name of the product.")
    size, quantity = _number("package size", cell("size")), _number("package quantity", cell("quantity"))
    units, doubt = _units(
        size,
        quantity,
        _number("billable units", cell("units")),
        _number("units per NDC", cell("units_listed")),
    )
    return AspRow(
        line,
        code,
        cell("text"),
        cell("labeler"),
        _ndc(cell("ndc")),
        cell("name"),
        cell("dosage"),
        size,
        quantity,
        units,
        doubt,
    )


def _ndc(text: str) -> str:
    """This column is of 11 digits, so bare digits that are fewer have lost the zeros in front of them."""
    found = ndc_of(text.zfill(11) if text.isascii() and text.isdigit() and len(text) >= 7 else text)
    if found is None and re.fullmatch(r"\d{1,5}-\d{1,4}-\d{1,2}", text, re.ASCII):
        labeler, product, package = text.split("-")
        found = f"{labeler:0>5}-{product:0>4}-{package:0>2}"
    if found is None:
        raise _Unusable(
            f"{text[:20]!r} is no NDC of 11 digits",
            "Write it as in 00074-3109-32; alternate ids are left out.",
        )
    return found


def _number(what: str, text: str) -> Decimal:
    plain = text.replace(",", "")
    if not _NUMBER.fullmatch(plain) or not Decimal(plain):
        raise _Unusable(f"the {what} is {text[:20]!r}", "Write a number above 0, as in 30 or 7.5.")
    return Decimal(plain)


def _units(size: Decimal, quantity: Decimal, each: Decimal, listed: Decimal) -> tuple[Decimal, str]:
    """Units of the whole package, and why they may be doubted.

    By the field notes `listed` is `each` x quantity. Some rows give the units of one tablet, or of the whole
    package with its tablets as quantity. Any other row contradicts itself: its rounded total is kept, with
    the doubt.
    """
    if (each * quantity).quantize(Decimal(1), ROUND_HALF_UP) == listed or each * quantity == listed:
        return each * quantity, ""
    if listed in (each * size * quantity, each) and 1 in (size, quantity):
        return listed, ""
    return listed, f"{each} units x {quantity} packages are not the {listed} units listed"


def _effective(preamble: str) -> tuple[date | None, date | None]:
    found = _EFFECTIVE.search(preamble)
    return (_day(found[1]), _day(found[2])) if found else (None, None)


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(f"{text} +0000", "%B %d, %Y %z").date()
    except ValueError:
        return None
