"""Answers that payers promised by a day and that are not on file, over all patients of a clinic."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import aliased

from tracker.models.authorization import Authorization
from tracker.models.authorization_log import AuthorizationMove, ContactLog
from tracker.models.base import Db
from tracker.models.patient import Patient
from tracker.models.payer import Payer
from tracker.services.patients import WHO, Who, who_columns

LOOK_BACK = timedelta(days=60)  # an older promise still shows as late on its patient's page


@dataclass(frozen=True, slots=True)
class Promise:
    """`said_on`: the day of the contact in which it was promised. `number`: of the authorization."""

    who: Who
    promised_on: date
    said_on: date
    channel: str
    with_whom: str | None
    reference: str | None
    said: str
    authorization_id: str | None
    number: str | None
    payer: Payer | None


def awaited(session: Db, *, clinic_id: str, until: date) -> Sequence[Promise]:
    """Promises for `until` or for an earlier day that nothing has answered, the first promised first."""
    query = (
        select(
            *who_columns(),
            ContactLog.promised_on,
            ContactLog.on_date,
            ContactLog.channel,
            ContactLog.with_whom,
            ContactLog.reference,
            ContactLog.said,
            ContactLog.authorization_id,
            Authorization.number,
            Payer,
        )
        .join(Patient, and_(Patient.clinic_id == ContactLog.clinic_id, Patient.id == ContactLog.patient_id))
        .outerjoin(
            Authorization,
            and_(
                Authorization.clinic_id == ContactLog.clinic_id,
                Authorization.id == ContactLog.authorization_id,
            ),
        )
        .outerjoin(Payer, and_(Payer.clinic_id == ContactLog.clinic_id, Payer.id == ContactLog.payer_id))
        .where(
            ContactLog.clinic_id == clinic_id,
            ContactLog.promised_on.between(until - LOOK_BACK, until),
            Patient.active,
            ~_answered(),
        )
        .order_by(ContactLog.promised_on, ContactLog.id)
    )
    return [_promise(tuple(row)) for row in session.execute(query)]


def _answered() -> ColumnElement[bool]:
    """By an entry that says so, or by a move of its authorization after it."""
    later = aliased(ContactLog)
    answer = (
        select(later.id)
        .where(
            later.clinic_id == ContactLog.clinic_id,
            later.patient_id == ContactLog.patient_id,
            later.answers_id == ContactLog.id,
        )
        .correlate(ContactLog)
    )
    move = (
        select(AuthorizationMove.id)
        .where(
            AuthorizationMove.clinic_id == ContactLog.clinic_id,
            AuthorizationMove.authorization_id == ContactLog.authorization_id,
            AuthorizationMove.at > ContactLog.at,
        )
        .correlate(ContactLog)
    )
    return or_(answer.exists(), move.exists())


def _promise(row: tuple[Any, ...]) -> Promise:
    promised_on, said_on, channel, *rest = row[WHO:]
    return Promise(Who(*row[:WHO]), promised_on, said_on, channel.label, *rest)
