"""How long a table holds, which fills of it are alike, and that a check leaves nothing behind."""

import gc
from datetime import date
from typing import Any

from casemaker import AS_OF, Maker, document, fill, plan, regimen, rule

from tracker.rules.answer import TableFill
from tracker.rules.casefile import case_from
from tracker.rules.check import check
from tracker.rules.desk import Desk
from tracker.rules.projection import Projection, project, project_alike

LATE = {"fills": [fill(on="2026-04-01")], "planned_fills": [{"on": "2026-06-20"}]}


def table(**more: Any) -> tuple[Desk, Projection]:
    desk = Desk(case_from(document(**more)))
    return desk, project(desk, AS_OF)


def too_soon_until(made: TableFill) -> Any:
    return next(each.facts["earliest"] for each in made.checks if each.check == "too_soon")


def test_a_fill_that_a_planned_one_stands_for_may_move_without_changing_the_table():
    desk, found = table(**LATE)

    assert found.fills[0].on == date(2026, 6, 20)
    assert found.holds_until == date(2026, 6, 21)
    assert project_alike(desk, date(2026, 6, 9), found) == found


def test_a_planned_fill_no_longer_stands_for_that_of_a_regimen_that_begins():
    regimens = [
        regimen(days_supply=90, to="2026-06-11"),
        regimen(id="r2", days_supply=7, **{"from": "2026-06-12"}),
    ]
    desk, found = table(**LATE, regimens=regimens)

    assert found.holds_until == date(2026, 6, 12)
    assert project_alike(desk, date(2026, 6, 12), found) is None


def test_a_table_differs_once_its_first_fill_is_past():
    desk, found = table()

    assert found.fills[0].on == date(2026, 7, 5)
    assert project_alike(desk, date(2026, 6, 30), found) is not None
    assert project_alike(desk, date(2026, 7, 6), found) is None


def test_a_table_differs_once_the_next_course_is_the_one_without_drug():
    regimens = [
        regimen(to="2026-06-11"),
        regimen(id="r2", drug="azathioprine", formulation=None, form="tablet", strengths_mg=[50], dose_mg=50)
        | {"from": "2026-07-01"},
    ]
    desk, found = table(fills=[], planned_fills=[{"on": "2026-06-20"}], regimens=regimens)

    assert found.run_out == date(2026, 1, 1)
    assert project_alike(desk, date(2026, 6, 12), found) is None


def test_fills_alike_keep_their_days_ahead_of_run_out():
    _, found = table(policy={"fill_ahead_days": 5})

    on = [each.on for each in found.fills[:3]]
    assert on == [date(2026, 6, 30), date(2026, 7, 30), date(2026, 8, 29)]
    assert [each.runs_out_on for each in found.fills[:2]] == [date(2026, 8, 4), date(2026, 9, 3)]
    assert [too_soon_until(each) for each in found.fills[:3]] == [
        date(2026, 6, 28),
        date(2026, 7, 28),
        date(2026, 8, 27),
    ]


def test_fills_alike_keep_what_the_payer_counts_beyond_the_drug_on_hand():
    # The dose doubled on 6 June: of 60 capsules 58 are left, for 14 days; the payer counts 30.
    regimens = [regimen(to="2026-06-05"), regimen(id="r2", dose_mg=200, **{"from": "2026-06-06"})]
    plans = [plan(rules=[rule(refill_threshold_percent=40)])]
    _, found = table(regimens=regimens, plans=plans)

    assert [each.on for each in found.fills[:3]] == [date(2026, 6, 20), date(2026, 7, 20), date(2026, 8, 19)]
    assert [too_soon_until(each) for each in found.fills[:3]] == [
        date(2026, 6, 17),
        date(2026, 7, 17),
        date(2026, 8, 16),
    ]


def test_a_check_leaves_nothing_to_the_garbage_collector():
    case = case_from(Maker(7).document())
    check(case, AS_OF)
    gc.collect()
    gc.disable()
    try:
        check(case, AS_OF)
        left = gc.collect()
    finally:
        gc.enable()

    assert left == 0


def test_fills_alike_wait_for_part_b_though_the_payer_counts_less_than_is_on_hand():
    # The dose fell on 26 May: what was for 20 days lasts 25, to 20 June; the payer counts to 15 June.
    regimens = [regimen(dose_mg=125, to="2026-05-25"), regimen(id="r2", **{"from": "2026-05-26"})]
    dispensed = fill(on="2026-05-16", units={"J7502": 60, "J7515": 60})
    _, found = table(
        policy={"fill_ahead_days": 12},
        plans=[plan(line_of_business="medicare_part_b")],
        regimens=regimens,
        fills=[dispensed],
    )

    assert [each.on for each in found.fills[:3]] == [date(2026, 6, 10), date(2026, 7, 10), date(2026, 8, 9)]
    assert all(each.ok for each in found.fills)
