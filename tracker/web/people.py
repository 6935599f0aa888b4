"""The people of the clinic: invite them, give them a role, switch them off. For administrators."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField
from wtforms.validators import InputRequired, Length

from tracker import clock
from tracker.db import db
from tracker.models.user import Role
from tracker.services import people, single_sign_on
from tracker.services.errors import Refused
from tracker.services.people import Desk
from tracker.web import access, provider
from tracker.web.forms import BaseForm, ChoiceField, CleanEmailField, CleanStringField

blueprint = Blueprint("people", __name__, url_prefix="/people")

ROLES = {
    Role.VIEWER: "Viewer: looks, changes nothing",
    Role.COORDINATOR: "Coordinator: keeps patients, payers and imports",
    Role.LEAD: "Lead: as a coordinator, and is told of what matters",
    Role.ADMINISTRATOR: "Administrator: as a lead, and decides about people",
}


BY_LINK = "A link to choose a password goes there. It is good for 3 days."
BY_PROVIDER = "They sign in with {}, which must have this address. Administrators get a link for a password."


def _role_field() -> ChoiceField:
    pairs = [(role.value, text) for role, text in ROLES.items()]
    return ChoiceField("Role", [InputRequired("Choose a role.")], pairs=pairs, blank=None)


class InviteForm(BaseForm):
    email = CleanEmailField(
        "Work email",
        [InputRequired("Type the address."), Length(max=254)],
        description=BY_LINK,
        render_kw={"autocomplete": "off"},
    )
    name = CleanStringField("Name", [InputRequired("Type the name.")], longest=200)
    role = _role_field()


class RoleForm(BaseForm):
    role = _role_field()


class ClinicForm(BaseForm):
    required = BooleanField("Everyone here needs a second factor")


class NoForm(BaseForm):
    """A button."""


@blueprint.get("")
def index() -> str:
    return _page(ClinicForm(data={"required": access.current_clinic().second_factor_required}))


def _page(form: ClinicForm) -> str:
    found = people.people_of(db.session, access.current_clinic_id(), now=clock.now())
    return render_template("people/index.html", people=found, form=form, me=access.signed_in().id)


@blueprint.post("/second-factor")
def require_of_clinic() -> ResponseReturnValue:
    form = ClinicForm()
    required = bool(form.required.data)
    people.require_of_clinic(db.session, _desk(), required=required)
    flash(
        "From the next sign-in on, everyone here needs a second factor."
        if required
        else "A password alone is enough again. Those who have a second factor go on using it.",
        "success",
    )
    return _done("people.index")


@blueprint.route("/add", methods=["GET", "POST"])
def add() -> ResponseReturnValue:
    form = InviteForm(data=None)
    if not provider.passwords_for_all():
        form.email.description = BY_PROVIDER.format(provider.needed().terms.name)
    if form.validate_on_submit():
        try:
            people.invite(
                db.session,
                _desk(),
                email=form.email.data or "",
                name=form.name.data or "",
                role=Role(form.role.data or ""),
            )
        except Refused as refusal:
            form.fail(str(refusal), refusal.field)
        else:
            flash(f"{form.email.data} can work here.", "success")
            return _done("people.index")
    return render_template("people/add.html", form=form), 422 if form.is_submitted() else 200


@blueprint.route("/<user_id>", methods=["GET", "POST"])
def change(user_id: str) -> ResponseReturnValue:
    """One person: the role here, and what else can be done."""
    clinic_id, now = access.current_clinic_id(), clock.now()
    person = people.person_in(db.session, clinic_id, user_id, now=now)
    form = RoleForm(data={"role": person.role.value})
    if form.validate_on_submit():
        role = Role(form.role.data or "")
        try:
            people.change_role(db.session, _desk(), user_id, role)
        except Refused as refusal:
            form.fail(str(refusal), "role")
        else:
            flash(f"{person.name} is {role.value} here from now on.", "success")
            return _done("people.change", user_id=user_id)
    link = single_sign_on.link_of(db.session, person.id) if person.at_home else None
    page = render_template("people/show.html", form=form, person=person, me=access.signed_in().id, link=link)
    return page, 422 if form.is_submitted() else 200


@blueprint.post("/<user_id>/off")
def off(user_id: str) -> ResponseReturnValue:
    people.switch(db.session, _desk(), user_id, active=False)
    flash("Switched off. Sessions are ended; patients and alerts went to whoever stands in.", "success")
    return _done("people.index")


@blueprint.post("/<user_id>/on")
def on(user_id: str) -> ResponseReturnValue:
    people.switch(db.session, _desk(), user_id, active=True)
    return _acted(user_id, "Switched on again.")


@blueprint.post("/<user_id>/unlock")
def unlock(user_id: str) -> ResponseReturnValue:
    people.unlock(db.session, _desk(), user_id)
    return _acted(user_id, "The sign-in is open again.")


@blueprint.post("/<user_id>/second-factor/require")
def require(user_id: str) -> ResponseReturnValue:
    people.require_second_factor(db.session, _desk(), user_id, required=True)
    return _acted(user_id, "From the next sign-in on, a second factor is asked for.")


@blueprint.post("/<user_id>/second-factor/waive")
def waive(user_id: str) -> ResponseReturnValue:
    people.require_second_factor(db.session, _desk(), user_id, required=False)
    return _acted(user_id, "Only what the clinic asks of everyone holds now.")


@blueprint.post("/<user_id>/second-factor/forget")
def forget(user_id: str) -> ResponseReturnValue:
    people.start_over(db.session, _desk(), user_id)
    return _acted(user_id, "The second factors are forgotten, and every session is ended.")


@blueprint.post("/<user_id>/invite")
def invite_again(user_id: str) -> ResponseReturnValue:
    people.invite_again(db.session, _desk(), user_id)
    return _acted(user_id, "A new link is on its way.")


@blueprint.post("/<user_id>/sessions/end")
def end_sessions(user_id: str) -> ResponseReturnValue:
    people.end_sessions(db.session, _desk(), user_id)
    return _acted(user_id, "Signed out everywhere, at once.")


def _acted(user_id: str, said: str) -> ResponseReturnValue:
    """Back to the person, with what was done."""
    flash(said, "success")
    return _done("people.change", user_id=user_id)


def _desk() -> Desk:
    return Desk(access.current_clinic_id(), access.current_actor(), clock.now())


def _done(endpoint: str, *, user_id: str | None = None) -> ResponseReturnValue:
    db.session.commit()
    return redirect(url_for(endpoint) if user_id is None else url_for(endpoint, user_id=user_id), 303)
