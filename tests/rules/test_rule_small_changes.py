"""What a small change of a rule would spoil: ends of windows, what is compared, which fact decides."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from casemaker import coverage, document, fill, pa, plan, regimen, rule, step
from test_rule_edges import ASKS_PA, ask, per_fill, raised
from test_rule_fine_points import first

from tracker.rules.casefile import case_from
from tracker.rules.facts import Step, StepTherapy
from tracker.rules.step_words import gaps
from tracker.rules.steps import climb
from tracker.rules.words import TrialOutcome


def test_no_fill_is_made_after_the_last_day_of_the_therapy() -> None:
    answer = ask(regimens=[regimen(to="2026-12-31")])

    assert answer.fills[-1].on == date(2026, 12, 2)


def test_the_window_for_an_early_fill_can_be_one_day() -> None:
    """The first day that is not too soon is the last of the authorization."""
    authorizations = [pa(to="2026-06-27")]
    plans = [plan(rules=[rule(prior_authorization=True)])]

    on_the_day = ask(plans=plans, authorizations=[pa(to="2026-06-28")])
    a_day_short = ask(plans=plans, authorizations=authorizations)

    only = date(2026, 6, 28)
    assert first(on_the_day, "authorization").facts["early_fill_window"] == (only, only)
    assert first(a_day_short, "authorization").facts["early_fill_window"] is None


def test_a_denied_fill_of_a_patient_without_therapy_can_be_resubmitted() -> None:
    approved_late = pa(decided_on="2026-06-07", lines=[])
    answer = ask(
        regimens=[],
        fills=[fill(claim={"status": "denied"})],
        authorizations=[approved_late],
    )

    assert "CLAIM_RESUBMIT" in raised(answer)


def test_the_earliest_denial_names_failed_checks_only() -> None:
    """A pass of the continuity window has a code too, and refuses nothing."""
    ends = rule(prior_authorization=True, quantity_limit=per_fill(30))
    answer = ask(
        plans=[plan(), plan(id="ma", line_of_business="medicare_advantage", rules=[ends])],
        coverages=[
            coverage(to="2026-05-31"),
            coverage(id="c2", plan="ma", medicare_basis="disability", **{"from": "2026-06-01"}),
        ],
    )

    assert first(answer, "authorization").code == "CONTINUITY_WINDOW_ACTIVE"
    assert answer.earliest_denial is not None
    assert answer.earliest_denial.codes == ("QL_EXCEEDED",)


def test_the_payer_counts_a_fill_whose_formulation_is_not_on_file() -> None:
    """It fits any formulation: two early fills carry over, and the next is too soon until both are used."""
    fills = [
        fill(id="f1", on="2026-05-10", formulation=None, units={"J7502": 60}),
        fill(id="f2", on="2026-06-05"),
    ]
    counted = ask(fills=fills, regimens=[regimen(formulation=None)])

    # 2026-05-10 + 30 + 30 days = 2026-07-09, less a quarter of 30 days.
    assert first(counted, "too_soon").facts["earliest"] == date(2026, 7, 2)


def test_the_answer_holds_until_the_last_paid_fill_is_a_year_old() -> None:
    """A plan that asks for PA of new patients only: with no fill since, the patient is new again."""
    new_only = rule(prior_authorization=True, prior_authorization_new_starts_only=True)
    answer = ask(
        as_of="2026-06-08",
        plans=[plan(rules=[new_only])],
        fills=[
            fill(id="f0", on="2025-06-20"),
            fill(id="f1", on="2026-06-05", claim={"status": "denied"}),
        ],
    )

    assert first(answer, "authorization").facts["reason"] == "already_on_drug"
    assert answer.valid_until == date(2026, 6, 21)


def test_the_weight_of_the_newest_day_counts_wherever_it_is_listed() -> None:
    heavy, light = {"on": "2026-05-01", "kg": 100}, {"on": "2026-06-01", "kg": 40}
    over = {"indication": "psoriasis", "transplant": None}

    assert "DOSE_OVER_LABEL_MAX" in raised(ask(weights=[light, heavy], **over))
    assert "DOSE_OVER_LABEL_MAX" not in raised(ask(weights=[{**heavy, "on": "2026-06-02"}, light], **over))


def test_a_planned_fill_is_compared_with_the_one_planned_before_it() -> None:
    """The formulation of the regimen is not on file: what was filled before decides."""
    drug = {"drug": "cyclosporine", "formulation": None}
    planned = [
        {"on": "2026-07-05", "formulation": "modified"},
        {"on": "2026-07-15", "formulation": "non_modified"},
    ]
    answer = ask(regimens=[regimen(**drug)], fills=[fill(formulation=None)], planned_fills=planned)

    switched = [each.about for each in answer.alerts if each.code == "FORMULATION_SWITCH"]

    assert switched == ["2026-07-15"]


def test_the_last_fill_is_compared_with_one_of_its_own_drug() -> None:
    """A fill of tacrolimus in between tells nothing of cyclosporine."""
    regimens = [
        regimen(id="r1", formulation=None, to="2026-02-28"),
        regimen(
            id="r2",
            drug="tacrolimus",
            formulation="envarsus_xr",
            strengths_mg=[4, 1],
            dose_mg=4,
            doses_per_day=1,
            to="2026-04-30",
            **{"from": "2026-03-01"},
        ),
        regimen(id="r3", formulation=None, **{"from": "2026-05-01"}),
    ]
    between = fill(id="f2", on="2026-03-01", formulation="envarsus_xr", units={"J7503": 480})
    last = fill(id="f3", on="2026-06-05", formulation="modified")

    same = [fill(id="f1", on="2026-01-10", formulation="modified"), between, last]
    other = [fill(id="f1", on="2026-01-10", formulation="non_modified"), between, last]

    assert "FORMULATION_SWITCH" not in raised(ask(regimens=regimens, fills=same))
    assert "FORMULATION_SWITCH" in raised(ask(regimens=regimens, fills=other))


def test_a_trial_without_outcome_names_what_any_outcome_needs() -> None:
    asked = step(
        options=["methotrexate"], min_days=90, outcomes=["inadequate_response"], document_required=True
    )
    answer = ask(
        plans=[plan(rules=[rule(step_therapy={"steps": [asked]})])],
        trials=[{"id": "t1", "drug": "methotrexate", "to": "2026-01-31"}],
    )

    assert first(answer, "step_therapy").facts["missing"] == ("t1.outcome", "t1.from", "t1.documented_on")


@pytest.mark.parametrize("unknown_first", [True, False])
def test_one_unknown_rule_makes_the_step_check_unknown(unknown_first: bool) -> None:
    rules = [rule(code="J7502", step_therapy=None), rule(code="J7515")]
    if not unknown_first:
        rules = [rule(code="J7502"), rule(code="J7515", step_therapy=None)]
    answer = ask(
        plans=[plan(rules=rules)],
        regimens=[regimen(dose_mg=125)],
        fills=[fill(units={"J7502": 60, "J7515": 60})],
    )

    assert first(answer, "step_therapy").result == "unknown"


def test_step_therapy_without_steps_has_none() -> None:
    asked = {"new_starts_only": True}
    case = case_from(document(plans=[plan(rules=[rule(step_therapy=asked)])]))

    assert case.plans[0].rules[0].step_therapy == StepTherapy(new_starts_only=True, steps=())


@pytest.mark.parametrize(
    ("kg", "kept"),
    [
        (Decimal("0.000000000001"), True),
        (Decimal("0.0000000000001"), False),
        (Decimal("123.456789012345"), True),
        (Decimal("1234.567890123456"), False),
        (Decimal("0.1000000000001"), False),
    ],
)
def test_an_amount_has_at_most_fifteen_digits_and_twelve_decimals(kg: Decimal, kept: bool) -> None:
    facts = document(weights=[{"on": "2026-06-01", "kg": kg}])

    if kept:
        assert case_from(facts).patient.weights[0].kg == kg
    else:
        with pytest.raises(ValueError, match="has too many digits"):
            case_from(facts)


def test_a_fill_on_the_last_day_of_the_authorization_is_paid() -> None:
    on_it = ask(plans=ASKS_PA, authorizations=[pa(to="2026-07-05")])
    after_it = ask(plans=ASKS_PA, authorizations=[pa(to="2026-07-04")])

    of_one_day = pa(to="2026-07-05", **{"from": "2026-07-05"})

    assert on_it.fills[0].on == date(2026, 7, 5)
    assert first(on_it, "authorization").result == "pass"
    assert first(ask(plans=ASKS_PA, authorizations=[of_one_day]), "authorization").result == "pass"
    assert first(after_it, "authorization").result == "fail"


def test_of_several_later_authorizations_the_first_to_begin_is_named() -> None:
    later = [pa(id="far", **{"from": "2026-09-01"}), pa(id="near", **{"from": "2026-08-01"})]
    found = first(ask(plans=ASKS_PA, authorizations=later), "authorization")

    assert (found.code, found.about) == ("PA_NOT_YET_EFFECTIVE", "near")
    assert found.facts["effective_on"] == date(2026, 8, 1)


def test_of_several_authorizations_short_of_units_the_longest_lasting_is_named() -> None:
    few, more = (
        pa(id=name, lines=[{"code": "J7502", "units": units, "units_used_before": 0}])
        for name, units in (("zz", 20), ("aa", 40))
    )
    first_few = ask(plans=ASKS_PA, authorizations=[few, more], fills=[fill(authorization=None, units={})])
    first_more = ask(plans=ASKS_PA, authorizations=[more, few], fills=[fill(authorization=None, units={})])

    for answer in (first_few, first_more):
        found = first(answer, "authorization")
        assert (found.about, found.facts["days_supply_left"]) == ("aa", 20)


def test_continuity_asks_for_therapy_on_the_very_day_before_the_plan() -> None:
    ma = plan(id="ma", line_of_business="medicare_advantage", rules=[rule(prior_authorization=True)])
    answer = ask(
        plans=[plan(), ma],
        coverages=[
            coverage(to="2026-05-31"),
            coverage(id="c2", plan="ma", medicare_basis="disability", **{"from": "2026-06-01"}),
        ],
        regimens=[regimen(**{"from": "2026-05-31"})],
        fills=[fill(claim={"status": "pending"})],
    )

    assert first(answer, "authorization").code == "CONTINUITY_WINDOW_ACTIVE"


def test_a_rule_no_longer_holds_on_the_day_after_its_end() -> None:
    """Though it was looked up for an earlier fill."""
    ends = plan(rules=[rule(to="2026-07-04", prior_authorization=True)])
    answer = ask(plans=[ends], authorizations=[pa()])

    assert answer.fills[0].on == date(2026, 7, 5)
    assert first(answer, "coverage").result == "unknown"


def test_a_transition_fill_is_told_only_where_pa_or_steps_refuse() -> None:
    def new_part_d(**asked: Any) -> set[str]:
        part_d = plan(id="pdp", line_of_business="medicare_part_d", rules=[rule(**asked)])
        new = coverage(id="c2", plan="pdp", medicare_basis="age", **{"from": "2026-06-01"})
        return raised(ask(plans=[part_d], coverages=[new], transplant=None, indication="psoriasis"))

    assert "TRANSITION_FILL_AVAILABLE" in new_part_d(prior_authorization=True)
    assert "TRANSITION_FILL_AVAILABLE" not in new_part_d(quantity_limit=per_fill(30))


def test_look_backs_count_from_the_request_in_progress() -> None:
    asked = step(options=["methotrexate"], min_days=30, lookback_days=365)
    trial = {"id": "t1", "drug": "methotrexate", "from": "2024-10-01", "to": "2025-02-01"}
    facts = {
        "plans": [plan(rules=[rule(step_therapy={"steps": [asked]})])],
        "trials": [{**trial, "outcome": "inadequate_response", "documented_on": "2025-02-02"}],
    }
    request = pa(status="submitted", requested={"on": "2026-01-10"}, to=None, **{"from": None})

    assert first(ask(**facts), "step_therapy").code == "STEP_LOOKBACK_EXPIRED"
    assert first(ask(**facts, authorizations=[request]), "step_therapy").result == "pass"


def test_a_gap_can_be_one_day() -> None:
    answer = ask(fills=[fill(id="f1", on="2026-05-05"), fill(id="f2", on="2026-06-05")])

    [gap] = [each.facts for each in answer.alerts if each.code == "SUPPLY_GAP"]
    assert gap == {"gap_start": date(2026, 6, 4), "gap_end": date(2026, 6, 4), "gap_days": 1}


def test_a_pass_of_the_steps_that_says_why_is_shown_before_a_plain_one() -> None:
    new_only = {"new_starts_only": True, "steps": [step(options=["methotrexate"])]}
    rules = [rule(code="J7502"), rule(code="J7515", step_therapy=new_only)]
    both = {"J7502": 60, "J7515": 60}
    answer = ask(plans=[plan(rules=rules)], regimens=[regimen(dose_mg=125)], fills=[fill(units=both)])

    assert first(answer, "step_therapy").facts == {"reason": "already_on_drug"}


def test_what_a_regimen_leaves_out_is_a_capsule() -> None:
    left_out = {key: value for key, value in regimen().items() if key != "form"}

    assert case_from(document(regimens=[left_out])).patient.regimens[0].form == "capsule"


def test_every_open_step_says_what_would_meet_it() -> None:
    steps = climb(
        (
            Step(1, ("methotrexate",), outcomes=(TrialOutcome.INTOLERANCE,)),
            Step(1, ("acitretin",), outcomes=(TrialOutcome.INTOLERANCE,)),
        ),
        (),
        date(2026, 6, 8),
    )

    assert [(each.step, each.text) for each in gaps(steps)] == [
        (1, "A trial of methotrexate: intolerance."),
        (2, "A trial of acitretin: intolerance."),
    ]
