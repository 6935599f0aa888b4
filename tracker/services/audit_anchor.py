"""The heads of the audit chains, kept in a file outside the database.

Who can write to the database could make a chain anew from some event on, or cut off its end; the file then
says what stood there. One line for the last head of a day of each clinic: instant, clinic, number and hash.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from tracker.services.audit_chain import Head
from tracker.services.errors import BadFile

NAME = "audit-head"


@dataclass(frozen=True, slots=True)
class Anchor:
    at: datetime
    head: Head

    @property
    def on(self) -> date:
        return self.at.date()

    def line(self) -> str:
        head = self.head
        return f"{self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} {head.clinic_id} {head.number} {head.hash}"


@dataclass(frozen=True, slots=True)
class Kept:
    """`first_of_day`: heads of clinics that had none today. `short`: chains that lost what was anchored."""

    first_of_day: list[Head]
    short: list[Head]


def read(path: Path) -> list[Anchor]:
    """Oldest first; none if there is no such file. Raises BadFile for one that cannot be read."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError):
        raise BadFile(
            f"{path} cannot be read: compare the heads with the log and with the backups."
        ) from None
    return [_parsed(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def _parsed(path: Path, number: int, line: str) -> Anchor:
    try:
        at, clinic_id, count, digest = line.split()
        return Anchor(datetime.fromisoformat(at), Head(clinic_id, int(count), digest))
    except ValueError:
        raise BadFile(f"{path}, line {number}, is no head of a chain: someone changed the file.") from None


def keep(path: Path, heads: Iterable[Head], *, now: datetime) -> Kept:
    """Write down where the chains stand. A chain shorter than its last anchor leaves the anchor as it is."""
    anchors = {(each.on, each.head.clinic_id): each for each in read(path)}
    before = list(anchors.values())
    last = {each.head.clinic_id: each.head for each in before}
    today = now.astimezone(UTC).date()
    kept = Kept([], [])
    for head in heads:
        known = last.get(head.clinic_id)
        if known is not None and head.number < known.number:
            kept.short.append(head)
            continue
        if (today, head.clinic_id) not in anchors:
            kept.first_of_day.append(head)
        elif known == head:
            continue
        anchors[today, head.clinic_id] = Anchor(now, head)
    if list(anchors.values()) != before:
        _write(path, sorted(anchors.values(), key=lambda each: (each.at, each.head.clinic_id)))
    return kept


def set_aside(path: Path, *, now: datetime) -> Path | None:
    """Put the file away, as after a restore, which takes the chains back; where it is now."""
    if not path.exists():
        return None
    return path.replace(path.with_name(f"{path.name}.before-restore-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"))


def _write(path: Path, anchors: Iterable[Anchor]) -> None:
    beside = path.with_name(path.name + ".new")
    with beside.open("w", encoding="ascii") as file:
        file.writelines(each.line() + "\n" for each in anchors)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
