"""What a PDF tells of its author and program, blanked where it stands: no byte moves, the file stays whole.

That is the information dictionary (ISO 32000-2, 14.3.3), XMP packets (14.3.2) and the Exif data of pictures
inside. A signed or encrypted file is left as it is. What stands packed is read, and only told of.
"""

import re
import zlib
from collections.abc import Iterator

LOCKED = re.compile(rb"/Encrypt\b|/ByteRange\b")
INFO = re.compile(rb"/Info\s+(\d{1,10})\s+(\d{1,5})\s+R\b")
ANY_NOTES = re.compile(rb"/Info\s+\d|<x:xmpmeta|\xff\xe1..Exif\x00\x00", re.DOTALL)
XMP_START, XMP_END = b"<x:xmpmeta", b"</x:xmpmeta>"
EMPTY_XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
EXIF = re.compile(rb"\xff\xe1(..)Exif\x00\x00", re.DOTALL)
VALUE = re.compile(rb"/(\w{1,60})\s*(?:(\()|<(?!<)|(\d{1,10})\s+(\d{1,5})\s+R\b)")
TEXT = re.compile(rb"\s*(?:(\()|<(?!<))")
DATES = {b"CreationDate", b"ModDate", b"Trapped"}  # when it was made, and for which press
PERSONAL = re.compile(
    rb"/(?:Author|Title|Subject|Keywords|Company|Manager)\s*(?:\((?!\s*\))|<(?![<>])|\d+\s+\d+\s+R)"
)
PACKED = re.compile(rb"/ObjStm\b")
FIRST = re.compile(rb"/First\s+(\d{1,6})\b")
LONGEST_OBJECT = 100_000
MOST_REFERENCES = 5
MOST_PLACES = 200
MOST_STREAMS = 500
MOST_UNPACKED = 8_000_000


class Tangled(Exception):
    """More references than any program writes: the file is left as it is."""


def blanked(content: bytes) -> tuple[bytes, bool]:
    """The file of the same length without its notes, and whether any had to stay."""
    if LOCKED.search(content):
        return content, ANY_NOTES.search(content) is not None
    references = {(found[1], found[2]) for found in INFO.finditer(content)}
    data = bytearray(content)
    _blank_xmp(data)
    _blank_exif(data)
    if len(references) > MOST_REFERENCES:
        return bytes(data), True
    try:
        missing = [number for number, generation in references if not _blank_info(data, number, generation)]
    except Tangled:
        return bytes(data), True
    return bytes(data), any(_tells_packed(content, number) for number in missing)


def _blank_xmp(data: bytearray) -> None:
    start = data.find(XMP_START)
    while start >= 0 and (end := data.find(XMP_END, start)) >= 0:
        end += len(XMP_END)
        data[start:end] = EMPTY_XMP.ljust(end - start)[: end - start]
        start = data.find(XMP_START, end)


def _blank_exif(data: bytearray) -> None:
    end = 0
    while found := EXIF.search(data, end):
        end = min(max(found.start() + 2 + int.from_bytes(found[1]), found.end()), len(data))
        data[found.end() : end] = bytes(end - found.end())


def _blank_info(data: bytearray, number: bytes, generation: bytes) -> bool:
    """Blank its texts, in every version that the file holds. False: it does not stand in plain."""
    pointed_at = set()
    places = _places(data, number, generation)
    for start in places:
        at, end = start, data.find(b"endobj", start, start + LONGEST_OBJECT)
        while found := VALUE.search(data, at, end if end >= 0 else start + LONGEST_OBJECT):
            at = found.end()
            if found[1] in DATES:
                continue
            if found[3] is not None:
                pointed_at.add((found[3], found[4]))
            else:
                at = _blank_text(data, at, in_brackets=found[2] is not None)
    if len(pointed_at) > MOST_REFERENCES:
        raise Tangled
    for text in pointed_at:
        for start in _places(data, *text):
            if found := TEXT.match(data, start):
                _blank_text(data, found.end(), in_brackets=found[1] is not None)
    return bool(places)


def _places(data: bytearray, number: bytes, generation: bytes) -> list[int]:
    """Where an object begins; more than once after changes."""
    head = re.compile(rb"(?<!\d)" + number + rb"\s+" + generation + rb"\s+obj\b")
    places = [found.end() for found in head.finditer(data)]
    if len(places) > MOST_PLACES:
        raise Tangled
    return places


def _blank_text(data: bytearray, at: int, *, in_brackets: bool) -> int:
    """Spaces from here to the end of the text; where that is."""
    end = _bracket_end(data, at) if in_brackets else data.find(b">", at, at + LONGEST_OBJECT)
    if end < 0:
        raise Tangled
    data[at:end] = b" " * (end - at)
    return end + 1


def _bracket_end(data: bytearray, at: int) -> int:
    """Where the bracket closes that was opened before; -1: nowhere near."""
    depth, end = 1, min(at + LONGEST_OBJECT, len(data))
    while at < end:
        letter = data[at]
        depth += (letter == 0x28) - (letter == 0x29)
        if depth == 0:
            return at
        at += 2 if letter == 0x5C else 1
    return -1


def _tells_packed(content: bytes, number: bytes) -> bool:
    """Whether the dictionary, which is not in plain, names a person or a subject. Not found: it might."""
    for first, unpacked in _packed_objects(content):
        numbers = unpacked[:first].split()
        if not all(each.isdigit() and len(each) < 10 for each in numbers):
            continue
        wheres = {each: int(where) for each, where in zip(numbers[::2], numbers[1::2], strict=False)}
        if number in wheres:
            start = wheres[number]
            after = min((each for each in wheres.values() if each > start), default=len(unpacked))
            return PERSONAL.search(unpacked[first + start : first + after]) is not None
    return True


def _packed_objects(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Object streams (ISO 32000-2, 7.5.7), unpacked: where their first object begins, and all of it."""
    room = MOST_UNPACKED
    for count, found in enumerate(PACKED.finditer(content)):
        head = max(content.rfind(b"obj", max(0, found.start() - 1000), found.start()), 0)
        begin = content.find(b"stream", found.end(), found.end() + 1000)
        end = content.find(b"endstream", begin + 6)
        first = FIRST.search(content, head, max(begin, 0))
        if count >= MOST_STREAMS or room <= 0:
            return
        if min(begin, end) < 0 or first is None:
            continue
        try:
            unpacked = zlib.decompressobj().decompress(content[begin + 6 : end].lstrip(b"\r\n"), room)
        except zlib.error:
            continue
        room -= len(unpacked)
        yield int(first[1]), unpacked
