"""The fills to come as short marks, so that thousands of patients' dates are read without their answers.

`20261201+20261231-20270130?`: covered, refused, verify with the payer.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date

from sqlalchemy import ColumnElement, case, func

from tracker.models.patient import PatientCheck
from tracker.rules.answer import TableFill
from tracker.rules.words import Result
from tracker.services.kept_answer import FillResult

SIGNS = {FillResult.COVERED: "+", FillResult.REFUSED: "-", FillResult.VERIFY: "?"}
RESULTS = {sign: result for result, sign in SIGNS.items()}
WIDTH = 9
FEW = 3


def write_marks(fills: Iterable[TableFill]) -> str:
    return "".join(f"{fill.on:%Y%m%d}{SIGNS[_result(fill)]}" for fill in sorted(fills, key=lambda f: f.on))


def read_marks(marks: str | None, first: date, last: date) -> Iterator[tuple[date, FillResult]]:
    """The fills from `first` to `last`, both included."""
    low, high = f"{first:%Y%m%d}", f"{last:%Y%m%d}"
    for start in range(0, len(marks or ""), WIDTH):
        day = (marks or "")[start : start + WIDTH - 1]
        if day > high:
            return
        if day >= low:
            sign = (marks or "")[start + WIDTH - 1]
            yield date(int(day[:4]), int(day[4:6]), int(day[6:])), RESULTS[sign]


def marks_together(last: date) -> ColumnElement[str]:
    """The marks of all patients of a query as one text, some of them later than `last`; None without any.

    Fills come once a month, so that hardly anyone has more than a few until then.
    """
    marks, few = PatientCheck.fill_marks, FEW * WIDTH
    enough = func.substr(marks, few - WIDTH + 1, WIDTH - 1) > f"{last:%Y%m%d}"
    return func.aggregate_strings(case((enough, func.substr(marks, 1, few)), else_=marks), "")


def count_marks(together: str | None, days: Iterable[date]) -> list[dict[FillResult, int]]:
    """How many fills of each result stand on each day, in the marks of thousands of patients as one text."""
    text = together or ""
    counts = Counter([text[start : start + WIDTH] for start in range(0, len(text), WIDTH)])
    return [{result: counts[f"{day:%Y%m%d}{sign}"] for result, sign in SIGNS.items()} for day in days]


def _result(fill: TableFill) -> FillResult:
    if not fill.ok:
        return FillResult.REFUSED
    unknown = any(check.result is Result.UNKNOWN for check in fill.checks)
    return FillResult.VERIFY if unknown else FillResult.COVERED
