"""How many alerts stand behind each choice of each filter, that filter itself left out.

Three grouped reads of an index each, whatever is asked; what two filters share is added up here.
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
    GROUPS,
    ME,
    NONE,
    Asker,
    Conditions,
    Due,
    Filters,
    Status,
    conditions,
    rank,
)

Rows = Sequence[tuple[Any, ...]]

COUNTED_AT_MOST = 10_000
SEVERITIES = tuple(Severity)


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
    """Four queries, however many alerts there are."""
    asked = conditions(asker, filters, plans.of_payer(filters.payer))
    causes = _grouped(session, asked, "severity", "cause", columns=(Alert.severity_rank, Alert.code))
    places = _grouped(session, asked, "payer", "drug", columns=(Alert.plan_id, Alert.drug))
    owners = _grouped(
        session, asked, "owner", "due", columns=(Alert.owner_id, Alert.patient_owner_id, Alert.due_on)
    )
    ranks = {rank(each) for each in filters.severities} or set(range(len(SEVERITIES)))
    codes = set(filters.codes)
    plan_ids = set(plans.of_payer(filters.payer))
    return Counts(
        matching=sum(n for level, code, n in causes if level in ranks and (not codes or code in codes)),
        severity=_tally((SEVERITIES[r], n) for r, code, n in causes if not codes or code in codes),
        cause=_with_groups(_tally((code, n) for level, code, n in causes if level in ranks)),
        payer=_tally(
            (plans.payers.get(plan_id, (NONE, ""))[0] if plan_id else NONE, n)
            for plan_id, drug, n in places
            if _is(filters.drug, drug)
        ),
        drug=_tally(
            (drug or NONE, n)
            for plan_id, drug, n in places
            if not filters.payer or (plan_id in plan_ids if filters.payer != NONE else plan_id is None)
        ),
        owner=_owners(owners, asker, filters),
        due=_bands(owners, asker, filters),
        status=_statuses(session, asker, filters, plans),
    )


def view_counts(session: Db, asker: Asker, views: Mapping[str, Filters]) -> dict[str, int]:
    """How many open alerts stand in each of these views; they ask for owner, cause and severity only."""
    asked = conditions(asker, Filters(), ())
    causes = _grouped(session, asked, columns=(Alert.severity_rank, Alert.code))
    owners = _grouped(session, asked, columns=(Alert.owner_id, Alert.patient_owner_id))
    by_owner = _tally((own or patients or NONE, n) for own, patients, n in owners)
    by_owner[ME] = by_owner.get(asker.user_id, 0)
    found = {}
    for key, filters in views.items():
        ranks = {rank(each) for each in filters.severities} or set(range(len(SEVERITIES)))
        codes = set(filters.codes)
        found[key] = (
            by_owner.get(filters.owner, 0)
            if filters.owner
            else sum(n for level, code, n in causes if level in ranks and (not codes or code in codes))
        )
    return found


def _grouped(session: Db, asked: Conditions, *left_out: str, columns: Sequence[Any]) -> Rows:
    query = select(*columns, func.count()).where(*asked.all_but(*left_out)).group_by(*columns)
    return [tuple(row) for row in session.execute(query)]


def _statuses(session: Db, asker: Asker, filters: Filters, plans: Plans) -> dict[Status, int]:
    """Each counted no further than a page needs to say "more than"."""
    plan_ids = plans.of_payer(filters.payer)
    columns = []
    for status in Status:
        asked = conditions(asker, replace(filters, status=status), plan_ids).all()
        some = select(literal(1)).select_from(Alert).where(*asked).limit(COUNTED_AT_MOST + 1).subquery()
        columns.append(select(func.count()).select_from(some).scalar_subquery())
    return dict(zip(Status, session.execute(select(*columns)).one(), strict=True))


def _owners(rows: Rows, asker: Asker, filters: Filters) -> dict[str, int]:
    found = _tally(
        (own or patients or NONE, n)
        for own, patients, due_on, n in rows
        if not filters.due or filters.due.holds(due_on, asker.today)
    )
    return found | {ME: found.get(asker.user_id, 0)}


def _bands(rows: Rows, asker: Asker, filters: Filters) -> dict[Due, int]:
    owner = asker.user_id if filters.owner == ME else filters.owner
    days: Counter[date | None] = Counter()
    for own, patients, due_on, n in rows:
        if not owner or (own or patients or NONE) == owner:
            days[due_on] += n
    return {band: sum(n for day, n in days.items() if band.holds(day, asker.today)) for band in Due}


def _is(asked: str, value: str | None) -> bool:
    return not asked or (value or NONE) == asked


def _with_groups(by_code: Mapping[str, int]) -> dict[str, int]:
    groups = {key: sum(by_code.get(str(code), 0) for code in codes) for key, (_, codes) in GROUPS.items()}
    return dict(by_code) | groups


def _tally(pairs: Iterable[tuple[Any, int]]) -> dict[Any, int]:
    tally: dict[Any, int] = {}
    for word, count in pairs:
        tally[word] = tally.get(word, 0) + count
    return tally
