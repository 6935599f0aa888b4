"""What a check answers: the dates, the table of fills with their checks, and the alerts with their proof.

What is made often has a constructor of its own here and in the other rules: a frozen dataclass takes three
times as long to make, a named tuple twice. None of them is changed once it is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Protocol, TypeAlias

from tracker.rules.facts import Override
from tracker.rules.words import AboutKind, AlertCode, Check, Formulation, Result, Severity

Fact: TypeAlias = "date | datetime | Decimal | int | str | tuple[Fact, ...] | Mapping[str, Fact] | None"
Facts: TypeAlias = Mapping[str, Fact]
_NO_FACTS: Final[Facts] = {}


@dataclass(init=False, slots=True)
class CheckResult:
    """One check of one fill; `code` is None on a plain pass or unknown, `about` the object to blame."""

    check: Check
    result: Result
    code: AlertCode | None
    facts: Facts
    about: str | None
    about_kind: AboutKind | None

    def __init__(
        self,
        check: Check,
        result: Result,
        code: AlertCode | None,
        facts: Facts,
        about: str | None = None,
        about_kind: AboutKind | None = None,
    ) -> None:
        self.check = check
        self.result = result
        self.code = code
        self.facts = facts
        self.about = about
        self.about_kind = about_kind


@dataclass(init=False, slots=True)
class TableFill:
    """One planned or projected fill of the next 12 months with its checks.

    `plan` and `coverage` are ids of who pays (None: nobody), `authorization` the one charged,
    `regimen` the id of the one it is made for; `runs_out_on` is the first day without drug after it.
    """

    on: date
    days_supply: int
    plan: str | None
    coverage: str | None
    units: Mapping[str, int] | None
    authorization: str | None
    ok: bool
    checks: tuple[CheckResult, ...]
    planned: bool
    regimen: str
    formulation: Formulation | None
    runs_out_on: date
    override: Override | None

    def __init__(
        self,
        on: date,
        days_supply: int,
        plan: str | None,
        coverage: str | None,
        units: Mapping[str, int] | None,
        authorization: str | None,
        ok: bool,
        checks: tuple[CheckResult, ...],
        planned: bool,
        regimen: str,
        formulation: Formulation | None,
        runs_out_on: date,
        override: Override | None = None,
    ) -> None:
        self.on = on
        self.days_supply = days_supply
        self.plan = plan
        self.coverage = coverage
        self.units = units
        self.authorization = authorization
        self.ok = ok
        self.checks = checks
        self.planned = planned
        self.regimen = regimen
        self.formulation = formulation
        self.runs_out_on = runs_out_on
        self.override = override


@dataclass(frozen=True, slots=True)
class EarliestDenial:
    on: date
    codes: tuple[AlertCode, ...]
    last_covered_fill: date | None


@dataclass(frozen=True, slots=True)
class SumLine:
    """One line of a date sum: sign (`+`, `-`, `=` or empty), label, value, note."""

    op: str
    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class FactUsed:
    """One fact that a finding rests on; kind and id say which object to open."""

    label: str
    value: str
    kind: str
    id: str | None


@dataclass(frozen=True, slots=True)
class Proof:
    """Why a finding is made: the rule, its source, the date arithmetic, the facts, what clears it."""

    rule: str
    source: str | None
    source_verified_on: date | None
    sums: tuple[SumLine, ...]
    facts_used: tuple[FactUsed, ...]
    clears: tuple[str, ...]


class Spoken(Protocol):
    """A finding in words, worked out when they are read."""

    @property
    def message(self) -> str: ...
    @property
    def proof(self) -> Proof: ...


@dataclass(init=False, slots=True)
class Finding:
    """A finding before its words: what, how bad, about which object, from when it harms.

    `key_on` is the object's own key date (rulebook 10.2); `fill` the table's fill it was made of.
    """

    code: AlertCode
    severity: Severity
    about: str | None
    about_kind: AboutKind
    key_on: date | None
    harm_on: date | None
    facts: Facts
    fill: TableFill | None

    def __init__(
        self,
        code: AlertCode,
        severity: Severity,
        about: str | None,
        about_kind: AboutKind,
        key_on: date | None,
        harm_on: date | None,
        facts: Facts = _NO_FACTS,
        fill: TableFill | None = None,
    ) -> None:
        self.code = code
        self.severity = severity
        self.about = about
        self.about_kind = about_kind
        self.key_on = key_on
        self.harm_on = harm_on
        self.facts = facts
        self.fill = fill

    @property
    def key(self) -> str:
        key_on = self.key_on.isoformat() if self.key_on else "none"
        return f"{self.code}:{self.about or 'none'}:{key_on}"


@dataclass(init=False, slots=True)
class Alert:
    """One finding with its words, which follow from it: neither made before they are read nor compared."""

    finding: Finding
    spoken: Spoken = field(repr=False, compare=False)

    def __init__(self, finding: Finding, spoken: Spoken) -> None:
        self.finding = finding
        self.spoken = spoken

    @property
    def code(self) -> AlertCode:
        return self.finding.code

    @property
    def severity(self) -> Severity:
        return self.finding.severity

    @property
    def about(self) -> str | None:
        return self.finding.about

    @property
    def about_kind(self) -> AboutKind:
        return self.finding.about_kind

    @property
    def key(self) -> str:
        """Stable (rulebook 10.2) without the patient, unique within an answer."""
        return self.finding.key

    @property
    def harm_on(self) -> date | None:
        return self.finding.harm_on

    @property
    def facts(self) -> Facts:
        return self.finding.facts

    @property
    def message(self) -> str:
        return self.spoken.message

    @property
    def clears_when(self) -> str:
        """The change that clears it first; `proof.clears` has them all."""
        return self.proof.clears[0]

    @property
    def proof(self) -> Proof:
        return self.spoken.proof


@dataclass(init=False, slots=True)
class Answer:
    """`valid_until` is the first later day on which the answer would differ; None: not within a year."""

    as_of: date
    valid_until: date | None
    run_out: date | None
    next_fill: date | None
    start_renewal_by: date | None
    earliest_denial: EarliestDenial | None
    fills: tuple[TableFill, ...]
    alerts: tuple[Alert, ...]

    def __init__(
        self,
        as_of: date,
        valid_until: date | None,
        run_out: date | None,
        next_fill: date | None,
        start_renewal_by: date | None,
        earliest_denial: EarliestDenial | None,
        fills: tuple[TableFill, ...],
        alerts: tuple[Alert, ...],
    ) -> None:
        self.as_of = as_of
        self.valid_until = valid_until
        self.run_out = run_out
        self.next_fill = next_fill
        self.start_renewal_by = start_renewal_by
        self.earliest_denial = earliest_denial
        self.fills = fills
        self.alerts = alerts
