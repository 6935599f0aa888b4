"""The worklist, and one alert with its proof."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker.db import db
from tracker.services.worklist_page import work_page
from tracker.web import access, alert_acts
from tracker.web.worklist_query import filters_of, place_of
from tracker.web.worklist_view import asker_of, list_values

blueprint = Blueprint("alerts", __name__, url_prefix="/alerts")


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The worklist. Every filter, the order and the place stand in the address, and for whom works in several
    clinics the clinic: another one than is open must be opened first, by hand."""
    clinic = request.args.get("clinic", "")
    if clinic and clinic != access.current_clinic_id():
        return redirect(url_for("account.ask_clinic", clinic=clinic, next=request.full_path), 303)
    asker, filters = asker_of(), filters_of(request.args)
    page = work_page(db.session, asker, filters, place_of(request.args))
    return render_template("alerts/index.html", page=page, **list_values(asker, filters, page))


@blueprint.get("/<alert_id>")
def show(alert_id: str) -> str:
    return alert_acts.page(alert_id)
