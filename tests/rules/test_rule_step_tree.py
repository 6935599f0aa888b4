"""The step tree says what the check decides, in words: days counted, what is missing, what would meet it."""

from datetime import date
from typing import Any

import pytest
from casemaker import AS_OF, Maker, coverage, document, fill, pa, plan, rule, step
from hypothesis import given
from hypothesis import strategies as st
from way_cases import SHORT

from tracker.rules.casefile import case_from
from tracker.rules.desk import Desk
from tracker.rules.projection import project
from tracker.rules.step_tree import StepTree, step_trees
from tracker.rules.step_words import Way, gaps, lookback_said, option_said, step_title
from tracker.rules.steps import Met
from tracker.rules.words import Check

OLD = {
    "id": "t2",
    "drug": "acitretin",
    "from": "2024-03-04",
    "to": "2024-07-15",
    "outcome": "inadequate_response",
    "documented_on": "2024-07-19",
}


def steps(*each: Any, **more: Any) -> list[dict[str, Any]]:
    return [plan(rules=[rule(step_therapy={"steps": list(each), **more})])]


def two_of_one(**more: Any) -> dict[str, Any]:
    values = {"options": ["methotrexate", "acitretin"], "min_days": 90, "lookback_days": 365, **more}
    return step(need=1, **values)


def tree(**more: Any) -> StepTree:
    values = {"indication": "psoriasis", "transplant": None, "plans": steps(two_of_one()), **more}
    case = case_from(document(**values))
    return step_trees(Desk(case), AS_OF)[0]


def leaf(found: StepTree, option: int = 0) -> tuple[Met, str, str]:
    first = found.asked.steps[0]
    assert found.asked.asked_on is not None
    each = first.options[option]
    met = first.result is Met.MET
    return each.result, *option_said(each, first.step, found.asked.asked_on, step_met=met)


@given(st.integers(0, 10**9))
def test_the_tree_is_the_one_that_the_check_of_the_fill_climbed(seed: int) -> None:
    case = case_from(Maker(seed).document())
    checked = {each.on: each for each in project(Desk(case), case.as_of).fills}

    for found in step_trees(Desk(case), case.as_of):
        check = next(each for each in checked[found.fill.on].checks if each.check is Check.STEP_THERAPY)
        mine = tuple(each.as_facts() for each in found.asked.steps)
        others = [each for each in step_trees(Desk(case), case.as_of) if each.fill.on == found.fill.on]
        if "steps" in check.facts and len(others) == 1:
            assert check.facts["steps"] == mine
        if found.asked.exempt == "exception" and len(others) == 1:
            assert check.facts == {"reason": "exception"}


def test_a_trial_four_days_short_says_so() -> None:
    found = tree(trials=[SHORT])

    assert found.result is Met.UNMET
    assert leaf(found) == (
        Met.UNMET,
        "86 days, 90 needed: 4 short",
        "Inadequate response counts only from 90 days. Intolerance or contraindication counts at any length.",
    )
    assert leaf(found, 1)[1] == "no trial on file"


def test_the_ninetieth_day_meets_it() -> None:
    found = tree(trials=[{**SHORT, "to": "2026-02-28"}])

    assert leaf(found) == (Met.MET, "90 days, 90 needed; inadequate response", "")
    assert leaf(found, 1)[1] == "not needed, enough others are met"
    assert gaps(found.asked.steps) == []


def test_a_trial_before_the_look_back_is_a_ground_for_an_exception() -> None:
    found = tree(trials=[OLD])

    result, count, why = leaf(found, 1)
    assert (result, found.result) == (Met.LOOKBACK, Met.LOOKBACK)
    assert count == "134 days, ended 328 days before the look-back"
    assert why == (
        "It begins on 2025-06-08. Ground for an exception: tried and failed under current or previous plan, "
        "chart proof on file."
    )
    assert gaps(found.asked.steps)[0].way is Way.EXCEPTION


def test_without_chart_proof_it_is_no_ground_yet() -> None:
    found = tree(trials=[{**OLD, "documented_on": None}])

    assert leaf(found, 1)[2].endswith("Without a document it is no ground for an exception.")
    assert gaps(found.asked.steps)[0].way is Way.EVIDENCE
    assert gaps(found.asked.steps)[0].text == "Chart proof of the acitretin trial, then an exception."


def test_what_is_missing_is_named_and_asked_for() -> None:
    apremilast = step(
        need=1, options=["apremilast"], min_days=None, lookback_days=365, document_required=True
    )
    trial = {"id": "t3", "drug": "apremilast", "from": "2026-03-10", "outcome": "intolerance"}
    found = tree(plans=steps(apremilast), trials=[trial])

    assert leaf(found)[:2] == (Met.UNKNOWN, "end date missing, document missing")
    assert [each.text for each in gaps(found.asked.steps)] == [
        "End date and document of the apremilast trial."
    ]
    assert step_title(3, found.asked.steps[0].step) == "Step 3: apremilast; any length, document required"


def test_an_outcome_that_does_not_count_says_what_does() -> None:
    found = tree(trials=[{**SHORT, "outcome": "other"}])

    assert leaf(found)[1:] == (
        "other does not count",
        "What counts: inadequate response, intolerance or contraindication.",
    )


def test_a_contraindication_needs_no_days() -> None:
    found = tree(trials=[{"id": "t1", "drug": "acitretin", "outcome": "contraindication"}])

    assert leaf(found, 1) == (Met.MET, "contraindication", "")


def test_the_nearest_way_of_a_step_comes_first() -> None:
    found = tree(trials=[OLD, SHORT], plans=steps(two_of_one()))

    assert [each.way for each in gaps(found.asked.steps)] == [Way.EXCEPTION, Way.EVIDENCE]
    assert gaps(found.asked.steps)[1].text == (
        "Ask whether methotrexate ended otherwise than \u201cinadequate response\u201d: "
        "intolerance or contraindication would meet it at once."
    )


def test_where_only_a_failed_trial_counts_the_days_are_named() -> None:
    found = tree(trials=[SHORT], plans=steps(two_of_one(outcomes=["inadequate_response"])))

    assert gaps(found.asked.steps)[0].text == (
        "Ask whether methotrexate ended otherwise than \u201cinadequate response\u201d: "
        "only inadequate response of 90 days or more counts."
    )


def test_nothing_tried_asks_for_a_trial() -> None:
    found = tree(trials=[])

    assert [each.way for each in gaps(found.asked.steps)] == [Way.TRIAL, Way.TRIAL]
    assert gaps(found.asked.steps)[0].text == (
        "A trial of methotrexate of 90 days or more: inadequate response, intolerance or contraindication."
    )


def test_titles_and_look_back_name_their_numbers() -> None:
    both = step(need=2, options=["a_b", "c", "d"], min_days=28, lookback_days=None)
    found = tree(plans=steps(both), trials=[])

    assert step_title(1, found.asked.steps[0].step) == "Step 1: two of 3: a b, c, d; 28 days or more"
    assert lookback_said(found.asked.steps[0].step, AS_OF) == "no look-back"
    within = tree(trials=[]).asked.steps[0].step
    assert lookback_said(within, AS_OF) == "look-back 365 days, from 2025-06-08"


@pytest.mark.parametrize(
    ("facts", "exempt"),
    [
        ({"plans": [plan()]}, "not_asked"),
        ({"plans": steps(two_of_one(), new_starts_only=True)}, "already_on_drug"),
        ({"authorizations": [pa(kind="step_therapy_exception", to=None)]}, "exception"),
    ],
)
def test_what_frees_from_the_steps_is_named(facts: dict[str, Any], exempt: str) -> None:
    found = tree(**facts)

    assert (found.asked.exempt, found.result) == (exempt, None)


def test_details_that_are_not_known_make_no_tree() -> None:
    found = tree(plans=[plan(rules=[rule(step_therapy=True)])])

    assert (found.asked.asked, found.result, found.asked.steps) == (True, None, ())


def test_a_new_plan_within_the_year_has_its_own_tree() -> None:
    silver = plan(id="silver", rules=[rule(step_therapy={"steps": [two_of_one()]})])
    found = step_trees(
        Desk(
            case_from(
                document(
                    plans=[plan(), silver],
                    coverages=[
                        coverage(to="2026-12-31"),
                        coverage(id="c2", plan="silver", **{"from": "2027-01-01"}),
                    ],
                    fills=[fill()],
                )
            )
        ),
        AS_OF,
    )

    assert [each.member.plan.id for each in found] == ["gold", "silver"]
    assert found[1].fill.on >= date(2027, 1, 1)
    assert sum(each.fills for each in found) == 12
