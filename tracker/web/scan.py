"""How the clockwork is doing; check now; move the demo's date."""

import time

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker import clock
from tracker.db import db
from tracker.models.audit import AuditAction
from tracker.models.clinic import Clinic
from tracker.models.scan import ScanKind
from tracker.models.user import Role
from tracker.services import audit, heartbeat, holds
from tracker.services import scan as scanning
from tracker.services.clinic_day import day_in, move_demo_date
from tracker.services.scan import Step
from tracker.services.scan_status import scan_status
from tracker.settings import Mode, Settings
from tracker.web import access
from tracker.web.forms import BaseForm, DateField

blueprint = Blueprint("scan", __name__, url_prefix="/scan")
ANSWER_WITHIN = 10.0  # seconds that a person waits; the next tick does the rest
SMALL_BATCH = 50


class MoveForm(BaseForm):
    to = DateField(
        "Date of the demo", description="Empty: the real date. Or 2026-12-01, 3/17/2026, +30d, eom"
    )


@blueprint.get("/")
def index() -> str:
    return _page(MoveForm())


@blueprint.post("/now")
def check_now() -> ResponseReturnValue:
    """Check whoever is due while the person waits, though not for ever."""
    _refuse_viewers()
    clinic_id = access.current_clinic_id()
    _vouch_for_clock(clinic_id)
    ends = time.monotonic() + ANSWER_WITHIN
    last = None
    for step in scanning.steps(
        db.session,
        clinic_id=clinic_id,
        clock=clock.now,
        kind=ScanKind.ASKED,
        batch=SMALL_BATCH,
        actor=access.current_actor(),
    ):
        db.session.commit()
        last = step
        if time.monotonic() > ends:
            break
    # The heartbeat speaks for every clinic: it may beat here only if nobody is due anywhere.
    if (last is None or last.finished) and scanning.nobody_is_due(db.session, clock.now()):
        heartbeat.beat(db.session, heartbeat.SCAN, clock.now())
    db.session.commit()
    flash(_result(last), "success")
    return redirect(url_for("scan.index"), 303)


def _vouch_for_clock(clinic_id: str) -> None:
    """Whoever asks for a check by a clock that jumped says that its date is right, which is put on record."""
    now, before = clock.now(), heartbeat.believed_at(db.session)
    if before is None or not heartbeat.clock_is_doubtful(db.session, now):
        return
    heartbeat.believe_clock(db.session, now)
    audit.record(
        db.session,
        clinic_id=clinic_id,
        actor=access.current_actor(),
        action=AuditAction.CHANGED,
        at=now,
        table_name="heartbeat",
        row_key=heartbeat.CLOCK,
        old={"at": audit.plain(before)},
        new={"at": audit.plain(now)},
    )
    db.session.commit()


@blueprint.post("/mail")
def release_mail() -> ResponseReturnValue:
    """Let held mails go: send what waits, or drop what went out before a restore."""
    if access.signed_in().role not in (Role.LEAD, Role.ADMINISTRATOR):
        abort(403)
    what = request.form.get("waiting")
    if what not in ("send", "drop"):
        abort(400)
    dropped = holds.release_mail(db.session, drop_waiting=what == "drop", now=clock.now())
    audit.record(
        db.session,
        clinic_id=access.current_clinic_id(),
        actor=access.current_actor(),
        action=AuditAction.CHANGED,
        at=clock.now(),
        table_name="hold",
        row_key=holds.MAIL,
        new={"released": True, "dropped": dropped},
    )
    db.session.commit()
    flash(f"Mails go out again. {dropped} were dropped; their alerts stay on the pages.", "success")
    return redirect(url_for("scan.index"), 303)


@blueprint.post("/date")
def move_date() -> ResponseReturnValue:
    """Put the demo clinic on another day. The tick finds by itself who is due there."""
    clinic = access.current_clinic()
    if not _may_move(clinic):
        abort(404)
    _refuse_viewers()
    form = MoveForm()
    if not form.validate_on_submit():
        return _page(form), 422
    old = clinic.demo_today
    move_demo_date(db.session, clinic, form.to.data)
    audit.record(
        db.session,
        clinic_id=clinic.id,
        actor=access.current_actor(),
        action=AuditAction.CHANGED,
        at=clock.now(),
        table_name="clinic",
        row_key=clinic.id,
        old={"demo_today": audit.plain(old)},
        new={"demo_today": audit.plain(form.to.data)},
    )
    db.session.commit()
    on = day_in(clinic, clock.now())
    seconds = _settings().scan_seconds
    flash(
        f"The demo stands on {on:%a %Y-%m-%d}. Within {seconds} seconds the scan checks whoever is due.",
        "success",
    )
    return redirect(url_for("scan.index"), 303)


def _page(form: MoveForm) -> str:
    clinic, now, settings = access.current_clinic(), clock.now(), _settings()
    return render_template(
        "scan/index.html",
        clinic=clinic,
        now=now,
        believed_at=heartbeat.believed_at(db.session),
        clock_is_doubtful=heartbeat.clock_is_doubtful(db.session, now),
        status=scan_status(db.session, clinic_id=clinic.id, now=now),
        form=form if _may_move(clinic) else None,
        may_act=access.may_act(),
        hold=holds.mail_hold(db.session),
        may_release=access.signed_in().role in (Role.LEAD, Role.ADMINISTRATOR),
        backed_up_at=heartbeat.last_beat(db.session, heartbeat.BACKUP),
        scan_seconds=settings.scan_seconds,
        mail_folder=None if settings.has_mail_server else settings.mail_folder,
        mail_server=settings.smtp_host,
    )


def _result(step: Step | None) -> str:
    if step is None:
        return "Nobody is due: every answer still holds."
    done = (
        f"{step.checked_count} patients checked, {step.opened_count} alerts opened, "
        f"{step.closed_count} closed"
    )
    if step.error_count:
        done += f", {step.error_count} could not be checked"
    left = step.due_count - step.done_count
    return f"{done}." if step.finished else f"{done}. The next scan goes on with the other {left}."


def _may_move(clinic: Clinic) -> bool:
    return clinic.is_demo and _settings().mode is not Mode.PRODUCTION


def _refuse_viewers() -> None:
    if not access.may_act():
        abort(403)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
