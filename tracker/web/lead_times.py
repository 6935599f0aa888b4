"""The clinic's lead times, with what a change would do to its patients before it is saved. For leads."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms.validators import InputRequired

from tracker import clock
from tracker.db import db
from tracker.models.clinic import Clinic
from tracker.services import lead_times
from tracker.services.blast_radius import blast_radius
from tracker.services.errors import Conflict, Refused
from tracker.web import access
from tracker.web.blast_page import preview
from tracker.web.forms import VersionedForm, WholeField
from tracker.web.today import many

blueprint = Blueprint("lead_times", __name__, url_prefix="/clinic/lead-times")


def _hint(name: str, text: str) -> str:
    """With what the rulebook takes where a clinic chooses nothing."""
    return f"{text}. Usual: {Clinic.__table__.c[name].default.arg}"


def _days(name: str, label: str, text: str) -> WholeField:
    asked = [InputRequired("Give the days, 0 to 365.")]
    return WholeField(label, asked, low=0, high=365, description=_hint(name, text))


class LeadTimesForm(VersionedForm):
    renewal_lead_days = _days(
        "renewal_lead_days", "Days before a PA ends", "From then on its renewal is asked for"
    )
    alert_horizon_days = _days(
        "alert_horizon_days", "Days before a refused fill", "From then on it is an alert"
    )
    preparation_days = _days("preparation_days", "Days to prepare a request", "Before it can be sent")
    info_reply_days = _days(
        "info_reply_days", "Days to answer a payer", "Where the payer asks for papers and names no day"
    )
    refill_due_days = _days("refill_due_days", "Days before drug runs out", "From then on the refill is due")
    fill_ahead_days = _days(
        "fill_ahead_days", "Days a refill is made early", "Before the drug runs out; 0: on that day"
    )
    shipping_days = _days("shipping_days", "Days of shipping", "From the pharmacy to the patient")
    refill_threshold_percent = WholeField(
        "Percent used up before a refill",
        [InputRequired("Give a percentage, 1 to 100.")],
        low=1,
        high=100,
        description=_hint("refill_threshold_percent", "Where a plan's rule does not say"),
    )
    coverage_end_lead_days = _days("coverage_end_lead_days", "Days before a coverage ends", "If none follows")
    coverage_change_lead_days = _days(
        "coverage_change_lead_days", "Days before a plan changes", "If another coverage follows"
    )
    duration_lead_days = _days(
        "duration_lead_days", "Days before one year of use", "Where the label limits continuous use"
    )


@blueprint.route("", methods=["GET", "POST"])
def change() -> ResponseReturnValue:
    """The form; then what would change and for whom; then it is saved."""
    clinic = access.current_clinic()
    form = LeadTimesForm(
        data={**{name: getattr(clinic, name) for name in lead_times.NAMES}, "version": clinic.version}
    )
    if not form.validate_on_submit():
        return _page(form, 422 if form.is_submitted() else 200)
    values = {name: form[name].data for name in lead_times.NAMES}

    def work() -> int:
        return lead_times.change(
            db.session,
            clinic,
            values,
            version=form.read_version,
            actor=access.current_actor(),
            now=clock.now(),
        )

    try:
        if request.form.get("seen") != "y":
            found = blast_radius(db.session, clinic, plan_ids=None, today=access.today(), apply=work)
            if found.impacts or found.partial:
                return preview(
                    form, "lead times of the clinic", url_for("lead_times.change"), found, whose="the clinic"
                )
        count = work()
    except (Refused, Conflict) as refusal:
        db.session.rollback()
        form.fail(str(refusal), getattr(refusal, "field", None))
        return _page(form, 409 if isinstance(refusal, Conflict) else 422)
    db.session.commit()
    flash(
        f"Saved. {many(count, 'patient')} {'is' if count == 1 else 'are'} marked for a new check.", "success"
    )
    return redirect(url_for("lead_times.change"), 303)


def _page(form: LeadTimesForm, status: int) -> ResponseReturnValue:
    return render_template("payers/lead_times.html", form=form), status
