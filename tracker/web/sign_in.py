"""Sign in with a local account, and out."""

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import logout_user
from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired, Length

from tracker import clock
from tracker.db import db
from tracker.models.audit import AuditAction
from tracker.models.user import User
from tracker.services import audit, users
from tracker.services.actor import Actor
from tracker.web import access
from tracker.web.forms import BaseForm

blueprint = Blueprint("sign_in", __name__)


class SignInForm(BaseForm):
    email = EmailField(
        "Work email",
        [InputRequired("Type your address."), Length(max=254)],
        render_kw={"autocomplete": "username", "autofocus": True},
    )
    password = PasswordField(
        "Password",
        [InputRequired("Type your password."), Length(max=users.LONGEST_PASSWORD)],
        render_kw={"autocomplete": "current-password"},
    )


@blueprint.route("/sign-in", methods=["GET", "POST"])
def enter() -> ResponseReturnValue:
    form = SignInForm()
    if form.validate_on_submit():
        user = users.authenticate(db.session, form.email.data or "", form.password.data or "")
        if user:
            return _welcome(user)
        form.fail("Email or password is not right.")
    page = render_template(
        "sign_in/form.html", form=form, demo_sign_in=current_app.extensions["settings"].demo_sign_in
    )
    return page, 422 if form.is_submitted() else 200


def _welcome(user: User) -> ResponseReturnValue:
    access.begin_session(user)
    _record(user, AuditAction.SIGNED_IN)
    return redirect(access.safe_next(request.args.get("next")) or url_for("today.index"), 303)


@blueprint.post("/sign-out")
def leave() -> ResponseReturnValue:
    _record(access.signed_in(), AuditAction.SIGNED_OUT)
    logout_user()
    session.clear()
    return redirect(url_for("sign_in.enter"), 303)


def _record(user: User, action: AuditAction) -> None:
    audit.record(
        db.session,
        clinic_id=user.clinic_id,
        actor=Actor(user.name, user.id),
        action=action,
        at=clock.now(),
    )
    db.session.commit()
