"""One page of the worklist: its rows in order, with what stands behind every filter.

A page begins after an alert, not after a number of rows: far pages cost no more than the first, and no row is
shown twice because another one closed. Only an alert's id goes into the address.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import and_, select

from tracker.models.alert import Alert, AlertState
from tracker.models.authorization import Authorization
from tracker.models.base import Db
from tracker.models.payer import Payer, Plan
from tracker.models.user import User
from tracker.rules.words import AboutKind
from tracker.services import tags
from tracker.services.worklist import AlertLine, lines_of
from tracker.services.worklist_counts import Counts, Plans, counts, plans_of
from tracker.services.worklist_filters import Asker, Filters, conditions, order
from tracker.services.worklist_order import Walk, ordered_ids

PAGE = 50
CHUNK = 500


@dataclass(frozen=True, slots=True)
class WorkRow:
    """An alert with whom to call about it, what was done with it, and the tags of its patient.

    `number`: of the authorization it is about. `returned`: it was snoozed, and is back.
    """

    line: AlertLine
    tags: Sequence[str]
    payer: str | None
    plan: str | None
    phone: str | None
    number: str | None
    state: AlertState
    snoozed_until: date | None
    snoozed_by: str | None
    snooze_reason: str | None
    returned: bool
    settled_by: str | None
    settled_reason: str | None
    acknowledged_by: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: right after an alert, or right before one; from the first, if neither is given."""

    after: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class WorkPage:
    """`first` and `last` are ids to go on from; empty at the ends. `people` and `tags`: names by id."""

    rows: Sequence[WorkRow]
    counts: Counts
    plans: Plans
    first: str
    last: str
    people: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


def work_page(session: Db, asker: Asker, filters: Filters, place: Place) -> WorkPage:
    """Thirteen queries, or fourteen beyond the first page, however many alerts there are."""
    plans = plans_of(session, asker.clinic_id)
    ids, first, last = _page_ids(session, asker, filters, plans, place)
    return WorkPage(
        rows=rows_of(session, asker.clinic_id, ids),
        counts=counts(session, asker, filters, plans),
        plans=plans,
        first=first,
        last=last,
        people=people(session, asker.clinic_id),
        tags=tags.in_use(session, asker.clinic_id),
    )


def rows_of(session: Db, clinic_id: str, ids: Sequence[str]) -> list[WorkRow]:
    """These alerts as rows, in this order."""
    about = _about(session, clinic_id, ids)
    lines = lines_of(session, clinic_id, ids)
    borne = tags.of_patients(session, clinic_id, {line.who.id for line in lines})
    return [WorkRow(line, borne.get(line.who.id, ()), *about[line.id]) for line in lines]


def people(session: Db, clinic_id: str) -> dict[str, str]:
    """Names of the clinic's accounts by id, those that are off too: they may own alerts."""
    query = select(User.id, User.name).where(User.clinic_id == clinic_id).order_by(User.name, User.id)
    return {row[0]: row[1] for row in session.execute(query)}


def matching_ids(session: Db, asker: Asker, filters: Filters, *, at_most: int) -> list[str]:
    """The ids of everything that matches, in the list's order."""
    return _ids(session, asker, filters, plans_of(session, asker.clinic_id), Walk(), at_most)


def matching_rows(session: Db, asker: Asker, filters: Filters, *, at_most: int) -> Iterator[WorkRow]:
    """Everything that matches, a chunk at a time, so that a long export holds little in memory."""
    ids = matching_ids(session, asker, filters, at_most=at_most)
    for start in range(0, len(ids), CHUNK):
        yield from rows_of(session, asker.clinic_id, ids[start : start + CHUNK])


def _page_ids(
    session: Db, asker: Asker, filters: Filters, plans: Plans, place: Place
) -> tuple[list[str], str, str]:
    """The ids of a page, and the ids to go back and on from (empty: there is nothing there)."""
    mark = _mark(session, asker, filters, place.before or place.after)
    if place.before and mark:
        ids = _ids(session, asker, filters, plans, Walk(mark, back=True), PAGE + 1)
        more, ids = len(ids) > PAGE, ids[:PAGE][::-1]
        return ids, ids[0] if more else "", ids[-1] if ids else ""
    ids = _ids(session, asker, filters, plans, Walk(mark), PAGE + 1)
    more, ids = len(ids) > PAGE, ids[:PAGE]
    return ids, ids[0] if mark and ids else "", ids[-1] if more else ""


def _ids(session: Db, asker: Asker, filters: Filters, plans: Plans, walk: Walk, limit: int) -> list[str]:
    return ordered_ids(
        session,
        conditions(asker, filters, plans.of_payer(filters.payer)).all(),
        sort=filters.sort,
        today=asker.today,
        walk=walk,
        limit=limit,
        whole=bool(filters.text),
    )


def _mark(session: Db, asker: Asker, filters: Filters, alert_id: str) -> tuple[Any, ...] | None:
    """Where an alert stands in the order; None if it is not this clinic's: the page begins at the first."""
    if not alert_id:
        return None
    query = select(*order(filters.sort, asker.today)).where(
        Alert.clinic_id == asker.clinic_id, Alert.id == alert_id
    )
    row = session.execute(query).one_or_none()
    return tuple(row) if row else None


def _about(session: Db, clinic_id: str, ids: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """The columns of a row beside its line, by the alert's id."""
    query = (
        select(
            Alert.id,
            Payer.name,
            Plan.name,
            Payer.phone,
            Authorization.number,
            Alert.state,
            Alert.snoozed_until,
            Alert.snoozed_by,
            Alert.snooze_reason,
            Alert.returned_at.is_not(None),
            Alert.settled_by,
            Alert.settled_reason,
            Alert.acknowledged_by,
        )
        .outerjoin(Plan, and_(Plan.clinic_id == clinic_id, Plan.id == Alert.plan_id))
        .outerjoin(Payer, and_(Payer.clinic_id == clinic_id, Payer.id == Plan.payer_id))
        .outerjoin(
            Authorization,
            and_(
                Authorization.clinic_id == clinic_id,
                Authorization.id == Alert.about_id,
                Alert.about_kind == AboutKind.AUTHORIZATION,
            ),
        )
        .where(Alert.clinic_id == clinic_id, Alert.id.in_(ids))
    )
    return {alert_id: tuple(more) for alert_id, *more in session.execute(query)}
