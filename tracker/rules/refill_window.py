"""How early a fill may be made (rulebook 3.4, 3.5, 5.5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tracker.rules import parameters
from tracker.rules.book import Book, Member, Supplied
from tracker.rules.coverage import PART_B
from tracker.rules.dates import plus
from tracker.rules.facts import Rule
from tracker.rules.supply import same_product
from tracker.rules.words import AlertCode, Drug, Formulation


@dataclass(frozen=True, slots=True)
class PayerCount:
    """The payer's own count of one product: run-out by days supply, and the last fill's days supply."""

    run_out: date
    days: int


class PayerCounts:
    """Counts fill by fill of the same drug and formulation, without regard to doses (rulebook 3.4)."""

    __slots__ = ("_counts", "_fills")

    def __init__(self, supplied: Sequence[Supplied]) -> None:
        self._fills: list[tuple[Drug, Formulation | None, date, int]] = [
            (each.regimen.drug, each.formulation, each.fill.on, each.fill.days_supply)
            for each in supplied
            if each.regimen is not None
        ]
        self._counts: dict[tuple[Drug, Formulation | None], PayerCount | None] = {}

    def copy(self) -> "PayerCounts":
        """Another one that counts on from here."""
        twin = PayerCounts(())
        twin._fills, twin._counts = self._fills.copy(), self._counts.copy()
        return twin

    def of(self, drug: Drug, formulation: Formulation | None) -> PayerCount | None:
        """The count of one product; None before its first fill."""
        key = drug, formulation
        if key not in self._counts:
            count = None
            for other, product, on, days in self._fills:
                if other is drug and same_product(product, formulation):
                    count = _counted(count, on, days)
            self._counts[key] = count
        return self._counts[key]

    def add(self, drug: Drug, formulation: Formulation | None, on: date, days: int) -> None:
        self._fills.append((drug, formulation, on, days))
        for key, count in self._counts.items():
            if key[0] is drug and same_product(key[1], formulation):
                self._counts[key] = _counted(count, on, days)


def _counted(count: PayerCount | None, on: date, days: int) -> PayerCount:
    return PayerCount(plus(max(on, count.run_out) if count else on, days), days)


@dataclass(frozen=True, slots=True)
class Window:
    """The first day on which a fill is not too early; None: any day. `code` names a fill before it."""

    earliest: date | None
    code: AlertCode


def window(
    book: Book,
    member: Member | None,
    rules: Mapping[str, Rule | None],
    *,
    count: PayerCount | None,
    run_out: date | None,
) -> Window:
    """Not before run-out - floor((100 - threshold) x days supply / 100); Part B: not before run-out - 10.

    A first fill is never too soon, but a first Part B supply waits for discharge - 2.
    Source: rulebook 3.4, 3.5; DME MAC refill requirements 2024-01-04.
    """
    if member is not None and member.plan.line_of_business is PART_B:
        return Window(_part_b_earliest(book, count, run_out), AlertCode.DELIVERY_TOO_EARLY)
    if count is None:
        return Window(None, AlertCode.REFILL_TOO_SOON)
    early = (100 - threshold(book, rules)) * count.days // 100
    return Window(plus(count.run_out, -early), AlertCode.REFILL_TOO_SOON)


def _part_b_earliest(book: Book, count: PayerCount | None, run_out: date | None) -> date | None:
    if count is not None and run_out is not None:
        return plus(run_out, -parameters.DELIVERY_DAYS.value)
    transplant = book.patient.transplant
    if transplant is None or transplant.discharged_on is None:
        return None
    return plus(transplant.discharged_on, -parameters.BEFORE_DISCHARGE_DAYS.value)


def threshold(book: Book, rules: Mapping[str, Rule | None]) -> int:
    """Percent of the last fill that must be used up; the strictest of several rules, else the policy's."""
    default = book.policy.refill_threshold_percent
    if not rules:
        return default
    return max((rule and rule.refill_threshold_percent) or default for rule in rules.values())
