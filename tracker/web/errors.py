"""Failures as pages, in plain words, translated once and never with a patient's data."""

import logging
import secrets

from flask import Flask, g, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException

from tracker.db import db
from tracker.services.errors import BadFile, Conflict, NotFound, Refused, TrackerError
from tracker.services.pace import TooFast
from tracker.services.throttle import TooMany
from tracker.services.users import Busy
from tracker.web.access import NoLine

Page = tuple[str, int] | tuple[str, int, dict[str, str]]

log = logging.getLogger(__name__)

PAGES = {
    400: ("This could not be understood", "Go back, check what was typed, and send it again."),
    403: ("This is not open to you", "Ask the lead of your clinic."),
    404: ("There is no such page here", "It may belong to another clinic, or the address is mistyped."),
    405: ("This cannot be done here", "Go back and use the buttons of the page."),
    409: ("Someone else was faster", "The record changed after you opened it. Open it again and compare."),
    413: ("This file is too large", "Split it, or ask for a higher limit."),
    422: ("This could not be saved", "Go back, mend what is wrong, and send it again."),
    429: ("Too many tries", "Wait a minute, then try again."),
    500: (
        "Something went wrong here",
        "Nothing was saved. Try again; if it stays, give this reference.",
    ),
    503: ("Not available just now", "Nothing was saved. Try again in a minute."),
    507: (
        "The disk of the tracker is full",
        "Nothing was saved. What is on file can still be read. Have room made on that computer, "
        "then send this again.",
    ),
}
SLOWER = "A little slower, please"
CSRF_TEXT = "The page was open too long, or you signed in again since. Go back, reload it, and send it again."
KEPT_HEADERS = {"Allow", "Retry-After"}
STATUS = {NotFound: 404, Conflict: 409, Refused: 422, BadFile: 422, TooMany: 429, Busy: 503}


def init_app(app: Flask) -> None:
    app.register_error_handler(CSRFError, _foreign)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(TrackerError, _told)
    app.register_error_handler(Exception, _unforeseen)


def _http_error(error: HTTPException) -> Page | HTTPException:
    """Redirects raised as exceptions pass; everything else becomes a page."""
    if error.code is None or error.code < 400:
        return error
    text, code, *_ = _page(error.code, error.description if isinstance(error, NoLine) else None)
    return text, code, {name: value for name, value in error.get_headers() if name in KEPT_HEADERS}


def _foreign(error: CSRFError) -> Page:
    """A form without its token or from elsewhere: a person with an old page, or an attack. The log counts."""
    log.warning("a form was refused: its token or origin is not ours", extra={"part": request.endpoint})
    return _page(400, CSRF_TEXT)


def _told(error: TrackerError) -> Page:
    db.session.rollback()
    if isinstance(error, TooFast):
        page = render_template("errors/page.html", heading=SLOWER, text=str(error), request_id=None)
        return page, 429, {"Retry-After": str(error.seconds)}
    text, code, *_ = _page(STATUS.get(type(error), 422), str(error))
    if isinstance(error, TooMany):
        return text, code, {"Retry-After": str(error.seconds or 3600)}
    return (text, code, {"Retry-After": "5"}) if isinstance(error, Busy) else (text, code)


def _unforeseen(error: Exception) -> Page:
    """The kind of failure goes to the log, its words do not: they may hold a patient's data."""
    db.session.rollback()
    if _disk_is_full(error):
        log.error("request refused: no room for the database")
        return _page(507)
    reference = secrets.token_hex(4)
    trace, where = error.__traceback__, ""
    while trace is not None:
        where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    log.error("request failed, reference %s: %s at %s", reference, type(error).__name__, where)
    try:
        return _page(500, request_id=reference)
    except Exception:  # the frame fails too, as when the database is gone: the page must come all the same
        db.session.rollback()
        g.frameless = True
        return _page(500, request_id=reference)


def _disk_is_full(error: Exception) -> bool:
    """As SQLite and PostgreSQL (https://www.postgresql.org/docs/current/errcodes-appendix.html) call it."""
    if not isinstance(error, DBAPIError):
        return False
    cause = error.orig
    return (
        getattr(cause, "sqlite_errorname", "") == "SQLITE_FULL" or getattr(cause, "sqlstate", "") == "53100"
    )


def _page(code: int, text: str | None = None, request_id: str | None = None) -> Page:
    heading, usual = PAGES.get(code) or PAGES[500 if code > 500 else 400]
    page = render_template("errors/page.html", heading=heading, text=text or usual, request_id=request_id)
    return page, code
