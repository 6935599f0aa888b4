"""Write what happened to an alert: its own history, and the audit trail."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from tracker.models.alert import Alert, AlertEvent, AlertEventKind, AlertState
from tracker.models.audit import AuditAction
from tracker.models.base import Db
from tracker.models.ids import new_id
from tracker.services import audit
from tracker.services.actor import Actor

LONGEST_TEXT = 1000
BY_HAND = (
    *("owner_id", "backup_id", "acknowledged_at", "acknowledged_by", "state", "snoozed_until", "snoozed_by"),
    *("snooze_reason", "returned_at", "settled_at", "settled_by", "settled_reason", "settled_rank"),
    *("settled_harm_on", "escalation_level", "ladder_from", "ladder_round"),
)
INSTANTS = {"acknowledged_at", "returned_at", "settled_at", "ladder_from"}
DAYS = {"snoozed_until", "settled_harm_on"}


def write(
    session: Db,
    alert: Alert,
    *,
    kind: AlertEventKind,
    text: str,
    now: datetime,
    actor: Actor,
    before: Mapping[str, Any] | None = None,
    run_out_on: date | None = None,
) -> AlertEvent:
    """One event. `before`: the columns that an act by hand changed, as `taken` gave them."""
    event = AlertEvent(
        id=new_id(),
        clinic_id=alert.clinic_id,
        patient_id=alert.patient_id,
        alert_id=alert.id,
        kind=kind,
        at=now,
        actor=actor.name,
        actor_id=actor.user_id,
        severity=alert.severity,
        text=text[:LONGEST_TEXT],
        before=dict(before) if before is not None else None,
        run_out_on=run_out_on,
    )
    session.add(event)
    return event


def taken(alert: Alert) -> dict[str, Any]:
    """What an act by hand may change, as plain JSON values."""
    return {name: audit.plain(getattr(alert, name)) for name in BY_HAND}


def restore(alert: Alert, before: Mapping[str, Any]) -> None:
    """Put the columns back as `taken` found them."""
    for name, value in before.items():
        setattr(alert, name, _read(name, value))


def _read(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name == "state":
        return AlertState(value)
    if name in INSTANTS:
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if name in DAYS else value


def audited(
    session: Db,
    alert: Alert,
    *,
    action: AuditAction,
    now: datetime,
    actor: Actor,
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any] | None,
) -> None:
    """The act in the clinic's audit trail."""
    audit.record(
        session,
        clinic_id=alert.clinic_id,
        actor=actor,
        action=action,
        at=now,
        table_name="alert",
        row_key=alert.id,
        patient_id=alert.patient_id,
        old=old,
        new=new,
    )
