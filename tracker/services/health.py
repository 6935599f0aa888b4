"""Is the clockwork alive? Counts over all clinics, without a name in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from tracker.models.alert import Alert, AlertState
from tracker.models.base import Db
from tracker.models.outbox import OutboxMessage, OutboxState
from tracker.models.patient import Patient, PatientCheck
from tracker.rules.words import Severity
from tracker.services import heartbeat, holds, policy_reports, scan

MAIL_WAITS_TOO_LONG = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Health:
    """`parts`: name -> "ok", or what is wrong. Everything must be ok for the clockwork to count as alive."""

    parts: Mapping[str, str]

    @property
    def well(self) -> bool:
        return all(said == "ok" for said in self.parts.values())


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted now. Instants are None for what never happened.

    `kept_from_pages`: by browsers in the last seven days, by part of the policy.
    """

    patients: int
    due_patients: int
    failing_patients: int
    future_fills: int
    open_alerts: Mapping[Severity, int]
    mails: Mapping[OutboxState, int]
    mail_held: bool
    scanned_at: datetime | None
    mailed_at: datetime | None
    backed_up_at: datetime | None
    kept_from_pages: Mapping[str, int]


def health(session: Db, *, now: datetime, silence: timedelta) -> Health:
    """The database answers, the last complete scan is fresh, the clock is believable."""
    return Health(
        {
            "database": "ok",
            "scan": "stale" if heartbeat.scan_is_stale(session, now, silence=silence) else "ok",
            "clock": "doubtful" if heartbeat.clock_is_doubtful(session, now) else "ok",
        }
    )


def late_mails(session: Db, now: datetime) -> int:
    """Mails whose time came over an hour ago and that are not out."""
    query = select(func.count()).where(
        OutboxMessage.state.in_((OutboxState.CREATED, OutboxState.SENDING)),
        OutboxMessage.next_at <= now - MAIL_WAITS_TOO_LONG,
    )
    return session.execute(query).scalar_one()


def figures(session: Db, now: datetime) -> Figures:
    """Everything that is measured: seven queries, and one for each clinic in which someone is due."""
    checks = session.execute(
        select(
            func.count(PatientCheck.error),
            func.coalesce(func.sum(PatientCheck.future_fill_count), 0),
        )
    ).one()
    alerts = dict.fromkeys(Severity, 0)
    opened = select(Alert.severity, func.count()).where(Alert.state == AlertState.OPEN)
    for severity, count in session.execute(opened.group_by(Alert.severity)):
        alerts[severity] = count
    mails = dict.fromkeys(OutboxState, 0)
    written = select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state)
    for state, count in session.execute(written):
        mails[state] = count
    return Figures(
        patients=session.execute(select(func.count()).where(Patient.active)).scalar_one(),
        due_patients=sum(scan.due_count(session, each, now) for each in scan.clinics_due(session, now)),
        failing_patients=checks[0],
        future_fills=checks[1],
        open_alerts=alerts,
        mails=mails,
        mail_held=holds.mail_is_held(session),
        scanned_at=heartbeat.last_beat(session, heartbeat.SCAN),
        mailed_at=heartbeat.last_beat(session, heartbeat.MAIL),
        backed_up_at=heartbeat.last_beat(session, heartbeat.BACKUP),
        kept_from_pages=policy_reports.lately(session, now),
    )
