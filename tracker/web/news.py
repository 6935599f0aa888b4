"""`2 new: show`: an open page asks whether it is still true; nothing moves until its reader says so.

Nobody sits behind these requests, so they do not keep a session alive (`access.py`).
"""

from datetime import UTC, datetime

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from tracker.db import db
from tracker.services import news
from tracker.web import access

blueprint = Blueprint("news", __name__, url_prefix="/news")


@blueprint.get("")
def show() -> Response | str:
    """The line to show, if it differs from the one that is shown; else nothing."""
    at = _instant(request.args.get("since", ""))
    if at is None:
        return Response(status=204)
    found = news.since(db.session, clinic_id=access.current_clinic_id(), at=at)
    told = f"{found.new}.{found.closed}"
    if told == request.args.get("told", "0.0"):
        return Response(status=204)
    return render_template("news/line.html", news=found, since=at, told=told)


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except (ValueError, OverflowError, OSError):
        return None
