"""What a file is by its bytes, and what is refused with a sentence."""

import io
import struct
import zipfile
import zlib

import pytest

from tracker.formats.papers import LARGEST, BadPaper, PaperType, paper_type

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width=2, height=2, *more):
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\x00" + b"\x00" * 6)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", head), *more, chunk(b"IDAT", rows), chunk(b"IEND", b""))
    )


def jpeg(width=2, height=2, comment=b"scan"):
    size = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    segments = [(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"), (0xFE, comment), (0xC0, size)]
    packed = b"".join(
        bytes((0xFF, mark)) + struct.pack(">H", len(body) + 2) + body for mark, body in segments
    )
    return b"\xff\xd8" + packed + b"\xff\xda\x00\x02\x11\x22\xff\xd9"


def archive():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("bomb", b"\x00" * 1_000_000)
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PDF, PaperType.PDF),
        (PDF + b"\r\n\x00", PaperType.PDF),
        (png(), PaperType.PNG),
        (jpeg(), PaperType.JPEG),
        (b"Trough 180 ng/mL on 2026-05-01", PaperType.TEXT),
        ("Ångström\r\n\tcafé".encode(), PaperType.TEXT),
        (b"\xef\xbb\xbfwith a mark", PaperType.TEXT),
        (b"<5 ng/mL: below the range", PaperType.TEXT),
        (b"dose < 5 mg and level > 10", PaperType.TEXT),
    ],
)
def test_papers_are_known_by_their_bytes(content, kind):
    assert paper_type(content) is kind


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"a" * (LARGEST + 1), "larger than 10 MB"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "SVG"),
        (b"  \n<?xml version='1.0'?><svg/>", "SVG"),
        (b"<!DOCTYPE html><p>x", "web page"),
        (b"hello <ScRiPt>alert(1)</script>", "web page"),
        (b"hello <iframe src=x>", "web page"),
        (archive(), "archive, Word or Excel"),
        (PDF + archive(), "ZIP archive as well"),
        (png() + archive(), "ZIP archive as well"),
        (jpeg() + archive(), "ZIP archive as well"),
        (b"\x1f\x8b\x08\x00" + b"\x00" * 20, "packed file"),
        (b"Rar!\x1a\x07", "packed file"),
        (b"GIF89a\x01\x00\x01\x00", "none of PDF"),
        (b"MZ\x90\x00\x03\x00", "none of PDF"),
        (b"\x7fELF\x02\x01", "none of PDF"),
        ("text".encode("utf-16"), "none of PDF"),
        (b"a\x00b", "none of PDF"),
        (b"note\n%PDF-1.7\n%%EOF", "two kinds of file"),
        (png(2, 2, chunk(b"tEXt", b"%PDF-1.7")), "two kinds of file"),
        (b"%PDF-1.7\n<html><script>alert(1)</script>\n%%EOF", "two kinds of file"),
        (b"%PDF-1.7\nno end", "cut off"),
        (PDF + b"<script>alert(1)</script>", "behind its end"),
        (PDF.replace(b"/Catalog", b"/Catalog/OpenAction<</S/JavaScript/JS(x)>>"), "holds a script"),
        (
            PDF.replace(b"/Catalog", b"/Catalog/Names<</EmbeddedFiles 2 0 R>>"),
            "holds a script or another file",
        ),
        (PDF.replace(b"/Catalog", b"/Catalog/OpenAction<</S/Launch>>"), "holds a script"),
        (png(20_000, 20_000), "20000 by 20000 dots"),
        (png(0, 5), "0 by 5 dots"),
        (png()[:-5], "damaged or cut off"),
        (png()[:30] + b"\xff" + png()[31:], "damaged"),
        (png() + b"<html>", "behind the end"),
        (png(2, 2, chunk(b"iTXt", b"note\x00<script>x</script>")), "web page in its notes"),
        (jpeg(60_000, 60_000), "60000 by 60000 dots"),
        (jpeg(comment=b"<script>alert(1)</script>"), "web page in its notes"),
        (jpeg() + b"<?php", "behind its end"),
        (jpeg()[:20], "damaged"),
        (b"\xff\xd8\xff", "damaged"),
    ],
)
def test_everything_else_is_refused_with_a_sentence(content, says):
    with pytest.raises(BadPaper, match=says):
        paper_type(content)
