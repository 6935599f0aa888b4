"""The rows that an accepted what-if writes, and the same in words: what differs between two cases."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from tracker.models import authorization as decided
from tracker.models import patient as person
from tracker.models import therapy
from tracker.models.base import Db
from tracker.rules import facts
from tracker.rules.what_if import WhatIf
from tracker.services.facts import Edit

Rows = Mapping[str, Mapping[str, Any]]
MODELS: tuple[type[Any], ...] = (person.Coverage, therapy.Regimen, decided.Authorization)


def edits(
    session: Db, case: facts.Case, wished: facts.Case, wish: WhatIf, *, clinic_id: str, patient_id: str
) -> Iterator[Edit]:
    """What differs, kind by kind: changed rows before new ones, so that no two overlap on the way."""
    for model, before, after in zip(MODELS, _rows(case.patient), _rows(wished.patient), strict=True):
        for row_id, values in after.items():
            if row_id in before and values != before[row_id]:
                kept = before[row_id]
                differs = {name: value for name, value in values.items() if value != kept[name]}
                yield Edit(model, differs, _row(session, model, clinic_id, row_id))
        for row_id, values in after.items():
            if row_id not in before:
                yield Edit(model, {**values, "patient_id": patient_id})
    if wish.planned_fill is not None:
        yield _planned(session, wish, wish.planned_fill, clinic_id, patient_id)


def _rows(patient: facts.Patient) -> tuple[Rows, Rows, Rows]:
    """Columns by id of each kind that a what-if can change, as MODELS lists them."""
    return (
        {each.id: _coverage(each) for each in patient.coverages},
        {each.id: _regimen(each) for each in patient.regimens},
        {each.id: _authorization(each) for each in patient.authorizations},
    )


def _row(session: Db, model: type[Any], clinic_id: str, row_id: str) -> Any:
    return session.execute(select(model).where(model.clinic_id == clinic_id, model.id == row_id)).scalar_one()


def _planned(session: Db, wish: WhatIf, mine: facts.PlannedFill, clinic_id: str, patient_id: str) -> Edit:
    """A planned fill on file moves to its new day, or a new one is made."""
    model = therapy.PlannedFill
    values: dict[str, Any] = {"on_date": mine.on, "days_supply": mine.days_supply, "units": None}
    query = select(model).where(
        model.clinic_id == clinic_id,
        model.patient_id == patient_id,
        model.on_date.in_([mine.on, wish.instead_of or mine.on]),
    )
    row = session.execute(query).scalar_one_or_none()
    return Edit(model, values, row) if row else Edit(model, {**values, "patient_id": patient_id})


def _coverage(each: facts.Coverage) -> dict[str, Any]:
    return {
        "plan_id": each.plan,
        "member_id": each.member_id,
        "starts_on": each.starts_on,
        "ends_on": each.ends_on,
        "rank": each.rank,
        "medicare_basis": each.medicare_basis,
    }


def _regimen(each: facts.Regimen) -> dict[str, Any]:
    return {
        "drug": each.drug.value,
        "formulation": each.formulation,
        "form": each.form,
        "strengths_mg": [format(strength.normalize(), "f") for strength in each.strengths_mg],
        "dose_mg": each.dose_mg,
        "doses_per_day": each.doses_per_day,
        "days_supply": each.days_supply,
        "starts_on": each.starts_on,
        "ends_on": each.ends_on,
        "ordered_on": each.ordered_on,
    }


def _authorization(each: facts.Authorization) -> dict[str, Any]:
    lines = [{"code": line.code, "approved": True, "units": line.units} for line in each.lines]
    return {
        "plan_id": each.plan,
        "kind": each.kind,
        "number": each.number,
        "status": each.status,
        "starts_on": each.starts_on,
        "ends_on": each.ends_on,
        "lines": lines,
    }


def said(case: facts.Case, wished: facts.Case, plans: Mapping[str, str]) -> Iterator[str]:
    """What accepting writes, fact by fact."""
    old, new = case.patient, wished.patient
    ends = {each.id: each.ends_on for each in old.coverages}
    for coverage in new.coverages:
        if coverage.id not in ends:
            yield f"New coverage: {plans[coverage.plan]} from {coverage.starts_on}"
        elif coverage.ends_on != ends[coverage.id]:
            yield f"Coverage {plans[coverage.plan]} ends {coverage.ends_on}"
    kept = {each.id: each for each in old.regimens}
    for regimen in new.regimens:
        if regimen != kept.get(regimen.id):
            yield _said_of_regimen(regimen, kept.get(regimen.id))
    known = {each.id for each in old.authorizations}
    for pa in new.authorizations:
        if pa.id not in known:
            span = f"{pa.starts_on or 'open'} to {pa.ends_on or 'open'}"
            yield f"New {pa.kind.label}: {plans[pa.plan]}, {span}, {pa.status.label}"
    for fill in (each for each in new.planned_fills if each not in old.planned_fills):
        yield f"Planned fill on {fill.on}, {fill.days_supply or 'usual'} days"
    for fill in old.planned_fills:
        if fill.on not in {each.on for each in new.planned_fills}:
            yield f"In place of the fill planned on {fill.on}"


def _said_of_regimen(new: facts.Regimen, old: facts.Regimen | None) -> str:
    if old is not None and replace(old, ends_on=new.ends_on) == new:
        return f"The regimen of {old.dose_mg.normalize():f} mg ends {new.ends_on}"
    dose = f"{new.dose_mg.normalize():f} mg {new.doses_per_day} times a day, {new.days_supply} days a fill"
    return f"Regimen from {new.starts_on}: {dose}"
