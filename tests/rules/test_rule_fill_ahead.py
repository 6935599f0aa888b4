"""Fill ahead: the last permitted fill before the first refused one, just inside and outside each edge."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from casemaker import Maker, coverage, document, fill, pa, plan, regimen, rule
from hypothesis import given
from hypothesis import strategies as st

from tracker.rules.casefile import case_from
from tracker.rules.check import check
from tracker.rules.facts import Case, PlannedFill
from tracker.rules.fill_ahead import FillAhead, fill_ahead
from tracker.rules.words import Check


def case(*, rules: Any = None, line: str = "commercial", **patient: Any) -> Case:
    """A fill of 2026-06-05 for 30 days; the next is due on 2026-07-05."""
    rules = rules or [rule(prior_authorization=True)]
    return case_from(document(plans=[plan(line_of_business=line, rules=rules)], **patient))


def ahead(**facts: Any) -> FillAhead:
    given = case(**facts)
    found = fill_ahead(given, given.as_of)
    assert found is not None
    return found


def none_for(**facts: Any) -> bool:
    given = case(**facts)
    return fill_ahead(given, given.as_of) is None


def test_the_last_day_of_the_authorization_is_the_last_permitted_fill_date() -> None:
    found = ahead(authorizations=[pa(to="2026-06-30")])

    assert (found.first_on, found.last_on) == (date(2026, 6, 28), date(2026, 6, 30))
    assert (found.days_supply, found.runs_out_then) == (30, date(2026, 8, 4))
    assert (found.refused_on, found.refused_then) == (date(2026, 7, 5), date(2026, 8, 4))
    assert found.cushion_days == 30
    assert found.message == (
        "A fill for 30 days is permitted from Sun 2026-06-28 through Tue 2026-06-30. Drug then lasts until "
        "Tue 2026-08-04; the first refused fill moves from Sun 2026-07-05 to Tue 2026-08-04."
    )


def test_a_single_day_is_said_as_one_and_the_end_of_refusals_too() -> None:
    found = replace(
        ahead(authorizations=[pa(to="2026-06-30")]), first_on=date(2026, 6, 30), refused_then=None
    )

    assert "permitted on Tue 2026-06-30 only." in found.message
    assert found.message.endswith("moves from Sun 2026-07-05 to none within 12 months.")


@pytest.mark.parametrize(("ends", "possible"), [("2026-06-28", True), ("2026-06-27", False)])
def test_a_fill_that_is_too_soon_is_not_offered(ends: str, possible: bool) -> None:
    assert none_for(authorizations=[pa(to=ends)]) is not possible


def test_the_days_supply_limit_on_file_is_used_up() -> None:
    rules = [rule(prior_authorization=True, max_days_supply=90)]
    found = ahead(rules=rules, authorizations=[pa(to="2026-06-30")])

    assert (found.days_supply, found.limit_known, found.cushion_days) == (90, True, 90)
    assert found.notes == ()


def test_without_a_limit_on_file_no_more_than_the_usual_days_are_offered() -> None:
    found = ahead(authorizations=[pa(to="2026-06-30")])

    assert found.notes == (
        "No days-supply limit is on file: ask the payer whether a longer fill is possible.",
    )


@pytest.mark.parametrize(("units", "days"), [(60 + 59, 29), (60 + 60, 30), (60 + 1, None), (60 + 2, 1)])
def test_the_units_left_shorten_the_fill(units: int, days: int | None) -> None:
    lines = [{"code": "J7502", "units": units}]
    given = case(authorizations=[pa(to="2026-06-30", lines=lines)])
    found = fill_ahead(given, given.as_of)

    assert (found.days_supply if found else None) == days


def test_units_that_run_short_leave_a_shorter_fill_on_the_day_itself() -> None:
    found = ahead(authorizations=[pa(to=None, lines=[{"code": "J7502", "units": 60 + 20}])])

    assert (found.last_on, found.days_supply) == (date(2026, 7, 5), 10)
    assert found.refused_then == date(2026, 7, 15)


def test_a_rolling_limit_counts_the_fill_before() -> None:
    limit = {"quantity": 90, "per_days": 30, "unit": "capsule", "method": "rolling"}
    rules = [rule(prior_authorization=True, quantity_limit=limit)]
    found = ahead(rules=rules, authorizations=[pa(to="2026-06-30")])

    # 60 capsules of 2026-06-05 are still in the window of 30 days: 30 more are 15 days.
    assert (found.last_on, found.days_supply) == (date(2026, 6, 30), 15)


def test_coverage_that_ends_is_used_to_its_last_day() -> None:
    found = ahead(
        rules=[rule(prior_authorization=False)],
        coverages=[coverage(to="2026-07-02")],
    )

    assert (found.first_on, found.last_on) == (date(2026, 6, 28), date(2026, 7, 2))
    assert found.refused_then == date(2026, 8, 4)


def test_part_b_delivers_no_sooner_than_ten_days_before_the_run_out() -> None:
    found = ahead(line="medicare_part_b", coverages=[coverage(to="2026-07-02")])

    assert (found.first_on, found.last_on, found.days_supply) == (
        date(2026, 6, 25),
        date(2026, 7, 2),
        90,
    )


def test_a_later_fill_of_the_table_can_be_the_long_one() -> None:
    rules = [rule(prior_authorization=True, max_days_supply=90)]
    found = ahead(rules=rules, authorizations=[pa(to="2026-07-20")])

    # 2026-08-04 is refused and not possible by 07-20; the fill of 07-05 may be one of 90 days.
    assert (found.last_on, found.days_supply) == (date(2026, 7, 5), 90)
    assert (found.cushion_days, found.refused_then) == (60, date(2026, 10, 3))


def test_unknown_is_no_refusal_but_is_said() -> None:
    rules = [rule(prior_authorization=True, quantity_limit=None)]
    found = ahead(rules=rules, authorizations=[pa(to="2026-06-30")])

    assert found.unverified == (Check.QUANTITY_LIMIT,)
    assert "Verify with the payer: quantity." in found.notes


def test_the_refused_fill_that_was_planned_gives_its_place() -> None:
    found = ahead(authorizations=[pa(to="2026-06-30")], planned_fills=[{"on": "2026-07-04"}])

    assert found.instead_of == (date(2026, 7, 4),)


def test_nothing_is_offered_where_nothing_is_refused_or_nothing_helps() -> None:
    assert none_for(authorizations=[pa(to=None)])
    assert none_for(authorizations=[])
    assert none_for(authorizations=[pa(to=None)], regimens=[])


def test_whole_bottles_of_solution_stay_under_the_limit() -> None:
    solution = regimen(form="solution", strengths_mg=[], dose_mg=100, doses_per_day=1)
    rules = [rule(prior_authorization=True, max_days_supply=90)]
    found = ahead(
        rules=rules,
        regimens=[solution],
        fills=[fill(units={"J7502": 50}, days_supply=50, on="2026-05-20")],
        authorizations=[pa(to="2026-07-08")],
    )

    # 90 days would be two bottles of 50 mL, which last 100 days.
    assert (found.last_on, found.days_supply) == (date(2026, 7, 8), 50)


def test_the_sum_adds_up() -> None:
    lines = [(line.op, line.label, line.value) for line in ahead(authorizations=[pa(to="2026-06-30")]).sums]

    assert lines == [
        ("", "PA PA1 ends", "Tue 2026-06-30"),
        ("", "Last permitted fill date", "Tue 2026-06-30"),
        ("", "Drug on hand until", "Sun 2026-07-05"),
        ("+", "days supply", "30 days"),
        ("=", "Drug then lasts until", "Tue 2026-08-04"),
        ("-", "first refused fill, as it is now", "Sun 2026-07-05"),
        ("=", "Cushion", "30 days"),
        ("", "First refused fill then", "Tue 2026-08-04"),
    ]


def accepted(given: Case, found: FillAhead, on: date) -> Case:
    planned = [each for each in given.patient.planned_fills if each.on not in (*found.instead_of, on)]
    mine = PlannedFill(on, found.days_supply)
    return replace(given, patient=replace(given.patient, planned_fills=(*planned, mine)))


@given(st.integers(0, 10**9))
def test_accepting_it_moves_the_first_refused_fill_as_promised(seed: int) -> None:
    given = case_from(Maker(seed).document())
    found = fill_ahead(given, given.as_of)
    if found is None:
        return

    answer = check(accepted(given, found, found.last_on), given.as_of)

    mine = next(each for each in answer.fills if each.on == found.last_on)
    assert (mine.ok, mine.planned, mine.runs_out_on) == (True, True, found.runs_out_then)
    assert found.refused_on == check(given, given.as_of).earliest_denial.on  # type: ignore[union-attr]
    assert (answer.earliest_denial.on if answer.earliest_denial else None) == found.refused_then
    assert found.refused_then is None or found.refused_then > found.refused_on


@given(st.integers(0, 60), st.integers(1, 400), st.sampled_from([30, 60, 90]))
def test_no_permitted_fill_lasts_longer(ends: int, units: int, limit: int) -> None:
    end = date.fromordinal(date(2026, 6, 8).toordinal() + ends).isoformat()
    given = case(
        rules=[rule(prior_authorization=True, max_days_supply=limit)],
        authorizations=[pa(to=end, lines=[{"code": "J7502", "units": units}])],
    )
    found = fill_ahead(given, given.as_of)
    before = check(given, given.as_of)
    assert before.earliest_denial is not None
    refused_on = before.earliest_denial.on
    # With nothing to suggest, no permitted fill lasts longer than the one that comes anyway.
    longest = found.runs_out_then if found else before.fills[0].runs_out_on

    for ordinal in range(date(2026, 6, 8).toordinal(), refused_on.toordinal() + 1, 3):
        for days in (1, 7, 15, 30, 45, 60, 90):
            on = date.fromordinal(ordinal)
            planned = (PlannedFill(on, days),)
            tried = check(replace(given, patient=replace(given.patient, planned_fills=planned)), given.as_of)
            refused = tried.earliest_denial.on if tried.earliest_denial else date.max
            mine = next((each for each in tried.fills if each.on == on), None)
            helps = refused > refused_on and mine is not None and mine.ok and mine.planned
            if helps and mine.on <= (before.run_out or mine.on):  # type: ignore[union-attr]
                assert mine.runs_out_on <= longest  # type: ignore[union-attr]


def test_before_the_first_day_of_the_next_regimen_its_dose_is_filled() -> None:
    regimens = [regimen(to="2026-06-30"), regimen(id="r2", dose_mg=200, **{"from": "2026-07-04"})]
    found = ahead(regimens=regimens, authorizations=[pa(to="2026-07-02")])

    assert (found.last_on, found.fill.units) == (date(2026, 7, 2), {"J7502": 120})


def test_a_fill_that_would_have_the_planned_one_refused_is_not_offered() -> None:
    limits = [("2020-01-01", "2026-07-04", 90), ("2026-07-05", None, 10)]
    rules = [
        rule(prior_authorization=True, max_days_supply=days, **{"from": first, "to": last})
        for first, last, days in limits
    ]
    planned_fills = [{"on": "2026-07-05", "days_supply": 10}]

    assert none_for(rules=rules, planned_fills=planned_fills, authorizations=[pa(to="2026-07-10")])
