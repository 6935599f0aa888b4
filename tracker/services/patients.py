"""The list of patients by name, each with the next fill and the worst open alert."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select

from tracker.models.alert import Alert, AlertState
from tracker.models.base import Db
from tracker.models.patient import Patient, PatientCheck
from tracker.models.user import User
from tracker.rules.words import Severity

PAGE = 50
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


WHO = len(who_columns())  # where what follows them in a row begins


def last_page(total: int, size: int = PAGE) -> int:
    """The number of the last page; an empty list has one page."""
    return max(1, -(-total // size))


def patient_list(session: Db, *, clinic_id: str, page: int = 1) -> PatientList:
    """One page of the clinic's active patients, by family name."""
    mine = and_(Patient.clinic_id == clinic_id, Patient.active)
    total = session.execute(select(func.count()).select_from(Patient).where(mine)).scalar_one()
    pages = last_page(total)
    page = min(max(page, 1), pages)
    query = lines_query(clinic_id).where(mine).limit(PAGE).offset((page - 1) * PAGE)
    return PatientList(read_patients(session, query), total, page, pages)


def lines_query(clinic_id: str) -> Select[Any]:
    """Patients as lines, by family name."""
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
        .outerjoin(PatientCheck, checked())
        .outerjoin(User, _same_clinic(User, User.id == Patient.owner_id))
        .order_by(Patient.name_key, Patient.id)
    )


def checked() -> ColumnElement[bool]:
    """To join a patient and the kept answer of the last check."""
    return _same_clinic(PatientCheck, PatientCheck.patient_id == Patient.id)


def _same_clinic(table: Any, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(table.clinic_id == Patient.clinic_id, condition)


def read_patients(session: Db, query: Select[Any]) -> list[PatientLine]:
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
