"""Saved means checked: load the facts, make the decision, keep the answer and its alerts.

The caller's transaction holds all of it; nothing here commits.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select, update

from tracker.models.alert import Alert, AlertState
from tracker.models.authorization import Authorization
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.patient import Coverage, Patient, PatientCheck
from tracker.models.payer import Plan
from tracker.rules.answer import Answer
from tracker.rules.casefile import BadCase, answer_document, validate
from tracker.rules.check import check
from tracker.rules.facts import Case
from tracker.services.actor import Actor
from tracker.services.alert_place import placer
from tracker.services.clinic_day import day_in
from tracker.services.errors import NotFound, Refused
from tracker.services.fill_marks import write_marks
from tracker.services.loading import load_cases
from tracker.services.reconcile import Occasion, Outcome, reconcile

Progress = Callable[[int], None]
BATCH = 200
LONGEST_DAYS = 365  # an answer without an end is looked at again after a year (rulebook 10.5)
COLUMNS = {"from": "starts_on", "to": "ends_on", "on": "on_date", "units": "units", "plan": "plan_id"}


def recheck(
    session: Db, *, patient_id: str, clinic_id: str, now: datetime, actor: Actor, because: str = ""
) -> Answer:
    """Check one patient after a change of facts.

    Raises Refused if the facts contradict each other, NotFound if the clinic has no such patient.
    """
    answers = _recheck_batch(
        session, _clinic(session, clinic_id), [patient_id], Occasion(now, actor, because), validated=True
    )
    if patient_id not in answers:
        raise NotFound("There is no such patient here.")
    return answers[patient_id]


def recheck_many(
    session: Db,
    *,
    clinic_id: str,
    patient_ids: Collection[str],
    now: datetime,
    actor: Actor,
    because: str = "",
    progress: Progress | None = None,
    validated: bool = False,
) -> Outcome:
    """Check these patients in batches. `validated`: refuse contradictions as `recheck` does."""
    clinic = _clinic(session, clinic_id)
    ids = sorted(patient_ids)
    total = Outcome()
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        _recheck_batch(session, clinic, batch, Occasion(now, actor, because), validated=validated)
        total += last_outcome(session)
        if progress:
            progress(len(batch))
    _remember(session, total)
    return total


def last_outcome(session: Db) -> Outcome:
    """What the last check of this session opened and closed."""
    outcome = session.info.get("outcome", Outcome())
    assert isinstance(outcome, Outcome)
    return outcome


def due_patients(clinic_id: str, today: date, now: datetime) -> Select[str]:
    """Ids of the patients whose answer may have changed, longest due first.

    A patient whose last try failed waits for `retry_at`.
    """
    return (
        select(PatientCheck.patient_id)
        .where(
            PatientCheck.clinic_id == clinic_id,
            or_(
                PatientCheck.due,
                PatientCheck.check_on <= today,
                PatientCheck.check_on.is_(None),
                PatientCheck.as_of > today,  # the date went back: the answer is from the future
            ),
            or_(PatientCheck.retry_at.is_(None), PatientCheck.retry_at <= now),
        )
        .order_by(PatientCheck.check_on, PatientCheck.patient_id)
    )


def mark_due(session: Db, *, clinic_id: str, patient_ids: Collection[str] | None = None) -> int:
    """Ask for a check of these patients (None: of all) at the next tick; how many there are."""
    query = update(PatientCheck).where(PatientCheck.clinic_id == clinic_id)
    if patient_ids is None:
        return _changed(session, query)
    ids = list(patient_ids)
    return sum(
        _changed(session, query.where(PatientCheck.patient_id.in_(ids[start : start + 500])))
        for start in range(0, len(ids), 500)
    )


def mark_plan_due(session: Db, *, clinic_id: str, plan_ids: Collection[str]) -> int:
    """Ask for a check of everyone with a coverage or an authorization of these plans.

    The plans are held first, so that a patient who is just moving to one of them is not missed.
    """
    plans = select(Plan.id).where(Plan.clinic_id == clinic_id, Plan.id.in_(plan_ids))
    session.execute(plans.order_by(Plan.id).with_for_update()).all()
    members = select(Coverage.patient_id).where(
        Coverage.clinic_id == clinic_id, Coverage.plan_id.in_(plan_ids)
    )
    decided = select(Authorization.patient_id).where(
        Authorization.clinic_id == clinic_id, Authorization.plan_id.in_(plan_ids)
    )
    query = update(PatientCheck).where(
        PatientCheck.clinic_id == clinic_id, PatientCheck.patient_id.in_(members.union(decided))
    )
    return _changed(session, query)


def _changed(session: Db, query: Any) -> int:
    result = session.execute(
        query.values(due=True, retry_at=None), execution_options={"synchronize_session": False}
    )
    return int(result.rowcount)  # type: ignore[attr-defined] # an UPDATE gives a cursor result


def _recheck_batch(
    session: Db, clinic: Clinic, ids: Collection[str], occasion: Occasion, *, validated: bool
) -> dict[str, Answer]:
    session.flush()
    hold(session, clinic.id, ids)
    session.expire_all()
    today = day_in(clinic, occasion.now)
    cases = load_cases(session, clinic, ids, as_of=today)
    kept = _kept_alerts(session, clinic.id, ids)
    checks = _checks(session, clinic.id, cases)
    owners = _owners(session, clinic.id, ids)
    answers = {}
    outcome = Outcome()
    for patient_id, case in cases.items():
        answer = answers[patient_id] = _decide(case, today, validated=validated)
        document = answer_document(answer)
        outcome += reconcile(
            session,
            clinic_id=clinic.id,
            patient_id=patient_id,
            findings=_findings(case, answer, document, owners[patient_id]) if patient_id in owners else [],
            kept=kept.get(patient_id, []),
            on=today,
            occasion=_explained(occasion, today),
        )
        _keep(checks[patient_id], answer, document, occasion.now)
    session.flush()
    _remember(session, outcome)
    return answers


def hold(session: Db, clinic_id: str, ids: Collection[str]) -> None:
    """Let two changes of one patient be checked one after the other, so that each sees the other's facts.

    SQLite has one writer at a time and needs no lock.
    """
    mine = select(PatientCheck.patient_id).where(
        PatientCheck.clinic_id == clinic_id, PatientCheck.patient_id.in_(ids)
    )
    session.execute(mine.order_by(PatientCheck.patient_id).with_for_update()).all()


def _owners(session: Db, clinic_id: str, ids: Collection[str]) -> dict[str, str | None]:
    """Who is in charge of each of these patients in care here; the others raise no alert."""
    query = select(Patient.id, Patient.owner_id)
    mine = query.where(Patient.clinic_id == clinic_id, Patient.id.in_(ids), Patient.active)
    return {row[0]: row[1] for row in session.execute(mine)}


def _decide(case: Case, today: date, *, validated: bool) -> Answer:
    if validated:
        try:
            validate(case)
        except BadCase as fault:
            raise Refused(_sentence(fault.reason), field=_field(fault.path)) from None
    return check(case, today)


def _sentence(reason: str) -> str:
    return reason[:1].upper() + reason[1:].rstrip(".") + "."


def _field(path: str) -> str | None:
    """The column that a path in a case file ends in: `patient.fills[0].on` is `on_date`."""
    last = path.rsplit(".", 1)[-1].split("[")[0]
    return COLUMNS.get(last, last) or None


def _explained(occasion: Occasion, today: date) -> Occasion:
    because = occasion.because or f"the check of {today.isoformat()} no longer finds it"
    return Occasion(occasion.now, occasion.actor, because)


def _findings(
    case: Case, answer: Answer, document: dict[str, Any], owner_id: str | None
) -> list[dict[str, Any]]:
    """The alerts as documents, with the columns that lists read."""
    place = placer(case, answer, owner_id=owner_id)
    pairs = zip(answer.alerts, document["alerts"], strict=True)
    return [{**written, "harm_day": alert.harm_on, "place": place(alert)} for alert, written in pairs]


def _kept_alerts(session: Db, clinic_id: str, ids: Collection[str]) -> dict[str, list[Alert]]:
    query = select(Alert).where(Alert.clinic_id == clinic_id, Alert.patient_id.in_(ids))
    kept: dict[str, list[Alert]] = {}
    for alert in session.execute(query).scalars():
        kept.setdefault(alert.patient_id, []).append(alert)
    return kept


def _checks(session: Db, clinic_id: str, ids: Iterable[str]) -> dict[str, PatientCheck]:
    query = select(PatientCheck).where(PatientCheck.clinic_id == clinic_id, PatientCheck.patient_id.in_(ids))
    checks = {row.patient_id: row for row in session.execute(query).scalars()}
    for patient_id in ids:
        if patient_id not in checks:
            checks[patient_id] = PatientCheck(patient_id=patient_id, clinic_id=clinic_id)
            session.add(checks[patient_id])
    return checks


def _keep(row: PatientCheck, answer: Answer, document: dict[str, Any], now: datetime) -> None:
    row.due, row.error, row.failures, row.retry_at = False, None, 0, None
    row.as_of, row.checked_at = answer.as_of, now
    row.check_on = answer.valid_until or answer.as_of + timedelta(days=LONGEST_DAYS)
    row.run_out_on, row.next_fill_on = answer.run_out, answer.next_fill
    denial = answer.earliest_denial
    row.earliest_denial_on = denial.on if denial else None
    row.last_covered_fill_on = denial.last_covered_fill if denial else None
    row.start_renewal_by = answer.start_renewal_by
    row.future_fill_count, row.fill_marks = len(answer.fills), write_marks(answer.fills)
    row.answer = document


def _remember(session: Db, outcome: Outcome) -> None:
    session.info["outcome"] = outcome


def _clinic(session: Db, clinic_id: str) -> Clinic:
    clinic = session.get(Clinic, clinic_id)
    if clinic is None:
        raise NotFound("There is no such clinic.")
    return clinic


def open_alert_count(session: Db, clinic_id: str) -> int:
    """How many alerts of this clinic are open."""
    query = select(func.count()).where(Alert.clinic_id == clinic_id, Alert.state == AlertState.OPEN)
    return session.execute(query).scalar_one()
