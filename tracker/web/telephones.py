"""Telephone numbers in what people typed: which part of a text can be dialled, and under which address."""

import re
from dataclasses import dataclass

from flask import Blueprint

blueprint = Blueprint("telephones", __name__)
EXTENSION = r"(?:[ ,;]*(?:extension|ext\.?|x)[ ]?(?P<extension>\d{1,6}))?"
GAP = "[ .\u2010\u2011-]"
# of the United States, of abroad, of the same town; digits in one run could be a PA's or a store's number
WRITTEN = re.compile(
    rf"(?<![\w/)-])(?P<number>(?:\+?1{GAP}{{1,2}})?(?:\(\d{{3}}\){GAP}?|\d{{3}}{GAP})\d{{3}}{GAP}\d{{4}}"
    rf"|\+[2-9]\d{{0,2}}(?:{GAP}?\(0\))?(?:{GAP}?\d{{1,5}}){{2,6}}"
    rf"|\d{{3}}[.\u2010\u2011-]\d{{4}}){EXTENSION}(?![\w/-])",
    re.IGNORECASE,
)
RUN = re.compile(rf"\s*(?P<number>\+?\d{{7,15}}){EXTENSION}\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text; `address` dials it."""

    text: str
    address: str | None = None


@blueprint.app_template_filter()
def telephone_parts(text: str | None) -> list[Part]:
    """The text in pieces, each telephone number in it a piece of its own with its `tel:` address."""
    text = text or ""
    alone = RUN.fullmatch(text)
    parts, end = [], 0
    for match in [alone] if alone else WRITTEN.finditer(text):
        address = _address(match["number"], match["extension"])
        parts += [Part(text[end : match.start()]), Part(match[0], address)]
        end = match.end()
    return [part for part in (*parts, Part(text[end:])) if part.text]


def _address(number: str, extension: str | None) -> str:
    """`tel:+18005550110;ext=12`; ten digits are a number of the United States (RFC 3966, section 3)."""
    abroad = number.strip().startswith("+")
    digits = re.sub(r"\D", "", number.replace("(0)", "") if abroad else number)
    if not abroad and len(digits) == 10:
        digits = f"1{digits}"
    known = abroad or (len(digits) == 11 and digits.startswith("1"))
    return f"tel:{'+' * known}{digits}" + (f";ext={extension}" if extension else "")
