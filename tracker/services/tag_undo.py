"""Taking back the last time that a person tagged patients, or took a tag off, on one or on many.

What to take back is read from the audit trail, which has each of them with the tag's name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select

from tracker.models.audit import AuditAction, AuditEvent
from tracker.models.base import Db
from tracker.services import tags
from tracker.services.actor import Actor
from tracker.services.alert_hand import UNDO_MINUTES, Hand
from tracker.services.errors import Refused

SAID = {AuditAction.ADDED: "tagged", AuditAction.REMOVED: "untagged"}


@dataclass(frozen=True, slots=True)
class Tagging:
    """At one instant, on how many patients; `action` ADDED or REMOVED."""

    at: datetime
    action: AuditAction
    count: int

    @property
    def said(self) -> str:
        return SAID[self.action]


def last_tagging(session: Db, *, clinic_id: str, user_id: str, now: datetime) -> Tagging | None:
    """A person's last tagging of the last ten minutes; None if it was taken back."""
    query = (
        _of(clinic_id, user_id)
        .with_only_columns(AuditEvent.at, AuditEvent.action, func.count())
        .where(AuditEvent.at >= now - timedelta(minutes=UNDO_MINUTES))
        .group_by(AuditEvent.at, AuditEvent.action)
        .order_by(AuditEvent.at.desc())
        .limit(1)
    )
    row = session.execute(query).one_or_none()
    return Tagging(*row) if row and row[1] in SAID else None


def undo(session: Db, last: Tagging, *, clinic_id: str, actor: Actor, now: datetime) -> Sequence[str]:
    """Do the opposite to those who still bear, or lack, what was done to them; their ids."""
    assert actor.user_id is not None
    query = _of(clinic_id, actor.user_id).where(AuditEvent.at == last.at, AuditEvent.action == last.action)
    events = session.execute(query).scalars().all()
    ids = sorted({each.patient_id for each in events if each.patient_id})
    told = (events[0].new or events[0].old) if events else None
    if told is None:
        raise Refused("This can no longer be taken back.")
    return tags.put_back(
        session,
        ids,
        str(told["tag"]),
        bear=last.action is AuditAction.REMOVED,
        hand=Hand(clinic_id, actor, now),
    )


def _of(clinic_id: str, user_id: str) -> Select[AuditEvent]:
    return select(AuditEvent).where(
        AuditEvent.clinic_id == clinic_id,
        AuditEvent.actor_id == user_id,
        AuditEvent.table_name == tags.TABLE,
    )
