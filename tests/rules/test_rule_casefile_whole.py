"""A case file with every fact there is: all of it is read, and written back as it stood."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from casemaker import document, pa, plan, rule
from rare_cases import AWAY

from tracker.rules.casefile import answer_document, case_document, case_from, read_case
from tracker.rules.check import check

ANSWER = Path(__file__).parent / "answer.json"
LIMIT = {"quantity": 60.5, "per_days": 31, "unit": "capsule", "method": "rolling", "max_per_day": 3}
WHOLE: dict[str, Any] = {
    "format": "pa-case/1",
    "as_of": "2026-06-08",
    "policy": {
        "alert_horizon_days": 46,
        "renewal_lead_days": 47,
        "fill_ahead_days": 2,
        "refill_due_days": 8,
        "refill_threshold_percent": 76,
        "coverage_end_lead_days": 91,
        "coverage_change_lead_days": 48,
        "info_reply_days": 13,
        "duration_lead_days": 31,
        "shipping_days": 3,
        "preparation_days": 4,
        "time_zone": "America/Denver",
    },
    "plans": [
        {
            "id": "gold",
            "payer": "Acme",
            "line_of_business": "commercial",
            "decision_hours": {"standard": 120, "expedited": 48},
            "rules": [
                {
                    "code": "J7502",
                    "from": "2020-01-01",
                    "to": "2027-12-31",
                    "covered": True,
                    "prior_authorization": True,
                    "prior_authorization_new_starts_only": True,
                    "quantity_limit": LIMIT,
                    "max_days_supply": 90,
                    "refill_threshold_percent": 85,
                    "step_therapy": {
                        "new_starts_only": True,
                        "steps": [
                            {
                                "need": 1,
                                "options": ["methotrexate", "acitretin"],
                                "min_days": 90,
                                "lookback_days": 365,
                                "outcomes": ["inadequate_response", "intolerance"],
                                "document_required": True,
                            }
                        ],
                    },
                    "source": "Acme formulary p. 41",
                    "verified_on": "2026-01-05",
                }
            ],
        }
    ],
    "patient": {
        "name": {"family": "Alvarez", "given": "Rosa"},
        "mrn": "M-1",
        "birth_date": "1980-02-29",
        "indication": "kidney_transplant",
        "transplant": {
            "organ": "kidney",
            "on": "2023-10-12",
            "part_a_at_transplant": True,
            "approved_facility": False,
            "discharged_on": "2023-10-20",
        },
        "weights": [{"on": "2026-05-01", "kg": 70.5}],
        "coverages": [
            {
                "id": "c1",
                "plan": "gold",
                "from": "2020-01-01",
                "to": "2028-12-31",
                "rank": 2,
                "medicare_basis": "age",
                "member_id": "A-1",
            }
        ],
        "regimens": [
            {
                "id": "r1",
                "drug": "cyclosporine",
                "formulation": "modified",
                "form": "capsule",
                "strengths_mg": [100, 25],
                "dose_mg": 112.5,
                "doses_per_day": 2,
                "days_supply": 28,
                "from": "2026-01-01",
                "to": "2027-06-30",
                "ordered_on": "2025-12-31",
            }
        ],
        "fills": [
            {
                "id": "f1",
                "on": "2026-06-05",
                "days_supply": 29,
                "units": {"J7502": 60, "J7515": 7},
                "formulation": "non_modified",
                "authorization": "PA1",
                "modifiers": ["KX", "GA"],
                "claim": {"status": "paid"},
                "reversed": True,
            }
        ],
        "planned_fills": [
            {
                "on": "2026-07-01",
                "days_supply": 15,
                "units": {"J7502": 31},
                "formulation": "modified",
                "override": {"kind": "vacation", "reason": "away", "person": "Ana", "on": "2026-06-01"},
            }
        ],
        "authorizations": [
            {
                "id": "PA1",
                "kind": "quantity_limit_override",
                "number": "A-48213",
                "plan": "gold",
                "status": "approved",
                "from": "2026-01-01",
                "to": "2026-12-31",
                "lines": [{"code": "J7502", "units": 360, "units_used_before": 12}],
                "formulation": "modified",
                "quantity_limit": LIMIT,
                "requested": {
                    "on": "2025-12-20",
                    "received_at": "2025-12-20T16:00:00+00:00",
                    "statement_at": "2025-12-21T16:00:00+00:00",
                    "expedited": True,
                    "from": "2026-01-01",
                    "to": "2027-01-31",
                    "lines": [{"code": "J7502", "units": 720}],
                },
                "decided_on": "2025-12-23",
                "reply_by": "2025-12-30",
                "reason": "contact_payer",
                "renews": "PA0",
            },
            {"id": "PA0", "kind": "prior_authorization", "plan": "gold", "status": "denied"},
        ],
        "trials": [
            {
                "id": "t1",
                "drug": "methotrexate",
                "from": "2025-09-01",
                "to": "2025-11-29",
                "outcome": "intolerance",
                "documented_on": "2025-12-01",
            }
        ],
        "refill_contacts": [{"on": "2026-06-07", "affirmed": True}],
        "labs": [{"kind": "creatinine", "on": "2026-05-01"}],
        "denials": [
            {
                "id": "d1",
                "fill": "f1",
                "authorization": "PA0",
                "level": "external",
                "notice_on": "2026-06-01",
                "received_on": "2026-06-03",
                "appeal_by": "2026-06-30",
            }
        ],
    },
}


def kept(value: Any, written: Any) -> Any:
    """What was written of what was given: blanks that are written besides do not count."""
    if isinstance(value, dict):
        return {key: kept(each, written.get(key)) for key, each in value.items()}
    if isinstance(value, list):
        return [kept(*pair) for pair in zip(value, written, strict=True)]
    return written


def test_every_fact_is_read_and_written_back() -> None:
    written = json.loads(json.dumps(case_document(case_from(WHOLE))))

    assert json.dumps(kept(WHOLE, written)) == json.dumps(WHOLE)
    assert case_from(written) == case_from(WHOLE) == read_case(json.dumps(WHOLE))


def test_an_answer_is_written_in_full() -> None:
    facts = document(
        plans=[
            plan(
                payer="Acme",
                rules=[rule(prior_authorization=True, source="Acme p. 41", verified_on="2026-01-05")],
            )
        ],
        authorizations=[pa(to="2026-06-30")],
        planned_fills=[{"on": "2026-06-20", "override": {**AWAY}}],
    )
    case = case_from(facts)
    answer = check(case, case.as_of)
    written = json.loads(json.dumps(answer_document(replace(answer, fills=answer.fills[:2]))))

    assert written == json.loads(ANSWER.read_text(encoding="utf-8"))
