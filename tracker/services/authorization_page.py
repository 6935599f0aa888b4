"""One authorization, whole: asked beside approved, its units, clock, chain, life and history."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from tracker.models.audit import AuditAction, AuditEvent
from tracker.models.authorization import Authorization, Denial
from tracker.models.authorization_log import AuthorizationMove
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.patient import Coverage, PatientCheck
from tracker.models.payer import Plan
from tracker.rules.authorization import GRANTED, permit_of
from tracker.rules.claims import appeal_due_on
from tracker.rules.desk import Desk
from tracker.rules.lifecycle import decision_clock, decision_due_at, reply_due_on
from tracker.rules.moves import Move, Standing, moves_from, standing
from tracker.rules.words import AuthorizationStatus
from tracker.services import authorization_chain, authorization_terms, authorization_units
from tracker.services import authorizations as moving
from tracker.services.authorization_chain import Link
from tracker.services.authorization_terms import Term
from tracker.services.authorization_units import Units
from tracker.services.clinic_day import moment_in
from tracker.services.kept_answer import fills as kept_fills
from tracker.services.loading import load_cases

_S = AuthorizationStatus


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of its life. `state`: done, here or todo."""

    name: str
    state: str
    on: date | None
    note: str


@dataclass(frozen=True, slots=True)
class Clock:
    """What is awaited, and until when. `due_at` an instant, else `due_on` a day; `left` in words."""

    title: str
    left: str
    late: bool
    due_at: datetime | None
    due_on: date | None
    started_at: datetime | None
    length: str


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the history; `before` and `after` are statuses where it is a move."""

    at: datetime
    actor: str
    text: str
    before: str = ""
    after: str = ""
    on: date | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class AuthorizationView:
    """`charged_on`: fills to come that count on it; `next_plan`: who pays after this plan, and from when."""

    row: Authorization
    plan: Plan
    standing: Standing | None
    terms: Sequence[Term]
    units: Units
    clock: Clock | None
    chain: Sequence[Link]
    stages: Sequence[Stage]
    history: Sequence[Event]
    moves: Sequence[Move]
    may_renew: bool
    may_replace: bool
    renewal: Authorization | None
    charged_on: Sequence[date]
    next_plan: tuple[str, date] | None

    @property
    def less(self) -> int:
        """How many terms are less than asked."""
        return sum(1 for each in self.terms if each.kind in {"part", "bad"})

    @property
    def compared(self) -> int:
        return sum(1 for each in self.terms if each.kind)


def authorization_page(
    session: Db, clinic: Clinic, row: Authorization, *, on: date, now: datetime
) -> AuthorizationView:
    """Everything about one authorization of this clinic."""
    case = load_cases(session, clinic, [row.patient_id], as_of=on)[row.patient_id]
    desk = Desk(case)
    pa = desk.book.authorizations[row.id]
    check = session.get(PatientCheck, row.patient_id)
    to_come = kept_fills(check.answer if check else None)
    plan = _plan(session, row)
    lead = clinic.renewal_lead_days
    moves = moving.history(session, row)
    denial = _denial(session, row)
    appeal_by = next((appeal_due_on(desk, each) for each in case.patient.denials if each.id == denial), None)
    renewal = moving.successor(session, row)
    return AuthorizationView(
        row=row,
        plan=plan,
        standing=standing(permit_of(pa), desk.ledger, on, lead),
        terms=authorization_terms.terms(row, to_come, granted=row.status in GRANTED),
        units=authorization_units.units_of(desk, pa, to_come),
        clock=_clock(desk, row, clinic, on, now, appeal_by),
        chain=authorization_chain.chain(row, _others(session, row), to_come),
        stages=_stages(row, moves, _added(session, row), on, appeal_by),
        history=_history(session, row, moves),
        moves=moves_from(row.status),
        may_renew=row.status in GRANTED and row.ends_on is not None,
        may_replace=row.status in moving.REPLACEABLE,
        renewal=renewal,
        charged_on=[each.on for each in to_come if each.authorization == row.id],
        next_plan=_next_plan(session, row),
    )


def _plan(session: Db, row: Authorization) -> Plan:
    query = select(Plan).where(Plan.clinic_id == row.clinic_id, Plan.id == row.plan_id)
    return session.execute(query.options(selectinload(Plan.payer))).scalar_one()


def _others(session: Db, row: Authorization) -> Sequence[Authorization]:
    query = (
        select(Authorization)
        .where(Authorization.clinic_id == row.clinic_id, Authorization.patient_id == row.patient_id)
        .options(selectinload(Authorization.lines))
    )
    return session.scalars(query).all()


def _denial(session: Db, row: Authorization) -> str | None:
    """The denial that stands, if it is denied."""
    query = select(Denial.id).where(Denial.clinic_id == row.clinic_id, Denial.authorization_id == row.id)
    return session.scalars(query.order_by(Denial.id.desc())).first()


def _next_plan(session: Db, row: Authorization) -> tuple[str, date] | None:
    """The first coverage of another plan that begins after the last of this plan has ended."""
    query = (
        select(Coverage, Plan)
        .join(Plan, (Plan.id == Coverage.plan_id) & (Plan.clinic_id == Coverage.clinic_id))
        .where(Coverage.clinic_id == row.clinic_id, Coverage.patient_id == row.patient_id)
        .options(selectinload(Plan.payer))
    )
    found = [(coverage, plan) for coverage, plan in session.execute(query)]
    mine = [each for each, plan in found if plan.id == row.plan_id]
    if not mine or any(each.ends_on is None for each in mine):
        return None
    ended = max(each.ends_on for each in mine if each.ends_on)
    later = [(each.starts_on, plan) for each, plan in found if each.starts_on > ended]
    first = min(later, key=lambda pair: pair[0], default=None)
    return (f"{first[1].payer.name} {first[1].name}".strip(), first[0]) if first else None


# --------------------------------------------------------------------------------------------- clock


def _clock(
    desk: Desk, row: Authorization, clinic: Clinic, on: date, now: datetime, appeal_by: date | None
) -> Clock | None:
    """The payer's decision, the papers it waits for, or the appeal: whichever runs in this status."""
    pa = desk.book.authorizations[row.id]
    if row.status is _S.PENDED:
        due_on = reply_due_on(desk, pa)
        said = "as the payer set it" if row.reply_by else f"{clinic.info_reply_days} days from its letter"
        return _day_clock("Papers asked for", due_on, on, said)
    if row.status is _S.DENIED:
        return _day_clock("Appeal", appeal_by, on, "from the notice, or as it says")
    if row.status is not _S.SUBMITTED:
        return None
    due_at = decision_due_at(desk, pa)
    started_at, hours = decision_clock(desk, pa)
    if due_at is None:
        return Clock(
            "Payer's decision",
            "No clock",
            late=False,
            due_at=None,
            due_on=None,
            started_at=None,
            length="the instant at which the payer received it is not on file",
        )
    left = due_at - moment_in(clinic, now)
    line = desk.book.plans[pa.plan].line_of_business.label
    pace = "expedited" if row.expedited else "standard"
    return Clock(
        "Payer's decision",
        _hours(left),
        late=left < timedelta(),
        due_at=due_at,
        due_on=None,
        started_at=started_at,
        length=f"{hours} hours, {pace}, {line}",
    )


def _hours(left: timedelta) -> str:
    """`6 h 32 min left`, `2 days 3 h left`, `overdue by 5 h`."""
    minutes = int(abs(left).total_seconds()) // 60
    days, hours = divmod(minutes // 60, 24)
    if days:
        said = f"{days} {'day' if days == 1 else 'days'} {hours} h"
    else:
        said = f"{hours} h {minutes % 60} min"
    return f"overdue by {said}" if left < timedelta() else f"{said} left"


def _day_clock(title: str, due_on: date | None, on: date, length: str) -> Clock:
    if due_on is None:
        return Clock(title, "No deadline known", False, None, None, None, "no day is on file to count from")
    days = (due_on - on).days
    unit = "day" if abs(days) == 1 else "days"
    left = "due today" if not days else f"{days} {unit} left" if days > 0 else f"{-days} {unit} late"
    return Clock(title, left, days < 0, None, due_on, None, length)


# ------------------------------------------------------------------------------------ life, history


def _added(session: Db, row: Authorization) -> AuditEvent | None:
    """Who entered it first; None where an import or the demo did."""
    query = select(AuditEvent).where(
        AuditEvent.clinic_id == row.clinic_id,
        AuditEvent.row_key == row.id,
        AuditEvent.table_name == Authorization.__tablename__,
        AuditEvent.action == AuditAction.ADDED,
    )
    return session.scalars(query.order_by(AuditEvent.at)).first()


def _stages(
    row: Authorization,
    moves: Sequence[AuthorizationMove],
    added: AuditEvent | None,
    on: date,
    appeal_by: date | None,
) -> list[Stage]:
    """Draft, submitted, the decision, in force, the end; done and current ones with their day."""
    drafted = Stage("Draft", "here" if row.status is _S.DRAFT else "done", None, _by(added))
    asked = Stage("Submitted", _asked_state(row), row.requested_on, "expedited" if row.expedited else "")
    return [drafted, asked, *_decided(row, moves), *_outcome(row, on, appeal_by)]


def _by(added: AuditEvent | None) -> str:
    return added.actor if added else ""


def _asked_state(row: Authorization) -> str:
    if row.status is _S.DRAFT:
        return "todo"
    return "here" if row.status is _S.SUBMITTED else "done"


def _decided(row: Authorization, moves: Sequence[AuthorizationMove]) -> Iterator[Stage]:
    if row.status in {_S.DRAFT, _S.SUBMITTED}:
        yield Stage("Decision", "todo", None, "")
        return
    if row.status is _S.APPEALED:
        yield Stage("Denied", "done", row.decided_on, "")
    last = next((each for each in moves if each.to_status is row.status), None)
    told = row.status in GRANTED | {_S.DENIED, _S.PENDED}
    when = row.decided_on if told else last.on_date if last else None
    note = f"letter of {row.letter_on}" if row.letter_on and told else ""
    here = "done" if row.status in GRANTED and row.starts_on else "here"
    yield Stage(row.status.label.capitalize(), here, when or (last.on_date if last else None), note)


def _outcome(row: Authorization, on: date, appeal_by: date | None) -> Iterator[Stage]:
    if row.status is _S.DENIED:
        yield Stage("Appeal by", "todo", appeal_by, "" if appeal_by else "no deadline known")
        return
    if row.status in {_S.CANCELLED, _S.LAPSED_ON_PURPOSE}:
        return
    granted = row.status in GRANTED
    begun = granted and (row.starts_on is None or row.starts_on <= on)
    ended = granted and row.ends_on is not None and row.ends_on < on
    starts = row.starts_on if granted else row.requested_starts_on
    ends = row.ends_on if granted else row.requested_ends_on
    asked = "" if granted else "asked for"
    state = "done" if ended else "here" if begun else "todo"
    yield Stage("In force", state, starts, asked if starts else "no first day" if granted else "")
    note = asked or "last valid day" if ends else "no last day" if granted else ""
    yield Stage("Ended" if ended else "Ends", "here" if ended else "todo", ends, note)


def _history(session: Db, row: Authorization, moves: Sequence[AuthorizationMove]) -> list[Event]:
    """Moves with both statuses, and corrections with what they changed; the newest first."""
    told = {each.at for each in moves}
    query = select(AuditEvent).where(
        AuditEvent.clinic_id == row.clinic_id,
        AuditEvent.row_key == row.id,
        AuditEvent.table_name == Authorization.__tablename__,
    )
    corrections = [
        _correction(each)
        for each in session.scalars(query)
        if each.action is not AuditAction.CHANGED or each.at not in told
    ]
    return sorted([*map(_moved_event, moves), *corrections], key=lambda each: each.at, reverse=True)


def _moved_event(each: AuthorizationMove) -> Event:
    return Event(
        at=each.at,
        actor=each.actor,
        text=each.move.label,
        before=each.from_status.label,
        after=each.to_status.label,
        on=each.on_date,
        reason=each.reason,
    )


LABELS: Mapping[str, str] = {
    "starts_on": "approved from",
    "ends_on": "approved through",
    "requested_on": "asked on",
    "requested_starts_on": "asked from",
    "requested_ends_on": "asked through",
    "plan_id": "plan",
    "renews_id": "renews",
    "letter_on": "letter",
}


def _correction(each: AuditEvent) -> Event:
    if each.action is AuditAction.ADDED:
        return Event(each.at, each.actor, "entered it")
    if each.action is AuditAction.IMPORTED:
        return Event(each.at, each.actor, "imported it")
    new, old = each.new or {}, each.old or {}
    named = ", ".join(LABELS.get(name, name.replace("_", " ")) for name in new if name != "status")
    text = f"corrected {named}" if named else "corrected the status"
    return Event(each.at, each.actor, text, before=_word(old, new), after=_word(new, new))


def _word(values: Mapping[str, Any], changed: Mapping[str, Any]) -> str:
    return str(values.get("status") or "").replace("_", " ") if "status" in changed else ""
