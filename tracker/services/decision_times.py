"""How long payers took to decide: their own history, by kind of request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import selectinload

from tracker.models.authorization import Authorization
from tracker.models.base import Db
from tracker.models.payer import Payer, Plan
from tracker.rules.words import AuthorizationKind, AuthorizationStatus
from tracker.services import checking, heartbeat

LEARN = "learn"
EVERY = timedelta(hours=20)
ENOUGH = 5  # rulebook 7.4: with fewer cases the standard clock holds
PESSIMISTIC = 90
DECIDED = (
    AuthorizationStatus.APPROVED,
    AuthorizationStatus.PARTIALLY_APPROVED,
    AuthorizationStatus.DENIED,
    AuthorizationStatus.NOT_REQUIRED,
    AuthorizationStatus.APPEALED,
)
GRANTED = (
    AuthorizationStatus.APPROVED,
    AuthorizationStatus.PARTIALLY_APPROVED,
    AuthorizationStatus.NOT_REQUIRED,
)


@dataclass(frozen=True, slots=True)
class DecisionTimes:
    """Days from the request to the answer; percentiles are None with no case. `granted` of `cases`."""

    kind: AuthorizationKind
    cases: int
    granted: int
    p50: int | None
    p80: int | None
    p90: int | None
    p95: int | None


def percentile(days: Sequence[int], share: int) -> int | None:
    """The nearest-rank percentile: the smallest day on which `share` % were decided. `days` in order."""
    if not days:
        return None
    rank = -(-share * len(days) // 100)
    return days[max(rank, 1) - 1]


def decision_times(session: Db, *, clinic_id: str, payer_id: str) -> list[DecisionTimes]:
    """One line for each kind of request that the payer has decided."""
    query = (
        select(Authorization.kind, Authorization.status, Authorization.requested_on, Authorization.decided_on)
        .join(Plan, (Plan.clinic_id == Authorization.clinic_id) & (Plan.id == Authorization.plan_id))
        .where(Authorization.clinic_id == clinic_id, Plan.payer_id == payer_id, *_told())
    )
    by_kind: dict[AuthorizationKind, list[tuple[AuthorizationStatus, int]]] = {}
    for kind, status, asked, decided in session.execute(query):
        by_kind.setdefault(kind, []).append((status, _days(asked, decided)))
    return [_times(kind, by_kind[kind]) for kind in AuthorizationKind if kind in by_kind]


def pessimistic_days(session: Db, *, clinic_id: str) -> Mapping[tuple[str, AuthorizationKind], int]:
    """(payer id, kind) -> the 90th percentile in days, of payers with at least 5 cases."""
    query = (
        select(Plan.payer_id, Authorization.kind, Authorization.requested_on, Authorization.decided_on)
        .join(Plan, (Plan.clinic_id == Authorization.clinic_id) & (Plan.id == Authorization.plan_id))
        .where(Authorization.clinic_id == clinic_id, *_told())
    )
    days: dict[tuple[str, AuthorizationKind], list[int]] = {}
    for payer_id, kind, asked, decided in session.execute(query):
        days.setdefault((payer_id, kind), []).append(_days(asked, decided))
    return {
        key: percentile(sorted(each), PESSIMISTIC) or 0 for key, each in days.items() if len(each) >= ENOUGH
    }


def is_time(session: Db, clinic_id: str, now: datetime) -> bool:
    """Was it not learnt today?"""
    last = heartbeat.last_beat(session, f"{LEARN}:{clinic_id}")
    return last is None or not timedelta(0) <= now - last < EVERY


def learn(session: Db, *, clinic_id: str, now: datetime) -> list[str]:
    """Keep each payer's pessimistic time once a day; names of the payers for whom it changed.

    Their patients are marked for a new check: the day on which a renewal must start follows from it.
    """
    if not is_time(session, clinic_id, now):
        return []
    heartbeat.beat(session, f"{LEARN}:{clinic_id}", now)
    learnt = pessimistic_days(session, clinic_id=clinic_id)
    changed = []
    query = select(Payer).where(Payer.clinic_id == clinic_id).options(selectinload(Payer.plans))
    for payer in session.execute(query).scalars():
        days = learnt.get((payer.id, AuthorizationKind.PRIOR_AUTHORIZATION))
        if days == payer.learnt_decision_days:
            continue
        change = update(Payer).where(Payer.clinic_id == clinic_id, Payer.id == payer.id)
        # Not a correction by a person: the record's version stays, so that an open form is not refused.
        session.execute(
            change.values(learnt_decision_days=days), execution_options={"synchronize_session": False}
        )
        checking.mark_plan_due(session, clinic_id=clinic_id, plan_ids=[plan.id for plan in payer.plans])
        changed.append(payer.name)
    session.flush()
    return changed


def _told() -> tuple[ColumnElement[bool], ...]:
    return (
        Authorization.status.in_(DECIDED),
        Authorization.requested_on.is_not(None),
        Authorization.decided_on >= Authorization.requested_on,
    )


def _days(asked: date | None, decided: date | None) -> int:
    assert asked is not None
    assert decided is not None
    return (decided - asked).days


def _times(kind: AuthorizationKind, cases: Sequence[tuple[AuthorizationStatus, int]]) -> DecisionTimes:
    days = sorted(each for _, each in cases)
    return DecisionTimes(
        kind,
        len(cases),
        sum(status in GRANTED for status, _ in cases),
        *(percentile(days, share) for share in (50, 80, 90, 95)),
    )
