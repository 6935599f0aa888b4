"""Today as the rules may ask for it: each question notes the next day that would answer otherwise."""

from datetime import date
from typing import Final

from tracker.rules.dates import FAR, day_of

_NEVER: Final = FAR.toordinal()


class Today:
    """The day of a check, and the first later day on which one of the questions asked flips.

    It counts in numbers of days (`date.toordinal`), for it is asked often; `flips` is that first day's.
    """

    __slots__ = ("_number", "day", "flips")

    def __init__(self, day: date) -> None:
        self.day = day
        self._number = day.toordinal()
        self.flips = _NEVER

    @property
    def flips_on(self) -> date:
        return day_of(self.flips)

    def within(self, day: date, days: int) -> bool:
        """Is `day` at most so many days ahead (or past)?"""
        first = day.toordinal() - days
        if self._number >= first:
            return True
        if first < self.flips:
            self.flips = first
        return False

    def reached(self, day: date) -> bool:
        """Is it `day` already?"""
        return self.within(day, 0)

    def passed(self, day: date) -> bool:
        """Is `day` over?"""
        return self.within(day, -1)

    def changes_on(self, day: date) -> None:
        """Note a day on which an answer changes for a reason the caller knows."""
        self.reached(day)
