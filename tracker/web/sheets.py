"""Sheets for paper: one patient, and the calls of a day. Each is one page, and reads in black and white."""

from datetime import date

from flask import Blueprint, render_template

from tracker import clock
from tracker.db import db
from tracker.services import patient_page, patient_sheet
from tracker.services.call_sheet import call_sheet
from tracker.web import access
from tracker.web.timeline.chart import chart_of
from tracker.web.timeline.wide import wide

blueprint = Blueprint("sheets", __name__)
FILLS, ALERTS = 6, 4


@blueprint.get("/patients/<patient_id>/sheet")
def patient(patient_id: str) -> str:
    clinic, today = access.current_clinic(), access.today()
    view = patient_page.patient_page(db.session, clinic_id=clinic.id, patient_id=patient_id, on=today)
    return render_template(
        "sheets/patient.html",
        clinic=clinic,
        today=today,
        view=view,
        wide=wide(chart_of(view)),
        fills=view.to_come[:FILLS],
        ends=ends_of(view),
        alerts=view.alerts[:ALERTS],
        payers=patient_sheet.payer_lines(db.session, clinic_id=clinic.id, patient_id=patient_id, on=today),
    )


def ends_of(view: patient_page.PatientView) -> dict[str, date]:
    """The last day of each authorization, by its number."""
    return {bar.name: bar.ends_on for bar in view.authorizations if bar.ends_on}


@blueprint.get("/today/calls")
def calls() -> str:
    clinic = access.current_clinic()
    sheet = call_sheet(db.session, clinic, now=clock.now())
    return render_template("sheets/calls.html", clinic=clinic, sheet=sheet, calls=sheet.calls)
