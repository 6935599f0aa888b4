"""Today as the rules may ask for it: each question notes the next day that would answer otherwise."""

from datetime import date

from tracker.rules.dates import FAR, day_of


class Today:
    """The day of a check, and the first later day on which one of the questions asked flips.

    It counts in numbers of days (`date.toordinal`), for it is asked often.
    """

    __slots__ = ("_flips", "_number", "day")

    def __init__(self, day: date) -> None:
        self.day = day
        self._number = day.toordinal()
        self._flips = FAR.toordinal()

    @property
    def flips_on(self) -> date:
        return day_of(self._flips)

    def within(self, day: date, days: int) -> bool:
        """Is `day` at most so many days ahead (or past)?"""
        first = day.toordinal() - days
        if self._number >= first:
            return True
        if first < self._flips:
            self._flips = first
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
