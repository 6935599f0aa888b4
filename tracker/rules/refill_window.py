"""How early a fill may be made (rulebook 3.4, 3.5, 5.5)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, TypeAlias

from tracker.rules import parameters
from tracker.rules.book import Book, Supplied
from tracker.rules.dates import day_of, plus
from tracker.rules.facts import Rule
from tracker.rules.supply import same_product
from tracker.rules.words import Drug, Formulation

_Product: TypeAlias = tuple[Drug, Formulation | None]
_Filled: TypeAlias = tuple[_Product, date, int]


class PayerCount:
    """The payer's own count of one product: run-out as a day's number, the last fill's days."""

    __slots__ = ("days", "run_out")

    def __init__(self, run_out: int, days: int) -> None:
        self.run_out = run_out
        self.days = days


_NONE_YET: Final = PayerCount(0, 0)


class PayerCounts:
    """Counts fill by fill of the same drug and formulation, without regard to doses (rulebook 3.4)."""

    __slots__ = ("_counts", "_fills")

    def __init__(self, supplied: Sequence[Supplied]) -> None:
        self._fills: list[_Filled] = [
            ((each.regimen.drug, each.formulation), each.fill.on, each.fill.days_supply)
            for each in supplied
            if each.regimen is not None
        ]
        self._counts: dict[_Product, PayerCount] = {}

    def going_on(self) -> "PayerCounts":
        """Another one that counts on from here."""
        other = PayerCounts(())
        other._fills, other._counts = self._fills.copy(), self._counts.copy()
        return other

    def of(self, drug: Drug, formulation: Formulation | None) -> PayerCount | None:
        """The count of one product; None before its first fill."""
        product = drug, formulation
        found = self._counts.get(product)
        if found is None:
            found = self._counts[product] = _counted(product, _NONE_YET, self._fills)
        return found if found.run_out else None

    def add(self, drug: Drug, formulation: Formulation | None, on: date, days: int) -> None:
        filled = (drug, formulation), on, days
        self._fills.append(filled)
        for product, count in self._counts.items():
            self._counts[product] = _counted(product, count, (filled,))


def _counted(product: _Product, count: PayerCount, fills: Sequence[_Filled]) -> PayerCount:
    """The count after more fills, those of another product left out.

    An early fill carries over, a late one starts on its date.
    """
    run_out, last_days = count.run_out, count.days
    for other, day, days in fills:
        if other == product or _is_same(other, product):
            on = day.toordinal()
            run_out, last_days = (on if on > run_out else run_out) + days, days
    return PayerCount(run_out, last_days)


def _is_same(one: _Product, other: _Product) -> bool:
    return one[0] is other[0] and same_product(one[1], other[1])


def earliest_on(
    book: Book,
    *,
    part_b: bool,
    threshold: int,
    count: PayerCount | None,
    run_out: date | None,
) -> date | None:
    """Not before run-out - floor((100 - threshold) x days supply / 100); Part B: not before run-out - 10.

    A first fill is never too soon (None: any day), but a first Part B supply waits for discharge - 2.
    Source: rulebook 3.4, 3.5; DME MAC refill requirements 2024-01-04.
    """
    if part_b:
        return _part_b_earliest(book, count, run_out)
    if count is None:
        return None
    return day_of(count.run_out - early_days(count.days, part_b=False, threshold=threshold))


def early_days(days: int, *, part_b: bool, threshold: int) -> int:
    """How many days before run-out a refill may be made after a fill of so many days."""
    if part_b:
        return parameters.DELIVERY_DAYS.value
    return (100 - threshold) * days // 100


def _part_b_earliest(book: Book, count: PayerCount | None, run_out: date | None) -> date | None:
    if count is not None and run_out is not None:
        return plus(run_out, -parameters.DELIVERY_DAYS.value)
    transplant = book.patient.transplant
    if transplant is None or transplant.discharged_on is None:
        return None
    return plus(transplant.discharged_on, -parameters.BEFORE_DISCHARGE_DAYS.value)


def threshold_of(book: Book, rules: Mapping[str, Rule | None]) -> int:
    """Percent of the last fill that must be used up; the strictest of several rules, else the policy's."""
    default = book.policy.refill_threshold_percent
    if not rules:
        return default
    return max((rule and rule.refill_threshold_percent) or default for rule in rules.values())


def strictest_threshold(book: Book) -> int:
    """The most that the policy or any rule on file asks to be used up."""
    rules = [rule for plan in book.plans.values() for rule in plan.rules]
    return max(
        [book.policy.refill_threshold_percent, *[each.refill_threshold_percent or 0 for each in rules]]
    )
