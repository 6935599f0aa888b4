"""Prove that the audit trail is whole: every event as it was written, none missing, no end cut off."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.engine import RowMapping

from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.services.audit_anchor import Anchor
from tracker.services.audit_chain import EVENT, START, digest

BATCH = 2_000
TOLD = 20  # findings of one clinic; more say nothing new


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at one clinic's chain found; `loose`: events that wait to be chained."""

    clinic_id: str
    clinic_name: str
    count: int
    head: str
    loose: int
    faults: list[str]


def verify(session: Db, anchors: Iterable[Anchor]) -> list[Verdict]:
    """Look at every chain from its first event to its last, and compare it with what was anchored."""
    by_clinic: dict[str, list[Anchor]] = {}
    for anchor in anchors:
        by_clinic.setdefault(anchor.head.clinic_id, []).append(anchor)
    clinics = session.execute(select(Clinic.id, Clinic.name).order_by(Clinic.name)).all()
    found = [_clinic(session, row.id, row.name, by_clinic.pop(row.id, [])) for row in clinics]
    for clinic_id, left in by_clinic.items():
        fault = f"The clinic is gone, with {left[-1].head.number} events that were anchored."
        found.append(Verdict(clinic_id, clinic_id, 0, START, 0, [fault]))
    return found


def _clinic(session: Db, clinic_id: str, name: str, anchors: list[Anchor]) -> Verdict:
    wanted = {each.head.number: each for each in anchors}
    faults: list[str] = []
    number, last, count = 0, START, 0
    for row in _events(session, clinic_id):
        faults += _gap(number, row["number"])
        if digest(last, dict(row)) != row["hash"]:
            faults.append(
                f"Event {row['number']} ({row['id']}) is not as it was written, or not in its place."
            )
        number, last, count = row["number"], row["hash"], count + 1
        anchor = wanted.pop(number, None)
        if anchor is not None and anchor.head.hash != last:
            faults.append(f"Event {number} is not the one anchored at {anchor.at:%Y-%m-%d %H:%M}Z.")
    beyond = [each for each in wanted.values() if each.head.number > number]
    if beyond:
        most = max(beyond, key=lambda each: each.head.number)
        faults.append(
            f"The end is cut off: event {most.head.number} was there at {most.at:%Y-%m-%d %H:%M}Z, "
            f"the last is now {number}."
        )
    return Verdict(clinic_id, name, count, last, _loose(session, clinic_id), faults[:TOLD])


def _gap(number: int, found: int) -> list[str]:
    if found == number + 1:
        return []
    if found == number + 2:
        return [f"Event {number + 1} is missing."]
    return [f"Events {number + 1} to {found - 1} are missing."]


def _events(session: Db, clinic_id: str) -> Iterator[RowMapping]:
    last = 0
    while True:
        query = select(EVENT).where(EVENT.c.clinic_id == clinic_id, EVENT.c.number > last)
        rows = session.execute(query.order_by(EVENT.c.number).limit(BATCH)).mappings().all()
        yield from rows
        if len(rows) < BATCH:
            return
        last = rows[-1]["number"]


def _loose(session: Db, clinic_id: str) -> int:
    query = select(func.count()).where(EVENT.c.clinic_id == clinic_id, EVENT.c.number.is_(None))
    return session.execute(query).scalar_one()
