"""The first page of the day."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, render_template, request, url_for
from markupsafe import Markup, escape

from tracker import clock
from tracker.db import db
from tracker.services import today
from tracker.services.clinic_day import day_in
from tracker.web import access
from tracker.web.timeline.small import fills_chart, weeks_chart

blueprint = Blueprint("today", __name__)
SHOWN, FEW = 5, 3
WHOLE_LIST = 10_000
DATE = re.compile(r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?\d{4}-\d\d-\d\d(?: \d\d:\d\d)?")
WHOLE = Markup('<span class="nw">{}</span>')


@blueprint.get("/")
def index() -> str:
    clinic = access.current_clinic()
    on = day_in(clinic, clock.now())
    since = _start_of(on - timedelta(days=1), clinic.time_zone)
    morning = today.today(db.session, clinic_id=clinic.id, on=on, since=since)
    everything = request.args.get("show") == "all"
    totals = {
        "covered": sum(each.covered for each in morning.fill_days),
        "refused": sum(each.refused for each in morning.fill_days),
        "verify": sum(each.verify for each in morning.fill_days),
    }
    return render_template(
        "today/index.html",
        clinic=clinic,
        morning=morning,
        shown=WHOLE_LIST if everything else SHOWN,
        few=WHOLE_LIST if everything else FEW,
        totals=totals | {"all": sum(totals.values())},
        fills_chart=fills_chart(morning.fill_days),
        weeks_chart=weeks_chart(morning.renewal_weeks),
        import_url=import_url(),
    )


def import_url() -> str | None:
    """Where a new clinic begins, if this site takes imports."""
    return url_for("imports.index") if "imports.index" in current_app.view_functions else None


def _start_of(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@blueprint.app_template_filter()
def days_left(runs_out_on: date, on: date) -> str:
    """Days of drug on hand: `6 days`; none once it has run out."""
    days = max(0, (runs_out_on - on).days)
    return f"{days} day" if days == 1 else f"{days} days"


@blueprint.app_template_filter()
def clock_time(at: datetime, zone: str) -> str:
    """An instant on a clinic's clock: `Fri 2026-06-05 06:00`."""
    return f"{at.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M}"


@blueprint.app_template_filter()
def prose(text: str | None) -> Markup:
    """A kept sentence whose dates do not break at the end of a line."""
    parts = [escape(text or "")]
    found = DATE.search(parts[-1])
    while found:
        rest = parts.pop()
        parts += [rest[: found.start()], WHOLE.format(found[0]), rest[found.end() :]]
        found = DATE.search(parts[-1])
    return Markup("").join(parts)


@blueprint.app_template_filter()
def full_stop(text: str) -> str:
    """A sentence that something follows."""
    return text if text.endswith((".", "?", "!")) else f"{text}."
