"""A backup a day, by the clockwork, with the old ones cleared away."""

import logging
import sqlite3
from contextlib import closing
from datetime import timedelta

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


def back_up_daily(office: Office) -> Backup | None:
    """Make the day's backup if the newest is a day old; None if it was not time."""
    settings, now = office.settings, office.clock()
    if not wanted(settings) or settings.sqlite_file is None:
        return None
    newest = next(iter(backups.listed(settings.backups)), None) if settings.backups.is_dir() else None
    if newest is not None and timedelta(0) <= now - newest.made_at < EVERY:
        return None
    with closing(sqlite3.connect(settings.sqlite_file, isolation_level=None)) as database:
        made = backups.make_backup(database, settings.backups, key=settings.backup_key, now=now)
    backups.keep_newest(settings.backups, settings.backup_keep)
    with office.open_session() as session:
        heartbeat.beat(session, heartbeat.BACKUP, now)
        session.commit()
    log.info("backup made")
    return made
