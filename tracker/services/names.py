"""Names as people type them when they search."""

import unicodedata


def fold(text: str) -> str:
    """Without accents, case and doubled spaces: `Müller` and `MULLER` are one."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(plain.casefold().split())


def name_key(family: str, given: str) -> str:
    """What the search looks at: `family, given`, folded."""
    return f"{fold(family)}, {fold(given)}"[:410]
