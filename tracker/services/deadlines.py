"""What is due from us, and what is overdue from a payer: today's answers, and whom to chase.

An instant counts to the minute: a decision due at 16:40 is awaited until then, and chased from then on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select

from tracker.models.alert import Alert, AlertState
from tracker.models.authorization import Authorization
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.rules.words import AlertCode
from tracker.services.clinic_day import day_in, moment_in
from tracker.services.patients import Who
from tracker.services.payer_desk import Desk, desk_of, desks_of
from tracker.services.promises import Promise, awaited
from tracker.services.worklist import AlertLine, lines_of

ANSWERS = AlertCode.PA_PENDED_INFO_NEEDED, AlertCode.APPEAL_DEADLINE
CHASED = AlertCode.PA_DECISION_OVERDUE, AlertCode.REFILL_AT_RISK
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Part(Generic[Row]):
    """The first rows of a list, and how many there are."""

    rows: Sequence[Row]
    total: int

    @property
    def more(self) -> int:
        return self.total - len(self.rows)


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something due. `at`: to the minute, where it is; `desk` None: no payer is named.

    One of `alert` and `promise` is given.
    """

    who: Who
    what: str
    on: date
    at: datetime | None
    desk: Desk | None
    alert: AlertLine | None = None
    promise: Promise | None = None
    authorization_id: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """`answers` by their instant, `chased` the latest answer first."""

    answers: Part[Deadline]
    chased: Part[Deadline]


@dataclass(frozen=True, slots=True)
class _Found:
    """A deadline before its alert is read whole."""

    alert_id: str
    code: str
    on: date
    at: datetime | None
    authorization_id: str | None
    promise: Promise | None = None


def due(session: Db, clinic: Clinic, *, now: datetime, few: int) -> Due:
    """The first `few` of each list. Five queries, however many there are."""
    on, moment = day_in(clinic, now), moment_in(clinic, now)
    found = [*_of_alerts(session, clinic.id), *_of_promises(session, clinic.id, on)]
    chased = _chased(found, on, moment)
    answers = sorted(
        (each for each in found if not _is_chased(each, on, moment)),
        key=lambda each: (each.at or _end_of(each.on, clinic), each.alert_id),
    )
    shown = _whole(session, clinic.id, [*answers[:few], *chased[:few]])
    cut = len(answers[:few])
    return Due(Part(shown[:cut], len(answers)), Part(shown[cut:], len(chased)))


def _of_alerts(session: Db, clinic_id: str) -> Iterable[_Found]:
    query = (
        select(
            Alert.id,
            Alert.code,
            Alert.due_on,
            Alert.facts["due_at"].as_string(),
            Authorization.id.label("authorization_id"),
        )
        .outerjoin(
            Authorization,
            and_(Authorization.clinic_id == Alert.clinic_id, Authorization.id == Alert.about_id),
        )
        .where(
            Alert.clinic_id == clinic_id,
            Alert.state == AlertState.OPEN,
            Alert.code.in_([code.value for code in (*ANSWERS, *CHASED)]),
            Alert.due_on.is_not(None),
        )
    )
    for alert_id, code, due_on, written, authorization_id in map(tuple, session.execute(query)):
        at = datetime.fromisoformat(written) if written else None
        yield _Found(alert_id, code, due_on, at, authorization_id)


def _of_promises(session: Db, clinic_id: str, on: date) -> Iterable[_Found]:
    for each in awaited(session, clinic_id=clinic_id, until=on):
        yield _Found("", "", each.promised_on, None, each.authorization_id, each)


def _is_chased(each: _Found, on: date, moment: datetime) -> bool:
    """A payer's answer that is late, or that a fill cannot wait for."""
    if each.promise is not None:
        return each.on < on
    if each.code not in CHASED:
        return False
    return each.code == AlertCode.REFILL_AT_RISK or each.at is None or each.at <= moment


def _chased(found: Iterable[_Found], on: date, moment: datetime) -> list[_Found]:
    """One line a request: the overdue decision before a broken promise before the fill that it endangers."""
    mine = sorted((each for each in found if _is_chased(each, on, moment)), key=_chase_order)
    by_request: dict[str, _Found] = {}
    for each in mine:
        by_request.setdefault(each.authorization_id or each.alert_id or str(id(each)), each)
    return list(by_request.values())


def _chase_order(each: _Found) -> tuple[int, date, str]:
    rank = 2 if each.code == AlertCode.REFILL_AT_RISK else 1 if each.promise else 0
    return rank, each.on, each.alert_id


def _end_of(day: date, clinic: Clinic) -> datetime:
    return datetime.combine(day, time.max, ZoneInfo(clinic.time_zone))


def _whole(session: Db, clinic_id: str, found: Sequence[_Found]) -> list[Deadline]:
    lines = {
        line.id: line for line in lines_of(session, clinic_id, [f.alert_id for f in found if f.alert_id])
    }
    wanted = [each.authorization_id for each in found if each.authorization_id]
    desks = desks_of(session, clinic_id=clinic_id, authorization_ids=wanted)
    return [_deadline(each, lines, desks) for each in found]


def _deadline(each: _Found, lines: dict[str, AlertLine], desks: dict[str, Desk]) -> Deadline:
    desk = desks.get(each.authorization_id or "")
    promise = each.promise
    common: dict[str, Any] = {"on": each.on, "at": each.at, "authorization_id": each.authorization_id}
    if promise is None:
        line = lines[each.alert_id]
        return Deadline(who=line.who, what=line.label, desk=desk, alert=line, **common)
    if desk is None and promise.payer:
        desk = desk_of(promise.payer, promise.number)
    return Deadline(who=promise.who, what="answer promised", desk=desk, promise=promise, **common)
