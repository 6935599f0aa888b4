"""One fill of the table on its way through the checks, and what was made before it."""

from collections.abc import Callable
from datetime import date

from tracker.rules import parameters
from tracker.rules.authorization import Ledger
from tracker.rules.dates import plus
from tracker.rules.facts import PlannedFill
from tracker.rules.terms import Dispensing, Terms
from tracker.rules.today import Today
from tracker.rules.words import ClaimStatus


class Draft:
    """A fill before its checks: its day, its terms and the first day that is not too soon, if any."""

    __slots__ = ("earliest", "on", "planned", "terms")

    def __init__(
        self,
        on: date,
        terms: Terms,
        earliest: date | None,
        planned: PlannedFill | None = None,
    ) -> None:
        self.on = on
        self.terms = terms
        self.earliest = earliest
        self.planned = planned


class SoFar:
    """A table in the making: the day it is made on, what is charged and the fills of it so far."""

    __slots__ = ("first_possible", "ledger", "made", "today")

    def __init__(
        self,
        today: Today,
        ledger: Ledger,
        made: list[tuple[date, Dispensing]],
        first_possible: Callable[[], date],
    ) -> None:
        self.today = today
        self.ledger = ledger
        self.made = made
        self.first_possible = first_possible


def paid_within_year(terms: Terms, request_on: date) -> bool:
    """Is the patient already on the drug: a paid fill of it in [request - 365, request]?"""
    first = plus(request_on, -parameters.REQUEST_DAYS.value)
    drug = terms.dispensing.regimen.drug
    for each in reversed(terms.desk.book.supplied):
        if each.fill.on < first:
            break
        on_drug = each.regimen is not None and each.regimen.drug is drug
        if each.claim is ClaimStatus.PAID and on_drug and each.fill.on <= request_on:
            return True
    return False
