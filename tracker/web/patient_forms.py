"""Forms to add and change a patient."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import or_
from wtforms import BooleanField, ValidationError

from tracker import clock
from tracker.db import db
from tracker.models.patient import Patient
from tracker.models.user import User
from tracker.rules.words import Indication
from tracker.services import checking, facts
from tracker.services.errors import Conflict, Refused
from tracker.web import access, conflict
from tracker.web.fact_forms.base import FactForm, Needed
from tracker.web.facts import alerts_said, who
from tracker.web.forms import ChoiceField, CleanStringField, DateField, WordField

blueprint = Blueprint("patient_forms", __name__)


class PatientForm(FactForm):
    family = CleanStringField("Family name", [Needed("Give the family name.")])
    given = CleanStringField("Given name", [Needed("Give the given name.")])
    mrn = CleanStringField("MRN", [Needed("Give the MRN.")], longest=40)
    birth_date = DateField("Birth date", description="2026-03-17 or 3/17/2026")
    indication = WordField("Takes it for", Indication, blank="Not known")
    owner_id = ChoiceField("Owner", blank="Unowned")
    backup_id = ChoiceField(
        "Backup owner",
        blank="As the owner or the clinic names",
        description="Told when the owner does not answer",
    )
    active = BooleanField("In care here", default=True)

    def validate_birth_date(self, each: Any) -> None:
        if each.data and each.data > self.today:
            raise ValidationError("A birth date is not in the future.")

    def validate_backup_id(self, each: Any) -> None:
        if each.data and each.data == self.owner_id.data:
            raise ValidationError("The backup owner is somebody else than the owner.")

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
    kept = (row.owner_id, row.backup_id) if row else ()
    people = access.scoped(User).where(or_(User.active, User.id.in_(kept))).order_by(User.name)
    pairs = [
        (each.id, each.name if each.active else f"{each.name} (account is off)")
        for each in db.session.execute(people).scalars()
    ]
    form.owner_id.offer(pairs)
    form.backup_id.offer(pairs)
    return form


def _page(form: PatientForm, row: Patient | None, taken_by: Patient | None = None) -> str:
    if row is not None and not form.is_submitted():
        form.version.data = str(row.version)
    return render_template("patient_forms/form.html", form=form, patient=row, taken_by=taken_by)


def _refused(form: PatientForm, patient_id: str | None, refused: Refused) -> ResponseReturnValue:
    db.session.rollback()
    row = access.find_or_404(Patient, patient_id) if patient_id else None
    other = _owner_of(form.mrn.data) if refused.field == "mrn" else None
    form.fail(f"MRN {other.mrn} is already on file." if other else str(refused), refused.field)
    return _page(form, row, other), 422


def _owner_of(mrn: str) -> Patient | None:
    """The patient who has this MRN already."""
    return db.session.execute(access.scoped(Patient).where(Patient.mrn == mrn)).scalar_one_or_none()


def _conflicting(form: PatientForm, patient_id: str) -> ResponseReturnValue:
    db.session.rollback()
    row = access.find_or_404(Patient, patient_id)
    return conflict.page(
        mine=form,
        on_file=_form(row, formdata=None),
        row=row,
        title=who(row),
        back=url_for("patients.show", patient_id=patient_id),
    )


def _saved(patient_id: str, done: str) -> ResponseReturnValue:
    outcome = checking.last_outcome(db.session)
    db.session.commit()
    flash(f"Patient {done} and checked. {alerts_said(outcome)}")
    return redirect(url_for("patients.show", patient_id=patient_id), 303)
