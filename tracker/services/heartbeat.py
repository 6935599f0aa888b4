"""The clockwork's pulse, and the line on every page that says whether to trust what is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, delete, func, select

from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.outbox import OutboxMessage, OutboxState
from tracker.models.patient import PatientCheck
from tracker.models.scan import Heartbeat
from tracker.services import holds, undelivered
from tracker.services.clinic_day import day_in, day_starts_at

SCAN = "scan"
PROGRESS = "scan_progress"
MAIL = "mail"
MAIL_BROKEN = "mail_broken"  # there while the way to the mail server is
BACKUP = "backup"
CLOCK = "clock"  # the last instant that was believed: of a complete scan, or of a person's word
LONGEST_SILENCE = timedelta(hours=26)  # a day, and two hours for a slow start
MAIL_ROUND = timedelta(seconds=120)  # the longest that mails keep the next look waiting
CLOCK_BACK = timedelta(days=1)
CLOCK_AHEAD = timedelta(days=40)  # longer than a month switched off; beyond it a person says whether it is so


@dataclass(frozen=True, slots=True)
class TrustLine:
    """What was checked and when. `last_finished_at` None: never.

    Mails sent are those of the clinic's day, mails failed those that nobody has dealt with.
    """

    as_of: date
    last_finished_at: datetime | None
    patient_count: int
    future_fill_count: int
    error_count: int
    mail_sent_count: int
    mail_failed_count: int
    stale: bool
    demo: bool
    moved_date: date | None
    mail_to_files: bool
    mail_held: bool = False


def stale_after(scan_seconds: int) -> timedelta:
    """Two rounds: so long without a look, and pages say that what they show may be out of date."""
    return 2 * (timedelta(seconds=scan_seconds) + MAIL_ROUND)


def scan_is_stale(session: Db, now: datetime, *, silence: timedelta) -> bool:
    """Whether the last complete scan is too long ago to trust.

    A long one that is under way counts while it goes on, though not for more than a day. By a clock that
    cannot be right none counts.
    """
    return _is_stale(_beats(session), now, silence)


def _beats(session: Db) -> dict[str, datetime]:
    """The last round of each part that tells of the scan and of the clock, in one query."""
    names = SCAN, PROGRESS, CLOCK
    rows = session.execute(select(Heartbeat.name, Heartbeat.at).where(Heartbeat.name.in_(names)))
    return {row.name: row.at for row in rows}


def _is_stale(beats: Mapping[str, datetime], now: datetime, silence: timedelta) -> bool:
    last = beats.get(SCAN)
    if last is None or now - last > LONGEST_SILENCE or _is_doubtful(_believed(beats), now):
        return True
    return now - max(last, beats.get(PROGRESS, last)) > silence


def _believed(beats: Mapping[str, datetime]) -> datetime | None:
    return beats.get(CLOCK) or beats.get(SCAN)


def _is_doubtful(believed: datetime | None, now: datetime) -> bool:
    return believed is not None and not (believed - CLOCK_BACK <= now <= believed + CLOCK_AHEAD)


def beat(session: Db, name: str, now: datetime) -> None:
    """Say that a part of the clockwork finished its round."""
    session.merge(Heartbeat(name=name, at=now))
    if name == SCAN:
        believe_clock(session, now)


def still(session: Db, name: str) -> bool:
    """End a pulse; whether there was one."""
    gone = session.execute(delete(Heartbeat).where(Heartbeat.name == name))
    return bool(gone.rowcount)  # type: ignore[attr-defined] # a DELETE gives a cursor result


def believe_clock(session: Db, now: datetime) -> None:
    """From here on the computer's clock is taken as right, however far it jumped before."""
    session.merge(Heartbeat(name=CLOCK, at=now))


def last_beat(session: Db, name: str) -> datetime | None:
    return session.execute(select(Heartbeat.at).where(Heartbeat.name == name)).scalar()


def believed_at(session: Db) -> datetime | None:
    """The last instant at which the computer's clock was believed; None: never."""
    return _believed(_beats(session))


def clock_is_doubtful(session: Db, now: datetime) -> bool:
    """Whether the computer's clock has jumped too far to believe, as after a lost battery.

    Alerts and mails by a wrong date would be worse than a late round: a person must ask for it.
    """
    return _is_doubtful(believed_at(session), now)


def trust_line(
    session: Db,
    clinic: Clinic,
    now: datetime,
    *,
    mail_to_files: bool,
    silence: timedelta = LONGEST_SILENCE,
) -> TrustLine:
    """The state of a clinic's checks and mails, for the head of a page and the foot of a mail."""
    beats = _beats(session)
    checks = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(PatientCheck.future_fill_count), 0),
            func.count(PatientCheck.error),
        ).where(PatientCheck.clinic_id == clinic.id)
    ).one()
    midnight = _midnight(clinic, now)
    return TrustLine(
        as_of=day_in(clinic, now),
        last_finished_at=beats.get(SCAN),
        patient_count=checks[0],
        future_fill_count=checks[1],
        error_count=checks[2],
        mail_sent_count=_mails(session, clinic, OutboxState.SENT, OutboxMessage.sent_at >= midnight),
        mail_failed_count=session.execute(undelivered.unsettled(clinic.id)).scalar_one(),
        stale=_is_stale(beats, now, silence),
        demo=clinic.is_demo,
        moved_date=clinic.demo_today,
        mail_to_files=mail_to_files,
        mail_held=holds.mail_is_held(session),
    )


def _midnight(clinic: Clinic, now: datetime) -> datetime:
    today = now.astimezone(ZoneInfo(clinic.time_zone)).date()
    return day_starts_at(today, clinic.time_zone)


def _mails(session: Db, clinic: Clinic, state: OutboxState, since: ColumnElement[bool]) -> int:
    query = select(func.count()).where(
        OutboxMessage.clinic_id == clinic.id, OutboxMessage.state == state, since
    )
    return session.execute(query).scalar_one()
