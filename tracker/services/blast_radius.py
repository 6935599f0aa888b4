"""What a change of a plan, a rule or the clinic's lead times would do, before it is saved.

The change is written inside a savepoint, every patient it touches is decided before and after by the one
decision function, and the savepoint is taken back.
"""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import ColumnElement, or_, select

from tracker.models.authorization import Authorization
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.ids import in_no_order
from tracker.models.patient import Coverage, Patient
from tracker.models.user import User
from tracker.rules.answer import Answer
from tracker.rules.check import check
from tracker.rules.words import AlertCode, Severity
from tracker.services.foretelling import UNOWNED, names_in_charge, storms
from tracker.services.loading import load_cases
from tracker.services.patients import WHO, Who, who_columns

LOOKED_AT_LEAST = 400
LOOK_SECONDS = 3.0  # and as many more as can be decided in this time, which is needed twice
BATCH = 200


@dataclass(frozen=True, slots=True)
class Impact:
    """One patient whom the change touches. Alerts are codes; fills are counts of the next 12 months."""

    who: Who
    owner: str | None
    owner_id: str | None
    denial_before: date | None
    denial_after: date | None
    newly_refused: int
    newly_covered: int
    opened: Sequence[str]
    closed: Sequence[str]

    @property
    def sooner(self) -> bool:
        """Is a fill refused earlier than now?"""
        return (self.denial_after or date.max) < (self.denial_before or date.max)

    @property
    def worse(self) -> bool:
        """Does harm come sooner, or is more refused?"""
        return self.newly_refused > 0 or bool(self.opened)


@dataclass(frozen=True, slots=True)
class Blast:
    """`members`: patients who may be touched; `looked_at` of them were decided before and after."""

    members: int
    looked_at: int
    impacts: Sequence[Impact] = ()
    mailed: Mapping[str, int] = field(default_factory=dict)

    @property
    def partial(self) -> bool:
        return self.looked_at < self.members

    @property
    def newly_refused(self) -> int:
        return sum(each.newly_refused for each in self.impacts)

    @property
    def newly_covered(self) -> int:
        return sum(each.newly_covered for each in self.impacts)

    @property
    def opened(self) -> int:
        return sum(len(each.opened) for each in self.impacts)

    @property
    def closed(self) -> int:
        return sum(len(each.closed) for each in self.impacts)

    @property
    def storms(self) -> Mapping[str, int]:
        """People for whom more alerts would open than anyone can act on one by one; about, if partial."""
        return storms(self.mailed, looked_at=self.looked_at, of=self.members)


def blast_radius(
    session: Db, clinic: Clinic, *, plan_ids: Sequence[str] | None, today: date, apply: Callable[[], object]
) -> Blast:
    """What `apply` would change for the patients of these plans, or of the clinic. Nothing of it is kept.

    Raises whatever `apply` raises.
    """
    members = _members(session, clinic.id, plan_ids)
    before = _decided(session, clinic, members, today, until=time.monotonic() + LOOK_SECONDS)
    ids = list(before)
    savepoint = session.begin_nested()
    try:
        apply()
        after = _decided(session, clinic, ids, today)
    finally:
        savepoint.rollback()
        session.expire_all()
    people = _people(session, clinic.id, ids)
    impacts = [_impact(people[i], before[i], after[i]) for i in ids if i in before and i in after]
    touched = sorted((each for each in impacts if each is not None), key=_worst_first)
    names = names_in_charge(session, clinic.id, today)
    mailed = Counter(names.get(each.owner_id, UNOWNED) for each in touched for _ in each.opened)
    return Blast(len(members), len(before), touched, mailed)


def _members(session: Db, clinic_id: str, plan_ids: Sequence[str] | None) -> list[str]:
    """Patients in care with a coverage or an authorization of these plans (None: all), in no special order.

    Always the same one: the page that asks and the page that saves look at the same patients first.
    """
    query = select(Patient.id).where(Patient.clinic_id == clinic_id, Patient.active)
    if plan_ids is not None:
        query = query.where(_of_plans(clinic_id, plan_ids))
    return sorted(session.execute(query).scalars(), key=in_no_order)


def _of_plans(clinic_id: str, plan_ids: Sequence[str]) -> ColumnElement[bool]:
    of_plans = [
        select(table.patient_id).where(table.clinic_id == clinic_id, table.plan_id.in_(plan_ids))
        for table in (Coverage, Authorization)
    ]
    return or_(*(Patient.id.in_(each) for each in of_plans))


def _decided(
    session: Db, clinic: Clinic, ids: Sequence[str], today: date, *, until: float = math.inf
) -> dict[str, Answer]:
    """Answers by patient. After `until`, a monotonic instant, no more than the least are decided."""
    found: dict[str, Answer] = {}
    for start in range(0, len(ids), BATCH):
        if start >= LOOKED_AT_LEAST and time.monotonic() > until:
            break
        session.expire_all()
        cases = load_cases(session, clinic, ids[start : start + BATCH], as_of=today)
        found |= {patient_id: check(case, today) for patient_id, case in cases.items()}
    return found


def _people(session: Db, clinic_id: str, ids: Sequence[str]) -> dict[str, tuple[Who, str | None, str | None]]:
    query = (
        select(*who_columns(), User.name, Patient.owner_id)
        .outerjoin(User, (User.clinic_id == Patient.clinic_id) & (User.id == Patient.owner_id))
        .where(Patient.clinic_id == clinic_id, Patient.id.in_(ids))
    )
    rows = [tuple(row) for row in session.execute(query)]
    return {row[0]: (Who(*row[:WHO]), row[WHO], row[WHO + 1]) for row in rows}


def _impact(person: tuple[Who, str | None, str | None], before: Answer, after: Answer) -> Impact | None:
    """None if nothing that a person would see differs."""
    was, now = _fills(before), _fills(after)
    opened = _alerts(after) - _alerts(before)
    closed = _alerts(before) - _alerts(after)
    refused = sum(not ok and was.get(on, True) for on, ok in now.items())
    covered = sum(ok and not was.get(on, True) for on, ok in now.items())
    denials = _denial(before), _denial(after)
    if not (opened or closed or refused or covered or denials[0] != denials[1]):
        return None
    return Impact(*person, *denials, refused, covered, _labels(opened), _labels(closed))


def _fills(answer: Answer) -> dict[date, bool]:
    return {fill.on: fill.ok for fill in answer.fills}


def _alerts(answer: Answer) -> set[tuple[AlertCode, str]]:
    """What would be told; information is left out."""
    return {(each.code, each.key) for each in answer.alerts if each.severity is not Severity.INFO}


def _labels(alerts: Iterable[tuple[AlertCode, str]]) -> list[str]:
    return sorted(code.label for code, _ in alerts)


def _denial(answer: Answer) -> date | None:
    return answer.earliest_denial.on if answer.earliest_denial else None


def _worst_first(each: Impact) -> tuple[bool, date, str]:
    return (not each.worse, each.denial_after or date.max, each.who.name)
