"""One patient's case opened for reading: sorted, indexed and with the ends that the rules give it.

Nothing here depends on today. The indexes are made once per check.
"""

from collections.abc import Mapping
from datetime import date

from tracker.rules import parameters
from tracker.rules.dates import month_end, plus
from tracker.rules.facts import Authorization, Case, Coverage, Fill, Patient, Plan, Regimen
from tracker.rules.units import Units, dispensed, own_codes
from tracker.rules.words import ClaimStatus, Formulation, LineOfBusiness, MedicareBasis, Organ


class Member:
    """A coverage with its plan and the day on which it really ends."""

    __slots__ = ("coverage", "ends_on", "plan", "starts_on")

    def __init__(self, coverage: Coverage, plan: Plan, starts_on: date, ends_on: date | None) -> None:
        self.coverage = coverage
        self.plan = plan
        self.starts_on = starts_on
        self.ends_on = ends_on

    def in_force(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


class Supplied:
    """A real fill, not reversed, with the regimen it was made for and the units it was billed as.

    `own` are the codes of its regimen's drug; `claim` says how its claim stands (None: no claim on file).
    """

    __slots__ = ("claim", "fill", "formulation", "own", "regimen", "units")

    def __init__(
        self,
        fill: Fill,
        regimen: Regimen | None,
        own: tuple[str, ...],
        units: Units | None,
        formulation: Formulation | None,
        claim: ClaimStatus | None,
    ) -> None:
        self.fill = fill
        self.regimen = regimen
        self.own = own
        self.units = units
        self.formulation = formulation
        self.claim = claim


class Book:
    """One case, opened."""

    __slots__ = (
        "authorizations",
        "case",
        "entitled_on",
        "members",
        "patient",
        "plans",
        "policy",
        "regimens",
        "supplied",
        "transplant_indication",
    )

    def __init__(self, case: Case) -> None:
        self.case, self.policy, self.patient = case, case.policy, case.patient
        patient = case.patient
        self.plans: Mapping[str, Plan] = {each.id: each for each in case.plans}
        self.members = _members(patient, self.plans)
        self.regimens = tuple(sorted(patient.regimens, key=lambda each: each.starts_on))
        self.supplied = _all_supplied(patient, self.regimens)
        self.authorizations: Mapping[str, Authorization] = {each.id: each for each in patient.authorizations}
        self.transplant_indication = is_transplant(patient)
        self.entitled_on = _entitled_on(patient, self.plans)

    def fill(self, fill_id: str | None) -> Fill | None:
        """The real fill of this id, reversed or not."""
        return next((each for each in self.patient.fills if each.id == fill_id), None)

    @property
    def last_supplied(self) -> Supplied | None:
        return self.supplied[-1] if self.supplied else None


def is_transplant(patient: Patient) -> bool | None:
    """A transplant patient's indication ends in `_transplant`; None if it is not on file."""
    return None if patient.indication is None else patient.indication.endswith("_transplant")


def _members(patient: Patient, plans: Mapping[str, Plan]) -> tuple[Member, ...]:
    return tuple(
        Member(each, plans[each.plan], each.starts_on, _really_ends(each, patient))
        for each in sorted(patient.coverages, key=lambda each: each.rank)
    )


def _really_ends(coverage: Coverage, patient: Patient) -> date | None:
    """Entitlement by ESRD alone ends with the 36th month after the month of a kidney transplant.

    Only if the coverage began by then. Source: SSA POMS HI 00805.400, rulebook 4.3.
    """
    transplant = patient.transplant
    if (
        coverage.medicare_basis is not MedicareBasis.ESRD
        or transplant is None
        or transplant.organ is not Organ.KIDNEY
        or transplant.on is None
    ):
        return coverage.ends_on
    last = month_end(transplant.on, parameters.ESRD_MONTHS.value)
    if coverage.starts_on > last or (coverage.ends_on is not None and coverage.ends_on < last):
        return coverage.ends_on
    return last


def _entitled_on(patient: Patient, plans: Mapping[str, Plan]) -> date | None:
    """Start of Medicare entitlement by ESRD: the first such coverage's (rulebook 4.1)."""
    medicare = (LineOfBusiness.MEDICARE_PART_B, LineOfBusiness.MEDICARE_ADVANTAGE)
    return min(
        (
            each.starts_on
            for each in patient.coverages
            if each.medicare_basis is MedicareBasis.ESRD and plans[each.plan].line_of_business in medicare
        ),
        default=None,
    )


def _all_supplied(patient: Patient, regimens: tuple[Regimen, ...]) -> tuple[Supplied, ...]:
    """The real fills, not reversed, by their dates."""
    own = {each.id: own_codes(each) for each in regimens}
    real = sorted([fill for fill in patient.fills if not fill.reversed], key=lambda each: each.on)
    return tuple([_supplied(fill, regimens, own) for fill in real])


def _supplied(fill: Fill, regimens: tuple[Regimen, ...], own: Mapping[str, tuple[str, ...]]) -> Supplied:
    claim = fill.claim.status if fill.claim else None
    regimen = regimen_of_fill(regimens, fill.on)
    if regimen is None:
        return Supplied(fill, None, (), fill.units, fill.formulation, claim)
    units = dispensed(regimen, fill.days_supply)[0] if fill.units is None else fill.units
    return Supplied(fill, regimen, own[regimen.id], units, fill.formulation or regimen.formulation, claim)


def regimen_on(regimens: tuple[Regimen, ...], day: date) -> Regimen | None:
    """The one in force on a day; there is one at a time."""
    for each in regimens:
        if each.starts_on <= day and (each.ends_on is None or day <= each.ends_on):
            return each
    return None


def regimen_from(regimens: tuple[Regimen, ...], day: date) -> Regimen | None:
    """The one in force on a day, else the next one."""
    for each in regimens:
        if each.ends_on is None or day <= each.ends_on:
            return each
    return None


def regimen_of_fill(regimens: tuple[Regimen, ...], day: date) -> Regimen | None:
    """A real fill's: the one in force on its date, else the last before, else the first (rulebook 3.3)."""
    for each in reversed(regimens):
        if each.starts_on <= day:
            return each
    return regimens[0] if regimens else None


def course_start(regimens: tuple[Regimen, ...], regimen: Regimen) -> date:
    """First day of the course: regimens of one drug that follow each other without a hole."""
    start = regimen.starts_on
    for each in reversed(regimens):
        if each.starts_on < start:
            if each.drug is not regimen.drug or each.ends_on != plus(start, -1):
                break
            start = each.starts_on
    return start


def course_end(regimens: tuple[Regimen, ...], regimen: Regimen) -> date | None:
    """Last day of the course; None if it is open."""
    end = regimen.ends_on
    for each in regimens:
        if end is not None and each.starts_on > end:
            if each.drug is not regimen.drug or each.starts_on != plus(end, 1):
                break
            end = each.ends_on
    return end
