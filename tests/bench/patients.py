"""Varied clinic patients for the speed check: a year of fills, two authorizations and two trials each."""

import sys
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "rules"))

from casemaker import AS_OF, Document, Maker, fill, pa, regimen  # noqa: E402

# drug, formulation, strengths, doses, and the billing codes of a fill with the milligrams of one unit
DRUGS: list[tuple[str, str | None, list[int], list[int], dict[str, float]]] = [
    ("cyclosporine", "modified", [100, 25], [100, 200, 150, 125], {"J7502": 100, "J7515": 25}),
    ("cyclosporine", "non_modified", [100, 25], [100, 200], {"J7502": 100}),
    ("tacrolimus", "envarsus_xr", [4, 1], [4, 8, 5], {"J7503": 0.25}),
    ("sirolimus", None, [2, 1], [2, 4], {"J7520": 1}),
]
DAYS_SUPPLY = [30, 30, 30, 28, 90]


class ClinicPatients(Maker):
    """Random plans, rules and coverages, with a steady history of fills under one regimen or two."""

    def __init__(self, seed: int, fills: int = 12, authorizations: int = 2) -> None:
        super().__init__(seed)
        self.fill_count, self.authorization_count = fills, authorizations
        self.drug = self.random.choice([DRUGS[0], DRUGS[0], *DRUGS])
        self.dose, self.times = self.random.choice(self.drug[3]), self.random.choice([1, 2, 2])
        self.days_supply = self.random.choice(DAYS_SUPPLY)
        self.gap = timedelta(days=self.days_supply + self.random.choice([-3, -1, 0, 2]))
        self.last_fill = AS_OF - timedelta(days=self.random.randint(0, self.days_supply + 5))
        self.first_fill = self.last_fill - (fills - 1) * self.gap

    def plan(self, plan_id: str) -> Document:
        """A plan of any line of business, with rules for the codes of this patient's drug."""
        return {**super().plan(plan_id), "rules": [self.rule(code) for code in self.drug[4]]}

    def regimens(self) -> list[Document]:
        """One regimen since the first fill; for one patient in three, a changed dose since."""
        changed = self.maybe(self.first_fill + timedelta(days=self.random.randint(60, 200)), 0.33)
        first = self.one_regimen("r0", self.first_fill.isoformat())
        if changed is None:
            return [first]
        first["to"] = (changed - timedelta(days=1)).isoformat()
        return [first, {**self.one_regimen("r1", changed.isoformat()), "dose_mg": self.drug[3][-1]}]

    def one_regimen(self, regimen_id: str, start: str) -> Document:
        drug, formulation, strengths, _, _ = self.drug
        return regimen(
            id=regimen_id,
            drug=drug,
            formulation=formulation,
            strengths_mg=strengths,
            dose_mg=self.dose,
            doses_per_day=self.times,
            days_supply=self.days_supply,
            ordered_on=start,
            **{"from": start},
        )

    def fills(self) -> list[Document]:
        """Fills a supply apart, most of them paid, some on an authorization, a few reversed or unknown."""
        return [self.one_fill(number) for number in range(self.fill_count)]

    def one_fill(self, number: int) -> Document:
        pick = self.random.choice
        return fill(
            id=f"f{number}",
            on=(self.first_fill + number * self.gap).isoformat(),
            days_supply=self.days_supply,
            units=self.maybe(self.units(), 0.95),
            formulation=self.drug[1],
            authorization=pick([None, "a0", f"a{self.authorization_count - 1}"]),
            reversed=self.random.random() < 0.03,
            modifiers=pick([[], ["KX"]]),
            claim={"status": pick(["paid"] * 12 + ["denied", "pending"])},
        )

    def units(self) -> dict[str, int]:
        """The dose in the fewest units, for the days of a supply."""
        left, found = float(self.dose), {}
        for code, unit_mg in self.drug[4].items():
            count, left = divmod(left, unit_mg)
            found[code] = int(count) * self.times * self.days_supply
        return {code: units for code, units in found.items() if units}

    def authorizations(self, plans: list[str]) -> list[Document]:
        """Authorizations one after another, the last of them approved, in progress or refused."""
        pick, last = self.random.choice, self.authorization_count - 1
        start = AS_OF - timedelta(days=180 * last + self.random.randint(60, 220))
        found = []
        for number in range(self.authorization_count):
            status = pick(["approved"] * 6 + ["submitted", "denied"]) if number == last else "approved"
            found.append(self.one_authorization(number, pick(plans), status, start))
            start += timedelta(days=180)
        return found

    def one_authorization(self, number: int, plan: str, status: str, start: date) -> Document:
        units = self.random.choice([None, 360, 720, 2000])
        return pa(
            id=f"a{number}",
            plan=plan,
            status=status,
            lines=[{"code": code, "units": units} for code in self.drug[4]],
            requested=self.maybe(self.requested()),
            renews=f"a{number - 1}" if number else None,
            **{"from": start.isoformat(), "to": (start + timedelta(days=179)).isoformat()},
        )

    def trials(self) -> list[Document]:
        """Two earlier drugs, tried and stopped."""
        outcomes = ["inadequate_response", "intolerance", "contraindication"]
        return [
            {
                "id": f"t{number}",
                "drug": drug,
                "from": self.day(-700, -600),
                "to": self.day(-590, -400),
                "outcome": self.random.choice(outcomes),
                "documented_on": self.maybe(self.day(-390, -60)),
            }
            for number, drug in enumerate(["methotrexate", "acitretin"])
        ]
