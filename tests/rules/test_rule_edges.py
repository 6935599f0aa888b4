"""A case just inside and just outside each edge: what is raised, and what is not."""

from datetime import date
from typing import Any

import pytest
from casemaker import coverage, document, fill, pa, plan, regimen, rule, step

from tracker.rules.answer import Alert, Answer
from tracker.rules.casefile import case_from
from tracker.rules.check import check


def ask(**more: Any) -> Answer:
    """The answer to a case, with every word of it read."""
    case = case_from(document(**more))
    answer = check(case, case.as_of)
    for each in answer.alerts:
        assert each.message
        assert each.proof.clears
    return answer


def raised(answer: Answer) -> set[str]:
    return {alert.code.value for alert in answer.alerts}


def alert(answer: Answer, code: str) -> Alert:
    return next(each for each in answer.alerts if each.code == code)


ASKS_PA = [plan(rules=[rule(prior_authorization=True)])]
PART_B = [plan(line_of_business="medicare_part_b")]
SUBMITTED = {"status": "submitted", "from": None, "to": None}


def per_fill(quantity: int) -> dict[str, Any]:
    """A limit of so many capsules in 30 days of one fill."""
    return {"quantity": quantity, "per_days": 30, "unit": "capsule", "method": "per_fill"}


def asks(**more: Any) -> list[dict[str, Any]]:
    return [plan(rules=[rule(**more)])]


PSORIASIS = {"indication": "psoriasis", "transplant": None}

# id: (facts, codes that must be there, codes that must not)
EDGES: dict[str, tuple[dict[str, Any], set[str], set[str]]] = {
    "nothing is wrong": ({}, set(), {"PA_MISSING", "REFILL_DUE", "RULE_UNVERIFIED"}),
    "first day of a PA": (
        {"plans": ASKS_PA, "authorizations": [pa(**{"from": "2026-07-05"})]},
        set(),
        {"PA_NOT_YET_EFFECTIVE"},
    ),
    "day before the first day": (
        {"plans": ASKS_PA, "authorizations": [pa(**{"from": "2026-07-06"})]},
        {"PA_NOT_YET_EFFECTIVE"},
        {"PA_MISSING"},
    ),
    "not required is as good": (
        {"plans": ASKS_PA, "authorizations": [pa(status="not_required", to=None)]},
        set(),
        {"PA_MISSING"},
    ),
    "PA of another drug": (
        {"plans": ASKS_PA, "authorizations": [pa(lines=[{"code": "J7507"}])]},
        {"PA_MISSING"},
        {"PA_MISSING_FOR_CODE"},
    ),
    "request for another drug": (
        {
            "plans": ASKS_PA,
            "authorizations": [pa(**SUBMITTED, requested={"lines": [{"code": "J7507"}]})],
        },
        {"PA_MISSING"},
        {"REFILL_AT_RISK"},
    ),
    "denied and nothing else": (
        {"plans": ASKS_PA, "authorizations": [pa(status="denied", **{"from": None, "to": None})]},
        {"PA_DENIED"},
        {"PA_MISSING"},
    ),
    "chain of touching PAs": (
        {
            "as_of": "2026-06-20",
            "plans": ASKS_PA,
            "authorizations": [pa(to="2026-07-01"), pa(id="PA2", **{"from": "2026-07-02", "to": None})],
        },
        set(),
        {"PA_GAP", "PA_EXPIRING"},
    ),
    "gap already begun is an expired PA": (
        {
            "as_of": "2026-07-02",
            "plans": ASKS_PA,
            "authorizations": [pa(to="2026-07-01"), pa(id="PA2", **{"from": "2026-08-01", "to": None})],
        },
        {"PA_EXPIRED"},
        {"PA_GAP"},
    ),
    "new starts only, already on the drug": (
        {"plans": asks(prior_authorization=True, prior_authorization_new_starts_only=True)},
        set(),
        {"PA_MISSING"},
    ),
    "new starts only, no paid fill": (
        {
            "plans": asks(prior_authorization=True, prior_authorization_new_starts_only=True),
            "fills": [fill(claim=None)],
        },
        {"PA_MISSING"},
        set(),
    ),
    "one code asks, the other does not say": (
        {
            "plans": [
                plan(rules=[rule(prior_authorization=True), rule(code="J7515", prior_authorization=None)])
            ],
            "regimens": [regimen(dose_mg=125)],
            "authorizations": [pa(lines=[{"code": "J7502"}])],
        },
        {"RULE_UNVERIFIED"},
        {"PA_MISSING_FOR_CODE"},
    ),
    "one code asks and fails, the other does not say": (
        {
            "plans": [
                plan(rules=[rule(prior_authorization=True), rule(code="J7515", prior_authorization=None)])
            ],
            "regimens": [regimen(dose_mg=125)],
        },
        {"PA_MISSING"},
        {"RULE_UNVERIFIED"},
    ),
    "units unknown, PA in force": (
        {"plans": ASKS_PA, "regimens": [regimen(dose_mg=110)], "authorizations": [pa()]},
        {"RULE_UNVERIFIED", "DOSE_NOT_CAPSULE_DIVISIBLE"},
        {"PA_MISSING"},
    ),
    "units unknown, no PA": (
        {"plans": ASKS_PA, "regimens": [regimen(dose_mg=110)]},
        {"PA_MISSING"},
        set(),
    ),
    "limit unknown, override without a limit": (
        {
            "plans": asks(quantity_limit=True),
            "authorizations": [pa(id="QO", kind="quantity_limit_override")],
        },
        set(),
        {"RULE_UNVERIFIED", "QL_EXCEEDED"},
    ),
    "two overrides, the second wide enough": (
        {
            "plans": asks(quantity_limit=per_fill(30)),
            "authorizations": [
                pa(id="QO1", kind="quantity_limit_override", quantity_limit=per_fill(40)),
                pa(id="QO2", kind="quantity_limit_override", quantity_limit=per_fill(60)),
            ],
        },
        set(),
        {"RULE_UNVERIFIED", "QL_EXCEEDED"},
    ),
    "two overrides, the first wide enough": (
        {
            "plans": asks(quantity_limit=per_fill(30)),
            "authorizations": [
                pa(id="QO1", kind="quantity_limit_override", quantity_limit=per_fill(60)),
                pa(id="QO2", kind="quantity_limit_override", quantity_limit=per_fill(40)),
            ],
        },
        set(),
        {"RULE_UNVERIFIED", "QL_EXCEEDED"},
    ),
    "limit asked for, details unknown": ({"plans": asks(quantity_limit=True)}, {"RULE_UNVERIFIED"}, set()),
    "units a day, at the most": (
        {
            "plans": asks(
                quantity_limit={
                    "quantity": 900,
                    "per_days": 30,
                    "unit": "capsule",
                    "method": "per_fill",
                    "max_per_day": 2,
                }
            )
        },
        set(),
        {"QL_EXCEEDED"},
    ),
    "units a day, above": (
        {
            "plans": asks(
                quantity_limit={
                    "quantity": 900,
                    "per_days": 30,
                    "unit": "capsule",
                    "method": "rolling",
                    "max_per_day": 1.5,
                }
            )
        },
        {"QL_EXCEEDED"},
        set(),
    ),
    "capsules of a solution": (
        {
            "plans": asks(
                quantity_limit={"quantity": 90, "per_days": 30, "unit": "capsule", "method": "rolling"}
            ),
            "regimens": [regimen(form="solution")],
        },
        {"RULE_UNVERIFIED"},
        {"QL_EXCEEDED"},
    ),
    "formulary exception": (
        {"plans": asks(covered=False), "authorizations": [pa(id="FE", kind="formulary_exception")]},
        set(),
        {"NOT_COVERED"},
    ),
    "formulary exception for another code": (
        {
            "plans": asks(covered=False),
            "regimens": [regimen(dose_mg=125)],
            "authorizations": [pa(id="FE", kind="formulary_exception", lines=[{"code": "J7502"}])],
        },
        {"NOT_COVERED"},
        set(),
    ),
    "steps unknown": ({"plans": asks(step_therapy=True)}, {"RULE_UNVERIFIED"}, {"STEP_THERAPY_UNMET"}),
    "steps without details": (
        {"plans": asks(step_therapy={"steps": []})},
        {"RULE_UNVERIFIED"},
        {"STEP_THERAPY_UNMET"},
    ),
    "steps of a patient without trials": (
        {"plans": asks(step_therapy={"steps": [step()]})},
        {"STEP_THERAPY_UNMET"},
        set(),
    ),
    "Medicare Advantage plan of 90 days, day 90": (
        {
            "as_of": "2026-07-05",
            "plans": [plan(line_of_business="medicare_advantage", rules=[rule(prior_authorization=True)])],
            "coverages": [coverage(**{"from": "2026-04-07"})],
        },
        {"CONTINUITY_WINDOW_ACTIVE"},
        set(),
    ),
    "Medicare Advantage plan of 90 days, day 91": (
        {
            "as_of": "2026-07-05",
            "plans": [plan(line_of_business="medicare_advantage", rules=[rule(prior_authorization=True)])],
            "coverages": [coverage(**{"from": "2026-04-06"})],
        },
        {"PA_MISSING"},
        {"CONTINUITY_WINDOW_ACTIVE"},
    ),
    "renewed membership is not new": (
        {
            "as_of": "2026-07-05",
            "plans": [plan(line_of_business="medicare_advantage", rules=[rule(prior_authorization=True)])],
            "coverages": [coverage(to="2026-06-30"), coverage(id="c2", **{"from": "2026-07-01"})],
        },
        {"PA_MISSING"},
        {"CONTINUITY_WINDOW_ACTIVE"},
    ),
    "membership with a hole is new": (
        {
            "as_of": "2026-07-05",
            "plans": [plan(line_of_business="medicare_part_d", rules=[rule(prior_authorization=True)])],
            "coverages": [coverage(to="2026-06-29"), coverage(id="c2", **{"from": "2026-07-01"})],
        },
        {"PA_MISSING", "TRANSITION_FILL_AVAILABLE"},
        set(),
    ),
    "Part B for psoriasis, nobody else pays": (
        {"plans": PART_B, **PSORIASIS},
        {"BENEFIT_ROUTE_MISMATCH"},
        {"NO_COVERAGE"},
    ),
    "Part B, transplant after the fill": (
        {"plans": PART_B, "transplant": {"organ": "kidney", "on": "2026-07-06"}},
        {"BENEFIT_ROUTE_MISMATCH"},
        set(),
    ),
    "Part B, nothing of the transplant on file": (
        {"plans": PART_B, "transplant": None},
        {"RULE_UNVERIFIED"},
        {"BENEFIT_ROUTE_MISMATCH"},
    ),
    "Part B, organ not covered": (
        {
            "plans": PART_B,
            "transplant": {
                "organ": "other",
                "on": "2023-10-12",
                "part_a_at_transplant": True,
                "approved_facility": True,
            },
        },
        {"BENEFIT_ROUTE_MISMATCH"},
        set(),
    ),
    "no contact since the last fill": (
        {"as_of": "2026-06-25", "plans": PART_B, "refill_contacts": [{"on": "2026-06-04", "affirmed": True}]},
        {"REFILL_AFFIRMATION_MISSING"},
        {"REFILL_CONTACT_TOO_EARLY"},
    ),
    "contact that is still to come": (
        {"as_of": "2026-06-25", "plans": PART_B, "refill_contacts": [{"on": "2026-06-26", "affirmed": True}]},
        {"REFILL_AFFIRMATION_MISSING"},
        set(),
    ),
    "no coverage at all": ({"coverages": []}, {"NO_COVERAGE"}, {"COVERAGE_ENDING"}),
    "no coverage at all, fill beyond the horizon": (
        {"coverages": [], "fills": [fill(on="2026-06-08", days_supply=46)]},
        set(),
        {"NO_COVERAGE"},
    ),
    "coverage ends after the therapy": (
        {
            "coverages": [coverage(to="2026-07-31")],
            "regimens": [regimen(to="2026-07-31")],
        },
        set(),
        {"COVERAGE_ENDING"},
    ),
    "coverage ends before the lead, fill within the horizon": (
        {
            "policy": {"coverage_end_lead_days": 10},
            "coverages": [coverage(to="2026-07-01")],
        },
        {"COVERAGE_ENDING"},
        {"NO_COVERAGE"},
    ),
    "coverage ends before the lead, fill beyond the horizon": (
        {
            "policy": {"coverage_end_lead_days": 10, "alert_horizon_days": 26},
            "coverages": [coverage(to="2026-07-01")],
        },
        set(),
        {"COVERAGE_ENDING", "NO_COVERAGE"},
    ),
    "reversed claim is not resubmitted": (
        {
            "fills": [fill(claim={"status": "denied"}, reversed=True)],
            "authorizations": [pa(decided_on="2026-06-07")],
        },
        set(),
        {"CLAIM_RESUBMIT"},
    ),
    "decided on the day of the fill is not late": (
        {
            "fills": [fill(claim={"status": "denied"})],
            "authorizations": [pa(decided_on="2026-06-05")],
        },
        set(),
        {"CLAIM_RESUBMIT"},
    ),
    "claim of a day without coverage": (
        {
            "fills": [fill(claim={"status": "denied"})],
            "coverages": [coverage(**{"from": "2026-06-06"})],
            "authorizations": [pa(decided_on="2026-06-07")],
        },
        set(),
        {"CLAIM_RESUBMIT"},
    ),
    "denied fill of unknown units": (
        {
            "fills": [fill(units={}, claim={"status": "denied"})],
            "authorizations": [pa(decided_on="2026-06-07", lines=[{"code": "J7502"}, {"code": "J7515"}])],
        },
        {"CLAIM_RESUBMIT"},
        set(),
    ),
    "discarded drug of an injection": (
        {"regimens": [regimen(form="injection")], "fills": [fill(modifiers=["JW"], units={"J7516": 24})]},
        set(),
        {"MODIFIER_NOT_APPLICABLE", "CODE_MISMATCH"},
    ),
    "dose at the label's maximum": (
        {**PSORIASIS, "regimens": [regimen(dose_mg=100)], "weights": [{"on": "2026-06-08", "kg": 50}]},
        set(),
        {"DOSE_OVER_LABEL_MAX"},
    ),
    "dose above it": (
        {**PSORIASIS, "regimens": [regimen(dose_mg=100)], "weights": [{"on": "2026-06-08", "kg": 49.9}]},
        {"DOSE_OVER_LABEL_MAX"},
        set(),
    ),
    "weight that is still to come": (
        {**PSORIASIS, "weights": [{"on": "2026-06-09", "kg": 40}]},
        set(),
        {"DOSE_OVER_LABEL_MAX"},
    ),
    "of two weights on a day the one listed last": (
        {**PSORIASIS, "weights": [{"on": "2026-06-01", "kg": 40}, {"on": "2026-06-01", "kg": 70}]},
        set(),
        {"DOSE_OVER_LABEL_MAX"},
    ),
    "sirolimus for psoriasis": (
        {
            **PSORIASIS,
            "regimens": [regimen(drug="sirolimus", formulation=None, strengths_mg=[2], dose_mg=2)],
            "fills": [],
            "weights": [{"on": "2026-06-01", "kg": 1}],
        },
        set(),
        {"DOSE_OVER_LABEL_MAX", "LAB_OVERDUE", "THERAPY_DURATION_LIMIT"},
    ),
    "course that ends before its year": (
        {
            **PSORIASIS,
            "regimens": [regimen(**{"from": "2025-06-20", "to": "2026-06-19"})],
        },
        set(),
        {"THERAPY_DURATION_LIMIT_NEAR"},
    ),
    "course that ends on its year": (
        {
            **PSORIASIS,
            "regimens": [regimen(**{"from": "2025-06-20", "to": "2026-06-20"})],
        },
        {"THERAPY_DURATION_LIMIT_NEAR"},
        set(),
    ),
    "last lab a day before three months": (
        {
            **PSORIASIS,
            "as_of": "2026-06-20",
            "regimens": [regimen(**{"from": "2026-03-06"})],
            "labs": [{"kind": "creatinine", "on": "2026-06-05"}],
        },
        {"LAB_OVERDUE"},
        set(),
    ),
    "last lab after three months": (
        {
            **PSORIASIS,
            "as_of": "2026-06-20",
            "regimens": [regimen(**{"from": "2026-03-05"})],
            "labs": [{"kind": "creatinine", "on": "2026-06-05"}, {"kind": "lipids", "on": "2026-06-19"}],
        },
        set(),
        {"LAB_OVERDUE"},
    ),
    "other product a day beyond the horizon": (
        {
            "planned_fills": [{"on": "2026-07-24", "formulation": "non_modified"}],
            "fills": [fill(days_supply=46)],
        },
        set(),
        {"FORMULATION_SWITCH"},
    ),
    "other product on the horizon": (
        {
            "planned_fills": [{"on": "2026-07-23", "formulation": "non_modified"}],
            "fills": [fill(days_supply=46)],
        },
        {"FORMULATION_SWITCH"},
        set(),
    ),
    "Part B dose change within the horizon": (
        {
            "plans": PART_B,
            "regimens": [
                regimen(to="2026-07-22"),
                regimen(id="r2", dose_mg=125, **{"from": "2026-07-23", "ordered_on": None}),
            ],
        },
        {"NEW_ORDER_REQUIRED"},
        set(),
    ),
    "Part B dose change beyond the horizon": (
        {
            "plans": PART_B,
            "regimens": [
                regimen(to="2026-07-23"),
                regimen(id="r2", dose_mg=125, **{"from": "2026-07-24", "ordered_on": None}),
            ],
        },
        set(),
        {"NEW_ORDER_REQUIRED"},
    ),
    "Part B, same dose again": (
        {
            "plans": PART_B,
            "regimens": [
                regimen(to="2026-06-30"),
                regimen(id="r2", **{"from": "2026-07-01", "ordered_on": None}),
            ],
        },
        set(),
        {"NEW_ORDER_REQUIRED"},
    ),
    "Part B dose change that is over": (
        {
            "plans": PART_B,
            "regimens": [
                regimen(to="2026-04-30"),
                regimen(
                    id="r2", dose_mg=125, **{"from": "2026-05-01", "to": "2026-06-07", "ordered_on": None}
                ),
            ],
        },
        set(),
        {"NEW_ORDER_REQUIRED"},
    ),
    "pended without a date": (
        {"authorizations": [pa(status="pended", **{"from": None, "to": None})]},
        {"PA_PENDED_INFO_NEEDED"},
        set(),
    ),
    "pended past its date": (
        {"authorizations": [pa(status="pended", reply_by="2026-06-01", **{"from": None, "to": None})]},
        {"PA_PENDED_INFO_NEEDED"},
        set(),
    ),
    "approved later than asked": (
        {"authorizations": [pa(requested={"from": "2025-12-01"})]},
        {"PA_PARTIAL"},
        set(),
    ),
    "approved without a code that was asked": (
        {
            "authorizations": [
                pa(lines=[{"code": "J7502"}], requested={"lines": [{"code": "J7515", "units": 9}]})
            ]
        },
        {"PA_PARTIAL"},
        set(),
    ),
    "approved as asked, in two lines": (
        {
            "authorizations": [
                pa(
                    lines=[{"code": "J7502", "units": 900}, {"code": "J7502", "units": 540}],
                    requested={"lines": [{"code": "J7502", "units": 1440}]},
                )
            ]
        },
        set(),
        {"PA_PARTIAL"},
    ),
    "approved without a limit": (
        {
            "authorizations": [
                pa(lines=[{"code": "J7502"}], requested={"lines": [{"code": "J7502", "units": 9}]})
            ]
        },
        set(),
        {"PA_PARTIAL"},
    ),
    "no rule of the plan but another drug's": (
        {"plans": [plan(rules=[rule(code="J7520")])]},
        {"RULE_UNVERIFIED"},
        set(),
    ),
    "units too few once, used up later by a smaller fill": (
        {
            "plans": ASKS_PA,
            "authorizations": [pa(lines=[{"code": "J7502", "units": 100}])],
            "planned_fills": [{"on": "2026-08-04", "days_supply": 20}],
        },
        {"PA_UNITS_INSUFFICIENT"},
        {"PA_UNITS_EXHAUSTED", "PA_UNITS_LOW"},
    ),
    "gap beyond the lead and the horizon": (
        {
            "plans": ASKS_PA,
            "authorizations": [pa(to="2026-08-01"), pa(id="PA2", **{"from": "2026-09-01", "to": None})],
        },
        set(),
        {"PA_GAP"},
    ),
    "gap beyond the horizon, within the lead": (
        {
            "as_of": "2026-06-19",
            "policy": {"alert_horizon_days": 10},
            "plans": ASKS_PA,
            "authorizations": [pa(to="2026-08-03"), pa(id="PA2", **{"from": "2026-09-01", "to": None})],
        },
        {"PA_GAP"},
        set(),
    ),
    "transition beyond the horizon": (
        {
            "policy": {"alert_horizon_days": 10},
            "plans": [plan(line_of_business="medicare_part_d", rules=[rule(prior_authorization=True)])],
            "coverages": [coverage(**{"from": "2026-06-01"})],
        },
        set(),
        {"TRANSITION_FILL_AVAILABLE"},
    ),
    "no outcome, and too short and too old for any": (
        {
            "plans": asks(step_therapy={"steps": [step(lookback_days=30, outcomes=["intolerance"])]}),
            "trials": [{"id": "t1", "drug": "acitretin", "to": "2026-01-01"}],
        },
        {"STEP_LOOKBACK_EXPIRED"},
        {"RULE_UNVERIFIED"},
    ),
    "already on the drug, but the other code does not say": (
        {
            "plans": [
                plan(
                    rules=[
                        rule(prior_authorization=True, prior_authorization_new_starts_only=True),
                        rule(code="J7515", prior_authorization=None),
                    ]
                )
            ],
            "regimens": [regimen(dose_mg=125)],
        },
        {"RULE_UNVERIFIED"},
        {"PA_MISSING"},
    ),
    "no early fill is possible any more": (
        {
            "plans": ASKS_PA,
            "as_of": "2026-06-28",
            "authorizations": [pa(to="2026-06-28")],
            "policy": {"refill_threshold_percent": 100},
        },
        {"PA_EXPIRES_BEFORE_REFILL"},
        set(),
    ),
    "look-back of a stabilized transplant patient in Part D": (
        {
            "plans": [
                plan(
                    line_of_business="medicare_part_d",
                    rules=[rule(step_therapy={"steps": [step(lookback_days=30)]})],
                )
            ],
            "trials": [{"id": "t1", "drug": "acitretin", "to": "2026-01-01", "outcome": "intolerance"}],
        },
        {"STEP_LOOKBACK_EXPIRED"},
        set(),
    ),
    "decision overdue, received at an instant": (
        {
            "authorizations": [
                pa(**SUBMITTED, requested={"on": "2026-06-01", "received_at": "2026-06-01T10:00:00-05:00"})
            ]
        },
        {"PA_DECISION_OVERDUE"},
        set(),
    ),
    "gap without a regimen is none": (
        {
            "fills": [fill(id="f0", on="2026-04-01"), fill(on="2026-06-05")],
            "regimens": [regimen(to="2026-04-30"), regimen(id="r2", **{"from": "2026-06-05"})],
        },
        set(),
        {"SUPPLY_GAP"},
    ),
}


@pytest.mark.parametrize(("facts", "present", "absent"), EDGES.values(), ids=EDGES)
def test_edge(facts: dict[str, Any], present: set[str], absent: set[str]) -> None:
    codes = raised(ask(**facts))

    assert present <= codes
    assert not absent & codes


def test_wholly_expected_answer_of_a_patient_without_regimen() -> None:
    answer = ask(regimens=[], fills=[fill()], planned_fills=[{"on": "2026-07-05"}])

    assert answer.fills == ()
    assert answer.next_fill is None
    assert answer.valid_until is None


def test_missing_facts_are_named_in_the_order_of_the_rule() -> None:
    found = alert(ask(plans=PART_B, transplant=None), "RULE_UNVERIFIED")

    assert found.facts["missing"] == (
        "transplant.on",
        "transplant.organ",
        "transplant.part_a_at_transplant",
        "transplant.approved_facility",
    )


DEADLINES = [
    ("commercial", "internal", "2026-08-02", "2027-01-29"),
    ("commercial", "redetermination", "2026-08-02", "2027-01-29"),
    ("commercial", "external", "2026-03-04", "2026-07-06"),
    ("commercial", "external", "2026-10-31", "2027-03-01"),
    ("medicare_part_b", "internal", "2026-03-02", "2026-07-05"),
    ("medicare_part_d", "redetermination", "2026-03-02", "2026-05-06"),
    ("medicare_advantage", "internal", "2026-03-02", "2026-05-06"),
    ("medicare_part_d", "external", "2026-03-02", None),
    ("medicaid", "internal", "2026-03-02", None),
]


@pytest.mark.parametrize(("line", "level", "day", "due_on"), DEADLINES)
def test_appeal_deadline(line: str, level: str, day: str, due_on: str | None) -> None:
    answer = ask(
        plans=[plan(line_of_business=line)],
        authorizations=[pa(status="denied", **{"from": None, "to": None})],
        denials=[{"id": "d1", "authorization": "PA1", "level": level, "received_on": day, "notice_on": day}],
    )

    found = [str(each.harm_on) for each in answer.alerts if each.code == "APPEAL_DEADLINE"]
    assert found == ([due_on] if due_on else [])


def test_notice_without_a_day_gives_no_deadline_but_its_own() -> None:
    denial = {"id": "d1", "fill": "f1", "level": "internal"}
    fills = [fill(claim={"status": "denied"})]

    assert "APPEAL_DEADLINE" not in raised(ask(fills=fills, denials=[denial]))
    answer = ask(fills=fills, denials=[{**denial, "appeal_by": "2026-06-01"}])
    assert alert(answer, "APPEAL_DEADLINE").severity == "critical"


ESRD = [
    ("2027-11-30", "ghp"),
    ("2027-12-01", "ma"),
]


@pytest.mark.parametrize(("as_of", "payer"), ESRD)
def test_group_plan_is_primary_for_thirty_months(as_of: str, payer: str) -> None:
    answer = ask(
        as_of=as_of,
        plans=[
            plan(id="ma", line_of_business="medicare_advantage"),
            plan(id="ghp"),
        ],
        transplant=None,
        coverages=[
            coverage(id="m", plan="ma", rank=1, medicare_basis="esrd", **{"from": "2025-06-01"}),
            coverage(id="g", plan="ghp", rank=2),
        ],
        regimens=[regimen(days_supply=7)],
    )

    assert answer.fills[0].plan == payer


def test_payer_of_the_other_fills_follows_the_month() -> None:
    answer = ask(
        as_of="2027-11-30",
        plans=[plan(id="ma", line_of_business="medicare_advantage"), plan(id="ghp")],
        transplant=None,
        coverages=[
            coverage(id="m", plan="ma", rank=2, medicare_basis="esrd", **{"from": "2025-06-01"}),
            coverage(id="g", plan="ghp", rank=1),
        ],
    )

    assert [each.plan for each in answer.fills[:2]] == ["ghp", "ma"]
    assert alert(answer, "COVERAGE_CHANGE").about == "g"


SUPPLIES: dict[str, tuple[list[Any], list[Any], str]] = {
    "dose halved, then doubled": (
        [
            regimen(to="2026-06-09"),
            regimen(id="r2", dose_mg=50, strengths_mg=[25], **{"from": "2026-06-10", "to": "2026-06-19"}),
            regimen(id="r3", dose_mg=200, **{"from": "2026-06-20"}),
        ],
        [fill()],
        # 6,000 mg - 5 x 200 - 10 x 100 = 4,000 mg; 4,000 / 400 = 10 days.
        "2026-06-30",
    ),
    "early fill counts from the day the first began": (
        [regimen(to="2026-06-14"), regimen(id="r2", dose_mg=200, **{"from": "2026-06-15"})],
        [fill(id="f0", on="2026-05-10"), fill(on="2026-06-05")],
        # 12,000 mg - 36 x 200 = 4,800 mg; 4,800 / 400 = 12 days.
        "2026-06-27",
    ),
    "another drug starts": (
        [
            regimen(to="2026-06-14"),
            regimen(
                id="r2",
                drug="sirolimus",
                formulation=None,
                strengths_mg=[2],
                dose_mg=2,
                **{"from": "2026-06-15"},
            ),
        ],
        [fill()],
        "2026-06-15",
    ),
    "another formulation starts": (
        [regimen(to="2026-06-14"), regimen(id="r2", formulation="non_modified", **{"from": "2026-06-15"})],
        [fill()],
        "2026-06-15",
    ),
    "units of another code count by days": (
        [regimen(to="2026-06-14"), regimen(id="r2", dose_mg=200, **{"from": "2026-06-15"})],
        [fill(units={"J7516": 1})],
        # 30 x 200 - 10 x 200 = 4,000 mg; 4,000 / 400 = 10 days.
        "2026-06-25",
    ),
    "more was taken than dispensed": (
        [regimen(to="2026-06-14"), regimen(id="r2", dose_mg=200, **{"from": "2026-06-15"})],
        [fill(units={"J7502": 1})],
        "2026-06-15",
    ),
    "nothing on hand at the change": (
        [regimen(to="2026-06-05"), regimen(id="r2", dose_mg=200, **{"from": "2026-06-06"})],
        [fill(on="2026-05-01")],
        "2026-05-31",
    ),
}


@pytest.mark.parametrize(("regimens", "fills", "run_out"), SUPPLIES.values(), ids=SUPPLIES)
def test_run_out(regimens: list[Any], fills: list[Any], run_out: str) -> None:
    assert str(ask(regimens=regimens, fills=fills).run_out) == run_out


NEXT_FILLS: dict[str, tuple[dict[str, Any], str]] = {
    "days ahead": ({"policy": {"fill_ahead_days": 5}}, "2026-06-30"),
    "no sooner than the payer allows": ({"policy": {"fill_ahead_days": 20}}, "2026-06-28"),
    "a stricter rule until its end": (
        {
            "policy": {"fill_ahead_days": 20},
            "plans": [
                plan(
                    rules=[
                        rule(refill_threshold_percent=100, to="2026-06-30"),
                        rule(refill_threshold_percent=50, **{"from": "2026-07-01"}),
                    ]
                )
            ],
        },
        "2026-07-01",
    ),
    "ahead of a course, from its start": (
        {"policy": {"fill_ahead_days": 5}, "fills": [], "regimens": [regimen(**{"from": "2026-06-20"})]},
        "2026-06-20",
    ),
    "ahead of another product, from its start": (
        {
            "policy": {"fill_ahead_days": 5},
            "regimens": [
                regimen(to="2026-06-24"),
                regimen(id="r2", formulation="non_modified", **{"from": "2026-06-25"}),
            ],
        },
        "2026-06-25",
    ),
    "ahead of another dose": (
        {
            "policy": {"fill_ahead_days": 5},
            "regimens": [
                regimen(to="2026-07-04"),
                regimen(id="r2", dose_mg=125, **{"from": "2026-07-05"}),
            ],
        },
        "2026-06-30",
    ),
    "after a hole in the therapy": (
        {"regimens": [regimen(to="2026-06-20"), regimen(id="r2", **{"from": "2026-08-01"})]},
        "2026-08-01",
    ),
    "never on the day of the last fill": (
        {"fills": [fill(on="2026-06-08", days_supply=1)], "policy": {"refill_threshold_percent": 1}},
        "2026-06-09",
    ),
    "Part B delivery, ten days before": (
        {"plans": PART_B, "policy": {"fill_ahead_days": 20}},
        "2026-06-25",
    ),
    "Part B first supply, discharge": (
        {
            "plans": PART_B,
            "fills": [],
            "transplant": {
                "organ": "kidney",
                "on": "2026-06-01",
                "part_a_at_transplant": True,
                "approved_facility": True,
                "discharged_on": "2026-06-20",
            },
        },
        "2026-06-18",
    ),
}


@pytest.mark.parametrize(("facts", "next_fill"), NEXT_FILLS.values(), ids=NEXT_FILLS)
def test_next_fill(facts: dict[str, Any], next_fill: str) -> None:
    assert str(ask(**facts).next_fill) == next_fill


PLANNED: dict[str, tuple[list[Any], list[str]]] = {
    "before the projected one": ([{"on": "2026-07-01"}], ["2026-07-01", "2026-08-04"]),
    "half its supply after it": ([{"on": "2026-07-20"}], ["2026-07-20", "2026-08-19"]),
    "later than half its supply": ([{"on": "2026-07-21"}], ["2026-07-05", "2026-07-21"]),
    "in the past": ([{"on": "2026-06-07"}], ["2026-07-05", "2026-08-04"]),
    "today": ([{"on": "2026-06-08", "days_supply": 10}], ["2026-06-08", "2026-07-15"]),
    "beyond the table": ([{"on": "2027-06-08"}], ["2026-07-05", "2026-08-04"]),
}


@pytest.mark.parametrize(("planned", "days"), PLANNED.values(), ids=PLANNED)
def test_planned_fill_takes_its_place(planned: list[Any], days: list[str]) -> None:
    assert [str(each.on) for each in ask(planned_fills=planned).fills[:2]] == days


def test_planned_fill_after_the_last_regimen_is_left_out() -> None:
    answer = ask(regimens=[regimen(to="2026-06-30")], planned_fills=[{"on": "2026-06-28"}])

    assert answer.fills == ()
    assert answer.next_fill is None


def test_fill_made_ahead_for_another_product_lasts_from_its_start() -> None:
    answer = ask(
        regimens=[
            regimen(to="2026-06-24"),
            regimen(id="r2", formulation="non_modified", **{"from": "2026-06-25"}),
        ],
        planned_fills=[{"on": "2026-06-20"}],
    )

    assert [(str(each.on), each.regimen) for each in answer.fills[:2]] == [
        ("2026-06-20", "r2"),
        ("2026-07-25", "r2"),
    ]


MESSAGES = [
    (
        {"plans": ASKS_PA, "authorizations": [pa(number="A-1", to="2026-06-30")]},
        "PA_EXPIRES_BEFORE_REFILL",
        "Fill on Sun 2026-07-05 will be refused: PA A-1 ends on Tue 2026-06-30, 5 days before it.",
        "An early fill from Sun 2026-06-28 to Tue 2026-06-30, covered by PA A-1.",
    ),
    (
        {
            "as_of": "2026-06-20",
            "plans": ASKS_PA,
            "authorizations": [pa(number="A-1", to="2026-07-01"), pa(id="PA2", **{"from": "2026-07-21"})],
        },
        "PA_GAP",
        "Fill on Sun 2026-07-05 will be refused: no PA from Thu 2026-07-02 to Mon 2026-07-20.",
        "The next PA started on or before Sun 2026-07-05.",
    ),
    (
        {
            "plans": asks(
                quantity_limit={"quantity": 30, "per_days": 30, "unit": "capsule", "method": "per_fill"}
            )
        },
        "QL_EXCEEDED",
        "Fill on Sun 2026-07-05 will be refused: 60 capsules asked, 30 allowed for 30 days.",
        "A quantity limit override of gold in force on Sun 2026-07-05.",
    ),
    (
        {"plans": ASKS_PA, "authorizations": [pa(lines=[{"code": "J7502", "units": 100}])]},
        "PA_UNITS_INSUFFICIENT",
        "Fill on Sun 2026-07-05 will be refused: PA PA1 has 40 units of J7502 (Cyclosporine, oral, 100 mg) "
        "left, 60 needed; they last 20 days.",
        "20 units more of J7502 on PA PA1.",
    ),
]


@pytest.mark.parametrize(("facts", "code", "message", "clears_when"), MESSAGES)
def test_message_says_cause_date_and_consequence(
    facts: dict[str, Any], code: str, message: str, clears_when: str
) -> None:
    found = alert(ask(**facts), code)

    assert found.message == message
    assert found.clears_when == clears_when


def test_proof_writes_the_date_sum_out() -> None:
    found = alert(ask(plans=ASKS_PA, authorizations=[pa(to="2026-06-30")]), "PA_EXPIRES_BEFORE_REFILL")

    lines = [(line.op, line.label, line.value) for line in found.proof.sums]
    assert lines == [
        ("", "Last fill", "Fri 2026-06-05"),
        ("+", "days supply", "30 days"),
        ("=", "Runs out on", "Sun 2026-07-05"),
        ("", "Next fill", "Sun 2026-07-05"),
        ("", "PA PA1 ends", "Tue 2026-06-30"),
        ("=", "End to fill", "5 days"),
        ("", "Harm date", "Sun 2026-07-05"),
        ("-", "today", "Mon 2026-06-08"),
        ("=", "Until harm", "27 days"),
    ]
    assert [(fact.kind, fact.id) for fact in found.proof.facts_used] == [
        ("fill", "f1"),
        ("regimen", "r1"),
        ("authorization", "PA1"),
        ("coverage", "c1"),
        ("regimen", "r1"),
        ("regimen", "r1"),
    ]
    assert [fact.label for fact in found.proof.facts_used[-2:]] == ["Formulation", "Billing code"]


def test_proof_names_the_payers_source() -> None:
    rules = [rule(prior_authorization=True, source="Acme formulary p. 41", verified_on="2026-01-05")]

    proof = alert(ask(plans=[plan(rules=rules)]), "PA_MISSING").proof

    assert (proof.source, str(proof.source_verified_on)) == ("Acme formulary p. 41", "2026-01-05")


def test_key_of_an_alert_outlives_the_day() -> None:
    facts = document(plans=ASKS_PA, authorizations=[pa(to="2026-06-30")])
    case = case_from(facts)
    later = case_from({**facts, "as_of": "2026-06-20"})

    one = {each.key for each in check(case, case.as_of).alerts}
    other = {each.key for each in check(later, later.as_of).alerts}

    assert "PA_EXPIRES_BEFORE_REFILL:PA1:2026-06-30" in one & other


def test_next_fill_comes_after_the_last_however_far_ahead_fills_are_made() -> None:
    # Of the other product, so that no payer finds the next one too soon.
    today = fill(on="2026-06-08", formulation="non_modified")

    answer = ask(fills=[today], policy={"fill_ahead_days": 40})

    assert answer.next_fill == date(2026, 6, 9)


def test_first_part_b_fill_of_nobody_discharged_waits_for_nothing() -> None:
    answer = ask(plans=PART_B, fills=[], transplant=None, indication="psoriasis")

    assert answer.next_fill == date(2026, 6, 8)


def test_each_day_is_taken_at_the_dose_of_its_time() -> None:
    # 12 000 mg from 1 June: 10 days at 200, 10 at 400, 10 at 100 leave 5 000 for 25 days at 200.
    spans = [("2025-01-01", "2025-12-31"), ("2026-01-01", "2026-06-10"), ("2026-06-11", "2026-06-20")]
    spans += [("2026-06-21", "2026-06-30"), ("2026-07-01", None)]
    doses = [(100, 2), (100, 2), (200, 2), (100, 1), (100, 2)]
    regimens = [
        regimen(id=f"r{number}", dose_mg=mg, doses_per_day=times, **{"from": first, "to": last})
        for number, ((first, last), (mg, times)) in enumerate(zip(spans, doses, strict=True))
    ]

    answer = ask(regimens=regimens, fills=[fill(on="2026-06-01", days_supply=60, units={"J7502": 120})])

    assert answer.run_out == date(2026, 7, 26)
