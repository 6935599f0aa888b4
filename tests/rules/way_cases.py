"""Cases, by name, of which something can be done: a way, a fill ahead, or the steps of a plan."""

from typing import Any

from casemaker import coverage, fill, pa, plan, regimen, rule, step
from rare_cases import ASKS_PA, OPEN, PSORIASIS, SILVER, Facts, asks, rolling

SHORT = {
    "id": "t1",
    "drug": "methotrexate",
    "from": "2025-12-01",
    "to": "2026-02-24",
    "outcome": "inadequate_response",
    "documented_on": "2026-02-26",
}
OLD = {**SHORT, "id": "t2", "drug": "acitretin", "from": "2024-03-04", "to": "2024-07-15"}
EACH = step(min_days=90, lookback_days=365)
DENIED = pa(status="denied", **OPEN)
NOTICE = {"id": "d1", "authorization": "PA1", "level": "internal", "notice_on": "2026-06-01"}


def trying(*trials: Facts, steps: list[Facts] | None = None, **more: Any) -> Facts:
    """A psoriasis patient of a plan with these steps."""
    return {
        **PSORIASIS,
        "plans": asks(step_therapy={"steps": steps or [EACH]}),
        "trials": list(trials),
        **more,
    }


WAYS: dict[str, Facts] = {
    "a trial four days short": trying(SHORT),
    "a trial of one day": trying({**SHORT, "to": "2025-12-01"}),
    "a trial of 90 days": trying({**SHORT, "to": "2026-02-28"}),
    "an old trial with its document": trying(OLD),
    "an old trial without its document": trying({**OLD, "documented_on": None}),
    "a trial that ended the day before the look-back": trying(
        {**OLD, "from": "2025-01-01", "to": "2025-06-07"}
    ),
    "an old trial without its start": trying({**OLD, "from": None, "outcome": "intolerance"}),
    "no outcome": trying({**SHORT, "outcome": None}),
    "no start, no end, no document": trying(
        {"id": "t1", "drug": "methotrexate", "outcome": "inadequate_response"},
        steps=[step(min_days=90, lookback_days=365, document_required=True)],
    ),
    "another outcome": trying({**SHORT, "outcome": "other"}),
    "only a failed trial counts": trying(SHORT, steps=[{**EACH, "outcomes": ["inadequate_response"]}]),
    "only an intolerance counts": trying(SHORT, steps=[{**EACH, "outcomes": ["intolerance"]}]),
    "a contraindication": trying({"id": "t1", "drug": "acitretin", "outcome": "contraindication"}),
    "three of five, one tried": trying(
        SHORT, OLD, steps=[step(), step(need=3, options=["acitretin", "a_b", "c", "d", "methotrexate"])]
    ),
    "four of five": trying(steps=[step(need=4, options=["a", "b", "c", "d", "e"], lookback_days=30)]),
    "one tried short, one old": trying(SHORT, OLD),
    "new Part D plan": {
        "plans": asks("medicare_part_d", prior_authorization=True),
        "coverages": [coverage(**{"from": "2026-05-01"})],
    },
    "new Part D plan, an exception is needed": {
        "plans": asks("medicare_part_d", covered=False),
        "coverages": [coverage(**{"from": "2026-05-01"})],
        "authorizations": [pa(kind="formulary_exception", status="submitted", **OPEN)],
    },
    "new Medicare Advantage plan, denied": {
        "plans": asks("medicare_advantage", prior_authorization=True),
        "coverages": [coverage(**{"from": "2026-05-01"})],
        "authorizations": [DENIED],
    },
    "new Medicare Advantage plan, its last day": {
        "as_of": "2026-07-05",
        "plans": asks("medicare_advantage", prior_authorization=True),
        "coverages": [coverage(**{"from": "2026-04-07"})],
        "authorizations": [DENIED],
    },
    "Medicaid": {"plans": asks("medicaid", prior_authorization=True)},
    "the plan's own hours": {
        "plans": [
            plan(
                payer="Acme",
                rules=[rule(prior_authorization=True)],
                decision_hours={"standard": 120, "expedited": 48},
            )
        ],
        "authorizations": [pa(status="submitted", **OPEN)],
    },
    "a request of another plan is in progress": {
        "plans": [*ASKS_PA, SILVER],
        "authorizations": [pa(status="submitted", plan="silver", **OPEN)],
    },
    "an override is in progress": {
        "plans": asks(prior_authorization=True),
        "authorizations": [pa(kind="quantity_limit_override", status="submitted", **OPEN)],
    },
    "too late for shipping": {"as_of": "2026-07-02", "plans": ASKS_PA},
    "too late": {"as_of": "2026-07-05", "plans": ASKS_PA},
    "no shipping": {"plans": ASKS_PA, "policy": {"shipping_days": 0}},
    "several causes": {
        "plans": asks(
            prior_authorization=True,
            quantity_limit={"quantity": 30, "per_days": 30, "unit": "capsule", "method": "per_fill"},
            step_therapy={"steps": [step()]},
        )
    },
    "denied, to be appealed": {
        "plans": ASKS_PA,
        "authorizations": [DENIED],
        "denials": [{**NOTICE, "received_on": "2026-06-03"}],
    },
    "denied twice": {
        "plans": ASKS_PA,
        "authorizations": [DENIED],
        "denials": [
            {**NOTICE, "appeal_by": "2026-06-30"},
            {"id": "d2", "authorization": "PA1", "level": "external", "received_on": "2026-06-02"},
        ],
    },
    "a fill was denied by the plan": {
        "plans": ASKS_PA,
        "fills": [fill(claim={"status": "denied"})],
        "denials": [{"id": "d1", "fill": "f1", "level": "internal", "notice_on": "2026-06-06"}],
    },
    "denied by another plan": {
        "plans": [*ASKS_PA, SILVER],
        "authorizations": [pa(status="denied", plan="silver", **OPEN)],
        "denials": [NOTICE],
    },
    "denied, and it is too late for the fill": {
        "as_of": "2026-07-03",
        "plans": ASKS_PA,
        "authorizations": [DENIED],
    },
    "denied, and its day is over": {
        "plans": ASKS_PA,
        "authorizations": [DENIED],
        "denials": [{**NOTICE, "appeal_by": "2026-06-07"}],
    },
    "denied in Medicaid": {"plans": asks("medicaid", prior_authorization=True), "authorizations": [DENIED]},
    "denied in Part D": {
        "plans": asks("medicare_part_d", prior_authorization=True),
        "authorizations": [DENIED],
    },
    "90 days are allowed": {
        "plans": asks(prior_authorization=True, max_days_supply=90),
        "authorizations": [pa(to="2026-07-20", number=None)],
    },
    "units for twenty days": {
        "plans": ASKS_PA,
        "authorizations": [pa(to=None, lines=[{"code": "J7502", "units": 80}])],
    },
    "a rolling limit ahead": {
        "plans": asks(prior_authorization=True, quantity_limit=rolling(90)),
        "authorizations": [pa(to="2026-06-30")],
    },
    "a limit that is not known": {
        "plans": asks(prior_authorization=True, quantity_limit=None),
        "authorizations": [pa(to="2026-06-30")],
    },
    "the refused fill is planned": {
        "plans": ASKS_PA,
        "authorizations": [pa(to="2026-06-30")],
        "planned_fills": [{"on": "2026-07-04"}],
    },
    "a planned fill moves": {
        "plans": ASKS_PA,
        "authorizations": [pa(to="2026-06-30")],
        "planned_fills": [{"on": "2026-06-29", "days_supply": 10}, {"on": "2026-07-08"}],
    },
    "one day only": {"plans": ASKS_PA, "authorizations": [pa(to="2026-06-28")]},
    "the dose changes after the fill ahead": {
        "plans": ASKS_PA,
        "authorizations": [pa(to="2026-06-30")],
        "regimens": [regimen(to="2026-07-20"), regimen(id="r2", dose_mg=200, **{"from": "2026-07-21"})],
    },
    "the dose falls after the fill ahead": {
        "plans": ASKS_PA,
        "authorizations": [pa(to="2026-06-30")],
        "regimens": [regimen(to="2026-07-20"), regimen(id="r2", dose_mg=50, **{"from": "2026-07-21"})],
    },
    "bottles of solution": {
        "plans": asks(prior_authorization=True, max_days_supply=90),
        "regimens": [regimen(form="solution", strengths_mg=[], doses_per_day=1)],
        "fills": [fill(units={"J7502": 50}, days_supply=50, on="2026-05-20")],
        "authorizations": [pa(to="2026-07-08")],
    },
    "no fill yet": {"plans": ASKS_PA, "fills": [], "authorizations": [pa(to="2026-06-30")]},
    "Part B ahead of the end of the coverage": {
        "plans": asks("medicare_part_b"),
        "coverages": [coverage(to="2026-07-02")],
    },
    "steps, counted from the day the PA was asked for": trying(
        {**OLD, "from": "2024-10-01", "to": "2025-03-01"},
        plans=asks(prior_authorization=True, step_therapy={"steps": [EACH]}),
        authorizations=[
            pa(lines=[{"code": "J7502", "units": 130}], requested={"on": "2026-01-05"}),
            pa(id="PA2", lines=[{"code": "J7502", "units": 720}], requested={"on": "2026-04-05"}),
        ],
    ),
    "steps, no PA is asked for but some are on file": trying(
        {**OLD, "from": "2024-10-01", "to": "2025-03-01"},
        fills=[fill(authorization="PA1")],
        authorizations=[
            pa(lines=[{"code": "J7502", "units": 70}], requested={"on": "2026-01-05"}),
            pa(id="PA2", lines=[{"code": "J7502", "units": 720}], requested={"on": "2026-04-05"}),
        ],
    ),
    "steps of one code and others of the other": trying(
        SHORT,
        plans=[
            plan(
                rules=[
                    rule(step_therapy={"steps": [EACH]}),
                    rule(code="J7515", step_therapy={"steps": [step(options=["apremilast"])]}),
                ]
            )
        ],
        regimens=[regimen(dose_mg=125)],
    ),
    "steps of the code of a planned fill": trying(
        plans=[
            plan(
                rules=[
                    rule(step_therapy={"steps": [EACH]}),
                    rule(code="J7515", step_therapy={"steps": [step(options=["apremilast"])]}),
                ]
            )
        ],
        planned_fills=[{"on": "2026-07-05", "units": {"J7515": 240}}],
    ),
    "steps of a drug that is not covered": {
        **trying(SHORT),
        "plans": asks(covered=False, step_therapy={"steps": [EACH]}),
    },
    "a hole, then PAs without end": {
        "plans": ASKS_PA,
        "authorizations": [pa(to="2026-08-01"), pa(id="PA2", to=None, **{"from": "2026-09-01"})],
    },
    "the dose falls on the last day": {
        "plans": ASKS_PA,
        "authorizations": [pa(to="2026-06-30")],
        "regimens": [regimen(to="2026-08-02"), regimen(id="r2", dose_mg=50, **{"from": "2026-08-03"})],
    },
    "new Part D plan, its last day": {
        "as_of": "2026-07-05",
        "plans": asks("medicare_part_d", prior_authorization=True),
        "coverages": [coverage(**{"from": "2026-04-07"})],
    },
    "new Part D plan, planned too soon": {
        "plans": asks("medicare_part_d"),
        "coverages": [coverage(**{"from": "2026-05-01"})],
        "planned_fills": [{"on": "2026-06-20"}],
    },
    "the first option tried long ago, the second without an outcome": trying(
        {**OLD, "drug": "methotrexate"}, {**SHORT, "id": "t3", "drug": "acitretin", "outcome": None}
    ),
    "three options: not tried, tried short, tried long ago": trying(
        {**SHORT, "drug": "acitretin"},
        {**OLD, "drug": "apremilast"},
        steps=[{**EACH, "options": ["methotrexate", "acitretin", "apremilast"]}],
    ),
    "a trial without a start": trying({**SHORT, "from": None}),
    "two old trials of one drug, the later first": trying(OLD, {**OLD, "id": "t3", "to": "2024-06-15"}),
    "two old trials of one drug, the later last": trying({**OLD, "id": "t3", "to": "2024-06-15"}, OLD),
    "two short trials of one drug": trying({**SHORT, "to": "2025-12-20"}, {**SHORT, "id": "t3"}),
    "no outcome is accepted": trying(SHORT, steps=[{**EACH, "outcomes": []}]),
    "one day only, today": {
        "as_of": "2026-06-28",
        "plans": ASKS_PA,
        "authorizations": [pa(to="2026-06-28")],
    },
    "new Medicare Advantage plan, the steps are not met": {
        "plans": asks("medicare_advantage", step_therapy={"steps": [step()]}),
        "coverages": [coverage(**{"from": "2026-05-01"})],
    },
    "a trial whose name has a dot": trying({**SHORT, "id": "t.1", "from": None}),
    "denied, and its day is today": {
        "plans": ASKS_PA,
        "authorizations": [DENIED],
        "denials": [{**NOTICE, "appeal_by": "2026-06-08"}],
    },
}
