"""Tables as files for a spreadsheet: CSV and Excel, whose cells stay the text that they are.

A spreadsheet runs a cell that begins with `=`, `+`, `-`, `@` or a control character as a formula. In CSV
such a text gets an apostrophe in front; in Excel every cell is written with the type text, and such a one
bears Excel's own mark for an apostrophe in front (`quotePrefix`), so that it stays a text when it is edited.
"""

import csv
import tempfile
from collections.abc import Iterable, Sequence
from typing import IO, Any, cast

import xlsxwriter

FORMULA_STARTS = tuple("=+-@\t\r\n\x00＝＋－＠")
SKIPPED = " \u00a0\u3000\"'"  # a spreadsheet looks past spaces and quotes in front
LONGEST_CELL = 32_767  # what Excel holds

Cells = Sequence[str]


def guarded(text: str) -> str:
    """The text with an apostrophe in front if a spreadsheet could take it for a formula."""
    return f"'{text}" if could_run(text) else text


def could_run(text: str) -> bool:
    return text.startswith(FORMULA_STARTS) or text.lstrip(SKIPPED).startswith(FORMULA_STARTS)


def write_csv(file: IO[bytes], heads: Cells, rows: Iterable[Cells]) -> None:
    """UTF-8 with a mark in front, by which Excel knows it; everything quoted."""
    file.write("\N{ZERO WIDTH NO-BREAK SPACE}".encode())
    file.write(_line(heads))
    for row in rows:
        file.write(_line(row))


def write_xlsx(file: IO[bytes], heads: Cells, rows: Iterable[Cells], *, title: str) -> None:
    """One sheet, its head frozen. Rows go to a folder that is gone afterwards, so that memory stays small."""
    with tempfile.TemporaryDirectory(prefix="tracker-") as folder:
        book = xlsxwriter.Workbook(cast(Any, file), {"constant_memory": True, "tmpdir": folder})
        sheet = book.add_worksheet(title)
        sheet.freeze_panes(1, 0)
        strong = book.add_format({"bold": True, "num_format": "@"})
        plain = book.add_format({"num_format": "@"})
        quoted = book.add_format({"num_format": "@", "quote_prefix": True})
        for column, text in enumerate(heads):
            sheet.write_string(0, column, text, strong)
        for number, row in enumerate(rows, start=1):
            for column, text in enumerate(row):
                style = quoted if could_run(text) else plain
                sheet.write_string(number, column, text[:LONGEST_CELL], style)
        book.close()


class _Echo:
    """Gives back what a writer writes."""

    def write(self, text: str) -> str:
        return text


_writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL, lineterminator="\r\n")


def _line(row: Cells) -> bytes:
    written: Any = _writer.writerow([guarded(text) for text in row])
    return str(written).encode()
