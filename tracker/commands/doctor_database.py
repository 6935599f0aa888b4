"""The doctor's look at the database: does it answer, is it whole, encrypted and walled off."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from tracker import cipher
from tracker.commands.looking import Finding, Level, Visit
from tracker.db import db
from tracker.migrating import current, newest
from tracker.services import backups
from tracker.settings import BadSettings, Mode, Settings

SAFE_SQLITE = (3, 51, 3)  # sqlite.org, WAL-reset bug of 3.7.0 to 3.51.2, read 2026-11-23
SHARED = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p"}


def answers(visit: Visit) -> bool:
    """Whether the database can be read and has this release's tables."""
    try:
        return current(visit.app) == newest(visit.app)
    except (BadSettings, SQLAlchemyError):
        return False


def look_at_database(visit: Visit) -> Iterator[Finding]:
    """Settings that open it, its tables, its file or role."""
    try:
        has, needs = current(visit.app), newest(visit.app)
        db.session.execute(text("SELECT 1"))
    except BadSettings as error:
        yield Finding(Level.BAD, f"Database: {error}.".replace("..", "."))
        return
    except SQLAlchemyError as error:
        kind = type(getattr(error, "orig", None) or error).__name__
        yield Finding(Level.BAD, f"Database: does not answer ({kind}).", "See TRACKER_DATABASE_URL.")
        return
    if has != needs:
        yield Finding(
            Level.BAD,
            f"Database: schema {has or 'empty'}, this release needs {needs}.",
            "Run: tracker db upgrade",
        )
        return
    yield Finding(Level.OK, f"Database: {db.engine.dialect.name}, schema {has}.")
    if visit.settings.sqlite_file is not None:
        yield from _sqlite(visit.settings.sqlite_file, visit.settings)
        yield from _encryption(visit.settings)
    else:
        yield from role()


def role() -> Iterator[Finding]:
    """Whether PostgreSQL holds this role back from other clinics' patients: see `models/wall.py`."""
    unheld = text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
    if db.session.execute(unheld).scalar():
        yield Finding(
            Level.LOOK,
            "Database role: it may pass over row security, so PostgreSQL does not keep clinics apart.",
            "Give the tracker a role of its own: CREATE ROLE tracker LOGIN NOSUPERUSER NOBYPASSRLS",
        )


def _sqlite(path: Path, given: Settings) -> Iterator[Finding]:
    verdict = db.session.execute(text("PRAGMA quick_check(1)")).scalar()
    if verdict != "ok":
        yield Finding(
            Level.BAD, "Database file: damaged.", "Stop the tracker and run: tracker restore BACKUP"
        )
    kind = _file_system(path)
    if kind in SHARED:
        yield Finding(
            Level.BAD,
            f"Database file: on a network folder ({kind}), where SQLite loses data.",
            "Move it to a disk of this machine, or use PostgreSQL.",
        )
    driver = cipher.driver(given.database_key)
    if driver.sqlite_version_info < SAFE_SQLITE:
        yield Finding(
            Level.LOOK,
            f"SQLite {driver.sqlite_version}: releases before 3.51.3 can, at a rare moment, damage "
            "a database.",
            "Keep daily backups, or use a Python with a newer SQLite.",
        )


def _encryption(given: Settings) -> Iterator[Finding]:
    """Whether the database is encrypted, and whether its key is kept from others."""
    if not given.database_key:
        yield Finding(
            Level.LOOK if given.mode is Mode.PRODUCTION else Level.OK,
            "Database file: not encrypted.",
            "Whoever has the disk can read it, unless the disk is. To encrypt it: tracker db encrypt",
        )
        return
    yield Finding(Level.OK, "Database file: encrypted (SQLCipher).")
    assert given.sqlite_file is not None
    readable = [path for path in backups.copies(given.backups, given.sqlite_file) if cipher.is_plain(path)]
    if readable:
        yield Finding(
            Level.LOOK,
            f"Database file: {len(readable)} older copies are not encrypted, such as {readable[0]}.",
            "Remove them when you have a newer backup.",
        )
    key_file = given.database_key_file
    if key_file is None:
        return
    if key_file.stat().st_mode & 0o077:
        yield Finding(
            Level.LOOK, "Database key: others on this machine can read it.", f"chmod 600 {key_file}"
        )
    if key_file.resolve().is_relative_to(given.instance.resolve()):
        yield Finding(
            Level.LOOK,
            "Database key: it lies beside the database that it closes.",
            "Keep it elsewhere: who copies the folder has both.",
        )


def _file_system(path: Path) -> str:
    """The kind of file system that holds a path; empty where the system does not say."""
    best, kind = Path(), ""
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    for line in mounts:
        _, place, found, *_ = line.split(" ")
        if path.resolve().is_relative_to(place) and len(Path(place).parts) >= len(best.parts):
            best, kind = Path(place), found
    return kind
