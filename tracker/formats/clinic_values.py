"""One cell's text into one value: dates, numbers, doses, names. Each fault says what was found, what is wrong
with it and what to write instead. Nothing is guessed here.
"""

import re
from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal

from tracker.rules.words import AuthorizationStatus, Indication, Organ

# C0 and C1 controls, lone surrogates, and the marks that turn text around.
HOSTILE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]")
SHOWN = 40
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)
NOT_KNOWN = frozenset(
    [
        "na",
        "n/a",
        "n.a.",
        "none",
        "-",
        "--",
        "?",
        "??",
        "unknown",
        "unk",
        "tbd",
        "null",
        "nil",
        "not known",
        ".",
    ]
)
MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
    )
}

YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]\d{1,2}:\d{2}.*)?", re.ASCII)
AMERICAN = re.compile(
    r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?: +\d{1,2}:\d{2}(?::\d{2})?(?: ?[AaPp][Mm])?)?", re.ASCII
)
DAY_MONTH_NAME = re.compile(r"(\d{1,2})[- ]([A-Za-z]{3,9})\.?[-, ]+(\d{4}|\d{2})", re.ASCII)
MONTH_NAME_DAY = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? +(\d{4}|\d{2})", re.ASCII)
COMPACT = re.compile(r"((?:19|20|21)\d{2})(\d{2})(\d{2})", re.ASCII)
SERIAL = re.compile(r"\d{5}(?:\.0*)?", re.ASCII)
EXCEL_EPOCH = date(1899, 12, 30)
WHOLE = re.compile(r"(\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.0+)?", re.ASCII)
# What is counted ends in no space: else a cell of spaces is tried in as many ways as it is long, squared.
COUNT = re.compile(r"(.*?\S) *(?:caps?|capsules?|tabs?|tablets?|ml|each|ea|days?)\.?", re.IGNORECASE)
MILLIGRAMS = re.compile(r"(\d{1,5}(?:\.\d{1,3})?) *(?:mg)?", re.IGNORECASE | re.ASCII)
DOSE = re.compile(
    r"(?:take +)?(\d{1,5}(?:\.\d{1,3})?) *mg?\b[ ,]*(?:po|by mouth|orally)?[ ,]*(.*)",
    re.IGNORECASE | re.ASCII,
)
TIMES: dict[str, int] = {
    name: count
    for count, names in {
        1: "qd|daily|once daily|once a day|q24h|qam|qpm|qhs|every day|1x daily|1x/day|x1|1/day|1",
        2: "bid|b.i.d.|twice daily|twice a day|q12h|q12|every 12 hours|2x daily|2x/day|x2|2/day|2",
        3: "tid|t.i.d.|three times daily|three times a day|q8h|every 8 hours|3x daily|3x/day|x3|3/day|3",
        4: "qid|q.i.d.|four times daily|four times a day|q6h|every 6 hours|4x daily|4x/day|x4|4/day|4",
    }.items()
    for name in names.split("|")
}
# ICD-10-CM FY2026 categories: transplant status Z94, psoriasis L40, rheumatoid arthritis M05 and M06.
ICD = (
    ("Z94.0", Indication.KIDNEY_TRANSPLANT),
    ("Z94.1", Indication.HEART_TRANSPLANT),
    ("Z94.2", Indication.LUNG_TRANSPLANT),
    ("Z94.3", Indication.HEART_LUNG_TRANSPLANT),
    ("Z94.4", Indication.LIVER_TRANSPLANT),
    ("Z94.81", Indication.BONE_MARROW_TRANSPLANT),
    ("Z94.82", Indication.INTESTINE_TRANSPLANT),
    ("Z94.83", Indication.PANCREAS_TRANSPLANT),
    ("Z94", Indication.OTHER_TRANSPLANT),
    ("L40", Indication.PSORIASIS),
    ("M05", Indication.RHEUMATOID_ARTHRITIS),
    ("M06", Indication.RHEUMATOID_ARTHRITIS),
)
ICD_CODE = re.compile(r"[A-TV-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?", re.ASCII)
SHORT_WORDS = {"ra": Indication.RHEUMATOID_ARTHRITIS, "psoriasis": Indication.PSORIASIS}
STATUSES = {
    name: status
    for status, names in {
        AuthorizationStatus.APPROVED: "approved|active|auth|authorized|granted|yes|current|appr",
        AuthorizationStatus.PARTIALLY_APPROVED: "partially approved|partial|partially",
        AuthorizationStatus.DENIED: "denied|refused|rejected|not approved|deny",
        AuthorizationStatus.SUBMITTED: "submitted|faxed|sent|requested|in process|in progress"
        "|awaiting|pending",
        AuthorizationStatus.PENDED: "pended|more information needed|info needed|info requested",
        AuthorizationStatus.CANCELLED: "cancelled|canceled|withdrawn|void",
        AuthorizationStatus.APPEALED: "appealed|appeal|in appeal|under appeal",
        AuthorizationStatus.NOT_REQUIRED: "not required|not needed|no pa needed|no pa required|no pa"
        "|no auth required",
        AuthorizationStatus.DRAFT: "draft|to do|todo|not sent|not started",
    }.items()
    for name in names.split("|")
}
WAITING = re.compile(r"(?i)\b(?:pending|pended|submitted|faxed|sent|requested|awaiting|in process)\b")
REFUSED_WORD = re.compile(r"(?i)^\W*(?:denied|refused|rejected)\b")
NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z ./_#-]*")


class BadValue(ValueError):
    """`found` as written, `problem` as a clause, `cure` as a sentence or a question."""

    def __init__(self, found: str, problem: str, cure: str) -> None:
        super().__init__(f"{problem}. {cure}")
        self.found = shown(found)
        self.problem = problem
        self.cure = cure


def shown(text: str) -> str:
    """A cell as an error may repeat it: short, hostile characters as a mark."""
    return HOSTILE.sub("\ufffd", text if len(text) <= SHOWN else text[: SHOWN - 3] + "...")


def refuse_hostile(text: str) -> None:
    if HOSTILE.search(text):
        raise BadValue(text, "holds an invisible character that is not stored", "Type the cell again.")


def known(text: str) -> bool:
    """Is anything said? An empty cell, `n/a` or `?` says nothing."""
    return bool(text) and text.casefold() not in NOT_KNOWN


def short_text(text: str, longest: int) -> str:
    text = " ".join(text.split())
    if len(text) > longest:
        raise BadValue(text, f"is longer than {longest} characters", "Shorten it.")
    return text


# ------------------------------------------------------------------------------------------------- dates


def a_date(text: str, *, newest: int = 2099) -> date:
    """A date in ISO or American form. A two-digit year is the last one not after `newest`."""
    parts = _parts(text)
    if parts is None:
        raise _no_date(text)
    year, month, day, written = parts
    if written < 100:
        year = 2000 + written if 2000 + written <= newest else 1900 + written
    value = _existing(text, year, month, day)
    if not EARLIEST <= value <= LATEST:
        raise BadValue(text, f"is in the year {year}", "Write a date between 1900 and 2199.")
    return value


def _parts(text: str) -> tuple[int, int, int, int] | None:
    """Year, month, day and the year as written; None if the text has no form of a date."""
    if found := YEAR_FIRST.fullmatch(text) or COMPACT.fullmatch(text):
        year, month, day = (int(part) for part in found.groups())
    elif found := AMERICAN.fullmatch(text):
        month, day, year = int(found[1]), int(found[3]), int(found[4])
    elif (found := DAY_MONTH_NAME.fullmatch(text)) and found[2][:3].casefold() in MONTHS:
        day, month, year = int(found[1]), MONTHS[found[2][:3].casefold()], int(found[3])
    elif (found := MONTH_NAME_DAY.fullmatch(text)) and found[1][:3].casefold() in MONTHS:
        month, day, year = MONTHS[found[1][:3].casefold()], int(found[2]), int(found[3])
    else:
        return None
    return year, month, day, year


def _existing(text: str, year: int, month: int, day: int) -> date:
    if year < 1:
        raise BadValue(text, "has no year", "Write the year with four digits.")
    if not 1 <= month <= 12:
        if 1 <= day <= 12 and month <= monthrange(year, day)[1] and month > 0:
            cure = f"Day and month changed places? Write {date(year, day, month)}?"
            raise BadValue(text, f"is no date: there is no month {month}", cure)
        raise BadValue(text, f"is no date: there is no month {month}", "Write it as 2026-03-17.")
    last = monthrange(year, month)[1]
    if not 1 <= day <= last:
        name = f"{date(year, month, 1):%B}" + (f" {year}" if month == 2 else "")
        cure = f"Write {date(year, month, last)}?"
        raise BadValue(text, f"is no date: {name} has {last} days", cure)
    return date(year, month, day)


def _no_date(text: str) -> BadValue:
    if SERIAL.fullmatch(text):
        meant = EXCEL_EPOCH + timedelta(days=int(text.split(".")[0]))
        return BadValue(text, "is a number, not a date", f"Format the column as a date; write {meant}?")
    return BadValue(text, "is no date", "Write it as 2026-03-17 or 3/17/2026.")


# ----------------------------------------------------------------------------------------------- numbers


def whole(text: str, low: int, high: int) -> int:
    found = WHOLE.fullmatch(text)
    if not found:
        raise BadValue(text, "is not a whole number", f"Write a whole number from {low} to {high:,}.")
    value = int(found[1].replace(",", ""))
    if not low <= value <= high:
        raise BadValue(text, "is outside what is possible", f"Write a whole number from {low} to {high:,}.")
    return value


def count(text: str, low: int, high: int) -> int:
    """A whole number that may name what it counts: `60 caps`, `30 days`."""
    named = COUNT.fullmatch(text)
    return whole(named[1] if named else text, low, high)


def units(text: str, code: str | None) -> int:
    """Billing units: `60 caps` is refused, as a capsule is not a unit."""
    if (named := COUNT.fullmatch(text)) and not WHOLE.fullmatch(text):
        cure = f"Write {named[1]} if that is {named[1]} x {code or 'the billing code'}."
        raise BadValue(text, "units are whole numbers per code", cure)
    return whole(text, 0, 1_000_000)


def milligrams(text: str) -> Decimal:
    found = MILLIGRAMS.fullmatch(text)
    value = Decimal(found[1]) if found else Decimal(0)
    if not value:
        raise BadValue(text, "is no amount in mg", "Write it as 100 mg.")
    return value


def times_a_day(text: str) -> int:
    found = TIMES.get(" ".join(text.casefold().split()))
    if found is None:
        raise BadValue(text, "does not say how many doses a day", "Write 2, BID or twice a day.")
    return found


def dose(text: str) -> tuple[Decimal, int | None]:
    """`150 mg BID`: mg of one dose, and doses a day if it says so."""
    found = DOSE.fullmatch(text)
    if not found:
        return milligrams(text), None
    rest = found[2].strip(" .")
    return milligrams(found[1]), times_a_day(rest) if rest else None


# ------------------------------------------------------------------------------------------- names, words


def full_name(text: str) -> tuple[str, str]:
    """Family and given name of `Last, First`."""
    family, comma, given = (part.strip() for part in text.partition(","))
    if not comma or not family or not given:
        words = text.split()
        guess = f"Write {words[-1]}, {' '.join(words[:-1])}?" if len(words) > 1 and not comma else ""
        raise BadValue(text, "does not tell last and first name apart", guess or "Write Last, First.")
    return short_text(family, 200), short_text(given, 200)


def mrn(text: str) -> str:
    """The record number as written: its leading zeros belong to it."""
    text = short_text(text, 40)
    if not NUMBER.fullmatch(text):
        raise BadValue(text, "is not a record number", "Write the MRN as on the chart.")
    return text


def indication(text: str) -> Indication:
    if ICD_CODE.fullmatch(text.upper()):
        code = text.upper()
        code = code if "." in code or len(code) < 4 else f"{code[:3]}.{code[3:]}"
        return next((word for start, word in ICD if code.startswith(start)), Indication.OTHER)
    plain = text.casefold().replace(" tx", " transplant").replace("rheumatoid a", "rheumatoid_a")
    key = "_".join(plain.replace("_", " ").split())
    if plain in SHORT_WORDS:
        return SHORT_WORDS[plain]
    if key in set(Indication):
        return Indication(key)
    organs = {f"{organ.value}": organ for organ in Organ}
    if key in organs and f"{key}_transplant" in set(Indication):
        return Indication(f"{key}_transplant")
    raise BadValue(text, "is no indication known here", "Write an ICD-10 code or, say, kidney transplant.")


def organ(text: str) -> Organ:
    key = "_".join(text.casefold().replace("/", " ").replace(" and ", " ").replace("transplant", "").split())
    names = {
        "renal": "kidney",
        "hepatic": "liver",
        "cardiac": "heart",
        "bmt": "bone_marrow",
        "marrow": "bone_marrow",
    }
    key = names.get(key, key)
    if key not in set(Organ):
        listed = ", ".join(word.label for word in Organ)
        raise BadValue(text, "is no organ known here", f"Write one of: {listed}.")
    return Organ(key)


def authorization_status(text: str) -> AuthorizationStatus:
    found = STATUSES.get(" ".join(text.casefold().replace("_", " ").split()).strip(" .-"))
    if found:
        return found
    if REFUSED_WORD.search(text):
        return AuthorizationStatus.DENIED
    if WAITING.search(text):
        return AuthorizationStatus.SUBMITTED
    raise BadValue(text, "is no PA status known here", "Write approved, submitted, denied or not required.")


def authorization_number(text: str) -> tuple[str | None, AuthorizationStatus | None]:
    """The number, or what is said in its place: `pending - faxed 11/12` is a request without a number."""
    status = STATUSES.get(text.casefold())
    if status:
        return None, status
    if REFUSED_WORD.search(text):
        return None, AuthorizationStatus.DENIED
    if WAITING.search(text):
        return None, AuthorizationStatus.SUBMITTED
    return short_text(text, 60), None
