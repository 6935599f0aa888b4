"""The rules compiled to machine code stand in for their sources, if they were made of exactly these.

`make compiled` makes them and compares their answers with those of the sources; TRACKER_COMPILED_RULES=1
takes them. Of other sources, or for another Python, they are left alone: no answer comes of old rules.
"""

import hashlib
import os
import sys
import sysconfig
from collections.abc import Mapping, MutableSequence
from pathlib import Path

WANTED = "TRACKER_COMPILED_RULES"
SOURCES = Path(__file__).resolve().with_name("rules")
BUILT = SOURCES.parent.parent / "build" / "compiled"
# Written last, when the answers were compared.
MADE_OF = "made_of"
# As `tracker.settings` reads a yes; it cannot be asked, for it comes later.
YES = {"1", "true", "t", "yes", "y", "on"}


def fingerprint(sources: Path = SOURCES) -> str:
    """What compiled rules are made of: this Python and every line of the sources, as SHA-256."""
    digest = hashlib.sha256(str(sysconfig.get_config_var("EXT_SUFFIX")).encode())
    for path in sorted(sources.glob("*.py")):
        text = path.read_bytes()
        digest.update(f"{path.name} {len(text)}\n".encode())
        digest.update(text)
    return digest.hexdigest()


def are_fit(built: Path = BUILT) -> bool:
    """Are there compiled rules, made of these sources for this Python?"""
    try:
        return (built / MADE_OF).read_text(encoding="ascii") == fingerprint()
    except (OSError, UnicodeDecodeError):
        return False


def are_used() -> bool:
    """Are the rules of this process the compiled ones?"""
    return str(BUILT) in sys.path


def take(rules: MutableSequence[str], built: Path = BUILT) -> None:
    """Look for the modules of the rules among the compiled ones first.

    `rules` is the path of their package; none of its modules may have been imported yet.
    """
    sys.path.append(str(built))
    rules.insert(0, str(built / "tracker" / "rules"))


def take_if_wanted(
    rules: MutableSequence[str], environment: Mapping[str, str] = os.environ, built: Path = BUILT
) -> None:
    """Take them where the environment asks for them and they are fit."""
    if environment.get(WANTED, "").lower() in YES and are_fit(built):
        take(rules, built)
