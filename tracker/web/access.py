"""Who is asking, and what is theirs: every page but the sign-in needs an account, every record its clinic."""

from collections.abc import Iterable
from datetime import date
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, redirect, request, url_for
from flask_login import LoginManager, current_user
from sqlalchemy import Select, select
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.wrappers import Response

from tracker import clock
from tracker.db import db
from tracker.models.clinic import Clinic
from tracker.models.user import User
from tracker.services.actor import Actor
from tracker.services.clinic_day import day_in

Row = TypeVar("Row")
OPEN_ENDPOINTS = {"sign_in.enter", "static"}

login = LoginManager()
login.session_protection = "strong"


@login.user_loader
def _load_user(user_id: str) -> User | None:
    user = db.session.get(User, user_id)
    return user if user and user.active else None


def init_app(app: Flask) -> None:
    login.init_app(app)
    app.before_request(_require_sign_in)


def _require_sign_in() -> Response | None:
    """Deny by default: only the sign-in page and static files are open."""
    if request.endpoint in OPEN_ENDPOINTS or current_user.is_authenticated:
        return None
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
    """The clinic of the account that asks."""
    return db.session.execute(select(Clinic).where(Clinic.id == signed_in().clinic_id)).scalar_one()


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
    """One row of the clinic that asks. Another clinic's is not found."""
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


def choices_of(rows: Iterable[Any]) -> list[tuple[str, str]]:
    """(id, name) of each row, for a select."""
    return [(row.id, row.name) for row in rows]
