"""What a dry run says, row by row, as plain values that are kept with the batch."""

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from tracker.services.foretelling import storms

Line = Sequence[str]
SHOWN_ROWS = 6


class Outcome(StrEnum):
    """What becomes of a row."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class RowReport:
    """`says`: sentences. `changes`: (field, on file, after import) of facts that are on file now."""

    row: int
    who: str
    outcome: Outcome
    says: Sequence[str] = ()
    changes: Sequence[Line] = ()


@dataclass(frozen=True, slots=True)
class RowError:
    """One fault of one refused row."""

    row: int
    column: str
    found: str
    problem: str
    cure: str


@dataclass(slots=True)
class Counts:
    """Rows by what becomes of them, and what is written.

    `alerts_of`: patients whose alerts may change; `alerts_looked_at` of them were decided for the dry run.
    """

    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    skipped: int = 0
    new_patients: int = 0
    changed_patients: int = 0
    changed_fields: int = 0
    alerts_opened: int | None = None
    alerts_closed: int | None = None
    alerts_of: int = 0
    alerts_looked_at: int = 0
    alerts_mailed: dict[str, int] = field(default_factory=dict)

    @property
    def ready(self) -> int:
        """Rows that can be imported, those that change nothing among them."""
        return self.added + self.changed + self.unchanged

    @property
    def alerts_partial(self) -> bool:
        """Was only a part of the patients looked at to foretell the alerts?"""
        return self.alerts_looked_at < self.alerts_of

    @property
    def storms(self) -> Mapping[str, int]:
        """People for whom more alerts would open than anyone can act on one by one; about, if partial."""
        return storms(self.alerts_mailed, looked_at=self.alerts_looked_at, of=self.alerts_of)

    @property
    def written(self) -> int:
        return self.added + self.changed


@dataclass(slots=True)
class Report:
    """`notes`: a sentence with the rows it is about. `plans`: (as typed, taken as, what is new about it)."""

    counts: Counts = field(default_factory=Counts)
    rows: list[RowReport] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    notes: dict[str, list[int]] = field(default_factory=dict)
    plans: list[Line] = field(default_factory=list)

    def remark(self, row: int, notes: Iterable[str]) -> None:
        for note in notes:
            rows = self.notes.setdefault(note, [])
            if row not in rows[-1:]:
                rows.append(row)

    def page(self, outcomes: Sequence[Outcome], start: int, size: int) -> tuple[int, Sequence[RowReport]]:
        """How many rows have these outcomes, and a slice of them."""
        found = [row for row in self.rows if row.outcome in outcomes]
        return len(found), found[start : start + size]


def rows_in_words(rows: Sequence[int]) -> str:
    """`rows 4, 5 and 57 more`."""
    if len(rows) == 1:
        return f"row {rows[0]}"
    shown = ", ".join(map(str, rows[:SHOWN_ROWS]))
    more = len(rows) - SHOWN_ROWS
    return f"rows {shown}" + (f" and {more} more" if more > 0 else "")


def pack(report: Report) -> bytes:
    """Compressed JSON."""
    document = {
        "counts": asdict(report.counts),
        "rows": [[row.row, row.who, row.outcome.value, row.says, row.changes] for row in report.rows],
        "errors": [[e.row, e.column, e.found, e.problem, e.cure] for e in report.errors],
        "notes": report.notes,
        "plans": report.plans,
    }
    return zlib.compress(json.dumps(document, ensure_ascii=False).encode(), 6)


def unpack(content: bytes) -> Report:
    document: Mapping[str, Any] = json.loads(zlib.decompress(content))
    return Report(
        counts=Counts(**document["counts"]),
        rows=[
            RowReport(row, who, Outcome(outcome), says, changes)
            for row, who, outcome, says, changes in document["rows"]
        ],
        errors=[RowError(*error) for error in document["errors"]],
        notes=document["notes"],
        plans=document["plans"],
    )
