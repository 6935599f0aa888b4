"""Copies of a SQLite database: made while it is in use, looked through, encrypted if there is a key.

A copy is written beside its final name and moved there only when it is whole and verified. A key is an age
identity (`AGE-SECRET-KEY-1...`, https://age-encryption.org/v1): what it closes, any age tool opens. A copy of
a database that is itself encrypted (`database_key`) stays so, under either.
"""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pyrage

from tracker import cipher
from tracker.services import sealing
from tracker.services.errors import BadFile, Refused

PLAIN = ".db"
SEALED = ".db.age"
HEADS = ".heads"
STAMP = "%Y%m%dT%H%M%SZ"
PREFIX = "tracker-"


@dataclass(frozen=True, slots=True)
class Contents:
    """What a copy holds; `newest_at` is its last audit event, None for a database without one.

    `heads`: clinic, number and hash of the last event of each audit chain.
    """

    revision: str | None
    clinic_count: int
    patient_count: int
    open_alert_count: int
    newest_at: str | None
    heads: tuple[tuple[str, int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Backup:
    """`heads` are known though the copy is encrypted: a small file beside it holds them.

    `encrypted`: nobody reads it without a key, the backups' or the database's.
    """

    path: Path
    made_at: datetime
    size: int
    encrypted: bool
    heads: tuple[tuple[str, int, str], ...] = ()


def new_key() -> str:
    """A fresh secret key to encrypt copies with."""
    return str(pyrage.x25519.Identity.generate())


def identity_of(key: str) -> pyrage.x25519.Identity:
    """The key as age knows it. Raises Refused for one that is none."""
    try:
        return pyrage.x25519.Identity.from_str(key.strip())
    except pyrage.IdentityError:
        raise Refused(
            "The backup key is none. Make one with: tracker backup --new-key", field="backup_key"
        ) from None


def make_backup(
    database: sqlite3.Connection, folder: Path, *, key: str, now: datetime, database_key: str = ""
) -> Backup:
    """Copy an open database into a folder, look the copy through, and keep it; encrypted if a key is given.

    Writers go on meanwhile: the copy is the database of one instant, with the key it was opened with
    (`database_key`). Raises BadFile if the copy is not whole.
    """
    sealed = identity_of(key) if key else None
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with TemporaryDirectory(prefix=".making-", dir=folder) as work:
        copy = Path(work) / "copy.db"
        database.execute("VACUUM INTO ?", (str(copy),))
        contents = look_through(copy, database_key=database_key)
        finished = copy
        if sealed is not None:
            finished = Path(work) / "copy.db.age"
            pyrage.encrypt_file(str(copy), str(finished), [sealed.to_public()])
        finished.chmod(0o600)
        name = f"{PREFIX}{now.astimezone(UTC).strftime(STAMP)}{SEALED if sealed else PLAIN}"
        heads = Path(work) / "heads"
        heads.write_text(json.dumps(contents.heads), encoding="ascii")
        _settle(heads, folder / f"{name}{HEADS}")
        _settle(finished, folder / name)
    return _backup(folder / name)


def look_through(path: Path, *, database_key: str = "") -> Contents:
    """Check every page, index and reference of a copy, and say what it holds.

    `database_key` is that of a copy of an encrypted database. Raises BadFile if it is no database of this
    product, is damaged, or does not open.
    """
    try:
        with closing(cipher.connect(path, key=own_key(path, database_key))) as copy:
            return _contents(copy, path.name)
    except cipher.NotOpened:
        raise BadFile(_closed(path.name, database_key)) from None
    except cipher.DatabaseErrors as error:
        raise BadFile(
            f"{path.name} is no whole database ({error}). Take an older backup; nothing was changed."
        ) from None


def own_key(copy: Path, database_key: str) -> str:
    """The database key that a copy needs: none if it was made before the database was encrypted."""
    return "" if cipher.is_plain(copy) else database_key


def _closed(name: str, database_key: str) -> str:
    if not database_key:
        return (
            f"{name} is no whole database, or one encrypted with a database key: then set "
            "TRACKER_DATABASE_KEY_FILE. Else take an older backup; nothing was changed."
        )
    return (
        f"{name} does not open with this database key: it was made under another one (name its file with "
        "--database-key-file), or it is damaged. Then take an older backup; nothing was changed."
    )


def under_key(copy: Path, *, own: str, key: str) -> Path:
    """A copy as it must be to become the database: with the database's key, whatever its own was."""
    if own == key:
        return copy
    if not key:
        raise Refused(
            "The backup is of an encrypted database. Set TRACKER_DATABASE_KEY_FILE to the file with its key."
        )
    made = copy.with_name("under-key.db")
    with sealing.opened_for_export(copy, key=own) as source:
        sealing.write_copy(source, made, key=key)
    return made


def _contents(copy: sqlite3.Connection, name: str) -> Contents:
    copy.execute("PRAGMA query_only=ON")
    verdict = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if verdict != "ok":
        raise BadFile(f"{name} is damaged. Take an older backup; nothing was changed.")
    if copy.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise BadFile(f"{name} has rows that point nowhere. Take an older backup; nothing was changed.")

    def one(query: str) -> int:
        return int(copy.execute(query).fetchone()[0])

    revision = copy.execute("SELECT version_num FROM alembic_version").fetchone()
    return Contents(
        revision=revision[0] if revision else None,
        clinic_count=one("SELECT count(*) FROM clinic"),
        patient_count=one("SELECT count(*) FROM patient"),
        open_alert_count=one("SELECT count(*) FROM alert WHERE state = 'open'"),
        newest_at=copy.execute("SELECT max(at) FROM audit_event").fetchone()[0],
        heads=tuple(_heads(copy)),
    )


def _heads(copy: sqlite3.Connection) -> Iterator[tuple[str, int, str]]:
    """None from a database of a release before the chains."""
    if not any(row[1] == "hash" for row in copy.execute("PRAGMA table_info(audit_event)")):
        return
    last = (
        "SELECT number, hash FROM audit_event WHERE clinic_id = ? AND number > 0 ORDER BY number DESC LIMIT 1"
    )
    for (clinic_id,) in copy.execute("SELECT id FROM clinic ORDER BY id").fetchall():
        found = copy.execute(last, (clinic_id,)).fetchone()
        if found:
            yield clinic_id, int(found[0]), str(found[1])


@contextmanager
def opened(path: Path, *, key: str, beside: Path) -> Iterator[Path]:
    """A backup as a plain database file that lives as long as the block, in a folder made beside `beside`.

    Raises BadFile if it cannot be read or the key does not open it.
    """
    if not path.is_file():
        raise BadFile(f"There is no file {path}.")
    with TemporaryDirectory(prefix=".opening-", dir=beside) as work:
        plain = Path(work) / "copy.db"
        try:
            if path.name.endswith(".age"):
                _unseal(path, plain, key)
            else:
                plain.write_bytes(path.read_bytes())
        except OSError as error:
            raise BadFile(f"{path.name} cannot be read ({error.strerror}).") from None
        plain.chmod(0o600)
        yield plain


def _unseal(path: Path, plain: Path, key: str) -> None:
    if not key:
        raise Refused(f"{path.name} is encrypted: set TRACKER_BACKUP_KEY to the key it was made with.")
    try:
        pyrage.decrypt_file(str(path), str(plain), [identity_of(key)])
    except (pyrage.DecryptError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        # Damage past the first 64 KiB is met while writing, and comes without a number of the system's.
        raise BadFile(
            f"{path.name} does not open: it is damaged, or it was made with another TRACKER_BACKUP_KEY."
        ) from None


def put_in_place(plain: Path, database: Path, *, now: datetime) -> Path | None:
    """Make a copy the database. What stood there is kept beside it; its path, if there was one."""
    kept = None
    stamp = now.astimezone(UTC).strftime(STAMP)
    for ending in ("", "-wal", "-shm"):
        old = database.with_name(database.name + ending)
        if old.exists():
            aside = database.with_name(f"{database.name}.before-restore-{stamp}{ending}")
            old.replace(aside)
            kept = kept or aside
    _settle(plain, database)
    return kept


def listed(folder: Path) -> list[Backup]:
    """The backups of a folder, newest first."""
    found = [_backup(path) for path in folder.glob(f"{PREFIX}*") if path.name.endswith((PLAIN, SEALED))]
    return sorted(found, key=lambda each: each.path.name, reverse=True)


def copies(folder: Path, database: Path) -> list[Path]:
    """Every copy of the database that stands as a file of its own, those sealed with age left out."""
    beside = sorted(database.parent.glob(f"{database.name}.before-restore-*Z"))
    kept = [each.path for each in listed(folder)] if folder.is_dir() else []
    return [*beside, *(path for path in kept if not path.name.endswith(".age"))]


def keep_newest(folder: Path, count: int) -> list[Path]:
    """Remove all but the newest `count` backups; those removed."""
    gone = [each.path for each in listed(folder)[count:]]
    for path in gone:
        path.unlink()
        _heads_of(path).unlink(missing_ok=True)
    return gone


def _backup(path: Path) -> Backup:
    stamp = path.name.removeprefix(PREFIX).split(".")[0]
    try:
        made_at = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    except ValueError:
        made_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    encrypted = path.name.endswith(".age") or not cipher.is_plain(path)
    return Backup(path, made_at, path.stat().st_size, encrypted, _read_heads(path))


def _heads_of(path: Path) -> Path:
    return path.with_name(path.name + HEADS)


def _read_heads(path: Path) -> tuple[tuple[str, int, str], ...]:
    try:
        found = json.loads(_heads_of(path).read_text(encoding="ascii"))
        return tuple((str(clinic_id), int(number), str(head)) for clinic_id, number, head in found)
    except (OSError, ValueError, TypeError):
        return ()


def _settle(path: Path, place: Path) -> None:
    """Move a file to its place so that it is there whole even if the power goes now."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    path.replace(place)
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
