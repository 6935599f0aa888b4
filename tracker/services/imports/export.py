"""The rows that were refused, as a CSV that opens in a spreadsheet without running anything."""

import csv
import io

from tracker.services.imports.report import Report

# What a spreadsheet takes for the start of a formula, full-width forms among them.
STARTS = tuple("=+-@\t\r\n\0|%\uff1d\uff0b\uff0d\uff20")
AROUND = " '\"\u00a0\u3000"


def errors_csv(report: Report) -> str:
    """One line a fault: row, column, what was found, what is wrong, what to do."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(["Row", "Column", "Found", "Problem", "What to do"])
    for error in report.errors:
        cells = [error.column, error.found, error.problem, error.cure]
        writer.writerow([error.row, *(harmless(cell) for cell in cells)])
    return out.getvalue()


def harmless(cell: str) -> str:
    """A cell that cannot be taken for a formula, spaces and quotes before it or not."""
    return f"'{cell}" if cell.lstrip(AROUND).startswith(STARTS) or cell.startswith(STARTS) else cell
