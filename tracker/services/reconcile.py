"""Hold an answer's findings against the alerts that are kept: open, change, close, open again.

One alert per cause, found by its stable key (rulebook 10.2). Nothing is deleted. Each step of an alert's
life is an event, and what must be told goes to the outbox, all in the transaction of the check.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracker.models.alert import Alert, AlertEvent, AlertEventKind, AlertState
from tracker.models.base import Db
from tracker.models.ids import new_id
from tracker.rules.words import Severity
from tracker.services import outbox
from tracker.services.actor import Actor

RANKS = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many alerts a check opened (again) and closed."""

    opened: int = 0
    closed: int = 0

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(self.opened + other.opened, self.closed + other.closed)


@dataclass(frozen=True, slots=True)
class Occasion:
    """When, by whom and after what a check was made."""

    now: datetime
    actor: Actor
    because: str


def reconcile(
    session: Db,
    *,
    clinic_id: str,
    patient_id: str,
    findings: Iterable[dict[str, Any]],
    kept: Iterable[Alert],
    occasion: Occasion,
) -> Outcome:
    """`findings` are the answer's alerts as documents; `kept` all alerts of this patient."""
    by_key = {alert.key: alert for alert in kept}
    opened = 0
    found = set()
    for finding in findings:
        found.add(finding["key"])
        alert = by_key.get(finding["key"])
        if alert is None:
            _open(session, clinic_id, patient_id, finding, occasion)
            opened += 1
        elif alert.state is AlertState.CLOSED:
            _reopen(session, alert, finding, occasion)
            opened += 1
        else:
            _refresh(session, alert, finding, occasion)
    ended = [a for a in by_key.values() if a.state is AlertState.OPEN and a.key not in found]
    for alert in ended:
        _close(session, alert, occasion)
    return Outcome(opened, len(ended))


def _open(session: Db, clinic_id: str, patient_id: str, finding: dict[str, Any], occasion: Occasion) -> None:
    alert = Alert(
        id=new_id(),
        clinic_id=clinic_id,
        patient_id=patient_id,
        key=finding["key"],
        code=finding["code"],
        opened_at=occasion.now,
        state=AlertState.OPEN,
        times_opened=1,
        **_words(finding),
    )
    session.add(alert)
    session.flush()
    _note(session, alert, AlertEventKind.OPENED, occasion, alert.message)
    outbox.tell(session, alert=alert, occasion="opened:1", now=occasion.now)


def _reopen(session: Db, alert: Alert, finding: dict[str, Any], occasion: Occasion) -> None:
    alert.state, alert.closed_at, alert.closed_reason = AlertState.OPEN, None, None
    alert.opened_at = occasion.now
    alert.times_opened += 1
    _write(alert, finding)
    _note(session, alert, AlertEventKind.REOPENED, occasion, f"Found again. {alert.message}")
    outbox.tell(session, alert=alert, occasion=f"opened:{alert.times_opened}", now=occasion.now)


def _refresh(session: Db, alert: Alert, finding: dict[str, Any], occasion: Occasion) -> None:
    """A check that runs again changes nothing unless the facts did."""
    before = alert.severity
    _write(alert, finding)
    if alert.severity is before:
        return
    _note(
        session, alert, AlertEventKind.CHANGED, occasion, f"Now {alert.severity.label}, was {before.label}."
    )
    if alert.severity_rank < RANKS[before]:
        told = f"{alert.severity.value}:{alert.times_opened}"
        outbox.tell(session, alert=alert, occasion=told, now=occasion.now)


def _close(session: Db, alert: Alert, occasion: Occasion) -> None:
    alert.state, alert.closed_at = AlertState.CLOSED, occasion.now
    alert.closed_reason = f"Its cause ended: {occasion.because}."
    _note(session, alert, AlertEventKind.CLOSED, occasion, alert.closed_reason)


def _words(finding: dict[str, Any]) -> dict[str, Any]:
    """The columns that a check may change."""
    severity = Severity(finding["severity"])
    return {
        "severity": severity,
        "severity_rank": RANKS[severity],
        "about_kind": finding["about_kind"],
        "about_id": finding["about"],
        "harm_on": finding["harm_day"],
        "message": finding["message"],
        "clears_when": finding["clears_when"],
        "facts": finding["facts"],
        "proof": finding["proof"],
    }


def _write(alert: Alert, finding: dict[str, Any]) -> None:
    for name, value in _words(finding).items():
        if getattr(alert, name) != value:
            setattr(alert, name, value)


def _note(session: Db, alert: Alert, kind: AlertEventKind, occasion: Occasion, text: str) -> None:
    session.add(
        AlertEvent(
            clinic_id=alert.clinic_id,
            patient_id=alert.patient_id,
            alert_id=alert.id,
            kind=kind,
            at=occasion.now,
            actor=occasion.actor.name,
            severity=alert.severity,
            text=text,
        )
    )
