"""Who is asking, and what is theirs: a session for each browser, a clinic for each session, a role in it.

What each role may do is in `permissions.py`. Nothing about the session is in the cookie but its secret.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, flash, g, redirect, request, session, url_for
from flask_login import LoginManager, current_user
from sqlalchemy import Select, select
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import Forbidden, MethodNotAllowed, NotFound
from werkzeug.wrappers import Response

from tracker import clock
from tracker.db import EVERY_CLINIC, NO_CLINIC, db, forget_clinic, see_clinic, set_reading
from tracker.models.clinic import Clinic
from tracker.models.user import Role, User
from tracker.models.web_session import Stage, WebSession
from tracker.services import memberships, web_sessions
from tracker.services.actor import Actor
from tracker.services.clinic_day import day_in
from tracker.services.memberships import Place
from tracker.web import permissions
from tracker.web.permissions import SAFE_METHODS, Door, Rule

log = logging.getLogger(__name__)

Row = TypeVar("Row")
ROW_ID = re.compile("[0-9A-Z]{26}")
KEY = "key"  # of the session, in the signed cookie
SEE_ALL_CLINICS = {"emergency", "health"}  # blueprints: a look into another clinic on record; counts alone
# Asked for by an open page, not by a person: a session ends all the same.
UNATTENDED = {"news.show", "policy_reports.take"}

login = LoginManager()
login.session_protection = None  # it watches addresses, which change; our sessions have their own rules


@dataclass(frozen=True, slots=True)
class Member:
    """A signed-in person in the clinic that is open: `clinic_id` and `role` are those of this session."""

    id: str
    name: str
    email: str
    is_demo: bool
    clinic_id: str
    role: Role
    session_id: str
    fresh_until: datetime

    # What a login library asks of an account.
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        return self.id


class NoLine(Forbidden):
    """An endpoint that `permissions.py` does not know."""


def init_app(app: Flask) -> None:
    login.init_app(app, add_context_processor=False)
    app.before_request(_guard)
    app.teardown_request(lambda _error: forget_clinic())
    idle_seconds = int(web_sessions.IDLE.total_seconds())
    app.jinja_env.globals.update(may=_may, my_clinics=my_clinics, idle_seconds=idle_seconds)


# ------------------------------------------------------------------------------------------- the session


@login.request_loader
def _load_member(_request: object) -> Member | None:
    """Who asks: a session that is whole and not stale, in a clinic that is still theirs."""
    found = _current()
    if found is None or found[0].stage is not Stage.FULL:
        return None
    row, user = found
    role = memberships.role_in(db.session, user, row.clinic_id)
    if role is None:
        return None
    member = Member(
        id=user.id,
        name=user.name,
        email=user.email,
        is_demo=user.is_demo,
        clinic_id=row.clinic_id,
        role=role,
        session_id=row.id,
        fresh_until=row.fresh_until,
    )
    if request.endpoint not in UNATTENDED and web_sessions.is_due_to_be_seen(row, clock.now()):
        _see(row.id)
    return member


def _current() -> tuple[WebSession, User] | None:
    key = session.get(KEY)
    return web_sessions.find(db.session, key, now=clock.now()) if isinstance(key, str) else None


def _see(session_id: str) -> None:
    """Note that the person is there, in a transaction of its own: the request's may only read."""
    db.session.commit()
    set_reading(False)
    try:
        web_sessions.see(db.session, session_id, now=clock.now())
        db.session.commit()
    except OperationalError:  # busy: the next request notes it
        db.session.rollback()
    finally:
        set_reading(request.method in SAFE_METHODS)


def begin_session(
    user: User,
    *,
    stage: Stage = Stage.FULL,
    by_provider: bool = False,
    provider_session: str | None = None,
) -> None:
    """A fresh session, so that one planted before the sign-in is worth nothing. The caller commits."""
    end_session()
    key = web_sessions.begin(
        db.session,
        user=user,
        clinic_id=user.clinic_id,
        stage=stage,
        now=clock.now(),
        address=request.remote_addr or "",
        agent=request.user_agent.string,
        by_provider=by_provider,
        provider_session=provider_session,
    )
    _keep(key)


def step_up(row: WebSession) -> None:
    """More was shown: the same session under a new secret, whole and fresh. The caller commits."""
    _keep(web_sessions.step_up(db.session, row, stage=Stage.FULL, now=clock.now()))


def renew(row: WebSession) -> None:
    """The same session under a new secret, in which nothing more was shown. The caller commits."""
    _keep(web_sessions.renew(db.session, row, now=clock.now()))


def step_down(row: WebSession) -> None:
    """The same session under a new secret, of no use until the second factor is shown. The caller commits."""
    _keep(web_sessions.step_down(db.session, row, now=clock.now()))


def end_session() -> None:
    """Nothing is left of this browser's session, here or in its cookie. The caller commits."""
    found = _current()
    if found is not None:
        web_sessions.end(db.session, found[0].id, user_id=found[1].id)
    session.clear()


def _keep(key: str) -> None:
    session.clear()
    session.permanent = True
    session[KEY] = key


def half_way() -> tuple[WebSession, User]:
    """The session and person of a page that needs no whole sign-in; back to the start without one."""
    found = _current()
    if found is None:
        abort(redirect(url_for("sign_in.enter"), 303))
    return found


# --------------------------------------------------------------------------------------------- the guard


def _guard() -> Response | None:
    """Deny by default: an endpoint is used by whom its line in `permissions.py` names."""
    see_clinic(EVERY_CLINIC if request.blueprint in SEE_ALL_CLINICS else NO_CLINIC)
    rule = permissions.rule_for(request.endpoint)
    if request.endpoint is None:
        return _nowhere()
    if rule is None:
        text = permissions.missing(request.endpoint)
        log.error(text)
        raise NoLine(text)
    if rule.door is Door.OPEN:
        return None
    if rule.door is Door.HALF_WAY:
        half_way()
        return None
    if not current_user.is_authenticated:
        return _to_sign_in()
    return _signed_in_may(rule)


def _signed_in_may(rule: Rule) -> Response | None:
    if request.blueprint not in SEE_ALL_CLINICS:
        see_clinic(current_clinic_id())
    if not rule.allows(signed_in().role, request.method):
        abort(403)
    if rule.fresh and signed_in().fresh_until <= clock.now():
        if request.method != "GET":
            flash("Nothing was done yet. Show that it is you, then send it once more.", "error")
        wanted = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("sign_in.confirm", next=wanted), 303)
    return None


def _nowhere() -> Response | None:
    """No such page, or not this way: say so. Anything else of a stranger goes to the sign-in."""
    if current_user.is_authenticated or isinstance(request.routing_exception, NotFound | MethodNotAllowed):
        return None
    return _to_sign_in()


def _to_sign_in() -> Response:
    found = _current()
    if found is not None and found[0].stage is not Stage.FULL:
        return redirect(next_step(found[0].stage), 303)
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("sign_in.enter", next=wanted), 303)


def next_step(stage: Stage) -> str:
    """Where a sign-in goes on that is half way."""
    pages = {Stage.SECOND_FACTOR: "sign_in.second", Stage.SET_UP: "second_factor.set_up"}
    return url_for(pages.get(stage, "today.index"))


def _may(endpoint: str, method: str = "GET") -> bool:
    """For templates: whether to show a link."""
    return current_user.is_authenticated and permissions.may(signed_in().role, endpoint, method)


def my_clinics() -> Sequence[Place]:
    """The clinics of the person who asks. Kept for the request: the bar asks for them on every page."""
    kept: tuple[Member, Sequence[Place]] | None = g.get("places")
    if kept is None or kept[0] is not signed_in():
        kept = g.places = signed_in(), memberships.places_of(db.session, account())
    return kept[1]


# ------------------------------------------------------------------------------------- who and what is it


def signed_in() -> Member:
    """The person who asks, in the clinic that is open. Only behind a sign-in."""
    member = current_user._get_current_object()
    assert isinstance(member, Member)
    return member


def may_act() -> bool:
    """Whether the person who asks does more here than look."""
    return signed_in().role is not Role.VIEWER


def account() -> User:
    """The account of the person who asks, wherever its home is. Kept for the request, as the clinic is."""
    g.account = db.session.get_one(User, signed_in().id)
    row: User = g.account
    return row


def current_clinic() -> Clinic:
    """The clinic that is open. Kept for the request: every instant on a page asks for it."""
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
    if len(wanted) > 2000 or any(not 32 < ord(c) < 127 or c == "\\" for c in wanted):
        return None
    parts = urlsplit(wanted)
    return wanted if not parts.scheme and not parts.netloc else None
