"""The clinic's ladder: whom an alert that nobody answers calls next, and after how long. For leads."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms.validators import InputRequired

from tracker import clock
from tracker.db import db
from tracker.models.ladder import Ladder
from tracker.services import ladders, ownership
from tracker.services.errors import Conflict, Refused
from tracker.web import access
from tracker.web.forms import ChoiceField, CleanStringField, VersionedForm, WholeField

blueprint = Blueprint("ladder", __name__, url_prefix="/clinic/ladder")
NAMES = (
    *("backup_id", "lead_id", "clinician_name", "clinician_contact", "clinician_id"),
    *("critical_hours", "high_hours", "warning_hours"),
)


def _hours(label: str) -> WholeField:
    return WholeField(label, [InputRequired("Give the hours, 1 to 720.")], low=1, high=720)


class LadderForm(VersionedForm):
    backup_id = ChoiceField(
        "Backup owner of the clinic",
        blank="Nobody",
        description="Where neither the alert, the patient nor the owner names one",
    )
    lead_id = ChoiceField("Clinic lead", blank="The first lead who is there")
    clinician_name = CleanStringField("Named clinician", description="Called last, for example: Dr Shah")
    clinician_contact = CleanStringField("Telephone or email of the clinician", longest=254)
    clinician_id = ChoiceField(
        "Account of the clinician", blank="None: the lead is asked to call", description="Mailed directly"
    )
    critical_hours = _hours("Critical")
    high_hours = _hours("High")
    warning_hours = _hours("Warning")


@blueprint.route("", methods=["GET", "POST"])
def change() -> ResponseReturnValue:
    clinic_id = access.current_clinic_id()
    form = _form(ownership.ladder_of(db.session, clinic_id))
    if not form.validate_on_submit():
        return _page(form, 422 if form.is_submitted() else 200)
    try:
        ladders.settle(
            db.session,
            clinic_id=clinic_id,
            values={name: form[name].data for name in NAMES},
            version=form.read_version,
            actor=access.current_actor(),
            now=clock.now(),
        )
    except (Refused, Conflict) as refusal:
        db.session.rollback()
        form.fail(str(refusal), getattr(refusal, "field", None))
        return _page(form, 409 if isinstance(refusal, Conflict) else 422)
    db.session.commit()
    flash("Saved. It holds from the next step on.", "success")
    return redirect(url_for("ladder.change"), 303)


def _form(row: Ladder) -> LadderForm:
    form = LadderForm(data={**{name: getattr(row, name) for name in NAMES}, "version": row.version or 0})
    people = ownership.people_of(db.session, access.current_clinic_id())
    pairs = [(each.id, each.name) for each in people.values() if ownership.may_act(each)]
    for name in ("backup_id", "lead_id", "clinician_id"):
        kept = people.get(getattr(row, name) or "")
        gone = kept is not None and not ownership.may_act(kept)
        form[name].offer([*pairs, *([(kept.id, f"{kept.name} (cannot act)")] if kept and gone else [])])
    return form


def _page(form: LadderForm, status: int) -> ResponseReturnValue:
    return render_template("mail/ladder.html", form=form), status
