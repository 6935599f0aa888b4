"""A large clinic on SQLite: the demo's patients again and again, each with rows and alerts of its own."""

import hashlib
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tracker.factory import create_app
from tracker.readiness import make_ready
from tracker.settings import Mode, Settings

ROW_ID = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{26}\b")
# Nobody's alone: what patients share, and what is chained or sent.
SHARED = {"audit_event", "outbox_message", "outbox_line", "web_session", "scan_run", "heartbeat"}


def crowd(settings: Settings, patients: int) -> None:
    """Make the demo clinic under `settings.instance` and multiply its patients up to so many."""
    make_ready(create_app(settings))
    with closing(sqlite3.connect(Path(settings.instance) / "tracker.db")) as database:
        database.row_factory = sqlite3.Row
        rows = _rows(database)
        own = {row["id"] for table in rows.values() for row in table if "id" in row}
        many = len(rows["patient"])
        for copy in range(1, -(-patients // many)):
            for table, originals in rows.items():
                _insert(database, table, [_copied(row, own, copy) for row in originals])
        database.commit()
        database.execute("ANALYZE")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _rows(database: sqlite3.Connection) -> dict[str, list[dict[str, Any]]]:
    """Every row that belongs to a patient, by table, patients first."""
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found: dict[str, list[dict[str, Any]]] = {"patient": _all(database, "patient")}
    people = {row["id"] for row in found["patient"]}
    waiting = [name for name in tables if name not in SHARED | {"patient"} and not name.startswith("sqlite_")]
    known = set(people)
    for _ in range(3):  # a row of a row of a patient: lines, moves, events
        for name in waiting:
            if name in found:
                continue
            mine = [row for row in _all(database, name) if _hangs_on(row, known)]
            if mine:
                found[name] = mine
                known |= {row["id"] for row in mine if "id" in row}
    return found


def _all(database: sqlite3.Connection, table: str) -> list[dict[str, Any]]:
    return [dict(row) for row in database.execute(f'SELECT * FROM "{table}"')]  # noqa: S608 - names of ours


def _hangs_on(row: dict[str, Any], known: set[str]) -> bool:
    return any(value in known for key, value in row.items() if key.endswith("_id"))


def _copied(row: dict[str, Any], own: set[str], copy: int) -> dict[str, Any]:
    found = {key: _renamed(value, own, copy) for key, value in row.items()}
    if "mrn" in found:
        found["mrn"] = f"{found['mrn']}-{copy}"
    for key in ("family", "name_key"):
        if isinstance(found.get(key), str):
            first, *rest = found[key].split(" ")
            found[key] = " ".join([f"{first}{copy}", *rest])
    return found


def _renamed(value: Any, own: set[str], copy: int) -> Any:
    if not isinstance(value, str):
        return value
    return ROW_ID.sub(lambda found: _other(found[0], copy) if found[0] in own else found[0], value)


def _other(row_id: str, copy: int) -> str:
    """Another id of the same age."""
    digest = hashlib.sha256(f"{row_id}/{copy}".encode()).hexdigest().upper()
    return row_id[:10] + digest[:16]


def _insert(database: sqlite3.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    names = ", ".join(f'"{name}"' for name in rows[0])
    places = ", ".join("?" for _ in rows[0])
    values = [tuple(row.values()) for row in rows]
    database.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({places})', values)  # noqa: S608


def settings_in(folder: Path) -> Settings:
    return Settings(
        mode=Mode.DEMO,
        instance=folder,
        secret_key="a secret of the bench, long enough to be one",
        call_limits=False,
        scan_seconds=3600,
    )
