"""The facts of one case on one day, with the plain look-ups that every rule needs."""

from datetime import date

from reference.days import FAR
from reference.dispensing import Dispensing, units_of
from tracker.rules.facts import Case, Plan, Regimen, Rule

PART_B, PART_D, ADVANTAGE = "medicare_part_b", "medicare_part_d", "medicare_advantage"


def holds(thing, day: date) -> bool:
    """Is this range in force on the day? A null start or end is open."""
    return (thing.starts_on or date.min) <= day <= (thing.ends_on or FAR)


class World:
    """A case seen on `today`."""

    def __init__(self, case: Case, today: date) -> None:
        self.case, self.today = case, today
        self.patient, self.policy = case.patient, case.policy
        self.regimens = sorted(case.patient.regimens, key=lambda each: each.starts_on)
        self.real = self.real_fills()

    def plan(self, plan_id: str) -> Plan:
        return next(each for each in self.case.plans if each.id == plan_id)

    def line(self, plan_id: str) -> str:
        return self.plan(plan_id).line_of_business

    def transplant_patient(self) -> bool:
        indication = self.patient.indication
        return indication is not None and indication.endswith("_transplant")

    # regimens and courses

    def in_force(self, day: date) -> Regimen | None:
        for each in self.regimens:
            if holds(each, day):
                return each
        return None

    def next_after(self, day: date) -> Regimen | None:
        for each in self.regimens:
            if each.starts_on > day:
                return each
        return None

    def in_force_or_next(self, day: date) -> Regimen | None:
        return self.in_force(day) or self.next_after(day)

    def of_real_fill(self, day: date) -> Regimen | None:
        """In force on the date, else the last before, else the first."""
        found = self.in_force(day)
        if found is not None:
            return found
        before = [each for each in self.regimens if each.starts_on <= day]
        if before:
            return before[-1]
        return self.regimens[0] if self.regimens else None

    def course(self, regimen: Regimen) -> tuple[date, date | None]:
        """First and last day of the regimens of this drug that follow each other without a hole."""
        place = self.regimens.index(regimen)
        first, last = place, place
        while first > 0 and self.joined(self.regimens[first - 1], self.regimens[first]):
            first -= 1
        while last + 1 < len(self.regimens) and self.joined(self.regimens[last], self.regimens[last + 1]):
            last += 1
        return self.regimens[first].starts_on, self.regimens[last].ends_on

    def joined(self, one: Regimen, other: Regimen) -> bool:
        end = one.ends_on
        return one.drug == other.drug and end is not None and (other.starts_on - end).days == 1

    # fills

    def real_fills(self) -> list[Dispensing]:
        """In date order (same day: as listed), reversed ones left out."""
        found = []
        for fill in sorted(self.patient.fills, key=lambda each: each.on):
            if fill.reversed:
                continue
            regimen = self.of_real_fill(fill.on)
            units = dict(fill.units) if fill.units is not None else None
            if units is None and regimen is not None:
                units, _ = units_of(regimen, fill.days_supply)
            formulation = fill.formulation or (regimen.formulation if regimen is not None else None)
            found.append(Dispensing(fill.on, fill.days_supply, units, formulation, regimen, real=fill))
        return found

    # rules

    def rule(self, plan_id: str, code: str, codes: list[str], day: date) -> Rule | None:
        """The code's own rule on the day, else the first listed one of another of the drug's codes."""
        in_force = [each for each in self.plan(plan_id).rules if holds(each, day)]
        for each in in_force:
            if each.code == code:
                return each
        for each in in_force:
            if each.code in codes:
                return each
        return None
