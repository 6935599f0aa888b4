"""Files for a spreadsheet: what comes out is the text that went in, and no formula."""

import csv
import io

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


def test_a_cell_too_long_for_excel_is_cut():
    file = io.BytesIO()

    write_xlsx(file, ["Name"], [["x" * 40_000]], title="Worklist")

    file.seek(0)
    rows = CalamineWorkbook.from_filelike(file).get_sheet_by_name("Worklist").to_python()
    assert len(rows[1][0]) == 32_767
