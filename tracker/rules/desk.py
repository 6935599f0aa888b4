"""A case on the desk: its book with answers kept that hold between two changes of coverage or rules.

Payers and rules change only on a few days; between them they are looked up once.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Final, TypeVar

from tracker.rules import parameters
from tracker.rules.authorization import Ledger, Permit, permit_of, pick, valid_on
from tracker.rules.book import Book, Member, Supplied
from tracker.rules.coverage import PART_B, Payer, payer_on
from tracker.rules.dates import FAR, plus, plus_months
from tracker.rules.facts import Case, Rule
from tracker.rules.formulary import rules_for
from tracker.rules.quantity import Dispensed
from tracker.rules.refill_window import PayerCounts
from tracker.rules.supply import supply_of
from tracker.rules.words import AuthorizationKind

T = TypeVar("T")
_NO_RULES: Final[Mapping[str, Rule | None]] = {}
# Days on which a regulatory value changes that fills are checked against.
_LAWS: Final = frozenset(
    each.starts_on for each in parameters.PART_B_DAYS_SUPPLY if each.starts_on is not None
)


class Desk:
    """One case, its indexes and what was looked up. Independent of today."""

    def __init__(self, case: Case) -> None:
        self.book = Book(case)
        self.supply, self.gap = supply_of(self.book)
        self.permits: list[Permit] = [permit_of(each) for each in case.patient.authorizations]
        self.kinds = frozenset(each.kind for each in case.patient.authorizations)
        granted = [each for each in self.permits if each.granted]
        exceptions = [each for each in granted if each.pa.kind is not AuthorizationKind.PRIOR_AUTHORIZATION]
        self._granted_from = min([each.begins for each in granted], default=FAR)
        self._changes = _changes(self.book)
        self._permit_changes = _permit_changes(granted)
        # Between two of these days fills alike are checked on the same terms; on the same but for PA.
        self.turns = sorted({*self._changes, *self._permit_changes})
        self.turns_but_pa = (
            sorted({*self._changes, *_permit_changes(exceptions)}) if exceptions else self._changes
        )
        self._valid: dict[tuple[int, AuthorizationKind, str, tuple[str, ...]], list[Permit]] = {}
        self._kept: dict[str, Any] = {}
        self._payers: dict[int, Payer] = {}
        self._rules: dict[tuple[int, str, tuple[str, ...], tuple[str, ...]], Mapping[str, Rule | None]] = {}
        self._permits: dict[tuple[AuthorizationKind, str, tuple[str, ...]], list[Permit]] = {}
        self.counts = PayerCounts(self.book.supplied)
        for regimen in self.book.regimens:
            self.counts.of(regimen.drug, regimen.formulation)
        self.charged: dict[str, str] = {}  # the authorization of each real fill that counts against one
        self.ledger = self._charge_real_fills()

    def change_after(self, day: date) -> date:
        """The next day on which a coverage or a rule begins or has ended."""
        number = bisect_right(self._changes, day)
        return self._changes[number] if number < len(self._changes) else FAR

    def payer(self, day: date) -> Payer:
        """Who pays on a day."""
        number = bisect_right(self._changes, day)
        found = self._payers.get(number)
        if found is None:
            found = self._payers[number] = payer_on(self.book, day)
        return found

    def rules(
        self, member: Member | None, own: tuple[str, ...], codes: tuple[str, ...], day: date
    ) -> Mapping[str, Rule | None]:
        """The rule of each code under the paying plan on a day, of a drug's own codes; no plan, no rules."""
        if member is None:
            return _NO_RULES
        key = bisect_right(self._changes, day), member.plan.id, own, codes
        found = self._rules.get(key)
        if found is None:
            found = self._rules[key] = rules_for(member.plan, own, codes, day)
        return found

    def permits_of(self, kind: AuthorizationKind, plan: str, own: tuple[str, ...]) -> list[Permit]:
        """A plan's authorizations of one kind with a line of one of these codes, or without lines."""
        key = kind, plan, own
        found = self._permits.get(key)
        if found is None:
            found = self._permits[key] = [
                each
                for each in self.permits
                if each.pa.kind is kind and each.pa.plan == plan and each.is_about(own)
            ]
        return found

    def valid(self, kind: AuthorizationKind, plan: str, own: tuple[str, ...], day: date) -> list[Permit]:
        """Those of them that are granted and valid on a day, of any formulation, the first to end first."""
        key = bisect_right(self._permit_changes, day), kind, plan, own
        found = self._valid.get(key)
        if found is None:
            found = self._valid[key] = valid_on(self.permits_of(kind, plan, own), day)
        return found

    def dispensed_from(self, day: date) -> list[Dispensed]:
        """What the real fills from a day on handed out."""
        supplied = self.book.supplied
        first = bisect_left(supplied, day, key=lambda each: each.fill.on)
        return [
            Dispensed(each.fill.on, each.fill.days_supply, each.regimen, each.units)
            for each in supplied[first:]
        ]

    def kept(self, name: str, make: Callable[["Desk"], T]) -> T:
        """Something of this case that no day changes, made once."""
        if name not in self._kept:
            self._kept[name] = make(self)
        found: T = self._kept[name]
        return found

    def put_away(self) -> None:
        """Drop what was kept: it points back here, and memory would wait for the garbage collector."""
        self._kept.clear()

    def _charge_real_fills(self) -> Ledger:
        """Charge each real fill to the authorization it names, else to the one that rule 5.2 picks."""
        ledger = Ledger()
        metered = {each.pa.id for each in self.permits if each.metered}
        for each in self.book.supplied if self.permits else ():
            if each.units is None:
                continue
            charged = each.fill.authorization
            if charged is None and each.fill.on >= self._granted_from:
                charged = self._picked(each, ledger)
            if charged is not None:
                self.charged[each.fill.id] = charged
                if charged in metered:
                    ledger.charge(charged, each.units)
        return ledger

    def _picked(self, each: Supplied, ledger: Ledger) -> str | None:
        member = self.payer(each.fill.on).paying
        if member is None or each.regimen is None or not each.units:
            return None
        if member.plan.line_of_business is PART_B:
            return None
        valid = self.valid(AuthorizationKind.PRIOR_AUTHORIZATION, member.plan.id, each.own, each.fill.on)
        fitting = [permit for permit in valid if permit.fits(each.formulation)]
        if not fitting:
            return None
        rules = self.rules(member, each.own, tuple(each.units), each.fill.on)
        needed = asking(each.units, rules)
        if not needed:
            return None
        found = pick(fitting, ledger, needed)
        if found is None:
            sure = {code: count for code, count in needed.items() if _asks(rules.get(code))}
            found = pick(fitting, ledger, sure) if sure else None
        return found.pa.id if found else None


def _asks(rule: Rule | None) -> bool:
    return rule is not None and rule.prior_authorization is True


def asking(units: Mapping[str, int], rules: Mapping[str, Rule | None]) -> dict[str, int]:
    """Units of the codes whose rule asks for PA or does not say."""
    needed = {}
    for code, count in units.items():
        rule = rules.get(code)
        if count and (rule is None or rule.prior_authorization is not False):
            needed[code] = count
    return needed


def _permit_changes(permits: Iterable[Permit]) -> list[date]:
    """Every day on which an authorization begins or has ended."""
    begins = {each.pa.starts_on for each in permits if each.pa.starts_on is not None}
    ended = {plus(each.pa.ends_on, 1) for each in permits if each.pa.ends_on is not None}
    return sorted(begins | ended)


def _changes(book: Book) -> list[date]:
    """Every day on which who pays, or what a plan or the law asks, can change."""
    days = set(_LAWS)
    for member in book.members:
        days.add(member.starts_on)
        if member.ends_on is not None:
            days.add(plus(member.ends_on, 1))
    for plan in book.plans.values():
        for rule in plan.rules:
            if rule.starts_on is not None:
                days.add(rule.starts_on)
            if rule.ends_on is not None:
                days.add(plus(rule.ends_on, 1))
    if book.entitled_on is not None:
        days.add(plus_months(book.entitled_on, parameters.GROUP_PLAN_MONTHS.value))
    if book.patient.transplant is not None and book.patient.transplant.on is not None:
        days.add(book.patient.transplant.on)
    return sorted(days)
