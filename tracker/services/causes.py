"""The alert that says why a patient is refused, or what there is to do: one for each patient of a list."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from tracker.models.alert import Alert, AlertState
from tracker.models.base import Db
from tracker.services.next_acts import Matter, matters
from tracker.services.worklist import AlertLine, lines_of


@dataclass(frozen=True, slots=True)
class Cause:
    line: AlertLine
    matter: Matter


@dataclass(frozen=True, slots=True)
class Wanted:
    """The codes by patient. `only`: no other alert will do."""

    codes: Mapping[str, Collection[str]]
    only: bool = False


def causes_of(session: Db, clinic_id: str, wanted: Mapping[str, Collection[str]]) -> dict[str, Cause]:
    """By patient the worst alert of the wanted codes, else the worst of all."""
    return causes_of_each(session, clinic_id, [Wanted(wanted)])[0]


def causes_of_each(session: Db, clinic_id: str, lists: Sequence[Wanted]) -> list[dict[str, Cause]]:
    """The same for each of several lists, with `only` without a substitute. Their alerts are read once."""
    patients = {key for each in lists for key in each.codes}
    query = (
        select(Alert.id, Alert.patient_id, Alert.code)
        .where(
            Alert.clinic_id == clinic_id,
            Alert.patient_id.in_(patients),
            Alert.state != AlertState.CLOSED,
        )
        .order_by(Alert.severity_rank, Alert.harm_on.is_(None), Alert.harm_on, Alert.id)
    )
    alerts = [tuple(row) for row in session.execute(query)]
    chosen = [_chosen(alerts, each) for each in lists]
    ids = list({alert_id for each in chosen for alert_id in each.values()})
    matter = matters(session, clinic_id=clinic_id, alert_ids=ids)
    causes = {line.id: Cause(line, matter[line.id]) for line in lines_of(session, clinic_id, ids)}
    return [
        {patient_id: causes[alert_id] for patient_id, alert_id in each.items() if alert_id in causes}
        for each in chosen
    ]


def _chosen(alerts: Iterable[tuple[Any, ...]], wanted: Wanted) -> dict[str, str]:
    """An alert's id by patient; `alerts` are id, patient and code, the worst first."""
    about: dict[str, str] = {}
    others: dict[str, str] = {}
    for alert_id, patient_id, code in alerts:
        if patient_id in wanted.codes:
            (about if code in wanted.codes[patient_id] else others).setdefault(patient_id, alert_id)
    return about if wanted.only else others | about
