"""What payers decided in a period, how long they took and what waits for them: one line for each payer."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, or_, select

from tracker.models.authorization import Authorization
from tracker.models.base import Db
from tracker.models.payer import Payer, Plan
from tracker.rules.words import AuthorizationStatus
from tracker.services.decision_times import DECIDED, GRANTED, percentile
from tracker.services.report_period import Period

WAITING = AuthorizationStatus.SUBMITTED, AuthorizationStatus.PENDED
REFUSED = AuthorizationStatus.DENIED, AuthorizationStatus.APPEALED
EVERYONE = "All payers"


@dataclass(slots=True)
class Decisions:
    """Of one payer: `days` from request to answer in order; `waiting`: requests without an answer today."""

    payer: str
    payer_id: str | None = None
    decided: int = 0
    granted: int = 0
    partly: int = 0
    refused: int = 0
    days: list[int] = field(default_factory=list)
    waiting: int = 0
    oldest: date | None = None
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def share_granted(self) -> int | None:
        """Percent of the decisions, rounded; None without one."""
        return round(100 * self.granted / self.decided) if self.decided else None

    @property
    def p50(self) -> int | None:
        return percentile(self.days, 50)

    @property
    def p80(self) -> int | None:
        return percentile(self.days, 80)

    @property
    def main_reason(self) -> str | None:
        """Of the refusals, as it was written most often."""
        return self.reasons.most_common(1)[0][0] if self.reasons else None


def decisions(session: Db, *, clinic_id: str, period: Period) -> Sequence[Decisions]:
    """All payers together, then each that decided something or is waited for, the busiest first."""
    total = Decisions(EVERYONE)
    by_payer: dict[str, Decisions] = {}
    for row in session.execute(_asked(clinic_id, period)):
        mine = by_payer.setdefault(row.id, Decisions(row.name, row.id))
        for each in (total, mine):
            _count(each, row.status, row.requested_on, row.decided_on, row.reason)
    for each in (total, *by_payer.values()):
        each.days.sort()
    busiest = sorted(
        by_payer.values(), key=lambda each: (-each.decided, -each.waiting, each.payer.casefold())
    )
    return [total, *busiest]


def _asked(clinic_id: str, period: Period) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Payer.id,
            Payer.name,
            Authorization.status,
            Authorization.requested_on,
            Authorization.decided_on,
            Authorization.reason,
        )
        .join(Plan, and_(Plan.clinic_id == Authorization.clinic_id, Plan.id == Authorization.plan_id))
        .join(Payer, and_(Payer.clinic_id == Plan.clinic_id, Payer.id == Plan.payer_id))
        .where(
            Authorization.clinic_id == clinic_id,
            or_(
                Authorization.status.in_(WAITING),
                and_(
                    Authorization.status.in_(DECIDED),
                    Authorization.decided_on.between(period.first, period.last),
                ),
            ),
        )
        .order_by(Authorization.id)
    )


def _count(
    each: Decisions,
    status: AuthorizationStatus,
    asked: date | None,
    decided: date | None,
    reason: str | None,
) -> None:
    if status in WAITING:
        each.waiting += 1
        if asked is not None:
            each.oldest = min(asked, each.oldest or asked)
        return
    each.decided += 1
    each.granted += status in GRANTED
    each.partly += status is AuthorizationStatus.PARTIALLY_APPROVED
    if status in REFUSED:
        each.refused += 1
        if reason:
            each.reasons[reason] += 1
    if asked is not None and decided is not None and decided >= asked:
        each.days.append((decided - asked).days)
