"""Bytes of a spreadsheet to rows of text."""

import io
import tracemalloc
import zipfile
from datetime import date, datetime

import pytest
import xlsxwriter

from tracker.formats.clinic_table import BadTable, read_rows, sheet_names

LINES = "MRN;Name;Fill\r\n0100200;Müller, Grace;9/21/2026\r\n\r\n0100201;Doe, Jane;9/22/2026\r\n"
ROWS = [
    (1, ("MRN", "Name", "Fill")),
    (2, ("0100200", "Müller, Grace", "9/21/2026")),
    (3, ()),
    (4, ("0100201", "Doe, Jane", "9/22/2026")),
]


def rows(content, sheet=None):
    return [(row.number, row.cells) for row in read_rows(content, sheet)]


def workbook(fill, **options):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, **options}) as book:
        fill(book)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_the_encoding_is_found(encoding):
    assert rows(LINES.encode(encoding)) == ROWS


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_what_most_lines_agree_on(delimiter):
    text = f'MRN{delimiter}Name\n1{delimiter}"Doe, Jane; Dr."\n2{delimiter}"Roe, Jim | Jr."\n'

    assert [cells for _, cells in rows(text.encode())][1] == ("1", "Doe, Jane; Dr.")


def test_a_row_is_counted_as_the_spreadsheet_counts_it():
    text = 'MRN,Note\n1,"two\nlines"\n2,x\n'

    assert rows(text.encode())[2] == (3, ("2", "x"))


def test_an_open_quotation_mark_swallows_nothing():
    with pytest.raises(BadTable, match="Row 2 cannot be read"):
        rows(b'MRN,Name\n1,"Doe\n2,Roe\n')


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b"\xd0\xcf\x11\xe0 old", "old Excel"),
        (b"PK\x03\x04 cut off", "damaged"),
        (b"MRN,Name\n1,\x81\n", "CSV UTF-8"),
        (b"MRN,Name\n1," + b"x" * 5_000, "more than 4,000 characters"),
        (b"," * 300, "more than 200 columns"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(content, says):
    with pytest.raises(BadTable, match=says):
        rows(content)


def test_a_workbook_gives_text_as_people_see_it():
    def fill(book):
        sheet = book.add_worksheet("List")
        day = book.add_format({"num_format": "m/d/yyyy"})
        sheet.write_row(0, 0, ["0100200", 100223, 12.5, True])
        sheet.write_datetime(0, 4, date(2026, 9, 21), day)
        sheet.write_datetime(
            2, 0, datetime.fromisoformat("2026-09-21T08:30"), book.add_format({"num_format": "m/d/yyyy h:mm"})
        )
        book.add_worksheet("Old")

    content = workbook(fill)

    assert sheet_names(content) == ["List", "Old"]
    found = dict(rows(content))
    assert found[1] == ("0100200", "100223", "12.5", "yes", date(2026, 9, 21).isoformat())
    assert found[3][0] == "2026-09-21 08:30:00"
    assert rows(content, "Old") == []
    with pytest.raises(BadTable, match="no sheet 'Other'"):
        rows(content, "Other")


def test_a_cell_far_out_is_refused_without_filling_memory():
    content = workbook(lambda book: book.add_worksheet().write("XFD1048576", "x"))

    tracemalloc.start()
    with pytest.raises(BadTable, match="XFD1048576"):
        rows(content)
    assert tracemalloc.get_traced_memory()[1] < 30_000_000
    tracemalloc.stop()


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)

    with pytest.raises(BadTable, match="unpacks to 57 MB"):
        rows(out.getvalue())


def archive_with(name, mode=0o100600):
    """A workbook's bytes with one more part, whose name and kind are a stranger's choice."""
    out = io.BytesIO(workbook(lambda book: book.add_worksheet().write("A1", "x")))
    with zipfile.ZipFile(out, "a") as archive:
        part = zipfile.ZipInfo(name)
        part.external_attr = mode << 16
        archive.writestr(part, "/etc/passwd")
    return out.getvalue()


def test_a_link_in_a_workbook_is_refused():
    with pytest.raises(BadTable, match="links to other files"):
        rows(archive_with("xl/media/image1.png", mode=0o120777))


@pytest.mark.parametrize("name", ["../../escaped.txt", "/tmp/escaped.txt", "..\\escaped.txt"])
def test_a_name_in_a_workbook_leads_nowhere(tmp_path, monkeypatch, name):
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)

    assert rows(archive_with(name)) == [(1, ("x",))]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_xml_entities_are_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(
            "xl/workbook.xml", '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
        )

    with pytest.raises(BadTable, match="entities"):
        rows(out.getvalue())


def test_too_many_rows_are_refused():
    with pytest.raises(BadTable, match="more than 100,000 rows"):
        rows(b"1\n" * 100_001)
