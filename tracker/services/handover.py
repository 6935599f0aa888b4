"""Give all that a person answers for to whoever stands in, when their account is switched off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from tracker.models.alert import Alert, AlertEventKind, AlertState
from tracker.models.audit import AuditAction
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.patient import Patient
from tracker.models.user import Role, User
from tracker.services import alert_history, audit, ownership, snoozing, users
from tracker.services.actor import Actor
from tracker.services.clinic_day import day_in
from tracker.services.errors import Refused


@dataclass(frozen=True, slots=True)
class Handover:
    """`to` None: nobody could take it, so that what was listed is unowned now and says so."""

    to: User | None
    patient_ids: tuple[str, ...]
    alert_ids: tuple[str, ...]


def switch_off(session: Db, person: User, *, actor: Actor, now: datetime) -> Handover:
    """Close an account, and hand over its patients and alerts at once: to the backup, else the lead."""
    users.switch(session, person, active=False)
    _record(session, person.clinic_id, "app_user", person.id, None, actor, now, {"active": [True, False]})
    heir = successor(session, person, now=now)
    patients = _patients(session, person, heir, actor, now)
    alerts = _alerts(session, person, heir, actor, now)
    session.flush()
    return Handover(heir, tuple(patients), tuple(alerts))


def set_away(
    session: Db,
    person: User,
    *,
    first: date | None,
    last: date | None,
    backup: User | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Away from `first` to `last`, both inclusive (None: open). Without `backup` the old one stays."""
    if last and (first is None or last < first):
        raise Refused("The last day away is on or after the first.", field="away_to")
    if backup and (backup.clinic_id != person.clinic_id or backup.id == person.id):
        raise Refused("The backup is a colleague of the same clinic.", field="backup_id")
    before = audit.snapshot(person)
    person.away_from, person.away_to = first, last
    person.backup_id = backup.id if backup else person.backup_id
    old, new = audit.difference(before, audit.snapshot(person))
    change = {name: [old[name], new[name]] for name in new}
    _record(session, person.clinic_id, "app_user", person.id, None, actor, now, change)
    session.flush()


def successor(session: Db, person: User, *, now: datetime) -> User | None:
    """Who takes over from this person: the backup, else the lead, else an administrator."""
    people = ownership.people_of(session, person.clinic_id)
    lead = ownership.lead_of(session, person.clinic_id, now=now)
    today = day_in(session.get_one(Clinic, person.clinic_id), now)
    heir = ownership.stand_in(person, people=people, lead_id=lead.id if lead else None, today=today)
    chiefs = (p for p in people.values() if p.role is Role.ADMINISTRATOR and ownership.may_act(p))
    return heir or next(chiefs, None)


def _patients(session: Db, person: User, heir: User | None, actor: Actor, now: datetime) -> list[str]:
    query = select(Patient).where(Patient.clinic_id == person.clinic_id, Patient.owner_id == person.id)
    rows = session.execute(query.order_by(Patient.id).with_for_update()).scalars().all()
    to = heir.id if heir else None
    for row in rows:
        row.owner_id = to
        change = {"owner_id": [person.id, to]}
        _record(session, row.clinic_id, "patient", row.id, row.id, actor, now, change)
    return [row.id for row in rows]


def _alerts(session: Db, person: User, heir: User | None, actor: Actor, now: datetime) -> list[str]:
    """Alerts of their own that are not closed. Nobody new has seen them: their ladder begins again."""
    query = select(Alert).where(
        Alert.clinic_id == person.clinic_id, Alert.owner_id == person.id, Alert.state != AlertState.CLOSED
    )
    rows = session.execute(query.order_by(Alert.id).with_for_update()).scalars().all()
    to = heir.id if heir else None
    said = f"Handed over to {heir.name}" if heir else "Unowned"
    for row in rows:
        row.owner_id = to
        snoozing.begin_ladder(row, now)
        text = f"{said}: {person.name}'s account was switched off."
        alert_history.write(session, row, kind=AlertEventKind.ASSIGNED, text=text, now=now, actor=actor)
        change = {"owner_id": [person.id, to]}
        _record(session, row.clinic_id, "alert", row.id, row.patient_id, actor, now, change)
    return [row.id for row in rows]


def _record(
    session: Db,
    clinic_id: str,
    table: str,
    row_id: str,
    patient_id: str | None,
    actor: Actor,
    now: datetime,
    change: Mapping[str, Sequence[Any]],
) -> None:
    audit.record(
        session,
        clinic_id=clinic_id,
        actor=actor,
        action=AuditAction.CHANGED,
        at=now,
        table_name=table,
        row_key=row_id,
        patient_id=patient_id,
        old={name: pair[0] for name, pair in change.items()},
        new={name: pair[1] for name, pair in change.items()},
    )
