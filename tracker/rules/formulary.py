"""Which formulary rule of a plan holds for which code on a date (rulebook 11)."""

from collections.abc import Iterable, Mapping
from datetime import date

from tracker.rules.facts import Plan, Rule


def rules_in_force(plan: Plan, day: date) -> list[Rule]:
    """A plan's rules on a date, as listed."""
    return [
        rule
        for rule in plan.rules
        if (rule.starts_on is None or rule.starts_on <= day) and (rule.ends_on is None or day <= rule.ends_on)
    ]


def rules_for(
    plan: Plan, own_codes: tuple[str, ...], codes: Iterable[str], day: date
) -> Mapping[str, Rule | None]:
    """The rule of each code: its own, else the first listed of the drug's own codes, else None (unknown)."""
    by_code: dict[str, Rule] = {}
    shared = None
    for rule in rules_in_force(plan, day):
        by_code.setdefault(rule.code, rule)
        if shared is None and rule.code in own_codes:
            shared = rule
    return {code: by_code.get(code, shared) for code in codes}
