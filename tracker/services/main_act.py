"""The one next act: of a patient as Today's row chooses it, and of one alert. Every page asks here."""

from dataclasses import dataclass

from tracker.models.base import Db
from tracker.models.patient import PatientCheck
from tracker.rules.words import Severity
from tracker.services.causes import causes_of
from tracker.services.next_acts import Next, NextAct, matters, next_act


@dataclass(frozen=True, slots=True)
class MainAct:
    """`alert_id`: of the alert that asks for it."""

    alert_id: str
    act: NextAct


def of_patient(session: Db, *, clinic_id: str, patient_id: str) -> MainAct | None:
    """What to do first for a patient: about the next refusal, else about the worst alert.

    None where no alert asks for an act: an information is read, not acted on.
    """
    check = session.get(PatientCheck, patient_id)
    answer = check.answer if check is not None and check.clinic_id == clinic_id else None
    denial = (answer or {}).get("earliest_denial") or {}
    wanted = {patient_id: denial.get("codes", ())}
    cause = causes_of(session, clinic_id, wanted).get(patient_id)
    if cause is None:
        return None
    act = next_act(cause.matter)
    if act.act is Next.LOOK and cause.line.severity is Severity.INFO:
        return None
    return MainAct(cause.line.id, act)


def of_alert(session: Db, *, clinic_id: str, alert_id: str) -> NextAct | None:
    """What to do first about one alert; None where its own page is the place to do it."""
    act = next_act(matters(session, clinic_id=clinic_id, alert_ids=[alert_id])[alert_id])
    return None if act.act is Next.LOOK else act
