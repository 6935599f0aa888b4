"""The worklist, and one alert with its proof."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import Blueprint, render_template, request, url_for

from tracker import clock
from tracker.db import db
from tracker.models.alert import AlertState
from tracker.rules.words import AlertCode, Severity, Word
from tracker.services import worklist
from tracker.services.clinic_day import day_in
from tracker.services.worklist import Filters
from tracker.web import access, alert_acts

blueprint = Blueprint("alerts", __name__, url_prefix="/alerts")
W = TypeVar("W", bound=Word)
LONGEST_TEXT = 100


@blueprint.get("")
def index() -> str:
    clinic = access.current_clinic()
    filters = _filters(request.args)
    found = worklist.worklist(db.session, clinic_id=clinic.id, filters=filters)
    codes = sorted({*found.by_code, *([filters.code] if filters.code else [])}, key=worklist.label_of)
    query = _query(filters)
    return render_template(
        "alerts/index.html",
        clinic=clinic,
        today=day_in(clinic, clock.now()),
        list=found,
        filters=filters,
        severities=list(Severity),
        codes=[(str(code), worklist.label_of(code)) for code in codes],
        unsorted={name: value for name, value in query.items() if name != "severity"},
        narrowed=_narrowed(filters),
        make_url=_pages(query),
    )


@blueprint.get("/<alert_id>")
def show(alert_id: str) -> str:
    return alert_acts.page(alert_id)


def _filters(args: Mapping[str, str]) -> Filters:
    """What the address asks for; what it cannot mean is left out."""
    page = args.get("page", "")
    return Filters(
        severity=_word(Severity, args.get("severity")),
        code=_word(AlertCode, args.get("code")),
        text=args.get("text", "").replace("\x00", "").strip()[:LONGEST_TEXT],
        state=AlertState.CLOSED if args.get("state") == AlertState.CLOSED else AlertState.OPEN,
        page=int(page) if page.isdecimal() and len(page) < 7 else 1,
    )


def _word(words: type[W], value: str | None) -> W | None:
    return next((word for word in words if word.value == value), None)


def _query(filters: Filters) -> dict[str, str]:
    """The filters as an address carries them; defaults are left out."""
    query = {
        "severity": filters.severity.value if filters.severity else "",
        "code": filters.code.value if filters.code else "",
        "text": filters.text,
        "state": filters.state.value if filters.state is AlertState.CLOSED else "",
    }
    return {name: value for name, value in query.items() if value}


def _narrowed(filters: Filters) -> list[str]:
    """The filters in words, for the page that finds nothing."""
    return [
        *([f"severity {filters.severity.label}"] if filters.severity else []),
        *(
            [f"cause \N{LEFT DOUBLE QUOTATION MARK}{filters.code.label}\N{RIGHT DOUBLE QUOTATION MARK}"]
            if filters.code
            else []
        ),
        *(
            [f"the words \N{LEFT DOUBLE QUOTATION MARK}{filters.text}\N{RIGHT DOUBLE QUOTATION MARK}"]
            if filters.text
            else []
        ),
    ]


def _pages(query: Mapping[str, Any]) -> Callable[[int], str]:
    return lambda page: url_for("alerts.index", **query, page=page)
