"""How dates, instants and words look on every page, and what every template can call."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g, request, url_for
from flask_login import current_user
from markupsafe import Markup
from wtforms import FieldList, FormField
from wtforms.form import BaseForm as WtForm

from tracker import clock
from tracker.db import db
from tracker.rules.words import Severity
from tracker.services import checking, emergency, heartbeat
from tracker.settings import Mode, Settings
from tracker.web import permissions
from tracker.web.access import account, current_clinic, current_clinic_id, signed_in

TIME = Markup('<time datetime="{}">{}</time>')


@dataclass(frozen=True, slots=True)
class NavigationItem:
    label: str
    url: str
    current: bool
    count: int | None = None


# name, where it leads, and whose pages it is current on: blueprints, or single endpoints
PAGES = (
    ("Today", "today.index", "today sheets.calls"),
    ("Worklist", "alerts.index", "alerts saved_views worklist_bulk worklist_columns worklist_export"),
    (
        "Patients",
        "patients.index",
        "patients facts patient_forms authorizations packets contacts steps what_if documents history"
        " sheets.patient emergency.index emergency.show",
    ),
    ("Calendar", "calendar.index", "calendar january"),
    ("Reports", "reports.index", "reports"),
    ("Payers and rules", "payers.index", "payers lead_times"),
    ("Import", "imports.index", "imports"),
    ("Scan", "scan.index", "scan"),
    ("People", "people.index", "people"),
    ("Audit", "audit.index", "audit emergency.reviews"),
)


def init_app(app: Flask) -> None:
    filters = (day, day_in, iso, distance, moment, word_value, severity_label, label, flat, described, faults)
    app.jinja_env.filters.update({each.__name__: each for each in filters})
    app.jinja_env.globals.update(asset=asset, navigation=navigation)
    app.context_processor(frame)


def frame() -> dict[str, Any]:
    """What the frame of the page shows: who is signed in, for which clinic, and the trust line."""
    settings: Settings = current_app.extensions["settings"]
    shown: dict[str, Any] = {
        "signed_in": None,
        "clinic": None,
        "trust": None,
        "now": clock.now(),
        "keys_on": False,
        "emergencies": 0,
    }
    shown["demo"] = settings.mode is Mode.DEMO
    if g.get("frameless") or not current_user.is_authenticated:
        return shown
    clinic = current_clinic()
    trust = heartbeat.trust_line(
        db.session,
        clinic,
        shown["now"],
        mail_to_files=not settings.has_mail_server,
        silence=heartbeat.stale_after(settings.scan_seconds),
    )
    shown["emergencies"] = _emergencies()
    return shown | {"signed_in": current_user, "clinic": clinic, "trust": trust, "keys_on": keys_on()}


def _emergencies() -> int:
    """How many looks of strangers at a patient wait for a review, for those who may review them."""
    member = signed_in()
    if not permissions.may(member.role, "emergency.reviews"):
        return 0
    return emergency.waiting_count(db.session, member.clinic_id)


def keys_on() -> bool:
    """Whether single keys act for the person who asks."""
    return account().keys_on


def navigation() -> list[NavigationItem]:
    """The main pages, the current one marked, the worklist with its count."""
    here = {request.endpoint or "", request.blueprint or ""}
    open_count = g.get("open_count")  # a page that counted them has said so
    if open_count is None:
        open_count = checking.open_alert_count(db.session, current_clinic_id())
    return [
        NavigationItem(
            name,
            url_for(endpoint),
            not here.isdisjoint(places.split()),
            open_count if name == "Worklist" else None,
        )
        for name, endpoint, places in PAGES
        if permissions.may(signed_in().role, endpoint)
    ]


# ------------------------------------------------------------------------------------- dates and instants


def iso(value: date | str | None) -> str:
    """`2026-03-17`; an empty text for nothing."""
    return "" if value is None else str(value)[:10]


def day(value: date | str | None) -> Markup | str:
    """`Tue 2026-03-17`, as a <time>. A text is read as an ISO date."""
    if value is None:
        return "not on file"
    value = date.fromisoformat(value) if isinstance(value, str) else value
    return TIME.format(value.isoformat(), f"{value:%a} {value.isoformat()}")


def day_in(value: date | str | None, as_of: date) -> Markup | str:
    """`Tue 2026-03-17 (in 12 days)`."""
    if value is None:
        return "not on file"
    value = date.fromisoformat(value) if isinstance(value, str) else value
    return Markup("{} ({})").format(day(value), distance(value, as_of))


def distance(value: date, as_of: date) -> str:
    """`in 12 days`, `today`, `3 days ago`."""
    days = (value - as_of).days
    if days == 0:
        return "today"
    unit = "day" if abs(days) == 1 else "days"
    return f"in {days} {unit}" if days > 0 else f"{-days} {unit} ago"


def moment(value: datetime, as_of: date | None = None) -> Markup:
    """An instant on the clinic's clock: `Tue 2026-03-17 16:40 CDT`, or `today 16:40`."""
    local = value.astimezone(ZoneInfo(current_clinic().time_zone))
    name = "today" if local.date() == as_of else f"{local:%a %Y-%m-%d}"
    return TIME.format(value.isoformat(timespec="seconds"), f"{name} {local:%H:%M %Z}")


# ---------------------------------------------------------------------------------------------- words


def word_value(word: str) -> str:
    """The stored value of a word, for a class or an icon's name."""
    return str(getattr(word, "value", word))


def severity_label(word: str) -> str:
    return Severity(word_value(word)).label


def label(word: Any) -> str:
    """What people read for a word; `not on file` for nothing."""
    if word is None:
        return "not on file"
    return str(getattr(word, "label", word)).replace("_", " ")


# ---------------------------------------------------------------------------------------------- forms


def flat(errors: Any) -> list[str]:
    """The errors of a field as texts, those of fields inside it left out."""
    return [str(error) for error in errors if isinstance(error, str) or not isinstance(error, Iterable)]


def described(field: Any, tip: str) -> dict[str, str]:
    """The attributes that tell a screen reader of a field's hint and errors."""
    wrong = bool(flat(field.errors))
    by = [f"{field.id}-hint"] * bool(tip) + [f"{field.id}-error"] * wrong
    found = {"aria-describedby": " ".join(by)} if by else {}
    return found | {"aria-invalid": "true"} if wrong else found


def faults(form: WtForm) -> list[tuple[str | None, str]]:
    """(id of the field, sentence) of everything wrong in a form, for the summary on top."""
    found: list[tuple[str | None, str]] = [(None, str(error)) for error in getattr(form, "form_errors", [])]
    for field in form:
        found += _faults_of(field)
    return found


def _faults_of(field: Any) -> list[tuple[str | None, str]]:
    if isinstance(field, FieldList | FormField):
        inner = [fault for child in field for fault in _faults_of(child)]
        own = field.errors if isinstance(field, FieldList) else []
        return [(field.id, text) for text in flat(own)] + inner
    return [(field.id, f"{field.label.text}: {text}") for text in flat(field.errors)]


# --------------------------------------------------------------------------------------------- assets


def asset(name: str) -> str:
    """Address of a static file, with its content's hash, so that it can be kept for a year."""
    assert current_app.static_folder is not None
    assert current_app.static_url_path is not None
    return f"{request.script_root}{_address(current_app.static_folder, current_app.static_url_path, name)}"


@cache
def _address(folder: str, root: str, name: str) -> str:
    """The address below the app's own: a page names a hundred of them, the same each time."""
    content = (Path(folder) / name).read_bytes()
    return f"{root}/{quote(name)}?v={hashlib.sha256(content).hexdigest()[:12]}"
