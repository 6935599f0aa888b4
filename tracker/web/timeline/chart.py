"""What a timeline shows, taken from a patient's page: no geometry, no database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tracker.services.kept_answer import REFUSALS, FillResult
from tracker.services.patient_page import Bar, FillRow, PatientView, first_day

YEAR_AHEAD = timedelta(days=364)
WORDS = {FillResult.VERIFY: "verify with the payer", FillResult.DENIED: "refused"}
AT_MOST = 165


@dataclass(frozen=True, slots=True)
class Mark:
    """One fill: `hand` days of drug right after it, `runs_out_on` the first day without."""

    on: date
    result: FillResult
    planned: bool
    real: bool
    runs_out_on: date
    alert_id: str | None
    anchor: str
    strong: str
    rest: str
    label: str

    @property
    def refused(self) -> bool:
        return self.result in REFUSALS

    @property
    def hand(self) -> int:
        return max(0, (self.runs_out_on - self.on).days)


@dataclass(frozen=True, slots=True)
class Chart:
    first: date
    last: date
    on: date
    coverages: Sequence[Bar]
    authorizations: Sequence[Bar]
    marks: Sequence[Mark]
    next_fill_on: date | None
    earliest_denial_on: date | None
    start_renewal_by: date | None
    codes: str
    rhythm: str

    @property
    def label(self) -> str:
        shown = sum(mark.on >= self.first for mark in self.marks)
        span = f"{self.first} to {self.last}"
        return f"Timeline of {shown} fills from {span}; the same facts are in the table below"


def chart_of(view: PatientView) -> Chart:
    """The timeline of one patient, from two months back to a year ahead."""
    rows = [row for row in view.fills if row.result is not FillResult.REVERSED]
    days = view.to_come[0].days_supply if view.to_come else None
    return Chart(
        first=first_day(view.on),
        last=view.on + YEAR_AHEAD,
        on=view.on,
        coverages=view.coverages,
        authorizations=view.authorizations,
        marks=[_mark(row) for row in rows],
        next_fill_on=view.check.next_fill_on,
        earliest_denial_on=view.check.earliest_denial_on,
        start_renewal_by=view.check.start_renewal_by,
        codes=_codes(rows),
        rhythm=f"every {days} days" if days else "",
    )


def _codes(rows: Sequence[FillRow]) -> str:
    """The first two billing codes of the fills, for the lane's second line."""
    return " + ".join(sorted({code for row in rows for code in row.units or ()})[:2])


def said(row: FillRow) -> str:
    """The result in words."""
    word = WORDS.get(row.result, row.result.value)
    return f"{word}, planned" if row.planned else word


def _mark(row: FillRow) -> Mark:
    what = row.why or (f"Charged to PA {row.authorization}" if row.authorization else "")
    amount = f"{row.days_supply} days, units {row.amounts_named}"
    rest = ". ".join(filter(None, (what, amount))) + "."
    return Mark(
        on=row.on,
        result=row.result,
        planned=row.planned,
        real=row.kept is None,
        runs_out_on=row.runs_out_on,
        alert_id=row.alert_id,
        anchor=row.anchor,
        strong=f"{row.on:%a} {row.on}: {said(row)}",
        rest=f". {rest}" if len(rest) < AT_MOST else f". {rest[:AT_MOST].rstrip()}...",
        label=f"Fill {row.on:%a} {row.on}, {amount}: {said(row)}" + (f", {what}" if what else ""),
    )
