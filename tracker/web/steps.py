"""The step therapy page of a patient, and the draft of an exception from it."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from tracker import clock
from tracker.db import db
from tracker.models.patient import Patient
from tracker.services import authorizations, step_page
from tracker.services.errors import Refused
from tracker.web import access
from tracker.web.forms import BaseForm

blueprint = Blueprint("steps", __name__, url_prefix="/patients/<patient_id>/steps")


@blueprint.get("")
def show(patient_id: str) -> str:
    patient = access.find_or_404(Patient, patient_id)
    today = access.today()
    trees = step_page.step_page(db.session, access.current_clinic(), patient.id, on=today)
    shown = [tree for tree in trees if _matters(tree)]
    return render_template("steps/show.html", patient=patient, trees=trees, today=today, shown=shown)


def _matters(tree: step_page.RuleTree) -> bool:
    """Steps are asked, or nobody knows; a rule that asks for none has nothing to show."""
    return bool(tree.branches) or not tree.details_known


@blueprint.post("/exception/<int:number>")
def ask_exception(patient_id: str, number: int) -> ResponseReturnValue:
    """Draft the exception from one of the rules shown; one that is under way is led to."""
    patient = access.find_or_404(Patient, patient_id)
    if not BaseForm().validate_on_submit():
        abort(400)
    asked = step_page.exception_asked(
        db.session, access.current_clinic(), patient.id, number, on=access.today()
    )
    if asked is None:
        abort(404)
    tree, grounds = asked
    try:
        row = authorizations.ask_exception(
            db.session,
            clinic_id=patient.clinic_id,
            patient_id=patient.id,
            plan_id=tree.member.plan.id,
            codes=tree.asked.codes,
            starts_on=tree.fill.on,
            reason=grounds[:500] or None,
            actor=access.current_actor(),
            now=clock.now(),
        )
    except Refused as refused:
        db.session.rollback()
        flash(str(refused), "error")
        return redirect(url_for(".show", patient_id=patient_id), 303)
    db.session.commit()
    flash("The exception is drafted. Record its submission here once the payer has it.")
    return redirect(url_for("authorizations.show", patient_id=patient_id, authorization_id=row.id), 303)
