"""The list of patients, and one patient's page."""

from datetime import date

from flask import Blueprint, render_template, request, url_for

from tracker import clock
from tracker.db import db
from tracker.models.clinic import Clinic
from tracker.rules.bridge import BridgePlan
from tracker.rules.words import Severity
from tracker.services import contacts, patient_facts, patient_page, patients, tags, what_if
from tracker.services.clinic_day import day_in
from tracker.services.main_act import MainAct, of_patient
from tracker.services.patient_page import AlertCard, PatientView
from tracker.web import access
from tracker.web.next_acts import ON_REQUEST, next_url, packet_url
from tracker.web.timeline.chart import chart_of
from tracker.web.timeline.narrow import narrow
from tracker.web.timeline.wide import wide
from tracker.web.today import import_url

blueprint = Blueprint("patients", __name__, url_prefix="/patients")


@blueprint.get("")
def index() -> str:
    page = request.args.get("page", "")
    wanted = int(page) if page.isdecimal() and len(page) < 7 else 1
    clinic = access.current_clinic()
    found = patients.patient_list(db.session, clinic_id=clinic.id, page=wanted)
    return render_template(
        "patients/index.html",
        clinic=clinic,
        today=day_in(clinic, clock.now()),
        import_url=import_url(),
        lines=found.lines,
        list=found,
        make_url=lambda number: url_for("patients.index", page=number),
    )


@blueprint.get("/<patient_id>")
def show(patient_id: str) -> str:
    clinic = access.current_clinic()
    today = day_in(clinic, clock.now())
    view = patient_page.patient_page(db.session, clinic_id=clinic.id, patient_id=patient_id, on=today)
    chart = chart_of(view)
    main = _main_act(view, clinic)
    return render_template(
        "patients/show.html",
        clinic=clinic,
        view=view,
        today=today,
        banner=_banner(view, main),
        main=main,
        main_url=next_url(main.act, view.who.id) if main else None,
        packet_url=packet_url(main.act, view.who.id) if main and main.act.act in ON_REQUEST else None,
        groups=patient_facts.groups(view.panels),
        bridges=_bridges(view, clinic, today),
        chart=chart,
        wide=wide(chart),
        narrow=narrow(chart),
        tags=tags.of_patient(db.session, clinic_id=clinic.id, patient_id=patient_id),
        known_tags=tags.in_use(db.session, clinic.id).values(),
        may_act=access.may_act(),
        log=contacts.entries(db.session, clinic_id=clinic.id, patient_id=patient_id, on=today),
    )


def _main_act(view: PatientView, clinic: Clinic) -> MainAct | None:
    """None for whoever may only look."""
    if not access.may_act():
        return None
    return of_patient(db.session, clinic_id=clinic.id, patient_id=view.who.id)


def _banner(view: PatientView, main: MainAct | None) -> AlertCard | None:
    """The alert that the main act is about, where it is open and no mere information; else the worst."""
    for card in view.alerts:
        if main and card.line.id == main.alert_id and card.line.severity is not Severity.INFO:
            return card
    return patient_page.worst(view)


def _bridges(view: PatientView, clinic: Clinic, today: date) -> BridgePlan | None:
    """The ways over a refused fill, once it is near enough to act on: within the alert horizon."""
    denial_on = view.check.earliest_denial_on
    if denial_on is None or (denial_on - today).days > clinic.alert_horizon_days:
        return None
    return what_if.bridges(db.session, clinic_id=clinic.id, patient_id=view.who.id, on=today)
