"""Secrets that stand in files: read anew whenever they are used, so that a vault can renew them meanwhile."""

from pathlib import Path

MOST_BYTES = 10_000
OTHERS = 0o077


class NoSecret(Exception):
    """The file cannot be read, or holds no secret. The message names the file and never what is in it."""


def read(path: Path) -> str:
    """The one line of a file, without blanks around it. Raises NoSecret."""
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1).decode("utf-8").strip()
    except OSError as error:
        raise NoSecret(f"the file {path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise NoSecret(f"the file {path} cannot be read (no text)") from None
    if not text:
        raise NoSecret(f"the file {path} is empty")
    if len(text) > MOST_BYTES or not text.isprintable():
        raise NoSecret(f"the file {path} holds more than one line")
    return text


def current(given: str, path: Path | None) -> str:
    """What a file holds now, or what was given where there is none. Raises NoSecret."""
    return given if path is None else read(path)


def is_open_to_others(path: Path) -> bool:
    """Whether other accounts of this machine may read it, or change it."""
    return bool(path.stat().st_mode & OTHERS)
