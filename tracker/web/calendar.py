"""The calendar: a month at a glance, days as a list, and a feed for other calendars."""

from calendar import Calendar
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from tracker import clock
from tracker.db import db, see_clinic
from tracker.models.clinic import Clinic
from tracker.models.user import User
from tracker.services import calendar, calendar_feed, calendar_pages, ownership
from tracker.services.calendar import Day, Entry, EntryKind
from tracker.services.clinic_day import day_in
from tracker.settings import Settings
from tracker.web import access

blueprint = Blueprint("calendar", __name__, url_prefix="/calendar")

DAYS = {"list": 7, "day": 1}  # of each view but the month
MONDAY_FIRST = Calendar(firstweekday=0)
# tone and shape of its sign, and its words: for one, and for several
KINDS = {
    EntryKind.REFUSED: ("bad", "refused", "Fill refused", "fills refused"),
    EntryKind.DEADLINE: ("high", "pending", "Deadline", "deadlines"),
    EntryKind.START: ("pend", "planned", "Start renewal by", "renewals to start"),
    EntryKind.ENDS: ("", "draft", "PA ends", "PAs end"),
    EntryKind.VERIFY: ("warn", "verify", "Fill to verify", "fills to verify"),
    EntryKind.COVERED: ("ok", "ok", "Fill covered", "fills covered"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for. `owner`: empty for everyone, `me`, `unowned` or a colleague's id."""

    view: str
    first: date
    owner: str

    def query(self, **change: Any) -> dict[str, Any]:
        values = {"view": self.view, "from": self.first.isoformat(), "owner": self.owner or None}
        return values | change


@blueprint.get("/")
def index() -> str:
    today = access.today()
    asked = _asked(today)
    first, last = _range(asked)
    range_asked: dict[str, Any] = {
        "clinic_id": access.current_clinic_id(),
        "first": first,
        "last": last,
        "owners": owners_of(asked.owner),
    }
    days = calendar.days(db.session, **range_asked)
    shown: dict[str, Any] = {}
    if asked.view == "list":
        listed = calendar_pages.worst_of_days(calendar.entries(db.session, **range_asked))
        shown = {"days": [(day, listed.get(day.on, [])) for day in days]}
    elif asked.view == "day":
        shown = {"day": days[0], "page": _day_page(range_asked)}
    before, after = _neighbours(asked)
    return render_template(
        f"calendar/{asked.view}.html",
        **shown,
        asked=asked,
        today=today,
        weeks=[days[n : n + 7] for n in range(0, len(days), 7)],
        totals=_totals(days, asked),
        kinds=KINDS,
        people=everyone(),
        before=asked.query(**{"from": before.isoformat()}),
        after=asked.query(**{"from": after.isoformat()}),
        in_words=calendar.in_words,
    )


def _day_page(asked: dict[str, Any]) -> calendar_pages.DayPage:
    """The part of a day that the address asks for: what comes after an entry, or before one."""
    before = request.args.get("before", "")
    return calendar_pages.day_page(
        db.session,
        clinic_id=asked["clinic_id"],
        on=asked["first"],
        owners=asked["owners"],
        after=before or request.args.get("after", ""),
        back=bool(before),
    )


def _asked(today: date) -> Asked:
    view = request.args.get("view", "")
    view = view if view in DAYS else "month"
    try:
        first = date.fromisoformat(request.args.get("from", "")[:10])
    except ValueError:
        first = today
    if not 1901 <= first.year <= 2198:
        first = today
    if view == "month":
        first = first.replace(day=1)
    return Asked(view, first, request.args.get("owner", "")[:40])


def _range(asked: Asked) -> tuple[date, date]:
    """The days shown: whole weeks of a month, seven days, or one."""
    if asked.view in DAYS:
        return asked.first, asked.first + timedelta(days=DAYS[asked.view] - 1)
    days = list(MONDAY_FIRST.itermonthdates(asked.first.year, asked.first.month))
    return days[0], days[-1]


def _neighbours(asked: Asked) -> tuple[date, date]:
    if asked.view in DAYS:
        span = timedelta(days=DAYS[asked.view])
        return asked.first - span, asked.first + span
    before = (asked.first - timedelta(days=1)).replace(day=1)
    return before, (asked.first + timedelta(days=32)).replace(day=1)


def _totals(days: Sequence[Day], asked: Asked) -> dict[EntryKind, int]:
    """How much of each kind there is; of a month without the days around it."""
    shown = [day for day in days if asked.view in DAYS or day.on.month == asked.first.month]
    return {kind: sum(day.counts.get(kind, 0) for day in shown) for kind in EntryKind}


def owners_of(asked: str) -> Collection[str] | None:
    """`me` is whoever I answer for today, so that those whom I stand in for are among them."""
    if asked == "me":
        clinic_id, me = access.current_clinic_id(), access.account()
        return ownership.answered_for(db.session, me, clinic_id=clinic_id, today=access.today())
    return [asked] if asked else None


def everyone() -> Sequence[tuple[str, str]]:
    """(id, name) of the clinic's people whose patients can be asked for."""
    query = (
        select(User.id, User.name)
        .where(User.clinic_id == access.current_clinic_id(), User.active)
        .order_by(User.name)
    )
    return [(user_id, name) for user_id, name in db.session.execute(query)]


# ---------------------------------------------------------------------------------------------- the feed


@blueprint.get("/feed")
def feed_settings() -> str:
    """Whether there is an address, and since when; the address itself is shown once, when it is made."""
    return render_template(
        "calendar/feed.html", feed=calendar_feed.feed_of(db.session, access.account()), address=None
    )


@blueprint.post("/feed")
def make_feed() -> str:
    user = access.account()
    secret = calendar_feed.make_feed(db.session, user, actor=access.current_actor(), now=clock.now())
    db.session.commit()
    address = f"{_settings().address}{url_for('calendar.feed', secret=secret)}"
    return render_template(
        "calendar/feed.html", feed=calendar_feed.feed_of(db.session, user), address=address
    )


@blueprint.post("/feed/end")
def end_feed() -> ResponseReturnValue:
    calendar_feed.end_feed(db.session, access.account(), actor=access.current_actor(), now=clock.now())
    db.session.commit()
    flash("The calendar address does not work any more.", "success")
    return redirect(url_for("calendar.feed_settings"), 303)


@blueprint.get("/feed/<secret>.ics")
def feed(secret: str) -> Response:
    """What other calendars read. The secret is the key; there is no name and no drug in it."""
    user = calendar_feed.reader_of(db.session, secret)
    if user is None:
        abort(404)
    see_clinic(user.clinic_id)
    clinic = db.session.get_one(Clinic, user.clinic_id)
    now = clock.now()
    content = calendar_feed.ical(
        db.session, user, today=day_in(clinic, now), now=now, address=_settings().address
    )
    return Response(content, content_type="text/calendar; charset=utf-8")


def entry_link(entry: Entry) -> str:
    """Where an entry leads: its alert, else its patient."""
    if entry.kind is EntryKind.DEADLINE:
        return url_for("alerts.show", alert_id=entry.about_id)
    return url_for("patients.show", patient_id=entry.who.id)


blueprint.add_app_template_global(entry_link)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
