"""A payer's open hours: as fields of its form, and in words on the payer's clock and on one's own."""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint

from tracker.models.clinic import Clinic
from tracker.rules.open_hours import (
    DAY_MINUTES,
    NAMES,
    OpenHours,
    OpenNow,
    Standing,
    clock_said,
    days_said,
    open_now,
)
from tracker.services.clinic_day import moment_in
from tracker.web.forms import TypedField

blueprint = Blueprint("open_hours", __name__)
CLOCK = re.compile(r"([0-9]{1,2})(?::?([0-9]{2}))? ?(am|pm)?", re.IGNORECASE)
DAYS = [(str(number), name) for number, name in enumerate(NAMES, 1)]
ZONES = (
    ("America/New_York", "Eastern (New York)"),
    ("America/Chicago", "Central (Chicago)"),
    ("America/Denver", "Mountain (Denver)"),
    ("America/Phoenix", "Arizona (Phoenix, no summer time)"),
    ("America/Los_Angeles", "Pacific (Los Angeles)"),
    ("America/Anchorage", "Alaska (Anchorage)"),
    ("Pacific/Honolulu", "Hawaii (Honolulu)"),
    ("America/Puerto_Rico", "Atlantic (Puerto Rico)"),
)
SIGNS = {Standing.OPEN: ("ok", "ok"), Standing.CLOSED: ("", "pending"), Standing.HOLIDAY: ("warn", "verify")}


class ClockField(TypedField):
    """A time of day as minutes: `8`, `8:00`, `17:30`, `5 pm`; `24:00` is midnight at the end."""

    def shown(self, value: int) -> str:
        return clock_said(value)

    def read(self, text: str) -> int:
        found = CLOCK.fullmatch(text)
        hour, minute = (int(found[1]), int(found[2] or 0)) if found else (99, 0)
        half = (found[3] or "").lower() if found else ""
        if half:
            hour = hour % 12 + (12 if half == "pm" else 0) if 1 <= hour <= 12 else 99
        if minute > 59 or hour * 60 + minute > DAY_MINUTES:
            raise ValueError("Write a time of day, as in 08:00 or 5 pm.")
        return hour * 60 + minute


@dataclass(frozen=True, slots=True)
class Said:
    """How it stands, as word, icon and colour."""

    css: str
    shape: str
    text: str


def said(hours: OpenHours, clinic: Clinic, now: datetime) -> Said:
    """`open now, until 17:00 (your time 18:00)`; `closed, opens Mon 08:00`; `holiday: ask`."""
    moment = moment_in(clinic, now)
    found = open_now(hours, moment)
    css, shape = SIGNS[found.standing]
    return Said(css, shape, _words(found, hours, clinic, moment))


def _words(found: OpenNow, hours: OpenHours, clinic: Clinic, now: datetime) -> str:
    if found.at is None:
        return found.standing.label
    there, here = (found.at.astimezone(ZoneInfo(zone)) for zone in (hours.zone, clinic.time_zone))
    if found.standing is Standing.OPEN:
        until = "24:00" if f"{there:%H:%M}" == "00:00" else f"{there:%H:%M}"
        return f"open now, until {until}{_own(there, here, day=False)}"
    far = (there.date() - now.astimezone(ZoneInfo(hours.zone)).date()).days > 6
    day = f"{there:%a %Y-%m-%d}" if far else f"{there:%a}"
    unsure = ", a holiday: ask" if found.unsure else ""
    return f"closed, opens {day} {there:%H:%M}{_own(there, here, day=True)}{unsure}"


def _own(there: datetime, here: datetime, *, day: bool) -> str:
    """What one's own clock says then, where it says something else."""
    if there.utcoffset() == here.utcoffset():
        return ""
    other = f"{here:%a} " if day and here.date() != there.date() else ""
    return f" (your time {other}{here:%H:%M})"


@blueprint.app_template_filter()
def open_said(hours: OpenHours, clinic: Clinic, now: datetime) -> Said:
    return said(hours, clinic, now)


@blueprint.app_template_filter()
def hours_said(hours: OpenHours) -> str:
    """`Mon-Fri 08:00-12:00, 13:00-17:00, Eastern`: short enough for one line on paper."""
    zone = dict(ZONES).get(hours.zone, hours.zone).split(" (")[0]
    days = days_said(hours.days).replace(" to ", "-")
    spans = ", ".join(f"{clock_said(starts)}-{clock_said(ends)}" for starts, ends in hours.spans)
    return f"{days} {spans}, {zone}"
