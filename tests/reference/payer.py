"""Who pays on a day (rulebook 4.1 to 4.3)."""

from dataclasses import dataclass, field
from datetime import date

from reference.days import FAR, month_end, plus_months
from reference.world import ADVANTAGE, PART_B, PART_D, World
from tracker.rules.facts import Coverage

ESRD_MONTHS = 30
AFTER_TRANSPLANT_MONTHS = 36


@dataclass
class Payer:
    """`first` is the first coverage in force, `paying` the one that pays; route: pass, fail, unknown."""

    first: Coverage | None
    paying: Coverage | None
    route: str = "pass"
    correct_route: str | None = None
    missing: list[str] = field(default_factory=list)


def esrd_medicare(world: World, coverage: Coverage) -> bool:
    return coverage.medicare_basis == "esrd" and world.line(coverage.plan) in (PART_B, ADVANTAGE)


def last_day(world: World, coverage: Coverage) -> date:
    """The coverage's last day; entitlement by ESRD alone ends after the 36th month (4.3)."""
    end = coverage.ends_on or FAR
    transplant = world.patient.transplant
    if coverage.medicare_basis == "esrd" and transplant is not None and transplant.organ == "kidney":
        if transplant.on is not None:
            first = date(transplant.on.year, transplant.on.month, 1)
            limit = month_end(plus_months(first, AFTER_TRANSPLANT_MONTHS))
            if coverage.starts_on <= limit:
                end = min(end, limit)
    return end


def coverages(world: World, day: date) -> list[Coverage]:
    """The coverages in force, the first to pay first."""
    found = [each for each in world.patient.coverages if each.starts_on <= day <= last_day(world, each)]
    found.sort(key=lambda each: each.rank)
    esrd = [each for each in found if esrd_medicare(world, each)]
    group = [each for each in found if world.line(each.plan) == "commercial"]
    if not esrd or not group:
        return found
    entitled = min(each.starts_on for each in world.patient.coverages if esrd_medicare(world, each))
    switch = plus_months(entitled, ESRD_MONTHS)
    medicare = [each for each in found if world.line(each.plan) in (PART_B, PART_D, ADVANTAGE)]
    ahead = group if day < switch else medicare
    return ahead + [each for each in found if each not in ahead]


def part_b_pays(world: World, day: date) -> tuple[str, list[str]]:
    """Does Part B pay for a fill of this day? One false fact decides, then one that is not on file."""
    patient, transplant = world.patient, world.patient.transplant
    answers: list[tuple[str, bool | None]] = []
    answers.append(("indication", None if patient.indication is None else world.transplant_patient()))
    if transplant is None:
        for name in ("on", "organ", "part_a_at_transplant", "approved_facility"):
            answers.append((f"transplant.{name}", None))
    else:
        answers.append(("transplant.on", None if transplant.on is None else transplant.on <= day))
        answers.append(
            ("transplant.organ", None if transplant.organ is None else transplant.organ != "other")
        )
        answers.append(("transplant.part_a_at_transplant", transplant.part_a_at_transplant))
        answers.append(("transplant.approved_facility", transplant.approved_facility))
    if any(value is False for _, value in answers):
        return "fail", []
    missing = [name for name, value in answers if value is None]
    return ("unknown", missing) if missing else ("pass", [])


def payer(world: World, day: date) -> Payer:
    found = coverages(world, day)
    if not found:
        return Payer(None, None)
    first = found[0]
    part_b = [each for each in found if world.line(each.plan) == PART_B]
    if world.line(first.plan) == PART_B:
        result, missing = part_b_pays(world, day)
        if result == "fail":
            others = [each for each in found if world.line(each.plan) != PART_B]
            return Payer(first, others[0] if others else None, "fail", "part_d")
        return Payer(first, first, result, None, missing)
    if world.line(first.plan) == PART_D and part_b:
        result, missing = part_b_pays(world, day)
        if result == "pass":
            return Payer(first, part_b[0], "fail", "part_b")
        if result == "unknown":
            return Payer(first, first, "unknown", None, missing)
    return Payer(first, first)


def pays_part_b(world: World, day: date) -> bool:
    paying = payer(world, day).paying
    return paying is not None and world.line(paying.plan) == PART_B
