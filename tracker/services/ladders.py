"""The settings of a clinic's ladder: change them, and say them in words."""

from collections.abc import Mapping
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
from tracker.services.errors import Refused

PEOPLE = {"backup": "backup_id", "lead": "lead_id", "clinician_account": "clinician_id"}
COLUMNS = {"clinician": "clinician_name"}


def change(session: Db, *, clinic_id: str, given: Mapping[str, Any], actor: Actor = COMMAND) -> Ladder:
    """Write what is given (None: it stays). Refused for a person of another clinic, or hours out of range."""
    row = ownership.ladder_of(session, clinic_id)
    before = audit.snapshot(row)
    try:
        with session.begin_nested():
            for name, value in given.items():
                if value is not None:
                    column = PEOPLE.get(name) or COLUMNS.get(name, name)
                    setattr(row, column, _person(session, clinic_id, value) if name in PEOPLE else value)
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
            clinic_id=clinic_id,
            actor=actor,
            action=AuditAction.CHANGED,
            at=clock.now(),
            table_name="ladder",
            row_key=clinic_id,
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


def _person(session: Db, clinic_id: str, email: str) -> str:
    query = select(User.id).where(User.clinic_id == clinic_id, User.email == email.strip().lower())
    found = session.execute(query).scalar_one_or_none()
    if found is None:
        raise Refused(f"Nobody of this clinic signs in as {email}.")
    return found
