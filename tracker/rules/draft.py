"""One fill of the table on its way through the checks, with what the checks read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tracker.rules import parameters
from tracker.rules.authorization import Ledger, Permit
from tracker.rules.book import Member
from tracker.rules.coverage import PART_B, Payer
from tracker.rules.dates import plus
from tracker.rules.desk import Desk, own_codes
from tracker.rules.facts import Override, Regimen, Rule
from tracker.rules.quantity import Dispensed
from tracker.rules.refill_window import Window
from tracker.rules.today import Today
from tracker.rules.units import Units
from tracker.rules.words import AuthorizationKind, Formulation


@dataclass(frozen=True, slots=True)
class Draft:
    """A fill before its checks. `rules` has an entry for each of `codes`, None where nothing is known."""

    desk: Desk
    today: Today
    on: date
    days: int
    regimen: Regimen
    formulation: Formulation | None
    units: Units | None
    payer: Payer
    codes: tuple[str, ...]
    rules: Mapping[str, Rule | None]
    ledger: Ledger
    earlier: Sequence[Dispensed]
    window: Window
    override: Override | None
    planned: bool
    first_possible: Callable[[], date]

    @property
    def member(self) -> Member:
        """The paying coverage; only asked for where there is one."""
        assert self.payer.paying is not None
        return self.payer.paying

    @property
    def under_part_b(self) -> bool:
        return self.member.plan.line_of_business is PART_B

    def permits(self, kind: AuthorizationKind) -> list[Permit]:
        """The paying plan's authorizations of a kind for this drug, as listed."""
        return self.desk.permits_of(kind, self.member.plan.id, own_codes(self.regimen))

    def in_force(self, kind: AuthorizationKind) -> list[Permit]:
        """Those in force on the fill's date, the first to end first."""
        if kind not in self.desk.kinds:
            return []
        return [each for each in self.valid(kind) if each.fits(self.formulation)]

    def valid(self, kind: AuthorizationKind) -> list[Permit]:
        """Those granted and valid on the fill's date, of any formulation."""
        return self.desk.valid(kind, self.member.plan.id, own_codes(self.regimen), self.on)


def codes_asked(units: Units | None, regimen: Regimen) -> tuple[str, ...]:
    """The billing codes of a fill; units unknown: all of the drug's own."""
    if units is None:
        return own_codes(regimen)
    return tuple(code for code, count in units.items() if count)


def paid_within_year(draft: Draft, request_on: date) -> bool:
    """Is the patient already on the drug: a paid fill of it in [request - 365, request]?"""
    first = plus(request_on, -parameters.REQUEST_DAYS.value)
    for each in reversed(draft.desk.book.supplied):
        if each.fill.on < first:
            break
        on_drug = each.regimen is not None and each.regimen.drug is draft.regimen.drug
        if each.paid and on_drug and each.fill.on <= request_on:
            return True
    return False
