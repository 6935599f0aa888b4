"""The audit trail for people: who did what, from where, old beside new; and who looked at a patient."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, select

from tracker.models.audit import AuditAction, AuditEvent
from tracker.models.base import Db
from tracker.models.patient import Patient
from tracker.models.payer import Plan
from tracker.models.user import User
from tracker.services.facts import WORDS

PAGE = 50
LOOKED = (AuditAction.VIEWED, AuditAction.EXPORTED)
NOT_A_CHANGE = (*LOOKED, AuditAction.DENIED)
RECENT = timedelta(days=90)
ID = re.compile("[0-9A-Z]{26}")
ISO_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)\S*\+00:00")
WORD = re.compile("[a-z]+(?:_[a-z]+)+")
LONGEST = 300
UNTOLD = ("id", "clinic_id", "patient_id", "sha256")
TABLES = {
    **WORDS,
    "app_user": "account",
    "provider_link": "connection for single sign-on",
    "import_batch": "import",
    "outbox_message": "mail",
    "hold": "mails held",
    "bulk_reading": "notice of unusually many patients read",
    "break-glass": "patient, by emergency access (break-glass)",
}
DONE = {
    AuditAction.ADDED: "Added",
    AuditAction.CHANGED: "Changed",
    AuditAction.REMOVED: "Removed",
    AuditAction.SIGNED_IN: "Signed in",
    AuditAction.SIGNED_OUT: "Signed out",
    AuditAction.IMPORTED: "Imported",
    AuditAction.UNDONE: "Undone",
    AuditAction.VIEWED: "Looked at",
    AuditAction.EXPORTED: "Exported",
    AuditAction.MAILED: "Mailed",
    AuditAction.DENIED: "Was refused",
    AuditAction.RESTORED: "Restored",
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What to show; None: all. `since` inclusive, `until` not; `before`: only events numbered below it."""

    actor_id: str | None = None
    action: AuditAction | None = None
    since: datetime | None = None
    until: datetime | None = None
    patient_id: str | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One column, old beside new, as people read it; empty: there was, or is, nothing."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    at: datetime
    actor: str
    did: str
    what: str
    where: str
    patient: tuple[str, str] | None
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class AuditPage:
    """`older`: where the next page goes on; None at the end."""

    lines: Sequence[Line]
    older: int | None


@dataclass(frozen=True, slots=True)
class Reader:
    name: str
    count: int
    last_at: datetime


def audit_page(session: Db, *, clinic_id: str, filters: Filters) -> AuditPage:
    """Newest first, a page at a time by number, so that what is added meanwhile moves nothing."""
    return _page(session, clinic_id, _matching(clinic_id, filters))


def changes_of(session: Db, *, clinic_id: str, patient_id: str, before: int | None) -> AuditPage:
    """What was done to one patient's facts, newest first."""
    query = _matching(clinic_id, Filters(patient_id=patient_id, before=before))
    return _page(session, clinic_id, query.where(AuditEvent.action.not_in(NOT_A_CHANGE)))


def readers_of(session: Db, *, clinic_id: str, patient_id: str, now: datetime) -> list[Reader]:
    """Who looked at a patient in the last 90 days, latest first."""
    query = (
        select(AuditEvent.actor, func.count(), func.max(AuditEvent.at))
        .where(
            AuditEvent.clinic_id == clinic_id,
            AuditEvent.patient_id == patient_id,
            AuditEvent.at >= now - RECENT,
            AuditEvent.action.in_(LOOKED),
        )
        .group_by(AuditEvent.actor, AuditEvent.actor_id)
        .order_by(func.max(AuditEvent.at).desc())
    )
    return [Reader(name, count, last_at) for name, count, last_at in session.execute(query)]


def people(session: Db, clinic_id: str) -> list[tuple[str, str]]:
    """(id, name) of everyone with an account here, for the filter."""
    query = select(User.id, User.name).where(User.clinic_id == clinic_id).order_by(User.name, User.id)
    return [(row.id, row.name) for row in session.execute(query)]


def _matching(clinic_id: str, filters: Filters) -> Select[Any]:
    query = select(AuditEvent).where(AuditEvent.clinic_id == clinic_id, AuditEvent.number.is_not(None))
    wanted = (
        (filters.actor_id, AuditEvent.actor_id.__eq__),
        (filters.action, AuditEvent.action.__eq__),
        (filters.since, AuditEvent.at.__ge__),
        (filters.until, AuditEvent.at.__lt__),
        (filters.patient_id, AuditEvent.patient_id.__eq__),
        (filters.before, AuditEvent.number.__lt__),
    )
    return query.where(*(compare(value) for value, compare in wanted if value is not None))


def _page(session: Db, clinic_id: str, query: Select[Any]) -> AuditPage:
    newest = query.order_by(AuditEvent.number.desc()).limit(PAGE + 1)
    rows: Sequence[AuditEvent] = session.execute(newest).scalars().all()
    shown = rows[:PAGE]
    names = _names(session, clinic_id, shown)
    patients = _patients(session, clinic_id, {row.patient_id for row in shown if row.patient_id})
    lines = [_line(row, names, patients) for row in shown]
    return AuditPage(lines, lines[-1].number if len(rows) > PAGE else None)


def _line(row: AuditEvent, names: Mapping[str, str], patients: Mapping[str, str]) -> Line:
    assert row.number is not None
    patient_id = row.patient_id or ""
    return Line(
        number=row.number,
        at=row.at,
        actor=row.actor,
        did=DONE[row.action],
        what=_what(row, names),
        where=", ".join(part for part in (row.address, row.agent) if part),
        patient=(patient_id, patients[patient_id]) if patient_id in patients else None,
        changes=[]
        if row.action in {*NOT_A_CHANGE, AuditAction.MAILED, AuditAction.SIGNED_IN}
        else _changes(row, names),
    )


def _what(row: AuditEvent, names: Mapping[str, str]) -> str:
    name = TABLES.get(row.table_name or "", (row.table_name or "").replace("_", " "))
    new = row.new or {}
    if row.action is AuditAction.MAILED:
        to = names.get(str(new.get("to")), "someone who left")
        return f"{name} to {to}, {_of(new.get('alerts'), 'alert')}"
    if row.action is AuditAction.SIGNED_IN and "shown" in new:
        return f"with {new['shown']}"
    if row.action in NOT_A_CHANGE and "count" in new:
        return f"{name}, {new['count']} listed"
    return name


def _of(count: object, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _changes(row: AuditEvent, names: Mapping[str, str]) -> list[Change]:
    old, new = row.old or {}, row.new or {}
    columns = [name for name in dict.fromkeys((*old, *new)) if name not in UNTOLD]
    found = [
        Change(_label(name), _shown(old.get(name), names), _shown(new.get(name), names)) for name in columns
    ]
    return [each for each in found if each.old or each.new]


def _label(name: str) -> str:
    return name.removesuffix("_id").replace("_", " ").capitalize()


def _shown(value: Any, names: Mapping[str, str]) -> str:
    """A kept value as people read it. An id is the name of what it points at, if that is still there."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        pairs = ((str(name).replace("_", " "), _shown(each, names)) for name, each in value.items())
        return ", ".join(f"{name} {text}" for name, text in pairs if text)
    if isinstance(value, list):
        return "; ".join(text for text in (_shown(each, names) for each in value) if text)
    text = str(value)
    if ID.fullmatch(text):
        return names.get(text, "another record")
    text = ISO_INSTANT.sub(r"\1 \2 UTC", text)
    if WORD.fullmatch(text):
        return text.replace("_", " ")
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def _ids(values: Iterable[Any]) -> Iterable[str]:
    for value in values:
        if isinstance(value, Mapping):
            yield from _ids(value.values())
        elif isinstance(value, list):
            yield from _ids(value)
        elif isinstance(value, str) and ID.fullmatch(value):
            yield value


def _names(session: Db, clinic_id: str, rows: Sequence[AuditEvent]) -> dict[str, str]:
    """What the ids in old and new point at: people and plans of this clinic."""
    wanted = set(_ids(side for row in rows for side in (row.old, row.new) if side))
    if not wanted:
        return {}
    found: dict[str, str] = {}
    for model in (User, Plan):
        query = select(model.id, model.name).where(model.clinic_id == clinic_id, model.id.in_(wanted))
        found.update((row_id, name) for row_id, name in session.execute(query))
    return found


def _patients(session: Db, clinic_id: str, wanted: set[str]) -> dict[str, str]:
    query = select(Patient.id, Patient.family, Patient.given).where(
        and_(Patient.clinic_id == clinic_id, Patient.id.in_(wanted))
    )
    return {row.id: f"{row.family}, {row.given}" for row in session.execute(query)}
