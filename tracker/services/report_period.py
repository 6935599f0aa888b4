"""The days that a report is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tracker.services.clinic_day import day_starts_at

LONGEST_DAYS = 1_100  # three years


@dataclass(frozen=True, slots=True)
class Period:
    """Both ends included, in the clinic's own calendar."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def instants(self, zone: str) -> tuple[datetime, datetime]:
        """When the first day begins, and when the day after the last does."""
        return day_starts_at(self.first, zone), day_starts_at(self.last + timedelta(days=1), zone)


def presets(today: date) -> Sequence[tuple[str, Period]]:
    """What is asked for most, by name; the first is shown if nothing is asked."""
    month = today.replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    return (
        ("Last 30 days", Period(today - timedelta(days=29), today)),
        ("This month", Period(month, today)),
        ("Last month", Period(before, month - timedelta(days=1))),
        ("Last 90 days", Period(today - timedelta(days=89), today)),
        ("This year", Period(today.replace(month=1, day=1), today)),
    )
