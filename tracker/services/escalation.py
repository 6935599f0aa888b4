"""The ladder of an alert that nobody answers: owner, backup owner, clinic lead, named clinician.

The owner is told when it opens. Each step comes so many hours after the one before, by severity, and is
written down once for each alert, round and rung (a unique key says so). After a stand-still the steps come
one by one, each with its own hours, never all at once. Acknowledging ends it, as taking and assigning do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.exc import IntegrityError

from tracker.models.alert import Alert, AlertEventKind, AlertState
from tracker.models.base import Db
from tracker.models.ladder import Escalation, Ladder, Rung
from tracker.models.user import User
from tracker.rules.words import Severity
from tracker.services import alert_history, outbox, ownership
from tracker.services.actor import Actor
from tracker.services.ownership import InCharge

LADDER = Actor("Ladder")
STEPS = tuple(Rung)[1:]
BATCH = 25


@dataclass(frozen=True, slots=True)
class Call:
    """Who is called on a rung. `told` None: nobody gets a mail. `words` names them in the history."""

    rung: Rung
    told: User | None
    words: str


@dataclass(frozen=True, slots=True)
class NextStep:
    """When an alert goes up, and to whom; `call` None: nobody further is named."""

    at: datetime
    call: Call | None


def hours_of(ladder: Ladder, severity: Severity) -> int | None:
    """Hours from one step to the next; None: this severity climbs nothing."""
    return {
        Severity.CRITICAL: ladder.critical_hours,
        Severity.HIGH: ladder.high_hours,
        Severity.WARNING: ladder.warning_hours,
    }.get(severity)


def next_step(session: Db, alert: Alert, *, now: datetime) -> NextStep | None:
    """What the ladder does next with an alert; None while it rests: answered, put away, at its top."""
    ladder = ownership.ladder_of(session, alert.clinic_id)
    hours = hours_of(ladder, alert.severity)
    rests = (
        alert.state is not AlertState.OPEN or alert.acknowledged_at or alert.escalation_level >= len(STEPS)
    )
    if rests or hours is None or alert.ladder_from is None:
        return None
    return NextStep(alert.ladder_from + timedelta(hours=hours), _call(session, alert, ladder, now))


def clinics_to_tend(session: Db, now: datetime) -> Sequence[str]:
    """Ids of clinics where an alert sleeps, or waits for an answer for an hour or more."""
    waiting = and_(
        Alert.state == AlertState.OPEN,
        Alert.acknowledged_at.is_(None),
        Alert.escalation_level < len(STEPS),
        Alert.ladder_from <= now - timedelta(hours=1),
    )
    query = select(Alert.clinic_id).where(or_(Alert.state == AlertState.SNOOZED, waiting)).distinct()
    return session.execute(query.order_by(Alert.clinic_id)).scalars().all()


def climb(session: Db, *, clinic_id: str, now: datetime, limit: int = BATCH) -> int:
    """Take the next step of up to `limit` alerts; how many. Call again while it gives `limit`."""
    ladder = ownership.ladder_of(session, clinic_id)
    query = (
        select(Alert)
        .where(
            Alert.clinic_id == clinic_id,
            Alert.state == AlertState.OPEN,
            Alert.acknowledged_at.is_(None),
            Alert.escalation_level < len(STEPS),
            or_(*_due(ladder, now)),
        )
        .order_by(Alert.severity_rank, Alert.ladder_from, Alert.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    due = session.execute(query).scalars().all()
    for alert in due:
        _step(session, alert, ladder, now)
    session.flush()
    return len(due)


def _due(ladder: Ladder, now: datetime) -> Iterator[ColumnElement[bool]]:
    for severity in Severity:
        hours = hours_of(ladder, severity)
        if hours is not None:
            yield and_(Alert.severity == severity, Alert.ladder_from <= now - timedelta(hours=hours))


def _step(session: Db, alert: Alert, ladder: Ladder, now: datetime) -> None:
    call = _call(session, alert, ladder, now)
    if call is None:
        alert.escalation_level = len(STEPS)
        _say(session, alert, "Nobody answered, and nobody further is named on the ladder.", now)
        return
    alert.escalation_level, alert.ladder_from = STEPS.index(call.rung) + 1, now
    session.flush()
    try:
        with session.begin_nested():
            session.add(
                Escalation(
                    clinic_id=alert.clinic_id,
                    patient_id=alert.patient_id,
                    alert_id=alert.id,
                    ladder_round=alert.ladder_round,
                    rung=call.rung,
                    at=now,
                    told_id=call.told.id if call.told else None,
                )
            )
            session.flush()
    except IntegrityError:  # this step was taken before: it is neither written nor told again
        return
    _say(session, alert, f"Nobody answered in time. {call.words}.", now)
    if call.told:
        occasion = f"ladder:{alert.ladder_round}:{call.rung.value}"
        outbox.tell(session, alert=alert, occasion=occasion, now=now, to=[call.told.id])


def _say(session: Db, alert: Alert, text: str, now: datetime) -> None:
    alert_history.write(session, alert, kind=AlertEventKind.ESCALATED, text=text, now=now, actor=LADDER)


def _call(session: Db, alert: Alert, ladder: Ladder, now: datetime) -> Call | None:
    """The next rung on which somebody new stands."""
    charge = ownership.in_charge(session, alert, now=now)
    known = _told(session, alert) | ({charge.acting.id} if charge.acting else set())
    lead = ownership.lead_of(session, alert.clinic_id, now=now)
    for rung in STEPS[alert.escalation_level :]:
        call = _on(rung, charge, lead, ladder, ownership.people_of(session, alert.clinic_id))
        if call and (call.told is None or call.told.id not in known or rung is Rung.CLINICIAN):
            return call
    return None


def _on(
    rung: Rung, charge: InCharge, lead: User | None, ladder: Ladder, people: dict[str, User]
) -> Call | None:
    if rung is Rung.BACKUP:
        return (
            Call(rung, charge.backup, f"Backup owner {charge.backup.name} is told") if charge.backup else None
        )
    if rung is Rung.LEAD:
        return Call(rung, lead, f"Clinic lead {lead.name} is told") if lead else None
    if not ladder.clinician_name:
        return None
    clinician = people.get(ladder.clinician_id or "")
    if clinician is not None and clinician.active:
        return Call(rung, clinician, f"{ladder.clinician_name} is told")
    reach = f" ({ladder.clinician_contact})" if ladder.clinician_contact else ""
    asked = f"{lead.name} is asked to call" if lead else "Call"
    return Call(rung, lead, f"{asked} {ladder.clinician_name}{reach}, who has no account here")


def _told(session: Db, alert: Alert) -> set[str]:
    """Whom this round has told already."""
    query = select(Escalation.told_id).where(
        Escalation.clinic_id == alert.clinic_id,
        Escalation.alert_id == alert.id,
        Escalation.ladder_round == alert.ladder_round,
    )
    return {told for told in session.execute(query).scalars() if told}
