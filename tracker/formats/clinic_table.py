"""A clinic's spreadsheet as rows of text: bytes in, sheets of numbered rows out. What the cells mean is not
decided here.

CSV: UTF-8, UTF-16 or Windows-1252, with or without a mark, any of four delimiters. XLSX: dates come out as
ISO text, whole numbers without a decimal point. Everything is bounded: bytes, rows, columns, cells.
"""

import csv
import io
import re
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import python_calamine

MOST_ROWS = 100_000
MOST_COLUMNS = 200
LONGEST_CELL = 4_000
MOST_UNPACKED = 200 * 1024 * 1024
MOST_RATIO = 100
MOST_ENTRIES = 1_000
PIECE = 1024 * 1024
# A cell in a column beyond ZZ, or in a row beyond 199,999.
FAR_CELL = re.compile(rb' r="([A-Z]{3}\d{1,7}|[A-Z]{1,3}(?:[2-9]\d{5}|\d{7}))"')
VOTING_LINES = 50
DELIMITERS = ",;\t|"
ZIP_MARK = b"PK\x03\x04"
OLD_EXCEL_MARK = b"\xd0\xcf\x11\xe0"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")

csv.field_size_limit(1024 * 1024)


class BadTable(ValueError):
    """The file cannot be read; the message says where and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """`number` is the row as the spreadsheet program counts it, from 1."""

    number: int
    cells: tuple[str, ...]

    @property
    def blank(self) -> bool:
        return not any(self.cells)


def sheet_names(content: bytes) -> list[str]:
    """The sheets of a workbook in their order; empty for a CSV."""
    return list(_workbook(content).sheet_names) if content.startswith(ZIP_MARK) else []


def read_rows(content: bytes, sheet: str | None = None) -> Iterator[Row]:
    """All rows, blank ones too. `sheet` None: the first. Raises BadTable."""
    if not content.strip(b"\x00\xff\xfe\xef\xbb\xbf \r\n\t"):
        raise BadTable("The file is empty. Save the spreadsheet again and choose that file.")
    if content.startswith(OLD_EXCEL_MARK):
        raise BadTable(
            "This is an old Excel file (.xls) or one with a password. Save it as .xlsx or .csv without one."
        )
    rows = _excel_rows(content, sheet) if content.startswith(ZIP_MARK) else _csv_rows(content)
    for row in rows:
        if row.number > MOST_ROWS:
            raise BadTable(f"The file has more than {MOST_ROWS:,} rows. Split it and import the parts.")
        if len(row.cells) > MOST_COLUMNS:
            raise BadTable(
                f"Row {row.number} has more than {MOST_COLUMNS} columns. Remove what is not needed."
            )
        if any(len(cell) > LONGEST_CELL for cell in row.cells):
            raise BadTable(
                f"Row {row.number} has a cell of more than {LONGEST_CELL:,} characters. Shorten it,"
                " or close the quotation mark that was left open."
            )
        yield row


# ------------------------------------------------------------------------------------------------- CSV


def _csv_rows(content: bytes) -> Iterator[Row]:
    text = decoded(content)
    lines = text.splitlines()[:VOTING_LINES]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(lines), strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):  # noqa: B007 - the last number names the bad row
            yield Row(number, tuple(cell.strip() for cell in cells))
    except csv.Error as error:
        raise BadTable(
            f"Row {number + 1} cannot be read ({error}). A quotation mark there is not closed, or one inside"
            " a cell is not doubled: mend it and upload the file again."
        ) from None


def decoded(content: bytes) -> str:
    """The text of a CSV: UTF-16 by its mark or its zero bytes, else UTF-8, else Windows-1252."""
    try:
        if content.startswith(UTF_16_MARKS):
            return content.decode("utf-16")
        if b"\x00" in content[:200]:
            return content.decode("utf-16-le" if content[1:2] == b"\x00" else "utf-16-be")
        return _eight_bit(content)
    except UnicodeDecodeError as error:
        raise BadTable(
            f"The text cannot be read at byte {error.start + 1}. Save the file as 'CSV UTF-8' and upload it"
            " again."
        ) from None


def _eight_bit(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252")


def delimiter_of(lines: list[str]) -> str:
    """The delimiter that gives most lines the same number of columns, two at least; the comma if none does.

    A vote instead of csv.Sniffer, which takes a letter for a delimiter when the names suit it.
    """
    return max(DELIMITERS, key=lambda delimiter: _vote(lines, delimiter))


def _vote(lines: list[str], delimiter: str) -> tuple[int, int]:
    """(lines of the commonest width, that width) of the lines this delimiter divides."""
    widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if len(row) > 1)
    if not widths:
        return 0, 0
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    return count, width


# ----------------------------------------------------------------------------------------------- Excel


def _workbook(content: bytes) -> python_calamine.CalamineWorkbook:
    _refuse_bomb(content)
    try:
        return python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise BadTable(
            "This workbook cannot be opened. Save it again as .xlsx without a password."
        ) from error


def _refuse_bomb(content: bytes) -> None:
    """The sizes a zip declares are checked before anything is unpacked, then held to while it is read.

    Nothing is unpacked to a disk, so that no name in it leads anywhere. A link has no place in a workbook.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            unpacked = sum(entry.file_size for entry in entries)
            if unpacked <= MOST_UNPACKED and unpacked <= MOST_RATIO * len(content):
                for entry in entries[:MOST_ENTRIES]:
                    _read_through(archive, entry)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise BadTable("This .xlsx file is damaged or has a password. Save it again without one.") from error
    if any(stat.S_ISLNK(entry.external_attr >> 16) for entry in entries):
        raise BadTable("This workbook holds links to other files. Copy the rows into a new workbook.")
    if len(entries) > MOST_ENTRIES:
        raise BadTable("This workbook has too many parts. Copy the rows into a new workbook.")
    if unpacked > MOST_UNPACKED or unpacked > MOST_RATIO * len(content):
        raise BadTable(
            f"This workbook unpacks to {unpacked // 1024 // 1024:,} MB, more than is read here."
            " Copy the rows into a new workbook, or save the sheet as CSV."
        )


def _read_through(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Unpack one part piece by piece. A sheet is kept dense in memory, so a lone cell far out is refused."""
    tail = b""
    with archive.open(entry) as part:
        while piece := part.read(PIECE):
            if b"<!DOCTYPE" in piece or b"<!ENTITY" in piece:
                raise BadTable("This workbook holds XML entities, which are not read. Save it as CSV.")
            far = FAR_CELL.search(tail + piece)
            if far:
                raise BadTable(
                    f"The sheet reaches to cell {far[1].decode()}. Delete the unused rows and columns, or"
                    " save the rows as CSV."
                )
            tail = piece[-16:]


def _excel_rows(content: bytes, sheet: str | None) -> Iterator[Row]:
    book = _workbook(content)
    names = book.sheet_names
    if not names:
        raise BadTable("The workbook has no sheet.")
    if sheet is not None and sheet not in names:
        raise BadTable(f"There is no sheet '{sheet}'. The workbook has: {', '.join(names)}.")
    try:
        found = book.get_sheet_by_name(sheet or names[0])
    except (python_calamine.CalamineError, ValueError) as error:
        raise BadTable("This sheet cannot be read. Copy its rows into a new workbook.") from error
    if found.total_height > MOST_ROWS:
        raise BadTable(f"The sheet has more than {MOST_ROWS:,} rows. Split it and import the parts.")
    if found.total_width > MOST_COLUMNS:
        raise BadTable(f"The sheet has more than {MOST_COLUMNS} columns. Remove what is not needed.")
    for number, cells in enumerate(found.iter_rows(), start=1):
        yield Row(number, tuple(cell_text(cell) for cell in cells))


def cell_text(cell: object) -> str:
    """A cell of a workbook as text: dates in ISO form, 100223.0 as 100223."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else str(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return "" if cell is None else str(cell if not isinstance(cell, timedelta) else cell.total_seconds())
