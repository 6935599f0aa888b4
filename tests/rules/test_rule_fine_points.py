"""Fine points of the rulebook in which a plain reading and the product once differed."""

from typing import Any

from casemaker import coverage, fill, pa, plan, regimen, rule
from test_rule_edges import ask

from tracker.rules.answer import Answer, CheckResult


def first(answer: Answer, name: str, number: int = 0) -> CheckResult:
    return next(each for each in answer.fills[number].checks if each.check == name)


def asks_pa(*codes: str) -> list[dict[str, Any]]:
    return [plan(rules=[rule(code=code, prior_authorization=True) for code in codes])]


def limited(**limit: Any) -> dict[str, Any]:
    return {"quantity": 100, "per_days": 30, "unit": "capsule", "method": "per_fill", **limit}


def test_esrd_without_a_group_plan_leaves_the_ranks_alone():
    """Rulebook 4.1: month 31 moves Medicare only before a group health plan."""
    answer = ask(
        plans=[
            plan(id="aid", line_of_business="medicaid"),
            plan(id="ma", line_of_business="medicare_advantage"),
        ],
        transplant=None,
        coverages=[
            coverage(id="c1", plan="aid", rank=1),
            coverage(id="c2", plan="ma", rank=2, medicare_basis="esrd"),
        ],
    )

    assert answer.fills[0].plan == "aid"


def test_a_rolling_limit_counts_earlier_fills_in_codes_this_one_lacks():
    """Rulebook 5.3: over the codes that the rule holds for, not those of this fill."""
    answer = ask(
        plans=[plan(rules=[rule(quantity_limit=limited(quantity=100, per_days=60, method="rolling"))])],
        fills=[fill(units={"J7502": 30, "J7515": 60})],
    )

    assert first(answer, "quantity_limit").facts["sum"] == 150


def test_a_daily_limit_fails_though_an_earlier_fill_is_not_on_file():
    """Rulebook 5: one fail decides, then one unknown."""
    limit = limited(quantity=500, per_days=60, method="rolling", max_per_day=1)
    first_regimen = regimen(dose_mg=110, to="2026-06-30")
    second = regimen(id="r2", **{"from": "2026-07-01"})
    answer = ask(
        plans=[plan(rules=[rule(quantity_limit=limit)])],
        regimens=[first_regimen, second],
        fills=[fill(units=None)],
    )

    found = first(answer, "quantity_limit")

    assert (found.result, found.facts["limit"], found.facts["requested"]) == ("fail", 30, 60)


def test_a_blank_limit_of_a_part_b_rule_is_unknown():
    """Rulebook 4.2: its quantity limit counts, and no rule at all is no unknown."""
    part_b = "medicare_part_b"
    blank = ask(plans=[plan(line_of_business=part_b, rules=[rule(quantity_limit=None)])])
    none = ask(plans=[plan(line_of_business=part_b, rules=[])])

    assert first(blank, "quantity_limit").result == "unknown"
    assert first(none, "quantity_limit").result == "pass"


def test_the_scarcest_code_is_the_one_with_the_smallest_share_left():
    """Rulebook 11: two codes that last as many whole days are told apart by what is left of a day."""
    answer = ask(
        plans=asks_pa("J7502"),
        regimens=[regimen(dose_mg=150)],
        authorizations=[pa(lines=[{"code": "J7502", "units": 101}, {"code": "J7515", "units": 200}])],
        fills=[fill(units={"J7502": 60, "J7515": 120})],
    )

    facts = first(answer, "authorization").facts

    assert (facts["code"], facts["remaining"], facts["days_supply_left"]) == ("J7515", 80, 20)


def test_a_request_of_the_other_formulation_is_still_in_progress():
    """Rulebook 5: only those in force, ended or later are told apart by formulation."""
    answer = ask(
        plans=asks_pa("J7502"),
        authorizations=[pa(status="submitted", formulation="non_modified", to=None)],
    )

    assert first(answer, "authorization").code == "REFILL_AT_RISK"


def test_a_real_fill_is_charged_for_the_codes_that_ask():
    """Rulebook 5.2: a code whose flag is blank does not keep the others from being charged."""
    answer = ask(
        plans=[plan(rules=[rule(prior_authorization=True), rule(code="J7515", prior_authorization=None)])],
        regimens=[regimen(dose_mg=125)],
        authorizations=[pa(lines=[{"code": "J7502", "units": 100}])],
        fills=[fill(units={"J7502": 60, "J7515": 60})],
    )

    assert first(answer, "authorization").facts["remaining"] == 40


def test_too_few_units_are_named_before_a_code_that_is_not_listed():
    """Rulebook 5: the first of the list that applies; a code that is listed and enough is not short."""
    short = pa(lines=[{"code": "J7502", "units": 30}])
    enough = pa(lines=[{"code": "J7502"}])
    given = {"plans": asks_pa("J7502", "J7515"), "regimens": [regimen(dose_mg=125)]}

    units = first(ask(**given, authorizations=[short]), "authorization")
    code = first(ask(**given, authorizations=[enough]), "authorization")

    assert (units.code, units.facts["short"], units.facts["days_supply_left"]) == (
        "PA_UNITS_INSUFFICIENT",
        30,
        15,
    )
    assert (code.code, code.facts["code_missing"]) == ("PA_MISSING_FOR_CODE", "J7515")


def test_a_limit_in_capsules_counts_capsules_not_units():
    """Rulebook 5.3: one tablet of 4 mg Envarsus XR is 16 units of J7503."""
    facts = {
        "regimens": [
            regimen(
                drug="tacrolimus",
                formulation="envarsus_xr",
                form="tablet",
                strengths_mg=[4],
                dose_mg=4,
                doses_per_day=1,
            )
        ],
        "fills": [fill(units={"J7503": 480}, formulation="envarsus_xr")],
    }

    def found(quantity: int) -> CheckResult:
        limit = limited(quantity=quantity)
        rules = [rule(code="J7503", quantity_limit=limit)]
        return first(ask(plans=[plan(rules=rules)], **facts), "quantity_limit")

    assert (found(30).result, found(29).result) == ("pass", "fail")
    assert found(29).facts["requested"] == 30


def test_already_on_the_drug_leaves_a_blank_rule_unknown_though_the_units_are():
    """Rulebook 5: over several codes one unknown decides before those that pass."""
    rules = [
        rule(prior_authorization=True, prior_authorization_new_starts_only=True),
        rule(code="J7515", prior_authorization=None),
    ]
    answer = ask(plans=[plan(rules=rules)], regimens=[regimen(dose_mg=110)])

    assert answer.fills[0].units is None
    asked = first(answer, "authorization")
    assert (asked.result, asked.facts) == ("unknown", {})


def test_a_fill_by_the_wrong_route_after_a_gap_is_no_end_of_the_coverage():
    """Rulebook 4.4: before its lead days COVERAGE_ENDING stands for NO_COVERAGE, and for nothing else."""
    answer = ask(
        plans=[plan(line_of_business="medicare_part_b")],
        transplant={"organ": "kidney", "on": "2024-02-09", "part_a_at_transplant": False},
        coverages=[coverage(to="2026-06-30"), coverage(id="c2", **{"from": "2026-07-04"})],
        policy={"coverage_end_lead_days": 1, "alert_horizon_days": 90},
    )

    assert {each.checks[0].code for each in answer.fills} == {"BENEFIT_ROUTE_MISMATCH"}
    assert "COVERAGE_ENDING" not in {each.code for each in answer.alerts}
