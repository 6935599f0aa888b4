"""Who did what in a period, and who holds what today: one line for each person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from tracker.models.alert import Alert, AlertEvent, AlertEventKind, AlertState
from tracker.models.authorization_log import AuthorizationMove, Channel, ContactLog
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.patient import Patient
from tracker.models.user import User
from tracker.rules.moves import Move
from tracker.services.report_period import Period

ANSWERS = (
    AlertEventKind.ASSIGNED,
    AlertEventKind.ACKNOWLEDGED,
    AlertEventKind.SNOOZED,
    AlertEventKind.NOTED,
    AlertEventKind.FALSE_ALARM,
    AlertEventKind.LAPSED,
)
TALKS = Channel.CALL, Channel.FAX, Channel.PORTAL, Channel.LETTER
SENT = Move.SUBMIT, Move.REPLY, Move.APPEAL
ANSWERED = Move.DECIDE, Move.DENY, Move.PEND
NOBODY = "Unowned"


@dataclass(slots=True)
class Work:
    """Done in the period: acts on alerts, contacts, requests sent and answers recorded. Held today: the rest.

    `user_id` None: what nobody owns.
    """

    name: str
    user_id: str | None = None
    alerts: int = 0
    contacts: int = 0
    sent: int = 0
    answered: int = 0
    patients: int = 0
    open_alerts: int = 0

    @property
    def anything(self) -> bool:
        return any((self.alerts, self.contacts, self.sent, self.answered, self.patients, self.open_alerts))


def work(session: Db, clinic: Clinic, period: Period) -> Sequence[Work]:
    """By name, what nobody owns last. Seven queries, however much was done."""
    since, until = period.instants(clinic.time_zone)
    names = select(User.id, User.name).where(User.clinic_id == clinic.id)
    people = {row.id: Work(row.name, row.id) for row in session.execute(names)}

    def done(table: Any, kind: Any, wanted: Sequence[Any], field: str) -> None:
        query = (
            select(table.actor_id, func.max(table.actor).label("actor"), func.count().label("times"))
            .where(
                table.clinic_id == clinic.id,
                table.at >= since,
                table.at < until,
                table.actor_id.is_not(None),
                kind.in_(wanted),
            )
            .group_by(table.actor_id)
        )
        for row in session.execute(query):
            # Whoever works here from another clinic is named as the record names them.
            each = people.setdefault(row.actor_id, Work(row.actor, row.actor_id))
            setattr(each, field, getattr(each, field) + row.times)

    done(AlertEvent, AlertEvent.kind, ANSWERS, "alerts")
    done(ContactLog, ContactLog.channel, TALKS, "contacts")
    done(AuthorizationMove, AuthorizationMove.move, SENT, "sent")
    done(AuthorizationMove, AuthorizationMove.move, ANSWERED, "answered")
    nobody = Work(NOBODY)
    for user_id, count in _patients(session, clinic.id):
        people.get(user_id or "", nobody).patients += count
    for user_id, count in _open_alerts(session, clinic.id):
        people.get(user_id or "", nobody).open_alerts += count
    known = sorted(people.values(), key=lambda each: each.name.casefold())
    return [each for each in (*known, nobody) if each.anything]


def _patients(session: Db, clinic_id: str) -> Sequence[tuple[str | None, int]]:
    query = (
        select(Patient.owner_id, func.count())
        .where(Patient.clinic_id == clinic_id, Patient.active)
        .group_by(Patient.owner_id)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def _open_alerts(session: Db, clinic_id: str) -> Sequence[tuple[str | None, int]]:
    owner = func.coalesce(Alert.owner_id, Alert.patient_owner_id)
    query = (
        select(owner, func.count())
        .where(Alert.clinic_id == clinic_id, Alert.state == AlertState.OPEN)
        .group_by(owner)
    )
    return [(row[0], row[1]) for row in session.execute(query)]
