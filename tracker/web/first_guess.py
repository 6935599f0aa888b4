"""What a new fact's form shows before anything is typed: from the patient's records, or from an alert."""

from collections.abc import Callable, Mapping
from typing import Any

from tracker.db import db
from tracker.models.alert import Alert
from tracker.models.authorization import Authorization, Trial
from tracker.models.patient import Coverage, Patient
from tracker.models.therapy import Fill, PlannedFill, Regimen
from tracker.rules.words import AuthorizationStatus
from tracker.services import step_page, what_if
from tracker.services.next_acts import kind_asked
from tracker.web import access

Guess = dict[str, Any]


def first_guess(model: type[Any], patient: Patient, alert_id: str = "", option: str = "") -> Guess:
    """`alert_id`: the alert that the fact is to clear; `option`: the step whose drug a trial is of."""
    if model is Trial and option:
        found = step_page.drug_at(db.session, access.current_clinic(), patient.id, option, on=access.today())
        return {"drug": found} if found else {}
    usual = USUAL.get(model, _nothing)(patient)
    alert = _alert(patient, alert_id)
    return usual | (FROM_ALERT.get(model, _no_more)(alert) if alert else {})


def _alert(patient: Patient, alert_id: str) -> Alert | None:
    if not alert_id:
        return None
    alert = access.find_or_404(Alert, alert_id)
    return alert if alert.patient_id == patient.id else None


def _of(model: type[Any], patient: Patient) -> list[Any]:
    query = access.scoped(model).where(model.patient_id == patient.id).order_by(model.id)
    return list(db.session.execute(query).scalars())


def _nothing(_patient: Patient) -> Guess:
    return {}


def _fill(patient: Patient) -> Guess:
    """A new fill is most often of the last regimen."""
    regimens = sorted(_of(Regimen, patient), key=lambda each: each.starts_on)
    if not regimens:
        return {}
    return {"formulation": regimens[-1].formulation, "days_supply": regimens[-1].days_supply}


def _authorization(patient: Patient) -> Guess:
    """A new authorization is most often of the plan that pays first."""
    today = access.today()
    running = [c for c in _of(Coverage, patient) if c.ends_on is None or c.ends_on >= today]
    first = min(running, key=lambda each: (each.starts_on > today, each.rank), default=None)
    return {"plan_id": first.plan_id} if first else {}


def _no_more(_alert: Alert) -> Guess:
    return {}


def _asked(alert: Alert) -> Guess:
    """The request that ends this cause: of its plan, of its kind, asked today."""
    guess: Guess = {"kind": kind_asked(alert.code), "status": AuthorizationStatus.DRAFT}
    return guess | ({"plan_id": alert.plan_id} if alert.plan_id else {})


def _ahead(alert: Alert) -> Guess:
    """The last fill that is still permitted before the refused one, if there is one."""
    plan = what_if.bridges(
        db.session, clinic_id=alert.clinic_id, patient_id=alert.patient_id, on=access.today()
    )
    if plan is None or plan.ahead is None:
        return {}
    return {"on_date": plan.ahead.last_on, "days_supply": plan.ahead.days_supply}


USUAL: Mapping[type[Any], Callable[[Patient], Guess]] = {
    Fill: _fill,
    PlannedFill: _fill,
    Authorization: _authorization,
}
FROM_ALERT: Mapping[type[Any], Callable[[Alert], Guess]] = {Authorization: _asked, PlannedFill: _ahead}
