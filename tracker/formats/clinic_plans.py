"""Payer and plan names as clinics type them: one key for all spellings, a tidy form, and the line of business
that a name tells.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from tracker.rules.words import LineOfBusiness

NOT_WORDS = re.compile(r"[^0-9a-z]+")
KEPT_CAPITAL = frozenset(
    [
        "ppo",
        "hmo",
        "epo",
        "pos",
        "hdhp",
        "bcbs",
        "uhc",
        "il",
        "in",
        "wi",
        "mi",
        "mo",
        "ia",
        "ky",
        "oh",
        "ny",
        "nj",
        "pa",
        "tx",
        "fl",
        "ca",
        "ga",
        "nc",
        "sc",
        "va",
        "tn",
        "az",
        "nm",
        "co",
        "wa",
        "or",
        "ma",
        "nh",
        "vt",
        "me",
        "ri",
        "ct",
        "de",
        "md",
        "dc",
        "wv",
        "al",
        "ms",
        "la",
        "ar",
        "ok",
        "ks",
        "ne",
        "sd",
        "nd",
        "mn",
        "mt",
        "wy",
        "ut",
        "nv",
        "id",
        "ak",
        "hi",
        "mapd",
        "pdp",
        "chip",
        "va",
    ]
)
# Spellings of one payer: as typed (folded) -> the words of its key.
ALIASES: Mapping[str, str] = {
    "uhc": "unitedhealthcare",
    "united healthcare": "unitedhealthcare",
    "united health care": "unitedhealthcare",
    "united": "unitedhealthcare",
    "bcbs": "blue cross blue shield",
    "blue cross and blue shield": "blue cross blue shield",
    "bluecross blueshield": "blue cross blue shield",
    "medicare b": "medicare part b",
    "medicare d": "medicare part d",
    "mcr": "medicare",
    "mcd": "medicaid",
    "illinois": "il",
    "medi cal": "medicaid ca",
}
_ALIAS_WORDS = re.compile(
    r"\b(?:" + "|".join(sorted((re.escape(name) for name in ALIASES), key=len, reverse=True)) + r")\b"
)
SMALL_WORDS = re.compile(r"\b(?:of|the|plan|insurance|ins|health insurance)\b")
# Tidy names of the payers known by an alias.
TIDY = {
    "unitedhealthcare": "UnitedHealthcare",
    "blue cross blue shield": "Blue Cross Blue Shield",
    "silverscript": "SilverScript",
    "medicare": "Medicare",
    "medicaid": "Medicaid",
}
COMMERCIAL = frozenset(["ppo", "hmo", "epo", "pos", "hdhp", "commercial", "employer", "group"])
INSURERS = frozenset(["aetna", "cigna", "unitedhealthcare", "anthem", "blue"])
PART_D = frozenset(["silverscript", "pdp", "wellcare"])


@dataclass(frozen=True, slots=True)
class PlanName:
    """`key` is the same for all spellings. `guessed`: the name tells its line of business."""

    text: str
    payer: str
    plan: str
    key: str
    line_of_business: LineOfBusiness
    guessed: bool

    @property
    def full(self) -> str:
        return f"{self.payer} {self.plan}".strip()


@lru_cache(maxsize=4096)
def plan_key(text: str) -> str:
    """Folded: no case, no punctuation, aliases resolved, the part of Medicare behind its name."""
    words = " ".join(NOT_WORDS.sub(" ", text.casefold()).split())
    words = _ALIAS_WORDS.sub(lambda found: ALIASES[found[0]], words)
    words = " ".join(SMALL_WORDS.sub(" ", words).split())
    return re.sub(r"^(part [abcd]) (.+)$", r"\2 \1", words)


@lru_cache(maxsize=4096)
def plan_name(text: str) -> PlanName:
    """A plan's name as one cell holds it, payer first."""
    key = plan_key(text)
    payer, plan = _divided(key or text.casefold())
    line = line_of_business(key)
    return PlanName(
        text, _tidy(payer, text), _tidy(plan, text), key, line or LineOfBusiness.OTHER, bool(line)
    )


def _divided(key: str) -> tuple[str, str]:
    """Payer and plan of a key: a payer known by more than one word, else the first word."""
    for payer in sorted(TIDY, key=len, reverse=True):
        if key == payer or key.startswith(f"{payer} "):
            return payer, key[len(payer) :].strip()
    payer, _, plan = key.partition(" ")
    return payer, plan


def _tidy(words: str, typed: str) -> str:
    """Capitals as people write them; a word typed with capitals inside stays as it was typed."""
    if words in TIDY:
        return TIDY[words]
    as_typed = {word.casefold(): word for word in re.findall(r"[^\W_]+", typed)}
    return " ".join(_tidy_word(word, as_typed.get(word, word)) for word in words.split())


def _tidy_word(word: str, typed: str) -> str:
    if word in KEPT_CAPITAL or len(word) == 1:
        return word.upper()
    if typed[1:].islower() or typed.isupper() or typed.islower():
        return word.capitalize()
    return typed


def line_of_business(key: str) -> LineOfBusiness | None:
    """What a plan's key tells about its line of business; None if nothing."""
    words = set(key.split())
    if "medicaid" in words or "chip" in words:
        return LineOfBusiness.MEDICAID
    if "advantage" in words or "mapd" in words or _ends_in_ma(key):
        return LineOfBusiness.MEDICARE_ADVANTAGE
    if "part d" in key or words & PART_D:
        return LineOfBusiness.MEDICARE_PART_D
    if "part b" in key and "medicare" in words:
        return LineOfBusiness.MEDICARE_PART_B
    if words & COMMERCIAL or (words & INSURERS and "medicare" not in words):
        return LineOfBusiness.COMMERCIAL
    return None


def _ends_in_ma(key: str) -> bool:
    """`humana gold ma`; but `blue cross blue shield ma` is the one of Massachusetts."""
    return key.endswith(" ma") and not key.startswith("blue cross")
