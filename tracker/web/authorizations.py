"""One authorization of a patient: its page, its moves, and the drafts that follow from it."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from tracker import clock
from tracker.db import db
from tracker.models.authorization import Authorization
from tracker.models.patient import Patient
from tracker.models.payer import Plan
from tracker.rules.moves import Move
from tracker.rules.packet import Packet
from tracker.services import authorization_page, authorizations, contacts, documents, packets
from tracker.services.errors import Conflict, Refused
from tracker.web import access
from tracker.web.authorization_chart import burn_chart
from tracker.web.authorization_forms import MoveForm, form_of
from tracker.web.contact_forms import ContactForm
from tracker.web.facts import alerts_said

blueprint = Blueprint("authorizations", __name__, url_prefix="/patients/<patient_id>/authorizations")
Draft = Callable[..., Authorization]


@blueprint.get("/<authorization_id>")
def show(patient_id: str, authorization_id: str) -> str:
    patient, row = _found(patient_id, authorization_id)
    clinic, today = access.current_clinic(), access.today()
    view = authorization_page.authorization_page(db.session, clinic, row, on=today, now=clock.now())
    log = contacts.entries(
        db.session, clinic_id=clinic.id, patient_id=patient.id, on=today, authorization_id=row.id
    )
    form = ContactForm(formdata=None)
    form.prepare(log, row.id)
    return render_template(
        "authorizations/show.html",
        patient=patient,
        view=view,
        today=today,
        log=log,
        form=form,
        burn=burn_chart(view.units),
        pack=_packet(row) if view.may_renew or row.status in authorizations.OPEN else None,
        letters=documents.letters_of(db.session, clinic_id=clinic.id, authorization_id=row.id),
    )


@blueprint.route(
    "/<authorization_id>/<any(submit,pend,reply,decide,deny,appeal,cancel,lapse):move>",
    methods=["GET", "POST"],
)
def move(patient_id: str, authorization_id: str, move: str) -> ResponseReturnValue:
    """A move: its form, then the page with what it changed."""
    patient, row = _found(patient_id, authorization_id)
    what = Move(move)
    form = form_of(what, row, db.session.get_one(Plan, row.plan_id), access.today())
    if not form.validate_on_submit():
        return _page(what, patient, row, form), 422 if form.is_submitted() else 200
    try:
        outcome = authorizations.move(
            db.session,
            row,
            what,
            form.report(row),
            version=form.read_version,
            actor=access.current_actor(),
            now=clock.now(),
        )
    except (Conflict, Refused) as refused:
        return _refused(what, patient_id, authorization_id, form, refused)
    db.session.commit()
    flash(f"{what.label}: saved and checked. {alerts_said(outcome)}")
    return redirect(_url(row), 303)


@blueprint.route("/<authorization_id>/renew", methods=["GET", "POST"])
def renew(patient_id: str, authorization_id: str) -> ResponseReturnValue:
    """The renewal as it would be drafted; then the draft. If one is under way, straight there."""
    return _draft(
        patient_id,
        authorization_id,
        "renew",
        authorizations.successor,
        authorizations.renewal,
        authorizations.renew,
    )


@blueprint.route("/<authorization_id>/replace", methods=["GET", "POST"])
def replace(patient_id: str, authorization_id: str) -> ResponseReturnValue:
    """A new request in place of a denied or void one, or for the rest of a partial one."""
    return _draft(
        patient_id,
        authorization_id,
        "replace",
        authorizations.replacement,
        authorizations.replacing,
        authorizations.replace,
    )


def _draft(
    patient_id: str, authorization_id: str, name: str, standing: Any, values: Any, make: Draft
) -> ResponseReturnValue:
    patient, row = _found(patient_id, authorization_id)
    found = standing(db.session, row)
    if found is not None:
        flash("One is under way already: this is it.")
        return redirect(_url(found), 303)
    form = MoveForm()
    try:
        shown = values(row)
        if not form.validate_on_submit():
            return _draft_page(name, patient, row, shown, form), 422 if form.is_submitted() else 200
        made = make(db.session, row, actor=access.current_actor(), now=clock.now())
    except Refused as refused:
        db.session.rollback()
        flash(str(refused), "error")
        return redirect(url_for(".show", patient_id=patient_id, authorization_id=authorization_id), 303)
    db.session.commit()
    flash("Drafted and checked. Record its submission here once the payer has it.")
    return redirect(_url(made), 303)


def _draft_page(name: str, patient: Patient, row: Authorization, shown: Any, form: MoveForm) -> str:
    return render_template(
        "authorizations/draft.html",
        name=name,
        patient=patient,
        row=row,
        plan=db.session.get_one(Plan, row.plan_id),
        shown=shown,
        form=form,
        pack=_packet(row) if name == "renew" else None,
    )


def _packet(row: Authorization) -> Packet:
    wanted = {row.id: row.patient_id}
    found = packets.packets(db.session, clinic_id=row.clinic_id, wanted=wanted, on=access.today())
    return found[row.id].packet


def _page(what: Move, patient: Patient, row: Authorization, form: MoveForm) -> str:
    sense = authorizations.refusal(row, what)
    return render_template(
        "authorizations/move.html",
        what=what,
        patient=patient,
        row=row,
        form=form,
        impossible=sense,
        codes=getattr(form, "codes", ()),
        shown=[name for name in form.shown if name in form],
    )


def _refused(
    what: Move, patient_id: str, authorization_id: str, form: MoveForm, refused: Conflict | Refused
) -> ResponseReturnValue:
    """Nothing is kept; the page says why, with what was typed."""
    db.session.rollback()
    patient, row = _found(patient_id, authorization_id)
    stale = isinstance(refused, Conflict)
    if isinstance(refused, Refused):
        form.fail(str(refused), refused.field)
    else:
        form.version.data = str(row.version)
        form.fail(f"{refused} It is {row.status.label} now. Look at it again before you save.")
    return _page(what, patient, row, form), 409 if stale else 422


def _found(patient_id: str, authorization_id: str) -> tuple[Patient, Authorization]:
    patient = access.find_or_404(Patient, patient_id)
    row = access.find_or_404(Authorization, authorization_id)
    if row.patient_id != patient.id:
        abort(404)
    return patient, row


def _url(row: Authorization) -> str:
    return url_for("authorizations.show", patient_id=row.patient_id, authorization_id=row.id)
