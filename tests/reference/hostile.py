"""Random cases that are wider and nastier than those of the rules' own tests."""

from datetime import date, timedelta
from typing import Any

from casemaker import AS_OF, Document, Maker, fill, pa, regimen

ALL = ["inadequate_response", "intolerance", "contraindication"]
DAYS = ["2024-02-29", "2024-12-31", "2025-01-01", "2026-06-08", "2027-02-28", "2028-02-29", "2026-12-31"]
# drug, formulation, form, strengths, doses, codes
PRODUCTS: list[tuple[str, str | None, str, list[int], list[float], list[str]]] = [
    ("cyclosporine", "modified", "capsule", [100, 25], [100, 125, 150, 110, 200], ["J7502", "J7515"]),
    ("cyclosporine", "modified", "capsule", [100, 50, 25], [150, 175, 75], ["J7502", "J7515"]),
    ("cyclosporine", "non_modified", "capsule", [25], [75, 100], ["J7515", "J7502"]),
    ("cyclosporine", "modified", "solution", [], [100, 150, 37.5], ["J7502", "J7515"]),
    ("cyclosporine", None, "capsule", [100, 25], [100, 125], ["J7502", "J7515"]),
    ("cyclosporine", "modified", "injection", [], [100, 250], ["J7516"]),
    ("tacrolimus", "immediate_release", "capsule", [5, 1, 0.5], [7, 2.5], ["J7507"]),  # type: ignore[list-item]
    ("tacrolimus", "envarsus_xr", "tablet", [4, 1], [5, 2], ["J7503"]),
    ("tacrolimus", "astagraf_xl", "capsule", [5, 1], [6], ["J7508"]),
    ("azathioprine", None, "tablet", [50, 25], [75, 125, 60], ["J7500"]),
    ("prednisone", None, "tablet", [5, 1], [7, 2.5], ["J7512"]),
]


class HostileCases(Maker):
    """One patient whose regimens, fills, rules and authorizations speak of one drug, mostly."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        pick = self.random.choice
        self.products = [pick(PRODUCTS)]
        if pick([True, False, False]):
            self.products.append(pick(PRODUCTS))
        self.today = pick([AS_OF, AS_OF, date.fromisoformat(pick(DAYS))])
        self.days_supply = pick([30, 30, 28, 90, 14])
        self.lines = self.authorization_lines  # type: ignore[method-assign]

    def day(self, first: int, last: int) -> str:
        return (self.today + timedelta(days=self.random.randint(first, last))).isoformat()

    def range(self, first: int, last: int, days: int) -> Document:
        start = self.today + timedelta(days=self.random.randint(first, last))
        end = start + timedelta(days=self.random.randint(0, days))
        return {"from": start.isoformat(), "to": self.maybe(end.isoformat(), 0.7)}

    def codes(self) -> list[str]:
        return self.products[0][5] if self.random.random() < 0.85 else self.random.choice(PRODUCTS)[5]

    def limit(self) -> Document:
        pick = self.random.choice
        return {
            **super().limit(),
            "quantity": pick([60, 100, 120.5, 300, 6000]),
            "per_days": pick([1, 30, 31, 90]),
            "unit": pick(["capsule", "capsule", "mg", *self.codes()]),
            "max_per_day": pick([None, None, 2, 2.5, 4, 150]),
        }

    def steps(self) -> Document:
        pick = self.random.choice
        found = super().steps()
        for step in found["steps"]:
            step["outcomes"] = pick([ALL, ALL, ALL[:1], ALL[:2], [*ALL, "other"]])
            step["min_days"] = pick([None, 0, 30, 90])
        return found

    def rule(self, code: str) -> Document:
        pick = self.random.choice
        calm = {"covered": True, "quantity_limit": False, "step_therapy": False} if pick([1, 0]) else {}
        return {**super().rule(code), **calm, "max_days_supply": pick([None, None, 30, 20, 90])}

    def plan(self, plan_id: str) -> Document:
        codes, pick = self.codes(), self.random.choice
        rules = [self.rule(code) for code in codes[: pick([1, 1, 2])]] if pick([1, 1, 1, 1, 0]) else []
        if rules and pick([1, 0, 0]):
            change = self.today + timedelta(days=self.random.randint(-60, 120))
            rules[0]["to"] = change.isoformat()
            later = {
                **self.rule(rules[0]["code"]),
                "from": (change + timedelta(days=pick([1, 1, 20]))).isoformat(),
            }
            rules.append(later)
        return {**super().plan(plan_id), "rules": rules}

    def regimens(self) -> list[Document]:
        pick, found = self.random.choice, []
        start = self.today + timedelta(days=pick([-400, -366, -120, -92, -30, -5, 0, 5, 20]))
        for number in range(pick([1, 1, 2, 2, 3])):
            drug, formulation, form, strengths, doses, _ = pick(self.products)
            end = start + timedelta(days=self.random.choice([self.random.randint(0, 150), 365]))
            found.append(
                regimen(
                    id=f"r{number}",
                    drug=drug,
                    formulation=formulation,
                    form=form,
                    strengths_mg=strengths,
                    dose_mg=pick(doses),
                    doses_per_day=pick([1, 2, 2, 3]),
                    days_supply=self.days_supply,
                    ordered_on=pick([None, start.isoformat(), self.day(-100, 10)]),
                    **{"from": start.isoformat(), "to": end.isoformat()},
                )
            )
            start = end + timedelta(days=pick([1, 1, 1, 10, 40]))
        if pick([True, True, False]):
            found[-1]["to"] = None
        return found

    def units(self) -> Document | None:
        pick, codes = self.random.choice, self.codes()
        return pick(
            [None, {codes[0]: pick([30, 60, 120, 7])}, {code: pick([0, 30, 60, 61]) for code in codes}]
        )

    def fills(self) -> list[Document]:
        pick, found = self.random.choice, []
        on = self.today - timedelta(days=self.random.choice([0, 5, 25, 30, 60, 120, 366, 365]))
        for number in range(pick([0, 1, 2, 3, 6])):
            if on > self.today:
                break
            found.append(
                fill(
                    id=f"f{number}",
                    on=on.isoformat(),
                    days_supply=pick([self.days_supply, self.days_supply, 30, 90]),
                    units=self.units(),
                    formulation=pick([self.products[0][1]] * 4 + [None, "non_modified"]),
                    authorization=pick([None, None, None, "a0"]),
                    reversed=pick([False] * 6 + [True]),
                    modifiers=pick([[], [], ["KX"], ["GZ", "KX", "GY"], ["JZ", "JW"]]),
                    claim={"status": pick(["paid", "paid", "paid", "denied", "pending"])},
                )
            )
            on += timedelta(days=pick([self.days_supply, self.days_supply - 3, self.random.randint(0, 45)]))
        return found

    def planned(self) -> list[Document]:
        found = super().planned()
        for each in found:
            move = date.fromisoformat(each["on"]) - AS_OF
            each["on"] = (self.today + move).isoformat()
            each["units"] = self.units()
            each["override"] = self.maybe(
                {"kind": "dose_change", "reason": "more", "person": "Ana", "on": "2026-06-01"}, 0.3
            )
        return found

    def authorization_lines(self) -> list[Document]:
        pick = self.random.choice
        codes = pick([[], self.codes(), self.codes(), self.codes()[:1]])
        used = pick([0, 0, 30])
        return [
            {"code": code, "units": pick([None, 59, 60, 130, 360, 5000]), "units_used_before": used}
            for code in codes
        ]

    def authorizations(self, plans: list[str]) -> list[Document]:
        """Any, or a chain of PAs with joints, overlaps and holes, the last perhaps asked or refused."""
        pick = self.random.choice
        if pick([True, False]):
            return super().authorizations(plans)
        found, plan_id = [], pick(plans)
        start = self.today + timedelta(days=pick([-400, -200, -90, -40]))
        for number in range(pick([1, 2, 3])):
            end = start + timedelta(days=pick([30, 60, 90, 180]))
            status = pick(["approved"] * 7 + ["submitted", "pended", "denied", "appealed"])
            dates = {"from": start.isoformat(), "to": end.isoformat()}
            if status not in ("approved", "appealed"):
                dates = {"from": None, "to": None}  # type: ignore[dict-item]
            found.append(
                pa(
                    id=f"a{number}",
                    plan=plan_id,
                    status=status,
                    lines=self.authorization_lines(),
                    formulation=pick([None, None, self.products[0][1]]),
                    requested=self.maybe(self.requested()),
                    decided_on=self.maybe(self.day(-60, 0)),
                    renews=f"a{number - 1}" if number and pick([1, 1, 0]) else None,
                    **dates,
                )
            )
            start = end + timedelta(days=pick([1, 1, 0, -20, 2, 25]))
        return found

    def coverages(self, plans: list[str]) -> list[Document]:
        """Any, or one plan followed by another, or by none, on a day near today."""
        pick = self.random.choice
        if pick([True, False]):
            return super().coverages(plans)
        change = self.today + timedelta(days=pick([-91, -90, -89, -30, -1, 0, 1, 29, 30, 31, 89, 90, 91]))
        basis = pick([None, "age", "esrd", "part_b_id"])
        first: Document = {"id": "c0", "plan": plans[0], "from": "2020-01-01", "to": change.isoformat()}
        after = (change + timedelta(days=pick([1, 1, 1, 5]))).isoformat()
        second: Document = {"id": "c1", "plan": pick(plans), "from": after, "medicare_basis": basis}
        month = pick(["2023-12-01", "2024-01-15", "2023-11-30"])
        esrd: Document = {"id": "c2", "plan": pick(plans), "from": month, "rank": 2, "medicare_basis": "esrd"}
        return [first, *([second] if pick([1, 1, 0]) else []), *([esrd] if pick([1, 0]) else [])]

    def policy(self) -> Document | None:
        pick = self.random.choice
        found: dict[str, Any] = {
            **(super().policy() or {}),
            "refill_due_days": pick([10, 5, 0, 30]),
            "refill_threshold_percent": pick([75, 80, 100, 1]),
            "coverage_change_lead_days": pick([30, 60]),
            "info_reply_days": pick([14, 7]),
            "duration_lead_days": pick([30, 60]),
            "shipping_days": pick([2, 5]),
            "preparation_days": pick([3, 0]),
            "time_zone": pick(["America/Chicago", "Pacific/Auckland", "Pacific/Honolulu"]),
        }
        return self.maybe(found, 0.5)

    def document(self) -> Document:
        """The base's, moved to this case's day, with more labs, contacts and weights."""
        found = super().document()
        found["as_of"] = self.today.isoformat()
        patient, pick = found["patient"], self.random.choice
        patient["labs"] = [
            {"kind": pick(["creatinine", "creatinine", "trough"]), "on": self.day(-130, 5)}
            for _ in range(pick([0, 1, 3]))
        ]
        patient["refill_contacts"] = [
            {"on": self.day(-45, 5), "affirmed": self.flag()} for _ in range(pick([0, 1, 2]))
        ]
        patient["weights"] = [
            {"on": self.day(-30, 5), "kg": pick([50, 70, 72.5, 100])} for _ in range(pick([0, 1, 2]))
        ]
        return found
