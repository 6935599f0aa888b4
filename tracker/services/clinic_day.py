"""What day it is in a clinic."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select

from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.services.errors import Refused


def day_in(clinic: Clinic, now: datetime) -> date:
    """The clinic's calendar date at an instant; a demo clinic may stand on another day."""
    return clinic.demo_today or now.astimezone(ZoneInfo(clinic.time_zone)).date()


def moment_in(clinic: Clinic, now: datetime) -> datetime:
    """The instant on the day where a demo clinic stands; for all others it is now."""
    if clinic.demo_today is None:
        return now
    zone = ZoneInfo(clinic.time_zone)
    return datetime.combine(clinic.demo_today, now.astimezone(zone).time(), zone).astimezone(UTC)


def day_starts_at(day: date, zone: str) -> datetime:
    """The instant at which a day begins in a time zone."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def clinic_today(session: Db, clinic: Clinic | str, now: datetime) -> date:
    """As `day_in`, by clinic or by its id."""
    if isinstance(clinic, str):
        clinic = session.execute(select(Clinic).where(Clinic.id == clinic)).scalar_one()
    return day_in(clinic, now)


def move_demo_date(session: Db, clinic: Clinic, to: date | None) -> None:
    """Put a demo clinic on another day, or back on the real one (None). Refused for a real clinic."""
    if not clinic.is_demo:
        raise Refused("Only the demo clinic can be moved to another date.", field="demo_today")
    clinic.demo_today = to
    session.flush()
