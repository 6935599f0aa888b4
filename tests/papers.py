"""Papers made byte by byte: pictures and PDFs, with and without notes on their author and place."""

import struct
import zlib

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


PLACE = b"N 41.8781 W 87.6298"


def exif(way_up=1, order="<"):
    """Which way up, and a place behind it."""
    mark = b"II*\x00" if order == "<" else b"MM\x00*"
    entry = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, way_up, 0)
    return b"Exif\x00\x00" + mark + struct.pack(f"{order}IH", 8, 1) + entry + bytes(4) + PLACE


def photo(*segments, scan=b"\x11\xff\x00\x22\xff\xd0\x33"):
    """A JPEG with these segments behind its first, and a scan with an escaped byte and a restart."""
    whole = jpeg()
    more = b"".join(bytes((0xFF, mark)) + struct.pack(">H", len(body) + 2) + body for mark, body in segments)
    whole = whole[:2] + more + whole[2:]
    return whole[: whole.index(b"\xff\xda") + 4] + scan + b"\xff\xd9"


INFO = (
    rb"2 0 obj<</Author(Ana \(R.\) (Lead))/Title<416E61>/Keywords 3 0 R/Producer(Scan 9)"
    rb"/CreationDate(D:20260317)>>endobj" + b"\n3 0 obj (Rosa Alvarez) endobj\n"
)


def pdf(*parts, trailer=b"/Info 2 0 R"):
    return PDF.replace(b"trailer<<", b"".join(parts) + b"trailer<<" + trailer)
