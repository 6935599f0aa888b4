"""Set up a second factor, add another, take one away. The recovery codes are shown once."""

from flask import Blueprint, abort, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from tracker import clock
from tracker.db import db
from tracker.models.audit import AuditAction
from tracker.models.second_factor import AuthenticatorApp
from tracker.models.user import User
from tracker.models.web_session import Stage, WebSession
from tracker.services import audit, notices, second_factors
from tracker.services.actor import Actor
from tracker.services.errors import Refused
from tracker.services.throttle import FACTOR
from tracker.services.web_sessions import hashed
from tracker.web import access, authenticator, passkeys, sign_in, tries
from tracker.web.forms import BaseForm, CleanStringField

blueprint = Blueprint("second_factor", __name__, url_prefix="/second-factor")
ASKED = "asked"  # the hash of the secret that this browser had made for an app
NOT_THIS_CODE = (
    "This is not the code that the app shows, or its half minute is over. Type the one shown next."
)
CODES = "codes"  # sealed in the cookie for one page, as nothing else may keep them


class CodeForm(BaseForm):
    code = StringField(
        "Code",
        [InputRequired("Type the six digits that the app shows."), Length(max=40)],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True},
    )


class PasskeyForm(BaseForm):
    name = CleanStringField(
        "Name of the passkey",
        [InputRequired("Give it a name, as in Front desk computer.")],
        description="As in: my telephone, front desk computer",
        longest=60,
    )
    passkey = HiddenField(validators=[Length(max=passkeys.LONGEST_ANSWER)])


def setting_up() -> tuple[WebSession, User]:
    """The session and person of someone who may add a factor: who must, or who has just shown who it is.

    Someone half way to a second factor that they have may not get around it by adding one.
    """
    row, user = access.half_way()
    if row.stage is Stage.SECOND_FACTOR:
        abort(redirect(access.next_step(row.stage), 303))
    if row.stage is Stage.SET_UP and second_factors.has_any(db.session, user.id):
        abort(redirect(url_for("sign_in.enter"), 303))  # set up meanwhile in another browser: show that
    if row.stage is Stage.FULL and row.fresh_until <= clock.now():
        abort(redirect(url_for("sign_in.confirm", next=url_for("account.index")), 303))
    return row, user


@blueprint.get("/set-up")
def set_up() -> ResponseReturnValue:
    """The choice of a first factor."""
    row, user = setting_up()
    return _choice(PasskeyForm(), row, user)


def _choice(form: PasskeyForm, row: WebSession, user: User) -> str:
    return render_template(
        "second_factor/set_up.html",
        form=form,
        must=row.stage is Stage.SET_UP,
        has_app=second_factors.app_of(db.session, user.id) is not None,
        options=passkeys.invitation(row, user) if passkeys.are_possible() else None,
    )


@blueprint.post("/app/start")
def start_app() -> ResponseReturnValue:
    """Make the secret that the app will hold."""
    _, user = setting_up()
    made = second_factors.start_app(db.session, user.id, authenticator.new_secret(user.id))
    session[ASKED] = hashed(made.secret)
    db.session.commit()
    return redirect(url_for("second_factor.app"), 303)


@blueprint.route("/app", methods=["GET", "POST"])
def app() -> ResponseReturnValue:
    """Scan the picture, type the first code."""
    row, user = setting_up()
    waiting = db.session.get(AuthenticatorApp, user.id)
    plain = authenticator.plain_secret(waiting) if waiting is not None and _asked_for(waiting) else None
    if waiting is None or plain is None or waiting.confirmed_at is not None:
        return redirect(url_for("second_factor.set_up"), 303)
    form = CodeForm()
    if form.validate_on_submit():
        tries.count(FACTOR, user.id)
        done = second_factors.confirm_app(
            db.session, user.id, form.code.data or "", check=authenticator.check, now=clock.now()
        )
        if done:
            return _added(row, user, "authenticator app")
        db.session.commit()
        form.fail(NOT_THIS_CODE, "code")
    page = render_template(
        "second_factor/app.html",
        form=form,
        picture=authenticator.picture(plain, user.email),
        typed_key=authenticator.typed_key(plain),
    )
    return page, 422 if form.is_submitted() else 200


def _asked_for(waiting: AuthenticatorApp) -> bool:
    """Whether this browser had the secret made: nobody else sees it, or has it taken into use."""
    return session.get(ASKED) == hashed(waiting.secret)


@blueprint.post("/passkeys")
def add_passkey() -> ResponseReturnValue:
    row, user = setting_up()
    form = PasskeyForm()
    if not form.validate_on_submit():
        return _choice(form, row, user), 422
    try:
        passkeys.add(form.passkey.data or "", form.name.data or "", row, user)
    except Refused as refusal:
        form.fail(str(refusal))
        page = _choice(form, row, user)
        db.session.commit()
        return page, 422
    return _added(row, user, "passkey")


def _added(row: WebSession, user: User, what: str) -> ResponseReturnValue:
    """A factor is in use from now on: a new session secret, and recovery codes if there are none yet."""
    now = clock.now()
    tries.right(FACTOR, user.id)
    needs_codes = not second_factors.codes_left(db.session, user.id)
    codes = second_factors.new_recovery_codes(db.session, user.id, now=now) if needs_codes else []
    if row.stage is Stage.SET_UP:
        sign_in.came_in(user, shown=f"{sign_in.first_shown(row)} and new {what}")
    access.step_up(row)
    _record(user, f"{what} added")
    db.session.commit()
    if not codes:
        flash(f"Your {what} is in use.", "success")
        return redirect(url_for("account.index"), 303)
    session[CODES] = authenticator.seal(codes)
    return redirect(url_for("second_factor.codes"), 303)


@blueprint.get("/codes")
def codes() -> ResponseReturnValue:
    """The recovery codes, this once: a reload shows them no more."""
    shown = authenticator.unseal(session.pop(CODES, None))
    if not shown:
        return redirect(url_for("account.index"), 303)
    return render_template("second_factor/codes.html", codes=shown)


@blueprint.post("/codes/new")
def new_codes() -> ResponseReturnValue:
    user = access.account()
    if not second_factors.has_any(db.session, user.id):
        raise Refused("Recovery codes come with a second factor. Set one up first.")
    made = second_factors.new_recovery_codes(db.session, user.id, now=clock.now())
    _record(user, "recovery codes made anew")
    db.session.commit()
    session[CODES] = authenticator.seal(made)
    return redirect(url_for("second_factor.codes"), 303)


@blueprint.post("/app/remove")
def remove_app() -> ResponseReturnValue:
    second_factors.remove_app(db.session, access.account())
    _record(access.account(), "authenticator app removed")
    db.session.commit()
    flash("The authenticator app is removed.", "success")
    return redirect(url_for("account.index"), 303)


@blueprint.post("/passkeys/<passkey_id>/remove")
def remove_passkey(passkey_id: str) -> ResponseReturnValue:
    second_factors.remove_passkey(db.session, access.account(), passkey_id)
    _record(access.account(), "passkey removed")
    db.session.commit()
    flash("The passkey is removed.", "success")
    return redirect(url_for("account.index"), 303)


def _record(user: User, what: str) -> None:
    """In the history, and to the person, who may not have been the one."""
    now = clock.now()
    audit.record(
        db.session,
        clinic_id=user.clinic_id,
        actor=Actor(user.name, user.id),
        action=AuditAction.CHANGED,
        at=now,
        table_name="app_user",
        row_key=user.id,
        new={"second_factor": what},
    )
    notices.tell(db.session, user, notices.Notice.FACTORS_CHANGED, now=now)
