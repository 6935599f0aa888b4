"""How good the alerts are: by cause how many opened, ended, were false, and how soon they were answered."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from sqlalchemy import and_, func, select

from tracker.models.alert import Alert, AlertEvent, AlertEventKind, AlertState
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.rules.words import AlertCode
from tracker.services.report_period import Period

ALL = "All alerts"
COUNTED = {
    AlertEventKind.OPENED: "opened",
    AlertEventKind.REOPENED: "opened",
    AlertEventKind.CLOSED: "closed",
    AlertEventKind.FALSE_ALARM: "false_alarms",
    AlertEventKind.LAPSED: "lapsed",
    AlertEventKind.SNOOZED: "snoozed",
    AlertEventKind.ESCALATED: "escalated",
}


@dataclass(slots=True)
class Quality:
    """Of one cause. `hours`: from opening to the first answer, of those that were answered."""

    label: str
    code: str | None = None
    opened: int = 0
    closed: int = 0
    false_alarms: int = 0
    lapsed: int = 0
    snoozed: int = 0
    escalated: int = 0
    open_now: int = 0
    hours: list[float] = field(default_factory=list)

    @property
    def share_false(self) -> int | None:
        """Percent of those that opened, rounded; None if none did."""
        return round(100 * self.false_alarms / self.opened) if self.opened else None

    @property
    def hours_to_answer(self) -> float | None:
        return median(self.hours) if self.hours else None


def quality(session: Db, clinic: Clinic, period: Period) -> Sequence[Quality]:
    """All causes together, then each, the most frequent first. Three queries."""
    since, until = period.instants(clinic.time_zone)
    total, by_code = Quality(ALL), {code.value: Quality(code.label, code.value) for code in AlertCode}
    events = (
        select(Alert.code, AlertEvent.kind, func.count().label("times"))
        .join(Alert, and_(Alert.clinic_id == AlertEvent.clinic_id, Alert.id == AlertEvent.alert_id))
        .where(
            AlertEvent.clinic_id == clinic.id,
            AlertEvent.at >= since,
            AlertEvent.at < until,
            AlertEvent.kind.in_(COUNTED),
        )
        .group_by(Alert.code, AlertEvent.kind)
    )
    for row in session.execute(events):
        name = COUNTED[row.kind]
        for each in (total, by_code[row.code]):
            setattr(each, name, getattr(each, name) + row.times)
    answered = select(Alert.code, Alert.opened_at, Alert.acknowledged_at).where(
        Alert.clinic_id == clinic.id,
        Alert.opened_at >= since,
        Alert.opened_at < until,
        Alert.acknowledged_at >= Alert.opened_at,
    )
    for answer in session.execute(answered):
        for each in (total, by_code[answer.code]):
            each.hours.append((answer.acknowledged_at - answer.opened_at).total_seconds() / 3600)
    now = (
        select(Alert.code, func.count().label("times"))
        .where(Alert.clinic_id == clinic.id, Alert.state.in_((AlertState.OPEN, AlertState.SNOOZED)))
        .group_by(Alert.code)
    )
    for left in session.execute(now):
        for each in (total, by_code[left.code]):
            each.open_now += left.times
    seen = [each for each in by_code.values() if each.opened or each.closed or each.open_now]
    return [total, *sorted(seen, key=lambda each: (-each.opened, -each.open_now, each.label))]
