"""How early a fill may be made (rulebook 3.4, 3.5, 5.5)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from tracker.rules import parameters
from tracker.rules.book import Book, Supplied
from tracker.rules.dates import day_of, plus
from tracker.rules.facts import Rule
from tracker.rules.supply import same_product
from tracker.rules.words import Drug, Formulation


class PayerCount(NamedTuple):
    """The payer's own count of one product: run-out as a day's number, the last fill's days."""

    run_out: int
    days: int


class PayerCounts:
    """Counts fill by fill of the same drug and formulation, without regard to doses (rulebook 3.4).

    A count that goes on from another's asks it for what came before.
    """

    __slots__ = ("_before", "_counts", "_fills")

    def __init__(self, supplied: Sequence[Supplied], before: "PayerCounts | None" = None) -> None:
        self._fills: list[tuple[Drug, Formulation | None, date, int]] = [
            (regimen.drug, formulation, fill.on, fill.days_supply)
            for fill, regimen, _, formulation, _ in supplied
            if regimen is not None
        ]
        self._before = before
        self._counts: dict[tuple[Drug, Formulation | None], PayerCount | None] = {}

    def going_on(self) -> "PayerCounts":
        """Another one that counts on from here."""
        return PayerCounts((), self)

    def of(self, drug: Drug, formulation: Formulation | None) -> PayerCount | None:
        """The count of one product; None before its first fill."""
        key = drug, formulation
        if key not in self._counts:
            self._counts[key] = self._before.of(drug, formulation) if self._before else None
            for other, product, on, days in self._fills:
                if other is drug and same_product(product, formulation):
                    self._add(key, on, days)
        return self._counts[key]

    def add(self, drug: Drug, formulation: Formulation | None, on: date, days: int) -> None:
        self._fills.append((drug, formulation, on, days))
        for key in self._counts:
            if key[0] is drug and same_product(key[1], formulation):
                self._add(key, on, days)

    def _add(self, key: tuple[Drug, Formulation | None], on: date, days: int) -> None:
        count, start = self._counts[key], on.toordinal()
        if count is not None and count.run_out > start:
            start = count.run_out
        self._counts[key] = PayerCount(start + days, days)


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
