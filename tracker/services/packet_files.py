"""What is on file of patients, for the packets of their requests: read together, whatever their number."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from tracker.models.authorization import Authorization, Trial
from tracker.models.authorization_log import ContactLog
from tracker.models.base import Db
from tracker.models.document import Document
from tracker.models.patient import Coverage, Patient, PatientCheck
from tracker.models.payer import FormularyRule, Plan
from tracker.models.therapy import Regimen
from tracker.services import kept_answer
from tracker.services.kept_answer import KeptFill
from tracker.services.patients import checked


@dataclass(frozen=True, slots=True)
class PatientFile:
    """What is on file of one patient."""

    patient: Patient
    fills: Sequence[KeptFill]
    authorizations: Mapping[str, Authorization]
    coverages: Sequence[Coverage]
    regimens: Sequence[Regimen]
    documents: Sequence[Document]
    trials: Sequence[Trial]
    contacts: Sequence[ContactLog]
    plans: Mapping[str, Plan]


def patient_files(
    session: Db, clinic_id: str, patient_ids: Collection[str], plan_ids: Collection[str] = ()
) -> dict[str, PatientFile]:
    """Eleven queries. `plan_ids`: plans that no authorization of theirs names."""
    answers = (
        select(Patient, PatientCheck.answer)
        .outerjoin(PatientCheck, checked())
        .where(Patient.clinic_id == clinic_id, Patient.id.in_(patient_ids))
    )

    def of(model: Any, *order: Any) -> dict[str, list[Any]]:
        query = select(model).where(model.clinic_id == clinic_id, model.patient_id.in_(patient_ids))
        if model is Authorization:
            query = query.options(selectinload(Authorization.lines))
        grouped: dict[str, list[Any]] = {}
        for row in session.scalars(query.order_by(*order, model.id)):
            grouped.setdefault(row.patient_id, []).append(row)
        return grouped

    asked = of(Authorization)
    named = {row.plan_id for rows in asked.values() for row in rows}
    plans = _plans(session, clinic_id, {*named, *plan_ids})
    coverages, regimens = of(Coverage, Coverage.rank), of(Regimen, Regimen.starts_on)
    documents, trials = of(Document, Document.added_at), of(Trial, Trial.starts_on)
    contacts = of(ContactLog, ContactLog.on_date)
    return {
        patient.id: PatientFile(
            patient=patient,
            fills=kept_answer.fills(answer),
            authorizations={row.id: row for row in asked.get(patient.id, ())},
            coverages=coverages.get(patient.id, ()),
            regimens=regimens.get(patient.id, ()),
            documents=[row for row in documents.get(patient.id, ()) if row.removed_at is None],
            trials=trials.get(patient.id, ()),
            contacts=contacts.get(patient.id, ()),
            plans=plans,
        )
        for patient, answer in session.execute(answers)
    }


def _plans(session: Db, clinic_id: str, plan_ids: Collection[str]) -> dict[str, Plan]:
    rules = selectinload(Plan.rules)
    query = (
        select(Plan)
        .where(Plan.clinic_id == clinic_id, Plan.id.in_(plan_ids))
        .options(
            joinedload(Plan.payer, innerjoin=True),
            rules.selectinload(FormularyRule.steps),
            rules.selectinload(FormularyRule.papers),
        )
    )
    return {plan.id: plan for plan in session.scalars(query)}
