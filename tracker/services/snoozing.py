"""Until when an alert may sleep, the days that are offered, and its return.

The last safe day is the harm date less the clinic's days for shipping and preparation: who is reminded then
can still have the drug there in time. Where that day is past, it is the harm date itself.
Without a harm date it is the day by which an answer, a reply or an appeal is due; without one, 30 days from
today. A day that was missed caps nothing any more, but such an alert sleeps a week at most.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from tracker.models.alert import Alert, AlertEventKind, AlertState
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.services import alert_history, outbox
from tracker.services.actor import SCAN, Actor
from tracker.services.clinic_day import day_in
from tracker.services.errors import Refused

DUE = "reply_by", "due_at", "due_on"
LONGEST_DAYS = 30
MISSED_DAYS = 7
MONDAY = 0


@dataclass(frozen=True, slots=True)
class LastSafeDay:
    """`on` None: it cannot sleep at all. `why` is a sentence for the page."""

    on: date | None
    why: str


@dataclass(frozen=True, slots=True)
class Preset:
    name: str
    label: str
    on: date


def due_on(alert: Alert) -> date | None:
    """The day by which the facts ask for an answer, a reply or an appeal; None: they name none."""
    written = [str(alert.facts[name])[:10] for name in DUE if alert.facts.get(name)]
    return min(map(date.fromisoformat, written), default=None)


def last_safe_day(alert: Alert, *, clinic: Clinic, today: date) -> LastSafeDay:
    """The last day on which a snoozed alert must be back (see the head of this file)."""
    if alert.harm_on is not None:
        return _before_harm(alert.harm_on, clinic, today)
    due = due_on(alert)
    if due is None:
        return LastSafeDay(today + timedelta(LONGEST_DAYS), f"no date of harm: at most {LONGEST_DAYS} days")
    if due < today:
        return LastSafeDay(today + timedelta(MISSED_DAYS), f"its day has passed: at most {MISSED_DAYS} days")
    if due == today:
        return LastSafeDay(None, "It is due today, so it cannot be snoozed.")
    return LastSafeDay(due, "the day on which it is due")


def _before_harm(harm: date, clinic: Clinic, today: date) -> LastSafeDay:
    if harm <= today:
        said = "is today" if harm == today else "has passed"
        return LastSafeDay(None, f"The harm date, {harm.isoformat()}, {said}, so it cannot be snoozed.")
    lead = clinic.shipping_days + clinic.preparation_days
    safe = harm - timedelta(lead)
    if safe < today:
        return LastSafeDay(harm, f"the harm date; the {lead} days for shipping and preparation have begun")
    if safe == today:
        return LastSafeDay(None, "Today is the last safe day, so it cannot be snoozed.")
    return LastSafeDay(safe, f"the harm date less {lead} days for shipping and preparation")


def check_until(until: date, *, safe: LastSafeDay, today: date) -> None:
    """Raise Refused unless the alert may sleep until this day."""
    if safe.on is None:
        raise Refused(safe.why, field="until")
    if until <= today:
        raise Refused("Give a day after today.", field="until")
    if until > safe.on:
        raise Refused(
            f"The last safe day is {safe.on:%a %Y-%m-%d}: snooze until then or earlier.", field="until"
        )


def presets(alert: Alert, *, safe: LastSafeDay, today: date) -> Sequence[Preset]:
    """The usual days that are not past the last safe day."""
    monday = today + timedelta((MONDAY - today.weekday()) % 7 or 7)
    offered = [
        Preset("tomorrow", "Tomorrow", today + timedelta(1)),
        Preset("monday", "Monday", monday),
        Preset("week", "In 7 days", today + timedelta(7)),
    ]
    due = due_on(alert)
    if due is not None:
        offered.append(Preset("due", "When it is due", due))
    return [each for each in offered if safe.on is not None and today < each.on <= safe.on]


def bring_back(session: Db, alert: Alert, *, why: str, now: datetime, actor: Actor) -> None:
    """Put a snoozed or settled alert back on the list, where its ladder begins again."""
    alert.state, alert.returned_at = AlertState.OPEN, now
    unsettle(alert)
    begin_ladder(alert, now)
    alert_history.write(session, alert, kind=AlertEventKind.RETURNED, text=why, now=now, actor=actor)
    outbox.tell(session, alert=alert, occasion=f"back:{alert.ladder_round}", now=now)


def unsettle(alert: Alert) -> None:
    """The history keeps who had settled it."""
    alert.settled_at = alert.settled_by = alert.settled_reason = None
    alert.settled_rank = alert.settled_harm_on = None


def begin_ladder(alert: Alert, now: datetime) -> None:
    """Nobody has answered from here on."""
    alert.acknowledged_at = alert.acknowledged_by = None
    alert.escalation_level, alert.ladder_from = 0, now
    alert.ladder_round = (alert.ladder_round or 0) + 1


def slept(alert: Alert) -> str:
    """Who had snoozed it, until when and why, as the start of a sentence."""
    return f"Was snoozed by {alert.snoozed_by} until {alert.snoozed_until:%a %Y-%m-%d}: {alert.snooze_reason}"


def wake_due(session: Db, *, clinic_id: str, now: datetime, limit: int = 200, actor: Actor = SCAN) -> int:
    """Bring back the alerts whose day has come; how many. Call again while it gives `limit`."""
    today = day_in(session.get_one(Clinic, clinic_id), now)
    query = (
        select(Alert)
        .where(Alert.clinic_id == clinic_id, Alert.state == AlertState.SNOOZED, Alert.snoozed_until <= today)
        .order_by(Alert.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    due = session.execute(query).scalars().all()
    for alert in due:
        bring_back(session, alert, why=f"{slept(alert)}.", now=now, actor=actor)
    session.flush()
    return len(due)
