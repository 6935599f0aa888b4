"""Acts on one alert: each its own small form beside the proof. A refused act keeps what was typed."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms.validators import InputRequired

from tracker import clock
from tracker.db import db
from tracker.models.alert import Alert
from tracker.services import alert_acts, main_act, tags, worklist
from tracker.services.alert_desk import AlertDesk, alert_desk
from tracker.services.clinic_day import day_in
from tracker.services.errors import Conflict, Refused, TrackerError
from tracker.web import access
from tracker.web.forms import DATE_HINT, BaseForm, ChoiceField, CleanStringField, CleanTextField, DateField
from tracker.web.next_acts import OF_FORM, ON_REQUEST, next_url, packet_url

blueprint = Blueprint("alert_acts", __name__, url_prefix="/alerts")


class PlainForm(BaseForm):
    """A button."""


class AssignForm(BaseForm):
    user_id = ChoiceField("Assign to", blank="The patient's owner")


class SnoozeForm(BaseForm):
    """A preset button sends its day instead of the field's."""

    until = DateField("Snooze until", render_kw={"placeholder": DATE_HINT})
    reason = CleanStringField("Why it can wait", [InputRequired("Say why it can wait.")], longest=500)


class NoteForm(BaseForm):
    text = CleanTextField("Note", [InputRequired("Write the note.")], longest=1000)


class SettleForm(BaseForm):
    settle_reason = CleanStringField("Reason", [InputRequired("Say why.")], longest=500)


FORMS: Mapping[str, type[BaseForm]] = {"assign": AssignForm, "snooze": SnoozeForm, "note": NoteForm}
PLAIN = {"take", "acknowledge", "wake", "undo"}
SETTLING: Mapping[str, Callable[..., Alert]] = {
    "false_alarm": alert_acts.false_alarm,
    "allow_to_lapse": alert_acts.allow_to_lapse,
}
DONE = {
    "take": "It is yours now.",
    "assign": "Assigned.",
    "acknowledge": "Acknowledged: the ladder stops.",
    "snooze": "Snoozed.",
    "wake": "It is open again.",
    "note": "The note is kept.",
    "false_alarm": "Settled as a false alarm.",
    "allow_to_lapse": "Allowed to lapse.",
    "undo": "Taken back.",
}
# What most often clears a finding: the kinds of fact whose form is offered, with the button's words.
AUTHORIZATION = (("authorization", "Add authorization"),)
COVERAGE = (("coverage", "Add coverage"),)
FILL = (("fill", "Log fill"), ("planned_fill", "Plan a fill"))
TRIAL = (("trial", "Add step trial"),)
REGIMEN = (("regimen", "Add regimen"),)
CONTACT = (("refill_contact", "Log refill contact"),)
CURES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "NOT_COVERED": COVERAGE,
    "NO_COVERAGE": COVERAGE,
    "COVERAGE_ENDING": COVERAGE,
    "COVERAGE_CHANGE": (*COVERAGE, *AUTHORIZATION),
    "BENEFIT_ROUTE_MISMATCH": COVERAGE,
    "PA_GAP": (("planned_fill", "Plan early fill"), *AUTHORIZATION),
    "PA_NOT_YET_EFFECTIVE": (("planned_fill", "Plan a fill"), *AUTHORIZATION),
    "STEP_THERAPY_UNMET": TRIAL,
    "STEP_LOOKBACK_EXPIRED": TRIAL,
    "NEW_ORDER_REQUIRED": REGIMEN,
    "DOSE_OVER_LABEL_MAX": REGIMEN,
    "DOSE_NOT_CAPSULE_DIVISIBLE": REGIMEN,
    "REFILL_AFFIRMATION_MISSING": CONTACT,
    "REFILL_CONTACT_TOO_EARLY": CONTACT,
    "SUPPLY_GAP": FILL,
    "REFILL_DUE": FILL,
    "LAB_OVERDUE": (("lab", "Add lab"),),
    "PA_DENIED": (*AUTHORIZATION, ("denial", "Record denial or appeal")),
} | dict.fromkeys(
    (
        "PA_EXPIRED",
        "PA_WRONG_PAYER",
        "PA_UNITS_EXHAUSTED",
        "PA_MISSING",
        "PA_EXPIRES_BEFORE_REFILL",
        "PA_MISSING_FOR_CODE",
        "PA_PRODUCT_MISMATCH",
        "PA_UNITS_INSUFFICIENT",
        "REFILL_AT_RISK",
        "PA_EXPIRING",
        "PA_PARTIAL",
        "PA_UNITS_LOW",
        "QL_EXCEEDED",
        "DAYS_SUPPLY_EXCEEDED",
    ),
    AUTHORIZATION,
)
# The record an alert is about, where a form changes it.
CHANGED = {
    "authorization": "Change this authorization",
    "coverage": "Change this coverage",
    "fill": "Change this fill",
    "planned_fill": "Change this planned fill",
    "trial": "Change this trial",
    "denial": "Change this denial",
    "regimen": "Change this regimen",
}


@blueprint.post("/<alert_id>/<act>")
def do(alert_id: str, act: str) -> ResponseReturnValue:
    if act not in DONE:
        abort(404)
    form = _form(act)
    desk = _desk(alert_id)
    if isinstance(form, AssignForm):
        form.user_id.offer([(person.id, person.name) for person in desk.people])
    if not form.validate_on_submit():
        return page(alert_id, act, form), 422
    try:
        _do(act, alert_id, form)
    except (Refused, Conflict) as error:
        return _refused(alert_id, act, form, error)
    db.session.commit()
    flash(DONE[act])
    if request.form.get("back") == "today":
        return redirect(url_for("today.index"), 303)
    return redirect(url_for("alerts.show", alert_id=alert_id), 303)


def _form(act: str) -> BaseForm:
    form = (SettleForm if act in SETTLING else FORMS.get(act, PlainForm))()
    preset = request.form.get("preset", "")
    if isinstance(form, SnoozeForm) and preset:
        form.until.process_formdata([preset])
    return form


def _do(act: str, alert_id: str, form: BaseForm) -> None:
    place: dict[str, Any] = {
        "clinic_id": access.current_clinic_id(),
        "alert_id": alert_id,
        "actor": access.current_actor(),
        "now": clock.now(),
    }
    if act != "undo":
        place["seen"] = request.form.get("seen") or None
    if act in SETTLING:
        SETTLING[act](db.session, **place, reason=form.data["settle_reason"] or "")
    elif isinstance(form, SnoozeForm):
        if form.until.data is None:
            raise Refused("Give a day, or choose one of the days offered.", field="until")
        alert_acts.snooze(db.session, **place, until=form.until.data, reason=form.reason.data or "")
    elif isinstance(form, AssignForm):
        alert_acts.assign(db.session, **place, user_id=form.user_id.data)
    elif isinstance(form, NoteForm):
        alert_acts.note(db.session, **place, text=form.text.data or "")
    else:
        assert act in PLAIN
        getattr(alert_acts, act)(db.session, **place)


def _refused(alert_id: str, act: str, form: BaseForm, error: TrackerError) -> ResponseReturnValue:
    """The page as it is now, with the reason on top and what was typed in its field."""
    db.session.rollback()
    form.fail(str(error), getattr(error, "field", None))
    return page(alert_id, act, form), 409 if isinstance(error, Conflict) else 422


def page(alert_id: str, act: str = "", faulty: BaseForm | None = None) -> str:
    """The page of one alert; `faulty` is the form of an act that was refused."""
    clinic = access.current_clinic()
    view = worklist.alert_page(db.session, clinic_id=clinic.id, alert_id=alert_id)
    desk = _desk(alert_id)
    forms: dict[str, BaseForm] = {name: kind(formdata=None) for name, kind in FORMS.items()}
    forms["settle"] = SettleForm(formdata=None)
    if faulty is not None:
        forms["settle" if act in SETTLING else act] = faulty
    assign = forms["assign"]
    assert isinstance(assign, AssignForm)
    assign.user_id.offer([(person.id, person.name) for person in desk.people])
    if faulty is not assign:
        assign.user_id.data = desk.alert.owner_id
    return render_template(
        "alerts/show.html",
        clinic=clinic,
        today=day_in(clinic, clock.now()),
        page=view,
        desk=desk,
        forms=forms,
        faulty=faulty,
        cures=_cures(desk.alert),
        tags=tags.of_patient(db.session, clinic_id=clinic.id, patient_id=desk.alert.patient_id),
        known_tags=tags.in_use(db.session, clinic.id).values(),
        may_act=access.may_act(),
        me=access.signed_in().id,
    )


def _desk(alert_id: str) -> AlertDesk:
    return alert_desk(
        db.session,
        clinic_id=access.current_clinic_id(),
        alert_id=alert_id,
        actor=access.current_actor(),
        now=clock.now(),
    )


def _cures(alert: Alert) -> list[tuple[str, str]]:
    """(address, words) of what may clear it: first the act that Today offers, then the forms."""
    patient_id = alert.patient_id
    main = main_act.of_alert(db.session, clinic_id=alert.clinic_id, alert_id=alert.id)
    found = [(next_url(main, patient_id), main.label)] if main else []
    if main and main.act in ON_REQUEST and (packet := packet_url(main, patient_id)):
        found.append((packet, "Packet"))
    found += [
        (url_for("facts.add", kind=kind, patient_id=patient_id), words)
        for kind, words in CURES.get(alert.code, ())
        if main is None or kind != OF_FORM.get(main.act)
    ]
    words = CHANGED.get(alert.about_kind)
    if words and alert.about_id and access.ROW_ID.fullmatch(alert.about_id):
        to = url_for("facts.change", kind=alert.about_kind, fact_id=alert.about_id, patient_id=patient_id)
        found.append((to, words))
    return found
