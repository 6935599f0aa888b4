"""Log a call, a fax, a portal message, a letter or a note about a patient."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from tracker import clock
from tracker.db import db
from tracker.models.authorization import Authorization
from tracker.models.patient import Patient
from tracker.services import contacts, step_page
from tracker.services.errors import Refused
from tracker.web import access
from tracker.web.contact_forms import ContactForm

blueprint = Blueprint("contacts", __name__, url_prefix="/patients/<patient_id>/contacts")


@blueprint.route("/new", methods=["GET", "POST"])
def add(patient_id: str) -> ResponseReturnValue:
    """`?authorization=`: the one it is about; `?gap=`: the open step whose evidence is asked for."""
    patient = access.find_or_404(Patient, patient_id)
    wanted = request.args.get("authorization")
    about = access.find_or_404(Authorization, wanted) if wanted else None
    if about is not None and about.patient_id != patient.id:
        abort(404)
    form = ContactForm()
    log = contacts.entries(db.session, clinic_id=patient.clinic_id, patient_id=patient.id, on=access.today())
    form.prepare(log, about.id if about else None, _authorizations(patient), _asked(patient))
    if not form.validate_on_submit():
        return _page(patient, about, form), 422 if form.is_submitted() else 200
    named = about or _chosen(form)
    values = form.values() | {"authorization_id": named.id if named else None}
    values["payer_id"] = contacts.payer_of(db.session, named) if named else None
    try:
        contacts.log(
            db.session,
            values,
            clinic_id=patient.clinic_id,
            patient_id=patient.id,
            actor=access.current_actor(),
            now=clock.now(),
        )
    except Refused as refused:
        db.session.rollback()
        form.fail(str(refused), refused.field)
        return _page(access.find_or_404(Patient, patient_id), about, form), 422
    db.session.commit()
    flash("Logged.")
    return _back(patient_id, wanted)


def _asked(patient: Patient) -> str | None:
    """What is asked for, if it is the evidence of an open step."""
    wanted = request.args.get("gap")
    if not wanted:
        return None
    return step_page.evidence_asked(
        db.session, access.current_clinic(), patient.id, wanted, on=access.today()
    )


def _authorizations(patient: Patient) -> list[tuple[str, str]]:
    query = access.scoped(Authorization).where(Authorization.patient_id == patient.id)
    return [
        (row.id, f"{row.number or 'without number'}, {row.status.label}")
        for row in db.session.scalars(query.order_by(Authorization.id.desc()))
    ]


def _chosen(form: ContactForm) -> Authorization | None:
    wanted = form.authorization_id.data if "authorization_id" in form else None
    return access.find_or_404(Authorization, wanted) if wanted else None


def _page(patient: Patient, about: Authorization | None, form: ContactForm) -> str:
    return render_template(
        "contacts/form.html",
        patient=patient,
        about=about,
        form=form,
        shown=[name for name in form.shown if name in form],
    )


def _back(patient_id: str, authorization_id: str | None) -> Response:
    if authorization_id:
        url = url_for("authorizations.show", patient_id=patient_id, authorization_id=authorization_id)
        return redirect(f"{url}#log", 303)
    if request.args.get("gap"):
        return redirect(url_for("steps.show", patient_id=patient_id), 303)
    return redirect(f"{url_for('patients.show', patient_id=patient_id)}#contacts", 303)
