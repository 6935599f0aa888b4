"""Finding patients: the list by name, and the search that leaves no name in an address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from tracker.models.alert import Alert, AlertState
from tracker.models.authorization import Authorization
from tracker.models.base import Db
from tracker.models.patient import Coverage, Patient, PatientCheck
from tracker.models.user import User
from tracker.rules.words import Severity
from tracker.services.names import fold

PAGE = 50
FOUND_AT_MOST = 50
SEVERITIES = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Who:
    """What names a patient on every page; the id alone goes into an address."""

    id: str
    family: str
    given: str
    birth_date: date | None
    mrn: str

    @property
    def name(self) -> str:
        return f"{self.family}, {self.given}"

    @property
    def short(self) -> str:
        """Family name and initial, for the small panels."""
        return f"{self.family}, {self.given[:1]}."


@dataclass(frozen=True, slots=True)
class PatientLine:
    """`current` is false while the last check failed or a new one is asked for."""

    who: Who
    owner: str | None
    active: bool
    next_fill_on: date | None
    earliest_denial_on: date | None
    run_out_on: date | None
    severity: Severity | None
    current: bool


@dataclass(frozen=True, slots=True)
class PatientList:
    lines: Sequence[PatientLine]
    total: int
    page: int
    pages: int


def who_columns() -> tuple[Any, ...]:
    """The columns of `Who`, in its order."""
    return Patient.id, Patient.family, Patient.given, Patient.birth_date, Patient.mrn


def last_page(total: int, size: int = PAGE) -> int:
    """The number of the last page; an empty list has one page."""
    return max(1, -(-total // size))


def patient_list(session: Db, *, clinic_id: str, page: int = 1) -> PatientList:
    """One page of the clinic's active patients, by family name."""
    mine = and_(Patient.clinic_id == clinic_id, Patient.active)
    total = session.execute(select(func.count()).select_from(Patient).where(mine)).scalar_one()
    pages = last_page(total)
    page = min(max(page, 1), pages)
    query = _lines(clinic_id).where(mine).limit(PAGE).offset((page - 1) * PAGE)
    return PatientList(_read(session, query), total, page, pages)


def search(session: Db, *, clinic_id: str, words: str) -> Sequence[PatientLine]:
    """Patients by the start of a name, or by a whole MRN, member id or PA number; 50 at most."""
    if not words.strip():
        return []
    query = _lines(clinic_id).where(Patient.clinic_id == clinic_id, _found(clinic_id, words.strip()))
    return _read(session, query.limit(FOUND_AT_MOST))


def _found(clinic_id: str, words: str) -> ColumnElement[bool]:
    member = exists().where(
        Coverage.clinic_id == clinic_id, Coverage.patient_id == Patient.id, Coverage.member_id == words
    )
    number = exists().where(
        Authorization.clinic_id == clinic_id,
        Authorization.patient_id == Patient.id,
        Authorization.number == words,
    )
    named = [_starts(part) for part in fold(words.replace(",", " ")).split()]
    by_key = or_(Patient.mrn == words, member, number)
    return or_(by_key, and_(*named)) if named else by_key


def _starts(part: str) -> ColumnElement[bool]:
    """Some word of the name starts with this part."""
    return or_(
        Patient.name_key.startswith(part, autoescape=True),
        Patient.name_key.contains(f" {part}", autoescape=True),
    )


def _lines(clinic_id: str) -> Select[Any]:
    worst = (
        select(func.min(Alert.severity_rank))
        .where(
            Alert.clinic_id == clinic_id,
            Alert.patient_id == Patient.id,
            Alert.state.in_((AlertState.OPEN, AlertState.SNOOZED)),  # what sleeps is still at risk
        )
        .correlate(Patient)
        .scalar_subquery()
    )
    return (
        select(
            *who_columns(),
            User.name,
            Patient.active,
            PatientCheck.next_fill_on,
            PatientCheck.earliest_denial_on,
            PatientCheck.run_out_on,
            PatientCheck.due,
            PatientCheck.error,
            PatientCheck.as_of,
            worst,
        )
        .outerjoin(PatientCheck, _same_clinic(PatientCheck, PatientCheck.patient_id == Patient.id))
        .outerjoin(User, _same_clinic(User, User.id == Patient.owner_id))
        .order_by(Patient.name_key, Patient.id)
    )


def _same_clinic(table: Any, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(table.clinic_id == Patient.clinic_id, condition)


def _read(session: Db, query: Select[Any]) -> list[PatientLine]:
    return [_line(tuple(row)) for row in session.execute(query)]


def _line(row: tuple[Any, ...]) -> PatientLine:
    owner, active, next_fill, denial, run_out, due, error, as_of, rank = row[5:]
    return PatientLine(
        who=Who(*row[:5]),
        owner=owner,
        active=active,
        next_fill_on=next_fill,
        earliest_denial_on=denial,
        run_out_on=run_out,
        severity=None if rank is None else SEVERITIES[rank],
        current=as_of is not None and not due and not error,
    )
