"""Who to call today, on one page: the fills that will be refused first, then the answers that are late.

What one payer is asked stands together, so that one call can settle all of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.rules.what_to_ask import PROMISED, what_to_ask
from tracker.services.clinic_day import day_in
from tracker.services.deadlines import Deadline, due
from tracker.services.patients import Who
from tracker.services.payer_desk import Desk, desks_of, desks_of_plans
from tracker.services.today import RunOut, run_outs

ON_A_PAGE = 7  # with the longest sentences
LOOKED_AT = 60


@dataclass(frozen=True, slots=True)
class Call:
    """`desk` None: no payer is known for the cause. `harm_on`: the day it is about."""

    who: Who
    desk: Desk | None
    why: str
    ask: str
    harm_on: date
    run_out_on: date | None
    owner: str | None


@dataclass(frozen=True, slots=True)
class PayerCalls:
    """What one payer is called about. `desk` None: for these no payer is known."""

    desk: Desk | None
    calls: Sequence[Call]


@dataclass(frozen=True, slots=True)
class CallSheet:
    """`more`: how many did not fit on the page."""

    on: date
    payers: Sequence[PayerCalls]
    more: int

    @property
    def calls(self) -> Sequence[Call]:
        return [call for payer in self.payers for call in payer.calls]


def call_sheet(session: Db, clinic: Clinic, *, now: datetime) -> CallSheet:
    """One call a request, or a patient where no request is under way; the payer of the worst first."""
    on = day_in(clinic, now)
    out = run_outs(session, clinic_id=clinic.id, on=on, most=LOOKED_AT)
    chased = due(session, clinic, now=now, few=LOOKED_AT).chased
    keyed = [*_of_run_outs(session, clinic.id, out.rows), *_of_chased(chased.rows)]
    calls: dict[str, Call] = {}
    for key, call in keyed:
        calls.setdefault(key, call)
    shown = list(calls.values())
    unseen = out.more + chased.more
    return CallSheet(on, _by_payer(shown[:ON_A_PAGE]), max(0, len(shown) - ON_A_PAGE) + unseen)


def _by_payer(calls: Sequence[Call]) -> list[PayerCalls]:
    """The calls of each payer in their order, the payers in the order of their first."""
    together: dict[str | None, list[Call]] = {}
    for call in calls:
        together.setdefault(call.desk.payer_id if call.desk else None, []).append(call)
    return [PayerCalls(found[0].desk, found) for found in together.values()]


def _of_run_outs(session: Db, clinic_id: str, rows: Sequence[RunOut]) -> Iterable[tuple[str, Call]]:
    acts = [row.act for row in rows if row.act is not None]
    open_requests = desks_of(
        session,
        clinic_id=clinic_id,
        authorization_ids=[act.authorization_id for act in acts if act.authorization_id],
    )
    plans = desks_of_plans(
        session, clinic_id=clinic_id, plan_ids=[act.plan_id for act in acts if act.plan_id]
    )
    for row in rows:
        if row.alert is None or row.act is None:
            continue
        key = row.act.authorization_id or row.who.id
        desk = open_requests.get(row.act.authorization_id or "") or plans.get(row.act.plan_id or "")
        yield (
            key,
            Call(
                who=row.who,
                desk=desk,
                why=row.alert.message,
                ask=what_to_ask(row.alert.code),
                harm_on=row.earliest_denial_on,
                run_out_on=row.run_out_on,
                owner=row.owner,
            ),
        )


def _of_chased(rows: Sequence[Deadline]) -> Iterable[tuple[str, Call]]:
    for each in rows:
        if each.alert is not None:
            line = each.alert
            call = Call(
                each.who,
                each.desk,
                line.message,
                what_to_ask(line.code),
                each.on,
                line.run_out_on,
                line.owner,
            )
        else:
            assert each.promise is not None
            call = Call(each.who, each.desk, each.promise.said, PROMISED, each.on, None, None)
        yield each.authorization_id or each.who.id, call
