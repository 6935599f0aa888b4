"""Who read and changed what: the clinic's trail for leads, a patient's history for everyone."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, render_template, request, url_for

from tracker import clock
from tracker.db import db
from tracker.models.audit import AuditAction
from tracker.models.bulk_reading import BulkReading
from tracker.models.patient import Patient
from tracker.models.user import Role
from tracker.services import audit_list, bulk_reading
from tracker.services.audit_list import Filters
from tracker.services.clinic_day import day_starts_at
from tracker.web import access
from tracker.web.forms import asked_day

blueprint = Blueprint("audit", __name__)
of_patient = Blueprint("history", __name__)


@blueprint.get("/audit")
def index() -> str:
    """Filters stand in the address; a patient stands there by an id that says nothing."""
    query: dict[str, Any] = {
        name: value for name in ("person", "action", "from", "to", "patient") if (value := _asked(name))
    }
    filters, faults = _filters(query)
    page = audit_list.audit_page(db.session, clinic_id=access.current_clinic_id(), filters=filters)
    patient = _patient(filters.patient_id)
    return render_template(
        "audit/index.html",
        page=page,
        query=query,
        faults=faults,
        patient=patient,
        people=audit_list.people(db.session, access.current_clinic_id()),
        actions=[(action.value, audit_list.DONE[action]) for action in AuditAction],
        older=url_for("audit.index", **query, before=page.older) if page.older else None,
        newest=url_for("audit.index", **query) if filters.before else None,
        readings=[] if query or filters.before else _readings(),
    )


def _readings() -> Sequence[BulkReading]:
    """Whoever read unusually many patients of late, on the trail's first page."""
    return bulk_reading.latest(db.session, access.current_clinic_id(), now=clock.now())


@of_patient.get("/patients/<patient_id>/history")
def show(patient_id: str) -> str:
    """What became of a patient's facts; leads also see who looked."""
    patient = access.find_or_404(Patient, patient_id)
    clinic_id, before = access.current_clinic_id(), _before()
    page = audit_list.changes_of(db.session, clinic_id=clinic_id, patient_id=patient.id, before=before)
    leads = access.signed_in().role in (Role.LEAD, Role.ADMINISTRATOR)
    readers = (
        audit_list.readers_of(db.session, clinic_id=clinic_id, patient_id=patient.id, now=clock.now())
        if leads
        else []
    )
    own: dict[str, Any] = {"patient_id": patient.id}
    return render_template(
        "audit/history.html",
        patient=patient,
        page=page,
        leads=leads,
        readers=readers,
        older=url_for("history.show", **own, before=page.older) if page.older else None,
        newest=url_for("history.show", **own) if before else None,
    )


def _asked(name: str) -> str:
    return request.args.get(name, "").strip()[:40]


def _before() -> int | None:
    text = _asked("before")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _filters(query: dict[str, Any]) -> tuple[Filters, dict[str, str]]:
    """What was asked, and what of it cannot be read, by field."""
    faults: dict[str, str] = {}
    first, last = (asked_day(query.get(name), name, faults) for name in ("from", "to"))
    action = query.get("action", "")
    filters = Filters(
        actor_id=_row_id(query.get("person")),
        action=AuditAction(action) if action in set(AuditAction) else None,
        since=_midnight(first) if first else None,
        until=_midnight(last + timedelta(days=1)) if last else None,
        patient_id=_row_id(query.get("patient")),
        before=_before(),
    )
    return filters, faults


def _midnight(on: date) -> datetime:
    return day_starts_at(on, access.current_clinic().time_zone)


def _row_id(text: str | None) -> str | None:
    return text if text and access.ROW_ID.fullmatch(text) else None


def _patient(patient_id: str | None) -> Any:
    """The patient of the filter; None if there is none here of that id."""
    if patient_id is None:
        return None
    query = access.scoped(Patient).where(Patient.id == patient_id)
    return db.session.execute(query).scalar_one_or_none()
