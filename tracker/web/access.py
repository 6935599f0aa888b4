"""Who is asking, and what is theirs: every page but the sign-in needs an account, every record its clinic."""

import hashlib
import hmac
import re
from datetime import date, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, g, redirect, request, session, url_for
from flask_login import LoginManager, current_user, login_user
from sqlalchemy import Select, select
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.wrappers import Response

from tracker import clock
from tracker.db import db
from tracker.models.clinic import Clinic
from tracker.models.user import Role, User
from tracker.services.actor import Actor
from tracker.services.clinic_day import day_in

Row = TypeVar("Row")
ROW_ID = re.compile("[0-9A-Z]{26}")
OPEN_ENDPOINTS = {
    "sign_in.enter",
    "static",
    "health.alive",
    "health.ready",
    "health.metrics",
    "calendar.feed",
}
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
VIEWER_POSTS = {
    "sign_in.leave",
    "patients.search",
    "mail.choices",
    "what_if.preview",
    "calendar.make_feed",
    "calendar.end_feed",
    "help.switch",
    "saved_views.add",
    "saved_views.rename",
    "saved_views.delete",
}
LONGEST_SESSION = timedelta(hours=12)

login = LoginManager()
login.session_protection = None  # it watches addresses, which change; `_load_user` has rules of its own


@login.user_loader
def _load_user(user_id: str) -> User | None:
    """The account of a session, if it is still good: active, same password, not 12 hours old."""
    user = db.session.get(User, user_id)
    if not user or not user.active or session.get("until", 0) <= clock.now().timestamp():
        return None
    return user if hmac.compare_digest(str(session.get("stamp")), _stamp(user)) else None


def begin_session(user: User) -> None:
    """A fresh session, so that one planted before the sign-in is worth nothing."""
    session.clear()
    session.permanent = True
    session["stamp"] = _stamp(user)
    session["until"] = (clock.now() + LONGEST_SESSION).timestamp()
    login_user(user)


def _stamp(user: User) -> str:
    """Changes with the password, and so ends every session that began with the old one."""
    return hashlib.sha256(user.password_hash.encode()).hexdigest()[:16]


def init_app(app: Flask) -> None:
    login.init_app(app, add_context_processor=False)
    app.before_request(_require_sign_in)


def _require_sign_in() -> Response | None:
    """Deny by default: only the sign-in page and static files are open, and viewers change nothing."""
    if request.endpoint in OPEN_ENDPOINTS:
        return None
    if current_user.is_authenticated:
        looks = request.method in SAFE_METHODS or request.endpoint in VIEWER_POSTS
        return None if looks or signed_in().role is not Role.VIEWER else abort(403)
    if isinstance(request.routing_exception, NotFound | MethodNotAllowed):
        return None
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("sign_in.enter", next=wanted), 303)


def signed_in() -> User:
    """The account that asks. Only behind a sign-in."""
    user = current_user._get_current_object()
    assert isinstance(user, User)
    return user


def current_clinic() -> Clinic:
    """The clinic of the account that asks. Kept for the request: every instant on a page asks for it."""
    g.clinic = db.session.get_one(Clinic, signed_in().clinic_id)
    clinic: Clinic = g.clinic
    return clinic


def current_clinic_id() -> str:
    return signed_in().clinic_id


def current_actor() -> Actor:
    """The account that asks, as histories name it."""
    return Actor(signed_in().name, signed_in().id)


def today() -> date:
    """The calendar date in the clinic."""
    return day_in(current_clinic(), clock.now())


def scoped(model: type[Row]) -> Select[Row]:
    """Rows of the clinic that asks, and of no other."""
    return select(model).where(model.clinic_id == current_clinic_id())  # type: ignore[attr-defined]


def find_or_404(model: type[Row], row_id: str) -> Row:
    """One row of the clinic that asks. Another clinic's is not found, nor is what cannot be an id."""
    if not ROW_ID.fullmatch(row_id):
        abort(404)
    query = scoped(model).where(model.id == row_id)  # type: ignore[attr-defined]
    row = db.session.execute(query).scalar_one_or_none()
    if row is None:
        abort(404)
    return row


def safe_next(wanted: str | None) -> str | None:
    """A path of this site to go on to after signing in; None for anything else."""
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/\\")):
        return None
    if any(ord(c) < 33 or c == "\\" for c in wanted):
        return None
    parts = urlsplit(wanted)
    return wanted if not parts.scheme and not parts.netloc else None
