"""The first page of the day."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, render_template, request, url_for
from markupsafe import Markup, escape

from tracker import clock
from tracker.db import db
from tracker.models.clinic import Clinic
from tracker.services import january_wave, today
from tracker.services.clinic_day import day_in, day_starts_at, moment_in
from tracker.services.unowned import AT_MOST
from tracker.services.worklist_filters import LONG_UNOWNED
from tracker.web import access
from tracker.web.due_rows import answer_row, chase_row
from tracker.web.next_acts import next_url, packet_url
from tracker.web.since_words import happened_said
from tracker.web.timeline.small import fills_chart, weeks_chart
from tracker.web.worklist_query import query_of

blueprint = Blueprint("today", __name__)
SHOWN, FEW, MANY = 5, 3, 200
UNBROKEN = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?\d{4}-\d\d-\d\d(?: \d\d:\d\d)?"  # a date
    r"|\bPA (?=[\w/-]*\d)[\w/-]{1,20}(?![\w/-])"  # a PA with its number
)
WHOLE = Markup('<span class="nw">{}</span>')


@blueprint.get("/")
def index() -> str:
    clinic, user, now = access.current_clinic(), access.signed_in(), clock.now()
    on = day_in(clinic, now)
    since = day_starts_at(on - timedelta(days=1), clinic.time_zone)
    everything = request.args.get("show") == "all"
    morning = today.today(
        db.session,
        clinic,
        now=now,
        since=since,
        most=MANY if everything else SHOWN,
        few=MANY if everything else FEW,
        me=user.id,
    )
    return render_template(
        "today/index.html",
        clinic=clinic,
        morning=morning,
        everything=everything,
        few=MANY if everything else FEW,
        answers=[answer_row(each, clinic, now) for each in morning.due.answers.rows],
        chased=[chase_row(each, clinic, now) for each in morning.due.chased.rows],
        next_url=next_url,
        packet_url=packet_url,
        said=happened_said,
        may_act=access.may_act(),
        totals=_totals(morning.fill_days),
        fills_chart=fills_chart(morning.fill_days),
        weeks_chart=weeks_chart(morning.renewal_weeks, clinic.renewals_a_week),
        over=weeks_over(morning.renewal_weeks, clinic.renewals_a_week),
        january=january_wave.is_season(on),
        import_url=import_url(),
        unowned_most=AT_MOST,
        unowned_query=query_of(LONG_UNOWNED),
    )


def _totals(days: Sequence[today.FillDay]) -> dict[str, int]:
    return {
        "all": sum(each.total for each in days),
        "covered": sum(each.covered for each in days),
        "refused": sum(each.refused for each in days),
        "verify": sum(each.verify for each in days),
    }


def weeks_over(weeks: Sequence[tuple[date, int]], capacity: int | None) -> int:
    """In how many weeks more begins than the clinic can do; none where it did not say."""
    return sum(count > capacity for _, count in weeks) if capacity else 0


def import_url() -> str | None:
    """Where a new clinic begins, if this site takes imports."""
    return url_for("imports.index") if "imports.index" in current_app.view_functions else None


@blueprint.app_template_filter()
def days_left(runs_out_on: date, on: date) -> str:
    """Days of drug on hand: `6 days`; none once it has run out."""
    days = max(0, (runs_out_on - on).days)
    return f"{days} day" if days == 1 else f"{days} days"


@blueprint.app_template_filter()
def many(count: int, word: str) -> str:
    """`1 patient`, `1,306 patients`."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


@blueprint.app_template_filter()
def clock_in(now: datetime, clinic: Clinic) -> str:
    """What the clinic's clock says: `10:08 CDT`; a demo clinic's on the day where it stands."""
    return f"{moment_in(clinic, now).astimezone(ZoneInfo(clinic.time_zone)):%H:%M %Z}"


@blueprint.app_template_filter()
def local_day(at: datetime, zone: str) -> date:
    """The day of an instant on a clinic's clock."""
    return at.astimezone(ZoneInfo(zone)).date()


@blueprint.app_template_filter()
def clock_time(at: datetime, zone: str) -> str:
    """An instant on a clinic's clock: `Fri 2026-06-05 06:00`."""
    return f"{at.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M}"


@blueprint.app_template_filter()
def prose(text: str | None) -> Markup:
    """A kept sentence whose dates and PA numbers do not break at the end of a line."""
    parts = [escape(text or "")]
    found = UNBROKEN.search(parts[-1])
    while found:
        rest = parts.pop()
        parts += [rest[: found.start()], WHOLE.format(found[0]), rest[found.end() :]]
        found = UNBROKEN.search(parts[-1])
    return Markup("").join(parts)


@blueprint.app_template_filter()
def full_stop(text: str) -> str:
    """A sentence that something follows."""
    return text if text.endswith((".", "?", "!")) else f"{text}."
