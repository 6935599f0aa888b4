"""When a payer answers the telephone: on which weekdays, from when to when, on its own clock.

A federal holiday is unknown: many payers are closed, some are not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tracker.rules.dates import federal_holidays
from tracker.rules.words import Word

LOOKED_AHEAD = 14
DAY_MINUTES = 24 * 60


class Standing(Word):
    OPEN = "open", "open now"
    CLOSED = "closed", "closed"
    HOLIDAY = "holiday", "holiday: ask"


@dataclass(frozen=True, slots=True)
class OpenHours:
    """`days`: ISO weekdays as digits, `12345`. Minutes of the payer's day; `closes` up to 1440, midnight.

    `rest`: from when to when nobody answers in the middle of the day.
    """

    days: str
    opens: int
    closes: int
    zone: str
    rest: tuple[int, int] | None = None

    @property
    def spans(self) -> Sequence[tuple[int, int]]:
        """One from opening to closing, or one on either side of the rest."""
        if self.rest is None:
            return [(self.opens, self.closes)]
        return [(self.opens, self.rest[0]), (self.rest[1], self.closes)]

    def on(self, day: date) -> bool:
        return str(day.isoweekday()) in self.days

    def at(self, day: date, minute: int) -> datetime:
        """The instant at which the payer's clock says so on that day."""
        after = day + timedelta(days=minute // DAY_MINUTES)
        clock = time(minute % DAY_MINUTES // 60, minute % 60)
        return datetime.combine(after, clock, ZoneInfo(self.zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class OpenNow:
    """`at`: when it closes if it is open, else when it opens next; None: not within two weeks.

    `unsure`: the day on which it opens next is a federal holiday.
    """

    standing: Standing
    at: datetime | None = None
    unsure: bool = False


def open_now(hours: OpenHours, now: datetime) -> OpenNow:
    """Whether somebody answers at this instant: from the opening on, up to closing time, which is closed.

    The rest at midday is closed until it ends: at 12:30 of 12:00 to 13:00 it opens at 13:00 of the same day.
    """
    today = now.astimezone(ZoneInfo(hours.zone)).date()
    left = [span for span in hours.spans if hours.on(today) and now < hours.at(today, span[1])]
    if left and is_holiday(today):
        return OpenNow(Standing.HOLIDAY)
    if left:
        opens_at, closes_at = (hours.at(today, minute) for minute in left[0])
        return OpenNow(Standing.OPEN, closes_at) if opens_at <= now else OpenNow(Standing.CLOSED, opens_at)
    for ahead in range(1, LOOKED_AHEAD + 1):
        day = today + timedelta(days=ahead)
        if hours.on(day):
            return OpenNow(Standing.CLOSED, hours.at(day, hours.opens), is_holiday(day))
    return OpenNow(Standing.CLOSED)


def is_holiday(day: date) -> bool:
    """A federal holiday as observed; 1 January may be observed in the year before."""
    return day in federal_holidays(day.year) or day in federal_holidays(day.year + 1)


def of_columns(
    days: str | None,
    opens: int | None,
    closes: int | None,
    zone: str | None,
    rest: tuple[int | None, int | None] = (None, None),
) -> OpenHours | None:
    """None where they are not on file."""
    if not days or opens is None or closes is None or not zone:
        return None
    starts, ends = rest
    return OpenHours(days, opens, closes, zone, None if starts is None or ends is None else (starts, ends))


NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def days_said(days: str) -> str:
    """`Mon to Fri`; `Mon, Wed, Fri`."""
    numbers = sorted(int(each) for each in days)
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{NAMES[numbers[0] - 1]} to {NAMES[numbers[-1] - 1]}"
    return ", ".join(NAMES[each - 1] for each in numbers)


def clock_said(minute: int) -> str:
    """`08:00`; `24:00` for midnight."""
    return f"{minute // 60:02}:{minute % 60:02}"
