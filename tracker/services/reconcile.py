"""Hold an answer's findings against the alerts that are kept: open, change, close, open again.

One alert per cause, found by its stable key (rulebook 10.2). Nothing is deleted. Each step of an alert's
life is an event, and what must be told goes to the outbox, all in the transaction of the check.

What people did with an alert stands while its finding stays as it was. A finding is worse when its severity
is, or when its harm date (without one: the day on which it is due) comes earlier or is new. Worse brings a
snoozed alert back at once. A false alarm, or what was allowed to lapse, comes back when the finding is worse
than what was settled, though only days passed: who settled a warning has not decided about a critical one.
When its cause ends an alert closes, whatever its state; if it is found again it opens as any other.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tracker.models.alert import SETTLED, Alert, AlertEventKind, AlertState
from tracker.models.base import Db
from tracker.models.ids import new_id
from tracker.rules.severity import ORDER
from tracker.rules.words import Severity
from tracker.services import alert_history, outbox, snoozing
from tracker.services.actor import Actor


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
    on: date,
    occasion: Occasion,
) -> Outcome:
    """`findings` are the answer's alerts as documents; `kept` all alerts of this patient; `on`: the day."""
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
            ran_out_on = alert.run_out_on
            _refresh(session, alert, finding, occasion)
            _note_new_drug(session, alert, ran_out_on, on, occasion)
    ended = [a for a in by_key.values() if a.state is not AlertState.CLOSED and a.key not in found]
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
    snoozing.begin_ladder(alert, occasion.now)
    session.add(alert)
    session.flush()
    _note(session, alert, AlertEventKind.OPENED, occasion, alert.message)
    outbox.tell(session, alert=alert, occasion="opened:1", now=occasion.now)


def _reopen(session: Db, alert: Alert, finding: dict[str, Any], occasion: Occasion) -> None:
    alert.state, alert.closed_at, alert.closed_reason = AlertState.OPEN, None, None
    alert.opened_at = occasion.now
    alert.times_opened += 1
    _write(alert, finding)
    snoozing.begin_ladder(alert, occasion.now)
    _note(session, alert, AlertEventKind.REOPENED, occasion, f"Found again. {alert.message}")
    outbox.tell(session, alert=alert, occasion=f"opened:{alert.times_opened}", now=occasion.now)


def _refresh(session: Db, alert: Alert, finding: dict[str, Any], occasion: Occasion) -> None:
    """A check that runs again changes nothing unless the facts did."""
    before, limit_before = alert.severity, _limit(alert)
    with session.no_autoflush:  # a snooze and its new harm date are judged together, below
        _write(alert, finding)
        earlier = _is_earlier(_limit(alert), limit_before)
        if alert.severity is not before:
            said = f"Now {alert.severity.label}, was {before.label}."
            _note(session, alert, AlertEventKind.CHANGED, occasion, said)
        worse = alert.severity_rank < ORDER[before]
        back = _why_back(alert, worse=worse, earlier=earlier)
    if back:
        snoozing.bring_back(session, alert, why=back, now=occasion.now, actor=occasion.actor)
    elif worse and alert.state is AlertState.OPEN:
        snoozing.begin_ladder(alert, occasion.now)
        told = f"{alert.severity.value}:{alert.times_opened}"
        outbox.tell(session, alert=alert, occasion=told, now=occasion.now)


def _note_new_drug(session: Db, alert: Alert, ran_out_on: date | None, on: date, occasion: Occasion) -> None:
    """The patient was without drug and is not any more, though the next fill is refused all the same."""
    until = alert.run_out_on
    if alert.state in SETTLED or ran_out_on is None or ran_out_on >= on or until is None or until <= on:
        return
    said = f"Drug again until {until.isoformat()}: it had run out on {ran_out_on.isoformat()}."
    _note(session, alert, AlertEventKind.CHANGED, occasion, said, run_out_on=ran_out_on)


def _why_back(alert: Alert, *, worse: bool, earlier: bool) -> str | None:
    """Why an alert that was put away must be seen again; None: it need not."""
    if alert.state is AlertState.SNOOZED and (worse or earlier):
        return f"{snoozing.slept(alert)}. Back at once: {_said(alert, worse=worse)}."
    if alert.state not in SETTLED:
        return None
    assert alert.settled_rank is not None
    worse = alert.severity_rank < alert.settled_rank
    if not worse and not _is_earlier(alert.harm_on, alert.settled_harm_on):
        return None
    settled = f"{alert.settled_by} had settled it as {alert.state.label.lower()}: {alert.settled_reason}."
    return f"{settled} Back: {_said(alert, worse=worse)}."


def _said(alert: Alert, *, worse: bool) -> str:
    if worse:
        return f"it is {alert.severity.label} now"
    day = _limit(alert)
    return f"its day is {day.isoformat()} now, which is earlier" if day else "its day is not known any more"


def _limit(alert: Alert) -> date | None:
    return alert.harm_on or snoozing.due_on(alert)


def _is_earlier(now: date | None, before: date | None) -> bool:
    return now is not None and (before is None or now < before)


def _close(session: Db, alert: Alert, occasion: Occasion) -> None:
    run_out_on = None if alert.state in SETTLED else alert.run_out_on  # what was settled is no lapse
    alert.closed_reason = f"Its cause ended: {occasion.because}."[:500]
    alert.state, alert.closed_at, alert.returned_at = AlertState.CLOSED, occasion.now, None
    snoozing.unsettle(alert)
    _note(session, alert, AlertEventKind.CLOSED, occasion, alert.closed_reason, run_out_on=run_out_on)


def _words(finding: dict[str, Any]) -> dict[str, Any]:
    """The columns that a check may change."""
    severity = Severity(finding["severity"])
    return {
        "severity": severity,
        "severity_rank": ORDER[severity],
        "about_kind": finding["about_kind"],
        "about_id": finding["about"],
        "harm_on": finding["harm_day"],
        "message": finding["message"],
        "clears_when": finding["clears_when"],
        "facts": finding["facts"],
        "proof": finding["proof"],
        **finding["place"],
    }


def _write(alert: Alert, finding: dict[str, Any]) -> None:
    for name, value in _words(finding).items():
        if getattr(alert, name) != value:
            setattr(alert, name, value)


def _note(
    session: Db,
    alert: Alert,
    kind: AlertEventKind,
    occasion: Occasion,
    text: str,
    *,
    run_out_on: date | None = None,
) -> None:
    now, actor = occasion.now, occasion.actor
    alert_history.write(session, alert, kind=kind, text=text, now=now, actor=actor, run_out_on=run_out_on)
