"""Reports: lapses, what payers decided, who did what, how good the alerts are; as a page and as files."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from tracker import clock
from tracker.db import db
from tracker.models.audit import AuditAction
from tracker.services import audit, report_files
from tracker.services.errors import Refused
from tracker.services.report_alerts import quality
from tracker.services.report_lapses import lapses
from tracker.services.report_period import LONGEST_DAYS, Period, presets
from tracker.services.report_requests import decisions
from tracker.services.report_work import work
from tracker.web import access
from tracker.web.forms import asked_day
from tracker.web.parcel import CSV, Parcel

blueprint = Blueprint("reports", __name__, url_prefix="/reports")


@blueprint.get("/")
def index() -> str:
    """The last 30 days, unless the address names others."""
    clinic, today = access.current_clinic(), access.today()
    asked: dict[str, Any] = {name: request.args.get(name, "").strip()[:40] for name in ("from", "to")}
    named = presets(today)
    period, faults = _period(asked, named[0][1])
    found = lapses(db.session, clinic, period, today=today)
    return render_template(
        "reports/index.html",
        period=period,
        asked={"from": period.first.isoformat(), "to": period.last.isoformat()} if not faults else asked,
        faults=faults,
        presets=named,
        today=today,
        lapses=found,
        rows=found.rows,
        payers=decisions(db.session, clinic_id=clinic.id, period=period),
        people=work(db.session, clinic, period),
        causes=quality(db.session, clinic, period),
    )


@blueprint.post("/file")
def file() -> Response:
    """One of the tables as CSV. A POST, for it leaves a mark in the audit trail."""
    name = request.form.get("table", "")
    if name not in report_files.TABLES:
        raise Refused("Choose one of the tables of the page.")
    period, faults = _period(request.form, presets(access.today())[0][1])
    if faults:
        raise Refused(next(iter(faults.values())))
    parcel = Parcel()
    count = report_files.write(
        parcel.file, db.session, access.current_clinic(), period, table=name, today=access.today()
    )
    audit.record(
        db.session,
        clinic_id=access.current_clinic_id(),
        actor=access.current_actor(),
        action=AuditAction.EXPORTED,
        at=clock.now(),
        table_name="report",
        new={
            "table": name,
            "from": str(period.first),
            "to": str(period.last),
            "rows": count,
            "count": count if name in report_files.NAME_PATIENTS else 0,
        },
    )
    db.session.commit()
    return parcel.answer(f"{name}-{period.first}-to-{period.last}.csv", CSV)


def _period(
    asked: Mapping[str, Any] | MultiDict[str, str], otherwise: Period
) -> tuple[Period, dict[str, str]]:
    """The days asked for, and what of them cannot be read, by field; then the usual ones."""
    faults: dict[str, str] = {}
    first, last = (asked_day(asked.get(name), name, faults) for name in ("from", "to"))
    first, last = first or otherwise.first, last or otherwise.last
    if not faults and last < first:
        faults["to"] = f"Give a day from {first} on."
    elif not faults and (last - first).days >= LONGEST_DAYS:
        faults["to"] = f"A report holds at most {LONGEST_DAYS:,} days."
    return (otherwise if faults else Period(first, last)), faults
