"""The demo's desk: some alerts are taken, one sleeps, one has climbed its ladder, one lapses on purpose."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from tracker.models.alert import Alert, AlertState
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.ladder import Ladder
from tracker.models.user import User
from tracker.rules.words import Severity
from tracker.services import alert_acts, escalation, snoozing
from tracker.services.actor import Actor
from tracker.services.clinic_day import day_in


def play(session: Db, clinic: Clinic, people: Sequence[User], now: datetime) -> None:
    """A morning's work of the demo's two people, on alerts that were just found."""
    ana, ben = people
    ben.backup_id = ana.id
    session.add(
        Ladder(
            clinic_id=clinic.id,
            backup_id=ben.id,
            lead_id=ana.id,
            clinician_name="Dr Shah",
            clinician_contact="555-0100",
        )
    )
    session.flush()
    alerts = _by_urgency(session, clinic)
    _climbed(session, clinic, alerts, now)
    _put_away(session, clinic, alerts, ben, now)
    for alert, person in zip([a for a in alerts if not _touched(a)][1::3], (ana, ben, ana), strict=False):
        place = {"clinic_id": clinic.id, "alert_id": alert.id}
        alert_acts.take(session, **place, actor=Actor(person.name, person.id), now=now)


def _by_urgency(session: Db, clinic: Clinic) -> list[Alert]:
    query = select(Alert).where(Alert.clinic_id == clinic.id, Alert.state == AlertState.OPEN)
    order = Alert.severity_rank, Alert.harm_on.is_(None), Alert.harm_on, Alert.key
    return list(session.execute(query.order_by(*order)).scalars())


def _touched(alert: Alert) -> bool:
    return alert.state is not AlertState.OPEN or alert.escalation_level > 0


def _climbed(session: Db, clinic: Clinic, alerts: Sequence[Alert], now: datetime) -> None:
    """The most urgent one has waited for its first step."""
    worst = next((a for a in alerts if a.severity is Severity.CRITICAL), None)
    if worst is not None:
        worst.ladder_from = now - timedelta(hours=5)
        session.flush()
        escalation.climb(session, clinic_id=clinic.id, now=now, limit=1)


def _put_away(session: Db, clinic: Clinic, alerts: Sequence[Alert], ben: User, now: datetime) -> None:
    """One sleeps for two days, one is allowed to lapse."""
    today = day_in(clinic, now)
    actor = Actor(ben.name, ben.id)
    until = today + timedelta(2)
    free = [a for a in alerts if not _touched(a)]
    days = [(a, snoozing.last_safe_day(a, clinic=clinic, today=today).on) for a in free]
    sleeper = next((a for a, safe in days if safe is not None and safe >= until), None)
    if sleeper is not None:
        place = {"clinic_id": clinic.id, "alert_id": sleeper.id}
        reason = "Payer asked us to call again"
        alert_acts.snooze(session, **place, until=until, reason=reason, actor=actor, now=now)
    lapsed = next((a for a in reversed(free) if a.severity is Severity.WARNING and a is not sleeper), None)
    if lapsed is not None:
        place = {"clinic_id": clinic.id, "alert_id": lapsed.id}
        alert_acts.allow_to_lapse(session, **place, reason="Moves to tacrolimus", actor=actor, now=now)
