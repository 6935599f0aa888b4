"""What belongs to oneself: name, password, where one is signed in, which clinic is open."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import PasswordField
from wtforms.validators import EqualTo, InputRequired, Length

from tracker import clock
from tracker.db import db
from tracker.models.audit import AuditAction
from tracker.services import (
    audit,
    memberships,
    notices,
    second_factors,
    single_sign_on,
    users,
    web_sessions,
)
from tracker.services.errors import Refused
from tracker.services.passwords import LONGEST_PASSWORD, SHORTEST_ALONE, SHORTEST_WITH_SECOND
from tracker.services.throttle import ACCOUNT
from tracker.web import access, passkeys, provider, tries
from tracker.web.forms import BaseForm, CleanStringField

blueprint = Blueprint("account", __name__, url_prefix="/account")


# What browsers call themselves; each also claims to be those after it.
BROWSERS = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = ("Windows", "Android", "iPhone", "iPad", "Mac OS X", "Linux")


class NameForm(BaseForm):
    name = CleanStringField("Name", [InputRequired("Type your name.")], longest=200)


class PasswordForm(BaseForm):
    current = PasswordField(
        "Password now",
        [InputRequired("Type the password you have."), Length(max=LONGEST_PASSWORD)],
        render_kw={"autocomplete": "current-password"},
    )
    password = PasswordField(
        "New password",
        [InputRequired("Type the new password."), Length(max=LONGEST_PASSWORD)],
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        "New password again",
        [InputRequired("Type it again."), EqualTo("password", "The two are not the same.")],
        render_kw={"autocomplete": "new-password"},
    )


@blueprint.app_template_filter("browser")
def browser_name(agent: str) -> str:
    """`Firefox on Windows`, as far as the browser tells; else what it says."""
    name = next((text for mark, text in BROWSERS if mark in agent), None)
    system = next((text for text in SYSTEMS if text in agent), None)
    if name is None:
        return agent or "not told"
    return f"{name} on {system}" if system else name


@blueprint.get("")
def index() -> str:
    return _page(NameForm(obj=access.account()))


def _page(form: NameForm) -> str:
    user, now = access.account(), clock.now()
    return render_template(
        "account/index.html",
        form=form,
        person=user,
        app=second_factors.app_of(db.session, user.id),
        keys=db.session.execute(second_factors.passkeys_of(user.id)).scalars().all(),
        passkeys_possible=passkeys.are_possible(),
        codes_left=second_factors.codes_left(db.session, user.id),
        required=second_factors.is_required(db.session, user),
        link=single_sign_on.link_of(db.session, user.id),
        sessions=db.session.execute(web_sessions.of_person(user.id, now=now)).scalars().all(),
        here=access.signed_in().session_id,
        places=memberships.places_of(db.session, user),
    )


@blueprint.post("/name")
def rename() -> ResponseReturnValue:
    form = NameForm()
    if not form.validate_on_submit():
        return _page(form), 422
    user = access.account()
    old, user.name = user.name, form.name.data or user.name
    _record(old={"name": old}, new={"name": user.name})
    db.session.commit()
    flash("Your name is changed.", "success")
    return redirect(url_for("account.index"), 303)


@blueprint.route("/password", methods=["GET", "POST"])
def password() -> ResponseReturnValue:
    """A new password ends every other session."""
    user = access.account()
    form = PasswordForm()
    has_second = second_factors.has_any(db.session, user.id)
    form.password.description = (
        f"{SHORTEST_WITH_SECOND if has_second else SHORTEST_ALONE} characters or more. "
        "Four words in a row are easy to keep."
    )
    if form.validate_on_submit():
        tries.count(ACCOUNT, user.email)
        if _change(form, has_second=has_second):
            flash("Your password is changed. You are signed out everywhere else.", "success")
            return redirect(url_for("account.index"), 303)
    return render_template("account/password.html", form=form), 422 if form.is_submitted() else 200


def _change(form: PasswordForm, *, has_second: bool) -> bool:
    user = access.account()
    if not users.authenticate(db.session, user.email, form.current.data or ""):
        form.fail("This is not your password.", "current")
        return False
    if user.is_demo:
        form.fail("The demo keeps its password, so that others can sign in too.")
        return False
    row, _ = access.half_way()
    suffices = provider.password_suffices(user) and not has_second
    try:
        users.set_password(db.session, user, form.password.data or "", second_factor=has_second, but=row.id)
    except Refused as refusal:
        form.fail(str(refusal), refusal.field)
        return False
    tries.right(ACCOUNT, user.email)
    _record(new={"password": "changed"})  # nosec B105 # that it was, in the history
    notices.tell(db.session, user, notices.Notice.PASSWORD_CHANGED, now=clock.now())
    if suffices:
        access.step_up(row)
    else:  # a password alone is not what sensitive pages ask for
        access.renew(row)
    db.session.commit()
    return True


@blueprint.post("/sessions/<session_id>/end")
def end_session(session_id: str) -> ResponseReturnValue:
    """Sign out one browser of one's own."""
    web_sessions.end(db.session, session_id, user_id=access.signed_in().id)
    db.session.commit()
    flash("That session is ended.", "success")
    return redirect(url_for("account.index"), 303)


@blueprint.post("/sessions/end-others")
def end_others() -> ResponseReturnValue:
    me = access.signed_in()
    web_sessions.end_others(db.session, me.id, but=me.session_id)
    db.session.commit()
    flash("You are signed out everywhere but here.", "success")
    return redirect(url_for("account.index"), 303)


@blueprint.get("/clinic")
def ask_clinic() -> str:
    """Whether to open another clinic of one's own, of which a page was asked for. To look changes nothing."""
    wanted = request.args.get("clinic", "")
    place = next((each for each in access.my_clinics() if each.clinic_id == wanted), None)
    if place is None:
        abort(404)
    return render_template(
        "account/clinic.html",
        clinic=access.current_clinic(),
        place=place,
        way=access.safe_next(request.args.get("next")),
    )


@blueprint.post("/clinic")
def open_clinic() -> ResponseReturnValue:
    """Open another clinic of one's own in this session."""
    wanted = request.form.get("clinic", "")
    user = access.account()
    if not access.ROW_ID.fullmatch(wanted) or memberships.role_in(db.session, user, wanted) is None:
        abort(404)
    row, _ = access.half_way()
    row.clinic_id = wanted
    db.session.commit()
    return redirect(access.safe_next(request.form.get("next")) or url_for("today.index"), 303)


def _record(*, old: dict[str, str] | None = None, new: dict[str, str]) -> None:
    user = access.account()
    audit.record(
        db.session,
        clinic_id=user.clinic_id,
        actor=access.current_actor(),
        action=AuditAction.CHANGED,
        at=clock.now(),
        table_name="app_user",
        row_key=user.id,
        old=old,
        new=new,
    )
