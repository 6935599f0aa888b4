"""Cases, by name, for what the edges and the random ones come to seldom or never: an example of each."""

from typing import Any

from casemaker import coverage, fill, pa, plan, regimen, rule, step

Facts = dict[str, Any]

OPEN = {"from": None, "to": None}
PSORIASIS = {"indication": "psoriasis", "transplant": None}
AWAY = {"kind": "vacation", "reason": "away", "person": "Ana", "on": "2026-06-01"}
TRIED = {"id": "t1", "drug": "acitretin", "from": "2025-06-01", "to": "2026-01-01", "outcome": "intolerance"}
J7515 = rule(code="J7515", prior_authorization=True)


def asks(line: str = "commercial", **more: Any) -> list[Facts]:
    return [plan(line_of_business=line, rules=[rule(**more)])]


def rolling(quantity: int, **more: Any) -> Facts:
    return {"quantity": quantity, "per_days": 30, "unit": "capsule", "method": "rolling", **more}


ASKS_PA = asks(prior_authorization=True)
SILVER = plan(id="silver", payer="Silver Health", rules=[rule(prior_authorization=True)])

RARE: dict[str, Facts] = {
    "PA that ends after the next fill": {"plans": ASKS_PA, "authorizations": [pa(to="2026-07-10")]},
    "PA that ends after the next fill, in 7 days": {
        "as_of": "2026-07-03",
        "plans": ASKS_PA,
        "authorizations": [pa(to="2026-07-10")],
    },
    "PA that ends after the next fill, in 14 days": {
        "as_of": "2026-06-26",
        "plans": ASKS_PA,
        "authorizations": [pa(to="2026-07-10")],
    },
    "two PAs with a hole between them": {
        "plans": ASKS_PA,
        "authorizations": [pa(to="2026-07-01"), pa(id="PA2", **{"from": "2026-07-21"})],
    },
    "renewal asked for": {
        "plans": ASKS_PA,
        "authorizations": [
            pa(to="2026-07-01"),
            pa(id="PA2", status="submitted", renews="PA1", requested={"on": "2026-06-05"}, **OPEN),
        ],
    },
    "renewal denied, and the old one ended": {
        "as_of": "2026-07-03",
        "plans": ASKS_PA,
        "authorizations": [
            pa(to="2026-07-01"),
            pa(id="PA2", status="denied", renews="PA1", decided_on="2026-06-20", **OPEN),
        ],
    },
    "renewal denied before the old one ends": {
        "plans": ASKS_PA,
        "authorizations": [pa(to="2026-07-01"), pa(id="PA2", status="denied", renews="PA1", **OPEN)],
    },
    "new plan, PA of the old one": {
        "plans": [plan(), SILVER],
        "coverages": [coverage(to="2026-06-30"), coverage(id="c2", plan="silver", **{"from": "2026-07-01"})],
        "authorizations": [pa()],
    },
    "PA of another product": {"plans": ASKS_PA, "authorizations": [pa(formulation="non_modified")]},
    "PA without the second code": {
        "plans": [plan(rules=[rule(prior_authorization=True), J7515])],
        "regimens": [regimen(dose_mg=125)],
        "authorizations": [pa(lines=[{"code": "J7502", "units": 900, "units_used_before": 60}])],
    },
    "no units left": {"plans": ASKS_PA, "authorizations": [pa(lines=[{"code": "J7502", "units": 60}])]},
    "units for one more fill": {
        "plans": ASKS_PA,
        "authorizations": [pa(lines=[{"code": "J7502", "units": 130}])],
    },
    "units used before": {
        "plans": ASKS_PA,
        "authorizations": [pa(lines=[{"code": "J7502", "units": 480, "units_used_before": 310}])],
    },
    "approved in part": {
        "plans": ASKS_PA,
        "authorizations": [
            pa(
                status="partially_approved",
                to="2026-07-31",
                lines=[{"code": "J7502", "units": 180}],
                requested={
                    "from": "2026-01-01",
                    "to": "2026-12-31",
                    "lines": [{"code": "J7502", "units": 720}],
                },
            )
        ],
    },
    "pended, to be answered soon": {
        "plans": ASKS_PA,
        "authorizations": [
            pa(status="pended", reply_by="2026-06-10", requested={"on": "2026-06-01"}, **OPEN)
        ],
    },
    "decision overdue": {
        "plans": [plan(rules=[rule(prior_authorization=True)], decision_hours={"standard": 120})],
        "authorizations": [
            pa(status="submitted", requested={"received_at": "2026-06-01T10:00:00-05:00"}, **OPEN)
        ],
    },
    "quick decision overdue": {
        "plans": asks("medicare_part_d", prior_authorization=True),
        "authorizations": [
            pa(
                kind="step_therapy_exception",
                status="submitted",
                requested={
                    "received_at": "2026-06-01T10:00:00-05:00",
                    "statement_at": "2026-06-03T10:00:00-05:00",
                    "expedited": True,
                },
                **OPEN,
            )
        ],
    },
    "planned fill within the window of the limit": {
        "plans": asks(quantity_limit=rolling(60)),
        "planned_fills": [{"on": "2026-07-02"}],
    },
    "limit in units of the code, with an override": {
        "plans": asks(quantity_limit=rolling(30, unit="J7502", method="per_fill")),
        "authorizations": [
            pa(kind="quantity_limit_override", quantity_limit=rolling(50, unit="J7502", method="per_fill"))
        ],
    },
    "limit in mg": {"plans": asks(quantity_limit=rolling(5000, unit="mg"))},
    "too many days": {"plans": asks(max_days_supply=20)},
    "too many days in Part B": {
        "plans": asks("medicare_part_b"),
        "regimens": [regimen(days_supply=90)],
    },
    "steps, an old trial with its document": {
        "plans": asks(step_therapy={"steps": [step(lookback_days=90, min_days=30)]}),
        "trials": [{**TRIED, "documented_on": "2026-01-03"}],
    },
    "steps, two old trials": {
        "plans": asks(step_therapy={"steps": [step(lookback_days=90)]}),
        "trials": [{**TRIED, "id": "t0", "drug": "methotrexate", "to": "2025-12-01"}, TRIED],
    },
    "steps, the second not met": {
        "plans": asks(
            step_therapy={"steps": [step(), step(need=2, options=["acitretin", "apremilast"], min_days=90)]}
        ),
        "trials": [TRIED],
        **PSORIASIS,
    },
    "steps, the outcome not on file": {
        "plans": asks(step_therapy={"steps": [step(min_days=90)]}),
        "trials": [{**TRIED, "outcome": None}],
    },
    "steps, an exception": {
        "plans": asks(step_therapy={"steps": [step()]}),
        "authorizations": [pa(kind="step_therapy_exception", to="2026-08-01")],
    },
    "not covered, an exception until August": {
        "plans": asks(covered=False),
        "authorizations": [pa(kind="formulary_exception", to="2026-08-01")],
    },
    "not covered in Part D": {"plans": asks("medicare_part_d", covered=False)},
    "no drug of the plan's list": {"plans": [plan(rules=[])], **PSORIASIS},
    "Part B without the facts of the transplant": {
        "plans": asks("medicare_part_b"),
        "transplant": {"organ": "kidney"},
    },
    "Part D first, Part B pays": {
        "plans": [plan(line_of_business="medicare_part_d"), plan(id="b", line_of_business="medicare_part_b")],
        "coverages": [coverage(), coverage(id="c2", plan="b", rank=2)],
    },
    "Part B first, Part D pays": {
        "plans": [plan(line_of_business="medicare_part_b"), plan(id="d", line_of_business="medicare_part_d")],
        "coverages": [coverage(), coverage(id="c2", plan="d", rank=2)],
        **PSORIASIS,
    },
    "contact too early": {
        "as_of": "2026-07-03",
        "plans": asks("medicare_part_b"),
        "fills": [fill(on="2026-04-10", days_supply=90, units={"J7502": 180})],
        "refill_contacts": [{"on": "2026-06-08", "affirmed": True}],
    },
    "Part B delivery planned too early": {
        "plans": asks("medicare_part_b"),
        "planned_fills": [{"on": "2026-06-20", "days_supply": 30}],
    },
    "Part B, another dose without an order": {
        "plans": asks("medicare_part_b"),
        "regimens": [
            regimen(to="2026-06-30"),
            regimen(id="r2", dose_mg=125, ordered_on=None, **{"from": "2026-07-01"}),
        ],
    },
    "planned too soon": {"planned_fills": [{"on": "2026-06-20", "days_supply": 30}]},
    "planned too soon, with an override": {
        "planned_fills": [{"on": "2026-06-20", "days_supply": 30, "override": AWAY}]
    },
    "days without drug between two fills": {
        "fills": [fill(id="f0", on="2026-04-20"), fill(on="2026-06-05")],
    },
    "last fill long ago": {"fills": [fill(on="2026-04-20")]},
    "an early fill carries over": {"fills": [fill(id="f0", on="2026-05-20"), fill(on="2026-06-05")]},
    "another dose while drug is left": {
        "regimens": [regimen(to="2026-06-14"), regimen(id="r2", dose_mg=200, **{"from": "2026-06-15"})],
    },
    "smaller dose while drug is left": {
        "regimens": [regimen(to="2026-06-14"), regimen(id="r2", dose_mg=50, **{"from": "2026-06-15"})],
    },
    "a dose that no capsules make": {"regimens": [regimen(dose_mg=110)]},
    "solution": {
        "regimens": [regimen(form="solution", strengths_mg=[])],
        "fills": [fill(units={"J7502": 60})],
    },
    "another product than the regimen's": {"fills": [fill(formulation="non_modified")]},
    "billed under another drug": {"fills": [fill(units={"J7520": 60})]},
    "modifiers against each other": {"fills": [fill(modifiers=["GA", "GZ", "KX"])], "transplant": None},
    "modifiers of an injection": {"fills": [fill(modifiers=["JW"])]},
    "denied, and approved afterwards": {
        "plans": ASKS_PA,
        "fills": [fill(claim={"status": "denied"})],
        "authorizations": [pa(decided_on="2026-06-07", lines=[{"code": "J7502", "units": 720}])],
        "denials": [{"id": "d1", "fill": "f1", "level": "internal", "received_on": "2026-06-06"}],
    },
    "appeal overdue": {
        "fills": [fill(on="2026-01-05", claim={"status": "denied"})],
        "denials": [{"id": "d1", "fill": "f1", "level": "external", "notice_on": "2026-01-10"}],
    },
    "appeal by the day of the notice": {
        "fills": [fill(claim={"status": "denied"})],
        "denials": [{"id": "d1", "fill": "f1", "level": "internal", "appeal_by": "2026-06-20"}],
    },
    "dose above the label": {
        **PSORIASIS,
        "regimens": [regimen(dose_mg=200)],
        "weights": [{"on": "2026-05-01", "kg": 70}, {"on": "2026-06-01", "kg": 71.5}],
        "labs": [{"kind": "creatinine", "on": "2026-03-01"}],
    },
    "more than a year of psoriasis": {**PSORIASIS, "regimens": [regimen(**{"from": "2025-05-01"})]},
    "rheumatoid arthritis without a weight": {"indication": "rheumatoid_arthritis", "transplant": None},
    "coverage ends, nothing follows": {"coverages": [coverage(to="2026-08-03")]},
    "coverage ends, another follows": {
        "plans": [plan(), SILVER],
        "coverages": [coverage(to="2026-08-03"), coverage(id="c2", plan="silver", **{"from": "2026-08-04"})],
    },
    "coverage ended": {"coverages": [coverage(to="2026-06-07")]},
    "answers of the payer take long": {
        "plans": [plan(decision_hours={"standard": 240}, rules=[rule(prior_authorization=True)])],
        "policy": {"shipping_days": 3, "preparation_days": 4},
    },
    "new in Part D, steps not met": {
        "plans": asks("medicare_part_d", step_therapy={"steps": [step()]}),
        "coverages": [coverage(**{"from": "2026-05-01"})],
        **PSORIASIS,
    },
    "tacrolimus once a day": {
        "plans": [plan(rules=[rule(code="J7508", prior_authorization=True)])],
        "regimens": [
            regimen(
                drug="tacrolimus", formulation="astagraf_xl", strengths_mg=[5, 1], dose_mg=6, doses_per_day=1
            )
        ],
        "fills": [fill(units={"J7508": 1800}, formulation="astagraf_xl")],
    },
    "PA that ends after the next fill, in 8 days": {
        "as_of": "2026-07-02",
        "plans": ASKS_PA,
        "authorizations": [pa(to="2026-07-10")],
    },
    "PA that ends after the next fill, in 15 days": {
        "as_of": "2026-06-25",
        "plans": ASKS_PA,
        "authorizations": [pa(to="2026-07-10")],
    },
    "PA that ends after the next fill, harm in 30 days": {
        "as_of": "2026-07-05",
        "plans": ASKS_PA,
        "authorizations": [pa(to="2026-07-25")],
    },
    "PA with two lines of one code": {
        "plans": ASKS_PA,
        "authorizations": [
            pa(
                lines=[
                    {"code": "J7502", "units": 60},
                    {"code": "J7502", "units": 75, "units_used_before": 5},
                    {"code": "J7515", "units": 7},
                ]
            )
        ],
    },
    "fill of the first day of another dose": {
        "plans": ASKS_PA,
        "authorizations": [pa(lines=[{"code": "J7502", "units": 300}])],
        "regimens": [regimen(to="2026-06-04"), regimen(id="r2", dose_mg=200, **{"from": "2026-06-05"})],
        "fills": [fill(units=None)],
    },
    "a hole in the course before its year is over": {
        **PSORIASIS,
        "regimens": [
            regimen(**{"from": "2025-06-20", "to": "2026-06-15"}),
            regimen(id="r2", **{"from": "2026-06-18"}),
        ],
    },
    "another drug follows before the year is over": {
        **PSORIASIS,
        "regimens": [
            regimen(**{"from": "2025-06-20", "to": "2026-06-15"}),
            regimen(
                id="r2",
                drug="sirolimus",
                formulation=None,
                strengths_mg=[2],
                dose_mg=2,
                **{"from": "2026-06-16"},
            ),
        ],
    },
    "another dose without an order, Part B from that day on": {
        "plans": [plan(), plan(id="b", line_of_business="medicare_part_b")],
        "coverages": [coverage(to="2026-06-30"), coverage(id="c2", plan="b", **{"from": "2026-07-01"})],
        "regimens": [
            regimen(to="2026-06-30"),
            regimen(id="r2", dose_mg=125, ordered_on=None, **{"from": "2026-07-01"}),
        ],
    },
    "another dose without an order, no longer Part B": {
        "plans": [plan(), plan(id="b", line_of_business="medicare_part_b")],
        "coverages": [coverage(plan="b", to="2026-05-31"), coverage(id="c2", **{"from": "2026-06-01"})],
        "regimens": [
            regimen(to="2026-04-30"),
            regimen(id="r2", dose_mg=125, ordered_on=None, **{"from": "2026-05-01"}),
        ],
    },
    "a hole of one day": {
        "plans": ASKS_PA,
        "authorizations": [pa(to="2026-07-04"), pa(id="PA2", **{"from": "2026-07-06"})],
    },
    "steps in Part D of a stabilized transplant patient": {
        "plans": asks("medicare_part_d", step_therapy={"steps": [step()]}),
    },
    "two modifiers of an injection": {"fills": [fill(modifiers=["JW", "JZ"])]},
    "two PAs of the old plan": {
        "plans": [plan(), SILVER],
        "coverages": [coverage(to="2026-06-30"), coverage(id="c2", plan="silver", **{"from": "2026-07-01"})],
        "authorizations": [pa(to="2026-12-31"), pa(id="PA2", to="2026-09-30"), pa(id="PA3", to="2026-10-31")],
    },
    "coverage ends after the last fill": {
        "coverages": [coverage(to="2026-07-20")],
        "regimens": [regimen(to="2026-08-03")],
    },
    "coverage ends after the last fill, another follows": {
        "plans": [plan(), SILVER],
        "coverages": [coverage(to="2026-07-01"), coverage(id="c2", plan="silver", **{"from": "2026-07-02"})],
        "regimens": [regimen(to="2026-07-04")],
    },
}
