"""What a file is by its bytes: PDF, PNG, JPEG or plain text, whole, and nothing else at the same time.

A name or a stated type is never believed. What can carry a script, another file or a bomb is refused, each
with a sentence. Nothing is opened or drawn here, and no virus is looked for.
"""

import re
import struct
import zlib
from enum import StrEnum

LARGEST = 10 * 1024 * 1024
MOST_PIXELS = 100_000_000
TAKEN = "PDF, PNG, JPEG or plain text"
MARKUP = re.compile(rb"<(?:!doctype|html|head|body|script|svg|iframe|object|embed|\?php|\?xml)[\s>/]?", re.I)
ACTIVE = re.compile(
    rb"/(?:JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|OpenAction\s*<<[^>]{0,200}/S\s*/(?:URI|SubmitForm))\b"
)
TAG_FIRST = re.compile(r"\s*<[!?a-zA-Z]")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
ARCHIVE_END, ARCHIVE_TAIL = b"PK\x05\x06", 65_557
PNG_START = b"\x89PNG\r\n\x1a\n"
SIZE_MARKERS = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


class PaperType(StrEnum):
    PDF = "application/pdf"
    PNG = "image/png"
    JPEG = "image/jpeg"
    TEXT = "text/plain"

    @property
    def ending(self) -> str:
        return {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}.get(self.value, ".txt")


class BadPaper(Exception):
    """A file that is not taken; the message is a sentence with the cure."""


def paper_type(content: bytes) -> PaperType:
    """What the file is. Raises BadPaper."""
    if not content:
        raise BadPaper("The file is empty. Choose it again.")
    if len(content) > LARGEST:
        raise BadPaper(
            f"The file is larger than {LARGEST // 1024 // 1024} MB. Scan it again in fewer dots, or split it."
        )
    found = _by_start(content)
    if _is_archive(content):
        raise BadPaper("The file holds a ZIP archive as well. Print it to a new PDF and upload that.")
    if found is not PaperType.PDF and b"%PDF-" in content[:1024]:
        raise BadPaper("The file is two kinds of file at once. Print it to a new PDF and upload that.")
    check = {
        PaperType.PDF: _check_pdf,
        PaperType.PNG: _check_png,
        PaperType.JPEG: _check_jpeg,
        PaperType.TEXT: _check_text,
    }[found]
    check(content)
    return found


def _by_start(content: bytes) -> PaperType:
    if content.startswith(b"%PDF-"):
        return PaperType.PDF
    if content.startswith(PNG_START):
        return PaperType.PNG
    if content.startswith(b"\xff\xd8\xff"):
        return PaperType.JPEG
    if content.startswith((b"PK\x03\x04", ARCHIVE_END)):
        raise BadPaper("An archive, Word or Excel file is not taken. Save it as a PDF first.")
    if content.startswith((b"\x1f\x8b", b"BZh", b"7z\xbc\xaf", b"\xfd7zXZ", b"Rar!")):
        raise BadPaper("A packed file is not taken. Unpack it and upload the PDF inside.")
    return PaperType.TEXT


def _is_archive(content: bytes) -> bool:
    """A ZIP's directory stands at the end, whatever the file begins with."""
    at = content.rfind(ARCHIVE_END, max(0, len(content) - ARCHIVE_TAIL))
    if at < 0 or at + 22 > len(content):
        return False
    (comment,) = struct.unpack_from("<H", content, at + 20)
    return bool(at + 22 + comment == len(content))


def _check_pdf(content: bytes) -> None:
    end = content.rfind(b"%%EOF")
    if end < 0 or content[end + 5 :].strip(b"\r\n\t \x00"):
        raise BadPaper("The PDF is cut off, or something stands behind its end. Print it to a new PDF.")
    if MARKUP.search(content[:1024]):
        raise BadPaper("The file is two kinds of file at once. Print it to a new PDF and upload that.")
    if ACTIVE.search(content):
        raise BadPaper("The PDF holds a script or another file. Print it to a new PDF and upload that.")


def _check_png(content: bytes) -> None:
    at, first = len(PNG_START), True
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        name, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        after = at + 12 + length
        if after > len(content) or struct.unpack_from(">I", content, after - 4)[0] != zlib.crc32(name + body):
            break
        if first:
            if name != b"IHDR" or length != 13:
                break
            _check_pixels(*struct.unpack_from(">II", body))
        if name in (b"tEXt", b"iTXt", b"zTXt"):
            _check_no_markup(body)
        if name == b"IEND":
            if after != len(content):
                raise BadPaper(
                    "Something stands behind the end of the picture. Save it again and upload that."
                )
            return
        at, first = after, False
    raise BadPaper("The PNG picture is damaged or cut off. Save or scan it again.")


def _check_jpeg(content: bytes) -> None:
    at, sized = 2, False
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        (length,) = struct.unpack_from(">H", content, at + 2)
        body = content[at + 4 : at + 2 + length]
        if marker in SIZE_MARKERS and len(body) >= 5:
            height, width = struct.unpack_from(">HH", body, 1)
            _check_pixels(width, height)
            sized = True
        if marker == 0xFE:
            _check_no_markup(body)
        if marker == 0xDA:
            break
        at += 2 + length
    if not sized or content.rstrip(b"\x00")[-2:] != b"\xff\xd9":
        raise BadPaper(
            "The JPEG picture is damaged, or something stands behind its end. Save or scan it again."
        )


def _check_pixels(width: int, height: int) -> None:
    if not 0 < width * height <= MOST_PIXELS:
        raise BadPaper(f"The picture says it is {width} by {height} dots. Scan it again in fewer dots.")


def _check_no_markup(body: bytes) -> None:
    if MARKUP.search(body):
        raise BadPaper("The picture holds a web page in its notes. Save it again and upload that.")


def _check_text(content: bytes) -> None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadPaper(f"The file is none of {TAKEN}. Save it as a PDF first.") from None
    if CONTROL.search(text):
        raise BadPaper(f"The file is none of {TAKEN}. Save it as a PDF first.")
    if TAG_FIRST.match(text) or MARKUP.search(content):
        raise BadPaper("A web page or SVG drawing is not taken. Print it to a PDF and upload that.")
