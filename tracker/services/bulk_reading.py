"""Who read unusually many patients in a day: found each morning in the audit trail, told to the leads once.

A notice is a question to be asked, not a fault found: some days are like that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.exc import IntegrityError

from tracker.models.audit import AuditAction, AuditEvent
from tracker.models.base import Db
from tracker.models.bulk_reading import BulkReading
from tracker.models.clinic import Clinic
from tracker.models.mail_choice import DIGEST_HOUR, MailPolicy
from tracker.models.scan import Heartbeat
from tracker.services import audit, heartbeat, notices
from tracker.services.actor import SCAN
from tracker.services.audit_list import LOOKED
from tracker.services.clinic_day import day_starts_at
from tracker.services.emergency import leads_of
from tracker.services.notices import Notice

TABLE = BulkReading.__tablename__
MOST_DAYS = 7  # looked through after the program stood still; nobody reads while it does
SHOWN_DAYS, SHOWN = timedelta(days=90), 50


@dataclass(frozen=True, slots=True)
class Reading:
    """What one person read in one day."""

    user_id: str
    reader: str
    patient_count: int
    exported_count: int


def clinics_to_look_at(session: Db, now: datetime) -> list[str]:
    """Ids of the clinics whose morning has come and whose yesterday nobody looked through yet."""
    query = (
        select(Clinic.id, Clinic.time_zone, MailPolicy.digest_hour, Heartbeat.at)
        .outerjoin(MailPolicy, MailPolicy.clinic_id == Clinic.id)
        .outerjoin(Heartbeat, Heartbeat.name == _mark() + Clinic.id)
        .order_by(Clinic.id)
    )
    return [
        clinic_id
        for clinic_id, zone, hour, looked_at in session.execute(query)
        if now >= _morning(now, zone, DIGEST_HOUR if hour is None else hour)
        and (looked_at is None or looked_at < day_starts_at(_today(now, zone), zone))
    ]


def _mark() -> str:
    """Begins the name of a clinic's heartbeat, which stands at the midnight until which all is counted."""
    return f"{TABLE}:"


def _today(now: datetime, zone: str) -> date:
    """The real day, also where a demo clinic stands on another: the trail is written by the real clock."""
    return now.astimezone(ZoneInfo(zone)).date()


def _morning(now: datetime, zone: str, hour: int) -> datetime:
    return datetime.combine(_today(now, zone), time(hour), ZoneInfo(zone))


def look_back(session: Db, clinic_id: str, *, most: int, now: datetime) -> int:
    """Look through the clinic's days since the last look; how many notices there are of them.

    `most` patients, or rows of files, are not yet many; 0: nobody is looked for. One mail to each lead,
    however many readers there are. A lead is not told of their own reading.
    """
    zone = session.execute(select(Clinic.time_zone).where(Clinic.id == clinic_id)).scalar_one()
    today, name = _today(now, zone), _mark() + clinic_id
    looked_at = heartbeat.last_beat(session, name)
    yesterday = today - timedelta(days=1)
    first = yesterday if looked_at is None else looked_at.astimezone(ZoneInfo(zone)).date()
    first = max(first, today - timedelta(days=MOST_DAYS))
    found: list[BulkReading] = []
    for days in range((today - first).days if most else 0):
        found += _note(session, clinic_id, first + timedelta(days=days), zone, most, now)
    _tell(session, clinic_id, {row.user_id for row in found}, now)
    heartbeat.beat(session, name, day_starts_at(today, zone))
    session.flush()
    return len(found)


def _note(session: Db, clinic_id: str, on: date, zone: str, most: int, now: datetime) -> list[BulkReading]:
    """The rows of one day that are new."""
    since, until = day_starts_at(on, zone), day_starts_at(on + timedelta(days=1), zone)
    rows = [
        BulkReading(
            clinic_id=clinic_id,
            user_id=each.user_id,
            reader=each.reader,
            read_on=on,
            patient_count=each.patient_count,
            exported_count=each.exported_count,
            found_at=now,
        )
        for each in many_read(session, clinic_id, since=since, until=until, most=most)
    ]
    return [row for row in rows if _keep(session, row, now)]


def _keep(session: Db, row: BulkReading, now: datetime) -> bool:
    """False if another process, or an earlier look, wrote it first."""
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        return False
    audit.record(
        session,
        clinic_id=row.clinic_id,
        actor=SCAN,
        action=AuditAction.ADDED,
        at=now,
        table_name=TABLE,
        row_key=row.id,
        new={
            "user_id": row.user_id,
            "read_on": row.read_on.isoformat(),
            "patient_count": row.patient_count,
            "exported_count": row.exported_count,
        },
    )
    return True


def _tell(session: Db, clinic_id: str, readers: set[str], now: datetime) -> None:
    for lead in leads_of(session, clinic_id):
        if readers - {lead.id}:
            notices.tell(session, lead, Notice.BULK_READING, now=now)


def many_read(
    session: Db, clinic_id: str, *, since: datetime, until: datetime, most: int
) -> Sequence[Reading]:
    """Who opened more than so many different patients, or took more than so many rows as files.

    Lists on the screen do not count: they are everybody's daily work. `until` is not included.
    """
    patients = func.count(AuditEvent.patient_id.distinct())
    file = and_(AuditEvent.action == AuditAction.EXPORTED, AuditEvent.patient_id.is_(None))
    exported = func.coalesce(func.sum(case((file, AuditEvent.new["count"].as_integer()), else_=0)), 0)
    query = (
        select(AuditEvent.actor_id, func.max(AuditEvent.actor), patients, exported)
        .where(
            AuditEvent.clinic_id == clinic_id,
            AuditEvent.at >= since,
            AuditEvent.at < until,
            AuditEvent.action.in_(LOOKED),
            AuditEvent.actor_id.is_not(None),
        )
        .group_by(AuditEvent.actor_id)
        .having(or_(patients > most, exported > most))
        .order_by(AuditEvent.actor_id)
    )
    return [Reading(*row) for row in session.execute(query)]


def latest(session: Db, clinic_id: str, *, now: datetime) -> Sequence[BulkReading]:
    """What the leads were told in the last 90 days, the latest day first."""
    query = (
        select(BulkReading)
        .where(BulkReading.clinic_id == clinic_id, BulkReading.read_on >= (now - SHOWN_DAYS).date())
        .order_by(BulkReading.read_on.desc(), BulkReading.patient_count.desc(), BulkReading.id)
    )
    return session.execute(query.limit(SHOWN)).scalars().all()
