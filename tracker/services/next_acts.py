"""The next act on an alert, as a coordinator would choose it from the cause and from what is under way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from tracker.models.alert import Alert
from tracker.models.authorization import Authorization
from tracker.models.base import Db
from tracker.rules.words import AboutKind, AlertCode, AuthorizationKind, AuthorizationStatus
from tracker.services.packets import First


class Next(StrEnum):
    """Where an act leads; the pages have addresses for each."""

    RENEW = "renew"
    REPLACE = "replace"
    APPEAL = "appeal"
    REPLY = "reply"
    CHASE = "chase"
    ASK = "ask"
    STEPS = "steps"
    COVERAGE = "coverage"
    PLAN = "plan"
    FILL = "fill"
    LAB = "lab"
    REGIMEN = "regimen"
    CONTACT = "contact"
    LOOK = "look"


@dataclass(frozen=True, slots=True)
class NextAct:
    """`authorization_id`: the one to act on, where the act is on one. `alert_id`: what a form starts from."""

    act: Next
    label: str
    alert_id: str
    authorization_id: str | None = None
    plan_id: str | None = None


@dataclass(frozen=True, slots=True)
class Matter:
    """What an alert is about, and the request without an answer that would settle it (None: none is)."""

    alert_id: str
    patient_id: str
    code: str
    plan_id: str | None
    authorization_id: str | None
    waiting_id: str | None
    pended: bool


WAITING = AuthorizationStatus.SUBMITTED, AuthorizationStatus.PENDED, AuthorizationStatus.APPEALED
RENEW, ASK = (Next.RENEW, "Renew"), (Next.ASK, "New PA")
REGIMEN, CONTACT = (Next.REGIMEN, "Add regimen"), (Next.CONTACT, "Log contact")
COVERAGE, LOOK = (Next.COVERAGE, "Add coverage"), (Next.LOOK, "Open")
# How each cause is usually ended. Renewing and asking give way to the request that waits already.
ACTS: Mapping[str, tuple[Next, str]] = {
    AlertCode.PA_EXPIRED: RENEW,
    AlertCode.PA_EXPIRES_BEFORE_REFILL: RENEW,
    AlertCode.PA_EXPIRING: RENEW,
    AlertCode.PA_UNITS_EXHAUSTED: RENEW,
    AlertCode.PA_UNITS_INSUFFICIENT: RENEW,
    AlertCode.PA_UNITS_LOW: RENEW,
    AlertCode.PA_MISSING: ASK,
    AlertCode.PA_WRONG_PAYER: ASK,
    AlertCode.PA_MISSING_FOR_CODE: ASK,
    AlertCode.PA_PRODUCT_MISMATCH: ASK,
    AlertCode.NOT_COVERED: (Next.ASK, "Ask exception"),
    AlertCode.QL_EXCEEDED: (Next.ASK, "Override"),
    AlertCode.PA_DENIED: (Next.APPEAL, "Appeal"),
    AlertCode.PA_PARTIAL: (Next.REPLACE, "Ask the rest"),
    AlertCode.PA_PENDED_INFO_NEEDED: (Next.REPLY, "Send papers"),
    AlertCode.PA_DECISION_OVERDUE: (Next.CHASE, "Chase"),
    AlertCode.REFILL_AT_RISK: (Next.CHASE, "Chase"),
    AlertCode.PA_GAP: (Next.PLAN, "Plan early fill"),
    AlertCode.PA_NOT_YET_EFFECTIVE: (Next.PLAN, "Plan early fill"),
    AlertCode.DAYS_SUPPLY_EXCEEDED: (Next.PLAN, "Plan a fill"),
    AlertCode.REFILL_TOO_SOON: (Next.PLAN, "Move the fill"),
    AlertCode.STEP_THERAPY_UNMET: (Next.STEPS, "Prove steps"),
    AlertCode.STEP_LOOKBACK_EXPIRED: (Next.STEPS, "Prove steps"),
    AlertCode.NO_COVERAGE: COVERAGE,
    AlertCode.COVERAGE_ENDING: COVERAGE,
    AlertCode.COVERAGE_CHANGE: COVERAGE,
    AlertCode.REFILL_DUE: (Next.FILL, "Log fill"),
    AlertCode.SUPPLY_GAP: (Next.FILL, "Log fill"),
    AlertCode.LAB_OVERDUE: (Next.LAB, "Add lab"),
    AlertCode.NEW_ORDER_REQUIRED: REGIMEN,
    AlertCode.REFILL_AFFIRMATION_MISSING: CONTACT,
    AlertCode.REFILL_CONTACT_TOO_EARLY: CONTACT,
}
# What a new request asks for, where it is no prior authorization.
KINDS: Mapping[str, AuthorizationKind] = {
    AlertCode.QL_EXCEEDED: AuthorizationKind.QUANTITY_LIMIT_OVERRIDE,
    AlertCode.NOT_COVERED: AuthorizationKind.FORMULARY_EXCEPTION,
    AlertCode.STEP_THERAPY_UNMET: AuthorizationKind.STEP_THERAPY_EXCEPTION,
    AlertCode.STEP_LOOKBACK_EXPIRED: AuthorizationKind.STEP_THERAPY_EXCEPTION,
}


def kind_asked(code: str) -> AuthorizationKind:
    """The kind of authorization that ends this cause."""
    return KINDS.get(code, AuthorizationKind.PRIOR_AUTHORIZATION)


def matters(session: Db, *, clinic_id: str, alert_ids: Sequence[str]) -> dict[str, Matter]:
    """What these alerts are about, by their id. Two queries."""
    query = select(
        Alert.id, Alert.patient_id, Alert.code, Alert.plan_id, Alert.about_kind, Alert.about_id
    ).where(Alert.clinic_id == clinic_id, Alert.id.in_(alert_ids))
    alerts = session.execute(query).all()
    waiting = _waiting(session, clinic_id, {row.patient_id for row in alerts})
    return {row.id: _matter(row, waiting.get(row.patient_id, [])) for row in alerts}


def next_act(matter: Matter) -> NextAct:
    """The one act to offer first."""
    act, label = ACTS.get(matter.code, LOOK)
    about = matter.authorization_id
    if act in {Next.RENEW, Next.ASK} and matter.waiting_id:
        act, label = (Next.REPLY, "Send papers") if matter.pended else (Next.CHASE, "Chase")
        about = matter.waiting_id
    elif act is Next.RENEW and about is None:
        act, label = ASK
    elif act in {Next.APPEAL, Next.REPLACE, Next.REPLY, Next.CHASE} and about is None:
        act, label = LOOK
    return NextAct(act, label, matter.alert_id, about, matter.plan_id)


def first_request(act: NextAct, matter: Matter, needed_on: date | None) -> First | None:
    """What the act asks a plan for that has nothing of it on file; None: it is no first request."""
    if act.act is not Next.ASK or act.authorization_id or not act.plan_id:
        return None
    return First(act.alert_id, matter.patient_id, act.plan_id, kind_asked(matter.code), needed_on)


def _matter(row: Any, waiting: Sequence[Any]) -> Matter:
    about = row.about_id if row.about_kind == AboutKind.AUTHORIZATION else None
    kind = kind_asked(row.code)
    fits = [
        each for each in waiting if each.kind is kind and (row.plan_id is None or each.plan_id == row.plan_id)
    ]
    newest = fits[0] if fits else None
    return Matter(
        alert_id=row.id,
        patient_id=row.patient_id,
        code=row.code,
        plan_id=row.plan_id,
        authorization_id=about,
        waiting_id=newest.id if newest else None,
        pended=newest is not None and newest.status is AuthorizationStatus.PENDED,
    )


def _waiting(session: Db, clinic_id: str, patient_ids: set[str]) -> dict[str, list[Any]]:
    """Requests without an answer by patient, the newest first."""
    query = (
        select(
            Authorization.id,
            Authorization.patient_id,
            Authorization.plan_id,
            Authorization.kind,
            Authorization.status,
        )
        .where(
            Authorization.clinic_id == clinic_id,
            Authorization.patient_id.in_(patient_ids),
            Authorization.status.in_(WAITING),
        )
        .order_by(Authorization.id.desc())
    )
    found: dict[str, list[Any]] = {}
    for row in session.execute(query):
        found.setdefault(row.patient_id, []).append(row)
    return found
