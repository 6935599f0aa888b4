"""What happened since yesterday: what opened and closed by itself, and what colleagues did."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, union_all

from tracker.models.alert import AlertEvent, AlertEventKind
from tracker.models.authorization_log import AuthorizationMove, ContactLog
from tracker.models.base import Db
from tracker.models.patient import Patient
from tracker.services.patients import Who, who_columns

NAMED = 3
# What a check finds, in the order in which it is told; the rest are acts of people.
BY_ITSELF = (
    AlertEventKind.OPENED,
    AlertEventKind.CLOSED,
    AlertEventKind.REOPENED,
    AlertEventKind.RETURNED,
    AlertEventKind.ESCALATED,
    AlertEventKind.CHANGED,
)
FIRST = AlertEventKind.OPENED, AlertEventKind.CLOSED
ALERT, CONTACT, MOVE = "alert", "contact", "move"


@dataclass(frozen=True, slots=True)
class Happened:
    """Things of one kind: how many, when the last was, and a few names.

    `actor` None: it came by itself. `kind` of an alert's event, a contact's channel or a move.
    """

    table: str
    kind: str
    actor: str | None
    count: int
    at: datetime
    names: Sequence[Who]


def happened(session: Db, *, clinic_id: str, since: datetime, me: str | None = None) -> list[Happened]:
    """What opened and closed, then what colleagues of `me` did, the newest first, then the rest.

    Six queries, however much happened.
    """
    found = [
        *_grouped(session, ALERT, AlertEvent, AlertEvent.kind, _itself(), clinic_id, since, by=False),
        *_grouped(session, ALERT, AlertEvent, AlertEvent.kind, _acts(me), clinic_id, since),
        *_grouped(
            session, CONTACT, ContactLog, ContactLog.channel, _others(ContactLog, me), clinic_id, since
        ),
        *_grouped(
            session,
            MOVE,
            AuthorizationMove,
            AuthorizationMove.move,
            _others(AuthorizationMove, me),
            clinic_id,
            since,
        ),
    ]
    return sorted(found, key=_order)


def counts_by_itself(session: Db, *, clinic_id: str, since: datetime) -> dict[str, int]:
    """How many alerts opened, closed, ... since an instant, by kind of event."""
    query = (
        select(AlertEvent.kind, func.count())
        .where(AlertEvent.clinic_id == clinic_id, AlertEvent.at >= since, _itself())
        .group_by(AlertEvent.kind)
    )
    return {str(kind.value): count for kind, count in session.execute(query)}


def _order(each: Happened) -> tuple[int, int, float]:
    if each.actor is not None:
        return 1, 0, -each.at.timestamp()
    kind = AlertEventKind(each.kind)
    return (0 if kind in FIRST else 2), BY_ITSELF.index(kind), 0


def _itself() -> ColumnElement[bool]:
    return AlertEvent.kind.in_(BY_ITSELF)


def _acts(me: str | None) -> ColumnElement[bool]:
    return and_(AlertEvent.kind.not_in(BY_ITSELF), _others(AlertEvent, me))


def _others(table: Any, me: str | None) -> ColumnElement[bool]:
    return or_(table.actor_id.is_(None), table.actor_id != (me or ""))


def _grouped(
    session: Db,
    name: str,
    table: Any,
    kind: Any,
    wanted: ColumnElement[bool],
    clinic_id: str,
    since: datetime,
    *,
    by: bool = True,
) -> Iterable[Happened]:
    """A line for each kind, and for each actor if `by`."""
    mine = and_(table.clinic_id == clinic_id, table.at >= since, wanted)
    keys = [kind, table.actor] if by else [kind]
    counts = session.execute(
        select(*keys, func.count(), func.max(table.at)).where(mine).group_by(*keys)
    ).all()
    if not counts:
        return
    groups = [(row[:-2], row[-2:]) for row in map(tuple, counts)]
    names: dict[int, list[Who]] = {}
    for number, *who in map(
        tuple, session.execute(_recent(table, keys, mine, [key for key, _ in groups], clinic_id))
    ):
        names.setdefault(number, []).append(Who(*who))
    for number, (key, (count, at)) in enumerate(groups):
        shown = _different(names.get(number, ()))
        yield Happened(name, str(key[0].value), key[1] if by else None, count, at, shown)


def _recent(
    table: Any,
    keys: Sequence[Any],
    mine: ColumnElement[bool],
    groups: Sequence[tuple[Any, ...]],
    clinic_id: str,
) -> Select[Any]:
    """Whom the last few of each group are about: a group's number and the patient.

    A group is read from its newest row on and no further than it is shown.
    """
    parts = []
    for number, group in enumerate(groups):
        same = and_(*(key == value for key, value in zip(keys, group, strict=True)))
        newest = (
            select(literal(number).label("number"), table.patient_id, table.at, table.id)
            .where(mine, same)
            .order_by(table.at.desc(), table.id.desc())
            .limit(NAMED)
            .subquery()
        )
        parts.append(select(newest))
    recent = union_all(*parts).subquery()
    return (
        select(recent.c.number, *who_columns())
        .join(Patient, and_(Patient.clinic_id == clinic_id, Patient.id == recent.c.patient_id))
        .order_by(recent.c.number, recent.c.at.desc(), recent.c.id.desc())
    )


def _different(names: Iterable[Who]) -> list[Who]:
    return list({who.id: who for who in names}.values())
