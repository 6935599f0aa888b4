"""The life of an authorization: moves from status to status, and the drafts that follow from it.

A move changes the facts, is kept with who, when and why, and re-checks the patient, in one transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select

from tracker.models.authorization import Authorization, Denial
from tracker.models.authorization_log import AuthorizationMove
from tracker.models.base import Db
from tracker.models.patient import PatientCheck
from tracker.models.payer import Plan
from tracker.rules.authorization import GRANTED, IN_PROGRESS
from tracker.rules.moves import INSTEAD, SENSE, Move
from tracker.rules.words import AuthorizationKind, AuthorizationStatus, DenialLevel, LineOfBusiness
from tracker.services import checking, facts, kept_answer
from tracker.services.actor import Actor
from tracker.services.errors import Refused
from tracker.services.reconcile import Outcome

OPEN = frozenset({AuthorizationStatus.DRAFT, *IN_PROGRESS})
REPLACEABLE = frozenset(
    {
        AuthorizationStatus.DENIED,
        AuthorizationStatus.CANCELLED,
        AuthorizationStatus.LAPSED_ON_PURPOSE,
        AuthorizationStatus.PARTIALLY_APPROVED,
    }
)
# The columns of the authorization that each move may set, besides its status.
SETS: Mapping[Move, frozenset[str]] = {
    Move.SUBMIT: frozenset({"received_at", "statement_at", "expedited"}),
    Move.PEND: frozenset({"reply_by"}),
    Move.REPLY: frozenset({"received_at"}),
    Move.DECIDE: frozenset({"number", "starts_on", "ends_on", "lines", "letter_on"}),
    Move.DENY: frozenset({"letter_on"}),
    Move.APPEAL: frozenset(),
    Move.CANCEL: frozenset(),
    Move.LAPSE: frozenset(),
}
# What is kept in the columns "asked on" and "decided on" and in the reason.
DAY_COLUMN: Mapping[Move, str] = {
    Move.SUBMIT: "requested_on",
    Move.PEND: "decided_on",
    Move.DECIDE: "decided_on",
    Move.DENY: "decided_on",
}
NEEDS_REASON: Mapping[Move, str] = {
    Move.PEND: "Say what the payer asks for.",
    Move.DENY: "Say why the payer denied it, or give the reason code.",
    Move.CANCEL: "Say why it is void.",
    Move.LAPSE: "Say why it may lapse.",
}
NEEDS_DAY: Mapping[Move, str] = {
    Move.SUBMIT: "Give the day on which it was asked for.",
    Move.DECIDE: "Give the day of the decision.",
    Move.DENY: "Give the day of the decision.",
}


@dataclass(frozen=True, slots=True)
class Report:
    """What is told with a move. `status`: what the payer decided; `columns`, `denial`: values to write."""

    on: date | None = None
    reason: str | None = None
    status: AuthorizationStatus | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)
    denial: Mapping[str, Any] = field(default_factory=dict)


def move(
    session: Db,
    row: Authorization,
    what: Move,
    report: Report,
    *,
    version: int,
    actor: Actor,
    now: datetime,
) -> Outcome:
    """Move an authorization that was read as `version`; what the check then opened and closed.

    Raises Refused for a move that makes no sense, Conflict when someone changed it since.
    """
    origin = row.status
    to = _destination(row, what, report)
    _refuse_incomplete(what, report)
    if what is Move.LAPSE:
        _refuse_needed(session, row)
    facts.change(session, row, _values(what, to, report), version=version, actor=actor, now=now)
    outcome = checking.last_outcome(session)
    if what is Move.DENY:
        outcome += _deny(session, row, report, actor, now)
    session.add(
        AuthorizationMove(
            clinic_id=row.clinic_id,
            patient_id=row.patient_id,
            authorization_id=row.id,
            at=now,
            actor=actor.name,
            actor_id=actor.user_id,
            move=what,
            from_status=origin,
            to_status=to,
            on_date=report.on,
            reason=report.reason,
        )
    )
    session.flush()
    return outcome


def refusal(row: Authorization, what: Move) -> str | None:
    """Why a move makes no sense now, and what to do instead; None: it does."""
    if row.status in SENSE[what].origins:
        return None
    return (
        f"This authorization is {row.status.label}: \u201c{what.label}\u201d makes no sense now. "
        f"{INSTEAD[row.status]}"
    )


def _destination(row: Authorization, what: Move, report: Report) -> AuthorizationStatus:
    sense, senseless = SENSE[what], refusal(row, what)
    if senseless is not None:
        raise Refused(senseless)
    if what is not Move.DECIDE:
        return next(iter(sense.ends))
    if report.status not in sense.ends:
        raise Refused("Say what the payer decided.", field="status")
    return report.status


def _refuse_incomplete(what: Move, report: Report) -> None:
    if what in NEEDS_DAY and report.on is None:
        raise Refused(NEEDS_DAY[what], field="on")
    if what in NEEDS_REASON and not report.reason and not report.denial.get("carc"):
        raise Refused(NEEDS_REASON[what], field="reason")
    approves = what is Move.DECIDE and report.status is not AuthorizationStatus.NOT_REQUIRED
    for name in ("starts_on", "ends_on") if approves else ():
        if report.columns.get(name) is None:
            raise Refused("Give the first and the last day that the payer approved.", field=name)


def _refuse_needed(session: Db, row: Authorization) -> None:
    """Nothing that a fill to come is charged to may lapse."""
    check = session.get(PatientCheck, row.patient_id)
    charged = [
        each.on for each in kept_answer.fills(check.answer if check else None) if each.authorization == row.id
    ]
    if charged:
        raise Refused(
            f"The fill of {charged[0]:%a} {charged[0]} is covered by it. It can lapse when no fill to come "
            f"needs it (the last one is on {charged[-1]}); void it if the payer took it back."
        )


def _values(what: Move, to: AuthorizationStatus, report: Report) -> dict[str, Any]:
    values = {name: value for name, value in report.columns.items() if name in SETS[what]}
    values["status"] = to
    if what in DAY_COLUMN:
        values[DAY_COLUMN[what]] = report.on
    if what is Move.REPLY:
        # The payer's clock runs on; what it had asked for is answered.
        values |= {"decided_on": None, "reply_by": None, "reason": None}
    elif report.reason:
        values["reason"] = report.reason
    elif what is Move.DECIDE:
        values["reason"] = None
    return values


def _deny(session: Db, row: Authorization, report: Report, actor: Actor, now: datetime) -> Outcome:
    """The denial with its appeal deadline. A second refusal takes the place of the first: one deadline."""
    values = dict(report.denial)
    values.setdefault("notice_on", report.on)
    values["level"] = values.get("level") or DenialLevel.INTERNAL
    query = select(Denial).where(Denial.clinic_id == row.clinic_id, Denial.authorization_id == row.id)
    standing = session.scalars(query.order_by(Denial.id.desc())).first()
    if standing is not None:
        facts.change(session, standing, values, version=standing.version, actor=actor, now=now)
    else:
        about = {"patient_id": row.patient_id, "authorization_id": row.id}
        facts.add(session, Denial, {**values, **about}, clinic_id=row.clinic_id, actor=actor, now=now)
    return checking.last_outcome(session)


def usual_level(plan: Plan, status: AuthorizationStatus) -> DenialLevel:
    """The level of the appeal that is open after a denial (rulebook 8)."""
    medicare = {
        LineOfBusiness.MEDICARE_PART_B,
        LineOfBusiness.MEDICARE_PART_D,
        LineOfBusiness.MEDICARE_ADVANTAGE,
    }
    if plan.line_of_business in medicare:
        return DenialLevel.REDETERMINATION
    return DenialLevel.EXTERNAL if status is AuthorizationStatus.APPEALED else DenialLevel.INTERNAL


def history(session: Db, row: Authorization) -> Sequence[AuthorizationMove]:
    """The moves of an authorization, the last one first."""
    query = select(AuthorizationMove).where(
        AuthorizationMove.clinic_id == row.clinic_id, AuthorizationMove.authorization_id == row.id
    )
    order = AuthorizationMove.at.desc(), AuthorizationMove.id.desc()
    return session.scalars(query.order_by(*order)).all()


# ------------------------------------------------------------------------------------- what follows


def successor(session: Db, row: Authorization) -> Authorization | None:
    """The renewal that is drafted, asked for or granted already."""
    query = select(Authorization).where(
        Authorization.clinic_id == row.clinic_id,
        Authorization.renews_id == row.id,
        Authorization.status.in_(OPEN | GRANTED),
    )
    return session.scalars(query.order_by(Authorization.id.desc())).first()


def renewal(row: Authorization) -> dict[str, Any]:
    """A renewal's values: plan, kind, formulation and what was approved, from the day after the end, as long.

    Raises Refused for what was not granted or has no end.
    """
    if row.status not in GRANTED:
        raise Refused(f"Only what was approved can be renewed. {INSTEAD[row.status]}")
    if row.ends_on is None:
        raise Refused("It has no last day, so there is nothing to renew.")
    starts_on = row.ends_on + timedelta(days=1)
    length = row.ends_on - row.starts_on if row.starts_on else None
    return {
        **_same(row),
        "lines": [_asked(each.code, each.units) for each in row.lines if each.approved],
        "requested_starts_on": starts_on,
        "requested_ends_on": starts_on + length if length is not None else None,
        "renews_id": row.id,
    }


def renew(session: Db, row: Authorization, *, actor: Actor, now: datetime) -> Authorization:
    """Draft the renewal; if one is under way already, that one."""
    _hold(session, row)
    return successor(session, row) or _draft(session, row, renewal(row), actor, now)


def replacement(session: Db, row: Authorization) -> Authorization | None:
    """A request of the same kind to the same plan that is drafted or under way, its renewal left out."""
    query = select(Authorization).where(
        Authorization.clinic_id == row.clinic_id,
        Authorization.patient_id == row.patient_id,
        Authorization.plan_id == row.plan_id,
        Authorization.kind == row.kind,
        Authorization.status.in_(OPEN),
        Authorization.id != row.id,
        or_(Authorization.renews_id.is_(None), Authorization.renews_id != row.id),
    )
    return session.scalars(query.order_by(Authorization.id.desc())).first()


def replacing(row: Authorization) -> dict[str, Any]:
    """A new request's values: what this one asked for. Raises Refused where nothing is to be replaced."""
    if row.status not in REPLACEABLE:
        raise Refused(f"It is {row.status.label}: there is nothing to replace. {INSTEAD[row.status]}")
    return {
        **_same(row),
        "lines": [
            _asked(each.code, each.requested_units if each.requested else each.units) for each in row.lines
        ],
        "requested_starts_on": row.requested_starts_on or row.starts_on,
        "requested_ends_on": row.requested_ends_on or row.ends_on,
        "renews_id": row.renews_id,
    }


def replace(session: Db, row: Authorization, *, actor: Actor, now: datetime) -> Authorization:
    """Draft a new request in place of this one, or for the rest of it; if one is under way, that one."""
    _hold(session, row)
    return replacement(session, row) or _draft(session, row, replacing(row), actor, now)


def ask_exception(
    session: Db,
    *,
    clinic_id: str,
    patient_id: str,
    plan_id: str,
    codes: Sequence[str],
    starts_on: date,
    reason: str | None,
    actor: Actor,
    now: datetime,
) -> Authorization:
    """Draft a step therapy exception; if one is drafted or under way with that plan, that one."""
    kind = AuthorizationKind.STEP_THERAPY_EXCEPTION
    query = select(Authorization).where(
        Authorization.clinic_id == clinic_id,
        Authorization.patient_id == patient_id,
        Authorization.plan_id == plan_id,
        Authorization.kind == kind,
        Authorization.status.in_(OPEN),
    )
    found = session.scalars(query.order_by(Authorization.id.desc())).first()
    if found is not None:
        return found
    values = {
        "patient_id": patient_id,
        "plan_id": plan_id,
        "kind": kind,
        "status": AuthorizationStatus.DRAFT,
        "requested_starts_on": starts_on,
        "reason": reason,
        "lines": [_asked(code, None) for code in codes],
    }
    row: Authorization = facts.add(session, Authorization, values, clinic_id=clinic_id, actor=actor, now=now)
    return row


def _same(row: Authorization) -> dict[str, Any]:
    """What a request that follows another one asks for again."""
    return {
        "patient_id": row.patient_id,
        "plan_id": row.plan_id,
        "kind": row.kind,
        "formulation": row.formulation,
        "pharmacy": row.pharmacy,
        "prescriber": row.prescriber,
        "limit_quantity": row.limit_quantity,
        "limit_per_days": row.limit_per_days,
        "limit_unit": row.limit_unit,
        "limit_method": row.limit_method,
        "limit_max_per_day": row.limit_max_per_day,
        "status": AuthorizationStatus.DRAFT,
    }


def _asked(code: str, units: int | None) -> dict[str, Any]:
    return {
        "code": code,
        "approved": False,
        "units": None,
        "units_used_before": 0,
        "requested": True,
        "requested_units": units,
    }


def _draft(
    session: Db, row: Authorization, values: Mapping[str, Any], actor: Actor, now: datetime
) -> Authorization:
    drafted: Authorization = facts.add(
        session, Authorization, values, clinic_id=row.clinic_id, actor=actor, now=now
    )
    return drafted


def _hold(session: Db, row: Authorization) -> None:
    """Two people who click at once get one draft: the second waits and finds it."""
    mine = select(Authorization.id).where(
        Authorization.clinic_id == row.clinic_id, Authorization.id == row.id
    )
    session.execute(mine.with_for_update()).all()
