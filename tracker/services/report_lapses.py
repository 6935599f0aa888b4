"""Lapses: patients whose drug ran out while their fill was refused, and lapses that were prevented.

Both come from the alerts that are kept: each knows the day on which the drug on hand ends as the last check
saw it, and its history those of before: when it closed, and when drug came though the refusal went on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, exists, null, or_, select
from sqlalchemy.orm import aliased

from tracker.models.alert import SETTLED, Alert, AlertEvent, AlertEventKind, AlertState
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.patient import Patient
from tracker.rules.words import AlertCode
from tracker.services.patients import WHO, Who, who_columns
from tracker.services.report_period import Period

# Causes for which a fill is refused for want of a coverage or an authorization.
LAPSES = (
    AlertCode.PA_EXPIRED,
    AlertCode.PA_DENIED,
    AlertCode.PA_WRONG_PAYER,
    AlertCode.PA_UNITS_EXHAUSTED,
    AlertCode.PA_MISSING,
    AlertCode.NOT_COVERED,
    AlertCode.NO_COVERAGE,
    AlertCode.PA_EXPIRES_BEFORE_REFILL,
    AlertCode.PA_GAP,
    AlertCode.PA_NOT_YET_EFFECTIVE,
    AlertCode.PA_MISSING_FOR_CODE,
    AlertCode.PA_PRODUCT_MISMATCH,
    AlertCode.PA_UNITS_INSUFFICIENT,
    AlertCode.REFILL_AT_RISK,
    AlertCode.PA_EXPIRING,
    AlertCode.COVERAGE_ENDING,
)
CODES = [code.value for code in LAPSES]


@dataclass(frozen=True, slots=True)
class Lapse:
    """One patient's days without drug in the period, the first of them, and why. `goes_on`: not cured yet."""

    who: Who
    since: date
    days: int
    causes: Sequence[str]
    goes_on: bool


@dataclass(frozen=True, slots=True)
class Lapses:
    """`prevented`: refusals that ended while drug was left; `days_to_spare`: the median of its days."""

    rows: Sequence[Lapse]
    prevented: int
    days_to_spare: float | None

    @property
    def days(self) -> int:
        return sum(row.days for row in self.rows)


def lapses(session: Db, clinic: Clinic, period: Period, *, today: date) -> Lapses:
    """Three queries. An alert that was settled by hand is no lapse: somebody decided so."""
    spared = _days_to_spare(session, clinic, period)
    return Lapses(_ran_out(session, clinic, period, today), len(spared), median(spared) if spared else None)


def _ran_out(session: Db, clinic: Clinic, period: Period, today: date) -> list[Lapse]:
    since, until = period.instants(clinic.time_zone)
    last = min(period.last, today)
    going_on = _refusals(clinic, Alert.run_out_on, null()).where(
        Alert.state.not_in((*SETTLED, AlertState.CLOSED)), Alert.run_out_on <= last, Alert.opened_at < until
    )
    ended = _refusals(clinic, AlertEvent.run_out_on, AlertEvent.at).join(AlertEvent, _of_alert())
    ended = ended.where(
        AlertEvent.at >= since,
        AlertEvent.run_out_on <= last,
        or_(Alert.opened_at < until, Alert.times_opened > 1),
    )
    by_patient: dict[str, list[tuple[Any, ...]]] = {}
    for row in (*session.execute(ended), *session.execute(going_on)):
        by_patient.setdefault(row[0], []).append(tuple(row))
    zone, end = ZoneInfo(clinic.time_zone), last + timedelta(days=1)
    found = (_lapse(rows, period.first, end, zone) for rows in by_patient.values())
    return sorted((each for each in found if each.days), key=lambda each: (-each.days, each.since))


def _refusals(clinic: Clinic, run_out_on: Any, ended_at: Any) -> Select[Any]:
    """Whom fills are refused, why, since when there is no drug and until when."""
    return (
        select(*who_columns(), Alert.code, run_out_on, ended_at)
        .select_from(Alert)
        .join(Patient, and_(Patient.clinic_id == Alert.clinic_id, Patient.id == Alert.patient_id))
        .where(Alert.clinic_id == clinic.id, Alert.code.in_(CODES))
        .order_by(run_out_on, Alert.id)
    )


def _of_alert() -> ColumnElement[bool]:
    return and_(AlertEvent.clinic_id == Alert.clinic_id, AlertEvent.alert_id == Alert.id)


def _lapse(rows: Sequence[tuple[Any, ...]], first: date, end: date, zone: ZoneInfo) -> Lapse:
    """`end`: the day after the last that counts. The day on which the cause ended is no day without drug."""
    spans, causes, goes_on = [], [], False
    for code, run_out_on, ended_at in (row[WHO:] for row in rows):
        over = ended_at.astimezone(zone).date() if ended_at else end
        start, stop = max(run_out_on, first), min(over, end)
        if start < stop:
            spans.append((start, stop))
            causes.append(AlertCode(code).label)
            goes_on = goes_on or ended_at is None
    since = min((start for start, _ in spans), default=first)
    return Lapse(Who(*rows[0][:WHO]), since, _days_of(spans), list(dict.fromkeys(causes)), goes_on)


def _days_of(spans: Iterable[tuple[date, date]]) -> int:
    """How many days the spans hold, each once."""
    total, reached = 0, date.min
    for start, stop in sorted(spans):
        begin = max(start, reached)
        if begin < stop:
            total += (stop - begin).days
            reached = stop
    return total


def _days_to_spare(session: Db, clinic: Clinic, period: Period) -> list[int]:
    """Of each refusal that ended in the period while drug was left: how many days of it.

    One cause that only gave way to another, for the same fill or an earlier one, did not end.
    """
    since, until = period.instants(clinic.time_zone)
    other = aliased(Alert)
    goes_on = exists().where(
        other.clinic_id == Alert.clinic_id,
        other.patient_id == Alert.patient_id,
        other.id != Alert.id,
        other.code.in_(CODES),
        other.harm_on <= Alert.harm_on,
        other.opened_at <= AlertEvent.at,
        or_(other.closed_at.is_(None), other.closed_at > AlertEvent.at),
    )
    query = (
        select(AlertEvent.run_out_on, AlertEvent.at)
        .join(Alert, _of_alert())
        .where(
            AlertEvent.clinic_id == clinic.id,
            AlertEvent.kind == AlertEventKind.CLOSED,
            AlertEvent.at >= since,
            AlertEvent.at < until,
            AlertEvent.run_out_on.is_not(None),
            Alert.code.in_(CODES),
            ~goes_on,
        )
    )
    zone = ZoneInfo(clinic.time_zone)
    left = [(row.run_out_on - row.at.astimezone(zone).date()).days for row in session.execute(query)]
    return [days for days in left if days > 0]
