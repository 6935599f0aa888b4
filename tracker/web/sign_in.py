"""Sign in with a local account, show the second factor, show again who it is, and out."""

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from tracker import clock
from tracker.db import db
from tracker.models.audit import AuditAction
from tracker.models.user import User
from tracker.models.web_session import Stage, WebSession
from tracker.services import audit, second_factors, throttle, unusual_sign_in, users, web_sessions
from tracker.services.actor import Actor
from tracker.services.passwords import LONGEST_PASSWORD
from tracker.services.throttle import ACCOUNT, FACTOR, Limit, TooMany
from tracker.settings import Settings
from tracker.web import access, authenticator, passkeys, provider, tries
from tracker.web.forms import BaseForm, CleanEmailField

blueprint = Blueprint("sign_in", __name__)

WRONG = "Email or password is not right."
WRONG_CODE = "This code is not right, was used already, or its half minute is over. Type the next one."
MOST_CODES = 10  # then the password is asked for again


class SignInForm(BaseForm):
    email = CleanEmailField(
        "Work email",
        [InputRequired("Type your address."), Length(max=254)],
        render_kw={"autocomplete": "username", "autofocus": True},
    )
    password = PasswordField(
        "Password",
        [InputRequired("Type your password."), Length(max=LONGEST_PASSWORD)],
        render_kw={"autocomplete": "current-password"},
    )


class SecondForm(BaseForm):
    """A code, or what a passkey answered (filled in by the page's script)."""

    code = StringField(
        "Code",
        [Length(max=40)],
        description="Six digits from your authenticator app, or one of your recovery codes",
        render_kw={"autocomplete": "one-time-code", "autofocus": True},
    )
    passkey = HiddenField(validators=[Length(max=passkeys.LONGEST_ANSWER)])

    def __init__(self) -> None:
        super().__init__()
        self.code.flags.required = True  # or a passkey, which is a button of its own


class ConfirmForm(BaseForm):
    password = PasswordField(
        "Password",
        [InputRequired("Type your password."), Length(max=LONGEST_PASSWORD)],
        render_kw={"autocomplete": "current-password", "autofocus": True},
    )


@blueprint.route("/sign-in", methods=["GET", "POST"])
def enter() -> ResponseReturnValue:
    form = SignInForm()
    status = 200
    if form.validate_on_submit():
        email = form.email.data or ""
        try:
            tries.count(ACCOUNT, email)
        except TooMany as refusal:
            form.fail(str(refusal))
            return _enter_page(form), 429, _retry_after(refusal)
        user = users.authenticate(db.session, email, form.password.data or "")
        if user and provider.password_counts(user):
            return _welcome(user)
        form.fail(WRONG)
    if form.is_submitted():
        status = 422
    return _enter_page(form), status


def _enter_page(form: SignInForm) -> str:
    settings: Settings = current_app.extensions["settings"]
    return render_template(
        "sign_in/form.html", form=form, demo_sign_in=settings.demo_sign_in, way_back=request.args.get("next")
    )


def _welcome(user: User) -> ResponseReturnValue:
    """The password was right: in, or on to the second factor."""
    _right_after(ACCOUNT, user.email, user)
    stage = Stage.FULL
    if second_factors.has_any(db.session, user.id):
        stage = Stage.SECOND_FACTOR
    elif second_factors.is_required(db.session, user):
        stage = Stage.SET_UP
    web_sessions.forget_old(db.session, now=clock.now())
    access.begin_session(user, stage=stage)
    wanted = access.safe_next(request.args.get("next"))
    if stage is Stage.FULL:
        came_in(user, shown="password")
        db.session.commit()
        return redirect(wanted or url_for("today.index"), 303)
    db.session.commit()
    if wanted:
        session["next"] = wanted
    return redirect(access.next_step(stage), 303)


@blueprint.route("/sign-in/second", methods=["GET", "POST"])
def second() -> ResponseReturnValue:
    """The second factor of someone whose password was right."""
    row, user = access.half_way()
    if row.stage is not Stage.SECOND_FACTOR:
        return redirect(access.next_step(row.stage), 303)
    form = SecondForm()
    if not form.validate_on_submit():
        return _second_page(form, row, user), 422 if form.is_submitted() else 200
    try:
        tries.count(FACTOR, user.id)
    except TooMany as refusal:
        form.fail(str(refusal))
        return _second_page(form, row, user), 429, _retry_after(refusal)
    shown = _shown(form, row, user)
    if shown:
        return finish(row, user, shown)
    row.tries += 1
    wrong = throttle.count_of(db.session, FACTOR, user.id)
    unusual_sign_in.stuck_at_code(db.session, user, wrong, now=clock.now())
    if row.tries >= MOST_CODES:
        access.end_session()
        db.session.commit()
        return redirect(url_for("sign_in.enter"), 303)
    db.session.commit()
    form.fail(passkeys.WRONG if form.passkey.data else WRONG_CODE)
    form.code.data = ""
    return _second_page(form, row, user), 422


def _shown(form: SecondForm, row: WebSession, user: User) -> str | None:
    """What was shown beside the password, in words; None if it was not right."""
    if form.passkey.data:
        theirs = passkeys.is_theirs(form.passkey.data, row, user)
        return f"{first_shown(row)} and passkey" if theirs else None
    right = second_factors.use_code(
        db.session, user.id, form.code.data or "", check=authenticator.check, now=clock.now()
    )
    return f"{first_shown(row)} and code" if right else None


def first_shown(row: WebSession) -> str:
    """With what the session began."""
    return "single sign-on" if row.by_provider else "password"


def _second_page(form: SecondForm, row: WebSession, user: User) -> str:
    return render_template("sign_in/second.html", form=form, options=passkeys.question(row, user))


def finish(row: WebSession, user: User, shown: str) -> ResponseReturnValue:
    """All was shown: a whole session under a new secret, and on to where the person wanted to go."""
    _right_after(FACTOR, user.id, user)
    wanted = access.safe_next(session.get("next"))
    provider.link_now(user)
    access.step_up(row)
    came_in(user, shown=shown)
    db.session.commit()
    return redirect(wanted or url_for("today.index"), 303)


@blueprint.route("/confirm", methods=["GET", "POST"])
def confirm() -> ResponseReturnValue:
    """Show again who it is, before what only this person may do."""
    form, user = ConfirmForm(), access.account()
    if form.validate_on_submit() and provider.password_suffices(user):
        email = user.email
        try:
            tries.count(ACCOUNT, email)
        except TooMany as refusal:
            form.fail(str(refusal))
            return _confirm_page(form, user), 429, _retry_after(refusal)
        if users.authenticate(db.session, email, form.password.data or ""):
            _right_after(ACCOUNT, email, user)
            return _once_more(access.safe_next(request.args.get("next")))
        form.fail("This password is not right.")
    return _confirm_page(form, user), 422 if form.is_submitted() else 200


def _confirm_page(form: ConfirmForm, user: User) -> str:
    return render_template(
        "sign_in/confirm.html",
        form=form,
        by_password=provider.password_suffices(user) or not provider.has_link(user),
        by_provider=provider.has_link(user),
        way_back=request.args.get("next"),
    )


def _once_more(wanted: str | None) -> ResponseReturnValue:
    """The password was right. Who has a second factor shows that too; until then the session is half way."""
    row, user = access.half_way()
    if second_factors.has_any(db.session, user.id):
        access.step_down(row)
        session["next"] = wanted
        goal = url_for("sign_in.second")
    else:
        access.step_up(row)
        goal = wanted or url_for("today.index")
    db.session.commit()
    return redirect(goal, 303)


@blueprint.post("/sign-out")
def leave() -> ResponseReturnValue:
    row, user = access.half_way()
    if row.stage is Stage.FULL:
        record(user, AuditAction.SIGNED_OUT)
    there = row.by_provider and provider.find() is not None
    access.end_session()
    db.session.commit()
    if there:
        session["left"] = True
    answer = redirect(provider.out_url() if there else url_for("sign_in.enter"), 303)
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


def came_in(user: User, *, shown: str) -> None:
    """All was shown: on record, and told to the person if it is unusual. The caller commits."""
    record(user, AuditAction.SIGNED_IN, shown=shown)
    unusual_sign_in.came_in(db.session, user, address=request.remote_addr or "", now=clock.now())


def _right_after(limit: Limit, subject: str, user: User) -> None:
    """It was right: the person hears of many that were not, which are then forgotten."""
    wrong = throttle.count_of(db.session, limit, subject) - 1
    unusual_sign_in.right_after(db.session, user, wrong, now=clock.now())
    tries.right(limit, subject)


def record(user: User, action: AuditAction, *, shown: str | None = None) -> None:
    """In the history of the home clinic, with what was shown to come in. The caller commits."""
    audit.record(
        db.session,
        clinic_id=user.clinic_id,
        actor=Actor(user.name, user.id),
        action=action,
        at=clock.now(),
        new={"shown": shown} if shown else None,
    )


def _retry_after(refusal: TooMany) -> dict[str, str]:
    return {"Retry-After": str(refusal.seconds or 3600)}
