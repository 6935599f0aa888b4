"""How many alerts a change would raise, and for whom, before it is kept. Nothing is written here."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select

from tracker.models.alert import Alert, AlertState
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.patient import Patient
from tracker.rules.check import check
from tracker.rules.words import Severity
from tracker.services import ownership
from tracker.services.loading import load_cases
from tracker.services.outbox import STORM

UNOWNED = "everyone (unowned)"


@dataclass(slots=True)
class Foretold:
    """`looked_at` of `of` patients were decided. `mailed`: by name, what would be told: no information."""

    of: int
    looked_at: int = 0
    opened: int = 0
    closed: int = 0
    mailed: Counter[str] = field(default_factory=Counter)


def storms(mailed: Mapping[str, int], *, looked_at: int, of: int) -> dict[str, int]:
    """People for whom more would open than anyone can act on one by one, most first.

    Where only a part of the patients was looked at, the others are counted like them: about so many.
    """
    share = of / looked_at if looked_at else 1
    about = {name: round(count * share) for name, count in mailed.items()}
    return {name: n for name, n in sorted(about.items(), key=lambda each: -each[1]) if n > STORM}


def names_in_charge(session: Db, clinic_id: str, today: date) -> dict[str | None, str]:
    """Who is told today about the work of each owner, by the owner's id; None: of nobody."""
    people = ownership.acting_for(session, clinic_id, today=today)
    return {None: UNOWNED, **{each: found.name if found else UNOWNED for each, found in people.items()}}


def look(
    session: Db,
    clinic: Clinic,
    ids: Collection[str],
    *,
    today: date,
    names: Mapping[str | None, str],
    into: Foretold,
) -> None:
    """Add what a check of these patients would open and close, by the facts as this transaction has them.

    `names`: as `names_in_charge` gives them, read once for all batches.
    """
    cases = load_cases(session, clinic, ids, as_of=today)
    kept = _open_keys(session, clinic.id, ids)
    owners = _owners(session, clinic.id, ids)
    for patient_id, case in cases.items():
        found = {each.key: each for each in check(case, today).alerts} if patient_id in owners else {}
        opened = found.keys() - kept.get(patient_id, set())
        into.opened += len(opened)
        into.closed += len(kept.get(patient_id, set()) - found.keys())
        told = sum(found[key].severity is not Severity.INFO for key in opened)
        if told:
            into.mailed[names.get(owners[patient_id], UNOWNED)] += told
    into.looked_at += len(cases)


def _open_keys(session: Db, clinic_id: str, ids: Collection[str]) -> dict[str, set[str]]:
    query = select(Alert.patient_id, Alert.key).where(
        Alert.clinic_id == clinic_id, Alert.patient_id.in_(ids), Alert.state != AlertState.CLOSED
    )
    found: dict[str, set[str]] = {}
    for row in session.execute(query):
        found.setdefault(row[0], set()).add(row[1])
    return found


def _owners(session: Db, clinic_id: str, ids: Collection[str]) -> dict[str, str | None]:
    """Owners of those in care; the others raise no alert."""
    query = select(Patient.id, Patient.owner_id).where(
        Patient.clinic_id == clinic_id, Patient.id.in_(ids), Patient.active
    )
    return {row[0]: row[1] for row in session.execute(query)}
