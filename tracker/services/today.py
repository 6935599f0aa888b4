"""The morning's questions: who runs out uncovered, what is due, what starts, what comes, what happened."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select

from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.patient import Patient, PatientCheck
from tracker.models.user import User
from tracker.rules.what_to_do import RENEWALS
from tracker.rules.words import AlertCode
from tracker.services import packets
from tracker.services.causes import Cause, Wanted, causes_of_each
from tracker.services.clinic_day import day_in
from tracker.services.deadlines import Due, Part, due
from tracker.services.fill_marks import count_marks, marks_together
from tracker.services.kept_answer import FillResult
from tracker.services.next_acts import NextAct, first_request, next_act
from tracker.services.patients import WHO, Who, checked, who_columns
from tracker.services.since import Happened, happened
from tracker.services.unowned import unowned_count
from tracker.services.worklist import AlertLine

DAYS_AHEAD = 14
WEEKS_AHEAD = 12
# Causes that a renewal in time would end, or that keep one from being asked for.
ABOUT_RENEWAL = (
    *RENEWALS,
    AlertCode.PA_GAP,
    AlertCode.PA_MISSING,
    AlertCode.REFILL_AT_RISK,
    AlertCode.PA_DECISION_OVERDUE,
    AlertCode.PA_PENDED_INFO_NEEDED,
)


@dataclass(frozen=True, slots=True)
class Census:
    """What the clinic holds; `not_current` patients' last check failed or is asked for again."""

    patients: int
    future_fills: int
    not_current: int


@dataclass(frozen=True, slots=True)
class RunOut:
    """A patient whose next refusal is near, with the alert that says why and the act that it asks for.

    Both are None where no alert is kept. A snoozed or settled one is shown: the fill is refused all the same.
    """

    who: Who
    earliest_denial_on: date
    run_out_on: date | None
    owner: str | None
    alert: AlertLine | None
    act: NextAct | None


@dataclass(frozen=True, slots=True)
class RenewalToStart:
    """`act`: the next one on the authorization that ends, if an alert names it; `packet`: of its request."""

    who: Who
    start_by: date
    owner: str | None
    act: NextAct | None
    packet: packets.Count | None = None


@dataclass(frozen=True, slots=True)
class FillDay:
    on: date
    covered: int
    refused: int
    verify: int

    @property
    def total(self) -> int:
        return self.covered + self.refused + self.verify


@dataclass(frozen=True, slots=True)
class Today:
    """The page's blocks; each list holds its first rows and its length."""

    on: date
    census: Census
    run_outs: Part[RunOut]
    due: Due
    to_start: Part[RenewalToStart]
    fill_days: Sequence[FillDay]
    happened: Sequence[Happened]
    renewal_weeks: Sequence[tuple[date, int]]
    unowned: int = 0


def today(
    session: Db,
    clinic: Clinic,
    *,
    now: datetime,
    since: datetime,
    most: int,
    few: int,
    me: str | None = None,
) -> Today:
    """Everything on the page: at most `most` run-outs and `few` rows of the other lists.

    `since` is the instant at which yesterday began; `me`, whose own acts are no news. The number of queries
    does not grow with the clinic.
    """
    on = day_in(clinic, now)
    near, starting = _near_rows(session, clinic.id, on, most), _start_rows(session, clinic.id, on, few)
    denials, renewals = causes_of_each(session, clinic.id, [_about_denials(near), _about_renewals(starting)])
    return Today(
        on=on,
        census=census(session, clinic_id=clinic.id),
        run_outs=_run_outs(session, clinic.id, on, near, denials),
        due=due(session, clinic, now=now, few=few),
        to_start=_to_start(session, clinic.id, on, starting, renewals),
        fill_days=fill_days(session, clinic_id=clinic.id, on=on),
        happened=happened(session, clinic_id=clinic.id, since=since, me=me),
        renewal_weeks=renewal_weeks(session, clinic_id=clinic.id, on=on),
        unowned=unowned_count(session, clinic_id=clinic.id, zone=clinic.time_zone, today=on),
    )


def census(session: Db, *, clinic_id: str) -> Census:
    """Patients, their fills to come, and those whose answer is not current."""
    stale = PatientCheck.due | PatientCheck.error.is_not(None)
    row = session.execute(
        select(
            func.count(Patient.id),
            func.coalesce(func.sum(PatientCheck.future_fill_count), 0),
            func.count(PatientCheck.patient_id).filter(stale),
        )
        .outerjoin(PatientCheck, checked())
        .where(Patient.clinic_id == clinic_id, Patient.active)
    ).one()
    return Census(*(int(n) for n in row))


def run_outs(session: Db, *, clinic_id: str, on: date, most: int) -> Part[RunOut]:
    """Patients whose earliest denial is at most 14 days ahead, least drug left first."""
    rows = _near_rows(session, clinic_id, on, most)
    (causes,) = causes_of_each(session, clinic_id, [_about_denials(rows)])
    return _run_outs(session, clinic_id, on, rows, causes)


def to_start(session: Db, *, clinic_id: str, on: date, few: int) -> Part[RenewalToStart]:
    """Renewals whose start day is today or past, latest first."""
    rows = _start_rows(session, clinic_id, on, few)
    (causes,) = causes_of_each(session, clinic_id, [_about_renewals(rows)])
    return _to_start(session, clinic_id, on, rows, causes)


def _about_denials(rows: Iterable[tuple[Any, ...]]) -> Wanted:
    return Wanted({row[0]: (row[-1] or {}).get("codes", ()) for row in rows})


def _about_renewals(rows: Iterable[tuple[Any, ...]]) -> Wanted:
    return Wanted(dict.fromkeys((row[0] for row in rows), ABOUT_RENEWAL), only=True)


def _near_rows(session: Db, clinic_id: str, on: date, most: int) -> list[tuple[Any, ...]]:
    query = _with_owner(
        clinic_id,
        PatientCheck.earliest_denial_on,
        PatientCheck.run_out_on,
        User.name,
    ).where(_near(on))
    left = func.coalesce(PatientCheck.run_out_on, PatientCheck.earliest_denial_on)
    order = left, PatientCheck.earliest_denial_on, Patient.name_key, Patient.id
    rows = [tuple(row) for row in session.execute(query.order_by(*order).limit(most))]
    denials = _denials(session, clinic_id, [row[0] for row in rows])
    return [(*row, denials.get(row[0])) for row in rows]


def _denials(session: Db, clinic_id: str, patient_ids: Collection[str]) -> dict[str, Any]:
    """The earliest denial of each, from the long answers of those who are shown and of nobody else."""
    query = select(PatientCheck.patient_id, PatientCheck.answer["earliest_denial"]).where(
        PatientCheck.clinic_id == clinic_id, PatientCheck.patient_id.in_(patient_ids)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _near(on: date) -> ColumnElement[bool]:
    return PatientCheck.earliest_denial_on <= on + timedelta(days=DAYS_AHEAD)


def _run_outs(
    session: Db, clinic_id: str, on: date, rows: Sequence[tuple[Any, ...]], causes: Mapping[str, Cause]
) -> Part[RunOut]:
    return Part([_run_out(row, causes.get(row[0])) for row in rows], _count(session, clinic_id, _near(on)))


def _start_rows(session: Db, clinic_id: str, on: date, few: int) -> list[tuple[Any, ...]]:
    query = (
        _with_owner(clinic_id, PatientCheck.start_renewal_by, User.name)
        .where(PatientCheck.start_renewal_by <= on)
        .order_by(PatientCheck.start_renewal_by, Patient.name_key, Patient.id)
        .limit(few)
    )
    return [tuple(row) for row in session.execute(query)]


def _to_start(
    session: Db, clinic_id: str, on: date, rows: Sequence[tuple[Any, ...]], causes: Mapping[str, Cause]
) -> Part[RenewalToStart]:
    acts = {row[0]: _act(causes.get(row[0])) for row in rows}
    about = {act.authorization_id: key for key, act in acts.items() if act and act.authorization_id}
    firsts = [
        first
        for cause in causes.values()
        if (first := first_request(next_act(cause.matter), cause.matter, cause.line.harm_on))
    ]
    packs = packets.counts(session, clinic_id=clinic_id, wanted=about, firsts=firsts, on=on)
    found = [
        RenewalToStart(
            Who(*row[:WHO]),
            start_by=row[WHO],
            owner=row[WHO + 1],
            act=(act := acts[row[0]]),
            packet=packs.get(act.authorization_id or act.alert_id) if act else None,
        )
        for row in rows
    ]
    return Part(found, _count(session, clinic_id, PatientCheck.start_renewal_by <= on))


def fill_days(session: Db, *, clinic_id: str, on: date) -> list[FillDay]:
    """The fills of the next 14 days by day and result, from the kept marks."""
    days = [on + timedelta(days=n) for n in range(DAYS_AHEAD)]
    query = (
        select(marks_together(days[-1]))
        .join(Patient, checked())
        .where(PatientCheck.clinic_id == clinic_id, Patient.active, PatientCheck.next_fill_on <= days[-1])
    )
    counts = count_marks(session.execute(query).scalar(), days)
    return [
        FillDay(
            day,
            covered=found[FillResult.COVERED],
            refused=found[FillResult.REFUSED],
            verify=found[FillResult.VERIFY],
        )
        for day, found in zip(days, counts, strict=True)
    ]


def renewal_weeks(session: Db, *, clinic_id: str, on: date) -> list[tuple[date, int]]:
    """How many renewals must start in each of the next 12 weeks; those overdue count for this one."""
    monday = on - timedelta(days=on.weekday())
    end = monday + timedelta(weeks=WEEKS_AHEAD)
    query = (
        select(PatientCheck.start_renewal_by, func.count())
        .join(Patient, checked())
        .where(Patient.clinic_id == clinic_id, Patient.active, PatientCheck.start_renewal_by < end)
        .group_by(PatientCheck.start_renewal_by)
    )
    weeks: Counter[int] = Counter()
    for start, count in session.execute(query):
        weeks[max(0, ((start or monday) - monday).days // 7)] += count
    return [(monday + timedelta(weeks=n), weeks[n]) for n in range(WEEKS_AHEAD)]


def _with_owner(clinic_id: str, *columns: Any) -> Select[Any]:
    """Active patients with these columns of their check."""
    return (
        select(*who_columns(), *columns)
        .join(PatientCheck, checked())
        .outerjoin(User, and_(User.clinic_id == Patient.clinic_id, User.id == Patient.owner_id))
        .where(Patient.clinic_id == clinic_id, Patient.active)
    )


def _count(session: Db, clinic_id: str, condition: Any) -> int:
    query = (
        select(func.count())
        .select_from(Patient)
        .join(PatientCheck, checked())
        .where(Patient.clinic_id == clinic_id, Patient.active, condition)
    )
    return session.execute(query).scalar_one()


def _act(cause: Cause | None) -> NextAct | None:
    return next_act(cause.matter) if cause else None


def _run_out(row: tuple[Any, ...], cause: Cause | None) -> RunOut:
    """Owned as its alert is, else as the patient is."""
    denial_on, run_out, owner, _ = row[WHO:]
    line = cause.line if cause else None
    return RunOut(Who(*row[:WHO]), denial_on, run_out, line.owner if line else owner, line, _act(cause))
