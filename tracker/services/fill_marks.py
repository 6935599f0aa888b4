"""The fills to come as short marks, so that thousands of patients' dates are read without their answers.

`20261201+20261231-20270130?`: covered, refused, verify with the payer.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date

from tracker.rules.answer import TableFill
from tracker.rules.words import Result
from tracker.services.kept_answer import FillResult

SIGNS = {FillResult.COVERED: "+", FillResult.REFUSED: "-", FillResult.VERIFY: "?"}
RESULTS = {sign: result for result, sign in SIGNS.items()}
MARK = re.compile(r"(\d{8})([-+?])")


def write_marks(fills: Iterable[TableFill]) -> str:
    return "".join(f"{fill.on:%Y%m%d}{SIGNS[_result(fill)]}" for fill in fills)


def read_marks(marks: str | None, first: date, last: date) -> Iterator[tuple[date, FillResult]]:
    """The fills from `first` to `last`, both included."""
    low, high = f"{first:%Y%m%d}", f"{last:%Y%m%d}"
    for day, sign in MARK.findall(marks or ""):
        if low <= day <= high:
            yield date(int(day[:4]), int(day[4:6]), int(day[6:])), RESULTS[sign]


def _result(fill: TableFill) -> FillResult:
    if not fill.ok:
        return FillResult.REFUSED
    unknown = any(check.result is Result.UNKNOWN for check in fill.checks)
    return FillResult.VERIFY if unknown else FillResult.COVERED
