"""What a picture tells beside itself, taken out: where and when it was taken, with what, by whom, notes.

What is needed to draw it stays: colours, size in print, and which way up it is held. Nothing is decoded.
PDFs are in `pdf_notes`.
"""

import re
import struct
import zlib
from dataclasses import dataclass

from tracker.formats import pdf_notes
from tracker.formats.papers import PNG_START, BadPaper, PaperType

NOT_WHOLE = "The picture is damaged or cut off. Save or scan it again."
# JPEG (ITU-T T.81, B.1.1.3): frames and tables, scans, and what changes them. APPn and comments are not here.
DRAWN = {*range(0xC0, 0xD0), *range(0xDA, 0xE0)}
KEPT_APPS = {0xE0: b"JFIF\x00", 0xE2: b"ICC_PROFILE\x00", 0xEE: b"Adobe"}
ALONE = {0x01, *range(0xD0, 0xD8)}
END, SCAN, EXIF_APP = 0xD9, 0xDA, 0xE1
SCAN_END = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
EXIF = b"Exif\x00\x00"
# PNG (W3C, third edition, 11): what a picture is drawn from.
CHUNKS = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP"}
CHUNKS |= {b"bKGD", b"pHYs"}
ORIENTATION = 0x0112  # TIFF 6.0, section 8
SHORT = 3


@dataclass(frozen=True, slots=True)
class Cleaned:
    """`left`: something that tells who made it could not be taken out without harm."""

    content: bytes
    left: bool = False


def without_notes(content: bytes, kind: PaperType) -> Cleaned:
    """A paper whose kind is known, without what it tells beside itself. Raises BadPaper for a broken one."""
    if kind is PaperType.JPEG:
        return Cleaned(_jpeg(content))
    if kind is PaperType.PNG:
        return Cleaned(_png(content))
    if kind is PaperType.PDF:
        return Cleaned(*pdf_notes.blanked(content))
    return Cleaned(content)


def _jpeg(content: bytes) -> bytes:
    """Segment by segment up to the end of the first picture: cameras put others behind it."""
    out, at = [content[:2]], 2
    while at + 2 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == END:
            return b"".join([*out, b"\xff\xd9"])
        if marker == 0xFF:
            at += 1
        elif marker in ALONE:
            out.append(content[at : at + 2])
            at += 2
        else:
            after = _segment_end(content, at)
            out.append(_kept_segment(marker, content[at:after]))
            at = _scan_end(content, after) if marker == SCAN else after
            out.append(content[after:at])
    raise BadPaper(NOT_WHOLE)


def _segment_end(content: bytes, at: int) -> int:
    length = int.from_bytes(content[at + 2 : at + 4])
    if length < 2 or at + 2 + length > len(content):
        raise BadPaper(NOT_WHOLE)
    return at + 2 + length


def _scan_end(content: bytes, at: int) -> int:
    found = SCAN_END.search(content, at)
    if found is None:
        raise BadPaper(NOT_WHOLE)
    return found.start()


def _kept_segment(marker: int, segment: bytes) -> bytes:
    body = segment[4:]
    if marker in DRAWN or (marker in KEPT_APPS and body.startswith(KEPT_APPS[marker])):
        return segment
    way_up = _way_up(body[len(EXIF) :]) if marker == EXIF_APP and body.startswith(EXIF) else 1
    if way_up == 1:
        return b""
    body = EXIF + _only_way_up(way_up)
    return bytes((0xFF, EXIF_APP)) + struct.pack(">H", len(body) + 2) + body


def _png(content: bytes) -> bytes:
    out, at = [PNG_START], len(PNG_START)
    while at + 12 <= len(content):
        after = at + 12 + int.from_bytes(content[at : at + 4])
        name = content[at + 4 : at + 8]
        if name in CHUNKS:
            out.append(content[at:after])
        elif name == b"eXIf" and (way_up := _way_up(content[at + 8 : after - 4])) != 1:
            body = _only_way_up(way_up)
            out.append(
                struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
            )
        at = after
    return b"".join(out)


def _way_up(tiff: bytes) -> int:
    """How the picture is to be turned, 1 to 8; 1 as it is, or not said."""
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 8:
        return 1
    (at,) = struct.unpack_from(f"{order}I", tiff, 4)
    if at + 2 > len(tiff):
        return 1
    (count,) = struct.unpack_from(f"{order}H", tiff, at)
    for entry in range(at + 2, min(at + 2 + 12 * count, len(tiff) - 11), 12):
        tag, kind, many, value = struct.unpack_from(f"{order}HHIH", tiff, entry)
        if (tag, kind, many) == (ORIENTATION, SHORT, 1):
            return value if 1 <= value <= 8 else 1
    return 1


def _only_way_up(value: int) -> bytes:
    """A directory of one entry."""
    return b"II*\x00" + struct.pack("<IHHHIHHI", 8, 1, ORIENTATION, SHORT, 1, value, 0, 0)
