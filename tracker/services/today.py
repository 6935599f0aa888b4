"""The morning's questions: who runs out uncovered, what is due, what starts, what comes, what happened."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, select

from tracker.models.alert import Alert, AlertState
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.patient import Patient, PatientCheck
from tracker.models.user import User
from tracker.rules.what_to_do import RENEWALS
from tracker.rules.words import AlertCode
from tracker.services import packets
from tracker.services.clinic_day import day_in
from tracker.services.deadlines import Due, Part, due
from tracker.services.fill_marks import count_marks, marks_together
from tracker.services.kept_answer import FillResult
from tracker.services.next_acts import Matter, NextAct, matters, next_act
from tracker.services.patients import Who, checked, who_columns
from tracker.services.since import Happened, happened
from tracker.services.unowned import unowned_count
from tracker.services.worklist import AlertLine, lines_of

DAYS_AHEAD = 14
WEEKS_AHEAD = 12
WHO = 5
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
    return Today(
        on=on,
        census=census(session, clinic_id=clinic.id),
        run_outs=run_outs(session, clinic_id=clinic.id, on=on, most=most),
        due=due(session, clinic, now=now, few=few),
        to_start=to_start(session, clinic_id=clinic.id, on=on, few=few),
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
    near = PatientCheck.earliest_denial_on <= on + timedelta(days=DAYS_AHEAD)
    query = _with_owner(
        clinic_id,
        PatientCheck.earliest_denial_on,
        PatientCheck.run_out_on,
        User.name,
        PatientCheck.answer["earliest_denial"],
    ).where(near)
    left = func.coalesce(PatientCheck.run_out_on, PatientCheck.earliest_denial_on)
    order = left, PatientCheck.earliest_denial_on, Patient.name_key, Patient.id
    rows = [tuple(row) for row in session.execute(query.order_by(*order).limit(most))]
    wanted = {row[0]: (row[-1] or {}).get("codes", ()) for row in rows}
    causes = causes_of(session, clinic_id, wanted)
    found = [_run_out(row, causes.get(row[0])) for row in rows]
    return Part(found, _count(session, clinic_id, near))


def to_start(session: Db, *, clinic_id: str, on: date, few: int) -> Part[RenewalToStart]:
    """Renewals whose start day is today or past, latest first."""
    past = PatientCheck.start_renewal_by <= on
    query = (
        _with_owner(clinic_id, PatientCheck.start_renewal_by, User.name)
        .where(past)
        .order_by(PatientCheck.start_renewal_by, Patient.name_key, Patient.id)
        .limit(few)
    )
    rows = [tuple(row) for row in session.execute(query)]
    causes = causes_of(session, clinic_id, dict.fromkeys((row[0] for row in rows), ABOUT_RENEWAL), only=True)
    acts = {row[0]: _act(causes.get(row[0])) for row in rows}
    about = {act.authorization_id: key for key, act in acts.items() if act and act.authorization_id}
    packs = packets.counts(session, clinic_id=clinic_id, wanted=about, on=on)
    found = [
        RenewalToStart(
            Who(*row[:WHO]),
            start_by=row[WHO],
            owner=row[WHO + 1],
            act=(act := acts[row[0]]),
            packet=packs.get(act.authorization_id or "") if act else None,
        )
        for row in rows
    ]
    return Part(found, _count(session, clinic_id, past))


def fill_days(session: Db, *, clinic_id: str, on: date) -> list[FillDay]:
    """The fills of the next 14 days by day and result, from the kept marks."""
    days = [on + timedelta(days=n) for n in range(DAYS_AHEAD)]
    query = (
        select(marks_together())
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


@dataclass(frozen=True, slots=True)
class Cause:
    line: AlertLine
    matter: Matter


def causes_of(
    session: Db, clinic_id: str, wanted: Mapping[str, Collection[str]], *, only: bool = False
) -> dict[str, Cause]:
    """By patient the worst alert of the wanted codes, else (unless `only`) the worst of all."""
    query = (
        select(Alert.id, Alert.patient_id, Alert.code)
        .where(
            Alert.clinic_id == clinic_id,
            Alert.patient_id.in_(wanted),
            Alert.state != AlertState.CLOSED,
        )
        .order_by(Alert.severity_rank, Alert.harm_on.is_(None), Alert.harm_on, Alert.id)
    )
    about: dict[str, str] = {}
    others: dict[str, str] = {}
    for alert_id, patient_id, code in session.execute(query):
        (about if code in wanted[patient_id] else others).setdefault(patient_id, alert_id)
    chosen = about if only else others | about
    matter = matters(session, clinic_id=clinic_id, alert_ids=list(chosen.values()))
    lines = lines_of(session, clinic_id, list(chosen.values()))
    return {line.who.id: Cause(line, matter[line.id]) for line in lines}


def _act(cause: Cause | None) -> NextAct | None:
    return next_act(cause.matter) if cause else None


def _run_out(row: tuple[Any, ...], cause: Cause | None) -> RunOut:
    """Owned as its alert is, else as the patient is."""
    denial_on, run_out, owner, _ = row[WHO:]
    line = cause.line if cause else None
    return RunOut(Who(*row[:WHO]), denial_on, run_out, line.owner if line else owner, line, _act(cause))
