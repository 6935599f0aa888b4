"""The clinic's rows as they would be after the import: read from the database, changed in memory.

Each row of the file is applied whole or not at all. What two rows of one file say about one fact must agree.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tracker.models.ids import new_id
from tracker.services.imports.tables import Values

NOTHING: frozenset[str] = frozenset()


@dataclass(slots=True)
class Entry:
    """One database row. `before` holds the values on file of what is changed; None: the row is new.

    `row` is the first row of the file that speaks of it, `said` what the file says of it.
    """

    table: str
    id: str
    patient_id: str | None
    values: Values
    before: Values | None
    row: int | None = None
    said: frozenset[str] = NOTHING

    @property
    def added(self) -> bool:
        return self.before is None

    @property
    def changed(self) -> bool:
        return bool(self.before)


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that a row of the file does: a value changed, or (`name` None) a row added."""

    entry: Entry
    name: str | None
    before: Any
    after: Any


class Contradiction(Exception):
    """Two rows of the file do not agree on one value."""

    def __init__(self, entry: Entry, name: str, value: Any) -> None:
        super().__init__(name)
        self.entry, self.name, self.value = entry, name, value


@dataclass(slots=True)
class Attempt:
    """What one row of the file did so far, and how to take it back."""

    row: int
    details: list[Detail] = field(default_factory=list)
    back: list[Callable[[], None]] = field(default_factory=list)


def spoken(values: Mapping[str, Any]) -> list[str]:
    """The names of what is said; the lines of an authorization are spoken of code by code."""
    names = [name for name, value in values.items() if value is not None and name != "lines"]
    return names + [f"lines {code}" for code in values.get("lines") or ()]


def _disagrees(said: frozenset[str], name: str, old: Any, value: Any) -> bool:
    """Did an earlier row of the file say otherwise?"""
    if name != "lines":
        return name in said
    return any(f"lines {code}" in said and old.get(code) != line for code, line in value.items())


class Store:
    """`entries` by id; `of` finds a patient's rows of one table; patients are found by MRN."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self._tables: dict[str, dict[str, Entry]] = defaultdict(dict)
        self._of: dict[tuple[str, str], list[Entry]] = defaultdict(list)
        self._by_mrn: dict[str, Entry] = {}
        self._twins: dict[str, list[Entry]] = defaultdict(list)
        self._sets: dict[frozenset[str], frozenset[str]] = {}
        self._attempt: Attempt | None = None

    def load(self, table: str, row_id: str, patient_id: str | None, values: Values) -> Entry:
        """A row on file."""
        entry = Entry(table, row_id, patient_id, values, {})
        self._index(entry)
        return entry

    def patient(self, mrn: str) -> Entry | None:
        return self._by_mrn.get(mrn)

    def near(self, mrn: str) -> list[Entry]:
        """Patients whose MRN differs in leading zeros only."""
        return [twin for twin in self._twins.get(mrn.lstrip("0"), ()) if twin.values["mrn"] != mrn]

    def of(self, table: str, patient_id: str) -> list[Entry]:
        return self._of.get((table, patient_id), [])

    def all(self, table: str) -> Iterator[Entry]:
        return iter(self._tables[table].values())

    @contextmanager
    def attempt(self, row: int) -> Iterator[Attempt]:
        """Apply one row of the file; everything it did is taken back if it fails."""
        attempt = self._attempt = Attempt(row)
        try:
            yield attempt
        except Exception:
            for step in reversed(attempt.back):
                step()
            raise
        finally:
            self._attempt = None

    def add(
        self, table: str, values: Values, *, patient_id: str | None = None, said: Iterable[str] = ()
    ) -> Entry:
        """A new row. `said`: the columns that the file itself names."""
        attempt = self._now()
        entry = Entry(table, new_id(), patient_id, values, None, attempt.row, self._one(frozenset(said)))
        self._index(entry)
        attempt.back.append(lambda: self._forget(entry))
        attempt.details.append(Detail(entry, None, None, values))
        return entry

    def put(self, entry: Entry, values: Mapping[str, Any]) -> None:
        """Set what the file says; None says nothing. Raises Contradiction."""
        given = {name: value for name, value in values.items() if value is not None}
        for name, value in given.items():
            old = entry.values.get(name)
            if old == value:
                continue
            if _disagrees(entry.said, name, old, value):
                raise Contradiction(entry, name, value)
            self._set(entry, name, old, value)
        self._speak(entry, spoken(given))

    def _set(self, entry: Entry, name: str, old: Any, value: Any) -> None:
        attempt = self._now()
        first = entry.before is not None and name not in entry.before
        if first and entry.before is not None:
            entry.before[name] = old
        entry.values[name] = value
        attempt.details.append(Detail(entry, name, old, value))

        def back() -> None:
            entry.values[name] = old
            if first and entry.before is not None:
                del entry.before[name]

        attempt.back.append(back)

    def _speak(self, entry: Entry, names: Iterable[str]) -> None:
        attempt, row, said = self._now(), entry.row, entry.said
        entry.row = attempt.row if row is None else row
        entry.said = self._one(said | frozenset(names))

        def back() -> None:
            entry.row, entry.said = row, said

        attempt.back.append(back)

    def _now(self) -> Attempt:
        assert self._attempt is not None, "changes are made inside an attempt"
        return self._attempt

    def _one(self, names: frozenset[str]) -> frozenset[str]:
        """One object for equal sets: there are few, and many rows."""
        return self._sets.setdefault(names, names)

    def _index(self, entry: Entry) -> None:
        self.entries[entry.id] = self._tables[entry.table][entry.id] = entry
        if entry.patient_id is not None:
            self._of[entry.table, entry.patient_id].append(entry)
        if entry.table == "patient":
            self._by_mrn[entry.values["mrn"]] = entry
            self._twins[entry.values["mrn"].lstrip("0")].append(entry)

    def _forget(self, entry: Entry) -> None:
        del self.entries[entry.id], self._tables[entry.table][entry.id]
        if entry.patient_id is not None:
            self._of[entry.table, entry.patient_id].remove(entry)
        if entry.table == "patient":
            del self._by_mrn[entry.values["mrn"]]
            self._twins[entry.values["mrn"].lstrip("0")].remove(entry)
