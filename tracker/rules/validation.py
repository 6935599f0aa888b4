"""Cross-checks of a case, however it was built: references, ranges, overlaps, what a drug may be."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Protocol

from tracker.rules import catalogue
from tracker.rules.casefile_json import BadCase
from tracker.rules.dates import FAR
from tracker.rules.facts import Case, Patient, Plan, Regimen, StepTherapy
from tracker.rules.units import SOLID


class _Ranged(Protocol):
    @property
    def starts_on(self) -> date | None: ...
    @property
    def ends_on(self) -> date | None: ...


class _Named(Protocol):
    @property
    def id(self) -> str: ...


def validate(case: Case) -> None:
    """Refuse a case whose facts contradict each other; raises BadCase with the path in the case file."""
    patient = case.patient
    _plans(case.plans)
    _unique("patient.coverages", patient.coverages)
    _unique("patient.regimens", patient.regimens)
    _unique("patient.fills", patient.fills)
    _unique("patient.authorizations", patient.authorizations)
    _unique("patient.trials", patient.trials)
    _unique("patient.denials", patient.denials)
    _ranges("patient.coverages", patient.coverages)
    _ranges("patient.regimens", patient.regimens)
    _ranges("patient.authorizations", patient.authorizations)
    _ranges("patient.trials", patient.trials)
    for number, pa in enumerate(patient.authorizations):
        if pa.requested is not None:
            _range(f"patient.authorizations[{number}].requested", pa.requested)
    for number, regimen in enumerate(patient.regimens):
        _product(f"patient.regimens[{number}]", regimen)
    _no_overlap("patient.regimens", list(enumerate(patient.regimens)), "overlaps another regimen")
    _references(case)
    _fills(case.as_of, patient)


def _plans(plans: Sequence[Plan]) -> None:
    _unique("plans", plans)
    for number, plan in enumerate(plans):
        path = f"plans[{number}].rules"
        _ranges(path, plan.rules)
        by_code: dict[str, list[tuple[int, _Ranged]]] = {}
        for place, rule in enumerate(plan.rules):
            by_code.setdefault(rule.code, []).append((place, rule))
            if isinstance(rule.step_therapy, StepTherapy):
                for index, step in enumerate(rule.step_therapy.steps):
                    if step.need > len(step.options):
                        where = f"{path}[{place}].step_therapy.steps[{index}].need"
                        raise BadCase(where, "is more than there are options")
        for code, rules in by_code.items():
            _no_overlap(path, rules, f"overlaps another rule of {code}")


def _unique(path: str, things: Iterable[_Named]) -> None:
    seen: set[str] = set()
    for number, each in enumerate(things):
        if each.id in seen:
            raise BadCase(f"{path}[{number}].id", f"{each.id} is given twice")
        seen.add(each.id)


def _ranges(path: str, things: Iterable[_Ranged]) -> None:
    for number, each in enumerate(things):
        _range(f"{path}[{number}]", each)


def _range(path: str, thing: _Ranged) -> None:
    if thing.starts_on is not None and thing.ends_on is not None and thing.ends_on < thing.starts_on:
        raise BadCase(f"{path}.to", "is before from")


def _no_overlap(path: str, things: Sequence[tuple[int, _Ranged]], reason: str) -> None:
    ordered = sorted(things, key=lambda pair: pair[1].starts_on or date.min)
    for (_, before), (number, after) in zip(ordered, ordered[1:], strict=False):
        if (before.ends_on or FAR) >= (after.starts_on or date.min):
            raise BadCase(f"{path}[{number}].from", reason)


def _product(path: str, regimen: Regimen) -> None:
    """Is this drug made in this form, formulation and strength?"""
    drug = regimen.drug
    if regimen.form not in catalogue.forms_of(drug):
        raise BadCase(f"{path}.form", f"{drug.label} is not on file as {regimen.form.label}")
    known = catalogue.FORMULATIONS.get(drug, ())
    if regimen.formulation is None and drug in catalogue.FORMULATION_REQUIRED:
        raise BadCase(f"{path}.formulation", f"is required for {drug.label}")
    if regimen.formulation is not None and regimen.formulation not in known:
        raise BadCase(f"{path}.formulation", f"is none of {drug.label}'s")
    if regimen.form not in SOLID:
        return
    if not regimen.strengths_mg:
        raise BadCase(f"{path}.strengths_mg", f"is required for a {regimen.form.label}")
    strengths = catalogue.strengths_of(drug)
    for number, strength in enumerate(regimen.strengths_mg):
        if strengths and strength not in strengths:
            listed = ", ".join(str(each) for each in strengths)
            raise BadCase(f"{path}.strengths_mg[{number}]", f"must be one of {listed}")


def _references(case: Case) -> None:
    patient = case.patient
    plans = {each.id for each in case.plans}
    authorizations = {each.id for each in patient.authorizations}
    fills = {each.id for each in patient.fills}
    for number, coverage in enumerate(patient.coverages):
        _exists(f"patient.coverages[{number}].plan", coverage.plan, plans, "plan")
    for number, fill in enumerate(patient.fills):
        _exists(f"patient.fills[{number}].authorization", fill.authorization, authorizations, "authorization")
    for number, pa in enumerate(patient.authorizations):
        _exists(f"patient.authorizations[{number}].plan", pa.plan, plans, "plan")
        _exists(f"patient.authorizations[{number}].renews", pa.renews, authorizations, "authorization")
    for number, denial in enumerate(patient.denials):
        path = f"patient.denials[{number}]"
        _exists(f"{path}.fill", denial.fill, fills, "fill")
        _exists(f"{path}.authorization", denial.authorization, authorizations, "authorization")
        if denial.fill is None and denial.authorization is None:
            raise BadCase(path, "a fill or an authorization is required")


def _exists(path: str, reference: str | None, known: set[str], kind: str) -> None:
    if reference is not None and reference not in known:
        raise BadCase(path, f"there is no {kind} {reference}")


def _fills(as_of: date, patient: Patient) -> None:
    for number, fill in enumerate(patient.fills):
        if fill.on > as_of:
            raise BadCase(f"patient.fills[{number}].on", f"is after as_of, {as_of}: plan it instead")
    days: set[date] = set()
    for number, planned in enumerate(patient.planned_fills):
        if planned.on in days:
            raise BadCase(f"patient.planned_fills[{number}].on", f"a fill is planned on {planned.on} already")
        days.add(planned.on)
