"""The proof of a finding as pages show it, with who entered each fact that it rests on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from tracker.models import authorization as decided
from tracker.models import patient as person
from tracker.models import therapy
from tracker.models.base import Db

# The kinds of facts that a person can open and correct, as the forms call them.
FACT_TABLES: Mapping[str, type[Any]] = {
    "weight": person.Weight,
    "transplant": person.Transplant,
    "coverage": person.Coverage,
    "lab": person.Lab,
    "regimen": therapy.Regimen,
    "fill": therapy.Fill,
    "planned_fill": therapy.PlannedFill,
    "refill_contact": therapy.RefillContact,
    "authorization": decided.Authorization,
    "trial": decided.Trial,
    "denial": decided.Denial,
}


@dataclass(frozen=True, slots=True)
class SumRow:
    """`total`: a result of the lines above it."""

    op: str
    label: str
    value: str
    note: str

    @property
    def total(self) -> bool:
        return self.op == "="


@dataclass(frozen=True, slots=True)
class FactRow:
    """`kind` and `id` open the fact; `id` is None for what has no form of its own."""

    label: str
    value: str
    kind: str
    id: str | None
    entered_by: str | None
    entered_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProofView:
    rule: str
    source: str | None
    source_verified_on: date | None
    sums: Sequence[SumRow]
    facts_used: Sequence[FactRow]
    clears: Sequence[str]


Entered = Mapping[str, tuple[str, datetime]]


def view(document: Mapping[str, Any], entered: Entered) -> ProofView:
    """Read a kept proof. `entered`: who entered a fact and when, by its id."""
    verified = document.get("source_verified_on")
    return ProofView(
        rule=document.get("rule", ""),
        source=document.get("source"),
        source_verified_on=date.fromisoformat(verified) if verified else None,
        sums=[_sum(row) for row in document.get("sums", ())],
        facts_used=[_fact(row, entered) for row in document.get("facts_used", ())],
        clears=list(document.get("clears", ())),
    )


def entered_of(session: Db, *, clinic_id: str, document: Mapping[str, Any]) -> Entered:
    """Who entered the facts of one proof: at most one query for each kind of fact."""
    wanted: dict[str, set[str]] = {}
    for row in document.get("facts_used", ()):
        if row["id"] and row["kind"] in FACT_TABLES:
            wanted.setdefault(row["kind"], set()).add(row["id"])
    found: dict[str, tuple[str, datetime]] = {}
    for kind, ids in wanted.items():
        table = FACT_TABLES[kind]
        query = select(table.id, table.entered_by, table.entered_at)
        for row_id, by, at in session.execute(query.where(table.clinic_id == clinic_id, table.id.in_(ids))):
            found[row_id] = by, at
    return found


def entered_in(rows: Iterable[Any]) -> Entered:
    """The same from rows that are loaded already."""
    return {row.id: (row.entered_by, row.entered_at) for row in rows}


def _sum(row: Mapping[str, str]) -> SumRow:
    return SumRow(row["op"], row["label"], row["value"], row.get("note", ""))


def _fact(row: Mapping[str, Any], entered: Entered) -> FactRow:
    by, at = entered.get(row["id"], (None, None))
    opens = row["id"] if row["kind"] in FACT_TABLES and by else None
    return FactRow(row["label"], row["value"], row["kind"], opens, by, at)
