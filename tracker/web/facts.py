"""Forms to add, change and take back every fact of a patient."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from tracker import clock
from tracker.db import db
from tracker.models.authorization import Authorization, Denial, Trial
from tracker.models.patient import Coverage, Lab, Patient, Transplant, Weight
from tracker.models.payer import Payer, Plan
from tracker.models.therapy import Fill, PlannedFill, RefillContact, Regimen
from tracker.services import checking, facts
from tracker.services.errors import Conflict, Refused, TrackerError
from tracker.services.reconcile import Outcome
from tracker.web import access, conflict
from tracker.web.fact_forms.authorizations import AuthorizationForm, DenialForm, line_fields
from tracker.web.fact_forms.base import FactForm, Scene
from tracker.web.fact_forms.clinical import LabForm, TrialForm, WeightForm
from tracker.web.fact_forms.codes import own_codes, unit_fields
from tracker.web.fact_forms.coverage import CoverageForm, TransplantForm
from tracker.web.fact_forms.therapy import FillForm, PlannedFillForm, RefillContactForm, RegimenForm
from tracker.web.first_guess import first_guess
from tracker.web.forms import VersionedForm

blueprint = Blueprint("facts", __name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fact; `coded` adds the fields that each billing code needs."""

    model: type[Any]
    form: type[FactForm]
    name: str
    coded: Callable[[Sequence[str]], Mapping[str, Any]] | None = None


KINDS = {
    "weight": Kind(Weight, WeightForm, "weight"),
    "transplant": Kind(Transplant, TransplantForm, "transplant"),
    "coverage": Kind(Coverage, CoverageForm, "coverage"),
    "regimen": Kind(Regimen, RegimenForm, "regimen"),
    "fill": Kind(Fill, FillForm, "fill", unit_fields),
    "planned_fill": Kind(PlannedFill, PlannedFillForm, "planned fill", unit_fields),
    "authorization": Kind(Authorization, AuthorizationForm, "authorization", line_fields),
    "trial": Kind(Trial, TrialForm, "step trial"),
    "refill_contact": Kind(RefillContact, RefillContactForm, "refill contact"),
    "denial": Kind(Denial, DenialForm, "denial"),
    "lab": Kind(Lab, LabForm, "lab"),
}


@blueprint.route("/patients/<patient_id>/<kind>/new", methods=["GET", "POST"])
def add(patient_id: str, kind: str) -> ResponseReturnValue:
    chosen, patient = _kind(kind), access.find_or_404(Patient, patient_id)
    form = _form(chosen, patient, None)
    if not form.validate_on_submit():
        return _page(chosen, patient, form, None), 422 if form.is_submitted() else 200
    try:
        facts.add(
            db.session,
            chosen.model,
            {**form.values(), "patient_id": patient.id},
            clinic_id=patient.clinic_id,
            actor=access.current_actor(),
            now=clock.now(),
        )
    except Refused as refused:
        return _refused(chosen, patient_id, form, None, refused)
    return _saved(chosen, patient.id, "added")


@blueprint.route("/patients/<patient_id>/<kind>/<fact_id>", methods=["GET", "POST"])
def change(patient_id: str, kind: str, fact_id: str) -> ResponseReturnValue:
    chosen, patient = _kind(kind), access.find_or_404(Patient, patient_id)
    row = _row(chosen, patient, fact_id)
    form = _form(chosen, patient, row)
    if not form.validate_on_submit():
        return _page(chosen, patient, form, row), 422 if form.is_submitted() else 200
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
        return _conflicting(chosen, patient_id, fact_id, form)
    except Refused as refused:
        return _refused(chosen, patient_id, form, fact_id, refused)
    return _saved(chosen, patient.id, "saved")


@blueprint.post("/patients/<patient_id>/<kind>/<fact_id>/remove")
def remove(patient_id: str, kind: str, fact_id: str) -> ResponseReturnValue:
    """Take back what was entered in error. The audit trail keeps it."""
    chosen, patient = _kind(kind), access.find_or_404(Patient, patient_id)
    row = _row(chosen, patient, fact_id)
    version = VersionedForm().read_version
    try:
        facts.remove(db.session, row, version=version, actor=access.current_actor(), now=clock.now())
    except (Conflict, Refused) as refused:
        return _not_removed(chosen, patient_id, fact_id, refused)
    return _saved(chosen, patient_id, "removed")


def _not_removed(chosen: Kind, patient_id: str, fact_id: str, refused: TrackerError) -> ResponseReturnValue:
    """The record as it is now, with the reason on top."""
    db.session.rollback()
    patient = access.find_or_404(Patient, patient_id)
    row = _row(chosen, patient, fact_id)
    form = _form(chosen, patient, row, formdata=None)
    form.version.data = str(row.version)
    stale = isinstance(refused, Conflict)
    form.fail(f"{refused} Look at it again before you remove it." if stale else str(refused))
    return _page(chosen, patient, form, row), 409 if stale else 422


def _kind(kind: str) -> Kind:
    if kind not in KINDS:
        abort(404)
    return KINDS[kind]


def _row(chosen: Kind, patient: Patient, fact_id: str) -> Any:
    row = access.find_or_404(chosen.model, fact_id)
    if row.patient_id != patient.id:
        abort(404)
    return row


def _form(chosen: Kind, patient: Patient, row: Any, **source: Any) -> FactForm:
    """The form with what it may offer, filled from the row on file, then from what was sent.

    `formdata=None` in `source` leaves out what was sent.
    """
    shown = chosen.form.initial(row) if row is not None else _guess(chosen, patient)
    form_class = chosen.form
    if chosen.coded:
        sent = request.form if "formdata" not in source else ()
        kept = chosen.form.codes_on(row) if row is not None else ()
        codes = own_codes(_of_patient(Regimen, patient), kept, sent)
        form_class = type(chosen.form.__name__, (chosen.form,), dict(chosen.coded(codes)))
    form = form_class(data=shown, **source)
    form.prepare(_scene(patient, row))
    return form


def _guess(chosen: Kind, patient: Patient) -> dict[str, Any]:
    return first_guess(chosen.model, patient, request.args.get("alert", ""), request.args.get("option", ""))


def _scene(patient: Patient, row: Any) -> Scene:
    own_id = getattr(row, "id", None)
    return Scene(
        plans=_plans(),
        authorizations=[
            (each.id, f"{each.number or 'no number'}, {each.starts_on or 'open'} to {each.ends_on or 'open'}")
            for each in _of_patient(Authorization, patient)
            if each.id != own_id
        ],
        fills=[
            (each.id, f"{each.on_date}, {each.days_supply} days")
            for each in sorted(_of_patient(Fill, patient), key=lambda fill: fill.on_date, reverse=True)
        ],
    )


def _plans() -> list[tuple[str, str]]:
    query = (
        select(Plan.id, Payer.name, Plan.name)
        .join(Payer, Payer.id == Plan.payer_id)
        .where(Plan.clinic_id == access.current_clinic_id())
        .order_by(Payer.name, Plan.name)
    )
    return [(plan_id, f"{payer} {name}") for plan_id, payer, name in db.session.execute(query)]


def _of_patient(model: type[Any], patient: Patient) -> Sequence[Any]:
    query = access.scoped(model).where(model.patient_id == patient.id).order_by(model.id)
    return db.session.execute(query).scalars().all()


def _page(chosen: Kind, patient: Patient, form: FactForm, row: Any) -> str:
    if row is not None and not form.is_submitted():
        form.version.data = str(row.version)
    return render_template(
        "facts/form.html", form=form, patient=patient, name=chosen.name, row=row, kind=_word(chosen)
    )


def _word(chosen: Kind) -> str:
    return next(word for word, kind in KINDS.items() if kind is chosen)


def _refused(
    chosen: Kind, patient_id: str, form: FactForm, fact_id: str | None, refused: Refused
) -> ResponseReturnValue:
    """Nothing is kept; the page says why, at the field where it is known."""
    db.session.rollback()
    patient = access.find_or_404(Patient, patient_id)
    form.fail(str(refused), refused.field)
    row = _row(chosen, patient, fact_id) if fact_id else None
    return _page(chosen, patient, form, row), 422


def _conflicting(chosen: Kind, patient_id: str, fact_id: str, form: FactForm) -> ResponseReturnValue:
    db.session.rollback()
    patient = access.find_or_404(Patient, patient_id)
    row = _row(chosen, patient, fact_id)
    return conflict.page(
        mine=form,
        on_file=_form(chosen, patient, row, formdata=None),
        row=row,
        title=f"{chosen.name.capitalize()} of {who(patient)}",
        back=url_for("patients.show", patient_id=patient.id),
    )


def _saved(chosen: Kind, patient_id: str, done: str) -> ResponseReturnValue:
    outcome = checking.last_outcome(db.session)
    db.session.commit()
    flash(f"{chosen.name.capitalize()} {done} and checked. {alerts_said(outcome)}")
    return redirect(url_for("patients.show", patient_id=patient_id), 303)


def who(patient: Patient) -> str:
    """Name, birth date and MRN, so that nobody is taken for another."""
    born = patient.birth_date or "not on file"
    return f"{patient.family}, {patient.given}, born {born}, MRN {patient.mrn}"


def alerts_said(outcome: Outcome) -> str:
    """`1 alert opened, 2 closed.`"""
    if not outcome.opened and not outcome.closed:
        return "No alert changed."
    noun = "alert" if outcome.opened == 1 else "alerts"
    return f"{outcome.opened} {noun} opened, {outcome.closed} closed."
