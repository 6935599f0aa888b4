"""What became of alerts since a page was opened: how many are new, how many closed; one run of an index."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from tracker.models.alert import AlertEvent, AlertEventKind
from tracker.models.base import Db

NEW = AlertEventKind.OPENED, AlertEventKind.REOPENED, AlertEventKind.RETURNED
GONE = (AlertEventKind.CLOSED,)


@dataclass(frozen=True, slots=True)
class News:
    new: int
    closed: int

    def __bool__(self) -> bool:
        return bool(self.new or self.closed)


def since(session: Db, *, clinic_id: str, at: datetime) -> News:
    """How many alerts of a clinic opened, or came back, and how many closed after an instant."""
    query = (
        select(AlertEvent.kind, func.count(AlertEvent.alert_id.distinct()))
        .where(AlertEvent.clinic_id == clinic_id, AlertEvent.at > at, AlertEvent.kind.in_(NEW + GONE))
        .group_by(AlertEvent.kind)
    )
    counts: dict[AlertEventKind, int] = {row[0]: row[1] for row in session.execute(query)}
    return News(
        new=sum(counts.get(kind, 0) for kind in NEW), closed=sum(counts.get(kind, 0) for kind in GONE)
    )
