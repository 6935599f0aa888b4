"""Alerts in the worklist's order, from anywhere in it, read from the indexes in a few short runs.

An order begins with a day that may be missing or passed over, which no index keeps in order as a whole. Each
run is a part of the list that one index does keep; as many rows as asked for are read of each and merged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, literal, or_, select, tuple_, union_all

from tracker.models.alert import Alert
from tracker.models.base import Db
from tracker.rules.words import Severity
from tracker.services.worklist_filters import Sort, order, rank


@dataclass(frozen=True, slots=True)
class Run:
    """A part of the list; `lead` is the column that its index keeps in order, None: the order's own."""

    where: ColumnElement[bool] | None = None
    lead: Any = None


@dataclass(frozen=True, slots=True)
class Walk:
    """From which place (the order's columns of an alert; None: an end of the list), and which way."""

    mark: tuple[Any, ...] | None = None
    back: bool = False


def runs(sort: Sort, today: date) -> list[Run]:
    """Parts that hold every alert once."""
    if sort is Sort.HARM:
        gone = and_(Alert.harm_on < today, Alert.severity_rank >= rank(Severity.WARNING))
        ahead = or_(Alert.harm_on >= today, Alert.severity_rank < rank(Severity.WARNING))
        return [
            Run(and_(Alert.harm_on.is_not(None), ahead), Alert.harm_on),
            Run(gone),
            Run(Alert.harm_on.is_(None)),
        ]
    if sort is Sort.DUE:
        return [Run(Alert.due_on.is_not(None), Alert.due_on), Run(Alert.due_on.is_(None))]
    return [Run()]


def ordered_ids(
    session: Db,
    asked: Sequence[ColumnElement[bool]],
    *,
    sort: Sort,
    today: date,
    walk: Walk,
    limit: int,
    whole: bool,
) -> list[str]:
    """The ids of what is asked for, in the order or, on the way back, from its end.

    `whole`: in one run, for words stand in one index only.
    """
    columns = order(sort, today)
    parts = [
        _part(columns, run, [*asked, *_beyond(columns, run, walk)], walk.back, limit)
        for run in ([Run()] if whole else runs(sort, today))
    ]
    query: Select[Any] | CompoundSelect[Any] = parts[0] if len(parts) == 1 else union_all(*parts)
    rows = [tuple(row) for row in session.execute(query)]
    return [row[-1] for row in sorted(rows, reverse=walk.back)[:limit]]


def _part(
    columns: Sequence[ColumnElement[Any]],
    run: Run,
    asked: Sequence[ColumnElement[bool]],
    back: bool,
    limit: int,
) -> Select[Any]:
    found = asked if run.where is None else [*asked, run.where]
    by = [columns[0] if run.lead is None else run.lead, *columns[1:]]
    named = [column.label(f"at_{n}") for n, column in enumerate(columns)]
    query = select(*named).where(*found).order_by(*(each.desc() if back else each for each in by))
    return select(query.limit(limit).subquery())


def _beyond(columns: Sequence[ColumnElement[Any]], run: Run, walk: Walk) -> list[ColumnElement[bool]]:
    """What lies beyond the mark. The leading column is named once more: an index begins there."""
    if walk.mark is None:
        return []
    here = tuple_(*columns)
    there = tuple_(*(literal(value, column.type) for value, column in zip(walk.mark, columns, strict=True)))
    beyond = here < there if walk.back else here > there
    if run.lead is None:
        return [beyond]
    first = walk.mark[0]
    return [beyond, run.lead <= first if walk.back else run.lead >= first]
