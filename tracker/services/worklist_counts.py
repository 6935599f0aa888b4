"""How many alerts stand behind each choice of each filter, that filter itself left out.

A few reads of one index each, whatever is asked; what two filters share is added up here. What is found by
words is counted row by row up to a limit: beyond it, only how many match is said, and that they are more.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import and_, func, literal, select, union_all

from tracker.models.alert import Alert
from tracker.models.base import Db
from tracker.models.payer import Payer, Plan
from tracker.models.tag import PatientTag
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
FOUND_AT_MOST = 2_000  # by words
CAUSE = Alert.severity_rank, Alert.code
PLACE = Alert.plan_id, Alert.drug
OWNERS = Alert.owner_id, Alert.patient_owner_id


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
class Read:
    """Counts by severity and code, plan and drug, owners, day: each with its own filters left out."""

    causes: Rows
    places: Rows
    owners: Rows
    days: Rows
    unfiltered: dict[str, Rows] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counts:
    """By the value of each filter; `due` by its word, `status` capped at COUNTED_AT_MOST + 1.

    `told`: False where more is found by words than is counted; only `matching` and `status` are right then,
    and `matching` is FOUND_AT_MOST + 1 if it is more. `read`: what was read of the whole status.
    """

    matching: int
    severity: Mapping[Severity, int]
    cause: Mapping[str, int]
    payer: Mapping[str, int]
    drug: Mapping[str, int]
    owner: Mapping[str, int]
    due: Mapping[Due, int]
    status: Mapping[Status, int]
    told: bool = True
    read: Mapping[str, Rows] = field(default_factory=dict)
    tag: Mapping[str, int] = field(default_factory=dict)

    @property
    def matching_in_words(self) -> str:
        if not self.told and self.matching > FOUND_AT_MOST:
            return f"over {FOUND_AT_MOST:,}"
        return f"{self.matching:,}"


def plans_of(session: Db, clinic_id: str) -> Plans:
    query = select(Plan.id, Payer.id, Payer.name).join(Plan.payer).where(Plan.clinic_id == clinic_id)
    return Plans({plan_id: (payer_id, name) for plan_id, payer_id, name in session.execute(query)})


def counts(session: Db, asker: Asker, filters: Filters, plans: Plans) -> Counts:
    """Six queries at most, however many alerts there are."""
    asked = conditions(asker, filters, plans.of_payer(filters.payer))
    status = _statuses(session, asker, filters, plans)
    tagged = _tags(session, asker, filters, plans)
    if not filters.text:
        found = _counted(_by_columns(session, asked), asker, filters, plans)
        return replace(found, status=status | {filters.status: found.matching}, tag=tagged)
    rows = _found(session, asked.always)
    if len(rows) <= FOUND_AT_MOST:
        found = _counted(_by_hand(rows, asker, filters, plans), asker, filters, plans)
        return replace(found, status=status | {filters.status: found.matching}, tag=tagged)
    some = select(literal(1)).where(*asked.all()).limit(FOUND_AT_MOST + 1).subquery()
    matching = session.execute(select(func.count()).select_from(some)).scalar_one()
    nothing: dict[Any, int] = {}
    return Counts(
        matching, *(nothing,) * 5, dict.fromkeys(Due, 0), status | {filters.status: matching}, told=False
    )


def _counted(read: Read, asker: Asker, filters: Filters, plans: Plans) -> Counts:
    """What two filters share, added up. The statuses are left to the caller."""
    ranks = {rank(each) for each in filters.severities} or set(range(len(SEVERITIES)))
    codes = set(filters.codes)
    payers = [(_payer(plans, plan_id), drug or NONE, n) for plan_id, drug, n in read.places]
    return Counts(
        matching=sum(n for level, code, n in read.causes if level in ranks and (not codes or code in codes)),
        severity=_tally((SEVERITIES[r], n) for r, code, n in read.causes if not codes or code in codes),
        cause=_with_groups(_tally((code, n) for level, code, n in read.causes if level in ranks)),
        payer=_tally((payer, n) for payer, drug, n in payers if filters.drug in ("", drug)),
        drug=_tally((drug, n) for payer, drug, n in payers if filters.payer in ("", payer)),
        owner=_by_owner(read.owners, asker),
        due=_bands(read.days, asker.today),
        status={},
        read=read.unfiltered,
    )


def view_counts(
    session: Db, asker: Asker, views: Mapping[str, Filters], page: tuple[Filters, Counts]
) -> dict[str, int]:
    """How many open alerts stand in each of these views; each asks for owner, cause or severity alone.

    `page` is what was counted for the page already: what it read of everything is not read again.
    """
    filters, found = page
    read = found.read if filters.status is Status.OPEN else {}
    asked = conditions(asker, Filters(), ())
    causes = read["causes"] if "causes" in read else _grouped(session, asked, columns=CAUSE)
    owners = read["owners"] if "owners" in read else _grouped(session, asked, columns=OWNERS)
    every = replace(
        found,
        matching=sum(n for _, _, n in causes),
        severity=_tally((SEVERITIES[level], n) for level, _, n in causes),
        cause=_with_groups(_tally((code, n) for _, code, n in causes)),
        owner=_by_owner(owners, asker),
    )
    return {name: _in_view(each, every) for name, each in views.items()}


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
    return {band: sum(n for day, n in days if band.holds(day, today)) for band in Due}


def _by_columns(session: Db, asked: Conditions) -> Read:
    read = Read(
        causes=_grouped(session, asked, "severity", "cause", columns=CAUSE),
        places=_grouped(session, asked, "payer", "drug", columns=PLACE),
        owners=_grouped(session, asked, "owner", columns=OWNERS),
        days=_grouped(session, asked, "due", columns=(Alert.due_on,)),
    )
    if not asked.names("severity", "cause"):
        read.unfiltered["causes"] = read.causes
    if not asked.names("owner"):
        read.unfiltered["owners"] = read.owners
    return read


def _grouped(session: Db, asked: Conditions, *left_out: str, columns: Sequence[Any]) -> Rows:
    """Counts by these columns.

    The index that begins with the columns gives them in order. Where a filter has several branches, an
    index that begins with the filter's columns gives a short part of the list for each.
    """
    branches = asked.branches(*left_out)
    if len(branches) == 1:
        query = select(*columns, func.count()).where(*branches[0]).group_by(*columns)
    else:
        some = union_all(*(select(*columns).where(*branch) for branch in branches)).subquery()
        query = select(*some.c, func.count()).group_by(*some.c)
    return [tuple(row) for row in session.execute(query)]


def _found(session: Db, always: Sequence[Any]) -> Rows:
    """What is found by words, a row each: one look through the words, whatever else is asked."""
    query = select(*CAUSE, *PLACE, *OWNERS, Alert.due_on).where(*always).limit(FOUND_AT_MOST + 1)
    return [tuple(row) for row in session.execute(query)]


def _by_hand(rows: Rows, asker: Asker, filters: Filters, plans: Plans) -> Read:
    passed = [(row, _failed(row, asker, filters, plans)) for row in rows]

    def tally(first: int, last: int, *left_out: str) -> Rows:
        keys = Counter(row[first:last] for row, failed in passed if failed <= {*left_out})
        return [(*key, n) for key, n in keys.items()]

    return Read(
        causes=tally(0, 2, "severity", "cause"),
        places=tally(2, 4, "payer", "drug"),
        owners=tally(4, 6, "owner"),
        days=tally(6, 7, "due"),
    )


def _failed(row: tuple[Any, ...], asker: Asker, filters: Filters, plans: Plans) -> set[str]:
    """The filters that a row does not pass, the same as `conditions` say in SQL."""
    level, code, plan_id, drug, own, patients, due_on = row
    passed = {
        "owner": not filters.owner or (own or patients or NONE) == _asked_owner(asker, filters),
        "payer": filters.payer in ("", _payer(plans, plan_id)),
        "drug": filters.drug in ("", drug or NONE),
        "cause": not filters.cause or code in filters.codes,
        "severity": not filters.severities or SEVERITIES[level] in filters.severities,
        "due": filters.due is None or filters.due.holds(due_on, asker.today),
    }
    return {name for name, yes in passed.items() if not yes}


def _asked_owner(asker: Asker, filters: Filters) -> str:
    return asker.user_id if filters.owner == ME else filters.owner


def _tags(session: Db, asker: Asker, filters: Filters, plans: Plans) -> dict[str, int]:
    """How many alerts stand behind each tag that is borne: an alert counts for every tag of its patient."""
    asked = conditions(asker, replace(filters, tag=""), plans.of_payer(filters.payer))
    query = (
        select(PatientTag.tag_id, func.count())
        .join(Alert, and_(Alert.clinic_id == PatientTag.clinic_id, Alert.patient_id == PatientTag.patient_id))
        .where(PatientTag.clinic_id == asker.clinic_id, *asked.all())
        .group_by(PatientTag.tag_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


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
