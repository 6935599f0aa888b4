"""Files for a spreadsheet: what comes out is the text that went in, and no formula."""

import csv
import io
import re
import zipfile

import pytest
from python_calamine import CalamineWorkbook

from tracker.formats.table_out import guarded, write_csv, write_xlsx

STARTS = ["=", "+", "-", "@", "\t", "\r", "\n", "\x00", "＝", "＋", "－", "＠"]
FRONTS = ["", " ", "  ", "\u00a0", '"', "'", ' "']
PAYLOADS = [f"{front}{start}cmd|' /C calc'!A{n}" for n, start in enumerate(STARTS) for front in FRONTS]
PLAIN = [
    "Alvarez, Rosa",
    "2026-06-14",
    "60 units = 6 000 mg",
    "",
    "A-48213",
    'said "no"',
    "a\nb",
    "שלום",
    "🙂",
]


@pytest.mark.parametrize("text", PAYLOADS)
def test_a_text_that_could_run_gets_an_apostrophe(text):
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", PLAIN)
def test_other_texts_stay_as_they_are(text):
    assert guarded(text) == text


def test_csv_gives_back_every_text_and_quotes_all():
    file = io.BytesIO()

    write_csv(file, ["Name", "Note"], [[text, text] for text in (*PAYLOADS, *PLAIN)])

    written = file.getvalue().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(written, newline=""), strict=True))
    assert rows == [["Name", "Note"], *([guarded(text)] * 2 for text in (*PAYLOADS, *PLAIN))]
    assert file.getvalue().startswith(b'\xef\xbb\xbf"Name","Note"\r\n')


def test_excel_gives_back_every_text_as_text():
    file = io.BytesIO()
    texts = [text for text in (*PAYLOADS, *PLAIN) if "\x00" not in text and "\r" not in text and text]

    write_xlsx(file, ["Name"], [[text] for text in texts], title="Worklist")

    file.seek(0)
    rows = CalamineWorkbook.from_filelike(file).get_sheet_by_name("Worklist").to_python()
    assert rows == [["Name"], *([text] for text in texts)]


def test_excel_marks_with_an_apostrophe_what_could_run_and_nothing_else():
    """ASVS 5.0, 1.2.10: in XLSX the apostrophe in front is a mark of the cell, no letter of its text."""
    file = io.BytesIO()
    texts = ["=1+1", "plain", "+1", "-1", "@SUM(1)", "\t=1", "2026-06-14"]

    write_xlsx(file, ["Name"], [[text] for text in texts], title="Worklist")

    with zipfile.ZipFile(file) as book:
        sheet, styles = (book.read(f"xl/{name}.xml").decode() for name in ("worksheets/sheet1", "styles"))
    formats = re.findall(r"<xf [^>]*>", styles.split("<cellXfs")[1])
    cells = re.findall(r'<c r="A\d+" s="(\d+)"', sheet)[1:]
    assert ["quotePrefix" in formats[int(each)] for each in cells] == [text[0] in "=+-@\t" for text in texts]


def test_csv_follows_rfc_4180():
    """2.6: breaks, quotes and commas stand in quotes; 2.7: a quote is doubled."""
    file = io.BytesIO()

    write_csv(file, ["a"], [['x,"y"\r\nz', "=1"]])

    assert file.getvalue().decode("utf-8-sig") == '"a"\r\n"x,""y""\r\nz","\'=1"\r\n'


def test_a_cell_too_long_for_excel_is_cut():
    file = io.BytesIO()

    write_xlsx(file, ["Name"], [["x" * 40_000]], title="Worklist")

    file.seek(0)
    rows = CalamineWorkbook.from_filelike(file).get_sheet_by_name("Worklist").to_python()
    assert len(rows[1][0]) == 32_767
