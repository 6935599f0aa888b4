"""Emergency access to a patient of another clinic: ask for it, read under it; for its leads, review it."""

from dataclasses import replace

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField
from wtforms.validators import InputRequired, Length

from tracker import clock
from tracker.db import db
from tracker.models.emergency import LONGEST_REASON
from tracker.services import emergency, patient_page, patient_sheet, throttle
from tracker.services.clinic_day import day_in
from tracker.services.emergency import WRONG, Wanted
from tracker.services.errors import Refused
from tracker.web import access, reads, tries
from tracker.web.forms import BaseForm, ChoiceField, CleanStringField, CleanTextField, DateField, WholeField
from tracker.web.sheets import ALERTS, FILLS, ends_of
from tracker.web.timeline.chart import chart_of
from tracker.web.timeline.wide import wide

blueprint = Blueprint("emergency", __name__, url_prefix="/emergency")

NOBODY = "No patient of this clinic has this MRN and date of birth. Look at both again."
SHORTEST = 10


class AskForm(BaseForm):
    clinic = ChoiceField("Clinic of the patient", [InputRequired("Choose the clinic.")], blank="Choose")
    mrn = CleanStringField("MRN there", [InputRequired("Type the MRN.")], longest=40)
    birth_date = DateField(
        "Date of birth", [InputRequired("Type the date of birth.")], description="1958-03-17 or 3/17/1958"
    )
    reason = CleanTextField(
        "Reason",
        [
            InputRequired("Say why it cannot wait."),
            Length(min=SHORTEST, message=f"Say why in {SHORTEST} characters or more."),
        ],
        longest=LONGEST_REASON,
        description="What happened, and why it cannot wait for the clinic. Its leads read this.",
    )


class ReviewForm(BaseForm):
    note = CleanTextField(
        "What you found",
        [InputRequired("Say what you found.")],
        longest=LONGEST_REASON,
        description="Was it an emergency, and was the look needed?",
    )


class PolicyForm(BaseForm):
    on = BooleanField("Leads of other clinics on this installation may open a patient in an emergency")
    minutes = WholeField("For how many minutes", [InputRequired("Give a number.")], low=5, high=240)


@blueprint.route("", methods=["GET", "POST"])
def index() -> ResponseReturnValue:
    """What is open to the one who asks, and the form to open another."""
    user = access.account()
    form = AskForm()
    form.clinic.offer(emergency.clinics_for(db.session, user))
    if form.validate_on_submit():
        try:
            tries.count(WRONG, user.id)
        except throttle.TooMany as refusal:
            form.fail(str(refusal))
            return _ask_page(form), 429, [("Retry-After", str(refusal.seconds or 900))]
        opened = _open(form)
        if opened is not None:
            return redirect(url_for("emergency.show", access_id=opened), 303)
    return _ask_page(form), 422 if form.is_submitted() else 200


def _open(form: AskForm) -> str | None:
    user = access.account()
    assert form.birth_date.data is not None
    wanted = Wanted(form.clinic.data or "", form.mrn.data or "", form.birth_date.data, form.reason.data or "")
    row = emergency.open_record(
        db.session, user, wanted, from_clinic=access.current_clinic().name, now=clock.now()
    )
    if row is None:
        db.session.commit()  # the clinic's record says that someone tried
        form.fail(NOBODY, "mrn")
        return None
    tries.right(WRONG, user.id)
    db.session.commit()
    return row.id


def _ask_page(form: AskForm) -> str:
    found = emergency.running(db.session, access.account(), now=clock.now())
    return render_template("emergency/index.html", form=form, running=found)


@blueprint.get("/<access_id>")
def show(access_id: str) -> str:
    """The patient's sheet, to read. It is not shown without a record of it in the patient's clinic."""
    user = access.account()
    row, clinic = emergency.find(db.session, user, access_id, now=clock.now())
    on = day_in(clinic, clock.now())
    view = patient_page.patient_page(db.session, clinic_id=clinic.id, patient_id=row.patient_id, on=on)
    reads.show_of(clinic.id, row.patient_id, emergency.stranger(user, row.from_clinic))
    return render_template(
        "emergency/patient.html",
        access=row,
        their_clinic=clinic,
        today=on,
        view=view,
        wide=replace(wide(chart_of(view)), links=[], hits=[]),  # they lead to pages that stay closed
        fills=view.to_come[:FILLS],
        ends=ends_of(view),
        alerts=view.alerts[:ALERTS],
        payers=patient_sheet.payer_lines(db.session, clinic_id=clinic.id, patient_id=row.patient_id, on=on),
    )


# --------------------------------------------------------------------------------------- the patient's clinic


@blueprint.get("/review")
def reviews() -> str:
    return _review_page(ReviewForm(formdata=None))


@blueprint.post("/review/<access_id>")
def review(access_id: str) -> ResponseReturnValue:
    form = ReviewForm()
    if not form.validate_on_submit():
        return _review_page(form, access_id), 422
    emergency.review(
        db.session,
        access.current_clinic_id(),
        access_id,
        note=form.note.data or "",
        reviewer=access.current_actor(),
        now=clock.now(),
    )
    db.session.commit()
    flash("Reviewed, and on record.", "success")
    return redirect(url_for("emergency.reviews"), 303)


@blueprint.post("/policy")
def policy() -> ResponseReturnValue:
    form, clinic = PolicyForm(), access.current_clinic()
    if form.validate_on_submit():
        try:
            emergency.set_policy(
                db.session,
                clinic,
                on=bool(form.on.data),
                minutes=form.minutes.data or 0,
                actor=access.current_actor(),
                now=clock.now(),
            )
        except Refused as refusal:
            form.fail(str(refusal), refusal.field)
        else:
            db.session.commit()
            flash("Saved. It holds from now on.", "success")
            return redirect(url_for("emergency.reviews"), 303)
    return _review_page(ReviewForm(formdata=None), rules=form), 422


def _review_page(form: ReviewForm, wrong_id: str | None = None, rules: PolicyForm | None = None) -> str:
    clinic = access.current_clinic()
    waiting, reviewed = emergency.lines(db.session, clinic.id, now=clock.now())
    if rules is None:
        rules = PolicyForm(formdata=None, on=clinic.emergency_on, minutes=clinic.emergency_minutes)
    return render_template(
        "emergency/reviews.html",
        waiting=waiting,
        reviewed=reviewed,
        lines=[*waiting, *reviewed],
        form=form,
        wrong_id=wrong_id,
        rules=rules,
        me=access.signed_in().id,
    )
