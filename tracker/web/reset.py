"""A new password by mail, for who forgot the old one or was invited.

Asking takes the same work and gives the same answer for every address: who has an account is looked up later,
by the clockwork.
"""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField, PasswordField
from wtforms.validators import EqualTo, InputRequired, Length

from tracker import clock
from tracker.db import db
from tracker.models.audit import AuditAction
from tracker.models.user import User
from tracker.services import audit, notices, password_links, second_factors
from tracker.services.actor import Actor
from tracker.services.errors import Refused
from tracker.services.passwords import LONGEST_PASSWORD, SHORTEST_ALONE, SHORTEST_WITH_SECOND
from tracker.services.throttle import RESET
from tracker.web import access, tries
from tracker.web.forms import BaseForm, CleanEmailField, CleanStringField

blueprint = Blueprint("reset", __name__)


class AskForm(BaseForm):
    email = CleanEmailField(
        "Work email",
        [InputRequired("Type your address."), Length(max=254)],
        render_kw={"autocomplete": "username", "autofocus": True},
    )


class CodeForm(BaseForm):
    code = CleanStringField(
        "Code of the mail",
        [InputRequired("Copy the code from the mail.")],
        description="It stands below the link, and behind the # in it.",
        longest=200,
        render_kw={"autocomplete": "off", "autofocus": True, "spellcheck": "false"},
    )


class ChooseForm(BaseForm):
    code = HiddenField(validators=[Length(max=200)])
    password = PasswordField(
        "New password",
        [InputRequired("Type the new password."), Length(max=LONGEST_PASSWORD)],
        render_kw={"autocomplete": "new-password", "autofocus": True},
    )
    again = PasswordField(
        "New password again",
        [InputRequired("Type it again."), EqualTo("password", "The two are not the same.")],
        render_kw={"autocomplete": "new-password"},
    )


@blueprint.route("/forgot-password", methods=["GET", "POST"])
def ask() -> ResponseReturnValue:
    form = AskForm()
    if not form.validate_on_submit():
        return render_template("reset/ask.html", form=form), 422 if form.is_submitted() else 200
    email = form.email.data or ""
    tries.count(RESET, email)
    password_links.ask(db.session, email, now=clock.now())
    db.session.commit()
    return redirect(url_for("reset.asked"), 303)


@blueprint.get("/forgot-password/asked")
def asked() -> str:
    return render_template("reset/asked.html")


@blueprint.route("/choose-password", methods=["GET", "POST"])
def choose() -> ResponseReturnValue:
    """Choose a password with the code of a mail, which no address that reaches us holds.

    It stands behind the # of the mailed link, from where a script puts it into the first form; without one
    it is copied. To show it uses nothing up: programs that look through mails open links too.
    """
    asked = CodeForm()
    if not asked.validate_on_submit():
        return render_template("reset/code.html", form=asked), 422 if asked.is_submitted() else 200
    code = asked.code.data or ""
    user = password_links.person_of(db.session, code, now=clock.now())
    if user is None:
        return render_template("reset/gone.html"), 410
    form = ChooseForm()
    form.password.description = _what_is_good(user)
    is_first = "password" not in request.form
    if not is_first and form.validate() and _chosen(form, code):
        flash("Your password is set. Sign in with it now.", "success")
        return redirect(url_for("sign_in.enter"), 303)
    return render_template("reset/choose.html", form=form, person=user), 200 if is_first else 422


def _what_is_good(user: User) -> str:
    has_second = second_factors.has_any(db.session, user.id)
    shortest = SHORTEST_WITH_SECOND if has_second else SHORTEST_ALONE
    return f"{shortest} characters or more. Four words in a row are easy to keep."


def _chosen(form: ChooseForm, code: str) -> bool:
    now = clock.now()
    try:
        user = password_links.use(db.session, code, form.password.data or "", now=now)
    except Refused as refusal:
        db.session.rollback()
        form.fail(str(refusal), refusal.field)
        return False
    audit.record(
        db.session,
        clinic_id=user.clinic_id,
        actor=Actor(user.name, user.id),
        action=AuditAction.CHANGED,
        at=now,
        table_name="app_user",
        row_key=user.id,
        new={"password": "chosen with a mailed code"},  # nosec B105 # how it was set
    )
    notices.tell(db.session, user, notices.Notice.PASSWORD_CHANGED, now=now)
    access.end_session()
    db.session.commit()
    return True
