"""Write down who did what, in the transaction of the deed; `audit_chain.py` links it at the commit."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from sqlalchemy import event, insert, inspect
from sqlalchemy.orm import Session

from tracker.models.audit import AuditAction, AuditEvent
from tracker.models.base import Db
from tracker.services import audit_chain
from tracker.services.actor import Actor, origin

KEPT_APART = {"version", "entered_at", "entered_by", "name_key"}
TO_LINK = "clinics whose audit events are to be linked"


def record(
    session: Db,
    *,
    clinic_id: str,
    actor: Actor,
    action: AuditAction,
    at: datetime,
    table_name: str | None = None,
    row_key: str | None = None,
    patient_id: str | None = None,
    old: Mapping[str, Any] | None = None,
    new: Mapping[str, Any] | None = None,
) -> None:
    """One event. `old` and `new` are plain JSON values of the columns that changed."""
    session.add(
        AuditEvent(
            clinic_id=clinic_id,
            at=at,
            actor=actor.name,
            actor_id=actor.user_id,
            address=origin().address,
            agent=origin().agent,
            action=action,
            table_name=table_name,
            row_key=row_key,
            patient_id=patient_id,
            old=dict(old) if old is not None else None,
            new=dict(new) if new is not None else None,
        )
    )
    _to_link(session, clinic_id)


def record_many(session: Db, clinic_id: str, events: Iterable[dict[str, Any]]) -> None:
    """Many events of one clinic as rows, for imports."""
    rows = list(events)
    if rows:
        session.execute(insert(audit_chain.EVENT), rows)
        _to_link(session, clinic_id)


def _to_link(session: Db, clinic_id: str) -> None:
    session.info.setdefault(TO_LINK, set()).add(clinic_id)


@contextmanager
def on_trial(session: Db, *, kept: bool) -> Iterator[None]:
    """What is recorded and linked within stays, or leaves nothing behind; both take the same work."""
    waiting = set(session.info.get(TO_LINK, ()))
    nested = session.begin_nested()
    yield
    if kept:
        nested.commit()
    else:
        nested.rollback()
    session.info[TO_LINK] = waiting


@event.listens_for(Session, "before_commit")
def _link(session: Session) -> None:
    """The last step before a commit: until now nobody had to wait for the clinic's chain."""
    waiting: set[str] = session.info.get(TO_LINK, set())
    if not waiting or session.in_nested_transaction():
        return
    session.flush()
    for clinic_id in sorted(waiting):
        audit_chain.link(session, clinic_id)
    waiting.clear()


def snapshot(row: Any) -> dict[str, Any]:
    """The columns of a row as plain JSON values, housekeeping left out."""
    mapper = inspect(type(row))
    names = (attribute.key for attribute in mapper.column_attrs)
    return {name: plain(getattr(row, name)) for name in names if name not in KEPT_APART}


def plain(value: Any) -> Any:
    """A value as JSON can hold it; decimals and dates as text, exactly."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return value


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Only what changed, before and after."""
    changed = [name for name in new if old.get(name) != new[name]]
    return {name: old.get(name) for name in changed}, {name: new[name] for name in changed}


def clinic_changed(
    session: Db, clinic_id: str, *, old: Mapping[str, Any], new: Mapping[str, Any], actor: Actor, at: datetime
) -> None:
    """Settings of a clinic were changed: what they were, and what they are."""
    record(
        session,
        clinic_id=clinic_id,
        actor=actor,
        action=AuditAction.CHANGED,
        at=at,
        table_name="clinic",
        row_key=clinic_id,
        old=old,
        new=new,
    )
