"""What ends around the turn of a year, with a day proposed for each patient on which to begin its renewal.

At new year plans change and authorizations end together. Begun one by one on their last safe days, they all
fall into the same few weeks; `rules/levelling` spreads them over the months before.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased, joinedload

from tracker.models.authorization import Authorization
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.patient import Coverage, Patient, PatientCheck
from tracker.models.payer import Payer, Plan
from tracker.models.user import User
from tracker.rules.authorization import GRANTED, IN_PROGRESS
from tracker.rules.levelling import Item, Levelled, level, monday_of
from tracker.rules.lifecycle import answer_days
from tracker.rules.words import AuthorizationKind, AuthorizationStatus
from tracker.services.calendar import UNOWNED
from tracker.services.loading import plan_alone
from tracker.services.patients import WHO, Who, checked, who_columns

PAGE = 50


@dataclass(frozen=True, slots=True)
class End:
    """One thing that ends. `kind` None: it is a coverage, and `next_plan` follows it (None: none on file)."""

    on: date
    plan: str
    kind: AuthorizationKind | None = None
    authorization_id: str | None = None
    number: str | None = None
    drafted: bool = False
    next_plan: str | None = None


@dataclass(frozen=True, slots=True)
class WaveRow:
    """A patient with all that ends. `latest_on`: the last safe day to begin."""

    who: Who
    owner: str | None
    ends: Sequence[End]
    start_on: date
    latest_on: date


@dataclass(frozen=True, slots=True)
class Wave:
    """The wave of a year. `asked`: how many authorizations of it are asked for or granted again already.

    `rows`: one page of the `listed`; `last`: the id to go on from, `first`: to go back from; empty at the
    ends.
    """

    year: int
    first_on: date
    ends: tuple[date, date]
    authorizations: int
    coverages: int
    asked: int
    levelled: Levelled
    rows: Sequence[WaveRow]
    listed: int = 0
    before: int = 0
    first: str = ""
    last: str = ""

    @property
    def patients(self) -> int:
        return len(self.levelled.starts)


Check = tuple[date | None, date | None]  # its start of the renewal, its first denial


@dataclass(frozen=True, slots=True)
class _Found:
    ends: Mapping[str, Sequence[End]]
    plans: Mapping[str, str]  # by the patient: the plan whose answer is waited for
    owners: Mapping[str, str | None]
    asked: int


def year_of(today: date) -> int:
    """The year of the next turn; the last one's through January."""
    return today.year if today.month == 1 else today.year + 1


def is_season(today: date) -> bool:
    """From October, when plans for the next year are chosen, through January."""
    return today.month in (10, 11, 12, 1)


def wave(
    session: Db,
    clinic: Clinic,
    *,
    today: date,
    owners: Collection[str] | None = None,
    after: str = "",
    back: bool = False,
) -> Wave:
    """The wave, its starts levelled, and one page of it. Six queries, however many patients there are.

    `owners`: users' ids, `calendar.UNOWNED` among them, whose patients are listed; None for everyone's. The
    starts are levelled for the whole clinic.
    """
    year = year_of(today)
    window = max(today, date(year - 1, 12, 1)), date(year, 1, 31)
    first_on = max(today, date(year - 1, 10, 1))
    found = _ending(session, clinic.id, window)
    checks = _checks(session, clinic.id)
    days = _decision_days(session, clinic.id)
    items = []
    for patient_id, ends in found.ends.items():
        lead = clinic.shipping_days + clinic.preparation_days + days.get(found.plans[patient_id], 0)
        latest_on = _latest(ends[0].on, checks.get(patient_id), lead)
        items.append(Item(patient_id, min(latest_on, window[1])))
    others = _others(checks, found.ends, first_on, overdue=first_on == today)
    levelled = level(items, others, first=first_on)
    latest = {each.key: each.latest_on for each in items}
    mine = [key for key in levelled.starts if owners is None or (found.owners[key] or UNOWNED) in owners]
    queue = sorted(mine, key=lambda key: (levelled.starts[key], latest[key], key))
    start = _start(queue, after, back=back)
    shown = queue[start : start + PAGE]
    people = _people(session, clinic.id, shown)
    ends = [end for each in found.ends.values() for end in each]
    return Wave(
        year=year,
        first_on=first_on,
        ends=window,
        authorizations=sum(1 for end in ends if end.kind),
        coverages=sum(1 for end in ends if not end.kind),
        asked=found.asked,
        levelled=levelled,
        rows=[
            WaveRow(*people[key], found.ends[key], levelled.starts[key], latest[key])
            for key in shown
            if key in people
        ],
        listed=len(queue),
        before=start,
        first=shown[0] if shown and start else "",
        last=shown[-1] if shown and start + PAGE < len(queue) else "",
    )


def _start(queue: Sequence[str], after: str, *, back: bool) -> int:
    """Where a page begins: right after this patient, or a page before; at the first for a stranger."""
    if after not in queue:
        return 0
    place = queue.index(after)
    return max(0, place - PAGE) if back else place + 1


def _latest(first_end: date, check: Check | None, lead: int) -> date:
    """The start that the last check found, if its denial comes after the end; else counted back from it."""
    start_by, denial_on = check or (None, None)
    if start_by is not None and denial_on is not None and denial_on > first_end:
        return start_by
    return first_end + timedelta(days=1 - lead)


def _ending(session: Db, clinic_id: str, window: tuple[date, date]) -> _Found:
    ends: dict[str, list[End]] = {}
    plans: dict[str, str] = {}
    owners: dict[str, str | None] = {}
    asked = 0
    for row in session.execute(_authorizations(clinic_id, window)):
        patient_id, owner_id, on, plan_id, payer, plan, kind, row_id, number, follower = row
        if follower is not None and follower is not AuthorizationStatus.DRAFT:
            asked += 1
            continue
        end = End(on, f"{payer} {plan}", kind, row_id, number, drafted=follower is not None)
        ends.setdefault(patient_id, []).append(end)
        plans.setdefault(patient_id, plan_id)
        owners[patient_id] = owner_id
    follows = _following(session, clinic_id, window[0])
    for row in session.execute(_coverages(clinic_id, window)):
        patient_id, owner_id, on, plan_id, payer, plan = row
        following = [(other, name) for starts, other, name in follows.get(patient_id, ()) if starts > on]
        if following and following[0][0] == plan_id:
            continue  # the same plan goes on
        name = following[0][1] if following else None
        ends.setdefault(patient_id, []).append(End(on, f"{payer} {plan}", next_plan=name))
        plans.setdefault(patient_id, following[0][0] if following else plan_id)
        owners[patient_id] = owner_id
    for each in ends.values():
        each.sort(key=lambda end: (end.on, end.kind is None, end.plan))
    return _Found(ends, plans, owners, asked)


def _authorizations(clinic_id: str, window: tuple[date, date]) -> Any:
    """Granted ones that end, each with the status of what follows it; a draft only if nothing else does."""
    later = aliased(Authorization)
    follower = (
        select(later.status)
        .where(
            later.clinic_id == Authorization.clinic_id,
            later.patient_id == Authorization.patient_id,
            later.id != Authorization.id,
            later.kind == Authorization.kind,
            later.status.in_([AuthorizationStatus.DRAFT, *IN_PROGRESS, *GRANTED]),
            or_(
                later.renews_id == Authorization.id,
                and_(later.plan_id == Authorization.plan_id, later.ends_on > Authorization.ends_on),
                and_(later.plan_id == Authorization.plan_id, later.requested_ends_on > Authorization.ends_on),
            ),
        )
        .order_by(later.status == AuthorizationStatus.DRAFT)
        .limit(1)
        .correlate(Authorization)
        .scalar_subquery()
    )
    return (
        select(
            Authorization.patient_id,
            Patient.owner_id,
            Authorization.ends_on,
            Authorization.plan_id,
            Payer.name,
            Plan.name,
            Authorization.kind,
            Authorization.id,
            Authorization.number,
            follower,
        )
        .join(Patient, and_(Patient.clinic_id == clinic_id, Patient.id == Authorization.patient_id))
        .join(Plan, and_(Plan.clinic_id == clinic_id, Plan.id == Authorization.plan_id))
        .join(Payer, and_(Payer.clinic_id == clinic_id, Payer.id == Plan.payer_id))
        .where(
            Authorization.clinic_id == clinic_id,
            Authorization.ends_on.between(*window),
            Authorization.status.in_(GRANTED),
            Patient.active,
        )
    )


def _coverages(clinic_id: str, window: tuple[date, date]) -> Any:
    return (
        select(
            Coverage.patient_id,
            Patient.owner_id,
            Coverage.ends_on,
            Coverage.plan_id,
            Payer.name,
            Plan.name,
        )
        .join(Patient, and_(Patient.clinic_id == clinic_id, Patient.id == Coverage.patient_id))
        .join(Plan, and_(Plan.clinic_id == clinic_id, Plan.id == Coverage.plan_id))
        .join(Payer, and_(Payer.clinic_id == clinic_id, Payer.id == Plan.payer_id))
        .where(Coverage.clinic_id == clinic_id, Coverage.ends_on.between(*window), Patient.active)
    )


def _following(session: Db, clinic_id: str, since: date) -> dict[str, list[tuple[date, str, str]]]:
    """The coverages that start after a day: (start, plan's id, plan's name), the first of a patient first."""
    query = (
        select(Coverage.patient_id, Coverage.starts_on, Coverage.plan_id, Payer.name, Plan.name)
        .join(Plan, and_(Plan.clinic_id == clinic_id, Plan.id == Coverage.plan_id))
        .join(Payer, and_(Payer.clinic_id == clinic_id, Payer.id == Plan.payer_id))
        .where(Coverage.clinic_id == clinic_id, Coverage.starts_on > since)
        .order_by(Coverage.starts_on, Coverage.rank, Coverage.id)
    )
    found: dict[str, list[tuple[date, str, str]]] = {}
    for patient_id, starts_on, plan_id, payer, plan in session.execute(query):
        found.setdefault(patient_id, []).append((starts_on, plan_id, f"{payer} {plan}"))
    return found


def _checks(session: Db, clinic_id: str) -> dict[str, Check]:
    """When the last check of each patient would begin, and against which denial."""
    query = (
        select(PatientCheck.patient_id, PatientCheck.start_renewal_by, PatientCheck.earliest_denial_on)
        .join(Patient, checked())
        .where(Patient.clinic_id == clinic_id, Patient.active, PatientCheck.start_renewal_by.is_not(None))
    )
    return {row[0]: (row[1], row[2]) for row in session.execute(query)}


def _decision_days(session: Db, clinic_id: str) -> dict[str, int]:
    """How long each plan takes to answer: as long as it did, else its standard clock (rulebook 7.4)."""
    query = select(Plan).where(Plan.clinic_id == clinic_id).options(joinedload(Plan.payer))
    return {plan.id: answer_days(plan_alone(plan)) for plan in session.execute(query).scalars()}


def _others(
    checks: Mapping[str, Check], wave_ids: Iterable[str], first_on: date, *, overdue: bool
) -> Counter[date]:
    """What else begins in each week. What is overdue counts for the first; before October it is still to be
    done by then.
    """
    left_out = set(wave_ids)
    starts = [start for patient_id, (start, _) in checks.items() if start and patient_id not in left_out]
    return Counter(monday_of(max(start, first_on)) for start in starts if overdue or start >= first_on)


def _people(session: Db, clinic_id: str, patient_ids: Sequence[str]) -> dict[str, tuple[Who, str | None]]:
    query = (
        select(*who_columns(), User.name)
        .outerjoin(User, and_(User.clinic_id == Patient.clinic_id, User.id == Patient.owner_id))
        .where(Patient.clinic_id == clinic_id, Patient.id.in_(patient_ids))
    )
    return {row[0]: (Who(*row[:WHO]), row[WHO]) for row in map(tuple, session.execute(query))}
