"""How facts are spoken of: payers, authorizations, units, dates. Never the patient's name."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from tracker.rules.answer import Fact, Finding
from tracker.rules.catalogue import label_of
from tracker.rules.decision import Decision
from tracker.rules.desk import Desk
from tracker.rules.facts import Authorization, Coverage, Regimen
from tracker.rules.words import AuthorizationKind, Word

_KINDS = {
    AuthorizationKind.PRIOR_AUTHORIZATION: "PA",
    AuthorizationKind.QUANTITY_LIMIT_OVERRIDE: "Quantity override",
    AuthorizationKind.STEP_THERAPY_EXCEPTION: "Step exception",
    AuthorizationKind.FORMULARY_EXCEPTION: "Formulary exception",
}
_UNITS = {"capsule": ("capsule", "capsules"), "mg": ("mg", "mg")}


def spoken(day: Fact) -> str:
    """`Sun 2026-06-14`; what is not on file is said to be so."""
    if isinstance(day, datetime):
        return f"{day:%a %Y-%m-%d %H:%M %Z}"
    return f"{day:%a} {day.isoformat()}" if isinstance(day, date) else "a day not on file"


def plain(value: Fact) -> str:
    """A fact as text."""
    if value is None:
        return "not on file"
    if isinstance(value, Word):
        return value.label
    if isinstance(value, (date, datetime)):
        return spoken(value)
    if isinstance(value, Decimal):
        return number(value)
    return str(value)


def number(value: Fact) -> str:
    """Without trailing zeros, thousands grouped."""
    if isinstance(value, Decimal):
        return f"{value.normalize():,f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def count(value: Fact, one: str, many: str | None = None) -> str:
    """`1 day`, `30 days`."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def quantity(value: Fact, unit: Fact) -> str:
    """A quantity with its unit named."""
    if isinstance(unit, str) and unit in _UNITS:
        return count(value, *_UNITS[unit])
    return f"{count(value, 'unit')} of {unit}" if unit else number(value)


def units_text(units: Mapping[str, int] | None) -> str:
    """`60 J7502 + 120 J7515`."""
    if units is None:
        return "units unknown"
    return " + ".join(f"{amount:,} {code}" for code, amount in units.items() if amount) or "no units"


def listed(names: Fact, last: str = "or") -> str:
    """`a, b or c`."""
    texts = [plain(each) for each in names] if isinstance(names, tuple) else [plain(names)]
    if len(texts) < 2:
        return texts[0] if texts else "nothing"
    return f"{', '.join(texts[:-1])} {last} {texts[-1]}"


def code_text(code: Fact) -> str:
    """A billing code with what it stands for: never a bare code."""
    return f"{code} ({label_of(code)})" if isinstance(code, str) else "its code"


class Wording:
    """One decision about to be put into words."""

    __slots__ = ("book", "decision", "desk", "finding")

    def __init__(self, desk: Desk, decision: Decision, finding: Finding) -> None:
        self.desk, self.book, self.decision, self.finding = desk, desk.book, decision, finding

    def fact(self, name: str) -> Fact:
        return self.finding.facts.get(name)

    def day(self, name: str) -> str:
        return spoken(self.fact(name))

    @property
    def fill(self) -> str:
        """`Fill on Sun 2026-06-14`."""
        on = self.finding.fill.on if self.finding.fill else self.finding.harm_on
        return f"Fill on {spoken(on)}"

    @property
    def refused(self) -> str:
        return f"{self.fill} will be refused"

    @property
    def pa(self) -> Authorization | None:
        return self.book.authorizations.get(self.finding.about or "")

    @property
    def coverage(self) -> Coverage | None:
        return next((each for each in self.book.patient.coverages if each.id == self.finding.about), None)

    @property
    def regimen(self) -> Regimen | None:
        found = self.finding.fill.regimen if self.finding.fill else self.finding.about
        return next((each for each in self.book.regimens if each.id == found), None)

    def payer(self, plan: str | None) -> str:
        """A plan's payer, else its id."""
        found = self.book.plans.get(plan or "")
        return (found.payer or found.id) if found else "no plan"

    @property
    def paying(self) -> str:
        """Who pays for the fill at hand."""
        fill, coverage = self.finding.fill, self.coverage
        if fill is not None and fill.plan is not None:
            return self.payer(fill.plan)
        return self.payer(coverage.plan if coverage else None)

    def pa_name(self, pa_id: Fact) -> str:
        """`PA A-48213`, by its number, else by the day it was asked for."""
        pa = self.book.authorizations.get(pa_id) if isinstance(pa_id, str) else None
        if pa is None:
            return "PA"
        if pa.number:
            return f"{_KINDS[pa.kind]} {pa.number}"
        asked = pa.requested.on if pa.requested else None
        return (
            f"{_KINDS[pa.kind]} asked on {spoken(asked)}" if asked else f"{_KINDS[pa.kind]} without a number"
        )

    @property
    def this_pa(self) -> str:
        return self.pa_name(self.finding.about)

    @property
    def drug(self) -> str:
        return self.regimen.drug.label if self.regimen else "the drug"

    @property
    def renewal(self) -> str:
        """A sentence on the renewal in progress, if there is one."""
        renewal = self.fact("renewal")
        return f" Renewal {self.pa_name(renewal)} is in progress." if renewal else ""
