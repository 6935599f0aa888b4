"""Case documents for the rules' tests: one with boring defaults, and random ones that go everywhere."""

from datetime import date, timedelta
from random import Random
from typing import Any

AS_OF = date(2026, 6, 8)
Document = dict[str, Any]


def rule(**more: Any) -> Document:
    return {
        "code": "J7502",
        "from": "2020-01-01",
        "to": None,
        "covered": True,
        "prior_authorization": False,
        "quantity_limit": False,
        "step_therapy": False,
        **more,
    }


def plan(**more: Any) -> Document:
    return {"id": "gold", "line_of_business": "commercial", "rules": [rule()], **more}


def coverage(**more: Any) -> Document:
    return {"id": "c1", "plan": "gold", "from": "2020-01-01", **more}


def regimen(**more: Any) -> Document:
    return {
        "id": "r1",
        "drug": "cyclosporine",
        "formulation": "modified",
        "form": "capsule",
        "strengths_mg": [100, 25],
        "dose_mg": 100,
        "doses_per_day": 2,
        "days_supply": 30,
        "from": "2026-01-01",
        "ordered_on": "2026-01-01",
        **more,
    }


def fill(**more: Any) -> Document:
    return {
        "id": "f1",
        "on": "2026-06-05",
        "days_supply": 30,
        "units": {"J7502": 60},
        "formulation": "modified",
        "claim": {"status": "paid"},
        **more,
    }


def pa(**more: Any) -> Document:
    return {
        "id": "PA1",
        "number": more.get("id", "PA1"),
        "kind": "prior_authorization",
        "plan": "gold",
        "status": "approved",
        "from": "2026-01-01",
        "to": "2026-12-31",
        "lines": [],
        **more,
    }


def step(**more: Any) -> Document:
    outcomes = ["inadequate_response", "intolerance", "contraindication"]
    return {"need": 1, "options": ["methotrexate", "acitretin"], "outcomes": outcomes, **more}


def document(*, as_of: str = "2026-06-08", plans: Any = None, policy: Any = None, **patient: Any) -> Document:
    """A kidney transplant patient of one commercial plan with one fill: nothing is wrong."""
    facts = {
        "indication": "kidney_transplant",
        "transplant": {
            "organ": "kidney",
            "on": "2023-10-12",
            "part_a_at_transplant": True,
            "approved_facility": True,
        },
        "coverages": [coverage()],
        "regimens": [regimen()],
        "fills": [fill()],
        **patient,
    }
    return {
        "format": "pa-case/1",
        "as_of": as_of,
        "policy": policy,
        "plans": [plan()] if plans is None else plans,
        "patient": facts,
    }


class Maker:
    """Random documents from a seed: valid, and full of edges near one another."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def day(self, first: int, last: int) -> str:
        return (AS_OF + timedelta(days=self.random.randint(first, last))).isoformat()

    def maybe(self, value: Any, share: float = 0.5) -> Any:
        return value if self.random.random() < share else None

    def flag(self) -> bool | None:
        return self.random.choice([True, True, False, None])

    def range(self, first: int, last: int, days: int) -> Document:
        start = AS_OF + timedelta(days=self.random.randint(first, last))
        end = start + timedelta(days=self.random.randint(0, days))
        return {"from": start.isoformat(), "to": self.maybe(end.isoformat(), 0.7)}

    def limit(self) -> Document:
        pick = self.random.choice
        return {
            "quantity": pick([60, 90, 120, 180, 6000]),
            "per_days": pick([30, 90]),
            "unit": pick(["capsule", "mg", "J7502"]),
            "method": pick(["per_fill", "rolling"]),
            "max_per_day": pick([None, None, 3, 10]),
        }

    def steps(self) -> Document:
        pick = self.random.choice
        steps = [
            step(
                need=pick([1, 1, 2]),
                min_days=pick([None, 30, 90]),
                lookback_days=pick([None, 180, 365]),
                document_required=pick([True, False]),
            )
            for _ in range(pick([1, 1, 2]))
        ]
        return {"new_starts_only": pick([True, False, False]), "steps": steps}

    def rule(self, code: str) -> Document:
        pick = self.random.choice
        return {
            "code": code,
            "from": None,
            "to": None,
            "covered": pick([True, True, True, True, False, None]),
            "prior_authorization": pick([True, True, True, False, None]),
            "prior_authorization_new_starts_only": pick([False, False, False, True]),
            "quantity_limit": pick([False, False, None, True, self.limit(), self.limit()]),
            "max_days_supply": pick([None, 30, 90]),
            "refill_threshold_percent": pick([None, 80, 85]),
            "step_therapy": pick([False, False, None, True, self.steps(), self.steps()]),
        }

    def plan(self, plan_id: str) -> Document:
        lines = [
            "commercial",
            "medicare_part_b",
            "medicare_part_d",
            "medicare_advantage",
            "medicaid",
            "other",
        ]
        codes = self.random.choice([["J7502"], ["J7502", "J7515"], ["J7507"], []])
        return {
            "id": plan_id,
            "payer": f"Payer {plan_id}",
            "line_of_business": self.random.choice(lines),
            "decision_hours": self.maybe({"standard": 120, "expedited": None}, 0.3),
            "rules": [self.rule(code) for code in codes],
        }

    def regimens(self) -> list[Document]:
        pick, found = self.random.choice, []
        start = AS_OF + timedelta(days=pick([-400, -120, -30, 0, 5, 20]))
        for number in range(pick([1, 1, 2, 2, 3])):
            end = start + timedelta(days=self.random.randint(0, 150))
            drug, formulation = pick(
                [("cyclosporine", "modified")] * 4
                + [("cyclosporine", "non_modified"), ("tacrolimus", "envarsus_xr"), ("sirolimus", None)]
            )
            solid = drug != "cyclosporine" or self.random.random() < 0.8
            found.append(
                regimen(
                    id=f"r{number}",
                    drug=drug,
                    formulation=formulation,
                    form="capsule" if solid else "solution",
                    strengths_mg=[100, 25] if drug == "cyclosporine" else [5, 1],
                    dose_mg=pick([100, 100, 125, 150, 110, 200] if drug == "cyclosporine" else [2, 5]),
                    doses_per_day=pick([1, 2, 2]),
                    days_supply=pick([30, 30, 30, 14, 90]),
                    ordered_on=self.maybe(start.isoformat()),
                    **{"from": start.isoformat(), "to": end.isoformat()},
                )
            )
            start = end + timedelta(days=pick([1, 1, 1, 10, 40]))
        if pick([True, True, False]):
            found[-1]["to"] = None
        return found

    def fills(self) -> list[Document]:
        pick, found = self.random.choice, []
        on = AS_OF - timedelta(days=pick([self.random.randint(0, 200), self.random.randint(0, 25)]))
        for number in range(pick([0, 1, 2, 3, 5])):
            if on > AS_OF:
                break
            found.append(
                fill(
                    id=f"f{number}",
                    on=on.isoformat(),
                    days_supply=pick([30, 30, 14, 90]),
                    units=pick(
                        [{"J7502": 60}, {"J7502": 60}, {"J7502": 60, "J7515": 60}, None, {"J7516": 2}]
                    ),
                    formulation=pick(["modified", "modified", None, "non_modified"]),
                    authorization=pick([None, None, None, "a0"]),
                    reversed=pick([False, False, False, True]),
                    modifiers=pick([[], [], ["KX"], ["KX", "GA"], ["JW"]]),
                    claim=pick([None, {"status": "paid"}, {"status": "denied"}, {"status": "pending"}]),
                )
            )
            on += timedelta(days=self.random.randint(10, 45))
        return found

    def planned(self) -> list[Document]:
        days = self.random.sample(range(-5, 90), self.random.choice([0, 0, 1, 2]))
        pick = self.random.choice
        override = {"kind": "vacation", "reason": "away", "person": "Ana", "on": "2026-06-01"}
        return [
            {
                "on": (AS_OF + timedelta(days=day)).isoformat(),
                "days_supply": pick([None, 15, 30, 90]),
                "units": pick([None, None, {"J7502": 100}, {"J7516": 1}]),
                "formulation": pick([None, None, "non_modified", "modified"]),
                "override": pick([None, override]),
            }
            for day in days
        ]

    def authorizations(self, plans: list[str]) -> list[Document]:
        pick, found = self.random.choice, []
        kinds = ["prior_authorization"] * 6 + [
            "quantity_limit_override",
            "step_therapy_exception",
            "formulary_exception",
        ]
        statuses = ["approved"] * 5 + [
            "partially_approved",
            "denied",
            "submitted",
            "pended",
            "appealed",
            "draft",
            "not_required",
        ]
        for number in range(pick([1, 1, 2, 3, 4])):
            kind = pick(kinds)
            found.append(
                {
                    "id": f"a{number}",
                    "kind": kind,
                    "number": self.maybe(f"N-{number}"),
                    "plan": pick(plans),
                    "status": pick(statuses),
                    **self.range(-300, 60, 300),
                    "lines": self.lines(),
                    "formulation": pick([None, None, "modified", "non_modified"]),
                    "quantity_limit": self.maybe(self.limit()) if kind == "quantity_limit_override" else None,
                    "requested": self.maybe(self.requested()),
                    "decided_on": self.maybe(self.day(-60, 0)),
                    "reply_by": self.maybe(self.day(-10, 20), 0.3),
                    "reason": self.maybe("contact_payer", 0.1),
                    "renews": self.maybe(f"a{self.random.randint(0, number)}", 0.3),
                }
            )
        return found

    def lines(self) -> list[Document]:
        pick = self.random.choice
        codes = pick([[], [], ["J7502"], ["J7502", "J7515"], ["J7515"]])
        return [{"code": code, "units": pick([None, 60, 130, 360]), "units_used_before": 0} for code in codes]

    def requested(self) -> Document:
        day = self.day(-20, 10)
        return {
            "on": self.maybe(day, 0.8),
            "received_at": self.maybe(f"{day}T09:30:00-05:00"),
            "statement_at": self.maybe(f"{day}T19:30:00-05:00"),
            "expedited": self.random.random() < 0.3,
            "from": self.maybe(self.day(-300, -200)),
            "to": self.maybe(self.day(200, 500)),
            "lines": self.lines(),
        }

    def trials(self) -> list[Document]:
        pick = self.random.choice
        outcomes = ["inadequate_response", "intolerance", "contraindication", "ongoing", None]
        found = []
        for number in range(pick([0, 1, 2, 3])):
            span = self.range(-420, -60, 120)
            found.append(
                {
                    "id": f"t{number}",
                    "drug": pick(["methotrexate", "acitretin"]),
                    "from": self.maybe(span["from"], 0.8),
                    "to": span["to"],
                    "outcome": pick(outcomes),
                    "documented_on": self.maybe(self.day(-60, 0)),
                }
            )
        return found

    def coverages(self, plans: list[str]) -> list[Document]:
        pick = self.random.choice
        return [
            {
                "id": f"c{number}",
                "plan": pick(plans),
                **(self.range(-900, 60, 900) if pick([True, False]) else {"from": "2020-01-01"}),
                "rank": pick([1, 1, 2, 3]),
                "medicare_basis": pick([None, "age", "esrd"]),
            }
            for number in range(pick([1, 1, 2, 2, 3]))
        ]

    def denials(self, fills: list[Document]) -> list[Document]:
        levels = ["internal", "external", "redetermination"]
        return [
            {
                "id": f"d{number}",
                "fill": each["id"],
                "authorization": self.maybe("a0", 0.3),
                "level": self.random.choice(levels),
                "notice_on": self.maybe(self.day(-60, 0)),
                "received_on": self.maybe(self.day(-60, 0)),
                "appeal_by": self.maybe(self.day(0, 40), 0.2),
            }
            for number, each in enumerate(fills[:2])
        ]

    def policy(self) -> Document | None:
        pick = self.random.choice
        return self.maybe(
            {
                "fill_ahead_days": pick([0, 0, 3, 7]),
                "alert_horizon_days": pick([45, 20, 90]),
                "renewal_lead_days": pick([45, 10, 60]),
                "coverage_end_lead_days": pick([90, 10]),
            },
            0.4,
        )

    def document(self) -> Document:
        plans = [f"p{number}" for number in range(self.random.choice([1, 2, 3]))]
        fills = self.fills()
        indications = ["kidney_transplant", "kidney_transplant", "psoriasis", "rheumatoid_arthritis", None]
        return document(
            as_of=AS_OF.isoformat(),
            policy=self.policy(),
            plans=[self.plan(each) for each in plans],
            indication=self.random.choice(indications),
            transplant=self.maybe(
                {
                    "organ": self.random.choice(["kidney", "kidney", "other", None]),
                    "on": self.maybe(self.day(-1100, 30), 0.8),
                    "part_a_at_transplant": self.flag(),
                    "approved_facility": self.flag(),
                    "discharged_on": self.maybe(self.day(-30, 20), 0.3),
                },
                0.8,
            ),
            weights=[{"on": self.day(-30, 30), "kg": 70}],
            coverages=self.coverages(plans),
            regimens=self.regimens(),
            fills=fills,
            planned_fills=self.planned(),
            authorizations=self.authorizations(plans),
            trials=self.trials(),
            refill_contacts=[{"on": self.day(-40, 5), "affirmed": self.flag()}],
            labs=[{"kind": "creatinine", "on": self.day(-60, 10)}],
            denials=self.denials(fills),
        )
