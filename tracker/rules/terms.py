"""The terms of a fill: what is dispensed, who pays, what the payer asks and which authorizations it granted.

They hold between two changes of coverage, rules or authorizations; fills alike are checked on the same terms.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple, TypeAlias

from tracker.rules.answer import CheckResult
from tracker.rules.authorization import Permit
from tracker.rules.book import Member
from tracker.rules.coverage import PART_B
from tracker.rules.dates import FAR
from tracker.rules.desk import Desk
from tracker.rules.facts import PlannedFill, QuantityLimit, Regimen, Rule
from tracker.rules.refill_window import early_days, strictest_threshold, threshold_of
from tracker.rules.today import Today
from tracker.rules.units import Units, dispensed, own_codes
from tracker.rules.words import AuthorizationKind, Formulation


class Dispensing:
    """What one fill hands out; `own` are the drug's own codes, `codes` those that are billed."""

    __slots__ = ("codes", "days", "formulation", "own", "regimen", "units")

    def __init__(
        self,
        regimen: Regimen,
        days: int,
        units: Units | None,
        formulation: Formulation | None,
        own: tuple[str, ...],
        codes: tuple[str, ...],
    ) -> None:
        self.regimen = regimen
        self.days = days
        self.units = units
        self.formulation = formulation
        self.own = own
        self.codes = codes


def usual(regimen: Regimen) -> Dispensing:
    """A fill of the regimen as it is ordered."""
    units, days = dispensed(regimen, regimen.days_supply)
    return dispensing(regimen, days, units, regimen.formulation)


def as_planned(planned: PlannedFill, regimen: Regimen) -> Dispensing:
    """A coordinator's fill: what is left open is the regimen's."""
    units, days = planned.units, planned.days_supply or regimen.days_supply
    if units is None:
        units, days = dispensed(regimen, days)
    return dispensing(regimen, days, units, planned.formulation or regimen.formulation)


def dispensing(
    regimen: Regimen, days: int, units: Units | None, formulation: Formulation | None
) -> Dispensing:
    """A fill of so many days and units, with the codes that go with it."""
    own = own_codes(regimen)
    # Units unknown: all of the drug's own codes are asked about.
    codes = own if units is None else tuple(code for code, count in units.items() if count)
    return Dispensing(regimen, days, units, formulation, own, codes)


# A rule's or an override's; False: none, True or None: unknown.
Limit: TypeAlias = QuantityLimit | bool | None
# Per rule the limits of which one must let the fill pass, with the codes that count.
Limits: TypeAlias = Sequence[tuple[Sequence[Limit], frozenset[str]]]


class Alike:
    """The checks that answer the same for every fill on the same terms.

    None: it looks at other fills or at the authorization charged. `alone`: coverage refuses, nothing else
    is checked. `limits` are those of its quantity.
    """

    __slots__ = ("alone", "coverage", "days_supply", "limits", "quantity", "steps")

    def __init__(
        self,
        coverage: CheckResult,
        alone: bool,
        limits: Limits = (),
        quantity: CheckResult | None = None,
        days_supply: CheckResult | None = None,
        steps: CheckResult | None = None,
    ) -> None:
        self.coverage = coverage
        self.alone = alone
        self.limits = limits
        self.quantity = quantity
        self.days_supply = days_supply
        self.steps = steps


class Shared:
    """What the checks worked out that holds for all terms that differ in nothing but the PA granted.

    `climbed`: the last step check that looked at trials, with the today and the authorization it rests on.
    """

    __slots__ = ("alike", "climbed")

    def __init__(self) -> None:
        self.alike: Alike | None = None
        self.climbed: tuple[Today, Permit | None, CheckResult] | None = None


class Around(NamedTuple):
    """The paying plan's authorizations and requests nearest to the fill.

    `unfit`: valid on its day, of whatever product; `ended`, `later`: of the granted that fit it the last to
    end before it and the first to start after it; `renewal`: the last denied renewal of the ended one;
    `asked`, `denied`: the last request in progress, and the last that was denied.
    """

    unfit: Permit | None
    ended: Permit | None
    renewal: Permit | None
    later: Permit | None
    asked: Permit | None
    denied: Permit | None


class Terms:
    """What the checks of a fill read besides its date and the fills before it.

    `rules` has an entry for each of the codes, None where nothing is known; `by_rule` has each of them once,
    with its codes. `asked` are the codes whose rule asks for PA, `unsure` those whose rule does not say.
    `new_starts_only`: those that ask, ask it only of patients new to the drug.
    `plan`, `coverage`: ids of who pays, None if nobody does. `threshold`: percent of the last fill to be used
    up; `early_days`: how many days before the run-out of a fill alike the next one may be made.
    """

    __slots__ = (
        "around",
        "asked",
        "by_rule",
        "coverage",
        "day",
        "desk",
        "dispensing",
        "early_days",
        "granted",
        "needed",
        "new_starts_only",
        "part_b",
        "payer",
        "plan",
        "rules",
        "shared",
        "threshold",
        "unsure",
    )

    def __init__(self, desk: Desk, dispensing: Dispensing, day: date, shared: Shared | None = None) -> None:
        self.desk, self.dispensing, self.day = desk, dispensing, day
        self.shared = shared or Shared()
        self.payer = desk.payer(day)
        paying = self.payer.paying
        self.plan = paying.plan.id if paying else None
        self.coverage = paying.coverage.id if paying else None
        self.part_b = paying is not None and paying.plan.line_of_business is PART_B
        self.rules = desk.rules(paying, dispensing.own, dispensing.codes, day)
        self.by_rule = _grouped(self.rules)
        self.asked: list[str] = []
        self.unsure: list[str] = []
        self.new_starts_only = True
        for code, rule in self.rules.items():
            asks = rule.prior_authorization if rule else None
            if asks is None:
                self.unsure.append(code)
            elif rule and asks:
                self.asked.append(code)
                self.new_starts_only &= rule.prior_authorization_new_starts_only
        self.threshold = threshold_of(desk.book, self.rules)
        self.early_days = early_days(dispensing.days, part_b=self.part_b, threshold=self.threshold)
        self.needed = self.units_of((*self.asked, *self.unsure))
        self.granted: list[Permit] = (
            [] if paying is None else self.in_force(AuthorizationKind.PRIOR_AUTHORIZATION)
        )
        # Looked up when a fill is first refused.
        self.around: Around | None = None

    @property
    def member(self) -> Member:
        """The paying coverage; only asked for where there is one."""
        assert self.payer.paying is not None
        return self.payer.paying

    def units_of(self, codes: tuple[str, ...]) -> Units:
        """The units of these codes; none where they are unknown."""
        units = self.dispensing.units
        return {} if units is None else {code: units[code] for code in codes}

    def permits(self, kind: AuthorizationKind) -> list[Permit]:
        """The paying plan's authorizations of a kind for this drug, as listed."""
        return self.desk.permits_of(kind, self.member.plan.id, self.dispensing.own)

    def in_force(self, kind: AuthorizationKind) -> list[Permit]:
        """Those in force on the fill's date, the first to end first."""
        formulation = self.dispensing.formulation
        return [each for each in self.valid(kind) if each.fits(formulation)]

    def valid(self, kind: AuthorizationKind) -> list[Permit]:
        """Those granted and valid on the fill's date, of any formulation."""
        if kind not in self.desk.kinds:
            return []
        return self.desk.valid(kind, self.member.plan.id, self.dispensing.own, self.day)


def _grouped(rules: Mapping[str, Rule | None]) -> list[tuple[Rule | None, tuple[str, ...]]]:
    """Rules in the order of their codes, each with the codes that it holds for."""
    found: list[tuple[Rule | None, tuple[str, ...]]] = []
    for code, rule in rules.items():
        for number, (other, codes) in enumerate(found):
            if other is rule:
                found[number] = rule, (*codes, code)
                break
        else:
            found.append((rule, (code,)))
    return found


class TermsKept:
    """The usual fill of each regimen of a case and its terms, each worked out once."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._terms: dict[tuple[int, str], Terms] = {}
        self._shared: dict[tuple[int, str], Shared] = {}
        self._usual: dict[str, Dispensing] = {}
        # With the planned fill itself, so that no other one can come to have its id.
        self._planned: dict[tuple[int, str], tuple[PlannedFill, Terms]] = {}
        self._strictest = strictest_threshold(desk.book)
        # The last terms given and within which days they hold: the next fill is mostly made on them too.
        self._last: Terms | None = None
        self._from = self._until = FAR

    def usual(self, regimen: Regimen) -> Dispensing:
        found = self._usual.get(regimen.id)
        if found is None:
            found = self._usual[regimen.id] = usual(regimen)
        return found

    def least_early_days(self, days: int) -> int:
        """How many days before the run-out of a fill of so many days the next one may be made at least.

        Under whatever rule or plan of the case comes to hold.
        """
        by_rule = early_days(days, part_b=False, threshold=self._strictest)
        return min(by_rule, early_days(days, part_b=True, threshold=self._strictest))

    def on(self, regimen: Regimen, day: date) -> Terms:
        """On what terms its usual fill is made on a day."""
        last = self._last
        if last is not None and last.dispensing.regimen is regimen and self._from <= day < self._until:
            return last
        turns = self.desk.turns
        number = bisect_right(turns, day)
        key = number, regimen.id
        found = self._terms.get(key)
        if found is None:
            alike = bisect_right(self.desk.turns_but_pa, day), regimen.id
            shared = self._shared.setdefault(alike, Shared())
            found = self._terms[key] = Terms(self.desk, self.usual(regimen), day, shared)
        self._last, self._from = found, turns[number - 1] if number else date.min
        self._until = turns[number] if number < len(turns) else FAR
        return found

    def planned(self, planned: PlannedFill, regimen: Regimen) -> Terms:
        """On what terms a coordinator's fill is made."""
        key = id(planned), regimen.id
        if key not in self._planned:
            terms = Terms(self.desk, as_planned(planned, regimen), planned.on)
            self._planned[key] = planned, terms
        return self._planned[key][1]


def terms_of(desk: Desk) -> TermsKept:
    """Those of a case."""
    return desk.kept("terms", TermsKept)
