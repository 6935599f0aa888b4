"""Open a SQLite file, in the clear or encrypted with SQLCipher, and say in words why it does not open.

SQLCipher is an extra (`pip install '.[sqlcipher]'`). A key is 32 random bytes as 64 hexadecimal digits, used
as they are: nothing is derived from a password. Pages, write-ahead log and copies are encrypted with it
(https://www.zetetic.net/sqlcipher/sqlcipher-api/, PRAGMA key, read 2026-11-25).
"""

import secrets
import sqlite3
from pathlib import Path
from typing import Any

from tracker.settings import BadSettings

try:
    from sqlcipher3 import dbapi2 as _sqlcipher
except ImportError:  # the extra is not installed
    _sqlcipher = None

PLAIN_HEAD = b"SQLite format 3\0"  # https://www.sqlite.org/fileformat.html, 1.3.1
INSTALL = "TRACKER_DATABASE_KEY needs SQLCipher, which is not installed. Run: pip install '.[sqlcipher]'"
DatabaseErrors: tuple[type[Exception], ...] = (
    (sqlite3.DatabaseError,) if _sqlcipher is None else (sqlite3.DatabaseError, _sqlcipher.DatabaseError)
)


class NotOpened(BadSettings):
    """The file is encrypted and the key is not the one, or the other way round."""


def new_key() -> str:
    """A fresh key."""
    return secrets.token_hex(32)


def driver(key: str) -> Any:
    """The driver module for this key; the standard library's without one. Raises BadSettings."""
    if not key:
        return sqlite3
    if _sqlcipher is None:
        raise BadSettings(INSTALL)
    return _sqlcipher


def connect(path: str | Path, *, key: str, **more: Any) -> sqlite3.Connection:
    """Open a database, made if it is not there, and read its first page.

    Raises NotOpened with the cure if the key is not the one: none, one too many, or another.
    """
    module = driver(key)
    connection: sqlite3.Connection = module.connect(str(path), isolation_level=None, **more)
    try:
        if key:
            for pragma in ("cipher_log_level = NONE", f"key = \"x'{key}'\"", "temp_store = MEMORY"):
                connection.execute(f"PRAGMA {pragma}")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except module.DatabaseError as error:
        connection.close()
        if error.sqlite_errorcode != sqlite3.SQLITE_NOTADB:
            raise
        raise NotOpened(_cure(Path(path), key)) from None
    return connection


def opens(path: Path, *, key: str) -> bool:
    """Whether this is the file's key."""
    try:
        connect(path, key=key).close()
    except NotOpened:
        return False
    return True


def is_plain(path: Path) -> bool:
    """Whether anyone can read the file without a key.

    Never asked of a database that this process has open: closing a file lets go of the locks on it.
    """
    with path.open("rb") as file:
        return file.read(len(PLAIN_HEAD)) == PLAIN_HEAD


def _cure(path: Path, key: str) -> str:
    if not key:
        return f"{path} is encrypted, or no database. Set TRACKER_DATABASE_KEY_FILE to the file with its key."
    if is_plain(path):
        return f"{path} is not encrypted, but a database key is set. Run: tracker db encrypt"
    return (
        f"{path} does not open with this key: it was encrypted with another one, or it is damaged. Set "
        "TRACKER_DATABASE_KEY_FILE to the file with its key; after a rotation, the new one."
    )
