"""How many alerts stand behind each choice of each filter, that filter itself left out.

A few reads of one index each, whatever is asked; what two filters share is added up here.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import func, literal, select

from tracker.models.alert import Alert
from tracker.models.base import Db
from tracker.models.payer import Payer, Plan
from tracker.rules.words import Severity
from tracker.services.worklist_filters import (
    FAR,
    GROUPS,
    ME,
    NONE,
    Asker,
    Conditions,
    Due,
    Filters,
    Sort,
    Status,
    conditions,
    rank,
)

Rows = Sequence[tuple[Any, ...]]

COUNTED_AT_MOST = 10_000
SEVERITIES = tuple(Severity)
CAUSE = Alert.severity_rank, Alert.code
PLACE = Alert.plan_id, Alert.drug
OWNERS = Alert.owner_id, Alert.patient_owner_id
EMPTY: Mapping[str, Any] = {"severity_rank": 0, "due_on": FAR}  # else an empty text


@dataclass(frozen=True, slots=True)
class Plans:
    """The plans of a clinic by id: (payer's id, payer's name)."""

    payers: Mapping[str, tuple[str, str]]

    def of_payer(self, payer_id: str) -> list[str]:
        return [plan_id for plan_id, (owner_id, _) in self.payers.items() if owner_id == payer_id]

    @property
    def names(self) -> dict[str, str]:
        """The payers' names by id."""
        return dict(self.payers.values())


@dataclass(frozen=True, slots=True)
class Counts:
    """By the value of each filter; `due` by its word, `status` capped at COUNTED_AT_MOST + 1."""

    matching: int
    severity: Mapping[Severity, int]
    cause: Mapping[str, int]
    payer: Mapping[str, int]
    drug: Mapping[str, int]
    owner: Mapping[str, int]
    due: Mapping[Due, int]
    status: Mapping[Status, int]


def plans_of(session: Db, clinic_id: str) -> Plans:
    query = select(Plan.id, Payer.id, Payer.name).join(Plan.payer).where(Plan.clinic_id == clinic_id)
    return Plans({plan_id: (payer_id, name) for plan_id, payer_id, name in session.execute(query)})


def counts(session: Db, asker: Asker, filters: Filters, plans: Plans) -> Counts:
    """Five queries at most, however many alerts there are."""
    asked = conditions(asker, filters, plans.of_payer(filters.payer))
    causes, places, owners, days = _by_words(session, asked) or _by_columns(session, asked)
    ranks = {rank(each) for each in filters.severities} or set(range(len(SEVERITIES)))
    codes = set(filters.codes)
    payers = [(_payer(plans, plan_id), drug or NONE, n) for plan_id, drug, n in places]
    matching = sum(n for level, code, n in causes if level in ranks and (not codes or code in codes))
    return Counts(
        matching=matching,
        severity=_tally((SEVERITIES[r], n) for r, code, n in causes if not codes or code in codes),
        cause=_with_groups(_tally((code, n) for level, code, n in causes if level in ranks)),
        payer=_tally((payer, n) for payer, drug, n in payers if filters.drug in ("", drug)),
        drug=_tally((drug, n) for payer, drug, n in payers if filters.payer in ("", payer)),
        owner=_by_owner(owners, asker),
        due=_bands(days, asker.today),
        status=_statuses(session, asker, filters, plans) | {filters.status: matching},
    )


def view_counts(
    session: Db, asker: Asker, views: Mapping[str, Filters], page: tuple[Filters, Counts]
) -> dict[str, int]:
    """How many open alerts stand in each of these views; each asks for owner, cause or severity alone.

    `page` is what was counted for the page already: when it narrows nothing, it tells these, too.
    """
    filters, found = page
    if replace(filters, sort=Sort.HARM) != Filters():
        asked = conditions(asker, Filters(), ())
        causes = _grouped(session, asked, columns=CAUSE)
        owners = _grouped(session, asked, columns=OWNERS)
        found = replace(
            found,
            matching=sum(n for _, _, n in causes),
            severity=_tally((SEVERITIES[level], n) for level, _, n in causes),
            cause=_with_groups(_tally((code, n) for _, code, n in causes)),
            owner=_by_owner(owners, asker),
        )
    return {name: _in_view(each, found) for name, each in views.items()}


def _in_view(view: Filters, found: Counts) -> int:
    if view.owner:
        return found.owner.get(view.owner, 0)
    if view.cause:
        return found.cause.get(view.cause, 0)
    return sum(found.severity.get(each, 0) for each in view.severities) if view.severities else found.matching


def _by_owner(rows: Rows, asker: Asker) -> dict[str, int]:
    found = _tally((own or patients or NONE, n) for own, patients, n in rows)
    return found | {ME: found.get(asker.user_id, 0)}


def _bands(days: Rows, today: date) -> dict[Due, int]:
    """A day belongs to several bands."""
    dated = [(None if day == FAR else day, n) for day, n in days]
    return {band: sum(n for day, n in dated if band.holds(day, today)) for band in Due}


def _by_columns(session: Db, asked: Conditions) -> tuple[Rows, Rows, Rows, Rows]:
    """By severity and code, by plan and drug, by owners, by day: each with its own filters left out."""
    return (
        _grouped(session, asked, "severity", "cause", columns=CAUSE),
        _grouped(session, asked, "payer", "drug", columns=PLACE),
        _grouped(session, asked, "owner", columns=OWNERS),
        _grouped(session, asked, "due", columns=(Alert.due_on,)),
    )


def _by_words(session: Db, asked: Conditions) -> tuple[Rows, Rows, Rows, Rows] | None:
    """The same with words as the only filter: one look through the words, not four. Else None."""
    if not asked.searches or asked.by_name:
        return None
    query = select(*CAUSE, *PLACE, *OWNERS, Alert.due_on).where(*asked.always)
    columns = list(zip(*session.execute(query), strict=True)) or [()] * 7
    parts = columns[:2], columns[2:4], columns[4:6], columns[6:]
    causes, places, owners, days = (
        [(*key, n) for key, n in Counter(zip(*part, strict=True)).items()] for part in parts
    )
    return causes, places, owners, days


def _grouped(session: Db, asked: Conditions, *left_out: str, columns: Sequence[Any]) -> Rows:
    """Counts by these columns.

    Without words the index that begins with the columns gives them in order. Words stand in one index only:
    COALESCE keeps SQLite from going through another, with a look at every alert for its words.
    """
    by = [func.coalesce(column, EMPTY.get(column.key, "")) for column in columns]
    by = by if asked.searches else list(columns)
    query = select(*by, func.count()).where(*asked.all_but(*left_out)).group_by(*by)
    return [tuple(row) for row in session.execute(query)]


def _statuses(session: Db, asker: Asker, filters: Filters, plans: Plans) -> dict[Status, int]:
    """The other statuses, each counted no further than a page needs to say "more than"."""
    others = [status for status in Status if status is not filters.status]
    plan_ids = plans.of_payer(filters.payer)
    columns = []
    for status in others:
        asked = conditions(asker, replace(filters, status=status), plan_ids).all()
        some = select(literal(1)).select_from(Alert).where(*asked).limit(COUNTED_AT_MOST + 1).subquery()
        columns.append(select(func.count()).select_from(some).scalar_subquery())
    return dict(zip(others, session.execute(select(*columns)).one(), strict=True))


def _payer(plans: Plans, plan_id: str | None) -> str:
    return plans.payers[plan_id][0] if plan_id and plan_id in plans.payers else NONE


def _with_groups(by_code: Mapping[str, int]) -> dict[str, int]:
    groups = {key: sum(by_code.get(str(code), 0) for code in codes) for key, (_, codes) in GROUPS.items()}
    return dict(by_code) | groups


def _tally(pairs: Iterable[tuple[Any, int]]) -> dict[Any, int]:
    tally: dict[Any, int] = {}
    for word, count in pairs:
        tally[word] = tally.get(word, 0) + count
    return tally
