"""The morning's questions: who runs out uncovered, what is due, what starts, what comes, what happened."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, select

from tracker.models.alert import AlertEvent, AlertEventKind
from tracker.models.base import Db
from tracker.models.patient import Patient, PatientCheck
from tracker.models.user import User
from tracker.rules.words import AlertCode
from tracker.services.kept_answer import FillResult, read_fills
from tracker.services.patients import Who, who_columns
from tracker.services.worklist import AlertLine, open_alerts, read_lines

DAYS_AHEAD = 14
WEEKS_AHEAD = 12
NAMED = 3
ANSWERS = (AlertCode.PA_PENDED_INFO_NEEDED, AlertCode.APPEAL_DEADLINE)
CHASED = (AlertCode.PA_DECISION_OVERDUE, AlertCode.REFILL_AT_RISK)
WHO = 5


@dataclass(frozen=True, slots=True)
class Census:
    """What the clinic holds; `not_current` patients' last check failed or is asked for again."""

    patients: int
    future_fills: int
    not_current: int


@dataclass(frozen=True, slots=True)
class RunOut:
    """A patient whose next refusal is near, with the alert that says why (None: none is open)."""

    who: Who
    earliest_denial_on: date
    run_out_on: date | None
    owner: str | None
    alert: AlertLine | None


@dataclass(frozen=True, slots=True)
class RenewalToStart:
    who: Who
    start_by: date
    earliest_denial_on: date | None
    owner: str | None


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
class Happened:
    """Events of one kind since yesterday: how many, the last one's time and a few names."""

    kind: AlertEventKind
    count: int
    at: datetime
    names: Sequence[Who]


@dataclass(frozen=True, slots=True)
class Today:
    """Each list is whole; the page decides how much of it to show."""

    on: date
    census: Census
    run_outs: Sequence[RunOut]
    answers: Sequence[AlertLine]
    chased: Sequence[AlertLine]
    to_start: Sequence[RenewalToStart]
    fill_days: Sequence[FillDay]
    happened: Sequence[Happened]
    renewal_weeks: Sequence[tuple[date, int]]


def today(session: Db, *, clinic_id: str, on: date, since: datetime) -> Today:
    """Everything on the page. `since` is the instant at which yesterday began. Nine queries, however many."""
    due = _alerts_of_codes(session, clinic_id, (*ANSWERS, *CHASED))
    return Today(
        on=on,
        census=census(session, clinic_id=clinic_id),
        run_outs=run_outs(session, clinic_id=clinic_id, on=on),
        answers=[line for line in due if line.code in ANSWERS],
        chased=[line for line in due if line.code in CHASED],
        to_start=to_start(session, clinic_id=clinic_id, on=on),
        fill_days=fill_days(session, clinic_id=clinic_id, on=on),
        happened=happened(session, clinic_id=clinic_id, since=since),
        renewal_weeks=renewal_weeks(session, clinic_id=clinic_id, on=on),
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
        .outerjoin(PatientCheck, _checks())
        .where(Patient.clinic_id == clinic_id, Patient.active)
    ).one()
    return Census(*(int(n) for n in row))


def run_outs(session: Db, *, clinic_id: str, on: date) -> list[RunOut]:
    """Patients whose earliest denial is at most 14 days ahead, least time left first."""
    last = on + timedelta(days=DAYS_AHEAD)
    query = (
        select(
            *who_columns(),
            PatientCheck.earliest_denial_on,
            PatientCheck.run_out_on,
            User.name,
            PatientCheck.answer["earliest_denial"],
        )
        .join(PatientCheck, _checks())
        .outerjoin(User, _owner())
        .where(Patient.clinic_id == clinic_id, Patient.active, PatientCheck.earliest_denial_on <= last)
        .order_by(PatientCheck.earliest_denial_on, PatientCheck.run_out_on, Patient.name_key, Patient.id)
    )
    rows = session.execute(query).all()
    alerts = _alerts_by_patient(session, clinic_id, [row[0] for row in rows])
    return [_run_out(tuple(row), alerts.get(row[0], [])) for row in rows]


def to_start(session: Db, *, clinic_id: str, on: date) -> list[RenewalToStart]:
    """Renewals whose start day is today or past, latest first."""
    query = (
        select(*who_columns(), PatientCheck.start_renewal_by, PatientCheck.earliest_denial_on, User.name)
        .join(PatientCheck, _checks())
        .outerjoin(User, _owner())
        .where(Patient.clinic_id == clinic_id, Patient.active, PatientCheck.start_renewal_by <= on)
        .order_by(PatientCheck.start_renewal_by, Patient.name_key, Patient.id)
    )
    return [RenewalToStart(Who(*row[:WHO]), *row[WHO:]) for row in map(tuple, session.execute(query))]


def fill_days(session: Db, *, clinic_id: str, on: date) -> list[FillDay]:
    """The fills of the next 14 days by day and result, from the kept answers."""
    days = [on + timedelta(days=n) for n in range(DAYS_AHEAD)]
    query = (
        select(PatientCheck.answer["fills"])
        .join(Patient, _checks())
        .where(
            PatientCheck.clinic_id == clinic_id,
            Patient.active,
            PatientCheck.next_fill_on <= days[-1],
            PatientCheck.answer.is_not(None),
        )
    )
    counts = Counter(
        (fill.on, fill.result)
        for rows in session.execute(query).scalars()
        for fill in read_fills([row for row in rows or () if row["on"] <= days[-1].isoformat()])
    )
    return [
        FillDay(
            day,
            covered=counts[day, FillResult.COVERED],
            refused=counts[day, FillResult.REFUSED],
            verify=counts[day, FillResult.VERIFY],
        )
        for day in days
    ]


def happened(session: Db, *, clinic_id: str, since: datetime) -> list[Happened]:
    """What opened, changed and closed since an instant: a line for each kind."""
    mine = and_(AlertEvent.clinic_id == clinic_id, AlertEvent.at >= since)
    counts = session.execute(
        select(AlertEvent.kind, func.count(), func.max(AlertEvent.at)).where(mine).group_by(AlertEvent.kind)
    ).all()
    place = func.row_number().over(
        partition_by=AlertEvent.kind, order_by=(AlertEvent.at.desc(), AlertEvent.id)
    )
    recent = select(AlertEvent.kind, AlertEvent.patient_id, place.label("place")).where(mine).subquery()
    named = session.execute(
        select(recent.c.kind, *who_columns())
        .join(Patient, and_(Patient.clinic_id == clinic_id, Patient.id == recent.c.patient_id))
        .where(recent.c.place <= NAMED)
        .order_by(recent.c.place)
    ).all()
    return [
        Happened(kind, count, at, _different(Who(*row[1:]) for row in named if row[0] == kind))
        for kind, count, at in sorted(counts, key=lambda row: list(AlertEventKind).index(row[0]))
    ]


def renewal_weeks(session: Db, *, clinic_id: str, on: date) -> list[tuple[date, int]]:
    """How many renewals must start in each of the next 12 weeks; those overdue count for this one."""
    monday = on - timedelta(days=on.weekday())
    end = monday + timedelta(weeks=WEEKS_AHEAD)
    query = (
        select(PatientCheck.start_renewal_by, func.count())
        .join(Patient, _checks())
        .where(Patient.clinic_id == clinic_id, Patient.active, PatientCheck.start_renewal_by < end)
        .group_by(PatientCheck.start_renewal_by)
    )
    weeks: Counter[int] = Counter()
    for start, count in session.execute(query):
        weeks[max(0, ((start or monday) - monday).days // 7)] += count
    return [(monday + timedelta(weeks=n), weeks[n]) for n in range(WEEKS_AHEAD)]


def _alerts_of_codes(session: Db, clinic_id: str, codes: Iterable[AlertCode]) -> list[AlertLine]:
    query = open_alerts(clinic_id)
    lines = read_lines(session, query.where(query.selected_columns.code.in_([str(code) for code in codes])))
    return sorted(lines, key=lambda line: (line.due_on or date.max, line.who.name))


def _alerts_by_patient(session: Db, clinic_id: str, patient_ids: Sequence[str]) -> dict[str, list[AlertLine]]:
    """The open alerts of each patient in the worklist's order."""
    alerts: dict[str, list[AlertLine]] = {}
    for line in read_lines(session, open_alerts(clinic_id).where(Patient.id.in_(patient_ids))):
        alerts.setdefault(line.who.id, []).append(line)
    return alerts


def _run_out(row: tuple[Any, ...], alerts: Sequence[AlertLine]) -> RunOut:
    """With the worst alert about the denial itself, else the worst of all: "refill due" is no cause."""
    denial_on, run_out, owner, denial = row[WHO:]
    codes = denial["codes"] if denial else ()
    about = [line for line in alerts if line.code in codes]
    return RunOut(Who(*row[:WHO]), denial_on, run_out, owner, next(iter([*about, *alerts]), None))


def _different(names: Iterable[Who]) -> list[Who]:
    return list({who.id: who for who in names}.values())


def _checks() -> Any:
    return and_(PatientCheck.clinic_id == Patient.clinic_id, PatientCheck.patient_id == Patient.id)


def _owner() -> Any:
    return and_(User.clinic_id == Patient.clinic_id, User.id == Patient.owner_id)
