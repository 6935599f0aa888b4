"""What falls on which day: fills, renewals to start, ends of authorizations, deadlines."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from tracker.models.alert import Alert, AlertState
from tracker.models.authorization import Authorization
from tracker.models.base import Db
from tracker.models.patient import Patient, PatientCheck
from tracker.rules.words import AlertCode, AuthorizationStatus
from tracker.services.fill_marks import count_marks, marks_together, read_marks
from tracker.services.kept_answer import FillResult
from tracker.services.patients import WHO, Who, checked, who_columns

UNOWNED = "unowned"
PATIENT_OWNER: ColumnElement[Any] = Patient.owner_id.expression
ALERT_OWNER: ColumnElement[Any] = func.coalesce(Alert.owner_id, Patient.owner_id)
DUE_FACTS = {
    AlertCode.PA_PENDED_INFO_NEEDED: "reply_by",
    AlertCode.APPEAL_DEADLINE: "due_on",
    AlertCode.PA_DECISION_OVERDUE: "due_at",
}
GRANTED = (AuthorizationStatus.APPROVED, AuthorizationStatus.PARTIALLY_APPROVED)


class EntryKind(StrEnum):
    """What an entry is, in the order of a day."""

    REFUSED = "refused"
    DEADLINE = "deadline"
    START = "start"
    ENDS = "ends"
    VERIFY = "verify"
    COVERED = "covered"


OF_FILL = {
    FillResult.REFUSED: EntryKind.REFUSED,
    FillResult.VERIFY: EntryKind.VERIFY,
    FillResult.COVERED: EntryKind.COVERED,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing of one day. `about_id`: the alert of a deadline, or the authorization that ends."""

    on: date
    kind: EntryKind
    who: Who
    about_id: str | None = None
    number: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    on: date
    counts: Mapping[EntryKind, int] = field(default_factory=dict)

    @property
    def fills(self) -> int:
        return sum(self.counts.get(kind, 0) for kind in OF_FILL.values())

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def entries(
    session: Db, *, clinic_id: str, first: date, last: date, owners: Collection[str] | None = None
) -> list[Entry]:
    """Everything from `first` to `last`, both included, in the order of the days. Four queries.

    `owners`: users' ids, `unowned` among them, or None for everyone's patients.
    """
    mine = _owned_by(clinic_id, owners)
    starts, ends = _starts(mine, first, last), _ends(mine, first, last)
    found = [
        *_fills(session, mine, first, last),
        *(Entry(row[WHO], EntryKind.START, Who(*row[:WHO])) for row in map(tuple, session.execute(starts))),
        *(
            Entry(row[WHO], EntryKind.ENDS, Who(*row[:WHO]), row[WHO + 1], number=row[WHO + 2])
            for row in map(tuple, session.execute(ends))
        ),
        *_deadlines(session, _owned_by(clinic_id, owners, ALERT_OWNER), first, last),
    ]
    return sorted(found, key=place_of)


ORDER = {kind: place for place, kind in enumerate(EntryKind)}


def place_of(entry: Entry) -> tuple[Any, ...]:
    """Where an entry stands: its day, how bad it is, whose it is."""
    return entry.on, ORDER[entry.kind], entry.who.name, entry.who.id, entry.about_id or ""


def days(
    session: Db, *, clinic_id: str, first: date, last: date, owners: Collection[str] | None = None
) -> list[Day]:
    """How many entries of each kind every day holds. Four queries, none of which reads a name."""
    mine = _owned_by(clinic_id, owners)
    range_of_days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    marks = (
        select(marks_together(last)).join(Patient, checked()).where(mine, PatientCheck.next_fill_on <= last)
    )
    fills = count_marks(session.execute(marks).scalar(), range_of_days)
    starts = _counts(session, _starts(mine, first, last), PatientCheck.start_renewal_by)
    ends = _counts(session, _ends(mine, first, last), Authorization.ends_on)
    due = Counter(
        each.on for each in _deadlines(session, _owned_by(clinic_id, owners, ALERT_OWNER), first, last)
    )
    found = []
    for on, of_results in zip(range_of_days, fills, strict=True):
        counts = {OF_FILL[result]: n for result, n in of_results.items()}
        counts |= {EntryKind.DEADLINE: due[on], EntryKind.START: starts[on], EntryKind.ENDS: ends[on]}
        found.append(Day(on, {kind: n for kind in EntryKind if (n := counts[kind])}))
    return found


def _owned_by(
    clinic_id: str, owners: Collection[str] | None, owner: ColumnElement[Any] = PATIENT_OWNER
) -> ColumnElement[bool]:
    here = and_(Patient.clinic_id == clinic_id, Patient.active)
    if owners is None:
        return here
    named = owner.in_([each for each in owners if each != UNOWNED])
    return and_(here, or_(named, owner.is_(None)) if UNOWNED in owners else named)


def _counts(session: Db, query: Select[Any], day: Any) -> Counter[date]:
    """How many rows of a query fall on each day."""
    counted = query.with_only_columns(day, func.count()).group_by(day)
    return Counter({row[0]: row[1] for row in session.execute(counted)})


def _starts(mine: ColumnElement[bool], first: date, last: date) -> Select[Any]:
    return (
        select(*who_columns(), PatientCheck.start_renewal_by)
        .join(PatientCheck, checked())
        .where(mine, PatientCheck.start_renewal_by.between(first, last))
    )


def _ends(mine: ColumnElement[bool], first: date, last: date) -> Select[Any]:
    return (
        select(*who_columns(), Authorization.ends_on, Authorization.id, Authorization.number)
        .join(
            Authorization,
            and_(Authorization.clinic_id == Patient.clinic_id, Authorization.patient_id == Patient.id),
        )
        .where(mine, Authorization.status.in_(GRANTED), Authorization.ends_on.between(first, last))
    )


def _fills(session: Db, mine: ColumnElement[bool], first: date, last: date) -> Iterable[Entry]:
    query = (
        select(*who_columns(), PatientCheck.fill_marks)
        .join(PatientCheck, checked())
        .where(mine, PatientCheck.next_fill_on <= last)
    )
    if first == last:
        query = query.where(PatientCheck.fill_marks.contains(f"{first:%Y%m%d}"))
    for row in map(tuple, session.execute(query)):
        for on, result in read_marks(row[WHO], first, last):
            yield Entry(on, OF_FILL[result], Who(*row[:WHO]))


def _deadlines(session: Db, mine: ColumnElement[bool], first: date, last: date) -> Iterable[Entry]:
    """Replies, appeals and decisions that are due, from their open alerts."""
    query = (
        select(*who_columns(), Alert.id, Alert.code, Alert.facts)
        .join(Alert, and_(Alert.clinic_id == Patient.clinic_id, Alert.patient_id == Patient.id))
        .where(
            mine,
            Alert.state == AlertState.OPEN,
            Alert.code.in_([code.value for code in DUE_FACTS]),
            Alert.due_on.between(first, last),
        )
    )
    for row in map(tuple, session.execute(query)):
        alert_id, code, facts = row[WHO:]
        on = _due(AlertCode(code), facts)
        if on is not None and first <= on <= last:
            yield Entry(on, EntryKind.DEADLINE, Who(*row[:WHO]), alert_id, text=AlertCode(code).label)


def _due(code: AlertCode, facts: Mapping[str, Any]) -> date | None:
    written = facts.get(DUE_FACTS[code])
    return date.fromisoformat(written[:10]) if written else None


def in_words(counts: Mapping[EntryKind, int]) -> Sequence[str]:
    """`12 fills, 2 refused`, `3 renewals to start`: a day without anyone's name."""
    fills = sum(counts.get(kind, 0) for kind in OF_FILL.values())
    words = []
    if fills:
        parts = [_many(fills, "fill")]
        parts += [
            f"{n:,} {kind.value}" for kind in (EntryKind.REFUSED, EntryKind.VERIFY) if (n := counts.get(kind))
        ]
        words.append(", ".join(parts))
    if n := counts.get(EntryKind.DEADLINE):
        words.append(_many(n, "deadline"))
    if n := counts.get(EntryKind.START):
        words.append(f"{_many(n, 'renewal')} to start")
    if n := counts.get(EntryKind.ENDS):
        words.append(f"{_many(n, 'PA')} {'ends' if n == 1 else 'end'}")
    return words


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
