"""Who pays on a date (rulebook 4): coverages in force, the group plan of an ESRD patient, Part B's route."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from tracker.rules import parameters
from tracker.rules.book import Book, Member
from tracker.rules.dates import plus, plus_months
from tracker.rules.words import LineOfBusiness, MedicareBasis, Organ

PART_B: Final = LineOfBusiness.MEDICARE_PART_B
PART_D: Final = LineOfBusiness.MEDICARE_PART_D
_GROUP: Final = frozenset({LineOfBusiness.COMMERCIAL})
_BY_ESRD: Final = frozenset({PART_B, LineOfBusiness.MEDICARE_ADVANTAGE})
_MEDICARE: Final = _BY_ESRD | {PART_D}


class Payer:
    """Who is first in line, who pays, and whether that is the right route.

    `correct_route` is set if it is not; `missing` names the facts that would tell.
    """

    __slots__ = ("correct_route", "first", "missing", "paying")

    def __init__(
        self,
        first: Member | None,
        paying: Member | None,
        correct_route: str | None = None,
        missing: tuple[str, ...] = (),
    ) -> None:
        self.first = first
        self.paying = paying
        self.correct_route = correct_route
        self.missing = missing


def in_force(book: Book, day: date) -> list[Member]:
    """Coverages in force on a date, lowest rank first, then as listed (rulebook 4.1)."""
    found = [each for each in book.members if each.in_force(day)]
    if book.entitled_on is None or len(found) < 2:
        return found
    if any(map(_is_esrd_medicare, found)) and any(map(_is_group_plan, found)):
        found.sort(key=_after_the_first_in_line(day, book.entitled_on))
    return found


def _is_esrd_medicare(member: Member) -> bool:
    esrd = member.coverage.medicare_basis is MedicareBasis.ESRD
    return esrd and member.plan.line_of_business in _BY_ESRD


def _is_group_plan(member: Member) -> bool:
    return member.plan.line_of_business in _GROUP


def _after_the_first_in_line(day: date, entitled_on: date) -> Callable[[Member], bool]:
    """Sort key: the group plan first for 30 months from entitlement, Medicare first from month 31.

    Whatever the ranks; among equals they hold, for sorting is stable.
    Source: 42 USC 1395y(b)(1)(C), rulebook 4.1.
    """
    group_first = day < plus_months(entitled_on, parameters.GROUP_PLAN_MONTHS.value)
    first = _GROUP if group_first else _MEDICARE
    return lambda member: member.plan.line_of_business not in first


def part_b_pays(book: Book, day: date) -> tuple[bool | None, tuple[str, ...]]:
    """Does Part B pay for the drug on a date on which it is in force? With the facts that are missing.

    A transplant indication after a covered transplant, Part A at the transplant and an approved facility.
    A fact not on file is unknown, one that is false decides (rulebook 4.3, CMS Policy Article A52474).
    """
    transplant = book.patient.transplant
    on = transplant.on if transplant else None
    organ = transplant.organ if transplant else None
    facts: dict[str, bool | None] = {
        "indication": book.transplant_indication,
        "transplant.on": None if on is None else on <= day,
        "transplant.organ": None if organ is None else organ is not Organ.OTHER,
        "transplant.part_a_at_transplant": transplant.part_a_at_transplant if transplant else None,
        "transplant.approved_facility": transplant.approved_facility if transplant else None,
    }
    if False in facts.values():
        return False, ()
    missing = tuple(name for name, value in facts.items() if value is None)
    return (None if missing else True), missing


def payer_on(book: Book, day: date) -> Payer:
    """The first coverage in force and the paying one (rulebook 4.3)."""
    members = in_force(book, day)
    if not members:
        return Payer(None, None)
    first = members[0]
    line = first.plan.line_of_business
    if line is PART_B:
        return _first_is_part_b(book, day, members)
    if line is PART_D:
        return _first_is_part_d(book, day, members)
    return Payer(first, first)


def _first_is_part_b(book: Book, day: date, members: Sequence[Member]) -> Payer:
    pays, missing = part_b_pays(book, day)
    if pays is not False:
        return Payer(members[0], members[0], missing=missing)
    other = next((each for each in members if each.plan.line_of_business is not PART_B), None)
    return Payer(members[0], other, correct_route="part_d")


def _first_is_part_d(book: Book, day: date, members: Sequence[Member]) -> Payer:
    part_b = next((each for each in members if each.plan.line_of_business is PART_B), None)
    if part_b is None:
        return Payer(members[0], members[0])
    pays, missing = part_b_pays(book, day)
    if pays:
        return Payer(members[0], part_b, correct_route="part_b")
    return Payer(members[0], members[0], missing=missing)


def last_ended(book: Book, day: date) -> Member | None:
    """The last coverage to end before a date."""
    ended = [each for each in book.members if each.ends_on is not None and each.ends_on < day]
    return max(ended, key=lambda each: each.ends_on or date.min, default=None)


def member_since(book: Book, member: Member) -> date:
    """First day in the plan: a renewal of the same plan without a hole is not new (rulebook 7.8)."""
    start = member.starts_on
    same = [each for each in book.members if each.plan is member.plan]
    while True:
        earlier = [
            each.starts_on
            for each in same
            if each.starts_on < start and (each.ends_on is None or each.ends_on >= plus(start, -1))
        ]
        if not earlier:
            return start
        start = min(earlier)
