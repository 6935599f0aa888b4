"""What stands beside an alert: who answers for it, how long it may sleep, what its ladder does next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from tracker.models.alert import Alert, AlertState
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.ladder import Ladder
from tracker.models.user import User
from tracker.services import alert_hand, escalation, ownership, snoozing
from tracker.services.actor import Actor
from tracker.services.clinic_day import day_in
from tracker.services.errors import NotFound
from tracker.services.escalation import NextStep
from tracker.services.ownership import InCharge
from tracker.services.snoozing import LastSafeDay, Preset


@dataclass(frozen=True, slots=True)
class AlertDesk:
    """`unowned_too_long`: it counts as High at least. `mine`: it can be taken back by who looks."""

    alert: Alert
    charge: InCharge
    safe: LastSafeDay
    presets: Sequence[Preset]
    next_step: NextStep | None
    ladder: Ladder
    people: Sequence[User]
    seen: str
    last_act: str | None
    unowned_too_long: bool

    @property
    def live(self) -> bool:
        return self.alert.state in alert_hand.LIVE

    @property
    def was_snoozed(self) -> str | None:
        """Who had snoozed an alert that is back; None once somebody acted on it."""
        came_back = self.alert.returned_at is not None and self.alert.snoozed_by is not None
        return snoozing.slept(self.alert) if came_back else None


def alert_desk(session: Db, *, clinic_id: str, alert_id: str, actor: Actor, now: datetime) -> AlertDesk:
    """The desk of one alert. NotFound if it is not this clinic's."""
    query = select(Alert).where(Alert.clinic_id == clinic_id, Alert.id == alert_id)
    alert = session.execute(query).scalar_one_or_none()
    if alert is None:
        raise NotFound("There is no such alert here.")
    clinic = session.get_one(Clinic, clinic_id)
    today = day_in(clinic, now)
    charge = ownership.in_charge(session, alert, now=now)
    safe = snoozing.last_safe_day(alert, clinic=clinic, today=today)
    last = alert_hand.last_event(session, alert)
    mine = alert_hand.may_undo(last, alert_hand.Hand(clinic_id, actor, now))
    return AlertDesk(
        alert=alert,
        charge=charge,
        safe=safe,
        presets=snoozing.presets(alert, safe=safe, today=today),
        next_step=escalation.next_step(session, alert, now=now),
        ladder=ownership.ladder_of(session, clinic_id),
        people=[p for p in ownership.people_of(session, clinic_id).values() if ownership.may_act(p)],
        seen=last.id if last else "",
        last_act=last.text if last and mine else None,
        unowned_too_long=alert.state is AlertState.OPEN
        and ownership.unowned_too_long(
            owner_id=charge.owner.id if charge.owner else None,
            opened_at=alert.opened_at,
            zone=clinic.time_zone,
            today=today,
        ),
    )
