"""Give a SQLite database another key: from none to one, or from one to the next.

The content is written into a new file, which is compared with the old one row by row and only then takes its
place, in one step. Whatever ends the program before that step, the old file stands as it was.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import zip_longest
from pathlib import Path

from tracker import cipher
from tracker.services.errors import BadFile, Refused

UNFINISHED = ".with-new-key"
BLOCK = 1 << 20
IN_USE = "Something has the database open. Stop the tracker and run this again."
Broken: tuple[type[Exception], ...] = (*cipher.DatabaseErrors, OSError)


def change_key(database: Path, *, old: str, new: str) -> None:
    """Encrypt a database with a key. Nobody else may have it open.

    Raises Refused or BadFile; then it is as before. The blocks of the file that stood there are overwritten;
    what a disk keeps of them elsewhere is out of reach.
    """
    made = database.with_name(database.name + UNFINISHED)
    _clear(made)
    try:
        with _alone(database, old) as source:
            write_copy(source, made, key=new)
            _let_the_same_use(made, database.stat())
            _settle(made)
            with database.open("r+b", buffering=0) as before:
                made.replace(database)
                source.close()
                with suppress(OSError):  # what matters is done
                    _settle_folder(database.parent)
                    _overwrite(before.fileno())
    except Broken as error:
        said = getattr(error, "strerror", None) or str(error)
        raise Refused(f"{database.name} could not be written anew ({said}). Nothing was changed.") from None
    finally:
        _clear(made)


def write_copy(source: sqlite3.Connection, made: Path, *, key: str) -> None:
    """The content of an open database as a new file with a key, compared with it. Raises BadFile.

    `source` was opened with SQLCipher's driver; an empty key of its own means that it is in the clear.
    """
    source.execute("ATTACH ? AS made KEY ?", (str(made), f"x'{key}'"))
    source.execute("SELECT sqlcipher_export('made')").fetchone()
    source.execute("DETACH made")
    made.chmod(0o600)
    with closing(cipher.connect(made, key=key)) as copy:
        _compare(source, copy, made.name)


@contextmanager
def opened_for_export(path: Path, *, key: str) -> Iterator[sqlite3.Connection]:
    """A database under SQLCipher's driver, whether it has a key or none."""
    module = cipher.driver(key or cipher.new_key())
    if key:
        with closing(cipher.connect(path, key=key)) as source:
            yield source
        return
    with closing(module.connect(str(path), isolation_level=None)) as source:
        source.execute("PRAGMA cipher_log_level = NONE")
        yield source


@contextmanager
def _alone(database: Path, key: str) -> Iterator[sqlite3.Connection]:
    """The database with nobody beside us until the end of the block, its write-ahead log folded in."""
    with opened_for_export(database, key=key) as source:
        try:
            source.execute("PRAGMA journal_mode = DELETE").fetchone()
            source.execute("PRAGMA locking_mode = EXCLUSIVE").fetchone()
            source.execute("BEGIN EXCLUSIVE")
            source.execute("COMMIT")  # in this locking mode the lock is kept until the file is closed
        except cipher.DatabaseErrors as error:
            if "locked" not in str(error):
                raise
            raise Refused(IN_USE) from None
        if any(
            path.exists() for path in _logs_of(database)
        ):  # one left there would be played into the new file
            raise Refused(IN_USE)
        yield source


# ----------------------------------------------------------------------------------------- is it the same?


def _compare(source: sqlite3.Connection, copy: sqlite3.Connection, name: str) -> None:
    checks = (
        copy.execute("PRAGMA cipher_integrity_check").fetchone() is None,
        copy.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok",
        _schema(source) == _schema(copy),
    )
    if not all(checks) or not all(_same_rows(source, copy, table) for table in _tables(source)):
        raise BadFile(f"{name} did not come out like the database it was made from. Nothing was changed.")


def _schema(database: sqlite3.Connection) -> list[tuple[str, str, str | None]]:
    return database.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()


def _tables(database: sqlite3.Connection) -> list[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_stat%'"
    return [row[0] for row in database.execute(query)]


def _same_rows(one: sqlite3.Connection, other: sqlite3.Connection, table: str) -> bool:
    """Row by row in the order of the key, so that no table has to fit into memory."""
    columns = one.execute(f'PRAGMA table_info("{table}")').fetchall()
    key = [row[1] for row in sorted(columns, key=lambda row: row[5]) if row[5]] or [row[1] for row in columns]
    order = ", ".join(f'"{name}"' for name in key)
    query = f'SELECT * FROM "{table}" ORDER BY {order}'  # noqa: S608 # nosec B608 # names from the schema
    pairs = zip_longest(one.execute(query), other.execute(query))
    return all(first == second for first, second in pairs)


# ------------------------------------------------------------------------------------------------- files


def _logs_of(database: Path) -> list[Path]:
    return [database.with_name(database.name + ending) for ending in ("-wal", "-shm", "-journal")]


def _clear(made: Path) -> None:
    for path in (made, *_logs_of(made)):
        path.unlink(missing_ok=True)


def _let_the_same_use(made: Path, like: os.stat_result) -> None:
    """Owner and rights as before, so that an administrator may do this for the account that serves."""
    with suppress(PermissionError):
        os.chown(made, like.st_uid, like.st_gid)
    made.chmod(like.st_mode & 0o777)


def _settle(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _settle_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _overwrite(number: int) -> None:
    left = os.fstat(number).st_size
    while left > 0:
        left -= os.write(number, bytes(min(BLOCK, left)))
    os.fsync(number)
