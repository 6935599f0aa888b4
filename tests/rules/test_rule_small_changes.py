"""What a small change of a rule would spoil: ends of windows, what is compared, which fact decides."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from casemaker import coverage, document, fill, pa, plan, regimen, rule, step

from tracker.rules.answer import Answer, CheckResult
from tracker.rules.casefile import case_from
from tracker.rules.check import check
from tracker.rules.facts import StepTherapy


def ask(**more: Any) -> Answer:
    case = case_from(document(**more))
    return check(case, case.as_of)


def result(answer: Answer, name: str, number: int = 0) -> CheckResult:
    return next(each for each in answer.fills[number].checks if each.check == name)


def codes(answer: Answer) -> set[str]:
    return {each.code for each in answer.alerts}


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
    assert result(on_the_day, "authorization").facts["early_fill_window"] == (only, only)
    assert result(a_day_short, "authorization").facts["early_fill_window"] is None


def test_a_denied_fill_of_a_patient_without_therapy_can_be_resubmitted() -> None:
    approved_late = pa(decided_on="2026-06-07", lines=[])
    answer = ask(
        regimens=[],
        fills=[fill(claim={"status": "denied"})],
        authorizations=[approved_late],
    )

    assert "CLAIM_RESUBMIT" in codes(answer)


def test_the_earliest_denial_names_failed_checks_only() -> None:
    """A pass of the continuity window has a code too, and refuses nothing."""
    ends = rule(prior_authorization=True, quantity_limit=limit(30))
    answer = ask(
        plans=[plan(), plan(id="ma", line_of_business="medicare_advantage", rules=[ends])],
        coverages=[
            coverage(to="2026-05-31"),
            coverage(id="c2", plan="ma", medicare_basis="disability", **{"from": "2026-06-01"}),
        ],
    )

    assert result(answer, "authorization").code == "CONTINUITY_WINDOW_ACTIVE"
    assert answer.earliest_denial is not None
    assert answer.earliest_denial.codes == ("QL_EXCEEDED",)


def limit(quantity: int) -> dict[str, Any]:
    return {"quantity": quantity, "per_days": 30, "unit": "capsule", "method": "per_fill"}


def test_the_payer_counts_a_fill_whose_formulation_is_not_on_file() -> None:
    """It fits any formulation: two early fills carry over, and the next is too soon until both are used."""
    fills = [
        fill(id="f1", on="2026-05-10", formulation=None, units={"J7502": 60}),
        fill(id="f2", on="2026-06-05"),
    ]
    counted = ask(fills=fills, regimens=[regimen(formulation=None)])

    # 2026-05-10 + 30 + 30 days = 2026-07-09, less a quarter of 30 days.
    assert result(counted, "too_soon").facts["earliest"] == date(2026, 7, 2)


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

    assert result(answer, "authorization").facts["reason"] == "already_on_drug"
    assert answer.valid_until == date(2026, 6, 21)


def test_the_weight_of_the_newest_day_counts_wherever_it_is_listed() -> None:
    heavy, light = {"on": "2026-05-01", "kg": 100}, {"on": "2026-06-01", "kg": 40}
    over = {"indication": "psoriasis", "transplant": None}

    assert "DOSE_OVER_LABEL_MAX" in codes(ask(weights=[light, heavy], **over))
    assert "DOSE_OVER_LABEL_MAX" not in codes(ask(weights=[{**heavy, "on": "2026-06-02"}, light], **over))


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

    assert "FORMULATION_SWITCH" not in codes(ask(regimens=regimens, fills=same))
    assert "FORMULATION_SWITCH" in codes(ask(regimens=regimens, fills=other))


def test_a_trial_without_outcome_names_what_any_outcome_needs() -> None:
    asked = step(
        options=["methotrexate"], min_days=90, outcomes=["inadequate_response"], document_required=True
    )
    answer = ask(
        plans=[plan(rules=[rule(step_therapy={"steps": [asked]})])],
        trials=[{"id": "t1", "drug": "methotrexate", "to": "2026-01-31"}],
    )

    assert result(answer, "step_therapy").facts["missing"] == ("t1.outcome", "t1.from", "t1.documented_on")


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

    assert result(answer, "step_therapy").result == "unknown"


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
