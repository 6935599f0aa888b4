"""The chain of a clinic's audit events: each holds a digest of itself and of the one before.

Events are linked at the commit that brings them in, under a lock that is taken last and so never waits for
anything while others wait for it. SQLite's write lock is that lock; PostgreSQL has one for each clinic.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from sqlalchemy import Table, bindparam, func, select, update
from sqlalchemy.engine import RowMapping

from tracker.models.audit import AuditEvent
from tracker.models.base import Base, Db
from tracker.models.clinic import Clinic

EVENT: Table = Base.metadata.tables[AuditEvent.__tablename__]
CHUNK = 1_000
START = "0" * 64
SEALED = (
    *("clinic_id", "number", "id", "at", "actor", "actor_id", "address", "agent", "action"),
    *("table_name", "row_key", "patient_id", "old", "new"),
)


@dataclass(frozen=True, slots=True)
class Head:
    """The last event of a clinic's chain; number 0 for none."""

    clinic_id: str
    number: int
    hash: str


def digest(previous: str, event: Mapping[str, Any]) -> str:
    """SHA-256 of an event in canonical JSON after the digest before it."""
    values = {name: event[name] for name in SEALED}
    values["at"] = values["at"].astimezone(UTC).isoformat(timespec="microseconds")
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def link(session: Db, clinic_id: str) -> int:
    """Chain whatever events of a clinic stand outside; how many there were. Hold it to the commit."""
    _hold(session, clinic_id)
    head, count = head_of(session, clinic_id), 0
    while rows := _loose(session, clinic_id):
        links = list(_links(head, rows))
        session.execute(
            update(EVENT)
            .where(EVENT.c.id == bindparam("_id"))
            .values(number=bindparam("_number"), hash=bindparam("_hash")),
            links,
        )
        head = Head(clinic_id, links[-1]["_number"], links[-1]["_hash"])
        count += len(links)
    return count


def head_of(session: Db, clinic_id: str) -> Head:
    query = (
        select(EVENT.c.number, EVENT.c.hash)
        .where(EVENT.c.clinic_id == clinic_id, EVENT.c.number.is_not(None))
        .order_by(EVENT.c.number.desc())
        .limit(1)
    )
    found = session.execute(query).first()
    return Head(clinic_id, found[0], found[1]) if found else Head(clinic_id, 0, START)


def heads(session: Db) -> list[Head]:
    """Of every clinic that has a chain."""
    found = [head_of(session, clinic_id) for clinic_id in session.execute(select(Clinic.id)).scalars()]
    return sorted((head for head in found if head.number), key=lambda head: head.clinic_id)


def clinics_with_loose_events(session: Db) -> list[str]:
    """Clinics with events that no commit of this release brought in."""
    loose = select(EVENT.c.id).where(EVENT.c.clinic_id == Clinic.id, EVENT.c.number.is_(None)).exists()
    return list(session.execute(select(Clinic.id).where(loose).order_by(Clinic.id)).scalars())


def _loose(session: Db, clinic_id: str) -> Sequence[RowMapping]:
    query = select(EVENT).where(EVENT.c.clinic_id == clinic_id, EVENT.c.number.is_(None))
    return session.execute(query.order_by(EVENT.c.at, EVENT.c.id).limit(CHUNK)).mappings().all()


def _links(head: Head, rows: Sequence[RowMapping]) -> Iterator[dict[str, Any]]:
    number, last = head.number, head.hash
    for row in rows:
        number += 1
        last = digest(last, {**row, "number": number})
        yield {"_id": row["id"], "_number": number, "_hash": last}


def _hold(session: Db, clinic_id: str) -> None:
    if session.get_bind().dialect.name == "postgresql":
        key = int.from_bytes(hashlib.sha256(clinic_id.encode()).digest()[:8], "big", signed=True)
        session.execute(select(func.pg_advisory_xact_lock(key)))
