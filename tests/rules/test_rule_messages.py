"""Sentences that only a rare case needs: each is said whole, with its dates and the ways out."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from casemaker import coverage, document, fill, pa, plan, regimen, rule, step

from tracker.rules.answer import Alert
from tracker.rules.casefile import case_from
from tracker.rules.check import check
from tracker.rules.desk import Desk
from tracker.rules.what_to_ask import OTHERWISE, what_to_ask
from tracker.rules.what_to_do import first_act
from tracker.rules.words import AlertCode

TRANSPLANT = {"on": "2023-10-12", "part_a_at_transplant": True, "approved_facility": True}
OLD_TRIAL = {
    "id": "t1",
    "drug": "methotrexate",
    "from": "2024-03-04",
    "to": "2024-07-15",
    "outcome": "inadequate_response",
    "documented_on": "2024-07-19",
}


def alert(code: AlertCode, *, line: str = "commercial", rules: Any, **facts: Any) -> Alert:
    given = document(plans=[plan(payer="Acme", line_of_business=line, rules=rules)], **facts)
    case = case_from(given)
    return next(each for each in check(case, case.as_of).alerts if each.code is code)


def stepped(**more: Any) -> list[Any]:
    return [rule(step_therapy={"steps": [step(options=["methotrexate"], **more)]})]


def test_an_early_fill_is_the_first_way_out_where_the_pa_ends_before_the_refill() -> None:
    found = alert(
        AlertCode.PA_EXPIRES_BEFORE_REFILL,
        rules=[rule(prior_authorization=True)],
        authorizations=[pa(number="A-1", to="2026-06-30")],
    )

    assert found.clears_when == ("An early fill from Sun 2026-06-28 to Tue 2026-06-30, covered by PA A-1.")


def test_a_trial_before_the_look_back_has_two_ways_out() -> None:
    found = alert(
        AlertCode.STEP_LOOKBACK_EXPIRED,
        rules=stepped(lookback_days=365),
        trials=[OLD_TRIAL],
        indication="psoriasis",
        transplant=None,
    )

    assert found.message.endswith(
        "the trial ended on Mon 2024-07-15, before the look-back that starts on Sun 2025-06-08."
    )
    assert found.clears_when.startswith(
        'An exception on the ground "tried and failed": the chart proves the trial.'
    )


def test_without_chart_proof_an_exception_is_all() -> None:
    found = alert(
        AlertCode.STEP_LOOKBACK_EXPIRED,
        rules=stepped(lookback_days=365),
        trials=[{**OLD_TRIAL, "documented_on": None}],
        indication="psoriasis",
        transplant=None,
    )

    assert found.clears_when.startswith("A step therapy exception of")


@pytest.mark.parametrize(
    ("code", "trials"), [(AlertCode.STEP_THERAPY_UNMET, []), (AlertCode.STEP_LOOKBACK_EXPIRED, [OLD_TRIAL])]
)
def test_part_d_may_ask_no_step_of_a_stabilized_transplant_patient(code: AlertCode, trials: Any) -> None:
    found = alert(
        code,
        line="medicare_part_d",
        rules=stepped(lookback_days=365),
        trials=trials,
        fills=[fill(on="2026-03-05"), fill(id="f2")],
        transplant={"organ": "kidney", "on": "2023-10-12", "part_a_at_transplant": False},
    )

    assert found.clears_when.startswith("The plan's step therapy lifted: dispute it with Acme")
    assert "dispute it" in found.proof.clears[0]


def test_a_contact_before_its_window_asks_for_another() -> None:
    found = alert(
        AlertCode.REFILL_CONTACT_TOO_EARLY,
        line="medicare_part_b",
        rules=[],
        refill_contacts=[{"on": "2026-05-01", "affirmed": True}],
        fills=[fill(on="2026-04-13", days_supply=60, units={"J7502": 120})],
    )

    assert "was affirmed too early: contact counts from" in found.message
    assert found.clears_when.startswith("Another contact on or after")


def test_part_d_alone_pays_what_part_b_would_have_to() -> None:
    case = case_from(document(plans=[plan(line_of_business="medicare_part_d")], coverages=[coverage()]))

    assert {each.plan for each in check(case, case.as_of).fills} == {"gold"}


def test_a_payers_own_time_moves_the_start_of_the_renewal() -> None:
    rules = [rule(prior_authorization=True)]
    facts = document(plans=[plan(rules=rules)], authorizations=[pa(to="2026-08-31")])
    case = case_from(facts)
    learnt = replace(case, plans=tuple(replace(each, learnt_decision_days=9) for each in case.plans))

    one, other = (check(each, each.as_of).start_renewal_by for each in (case, learnt))
    assert one is not None
    assert other is not None
    assert (one - other).days == 9 - 3


def test_nobody_to_ask_has_no_day_to_start() -> None:
    case = case_from(document(coverages=[coverage(to="2026-06-30")]))

    assert check(case, case.as_of).start_renewal_by is None


def test_a_paid_fill_of_more_than_a_year_ago_is_a_new_start() -> None:
    rules = [rule(prior_authorization=True, prior_authorization_new_starts_only=True)]
    old = alert(
        AlertCode.PA_MISSING,
        rules=rules,
        fills=[fill(on="2025-06-01", days_supply=30)],
        regimens=[regimen(**{"from": "2025-01-01"})],
    )

    assert old.harm_on == date(2026, 6, 8)


def test_every_code_has_a_question_and_an_old_one_too() -> None:
    assert what_to_ask("GONE") == OTHERWISE
    assert all(what_to_ask(code).strip() for code in AlertCode.__members__)
    assert first_act("GONE") == "Look into GONE"


@pytest.mark.parametrize(
    ("code", "do", "ask"),
    [
        (AlertCode.PA_MISSING, "Ask for a PA", "Is an authorization needed, and on which form? "),
        (AlertCode.QL_EXCEEDED, "Ask for a quantity override", "On which form is a quantity override asked"),
        (AlertCode.REFILL_DUE, "Arrange the refill", OTHERWISE),
    ],
)
def test_a_code_has_its_own_act_and_question(code: AlertCode, do: str, ask: str) -> None:
    assert first_act(code.value) == do
    assert what_to_ask(code.value).startswith(ask)


def test_an_authorization_that_ends_after_the_next_fill_is_expiring() -> None:
    found = alert(
        AlertCode.PA_EXPIRING,
        rules=[rule(prior_authorization=True)],
        authorizations=[pa(number="A-1", to="2026-07-15")],
    )

    assert found.message.startswith("PA A-1 ends on Wed 2026-07-15: fill on Tue 2026-08-04 will be refused.")
    assert found.clears_when == "PA A-1 renewed to cover Tue 2026-08-04."


@pytest.mark.parametrize(("organ", "paid_by"), [("kidney", "b"), ("other", "d"), (None, "d")])
def test_part_d_before_part_b_pays_only_what_part_b_does_not(organ: str | None, paid_by: str) -> None:
    lines = {"d": "medicare_part_d", "b": "medicare_part_b"}
    facts = document(
        plans=[plan(id=key, line_of_business=line) for key, line in lines.items()],
        coverages=[coverage(plan="d"), coverage(id="c2", plan="b", rank=2)],
        transplant={**TRANSPLANT, "organ": organ},
    )
    case = case_from(facts)

    paying = Desk(case).payer(case.as_of).paying
    assert paying is not None
    assert paying.plan.id == paid_by


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        (
            "medicare_part_d",
            AlertCode.TRANSITION_FILL_AVAILABLE,
            "Acme is a new Part D plan: a transition fill is possible through Sun 2026-08-23.",
        ),
        (
            "medicare_advantage",
            AlertCode.CONTINUITY_WINDOW_ACTIVE,
            "Acme is a new plan and must not ask for a PA through Sun 2026-08-23.",
        ),
    ],
)
def test_the_window_of_a_new_plan_is_said_with_its_last_day(line: str, code: AlertCode, said: str) -> None:
    """90 days with the first, 2026-05-26."""
    found = alert(
        code,
        line=line,
        rules=[rule(prior_authorization=True)],
        coverages=[coverage(**{"from": "2026-05-26"})],
        transplant={"organ": "kidney", "on": "2023-10-12", "part_a_at_transplant": False},
    )

    assert found.message == said
