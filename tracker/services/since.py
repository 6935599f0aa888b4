"""What happened since yesterday: what opened and closed by itself, and what colleagues did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Subquery,
    and_,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)

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

    Two queries, however much happened.
    """
    sources = _sources(clinic_id, since, me)
    groups = [_Group(*row) for row in session.execute(union_all(*map(_counted, sources, count())))]
    names = _names(session, clinic_id, sources, groups)
    found = [
        Happened(sources[each.source].name, each.kind, each.actor, each.times, each.at, names.get(number, ()))
        for number, each in enumerate(groups)
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


@dataclass(frozen=True, slots=True)
class _Source:
    """A table of what happened: which rows, of which kinds. `by`: apart for each actor."""

    name: str
    table: Any
    kind: Any
    rows: ColumnElement[bool]
    by: bool = True

    @property
    def keys(self) -> tuple[Any, Any]:
        """What a group has in common: its kind as it is written, and who did it."""
        actor = self.table.actor if self.by else null()
        return type_coerce(self.kind, String), type_coerce(actor, String)


class _Group(NamedTuple):
    source: int
    kind: str
    actor: str | None
    times: int
    at: datetime


def _sources(clinic_id: str, since: datetime, me: str | None) -> Sequence[_Source]:
    def rows(table: Any, *wanted: ColumnElement[bool]) -> ColumnElement[bool]:
        return and_(table.clinic_id == clinic_id, table.at >= since, *wanted)

    def others(table: Any) -> ColumnElement[bool]:
        return or_(table.actor_id.is_(None), table.actor_id != (me or ""))

    event, contact, move = AlertEvent, ContactLog, AuthorizationMove
    return (
        _Source(ALERT, event, event.kind, rows(event, _itself()), by=False),
        _Source(ALERT, event, event.kind, rows(event, event.kind.not_in(BY_ITSELF), others(event))),
        _Source(CONTACT, contact, contact.channel, rows(contact, others(contact))),
        _Source(MOVE, move, move.move, rows(move, others(move))),
    )


def _counted(source: _Source, number: int) -> Select[*tuple[Any, ...]]:
    """How many of each kind, and when the last was."""
    keys = source.keys if source.by else source.keys[:1]
    return (
        select(literal(number), *source.keys, func.count(), func.max(source.table.at))
        .where(source.rows)
        .group_by(*keys)
    )


def _names(
    session: Db, clinic_id: str, sources: Sequence[_Source], groups: Sequence[_Group]
) -> dict[int, list[Who]]:
    """Whom the last few of each group are about, by its number.

    A group is read from its newest row on and no further than it is shown.
    """
    if not groups:
        return {}
    parts = [select(_last_of(sources[each.source], each, number)) for number, each in enumerate(groups)]
    recent = union_all(*parts).subquery()
    query = (
        select(recent.c.number, *who_columns())
        .join(Patient, and_(Patient.clinic_id == clinic_id, Patient.id == recent.c.patient_id))
        .order_by(recent.c.number, recent.c.at.desc(), recent.c.id.desc())
    )
    found: dict[int, dict[str, Who]] = {}
    for row in session.execute(query):
        who = Who(*row[1:])
        found.setdefault(row[0], {}).setdefault(who.id, who)
    return {number: list(people.values()) for number, people in found.items()}


def _last_of(source: _Source, group: _Group, number: int) -> Subquery:
    table = source.table
    kind, actor = source.keys
    same = (kind == group.kind, actor == group.actor) if source.by else (kind == group.kind,)
    return (
        select(literal(number).label("number"), table.patient_id, table.at, table.id)
        .where(source.rows, *same)
        .order_by(table.at.desc(), table.id.desc())
        .limit(NAMED)
        .subquery()
    )
