"""A backup a day, by the clockwork, with the old ones cleared away."""

import logging
from contextlib import closing
from datetime import datetime, timedelta

from tracker import cipher
from tracker.db import reading
from tracker.jobs.mailer import Office
from tracker.services import backups, heartbeat
from tracker.services.backups import Backup
from tracker.settings import Mode, Settings

log = logging.getLogger(__name__)

EVERY = timedelta(hours=24)


def wanted(settings: Settings) -> bool:
    """Real clinics' SQLite files are backed up; the demo's only where a folder is set."""
    real = settings.mode is Mode.PRODUCTION or settings.backup_folder is not None
    return real and settings.backup_keep > 0 and settings.sqlite_file is not None


def _has_one(settings: Settings, now: datetime) -> bool:
    there = backups.listed(settings.backups) if settings.backups.is_dir() else []
    return any(abs(now - each.made_at) < EVERY for each in there)


def back_up_daily(office: Office) -> Backup | None:
    """Make the day's backup if there is none within a day of now; None if it was not time.

    A backup whose time is still to come, made before the clock was set back, counts like one of the past.
    Else there would be another at each tick, and the old ones would be cleared away for them.
    """
    settings, now = office.settings, office.clock()
    if not wanted(settings) or settings.sqlite_file is None or _has_one(settings, now):
        return None
    with reading(), office.open_session() as session:
        doubtful = heartbeat.clock_is_doubtful(session, now)
        session.rollback()
    if doubtful:
        return None
    key = settings.database_key
    with closing(cipher.connect(settings.sqlite_file, key=key)) as database:
        made = backups.make_backup(
            database, settings.backups, key=settings.backup_key, now=now, database_key=key
        )
    backups.keep_newest(settings.backups, settings.backup_keep)
    with office.open_session() as session:
        heartbeat.beat(session, heartbeat.BACKUP, now)
        session.commit()
    log.info("backup made")
    return made
