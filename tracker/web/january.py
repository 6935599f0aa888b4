"""The January wave: what ends around the turn of the year, with levelled starts, and what a week can hold."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker import clock
from tracker.db import db
from tracker.services import capacity, january_wave
from tracker.services.errors import Conflict, Refused
from tracker.web import access
from tracker.web.calendar import everyone, owners_of
from tracker.web.forms import VersionedForm, WholeField
from tracker.web.timeline.small import weeks_chart
from tracker.web.today import weeks_over

blueprint = Blueprint("january", __name__, url_prefix="/calendar/january")
WIDE = 840


class CapacityForm(VersionedForm):
    renewals_a_week = WholeField(
        "Renewals a week we can do",
        low=1,
        high=capacity.MOST,
        description="Today and this page show which weeks hold more. Empty: not said",
        render_kw={"maxlength": 6, "autocomplete": "off"},
    )


@blueprint.get("")
def index() -> str:
    return _page(_form())


@blueprint.post("/capacity")
def change() -> ResponseReturnValue:
    clinic, form = access.current_clinic(), CapacityForm()
    if not form.validate_on_submit():
        return _page(form), 422
    try:
        capacity.change(
            db.session,
            clinic,
            form.renewals_a_week.data,
            version=form.read_version,
            actor=access.current_actor(),
            now=clock.now(),
        )
    except (Refused, Conflict) as refusal:
        db.session.rollback()
        form.fail(str(refusal), getattr(refusal, "field", None))
        return _page(form), 409 if isinstance(refusal, Conflict) else 422
    db.session.commit()
    flash("Saved.")
    return redirect(url_for(".index"), 303)


def _form() -> CapacityForm:
    clinic = access.current_clinic()
    values = {"renewals_a_week": clinic.renewals_a_week, "version": str(clinic.version)}
    return CapacityForm(formdata=None, data=values)


def _page(form: CapacityForm) -> str:
    clinic, today = access.current_clinic(), access.today()
    before, owner = request.args.get("before", ""), request.args.get("owner", "")[:40]
    found = january_wave.wave(
        db.session,
        clinic,
        today=today,
        owners=owners_of(owner),
        after=before or request.args.get("after", ""),
        back=bool(before),
    )
    weeks = [(week.monday, week.total) for week in found.levelled.weeks]
    return render_template(
        "january/index.html",
        clinic=clinic,
        today=today,
        wave=found,
        rows=found.rows,
        wide=weeks_chart(weeks, clinic.renewals_a_week, width=WIDE),
        narrow=weeks_chart(weeks, clinic.renewals_a_week),
        over=weeks_over(weeks, clinic.renewals_a_week),
        peak=max((week.other + week.waiting for week in found.levelled.weeks), default=0),
        form=form,
        owner=owner,
        people=everyone(),
        may_act=access.may_act(),
    )
