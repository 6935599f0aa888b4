"""What public code lists have in common: bytes to text, and what is said of what is not used."""

from dataclasses import dataclass

MOST_BYTES = 8_000_000


class BadFile(ValueError):
    """The file as a whole cannot be used: what is wrong, and what to give instead."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that was left out: `cure` is a sentence."""

    line: int
    problem: str
    cure: str

    def __str__(self) -> str:
        return f"Line {self.line}: {self.problem}. {self.cure}"


def table_text(content: bytes) -> str:
    """UTF-8 or UTF-16 with their marks, else UTF-8, else latin-1, which is what CMS writes."""
    if len(content) > MOST_BYTES:
        raise BadFile(f"The file is larger than {MOST_BYTES // 1_000_000} MB. Give the list itself, as CSV.")
    if not content.strip():
        raise BadFile("The file is empty. Give the list as CSV.")
    try:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            text = content.decode("utf-16")
        else:
            text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if "\x00" in text or text.startswith(("PK\x03\x04", "%PDF", "\x1f\x8b")):
        raise BadFile("The file is no text. Unpack it, or save it as CSV.")
    return text
