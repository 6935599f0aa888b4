"""Spread work that must be begun by some day over the weeks before, so that no week holds more than it must.

Nothing begins after its own last day. What other work a week holds already counts against it, and a week
with holidays holds less.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tracker.rules.dates import is_business_day


@dataclass(frozen=True, slots=True)
class Item:
    """Something to begin on `latest_on` at the latest."""

    key: str
    latest_on: date


@dataclass(frozen=True, slots=True)
class Week:
    """`other`: what begins in it besides; `waiting`: of the items, if each waited for its last day."""

    monday: date
    other: int
    proposed: int
    waiting: int

    @property
    def total(self) -> int:
        return self.other + self.proposed


@dataclass(frozen=True, slots=True)
class Levelled:
    """`starts`: the proposed day by the item's key. `a_week`: what a full week must hold for it."""

    starts: Mapping[str, date]
    weeks: Sequence[Week]
    a_week: int


def level(items: Sequence[Item], other: Mapping[date, int], *, first: date) -> Levelled:
    """Propose a day for each item, from `first` on: the lowest weekly number that holds every last day.

    `other`: how much else begins in a week, by its Monday. What is late already is proposed for `first`.
    """
    waiting = Counter(monday_of(max(each.latest_on, first)) for each in items)
    last = max([*waiting, monday_of(first)])
    weeks = _mondays(monday_of(first), last)
    rooms = [_Room(_days(monday, first), other.get(monday, 0)) for monday in weeks]
    due = [waiting[monday] for monday in weeks]
    most = len(items) + max(other.values(), default=0)
    a_week = bisect_left(range(5 * most + 5), True, key=lambda number: _holds(number, rooms, due))
    queue = sorted(items, key=lambda each: (each.latest_on, each.key))
    starts: dict[str, date] = {}
    found = []
    for monday, room, count in zip(weeks, rooms, due, strict=True):
        taken, queue = queue[: room.left(a_week)], queue[room.left(a_week) :]
        for place, each in enumerate(taken):
            day = room.days[place * len(room.days) // len(taken)]
            starts[each.key] = max(min(day, each.latest_on), first)
        found.append(Week(monday, room.other, len(taken), count))
    return Levelled(starts, found, a_week if items else 0)


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


@dataclass(frozen=True, slots=True)
class _Room:
    """The business days of a week that are still to come, and what else begins in it."""

    days: Sequence[date]
    other: int

    def left(self, a_week: int) -> int:
        """How many more fit, where five days hold so many. Rounded up: one fits into a short week."""
        return max(0, -(-a_week * len(self.days) // 5) - self.other)


def _holds(a_week: int, rooms: Sequence[_Room], due: Sequence[int]) -> bool:
    """Whether everything that is due by the end of each week fits into the weeks up to it."""
    room = wanted = 0
    for each, count in zip(rooms, due, strict=True):
        room += each.left(a_week)
        wanted += count
        if wanted > room:
            return False
    return True


def _days(monday: date, first: date) -> Sequence[date]:
    """The business days of a week from `first` on; the first of its days that is left, if there is none."""
    week = [monday + timedelta(days=n) for n in range(7)]
    left = [day for day in week if day >= first]
    return [day for day in left if is_business_day(day)] or left[:1]


def _mondays(first: date, last: date) -> list[date]:
    return [first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1)]
