"""Tags of one patient, added and removed on the patient's page or on an alert's."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from tracker import clock
from tracker.db import db
from tracker.services import tags
from tracker.services.errors import Conflict, Refused
from tracker.web import access

blueprint = Blueprint("tags", __name__, url_prefix="/patients/<patient_id>/tags")


@blueprint.post("")
def add(patient_id: str) -> ResponseReturnValue:
    try:
        tags.add(
            db.session,
            request.form.get(tags.FIELD, ""),
            clinic_id=access.current_clinic_id(),
            patient_id=patient_id,
            actor=access.current_actor(),
            now=clock.now(),
        )
    except (Refused, Conflict) as refused:
        db.session.rollback()
        flash(str(refused), "error")
        return _back(patient_id)
    db.session.commit()
    flash("Tagged.")
    return _back(patient_id)


@blueprint.post("/<tag_id>/remove")
def remove(patient_id: str, tag_id: str) -> ResponseReturnValue:
    tags.remove(
        db.session,
        tag_id,
        clinic_id=access.current_clinic_id(),
        patient_id=patient_id,
        actor=access.current_actor(),
        now=clock.now(),
    )
    db.session.commit()
    flash("The tag is removed.")
    return _back(patient_id)


def _back(patient_id: str) -> ResponseReturnValue:
    """To the alert it was done on, else to the patient."""
    alert_id = request.form.get("alert", "")
    if access.ROW_ID.fullmatch(alert_id):
        return redirect(url_for("alerts.show", alert_id=alert_id), 303)
    return redirect(url_for("patients.show", patient_id=patient_id), 303)
