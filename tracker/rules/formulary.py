"""Which formulary rule of a plan holds for which code on a date (rulebook 11)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol, TypeVar

from tracker.rules.facts import Plan, Rule


class Dated(Protocol):
    """What is said of one code from one day to another, both inclusive; None: open."""

    @property
    def code(self) -> str: ...
    @property
    def starts_on(self) -> date | None: ...
    @property
    def ends_on(self) -> date | None: ...


D = TypeVar("D", bound=Dated)


def in_force(rules: Sequence[D], day: date) -> list[D]:
    """The rules that hold on a date, as listed."""
    return [
        rule
        for rule in rules
        if (rule.starts_on is None or rule.starts_on <= day) and (rule.ends_on is None or day <= rule.ends_on)
    ]


def by_code(
    rules: Sequence[D], own_codes: tuple[str, ...], codes: Iterable[str], day: date
) -> Mapping[str, D | None]:
    """The rule of each code: its own, else the first listed of the drug's own codes, else None (unknown)."""
    found: dict[str, D] = {}
    shared = None
    for rule in in_force(rules, day):
        found.setdefault(rule.code, rule)
        if shared is None and rule.code in own_codes:
            shared = rule
    return {code: found.get(code, shared) for code in codes}


def rules_for(
    plan: Plan, own_codes: tuple[str, ...], codes: Iterable[str], day: date
) -> Mapping[str, Rule | None]:
    """The rule of each code under a plan on a day."""
    return by_code(plan.rules, own_codes, codes, day)
