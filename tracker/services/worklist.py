"""Alerts as lists show them, worst and earliest harm first; and one alert with its proof and history.

What the worklist is asked for and how it is paged stands in `worklist_filters` and `worklist_page`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, func, select

from tracker.models.alert import Alert, AlertEvent, AlertState, due_on
from tracker.models.base import Db
from tracker.models.patient import Patient, PatientCheck
from tracker.models.user import User
from tracker.rules.what_to_do import first_act
from tracker.rules.words import AlertCode, Severity
from tracker.services import proof
from tracker.services.errors import NotFound
from tracker.services.patients import WHO, Who, who_columns


@dataclass(frozen=True, slots=True)
class AlertLine:
    """`owner` is the alert's own, else the patient's."""

    id: str
    who: Who
    code: str
    severity: Severity
    message: str
    clears_when: str
    harm_on: date | None
    run_out_on: date | None
    owner: str | None
    state: AlertState
    opened_at: datetime
    closed_at: datetime | None
    closed_reason: str | None
    facts: Mapping[str, Any]
    times_opened: int

    @property
    def label(self) -> str:
        """What the code says in words."""
        return label_of(self.code)

    @property
    def due_on(self) -> date | None:
        """The day on which an answer, a reply or an appeal is due; else the harm date."""
        return due_on(self.facts, self.harm_on)

    @property
    def first_act(self) -> str:
        """What to do first, in words."""
        return first_act(self.code)


@dataclass(frozen=True, slots=True)
class HistoryLine:
    at: datetime
    actor: str
    text: str


@dataclass(frozen=True, slots=True)
class AlertPage:
    line: AlertLine
    about_kind: str
    about_id: str | None
    times_opened: int
    proof: proof.ProofView
    history: Sequence[HistoryLine]


def label_of(code: str) -> str:
    """A code in words; one of an older version speaks for itself."""
    return AlertCode(code).label if code in AlertCode.__members__ else code


def open_alerts(clinic_id: str) -> Select[Any]:
    """Lines of open alerts in the worklist's order."""
    return _lines(clinic_id).where(Alert.state == AlertState.OPEN)


def read_lines(session: Db, query: Select[Any]) -> list[AlertLine]:
    return [_line(tuple(row)) for row in session.execute(query)]


def lines_of(session: Db, clinic_id: str, ids: Sequence[str]) -> list[AlertLine]:
    """These alerts in this order; those that are not the clinic's are left out."""
    found = {line.id: line for line in read_lines(session, _lines(clinic_id).where(Alert.id.in_(ids)))}
    return [found[alert_id] for alert_id in ids if alert_id in found]


def alert_page(session: Db, *, clinic_id: str, alert_id: str) -> AlertPage:
    """One alert with its proof and history. NotFound if it is not this clinic's."""
    lines = read_lines(session, _lines(clinic_id).where(Alert.id == alert_id))
    if not lines:
        raise NotFound("There is no such alert here.")
    alert = session.execute(
        select(Alert).where(Alert.clinic_id == clinic_id, Alert.id == alert_id)
    ).scalar_one()
    events = session.execute(
        select(AlertEvent.at, AlertEvent.actor, AlertEvent.text)
        .where(AlertEvent.clinic_id == clinic_id, AlertEvent.alert_id == alert_id)
        .order_by(AlertEvent.at.desc(), AlertEvent.id.desc())
    )
    entered = proof.entered_of(session, clinic_id=clinic_id, document=alert.proof)
    return AlertPage(
        line=lines[0],
        about_kind=alert.about_kind,
        about_id=alert.about_id,
        times_opened=alert.times_opened,
        proof=proof.view(alert.proof, entered),
        history=[HistoryLine(*row) for row in events],
    )


def _lines(clinic_id: str) -> Select[Any]:
    owner = func.coalesce(Alert.owner_id, Patient.owner_id)
    return (
        select(
            *who_columns(),
            Alert.id,
            Alert.code,
            Alert.severity,
            Alert.message,
            Alert.clears_when,
            Alert.harm_on,
            PatientCheck.run_out_on,
            User.name,
            Alert.state,
            Alert.opened_at,
            Alert.closed_at,
            Alert.closed_reason,
            Alert.facts,
            Alert.times_opened,
        )
        .join(Patient, and_(Patient.clinic_id == Alert.clinic_id, Patient.id == Alert.patient_id))
        .outerjoin(
            PatientCheck,
            and_(PatientCheck.clinic_id == Alert.clinic_id, PatientCheck.patient_id == Alert.patient_id),
        )
        .outerjoin(User, and_(User.clinic_id == Alert.clinic_id, User.id == owner))
        .where(Alert.clinic_id == clinic_id)
        .order_by(Alert.severity_rank, Alert.harm_on.is_(None), Alert.harm_on, Patient.name_key, Alert.id)
    )


def _line(row: tuple[Any, ...]) -> AlertLine:
    alert_id, *more = row[WHO:]
    return AlertLine(alert_id, Who(*row[:WHO]), *more)
