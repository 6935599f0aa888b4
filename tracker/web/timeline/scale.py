"""From days to pixels: one linear axis for every lane."""

from dataclasses import dataclass
from datetime import date, timedelta

from tracker.web.timeline.shapes import px

MONTHS = "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"


@dataclass(frozen=True, slots=True)
class Scale:
    """Days `first` to `last`, both shown, laid from `start` pixels on, `per_day` pixels each."""

    first: date
    last: date
    start: float
    per_day: float

    @property
    def end(self) -> float:
        return px(self.start + ((self.last - self.first).days + 1) * self.per_day)

    def at(self, day: date) -> float:
        """Where a day begins."""
        return px(self.start + (day - self.first).days * self.per_day)

    def shows(self, day: date | None) -> bool:
        return day is not None and self.first <= day <= self.last

    def span(self, first: date | None, last: date | None) -> tuple[float, float] | None:
        """From and to of an inclusive range, cut to what is shown; None if nothing is."""
        begin = max(first or self.first, self.first)
        if last is None or last >= self.last:
            finish = self.end
        else:
            finish = self.at(last + timedelta(days=1))
        if begin > self.last or finish <= self.start:
            return None
        return self.at(begin), finish

    def months(self) -> list[date]:
        """The first day of each month shown."""
        months = []
        month = self.first.replace(day=1)
        while month <= self.last:
            months.append(month)
            month = (month + timedelta(days=32)).replace(day=1)
        return months


def month_name(month: date, *, first: bool) -> tuple[str, bool]:
    """What is written over a month, and whether it is bold: January and the first bear the year."""
    name = MONTHS[month.month - 1]
    if first or month.month == 1:
        return f"{name} {month.year}", True
    return name, False
