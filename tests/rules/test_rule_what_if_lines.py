"""What-if as on paper: `what_if.txt` holds what each wish changes, in figures, alerts and fills.

After a change of words, read what changed and write the file anew:

    python tests/rules/test_rule_what_if_lines.py > tests/rules/what_if.txt
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from casemaker import coverage, document, fill, pa, plan, regimen, rule
from rare_cases import AWAY

from tracker.rules.answer import Alert, TableFill
from tracker.rules.casefile import case_from
from tracker.rules.check import check
from tracker.rules.facts import Case, PlannedFill
from tracker.rules.what_if import Comparison, CoverageEnd, Therapy, WhatIf, changed, compare

FILE = Path(__file__).parent / "what_if.txt"


def case(**more: Any) -> Case:
    """A patient of two plans, whose PA of the first ends on 2026-06-30."""
    facts = {
        "plans": [
            plan(rules=[rule(prior_authorization=True)]),
            plan(id="silver", payer="Silver Health", rules=[rule()]),
        ],
        "coverages": [coverage(), coverage(id="c2", plan="silver", rank=2)],
        "authorizations": [pa(to="2026-06-30")],
        **more,
    }
    return case_from(document(**facts))


THERE = case()
TWO_DOSES = case(
    regimens=[
        regimen(id="r2", dose_mg=200, **{"from": "2026-09-01"}),
        regimen(to="2026-08-31", ordered_on="2026-01-01"),
    ]
)
PLANNED = case(
    planned_fills=[
        {"on": "2026-06-29", "units": {"J7502": 50}, "override": AWAY},
        {"on": "2026-08-10", "days_supply": 10},
    ]
)
OVERDUE = case(authorizations=[], fills=[fill(on="2026-05-01")])
LATE = case(authorizations=[], fills=[fill(on="2026-05-20")])
BLANK = case(plans=[plan(rules=[rule(quantity_limit=None)]), plan(id="silver", rules=[rule()])])
KNOWN = case(plans=[plan(rules=[rule()]), plan(id="silver", rules=[rule()])])
(PA1,) = THERE.patient.authorizations
(C1, C2) = THERE.patient.coverages

WISHES: dict[str, tuple[Case, WhatIf]] = {
    "nothing changes": (THERE, WhatIf()),
    "the PA is renewed": (THERE, WhatIf(authorization=replace(PA1, id="PA2", ends_on=None))),
    "the first coverage ends": (THERE, WhatIf(coverage_end=CoverageEnd("c1", date(2026, 7, 31)))),
    "a coverage that is not there ends": (THERE, WhatIf(coverage_end=CoverageEnd("c9", date(2026, 7, 31)))),
    "another coverage pays first": (THERE, WhatIf(coverage=replace(C2, id="c3", rank=0))),
    "twice the dose from July on": (THERE, WhatIf(therapy=Therapy(date(2026, 7, 1), dose_mg=Decimal(200)))),
    "three doses a day at once": (THERE, WhatIf(therapy=Therapy(date(2026, 6, 8), doses_per_day=3))),
    "90 days a fill": (THERE, WhatIf(therapy=Therapy(date(2026, 1, 1), days_supply=90))),
    "the same dose": (THERE, WhatIf(therapy=Therapy(date(2026, 7, 1), dose_mg=Decimal(100)))),
    "another dose before the next one": (
        TWO_DOSES,
        WhatIf(therapy=Therapy(date(2026, 8, 1), dose_mg=Decimal(150), days_supply=60)),
    ),
    "another dose on the first day of the next one": (
        TWO_DOSES,
        WhatIf(therapy=Therapy(date(2026, 9, 1), doses_per_day=3)),
    ),
    "another dose after the next one": (
        TWO_DOSES,
        WhatIf(therapy=Therapy(date(2026, 10, 1), doses_per_day=1)),
    ),
    "an early fill": (THERE, WhatIf(planned_fill=PlannedFill(date(2026, 6, 30), 45))),
    "an early fill with units": (
        THERE,
        WhatIf(planned_fill=PlannedFill(date(2026, 6, 30), 30, units={"J7502": 7})),
    ),
    "a planned fill moves": (
        PLANNED,
        WhatIf(planned_fill=PlannedFill(date(2026, 7, 2), 20), instead_of=date(2026, 6, 29)),
    ),
    "a planned fill lasts longer": (PLANNED, WhatIf(planned_fill=PlannedFill(date(2026, 8, 10), 30))),
    "a fill is made of two planned ones": (
        PLANNED,
        WhatIf(planned_fill=PlannedFill(date(2026, 6, 29), 90), instead_of=date(2026, 8, 10)),
    ),
}
OTHERS: dict[str, tuple[Case, Case]] = {
    "harm comes later": (OVERDUE, LATE),
    "harm comes sooner": (LATE, OVERDUE),
    "a limit becomes unknown": (THERE, BLANK),
    "a limit becomes unknown, and no more": (KNOWN, BLANK),
    "the limit becomes known": (BLANK, THERE),
}


def fact_lines(given: Case) -> Iterator[str]:
    """The patient's facts that a wish can change."""
    patient = given.patient
    for each in patient.coverages:
        yield f"coverage {each.id} {each.plan} {each.starts_on} to {each.ends_on} rank {each.rank}"
    for one in patient.regimens:
        yield (
            f"regimen {one.id} {one.dose_mg} mg x {one.doses_per_day} for {one.days_supply} days, "
            f"{one.starts_on} to {one.ends_on}, ordered {one.ordered_on}"
        )
    for pa_ in patient.authorizations:
        yield f"PA {pa_.id} {pa_.starts_on} to {pa_.ends_on}"
    for planned in patient.planned_fills:
        override = planned.override.kind if planned.override else None
        yield f"planned {planned.on} for {planned.days_supply} days, {planned.units}, override {override}"


def alert_said(alert: Alert | None) -> str:
    return f"{alert.severity} {alert.key} {alert.harm_on}" if alert else "none"


def fill_said(made: TableFill | None) -> str:
    return f"{made.on} {made.days_supply} days by {made.plan}" if made else "none"


def lines_of(found: Comparison) -> Iterator[str]:
    yield f"differs {found.differs}, {found.alerts_kept} alerts as before"
    for figure in found.figures:
        yield f"{figure.label}: {figure.now} -> {figure.then}{' (changed)' if figure.changed else ''}"
    for alert in found.alerts:
        yield f"alert {alert.mark}: {alert_said(alert.now)} -> {alert_said(alert.then)}"
    for pair in found.fills[:5]:
        yield f"fill {pair.mark}: {fill_said(pair.now)} -> {fill_said(pair.then)}"


def examples() -> Iterator[str]:
    for name, (given, wish) in WISHES.items():
        then = changed(given, wish)
        new = [line for line in fact_lines(then) if line not in list(fact_lines(given))]
        old = [f"no more: {line}" for line in fact_lines(given) if line not in list(fact_lines(then))]
        found = compare(check(given, given.as_of), check(then, given.as_of))
        yield "\n".join([name, *old, *new, *lines_of(found)]) + "\n"
    for name, (one, two) in OTHERS.items():
        yield "\n".join([name, *lines_of(compare(check(one, one.as_of), check(two, two.as_of)))]) + "\n"


def test_what_changes_is_what_was_read() -> None:
    assert "\n".join(examples()) == FILE.read_text(encoding="utf-8")


if __name__ == "__main__":
    print("\n".join(examples()), end="")
