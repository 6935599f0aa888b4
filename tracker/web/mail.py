"""Every mail with its state; what each person wants to be mailed; the clinic's hours."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms.validators import InputRequired

from tracker import clock
from tracker.db import db
from tracker.models.audit import AuditAction
from tracker.models.mail_choice import AtOnce, DigestDays
from tracker.models.outbox import OutboxMessage, OutboxState
from tracker.models.user import Role
from tracker.services import audit, undelivered
from tracker.services.errors import Refused
from tracker.services.mail_choices import Wishes, choose, set_policy, wishes_of
from tracker.services.mail_list import mail_list
from tracker.web import access
from tracker.web.forms import BaseForm, ChoiceField, WholeField

blueprint = Blueprint("mail", __name__, url_prefix="/mail")

AT_ONCE = (
    (AtOnce.CRITICAL_AND_HIGH.value, "Critical and high alerts"),
    (AtOnce.CRITICAL.value, "Critical alerts only"),
    (AtOnce.NONE.value, "None: I read them in the digest and on the pages"),
)
DIGEST = (
    (DigestDays.EVERY_DAY.value, "Every day"),
    (DigestDays.WORKING_DAYS.value, "Monday to Friday"),
    (DigestDays.NEVER.value, "Never"),
)
STATES = {
    OutboxState.CREATED: ("pend", "pending", "waits"),
    OutboxState.SENDING: ("pend", "pending", "being sent"),
    OutboxState.SENT: ("ok", "ok", "sent"),
    OutboxState.RETRY: ("warn", "pending", "to be tried again"),
    OutboxState.FAILED: ("bad", "refused", "failed"),
    OutboxState.DROPPED: ("", "draft", "not needed any more"),
}
HOURS = [(str(hour), f"{hour:02}:00") for hour in range(24)]


class ChoicesForm(BaseForm):
    """Own quiet hours are both empty (the clinic's hold) or both given."""

    at_once = ChoiceField("Mail me at once about", [InputRequired("Choose one.")], pairs=AT_ONCE, blank=None)
    digest = ChoiceField("Send me the digest", [InputRequired("Choose one.")], pairs=DIGEST, blank=None)
    quiet_from = ChoiceField("Quiet from", pairs=HOURS, blank="As the clinic")
    quiet_to = ChoiceField("Quiet until", pairs=HOURS, blank="As the clinic")

    def validate(self, extra_validators: Any = None) -> bool:
        right = super().validate(extra_validators)
        if (self.quiet_from.data is None) != (self.quiet_to.data is None):
            self.fail("Give both ends of your quiet hours, or neither.", "quiet_to")
            return False
        return bool(right)


class PolicyForm(BaseForm):
    digest_hour = ChoiceField("Digest at", [InputRequired("Choose an hour.")], pairs=HOURS, blank=None)
    quiet_from = ChoiceField("Quiet from", [InputRequired("Choose an hour.")], pairs=HOURS, blank=None)
    quiet_to = ChoiceField("Quiet until", [InputRequired("Choose an hour.")], pairs=HOURS, blank=None)
    budget = WholeField(
        "Mails about alerts for one person in a day",
        [InputRequired("Give a number.")],
        low=1,
        high=100,
        description="Over it a critical alert still goes out, once an hour; the rest is in the next digest",
    )


@blueprint.get("/")
def index() -> str:
    asked = request.args.get("state", "")
    state = OutboxState(asked) if asked in set(OutboxState) else None
    page = request.args.get("page", 1, type=int)
    found = mail_list(db.session, clinic_id=access.current_clinic_id(), state=state, page=page)
    return render_template(
        "mail/index.html",
        mails=found,
        state=state,
        states=STATES,
        pages=_pages(state),
        may_act=access.may_act(),
        leads=access.signed_in().role in (Role.LEAD, Role.ADMINISTRATOR),
    )


@blueprint.post("/<message_id>/again")
def again(message_id: str) -> ResponseReturnValue:
    """Send a mail that failed, waits or is out, at the next round."""
    message = access.find_or_404(OutboxMessage, message_id)
    return _settle(
        message, "sent_again", lambda: undelivered.send_again(db.session, message, now=clock.now())
    )


@blueprint.post("/<message_id>/seen")
def seen(message_id: str) -> ResponseReturnValue:
    """A failed mail needs nobody any more: the person was told in another way."""
    message = access.find_or_404(OutboxMessage, message_id)
    actor, now = access.current_actor(), clock.now()
    return _settle(
        message, "acknowledged", lambda: undelivered.acknowledge(db.session, message, actor=actor, now=now)
    )


def _settle(message: OutboxMessage, what: str, work: Callable[[], None]) -> ResponseReturnValue:
    old = message.state.value
    try:
        work()
    except Refused as refused:
        db.session.rollback()
        flash(str(refused), "error")
        return redirect(url_for("mail.index"), 303)
    audit.record(
        db.session,
        clinic_id=access.current_clinic_id(),
        actor=access.current_actor(),
        action=AuditAction.CHANGED,
        at=clock.now(),
        table_name="outbox_message",
        row_key=message.id,
        old={"state": old},
        new={"state": message.state.value, what: True},
    )
    db.session.commit()
    flash("The mail goes out with the next round." if what == "sent_again" else "Noted.", "success")
    return redirect(url_for("mail.index"), 303)


@blueprint.route("/choices", methods=["GET", "POST"])
def choices() -> ResponseReturnValue:
    """What the signed-in person wants to be mailed; mails come from the account's home clinic."""
    user = access.account()
    wishes = wishes_of(db.session, clinic_id=user.clinic_id, user_id=user.id)
    form = ChoicesForm(data=_chosen(wishes))
    if form.validate_on_submit():
        values = {
            "at_once": AtOnce(str(form.at_once.data)),
            "digest": DigestDays(str(form.digest.data)),
            "quiet_from": _hour(form.quiet_from.data),
            "quiet_to": _hour(form.quiet_to.data),
        }
        choose(db.session, user=user, values=values, actor=access.current_actor(), now=clock.now())
        db.session.commit()
        flash("Saved. It holds from the next mail on.", "success")
        return redirect(url_for("mail.choices"), 303)
    page = render_template("mail/choices.html", form=form, wishes=wishes, email=user.email)
    return page, 422 if form.is_submitted() else 200


@blueprint.route("/clinic", methods=["GET", "POST"])
def policy() -> ResponseReturnValue:
    """The clinic's hours and budget; leads and administrators set them."""
    if access.signed_in().role not in (Role.LEAD, Role.ADMINISTRATOR):
        abort(403)
    user = access.signed_in()
    wishes = wishes_of(db.session, clinic_id=user.clinic_id, user_id=user.id)
    form = PolicyForm(
        data={
            "digest_hour": str(wishes.digest_hour),
            "quiet_from": str(wishes.clinic_quiet[0]),
            "quiet_to": str(wishes.clinic_quiet[1]),
            "budget": wishes.budget,
        }
    )
    if form.validate_on_submit():
        values = {name: int(form[name].data) for name in ("digest_hour", "quiet_from", "quiet_to", "budget")}
        set_policy(
            db.session,
            clinic_id=user.clinic_id,
            values=values,
            actor=access.current_actor(),
            now=clock.now(),
        )
        db.session.commit()
        flash("Saved. It holds from the next mail on.", "success")
        return redirect(url_for("mail.policy"), 303)
    return render_template("mail/policy.html", form=form), 422 if form.is_submitted() else 200


def _chosen(wishes: Wishes) -> dict[str, str | None]:
    own = wishes.own_quiet
    return {
        "at_once": wishes.at_once.value,
        "digest": wishes.digest.value,
        "quiet_from": str(wishes.quiet_from) if own else None,
        "quiet_to": str(wishes.quiet_to) if own else None,
    }


def _hour(text: str | None) -> int | None:
    return None if text is None else int(text)


def _pages(state: OutboxState | None) -> Callable[[int], str]:
    return lambda page: url_for("mail.index", state=state.value if state else None, page=page)
