"""What a worklist can be asked for: filters and orders, as conditions that one index can answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select

from tracker.models.alert import LONGEST_WORDS, SETTLED, Alert, AlertState
from tracker.models.tag import PatientTag
from tracker.rules.what_to_do import ANSWERS, RENEWALS
from tracker.rules.words import AlertCode, Severity, Word
from tracker.services.clinic_day import day_starts_at

FAR = date(9999, 12, 31)  # what has no date comes last
ME, NONE = "me", "none"
GROUPS: Mapping[str, tuple[str, tuple[AlertCode, ...]]] = {
    "answers": ("Pending answers", ANSWERS),
    "renewals": ("Renewals", RENEWALS),
}


class Due(Word):
    """Bands of the due day. Those that look ahead hold what is overdue, too: it is no less urgent."""

    OVERDUE = "overdue", "Overdue"
    TODAY = "today", "Today"
    WEEK = "7", "Within 7 days or overdue"
    FORTNIGHT = "14", "Within 14 days or overdue"
    MONTH = "30", "Within 30 days or overdue"
    LATER = "later", "Later than 30 days"
    NONE = "none", "No date"

    def holds(self, day: date | None, today: date) -> bool:
        if day is None or self is Due.NONE:
            return day is None and self is Due.NONE
        left = (day - today).days
        if self.value.isdigit():
            return left <= int(self.value)
        return {Due.OVERDUE: left < 0, Due.TODAY: left == 0, Due.LATER: left > 30}[self]


class Sort(Word):
    """Every order ends in the alert's id, so that it is the same on every page."""

    HARM = "harm", "earliest harm first, then the deadline"
    SEVERITY = "severity", "worst first, then earliest harm"
    DUE = "due", "earliest deadline first"
    LEFT = "left", "least drug left first"


class Status(Word):
    OPEN = "open", "Open"
    SNOOZED = "snoozed", "Snoozed"
    CLOSED = "closed", "Closed"
    SETTLED = "settled", "Settled by hand"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, of which clinic, on which day there."""

    clinic_id: str
    user_id: str
    today: date
    zone: str = "UTC"

    @property
    def day_began_at(self) -> datetime:
        """The instant at which the clinic's day began."""
        return day_starts_at(self.today, self.zone)


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked for; an empty text asks for everything.

    `owner`: a user's id, `me` or `none`. `payer`: its id, or `none`. `cause`: a code, or one of GROUPS.
    `text` is looked for in the message only, never in a name. `earlier`: opened on a day before today.
    `tag`: the id of one that the patient bears.
    """

    owner: str = ""
    payer: str = ""
    drug: str = ""
    cause: str = ""
    severities: tuple[Severity, ...] = ()
    due: Due | None = None
    text: str = ""
    status: Status = Status.OPEN
    sort: Sort = Sort.HARM
    earlier: bool = False
    tag: str = ""

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the cause; none: every one."""
        return tuple(str(code) for code in codes_of(self.cause)) if self.cause else ()


LONG_UNOWNED = Filters(owner=NONE, earlier=True)


@dataclass(frozen=True, slots=True)
class Conditions:
    """Filters as SQL by the filter's name, so that a count can leave its own out.

    A filter is one condition, or several of which exactly one holds: those that no index answers at once.
    """

    always: Sequence[ColumnElement[bool]]
    by_name: Mapping[str, Sequence[ColumnElement[bool]]] = field(default_factory=dict)

    def branches(self, *left_out: str) -> list[list[ColumnElement[bool]]]:
        """Lists of conditions; what is asked for fulfils all of exactly one of them."""
        ways = [ways for name, ways in self.by_name.items() if name not in left_out]
        return [[*self.always, *one_of_each] for one_of_each in product(*ways)]

    def all(self) -> list[ColumnElement[bool]]:
        return [*self.always, *(or_(*ways) for ways in self.by_name.values())]

    def names(self, *left_out: str) -> frozenset[str]:
        return frozenset(self.by_name) - {*left_out}


def codes_of(cause: str) -> tuple[AlertCode, ...]:
    """The codes of a group, or the one code."""
    if cause in GROUPS:
        return GROUPS[cause][1]
    return (AlertCode(cause),) if cause in AlertCode.__members__ else ()


def conditions(asker: Asker, filters: Filters, plan_ids: Sequence[str]) -> Conditions:
    """`plan_ids` are those of the payer that is asked for."""
    found: dict[str, Sequence[ColumnElement[bool]]] = {}
    if filters.owner:
        found["owner"] = _owned_by(asker.user_id if filters.owner == ME else filters.owner)
    if filters.payer:
        found["payer"] = [Alert.plan_id.is_(None) if filters.payer == NONE else Alert.plan_id.in_(plan_ids)]
    if filters.drug:
        found["drug"] = [Alert.drug.is_(None) if filters.drug == NONE else Alert.drug == filters.drug]
    if filters.cause:
        found["cause"] = [Alert.code.in_(filters.codes)]
    if filters.severities:
        found["severity"] = [Alert.severity_rank.in_([rank(each) for each in filters.severities])]
    if filters.due:
        found["due"] = [due_in(filters.due, asker.today)]
    always = [Alert.clinic_id == asker.clinic_id, in_status(filters.status)]
    # These are named as filters as well, so that nothing read with them passes for the whole list.
    if filters.earlier:
        found["earlier"] = [Alert.opened_at < asker.day_began_at]
        always += found["earlier"]
    if filters.tag:
        found["tag"] = [_tagged(asker, filters.tag)]
        always += found["tag"]
    if filters.text:
        words = filters.text.casefold()[:LONGEST_WORDS]
        always.append(Alert.words.contains(words, autoescape=True))
    return Conditions(always, found)


def in_status(status: Status) -> ColumnElement[bool]:
    if status is Status.SETTLED:
        return Alert.state.in_(SETTLED)
    return Alert.state == AlertState(status.value)


def order(sort: Sort, today: date) -> list[ColumnElement[Any]]:
    """The columns of an order; none is null, so that a page can begin after any alert.

    A harm date that passed and is still no more than a warning took no drug from the patient (one year of
    use, reached last month): it waits after the dates to come, else it would stand above them for ever.
    """
    harmless = and_(Alert.harm_on < today, Alert.severity_rank >= rank(Severity.WARNING))
    harm = case((harmless, FAR), else_=func.coalesce(Alert.harm_on, FAR))
    due = func.coalesce(Alert.due_on, FAR)
    left, worst = func.coalesce(Alert.run_out_on, FAR), Alert.severity_rank
    columns: dict[Sort, list[Any]] = {
        Sort.HARM: [harm, due, worst],
        Sort.SEVERITY: [worst, harm, due],
        Sort.DUE: [due, harm, worst],
        Sort.LEFT: [left, harm, worst],
    }
    return [*columns[sort], Alert.id]


def rank(severity: Severity) -> int:
    return list(Severity).index(severity)


def _owned_by(owner: str) -> list[ColumnElement[bool]]:
    """The alert's own owner counts, else the patient's."""
    if owner == NONE:
        return [and_(Alert.owner_id.is_(None), Alert.patient_owner_id.is_(None))]
    return [Alert.owner_id == owner, and_(Alert.owner_id.is_(None), Alert.patient_owner_id == owner)]


def _tagged(asker: Asker, tag_id: str) -> ColumnElement[bool]:
    """The few who bear the tag, of whom each has a few alerts."""
    bear = select(PatientTag.patient_id).where(
        PatientTag.clinic_id == asker.clinic_id, PatientTag.tag_id == tag_id
    )
    return Alert.patient_id.in_(bear)


def due_in(due: Due, today: date) -> ColumnElement[bool]:
    """The band as a condition, equal to `Due.holds`."""
    if due is Due.NONE:
        return Alert.due_on.is_(None)
    if due.value.isdigit():
        return Alert.due_on <= today + timedelta(days=int(due.value))
    return {
        Due.OVERDUE: Alert.due_on < today,
        Due.TODAY: Alert.due_on == today,
        Due.LATER: Alert.due_on > today + timedelta(days=30),
    }.get(due, false())
