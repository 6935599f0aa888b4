"""The settings of a clinic's ladder: change them, and say them in words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tracker import clock
from tracker.models.audit import AuditAction
from tracker.models.base import Db
from tracker.models.ladder import Ladder
from tracker.models.user import User
from tracker.services import audit, ownership
from tracker.services.actor import COMMAND, Actor
from tracker.services.errors import Conflict, Refused

PEOPLE = {"backup": "backup_id", "lead": "lead_id", "clinician_account": "clinician_id"}
COLUMNS = {"clinician": "clinician_name"}


def change(session: Db, *, clinic_id: str, given: Mapping[str, Any], actor: Actor = COMMAND) -> Ladder:
    """Write what is given (None: it stays). Refused for a stranger to the clinic, or hours out of range."""
    values = {
        PEOPLE.get(name) or COLUMNS.get(name, name): _by_email(session, clinic_id, value)
        if name in PEOPLE
        else value
        for name, value in given.items()
        if value is not None
    }
    return _write(session, ownership.ladder_of(session, clinic_id), values, actor, clock.now())


def settle(
    session: Db, *, clinic_id: str, values: Mapping[str, Any], version: int, actor: Actor, now: datetime
) -> Ladder:
    """Write every setting, by column (None: nobody named). `version`: the one read, 0 if there was none."""
    row = ownership.ladder_of(session, clinic_id)
    if (row.version or 0) != version:
        raise Conflict("A colleague has changed the ladder meanwhile. Open it again, then decide.")
    for column in PEOPLE.values():
        if values[column] is not None and values[column] != getattr(row, column):
            ownership.someone_to_give_to(session, clinic_id=clinic_id, user_id=values[column])
    return _write(session, row, values, actor, now)


def _write(session: Db, row: Ladder, values: Mapping[str, Any], actor: Actor, now: datetime) -> Ladder:
    before = audit.snapshot(row)
    try:
        with session.begin_nested():
            for column, value in values.items():
                setattr(row, column, value)
            session.add(row)
            session.flush()
    except IntegrityError:
        raise Refused(
            "Hours are from 1 to 720, and a clinician's contact needs the clinician's name."
        ) from None
    old, new = audit.difference(before, audit.snapshot(row))
    if new:
        audit.record(
            session,
            clinic_id=row.clinic_id,
            actor=actor,
            action=AuditAction.CHANGED,
            at=now,
            table_name="ladder",
            row_key=row.clinic_id,
            old=old,
            new=new,
        )
    return row


def in_words(session: Db, row: Ladder) -> list[tuple[str, str]]:
    """Label and text of every setting."""
    people = ownership.people_of(session, row.clinic_id)

    def name(user_id: str | None) -> str:
        return people[user_id].name if user_id else "nobody named"

    clinician = row.clinician_name or "nobody named"
    return [
        ("Backup owner", name(row.backup_id)),
        ("Clinic lead", name(row.lead_id)),
        ("Named clinician", f"{clinician} ({row.clinician_contact})" if row.clinician_contact else clinician),
        ("Critical", f"a step every {row.critical_hours} hours"),
        ("High", f"a step every {row.high_hours} hours"),
        ("Warning", f"a step every {row.warning_hours} hours"),
    ]


def _by_email(session: Db, clinic_id: str, email: str) -> str:
    query = select(User.id).where(User.clinic_id == clinic_id, User.email == email.strip().lower())
    found = session.execute(query).scalar_one_or_none()
    if found is None:
        raise Refused(f"Nobody of this clinic signs in as {email}.")
    return found
