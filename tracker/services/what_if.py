"""What-if on a patient on file: preview without saving, then save exactly the changed facts, or nothing."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from tracker.models import payer as payers
from tracker.models.audit import CHANGES, AuditEvent
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.rules import facts
from tracker.rules.bridge import BridgePlan, bridge_plan
from tracker.rules.casefile import BadCase, answer_document, case_document, validate
from tracker.rules.check import check
from tracker.rules.what_if import Comparison, WhatIf, changed, compare
from tracker.services import checking, kept_answer
from tracker.services.actor import Actor
from tracker.services.errors import Conflict, NotFound, Refused
from tracker.services.facts import save_together
from tracker.services.kept_answer import KeptFill
from tracker.services.loading import load_cases, plan_facts
from tracker.services.what_if_edits import edits, said


@dataclass(frozen=True, slots=True)
class Preview:
    """Two answers side by side. `fingerprint` stands for the facts that they rest on.

    `now` and `then`: the fills by day, as pages show them; `saves`: what accepting would write, in words.
    """

    fingerprint: str
    comparison: Comparison
    now: Mapping[date, KeptFill]
    then: Mapping[date, KeptFill]
    plans: Mapping[str, str]
    numbers: Mapping[str, str]
    saves: Sequence[str]

    def cause(self, fill: KeptFill) -> str:
        """Why a fill is refused, or what must be verified; empty for a covered one."""
        return kept_answer.cause(fill)


def bridges(session: Db, *, clinic_id: str, patient_id: str, on: date) -> BridgePlan | None:
    """The ways over the patient's first refused fill, by the facts as they are; None if none is refused."""
    return bridge_plan(_case(session, clinic_id, patient_id, on), on)


def preview(session: Db, wish: WhatIf, *, clinic_id: str, patient_id: str, on: date) -> Preview:
    """The answer now and on the changed facts. Raises Refused if those contradict each other."""
    case = _case(session, clinic_id, patient_id, on)
    wished = _wished(session, case, wish, clinic_id)
    before, after = check(case, on), check(wished, on)
    return Preview(
        fingerprint=fingerprint(case),
        comparison=compare(before, after),
        now=_by_day(answer_document(before)),
        then=_by_day(answer_document(after)),
        plans={plan.id: plan.payer or plan.id for plan in wished.plans},
        numbers={each.id: each.number or "without number" for each in wished.patient.authorizations},
        saves=tuple(said(case, wished, {plan.id: plan.payer or plan.id for plan in wished.plans})),
    )


def accept(
    session: Db,
    wish: WhatIf,
    *,
    clinic_id: str,
    patient_id: str,
    seen: str,
    on: date,
    actor: Actor,
    now: datetime,
) -> None:
    """Save the changed facts, together, and check once.

    `seen` is the preview's fingerprint. Raises Conflict if the facts are others by now.
    """
    checking.hold(session, clinic_id, [patient_id])
    session.expire_all()
    case = _case(session, clinic_id, patient_id, on)
    if fingerprint(case) != seen:
        raise Conflict("This patient's facts changed after the preview. Nothing was saved.")
    wished = _wished(session, case, wish, clinic_id)
    rows = edits(session, case, wished, wish, clinic_id=clinic_id, patient_id=patient_id)
    save_together(session, list(rows), patient_id=patient_id, clinic_id=clinic_id, actor=actor, now=now)


def fingerprint(case: facts.Case) -> str:
    """Stands for all facts that a decision rests on, the plans' rules and the policy too; not for the day."""
    document = {name: value for name, value in case_document(case).items() if name != "as_of"}
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def last_change(session: Db, *, clinic_id: str, patient_id: str) -> AuditEvent | None:
    """The last recorded change of the patient's facts."""
    query = select(AuditEvent).where(AuditEvent.clinic_id == clinic_id, AuditEvent.patient_id == patient_id)
    query = query.where(AuditEvent.action.in_(CHANGES))
    return session.execute(query.order_by(AuditEvent.at.desc()).limit(1)).scalar_one_or_none()


def _case(session: Db, clinic_id: str, patient_id: str, on: date) -> facts.Case:
    clinic = session.get(Clinic, clinic_id)
    found = load_cases(session, clinic, [patient_id], as_of=on) if clinic else {}
    if patient_id not in found:
        raise NotFound("There is no such patient here.")
    return found[patient_id]


def _wished(session: Db, case: facts.Case, wish: WhatIf, clinic_id: str) -> facts.Case:
    """The changed case with every plan that it names, refused where no case file could say it."""
    named = {each.plan for each in (wish.coverage, wish.authorization) if each is not None}
    missing = named - {plan.id for plan in case.plans}
    plans = _plans(session, clinic_id, missing)
    if {plan.id for plan in plans} != missing:
        raise Refused("There is no such plan here. Choose one of the list.")
    taken = {each.on for each in case.patient.planned_fills}
    mine = wish.planned_fill
    if mine is not None and wish.instead_of not in (None, mine.on) and {mine.on, wish.instead_of} <= taken:
        raise Refused("Another fill is planned on that day already.", field="fill_on")
    wished = changed(replace(case, plans=(*case.plans, *plans)), wish)
    if wish.therapy is not None and wished.patient.regimens == case.patient.regimens:
        raise Refused("No regimen is in force on that day or later, or it is the same.", field="therapy_from")
    try:
        validate(wished)
    except BadCase as fault:
        raise Refused(f"{fault.reason[:1].upper()}{fault.reason[1:]} ({fault.path}).") from None
    return wished


def _plans(session: Db, clinic_id: str, plan_ids: set[str]) -> list[facts.Plan]:
    query = (
        select(payers.Plan)
        .where(payers.Plan.clinic_id == clinic_id, payers.Plan.id.in_(plan_ids))
        .options(
            selectinload(payers.Plan.payer),
            selectinload(payers.Plan.rules).selectinload(payers.FormularyRule.steps),
        )
        .order_by(payers.Plan.id)
    )
    return [plan_facts(plan) for plan in session.execute(query).scalars()]


def _by_day(document: Mapping[str, Any]) -> dict[date, KeptFill]:
    return {each.on: each for each in kept_answer.fills(document)}
