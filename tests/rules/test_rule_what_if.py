"""What-if: which facts change, and how two answers are laid beside each other."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from casemaker import Maker, coverage, document, pa, plan, regimen, rule
from hypothesis import given
from hypothesis import strategies as st

from tracker.rules.casefile import case_from
from tracker.rules.check import check
from tracker.rules.facts import Case, PlannedFill
from tracker.rules.what_if import (
    NEW_REGIMEN,
    Comparison,
    CoverageEnd,
    Therapy,
    WhatIf,
    changed,
    compare,
)
from tracker.rules.words import Mark


def case(**patient: Any) -> Case:
    plans = [plan(rules=[rule(prior_authorization=True)])]
    return case_from(document(plans=plans, **{"authorizations": [pa(to="2026-06-30")], **patient}))


def compared(given: Case, wish: WhatIf) -> Comparison:
    return compare(check(given, given.as_of), check(changed(given, wish), given.as_of))


def days(found: Comparison) -> list[tuple[date | None, date | None, Mark]]:
    return [(each.now and each.now.on, each.then and each.then.on, each.mark) for each in found.fills]


def test_a_change_after_the_first_day_ends_the_regimen_the_day_before() -> None:
    found = changed(case(), WhatIf(therapy=Therapy(date(2026, 1, 2), dose_mg=Decimal(150))))

    old, new = found.patient.regimens
    assert (old.ends_on, old.dose_mg) == (date(2026, 1, 1), 100)
    assert (new.id, new.starts_on, new.ends_on, new.dose_mg) == (NEW_REGIMEN, date(2026, 1, 2), None, 150)


def test_a_change_on_the_first_day_changes_the_regimen_itself() -> None:
    found = changed(case(), WhatIf(therapy=Therapy(date(2026, 1, 1), days_supply=90)))

    assert [(each.id, each.days_supply) for each in found.patient.regimens] == [("r1", 90)]


def test_the_regimen_after_it_stays_where_it_is() -> None:
    regimens = [regimen(to="2026-08-31"), regimen(id="r2", dose_mg=200, **{"from": "2026-09-01"})]
    found = changed(case(regimens=regimens), WhatIf(therapy=Therapy(date(2026, 7, 1), doses_per_day=3)))

    spans = [(each.id, each.starts_on, each.ends_on) for each in found.patient.regimens]
    assert spans == [
        ("r1", date(2026, 1, 1), date(2026, 6, 30)),
        (NEW_REGIMEN, date(2026, 7, 1), date(2026, 8, 31)),
        ("r2", date(2026, 9, 1), None),
    ]


def test_no_regimen_left_means_no_change() -> None:
    given = case(regimens=[regimen(to="2026-06-30")])

    assert changed(given, WhatIf(therapy=Therapy(date(2026, 7, 1), doses_per_day=3))) == given


def test_an_early_fill_stands_beside_the_one_it_replaces() -> None:
    found = compared(case(), WhatIf(planned_fill=PlannedFill(date(2026, 6, 30), 30)))

    assert days(found)[:2] == [
        (date(2026, 7, 5), date(2026, 6, 30), Mark.NOW_COVERED),
        (date(2026, 8, 4), date(2026, 8, 4), Mark.SAME),
    ]


def test_fewer_fills_leave_some_out() -> None:
    found = compared(case(), WhatIf(therapy=Therapy(date(2026, 1, 1), days_supply=60)))

    assert [mark for _, _, mark in days(found)][:3] == [Mark.CHANGED, Mark.LEFT_OUT, Mark.CHANGED]


def test_a_coverage_that_ends_refuses_what_was_covered() -> None:
    given = case(authorizations=[pa(to=None)], coverages=[coverage()])
    found = compared(given, WhatIf(coverage_end=CoverageEnd("c1", date(2026, 7, 31))))

    assert [mark for _, _, mark in days(found)][:2] == [Mark.SAME, Mark.NOW_REFUSED]
    assert {each.mark for each in found.alerts} == {Mark.OPENS}
    assert [each.label for each in found.figures if each.changed] == ["Earliest denial"]


def test_a_later_harm_is_milder() -> None:
    fills = [{"id": "f1", "on": "2026-05-15", "days_supply": 30, "units": {"J7502": 60}}]
    sooner = case(authorizations=[], fills=fills)
    later = case(authorizations=[], fills=[{**fills[0], "days_supply": 40}])

    marks = [each.mark for each in compare(check(sooner, sooner.as_of), check(later, later.as_of)).alerts]

    assert Mark.MILDER in marks
    assert Mark.WORSE not in marks


@given(st.integers(0, 10**9))
def test_nothing_changed_is_nothing_different(seed: int) -> None:
    given = case_from(Maker(seed).document())
    answer = check(given, given.as_of)
    found = compare(answer, check(changed(given, WhatIf()), given.as_of))

    assert not found.differs
    assert found.alerts_kept == len(answer.alerts)
    assert len(found.fills) == len(answer.fills)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_every_fill_of_both_answers_stands_in_one_row(seed: int, other: int) -> None:
    one, two = case_from(Maker(seed).document()), case_from(Maker(other).document())
    now, then = check(one, one.as_of), check(two, two.as_of)
    found = compare(now, then)

    assert [each.now for each in found.fills if each.now] == list(now.fills)
    assert [each.then for each in found.fills if each.then] == list(then.fills)


def test_another_coverage_and_authorization_stand_beside_those_on_file() -> None:
    given = case()
    wish = WhatIf(
        coverage=replace(given.patient.coverages[0], id="c2"),
        authorization=replace(given.patient.authorizations[0], id="PA2", ends_on=None),
    )
    found = changed(given, wish)

    assert [each.id for each in found.patient.coverages] == ["c1", "c2"]
    assert [each.id for each in found.patient.authorizations] == ["PA1", "PA2"]
    assert check(found, found.as_of).earliest_denial is None


def test_a_harm_that_only_moves_is_changed() -> None:
    given = case(authorizations=[pa(to="2026-07-20")])
    found = compared(given, WhatIf(planned_fill=PlannedFill(date(2026, 7, 5), 14)))

    (alert,) = found.alerts
    assert alert.mark is Mark.CHANGED
    assert alert.now is not None
    assert alert.then is not None
    assert (alert.now.harm_on, alert.then.harm_on) == (date(2026, 8, 4), date(2026, 8, 18))
