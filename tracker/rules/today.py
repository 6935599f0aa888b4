"""Today as the rules may ask for it: each question notes the next day that would answer otherwise."""

from datetime import date

from tracker.rules.dates import FAR, plus


class Today:
    """The day of a check. `flips_on` is the first later day on which one of the questions asked flips."""

    __slots__ = ("day", "flips_on")

    def __init__(self, day: date) -> None:
        self.day = day
        self.flips_on = FAR

    def reached(self, day: date) -> bool:
        """Is it `day` already?"""
        if self.day >= day:
            return True
        if day < self.flips_on:
            self.flips_on = day
        return False

    def passed(self, day: date) -> bool:
        """Is `day` over?"""
        return self.reached(plus(day, 1))

    def within(self, day: date, days: int) -> bool:
        """Is `day` at most so many days ahead (or past)?"""
        return self.reached(plus(day, -days))

    def changes_on(self, day: date) -> None:
        """Note a day on which an answer changes for a reason the caller knows."""
        self.reached(day)
