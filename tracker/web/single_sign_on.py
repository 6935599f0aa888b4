"""Sign in at the clinic's own provider (OpenID Connect), show again there who it is, connect an account.

A form of ours is answered with a page that goes on by itself: our policy lets no form lead elsewhere, also
not by a redirect. The way back is a GET that changes something, as the protocol has it: it counts once, and
only in the browser that was sent.
"""

import logging
from enum import StrEnum

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from tracker import clock
from tracker.db import db, set_reading
from tracker.models.audit import AuditAction
from tracker.models.provider_link import ProviderAttempt, Purpose
from tracker.models.user import User
from tracker.models.web_session import Stage, WebSession
from tracker.services import audit, second_factors, single_sign_on, web_sessions
from tracker.services.actor import Actor
from tracker.services.errors import Refused
from tracker.services.openid import Prompt, Told, Unreachable, Untrusted
from tracker.services.people import Desk
from tracker.services.throttle import PROVIDER, START, TooMany
from tracker.services.web_sessions import hashed
from tracker.web import access, provider, sign_in, tries

log = logging.getLogger(__name__)
blueprint = Blueprint("single_sign_on", __name__)
STATE, REFUSED, LEFT = "state", "refused", "left"
LONGEST = 3000  # of what comes back in an address
HELD_UP = {"server_error", "temporarily_unavailable"}


class Why(StrEnum):
    """Why someone comes back as they went."""

    DOWN = "down"
    DENIED = "denied"
    STALE = "stale"
    UNTRUSTED = "untrusted"
    NOBODY = "nobody"
    TOO_MANY = "too_many"
    NOT_ASKED = "not_asked"
    OTHER = "other"
    ONE_FACTOR = "one_factor"
    TAKEN = "taken"


class Turned(Exception):
    """Not let in. `told`: who the provider says it is, as far as it came."""

    def __init__(self, why: Why, told: Told | None = None) -> None:
        super().__init__(why)
        self.why, self.told = why, told


@blueprint.before_request
def _only_with_a_provider() -> None:
    provider.needed()


@blueprint.post("/sign-in/provider")
def start() -> ResponseReturnValue:
    try:
        tries.count_start(START)
    except TooMany:
        log.warning("too many tries", extra={"part": request.endpoint})
        return _back_as_they_went(Why.TOO_MANY, Purpose.SIGN_IN)
    return _send(Purpose.SIGN_IN, wanted=access.safe_next(request.args.get("next")))


@blueprint.post("/confirm/provider")
def confirm() -> ResponseReturnValue:
    """Before what only this person may do, and for whoever is connected."""
    return _send(Purpose.CONFIRM, wanted=access.safe_next(request.args.get("next")), user=access.account())


@blueprint.post("/account/provider")
def connect() -> ResponseReturnValue:
    return _send(Purpose.CONNECT, wanted=None, user=access.account())


def _send(purpose: Purpose, *, wanted: str | None, user: User | None = None) -> ResponseReturnValue:
    """Note who is awaited back, and go on to the page that leads there."""
    try:
        provider.needed().look_once()
    except Unreachable as fault:
        log.warning("single sign-on: the provider does not answer", extra={"error": fault.reason})
        return _back_as_they_went(Why.DOWN, purpose)
    user_id = user.id if user else None
    state = single_sign_on.start(
        db.session, provider.ticket(), purpose, user_id=user_id, wanted=wanted, now=clock.now()
    )
    db.session.commit()
    session[STATE] = state
    return redirect(url_for("single_sign_on.go"), 303)


@blueprint.get("/sign-in/provider/go")
def go() -> ResponseReturnValue:
    """Leads on to the provider, by itself and by a link."""
    state = str(session.get(STATE, ""))
    attempt = single_sign_on.waiting(db.session, provider.ticket(), state, now=clock.now())
    if attempt is None:
        return redirect(url_for("sign_in.enter"), 303)
    try:
        address = provider.needed().address(single_sign_on.ask_of(provider.ticket(), state, attempt.purpose))
    except Unreachable as fault:
        log.warning("single sign-on: the provider does not answer", extra={"error": fault.reason})
        return _back_as_they_went(Why.DOWN, attempt.purpose)
    return _leads_to(address, "single_sign_on/go.html")


def _leads_to(address: str, template: str) -> Response:
    answer = make_response(render_template(template, address=address))
    answer.headers["Refresh"] = f"0; url={address}"
    return answer


@blueprint.get("/sign-in/provider/back")
def back() -> ResponseReturnValue:
    """Somebody comes back. Once, in the browser that was sent, and in time."""
    set_reading(False)
    db.session.rollback()
    held, state = session.get(provider.TICKET), _only("state")
    attempt = None
    if isinstance(held, str) and state:
        attempt = single_sign_on.take(db.session, held, state, now=clock.now())
        db.session.commit()  # nothing is held while the provider is asked
    if attempt is None:
        log.warning("single sign-on was refused", extra={"reason": "no such attempt in this browser"})
        return _back_as_they_went(Why.STALE, Purpose.SIGN_IN)
    try:
        told = _told(str(held), str(state), attempt)
        if attempt.purpose is Purpose.SIGN_IN:
            return _enter(attempt, told)
        if attempt.purpose is Purpose.CONFIRM:
            return _confirmed(attempt, told)
        return _connected(attempt, told)
    except Turned as turned:
        _note_refusal(attempt, turned)
        return _back_as_they_went(turned.why, attempt.purpose)


def _only(name: str) -> str | None:
    """A word of the address, if it stands there once."""
    found = request.args.getlist(name)
    return found[0] if len(found) == 1 and 0 < len(found[0]) <= LONGEST else None


def _told(held: str, state: str, attempt: ProviderAttempt) -> Told:
    """What the provider vouches for."""
    asked = provider.needed()
    try:
        asked.check_origin(_only("iss") if "iss" in request.args else None)
        if "error" in request.args:
            raise Turned(Why.DOWN if _only("error") in HELD_UP else Why.DENIED)
        code = _only("code")
        if code is None:
            raise Untrusted("no code")
        return asked.told(code, single_sign_on.ask_of(held, state, attempt.purpose), now=clock.now())
    except Unreachable as fault:
        log.warning("single sign-on: the provider does not answer", extra={"error": fault.reason})
        raise Turned(Why.DOWN) from None
    except Untrusted as fault:
        log.warning("single sign-on was refused", extra={"reason": fault.reason})
        raise Turned(Why.UNTRUSTED) from None


def _count(told: Told) -> None:
    try:
        tries.count(PROVIDER, f"{told.issuer} {told.subject}")
    except TooMany:
        raise Turned(Why.TOO_MANY, told) from None


def _enter(attempt: ProviderAttempt, told: Told) -> ResponseReturnValue:
    """In, on to the second factor that the person has here, or to set one up."""
    _count(told)
    asks_each_time = provider.needed().terms.prompt is Prompt.LOGIN
    if asks_each_time and told.shown_at is not None and not _is_recent(told, attempt):
        raise Turned(Why.NOT_ASKED, told)  # someone took that wish out of the address
    found = single_sign_on.person_of(db.session, told)
    if found is None:
        raise Turned(Why.NOBODY, told)
    user, wanted = found.user, access.safe_next(attempt.wanted)
    tries.right(PROVIDER, f"{told.issuer} {told.subject}")
    stage = _stage(user, told, is_new=found.is_new)
    web_sessions.forget_old(db.session, now=clock.now())
    access.begin_session(user, stage=stage, by_provider=True, provider_session=told.session)
    if not found.is_new:
        single_sign_on.used(db.session, user, now=clock.now())
    elif stage is Stage.SECOND_FACTOR:
        provider.link_later(told.issuer, told.subject)
    else:
        single_sign_on.connect(db.session, user, told.issuer, told.subject, now=clock.now())
    if stage is Stage.FULL:
        shown = "single sign-on and second factor" if told.second_factor else "single sign-on"
        sign_in.came_in(user, shown=shown)
    elif wanted:
        session["next"] = wanted
    db.session.commit()
    if stage is Stage.FULL:
        return redirect(wanted or url_for("today.index"), 303)
    return redirect(access.next_step(stage), 303)


def _stage(user: User, told: Told, *, is_new: bool) -> Stage:
    """A second factor shown there counts, but not for making the link: what the person has here does."""
    has_own = second_factors.has_any(db.session, user.id)
    if has_own and (is_new or not told.second_factor):
        return Stage.SECOND_FACTOR
    if told.second_factor or not second_factors.is_required(db.session, user):
        return Stage.FULL
    return Stage.SET_UP


def _same_person(attempt: ProviderAttempt) -> tuple[WebSession, User]:
    """Who was sent, still signed in here; else nobody."""
    row, user = access.half_way()
    if row.stage is not Stage.FULL or user.id != attempt.user_id:
        raise Turned(Why.STALE)
    return row, user


def _confirmed(attempt: ProviderAttempt, told: Told) -> ResponseReturnValue:
    """The person who is signed in has shown themselves there, since they were sent."""
    _count(told)
    row, user = _same_person(attempt)
    if not single_sign_on.is_theirs(db.session, user, told):
        raise Turned(Why.OTHER, told)
    if not _is_recent(told, attempt):
        raise Turned(Why.NOT_ASKED, told)
    has_own = second_factors.has_any(db.session, user.id)
    if not (told.second_factor or has_own) and second_factors.is_required(db.session, user):
        raise Turned(Why.ONE_FACTOR, told)
    tries.right(PROVIDER, f"{told.issuer} {told.subject}")
    if row.by_provider and told.session:
        row.provider_session = hashed(told.session)  # it may have begun a new one there
    wanted = access.safe_next(attempt.wanted)
    if has_own and not told.second_factor:
        access.step_down(row)
        session["next"] = wanted
        db.session.commit()
        return redirect(url_for("sign_in.second"), 303)
    access.step_up(row)
    db.session.commit()
    return redirect(wanted or url_for("today.index"), 303)


def _connected(attempt: ProviderAttempt, told: Told) -> ResponseReturnValue:
    _, user = _same_person(attempt)
    try:
        single_sign_on.connect(db.session, user, told.issuer, told.subject, now=clock.now())
    except Refused:
        raise Turned(Why.TAKEN, told) from None
    db.session.commit()
    flash(f"Connected. You can sign in with {provider.needed().terms.name} from now on.", "success")
    return redirect(url_for("account.index"), 303)


def _is_recent(told: Told, attempt: ProviderAttempt) -> bool:
    return single_sign_on.is_recent(told, attempt.started_at)


def _note_refusal(attempt: ProviderAttempt, turned: Turned) -> None:
    """In the history of the account that was meant, if there is one; a stranger leaves a line in the log."""
    db.session.rollback()
    meant = single_sign_on.account_meant(db.session, turned.told) if turned.told else None
    if meant is None and attempt.user_id is not None:
        meant = db.session.get(User, attempt.user_id)
    if turned.told is not None:
        log.warning("single sign-on was refused", extra={"reason": turned.why.value})
    if meant is not None:
        audit.record(
            db.session,
            clinic_id=meant.clinic_id,
            actor=Actor("Somebody"),
            action=AuditAction.DENIED,
            at=clock.now(),
            table_name="single sign-on",
            row_key=meant.id,
            new={"reason": turned.why.value},
        )
    db.session.commit()


def _back_as_they_went(why: Why, purpose: Purpose) -> ResponseReturnValue:
    """To a page without the words of the provider in its address."""
    session[REFUSED] = [why.value, purpose.value]
    return redirect(url_for("single_sign_on.refused"), 303)


@blueprint.get("/sign-in/provider/refused")
def refused() -> ResponseReturnValue:
    """What happened, and what to do."""
    held = session.get(REFUSED)
    if not isinstance(held, list) or len(held) != 2:
        return redirect(url_for("sign_in.enter"), 303)
    return render_template("single_sign_on/refused.html", why=str(held[0]), purpose=str(held[1]))


@blueprint.get("/sign-in/provider/out")
def out() -> ResponseReturnValue:
    """Signed out here; on to end the session there, or the next person at this computer would be in it."""
    if not session.get(LEFT):
        return redirect(url_for("sign_in.enter"), 303)
    address = None
    try:
        end = url_for("sign_in.enter")
        home = provider.needed().terms.redirect_uri.removesuffix("/sign-in/provider/back")
        address = provider.needed().end_address(back=home + end, state=single_sign_on.new_ticket())
    except Unreachable as fault:
        log.warning("single sign-on: the provider does not answer", extra={"error": fault.reason})
    if address is None:
        return render_template("single_sign_on/out.html", address=None)
    return _leads_to(address, "single_sign_on/out.html")


@blueprint.post("/people/<user_id>/provider/remove")
def remove(user_id: str) -> ResponseReturnValue:
    """An administrator forgets who someone is at the provider."""
    desk = Desk(access.current_clinic_id(), access.current_actor(), clock.now())
    single_sign_on.remove(db.session, desk, user_id)
    db.session.commit()
    flash("The connection is removed, and every session is ended.", "success")
    return redirect(url_for("people.change", user_id=user_id), 303)
