"""How long a table holds: which days are looked at, and when it differs."""

from datetime import date
from typing import Any

from casemaker import AS_OF, document, fill, regimen

from tracker.rules.casefile import case_from
from tracker.rules.desk import Desk
from tracker.rules.projection import Projection, project, project_alike

LATE = {"fills": [fill(on="2026-04-01")], "planned_fills": [{"on": "2026-06-20"}]}


def table(**more: Any) -> tuple[Desk, Projection]:
    desk = Desk(case_from(document(**more)))
    return desk, project(desk, AS_OF)


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
