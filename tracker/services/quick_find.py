"""Find a patient by what is at hand: name, birth date, MRN, member ID or PA number, each with what matched.

What is typed is never an address: these values come from a form's body and go nowhere else.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from tracker.formats.clinic_values import BadValue, a_date
from tracker.models.authorization import Authorization
from tracker.models.base import Db
from tracker.models.patient import Coverage, Patient
from tracker.models.payer import Payer, Plan
from tracker.services.names import fold
from tracker.services.patients import PatientLine, lines_query, read_patients

AT_MOST = 50
LONGEST_DATE = 3  # words: `Apr 2, 1971`


class Matched(StrEnum):
    """What was matched, in the order of the page: a number says more than a name."""

    MRN = "MRN"
    MEMBER = "Member ID"
    NUMBER = "PA number"
    BIRTH = "Date of birth"
    NAME = "Name"


@dataclass(frozen=True, slots=True)
class Hit:
    """`said`: what matched, in words; empty where the name or birth date shows it."""

    line: PatientLine
    said: str


@dataclass(frozen=True, slots=True)
class Group:
    matched: Matched
    hits: Sequence[Hit]


@dataclass(frozen=True, slots=True)
class Asked:
    """The words as a search reads them: a whole number, a birth date, and the rest as starts of names."""

    number: str
    birth_date: date | None
    names: Sequence[str]


def find(session: Db, *, clinic_id: str, words: str, today: date) -> Sequence[Group]:
    """The groups in which something matched; 50 patients each at most."""
    asked = read(words, today)
    if not asked.number:
        return []
    found = [
        Group(Matched.MRN, _plain(session, clinic_id, func.lower(Patient.mrn) == asked.number)),
        Group(Matched.MEMBER, _by_member(session, clinic_id, asked.number)),
        Group(Matched.NUMBER, _by_number(session, clinic_id, asked.number)),
        Group(Matched.BIRTH, _by_birth(session, clinic_id, asked)),
        Group(Matched.NAME, _by_name(session, clinic_id, asked)),
    ]
    return [group for group in found if group.hits]


def patient_ids(groups: Sequence[Group]) -> list[str]:
    """The patients found, each once."""
    return list(dict.fromkeys(hit.line.who.id for group in groups for hit in group.hits))


def read(words: str, today: date) -> Asked:
    """`alvarez 4/2/71`: the name's start and the birth date. A birth date is never after `today`."""
    tokens = words.split()
    for start, end in _spans(len(tokens)):
        born = _birth_date(" ".join(tokens[start:end]).strip(","), today)
        if born is not None:
            rest = [*tokens[:start], *tokens[end:]]
            return Asked(" ".join(tokens).lower(), born, _parts(rest))
    return Asked(" ".join(tokens).lower(), None, _parts(tokens))


def _spans(count: int) -> Iterator[tuple[int, int]]:
    for length in range(min(LONGEST_DATE, count), 0, -1):
        for start in range(count - length + 1):
            yield start, start + length


def _birth_date(text: str, today: date) -> date | None:
    if len(text) == 8 and text.isdigit() and text[:2] not in ("19", "20"):
        text = f"{text[:2]}/{text[2:4]}/{text[4:]}"
    try:
        born = a_date(text, newest=today.year)
    except BadValue:
        return None
    return born if born <= today else None


def _parts(tokens: Sequence[str]) -> list[str]:
    return fold(" ".join(tokens).replace(",", " ")).split()


def _plain(session: Db, clinic_id: str, condition: ColumnElement[bool]) -> list[Hit]:
    query = lines_query(clinic_id).where(Patient.clinic_id == clinic_id, condition).limit(AT_MOST)
    return [Hit(line, "") for line in read_patients(session, query)]


def _by_birth(session: Db, clinic_id: str, asked: Asked) -> list[Hit]:
    if asked.birth_date is None:
        return []
    named = [_starts(part) for part in asked.names]
    return _plain(session, clinic_id, and_(Patient.birth_date == asked.birth_date, *named))


def _by_name(session: Db, clinic_id: str, asked: Asked) -> list[Hit]:
    if asked.birth_date is not None or not asked.names:
        return []
    return _plain(session, clinic_id, and_(*(_starts(part) for part in asked.names)))


def _starts(part: str) -> ColumnElement[bool]:
    """Some word of the name starts with this part."""
    return or_(
        Patient.name_key.startswith(part, autoescape=True),
        Patient.name_key.contains(f" {part}", autoescape=True),
    )


def _by_member(session: Db, clinic_id: str, number: str) -> list[Hit]:
    query = (
        select(Coverage.patient_id, Coverage.member_id, Payer.name, Plan.name)
        .join(Plan, and_(Plan.clinic_id == Coverage.clinic_id, Plan.id == Coverage.plan_id))
        .join(Payer, and_(Payer.clinic_id == Plan.clinic_id, Payer.id == Plan.payer_id))
        .where(Coverage.clinic_id == clinic_id, func.lower(Coverage.member_id) == number)
        .order_by(Coverage.starts_on.desc(), Coverage.id)
    )
    return _with_lines(session, clinic_id, query, lambda row: f"{row[1]} in {row[2]} {row[3]}")


def _by_number(session: Db, clinic_id: str, number: str) -> list[Hit]:
    query = (
        select(
            Authorization.patient_id,
            Authorization.number,
            Authorization.status,
            Authorization.starts_on,
            Authorization.ends_on,
        )
        .where(Authorization.clinic_id == clinic_id, func.lower(Authorization.number) == number)
        .order_by(Authorization.ends_on.desc(), Authorization.id)
    )
    return _with_lines(session, clinic_id, query, _authorization_said)


def _authorization_said(row: Any) -> str:
    first, last = row[3] or "open", row[4] or "open"
    return f"PA {row[1]}, {row[2].label}, {first} to {last}"


def _with_lines(session: Db, clinic_id: str, query: Any, say: Callable[[Any], str]) -> list[Hit]:
    """A hit for each patient, with all that matched of them."""
    said: dict[str, list[str]] = {}
    for row in map(tuple, session.execute(query.limit(AT_MOST))):
        said.setdefault(row[0], []).append(say(row))
    if not said:
        return []
    lines = read_patients(
        session, lines_query(clinic_id).where(Patient.clinic_id == clinic_id, Patient.id.in_(said))
    )
    return [Hit(line, "; ".join(dict.fromkeys(said[line.who.id]))) for line in lines]
