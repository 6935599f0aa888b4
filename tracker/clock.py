"""The one clock: nothing else in the product asks what time it is."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """This instant, aware, in UTC."""
    return datetime.now(UTC)


def today_in(zone: str) -> date:
    """The calendar date now in an IANA time zone."""
    return now().astimezone(ZoneInfo(zone)).date()
