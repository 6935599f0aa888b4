"""Forms to add and change a patient."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy import select
from wtforms import BooleanField

from tracker import clock
from tracker.db import db
from tracker.models.patient import Patient
from tracker.models.user import User
from tracker.rules.words import Indication
from tracker.services import checking, facts
from tracker.services.errors import Conflict, Refused
from tracker.web import access, conflict
from tracker.web.fact_forms.base import FactForm, Needed
from tracker.web.facts import alerts_said
from tracker.web.forms import ChoiceField, CleanStringField, DateField, WordField

blueprint = Blueprint("patient_forms", __name__)


class PatientForm(FactForm):
    family = CleanStringField("Family name", [Needed("Give the family name.")])
    given = CleanStringField("Given name", [Needed("Give the given name.")])
    mrn = CleanStringField("MRN", [Needed("Give the MRN.")], longest=40)
    birth_date = DateField("Birth date", description="2026-03-17 or 3/17/2026")
    indication = WordField("Takes it for", Indication, blank="Not known")
    owner_id = ChoiceField("Owner", blank="Unowned")
    active = BooleanField("In care here", default=True)

    def validate_birth_date(self, each: Any) -> None:
        if each.data and each.data > self.today:
            raise ValueError("A birth date is not in the future.")

    def values(self) -> dict[str, Any]:
        found = super().values()
        return {**found, "active": bool(found["active"])}


@blueprint.route("/patients/new", methods=["GET", "POST"])
def add() -> ResponseReturnValue:
    form = _form(None)
    if not form.validate_on_submit():
        return _page(form, None), 422 if form.is_submitted() else 200
    try:
        row = facts.add(
            db.session,
            Patient,
            form.values(),
            clinic_id=access.current_clinic_id(),
            actor=access.current_actor(),
            now=clock.now(),
        )
    except Refused as refused:
        return _refused(form, None, refused)
    return _saved(row.id, "added")


@blueprint.route("/patients/<patient_id>/change", methods=["GET", "POST"])
def change(patient_id: str) -> ResponseReturnValue:
    row = access.find_or_404(Patient, patient_id)
    form = _form(row)
    if not form.validate_on_submit():
        return _page(form, row), 422 if form.is_submitted() else 200
    try:
        facts.change(
            db.session,
            row,
            form.values(),
            version=form.read_version,
            actor=access.current_actor(),
            now=clock.now(),
        )
    except Conflict:
        return _conflicting(form, patient_id)
    except Refused as refused:
        return _refused(form, patient_id, refused)
    return _saved(patient_id, "saved")


def _form(row: Patient | None, **source: Any) -> PatientForm:
    form = PatientForm(data=PatientForm.initial(row) if row else {"active": True}, **source)
    people = access.scoped(User).where(User.active).order_by(User.name)
    form.owner_id.offer(access.choices_of(db.session.execute(people).scalars()))
    return form


def _page(form: PatientForm, row: Patient | None) -> str:
    if row is not None and not form.is_submitted():
        form.version.data = str(row.version)
    return render_template("patient_forms/form.html", form=form, patient=row)


def _refused(form: PatientForm, patient_id: str | None, refused: Refused) -> ResponseReturnValue:
    db.session.rollback()
    row = access.find_or_404(Patient, patient_id) if patient_id else None
    form.fail(str(refused), refused.field)
    if refused.field == "mrn":
        form.form_errors.append(_link_to_owner_of(form.mrn.data))
    return _page(form, row), 422


def _link_to_owner_of(mrn: str) -> Markup:
    """A way to the patient who has this MRN already."""
    query = select(Patient).where(Patient.clinic_id == access.current_clinic_id(), Patient.mrn == mrn)
    other = db.session.execute(query).scalar_one()
    url = url_for("patients.show", patient_id=other.id)
    return Markup('Open <a href="{}">{}, {}</a>, who has it.').format(url, other.family, other.given)


def _conflicting(form: PatientForm, patient_id: str) -> ResponseReturnValue:
    db.session.rollback()
    row = access.find_or_404(Patient, patient_id)
    return conflict.page(
        mine=form,
        on_file=_form(row, formdata=None),
        row=row,
        title=f"{row.family}, {row.given}",
        back=url_for("patients.show", patient_id=patient_id),
    )


def _saved(patient_id: str, done: str) -> ResponseReturnValue:
    outcome = checking.last_outcome(db.session)
    db.session.commit()
    flash(f"Patient {done} and checked. {alerts_said(outcome)}")
    return redirect(url_for("patients.show", patient_id=patient_id), 303)
