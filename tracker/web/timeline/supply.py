"""Drug on hand as a sawtooth: up at each fill, down to nothing on the day it runs out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tracker.services.kept_answer import FillResult
from tracker.web.timeline.chart import Mark


@dataclass(frozen=True, slots=True)
class Tooth:
    """Days on hand from `first` (`high`) to `last` (`low`), the day it ends or the next fill comes."""

    first: date
    last: date
    high: float
    low: float
    css: str


def teeth(marks: Sequence[Mark], first: date, last: date) -> list[Tooth]:
    """One tooth a fill, cut at the next fill and at the ends of what is shown."""
    found = []
    for place, mark in enumerate(marks):
        after = marks[place + 1].on if place + 1 < len(marks) else mark.runs_out_on
        begin, finish = max(mark.on, first), min(mark.runs_out_on, max(after, mark.on), last)
        if finish > begin:
            high, low = (mark.runs_out_on - begin).days, (mark.runs_out_on - finish).days
            found.append(Tooth(begin, finish, high, low, _paint(mark)))
    return found


def _paint(mark: Mark) -> str:
    if mark.real:
        return "sup past"
    if mark.result is FillResult.REFUSED:
        return "nosup"
    return "asked" if mark.result is FillResult.VERIFY else "sup"


def highest(marks: Sequence[Mark]) -> int:
    """The most days on hand of any fill; a month at least, so that the lane keeps its measure."""
    return max([30, *(mark.hand for mark in marks)])
