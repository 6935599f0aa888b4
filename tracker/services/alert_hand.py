"""The frame of every act by hand: the alert is held, the act is allowed, and written down.

The acts themselves are in `alert_acts`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from tracker.models.alert import SETTLED, Alert, AlertEvent, AlertEventKind, AlertState
from tracker.models.audit import AuditAction
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.patient import PatientCheck
from tracker.models.types import REFUSED
from tracker.services import alert_history, audit, snoozing
from tracker.services.actor import Actor
from tracker.services.clinic_day import day_in
from tracker.services.errors import Conflict, NotFound, Refused

UNDO_MINUTES = 10
LIVE = AlertState.OPEN, AlertState.SNOOZED
TAKEN_BACK = frozenset(
    {
        AlertEventKind.ASSIGNED,
        AlertEventKind.ACKNOWLEDGED,
        AlertEventKind.SNOOZED,
        AlertEventKind.RETURNED,
        AlertEventKind.FALSE_ALARM,
        AlertEventKind.LAPSED,
    }
)


@dataclass(frozen=True, slots=True)
class Hand:
    """Whose hand does it, when and where."""

    clinic_id: str
    actor: Actor
    now: datetime


def hold_patients(session: Db, clinic_id: str, alert_ids: list[str]) -> None:
    """Wait for checks of these patients that are under way: they write the same alerts."""
    patients = select(Alert.patient_id).where(Alert.clinic_id == clinic_id, Alert.id.in_(alert_ids))
    held = select(PatientCheck.patient_id).where(
        PatientCheck.clinic_id == clinic_id, PatientCheck.patient_id.in_(patients)
    )
    session.execute(held.order_by(PatientCheck.patient_id).with_for_update()).all()


def held(session: Db, hand: Hand, alert_id: str, seen: str | None) -> tuple[Alert, dict[str, object]]:
    """The alert, held and as it is now, with what an act may change of it."""
    session.flush()
    hold_patients(session, hand.clinic_id, [alert_id])
    query = (
        select(Alert)
        .where(Alert.clinic_id == hand.clinic_id, Alert.id == alert_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    alert = session.execute(query).scalar_one_or_none()
    if alert is None:
        raise NotFound("There is no such alert here.")
    if seen is not None:
        _nothing_new(session, alert, hand, seen)
    return alert, alert_history.taken(alert)


def _nothing_new(session: Db, alert: Alert, hand: Hand, seen: str) -> None:
    query = (
        select(AlertEvent)
        .where(
            AlertEvent.clinic_id == alert.clinic_id,
            AlertEvent.alert_id == alert.id,
            AlertEvent.id > seen,
            AlertEvent.kind != AlertEventKind.NOTED,
            AlertEvent.actor_id.is_distinct_from(hand.actor.user_id),
        )
        .order_by(AlertEvent.id.desc())
        .limit(1)
    )
    newer = session.execute(query).scalar_one_or_none()
    if newer is not None:
        raise Conflict(f"{newer.actor} was faster: {newer.text} Look again, then decide.")


def live(alert: Alert) -> None:
    if alert.state is AlertState.CLOSED:
        raise Refused(closed_words(alert))
    if alert.state in SETTLED:
        raise Refused(f"{_settled(alert)} Open it again first.")


def closed_words(alert: Alert) -> str:
    return f"It is closed. {alert.closed_reason} It opens by itself if the cause returns."


def _settled(alert: Alert) -> str:
    return f"{alert.settled_by} settled it as {alert.state.label.lower()}."


def answered(alert: Alert, hand: Hand) -> None:
    """Somebody has it now: the ladder stops, and it need not stand on top any more."""
    alert.acknowledged_at, alert.acknowledged_by = hand.now, hand.actor.name
    alert.returned_at = None


def settle(session: Db, hand: Hand, alert_id: str, seen: str | None, state: AlertState, why: str) -> Alert:
    alert, before = held(session, hand, alert_id, seen)
    live(alert)
    alert.state, alert.returned_at = state, None
    alert.settled_at, alert.settled_by, alert.settled_reason = hand.now, hand.actor.name, why
    alert.settled_rank, alert.settled_harm_on = alert.severity_rank, alert.harm_on
    kind = AlertEventKind.FALSE_ALARM if state is AlertState.FALSE_ALARM else AlertEventKind.LAPSED
    return written(session, hand, alert, before, kind, f"{state.label}: {why}")


def typed(text: str, missing: str, longest: int, *, field: str = "reason") -> str:
    words = text.replace("\r\n", "\n").strip()
    if not words:
        raise Refused(missing, field=field)
    if len(words) > longest:
        raise Refused(f"At most {longest} characters; these are {len(words)}.", field=field)
    if REFUSED.search(words):
        raise Refused("The text holds a character that cannot be kept: type it anew.", field=field)
    return words


def written(
    session: Db,
    hand: Hand,
    alert: Alert,
    before: dict[str, object],
    kind: AlertEventKind,
    text: str,
    *,
    final: bool = False,
) -> Alert:
    """Write the act down. `final`: it cannot be taken back itself."""
    old, new = audit.difference(before, alert_history.taken(alert))
    kept = None if final else old
    alert_history.write(session, alert, kind=kind, text=text, now=hand.now, actor=hand.actor, before=kept)
    action = AuditAction.UNDONE if final else AuditAction.CHANGED
    alert_history.audited(session, alert, action=action, now=hand.now, actor=hand.actor, old=old, new=new)
    session.flush()
    return alert


def last_event(session: Db, alert: Alert) -> AlertEvent | None:
    query = (
        select(AlertEvent)
        .where(AlertEvent.clinic_id == alert.clinic_id, AlertEvent.alert_id == alert.id)
        .order_by(AlertEvent.at.desc(), AlertEvent.id.desc())
        .limit(1)
    )
    return session.execute(query).scalar_one_or_none()


def undoable(last: AlertEvent | None, hand: Hand) -> None:
    if last is None or last.kind not in TAKEN_BACK or last.before is None:
        raise Refused("There is nothing to take back: something else happened since.")
    if last.actor_id != hand.actor.user_id:
        raise Refused(f"{last.actor} did this: only they can take it back.")
    if hand.now - last.at > timedelta(minutes=UNDO_MINUTES):
        raise Refused(f"An act can be taken back for {UNDO_MINUTES} minutes. Change it by a new one.")


def may_undo(last: AlertEvent | None, hand: Hand) -> bool:
    """Whether an undo would do something for this person."""
    try:
        undoable(last, hand)
    except Refused:
        return False
    return True


def still_safe(session: Db, alert: Alert, hand: Hand) -> None:
    """An undo must not put an alert to sleep past its day."""
    if alert.state is not AlertState.SNOOZED:
        return
    assert alert.snoozed_until is not None
    clinic = session.get_one(Clinic, alert.clinic_id)
    today = day_in(clinic, hand.now)
    safe = snoozing.last_safe_day(alert, clinic=clinic, today=today)
    snoozing.check_until(alert.snoozed_until, safe=safe, today=today)
