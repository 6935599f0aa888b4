"""Add, change and remove facts: one transaction's work with its audit event and its re-check.

A change to one patient's facts re-checks that patient at once. A change that touches many (a plan, a rule,
the clinic's policy) marks them due, and the scan does the rest.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.orm.exc import StaleDataError

from tracker.models.audit import AuditAction
from tracker.models.authorization import Authorization, AuthorizationLine
from tracker.models.base import Db, PatientFact
from tracker.models.clinic import Clinic
from tracker.models.patient import Coverage, Patient, PatientCheck
from tracker.models.payer import FormularyRule, Payer, Plan, RulePaper, RuleStep
from tracker.models.therapy import Fill, FillUnit
from tracker.services import audit, checking
from tracker.services.actor import Actor
from tracker.services.breaches import refusal
from tracker.services.errors import Conflict
from tracker.services.names import name_key

Values = Mapping[str, Any]

WORDS = {
    "weight": "weight",
    "transplant": "transplant",
    "coverage": "coverage",
    "regimen": "regimen",
    "fill": "fill",
    "planned_fill": "planned fill",
    "payer_authorization": "authorization",
    "trial": "step trial",
    "refill_contact": "refill contact",
    "denial": "denial",
    "lab": "lab",
    "patient": "patient",
    "payer": "payer",
    "plan": "plan",
    "formulary_rule": "rule",
    "clinic": "clinic settings",
}


@dataclass(frozen=True, slots=True)
class Edit:
    """One of several changes that are saved together: a new row of `model`, or other values for `row`."""

    model: type[Any]
    values: Values
    row: Any = None


def add(session: Db, model: type[Any], values: Values, *, clinic_id: str, actor: Actor, now: datetime) -> Any:
    """A new row of `model`. Raises Refused when the database or the rules say no."""
    row = _added(session, model, values, clinic_id=clinic_id, actor=actor, now=now)
    _follow_up(session, row, actor, now, "added")
    return row


def change(session: Db, row: Any, values: Values, *, version: int, actor: Actor, now: datetime) -> Any:
    """Change a row that was read as `version`.

    Raises Conflict when someone changed it since, Refused when the database or the rules say no.
    """
    _same_version(row, version)
    if _changed(session, row, values, actor=actor, now=now):
        _follow_up(session, row, actor, now, "changed")
    return row


def save_together(
    session: Db, edits: Sequence[Edit], *, patient_id: str, clinic_id: str, actor: Actor, now: datetime
) -> None:
    """Save several facts of one patient in order, with one check at the end: no alert comes and goes between.

    Raises Refused when the database or the rules say no, Conflict when a row was changed meanwhile.
    """
    plan_ids: set[str] = set()
    for edit in edits:
        if edit.row is None:
            row = _added(session, edit.model, edit.values, clinic_id=clinic_id, actor=actor, now=now)
        else:
            row = edit.row
            _changed(session, row, edit.values, actor=actor, now=now)
        if isinstance(row, Coverage | Authorization):
            plan_ids.add(row.plan_id)
    for plan_id in sorted(plan_ids):
        _share_plan(session, clinic_id, plan_id)
    because = f"what-if accepted by {actor.name}"
    checking.recheck(
        session, patient_id=patient_id, clinic_id=clinic_id, now=now, actor=actor, because=because
    )


def remove(session: Db, row: Any, *, version: int, actor: Actor, now: datetime) -> None:
    """Take back a row entered in error; the audit trail keeps it whole."""
    _same_version(row, version)
    before = _snapshot(row)
    _apply(session, lambda: session.delete(row), row.__tablename__)
    _record(session, row, actor, AuditAction.REMOVED, now, old=before, new=None)
    _follow_up(session, row, actor, now, "removed")


# ------------------------------------------------------------------------------------------- writing


def _added(
    session: Db, model: type[Any], values: Values, *, clinic_id: str, actor: Actor, now: datetime
) -> Any:
    row = model(clinic_id=clinic_id)
    row.entered_at, row.entered_by = now, actor.name

    def write() -> None:
        _write(row, values)
        session.add(row)

    _apply(session, write, model.__tablename__)
    new = {name: value for name, value in _snapshot(row).items() if value is not None}
    _record(session, row, actor, AuditAction.ADDED, now, old=None, new=new)
    return row


def _changed(session: Db, row: Any, values: Values, *, actor: Actor, now: datetime) -> bool:
    """Write and record a change; False if nothing differs."""
    before = _snapshot(row)

    def write() -> None:
        _write(row, values)
        if isinstance(row, Clinic) or _snapshot(row) == before:
            return
        row.entered_at, row.entered_by = now, actor.name
        # Units, lines and steps are rows of their own: the version counts their changes too.
        flag_modified(row, "entered_at")

    _apply(session, write, row.__tablename__)
    old, new = audit.difference(before, _snapshot(row))
    if new:
        _record(session, row, actor, AuditAction.CHANGED, now, old=old, new=new)
    return bool(new)


def _same_version(row: Any, version: int) -> None:
    if row.version != version:
        raise Conflict("Someone else changed this record after you opened it.")


def _apply(session: Db, write: Callable[[], None], table: str) -> None:
    """Flush a change inside a savepoint, so that a refusal leaves the session usable."""
    try:
        with session.begin_nested():
            write()
            session.flush()
    except IntegrityError as error:
        raise refusal(error, WORDS.get(table, table)) from None
    except StaleDataError:
        raise Conflict("Someone else changed this record while you saved it.") from None


def _write(row: Any, values: Values) -> None:
    for name, value in values.items():
        if name in _CHILDREN:
            _CHILDREN[name](row, value)
        elif getattr(row, name, None) != value:
            setattr(row, name, value)
    if isinstance(row, Patient):
        row.name_key = name_key(row.family, row.given)


def _write_units(row: Any, units: Mapping[str, int] | None) -> None:
    if not isinstance(row, Fill):
        row.units = dict(units) if units else None
        return
    wanted = dict(units or {})
    for kept in list(row.unit_rows):
        if kept.code not in wanted:
            row.unit_rows.remove(kept)
            continue
        kept.units = wanted.pop(kept.code)
    for code, count in wanted.items():
        row.unit_rows.append(FillUnit(clinic_id=row.clinic_id, code=code, units=count))


def _write_lines(row: Authorization, lines: list[dict[str, Any]]) -> None:
    kept = {line.code: line for line in row.lines}
    row.lines = [
        _updated(
            kept.get(line["code"]) or AuthorizationLine(clinic_id=row.clinic_id),
            {**line, "position": position},
        )
        for position, line in enumerate(lines, start=1)
    ]


def _write_steps(row: FormularyRule, steps: list[dict[str, Any]]) -> None:
    kept = {step.position: step for step in row.steps}
    row.steps = [
        _updated(kept.get(position) or RuleStep(clinic_id=row.clinic_id), {**step, "position": position})
        for position, step in enumerate(steps, start=1)
    ]


def _write_papers(row: FormularyRule, papers: list[dict[str, Any]]) -> None:
    kept = {paper.position: paper for paper in row.papers}
    row.papers = [
        _updated(kept.get(position) or RulePaper(clinic_id=row.clinic_id), {**paper, "position": position})
        for position, paper in enumerate(papers, start=1)
    ]


def _updated(child: Any, values: Values) -> Any:
    for name, value in values.items():
        if getattr(child, name, None) != value:
            setattr(child, name, value)
    return child


_CHILDREN: dict[str, Callable[[Any, Any], None]] = {
    "units": _write_units,
    "lines": _write_lines,
    "steps": _write_steps,
    "papers": _write_papers,
}


# ------------------------------------------------------------------------------------- what follows


def _snapshot(row: Any) -> dict[str, Any]:
    """The row's columns and its children's, as the audit trail keeps them."""
    taken = audit.snapshot(row)
    if isinstance(row, Fill):
        taken["units"] = {unit.code: unit.units for unit in row.unit_rows} or None
    if isinstance(row, Authorization):
        taken["lines"] = [_child(line, "authorization_id") for line in row.lines]
    if isinstance(row, FormularyRule):
        taken["steps"] = [_child(step, "rule_id") for step in row.steps]
        taken["papers"] = [_child(paper, "rule_id") for paper in row.papers]
    return taken


def _child(row: Any, parent: str) -> dict[str, Any]:
    left_out = {"id", "clinic_id", parent}
    return {name: value for name, value in audit.snapshot(row).items() if name not in left_out}


def _record(
    session: Db, row: Any, actor: Actor, action: AuditAction, now: datetime, *, old: Any, new: Any
) -> None:
    audit.record(
        session,
        clinic_id=_clinic_id(row),
        actor=actor,
        action=action,
        at=now,
        table_name=row.__tablename__,
        row_key=row.id,
        patient_id=_patient_id(row),
        old=old,
        new=new,
    )


def _follow_up(session: Db, row: Any, actor: Actor, now: datetime, what: str) -> None:
    clinic_id, patient_id = _clinic_id(row), _patient_id(row)
    if patient_id:
        if isinstance(row, Patient):
            _ensure_check(session, row)
        if isinstance(row, Coverage | Authorization):
            _share_plan(session, clinic_id, row.plan_id)
        because = f"{WORDS.get(row.__tablename__, 'fact')} {what} by {actor.name}"
        checking.recheck(
            session, patient_id=patient_id, clinic_id=clinic_id, now=now, actor=actor, because=because
        )
    elif isinstance(row, Clinic):
        checking.mark_due(session, clinic_id=clinic_id)
    else:
        checking.mark_plan_due(session, clinic_id=clinic_id, plan_ids=_plan_ids(row))


def _share_plan(session: Db, clinic_id: str, plan_id: str) -> None:
    """Wait for a change of the plan that is under way, and let none begin until this check is kept."""
    plan = select(Plan.id).where(Plan.clinic_id == clinic_id, Plan.id == plan_id)
    session.execute(plan.with_for_update(read=True)).all()


def _ensure_check(session: Db, row: Patient) -> None:
    if session.get(PatientCheck, row.id) is None:
        session.add(PatientCheck(patient_id=row.id, clinic_id=row.clinic_id))
        session.flush()


def _plan_ids(row: Any) -> list[str]:
    if isinstance(row, Payer):
        return [plan.id for plan in row.plans]
    if isinstance(row, Plan):
        return [row.id]
    assert isinstance(row, FormularyRule)
    return [row.plan_id]


def _clinic_id(row: Any) -> str:
    return str(row.id if isinstance(row, Clinic) else row.clinic_id)


def _patient_id(row: Any) -> str | None:
    if isinstance(row, Patient):
        return row.id
    return row.patient_id if isinstance(row, PatientFact) else None
