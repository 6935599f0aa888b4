"""The log of calls, faxes, portal messages, letters and notes of a patient: append-only, with follow-ups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from tracker.models.audit import AuditAction
from tracker.models.authorization import Authorization
from tracker.models.authorization_log import AuthorizationMove, ContactLog
from tracker.models.base import Db
from tracker.models.patient import Patient
from tracker.models.payer import Payer, Plan
from tracker.services import audit
from tracker.services.actor import Actor
from tracker.services.errors import NotFound, Refused


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as pages show it. `follow_up`: kept, due or late; None: nothing was promised."""

    id: str
    at: datetime
    actor: str
    on: date
    channel: str
    with_whom: str | None
    payer: str | None
    reference: str | None
    said: str
    promised_on: date | None
    follow_up: str | None
    authorization_id: str | None
    number: str | None


KEPT, DUE, LATE = "kept", "due", "late"


def log(
    session: Db, values: Mapping[str, Any], *, clinic_id: str, patient_id: str, actor: Actor, now: datetime
) -> ContactLog:
    """Write one entry. Raises Refused for a contradiction, NotFound for what is not this patient's."""
    row = ContactLog(clinic_id=clinic_id, patient_id=patient_id, at=now, actor=actor.name, **values)
    row.actor_id = actor.user_id
    _belongs(session, row)
    if row.promised_on is not None and row.promised_on < row.on_date:
        raise Refused("The promised day is before the day of the contact.", field="promised_on")
    session.add(row)
    session.flush()
    audit.record(
        session,
        clinic_id=clinic_id,
        actor=actor,
        action=AuditAction.ADDED,
        at=now,
        table_name=ContactLog.__tablename__,
        row_key=row.id,
        patient_id=patient_id,
        new={name: value for name, value in audit.snapshot(row).items() if value is not None},
    )
    return row


def _belongs(session: Db, row: ContactLog) -> None:
    """Everything an entry names is of the same patient and clinic."""
    patient = select(Patient.id).where(Patient.clinic_id == row.clinic_id, Patient.id == row.patient_id)
    if session.scalar(patient) is None:
        raise NotFound("There is no such patient here.")
    for table, wanted in ((Authorization, row.authorization_id), (ContactLog, row.answers_id)):
        mine = select(table.id).where(
            table.clinic_id == row.clinic_id, table.patient_id == row.patient_id, table.id == wanted
        )
        if wanted is not None and session.scalar(mine) is None:
            raise NotFound("There is no such record of this patient.")


def entries(
    session: Db, *, clinic_id: str, patient_id: str, on: date, authorization_id: str | None = None
) -> list[Entry]:
    """The log of a patient, or of one authorization, the newest first."""
    query = (
        select(ContactLog, Payer.name, Authorization.number)
        .outerjoin(Payer, (Payer.id == ContactLog.payer_id) & (Payer.clinic_id == ContactLog.clinic_id))
        .outerjoin(
            Authorization,
            (Authorization.id == ContactLog.authorization_id)
            & (Authorization.clinic_id == ContactLog.clinic_id),
        )
        .where(ContactLog.clinic_id == clinic_id, ContactLog.patient_id == patient_id)
        .order_by(ContactLog.on_date.desc(), ContactLog.id.desc())
    )
    if authorization_id is not None:
        query = query.where(ContactLog.authorization_id == authorization_id)
    rows = session.execute(query).all()
    answered = _answered(session, clinic_id, patient_id)
    return [_entry(row, payer, number, answered, on) for row, payer, number in rows]


def open_promises(entered: Sequence[Entry]) -> list[Entry]:
    """Those whose promised answer is still awaited, the first promised first."""
    waiting = [each for each in entered if each.follow_up in {DUE, LATE}]
    return sorted(waiting, key=lambda each: (each.promised_on or each.on, each.id))


@dataclass(frozen=True, slots=True)
class _Answered:
    """Entries that a later one answers, and when each authorization moved last."""

    ids: frozenset[str]
    moved: Mapping[str, datetime]


def _answered(session: Db, clinic_id: str, patient_id: str) -> _Answered:
    answers = select(ContactLog.answers_id).where(
        ContactLog.clinic_id == clinic_id,
        ContactLog.patient_id == patient_id,
        ContactLog.answers_id.is_not(None),
    )
    moves = (
        select(AuthorizationMove.authorization_id, func.max(AuthorizationMove.at))
        .where(AuthorizationMove.clinic_id == clinic_id, AuthorizationMove.patient_id == patient_id)
        .group_by(AuthorizationMove.authorization_id)
    )
    ids = frozenset(str(each) for each in session.scalars(answers))
    return _Answered(ids, {row[0]: row[1] for row in session.execute(moves)})


def _entry(row: ContactLog, payer: str | None, number: str | None, answered: _Answered, on: date) -> Entry:
    return Entry(
        id=row.id,
        at=row.at,
        actor=row.actor,
        on=row.on_date,
        channel=row.channel.label,
        with_whom=row.with_whom,
        payer=payer,
        reference=row.reference,
        said=row.said,
        promised_on=row.promised_on,
        follow_up=_follow_up(row, answered, on),
        authorization_id=row.authorization_id,
        number=number,
    )


def _follow_up(row: ContactLog, answered: _Answered, on: date) -> str | None:
    """A promise is kept by an entry that answers it, or by a move of its authorization after it."""
    if row.promised_on is None:
        return None
    moved = answered.moved.get(row.authorization_id or "")
    if row.id in answered.ids or (moved is not None and moved > row.at):
        return KEPT
    return LATE if row.promised_on < on else DUE


def payer_of(session: Db, row: Authorization) -> str:
    """The payer of an authorization's plan."""
    query = select(Plan.payer_id).where(Plan.clinic_id == row.clinic_id, Plan.id == row.plan_id)
    return session.execute(query).scalar_one()
