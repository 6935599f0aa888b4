"""What a file tells of the person, place and program behind it is taken out, and what it shows is not."""

import re
import struct
import time
import zlib

import pytest

from papers import INFO, PDF, PLACE, chunk, exif, jpeg, pdf, photo, png
from tracker.formats import pdf_notes
from tracker.formats.paper_notes import without_notes
from tracker.formats.papers import BadPaper, PaperType, paper_type


def cleaned(content):
    return without_notes(content, paper_type(content))


def test_a_photo_loses_place_camera_and_comment_and_keeps_its_picture():
    icc, adobe = b"ICC_PROFILE\x00\x01\x01colours", b"Adobe\x00d\x00\x00\x00\x00\x01"
    content = photo(
        (0xE1, exif()), (0xE1, b"http://ns.adobe.com/xap/1.0/\x00Ana"), (0xED, b"Photoshop 3.0\x00Ana")
    )
    content = content[:2] + photo((0xE2, icc), (0xEE, adobe), (0xE2, b"MPF\x00Ana"))[2:-2] + content[-2:]

    found = cleaned(content)

    assert not found.left
    assert paper_type(found.content) is PaperType.JPEG
    assert [each for each in (b"Exif", PLACE, b"Ana", b"scan") if each in found.content] == []
    assert all(each in found.content for each in (icc, adobe, b"JFIF", b"\x11\xff\x00\x22\xff\xd0\x33"))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("way_up", [3, 6, 8])
def test_a_photo_stays_the_right_way_up(way_up, order):
    found = cleaned(photo((0xE1, exif(way_up, order)))).content

    assert PLACE not in found
    assert exif(way_up)[: -len(PLACE)] in found
    assert paper_type(found) is PaperType.JPEG


@pytest.mark.parametrize("way_up", [0, 1, 9, 700])
def test_an_orientation_that_says_nothing_goes_too(way_up):
    assert b"Exif" not in cleaned(photo((0xE1, exif(way_up)))).content


def test_a_second_picture_behind_the_first_goes():
    assert cleaned(photo() + photo((0xE1, exif()))).content == cleaned(photo()).content


def test_notes_between_the_scans_of_a_photo_go():
    scan = b"\x11\x22\xff\xfe\x00\x05Ana\xff\xc4\x00\x03t\xff\xda\x00\x02\x33"

    found = cleaned(photo(scan=scan)).content

    assert b"Ana" not in found
    assert found.endswith(b"\x11\x22\xff\xc4\x00\x03t\xff\xda\x00\x02\x33\xff\xd9")


@pytest.mark.parametrize(
    "cut", [b"\xff\xe1\xff\xff\x00\xff\xd9", b"\xff\xe1\x00\x00\xff\xd9", b"\x00\xff\xd9"]
)
def test_a_photo_that_cannot_be_followed_is_refused(cut):
    whole = jpeg()
    content = whole[: whole.index(b"\xff\xda")] + cut

    with pytest.raises(BadPaper, match="damaged"):
        without_notes(content, PaperType.JPEG)


def test_a_png_loses_its_notes_and_keeps_its_picture():
    notes = [chunk(name, b"Author\x00Ana") for name in (b"tEXt", b"zTXt", b"iTXt", b"prVt")]
    notes += [chunk(b"tIME", b"\x07\xea\x01\x01\x01\x01\x01"), chunk(b"eXIf", exif()[6:])]

    found = cleaned(png(2, 2, *notes, chunk(b"gAMA", bytes(4))))

    assert found.content == png(2, 2, chunk(b"gAMA", bytes(4)))


def test_a_png_stays_the_right_way_up():
    found = cleaned(png(2, 2, chunk(b"eXIf", exif(6)[6:]))).content

    assert found == png(2, 2, chunk(b"eXIf", exif(6)[6 : -len(PLACE)]))
    assert paper_type(found) is PaperType.PNG


# ------------------------------------------------------------------------------------------------- PDF

XMP = b"<?xpacket begin?><x:xmpmeta xmlns:x='adobe:ns:meta/'><dc:creator>Ana</dc:creator></x:xmpmeta>"


def packed(inside, number=b"2"):
    """An object stream with one object, as newer programs write them."""
    head = number + b" 0 "
    body = zlib.compress(head + inside)
    return (
        b"9 0 obj<</Type/ObjStm/N 1/First %d/Length %d/Filter/FlateDecode>>stream\r\n"
        % (len(head), len(body))
        + body
        + b"\nendstream endobj\n"
    )


def test_a_pdf_loses_author_title_and_packets_and_no_byte_moves():
    content = pdf(INFO, XMP)

    found = cleaned(content)

    assert not found.left
    assert len(found.content) == len(content)
    assert [each for each in (b"Ana", b"Lead", b"416E61", b"Rosa", b"Scan 9") if each in found.content] == []
    assert b"(D:20260317)" in found.content
    assert re.findall(rb"\d 0 obj|endobj", found.content) == re.findall(rb"\d 0 obj|endobj", content)
    assert paper_type(found.content) is PaperType.PDF


def test_each_version_of_what_a_pdf_says_goes():
    found = cleaned(pdf(INFO, b"2  0 obj <</Author (Ben)>> endobj\n", INFO)).content

    assert b"Ben" not in found
    assert b"Ana" not in found


def test_other_objects_of_a_pdf_stay():
    outline = b"12 0 obj<</Title(Chapter one)>>endobj\n"

    assert outline in cleaned(pdf(outline, INFO)).content


def test_the_place_of_a_photo_inside_a_pdf_goes():
    body = exif()
    segment = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + b"\xff\xdb"

    found = cleaned(pdf(segment, trailer=b"")).content

    assert PLACE not in found
    assert b"\xff\xdb" in found


@pytest.mark.parametrize(
    ("parts", "left"),
    [
        ([packed(b"<</Author(Ana)>>")], True),
        ([packed(b"<</Title<416E>>>")], True),
        ([packed(b"<</Producer(Scan 9)/Author()/Title( )>>")], False),
        ([packed(b"<</Author(Ana)>>", number=b"7")], True),  # nowhere: it might
        ([b"9 0 obj<</Type/ObjStm/First 4>>stream\nnot packed\nendstream"], True),
        ([b"9 0 obj<</Type/ObjStm>>"], True),
        ([packed(b"<</Author(Ana)>>", number=b"2 x 2")], True),
        ([INFO, b"/ByteRange [0 1 2 3]"], True),
        ([INFO, b"/Encrypt 8 0 R"], True),
        ([b"2 0 obj<</Author(never closed"], True),
        ([b"2 0 obj<</Author(x)>>endobj "] * 201, True),
        ([b"2 0 obj<<" + b"".join(b"/K%d %d 0 R" % (n, n) for n in range(9)) + b">>endobj"], True),
        ([b"/Info %d 0 R " % n for n in range(9)], True),
    ],
    ids=range(13),
)
def test_what_cannot_be_blanked_is_told(parts, left):
    content = pdf(*parts)

    found, stays = pdf_notes.blanked(content)

    assert stays is left
    assert len(found) == len(content)


def test_a_signed_pdf_without_notes_has_none_left():
    content = pdf(b"/ByteRange [0 1 2 3]", trailer=b"")

    assert pdf_notes.blanked(content) == (content, False)


def test_text_and_plain_files_stay_as_they_are():
    for content in (b"Author: Ana", PDF):
        assert cleaned(content).content == content


HOSTILE = {
    "packets": b"<x:xmpmeta" * 400_000,
    "references": b"/Info 1 0 R" * 400_000,
    "places": b"2 0 obj" * 500_000,
    "slashes": b"2 0 obj<</A(" + b"\\" * 4_000_000,
    "keys": b"2 0 obj<<" + b"/A 1 0 R" * 500_000,
    "spaces": b"2 0 obj<</A" + b" " * 4_000_000,
    "streams": b"/ObjStm stream" * 300_000,
    "bomb": packed(b"0" * 400_000_000),
    "exif": b"\xff\xe1\xff\xffExif\x00\x00" * 400_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_takes_no_time(name):
    begun = time.perf_counter()

    pdf_notes.blanked(pdf(HOSTILE[name]))

    assert time.perf_counter() - begun < 5
