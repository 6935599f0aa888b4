"""The tables of the reports as files: what stands in them, as texts."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import IO

from tracker.formats.table_out import write_csv
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.services.report_alerts import quality
from tracker.services.report_lapses import lapses
from tracker.services.report_period import Period
from tracker.services.report_requests import decisions
from tracker.services.report_work import work

Cells = Sequence[object]


@dataclass(frozen=True, slots=True)
class Asked:
    session: Db
    clinic: Clinic
    period: Period
    today: date


@dataclass(frozen=True, slots=True)
class Table:
    heads: Sequence[str]
    rows: Callable[[Asked], Iterable[Cells]]


def write(file: IO[bytes], session: Db, clinic: Clinic, period: Period, *, table: str, today: date) -> int:
    """Write one of `TABLES` as CSV; how many rows it has. What is not known is empty."""
    found = TABLES[table]
    rows = [
        ["" if cell is None else str(cell) for cell in row]
        for row in found.rows(Asked(session, clinic, period, today))
    ]
    write_csv(file, found.heads, rows)
    return len(rows)


def _lapse_rows(asked: Asked) -> Iterable[Cells]:
    for each in lapses(asked.session, asked.clinic, asked.period, today=asked.today).rows:
        who = each.who
        state = "goes on" if each.goes_on else "cured"
        yield (
            who.family,
            who.given,
            who.birth_date,
            who.mrn,
            each.since,
            each.days,
            "; ".join(each.causes),
            state,
        )


def _payer_rows(asked: Asked) -> Iterable[Cells]:
    for each in decisions(asked.session, clinic_id=asked.clinic.id, period=asked.period):
        counts = each.decided, each.granted, each.partly, each.refused, each.share_granted, each.p50, each.p80
        yield each.payer, *counts, each.main_reason, each.waiting, each.oldest


def _people_rows(asked: Asked) -> Iterable[Cells]:
    for each in work(asked.session, asked.clinic, asked.period):
        done = each.alerts, each.contacts, each.sent, each.answered
        yield each.name, *done, each.patients, each.open_alerts


def _cause_rows(asked: Asked) -> Iterable[Cells]:
    for each in quality(asked.session, asked.clinic, asked.period):
        hours = None if each.hours_to_answer is None else round(each.hours_to_answer, 1)
        settled = each.false_alarms, each.share_false, each.lapsed, each.snoozed, each.escalated
        yield each.label, each.opened, each.closed, *settled, hours, each.open_now


TABLES = {
    "lapses": Table(
        (
            *("Family name", "Given name", "Birth date", "MRN", "Without drug since"),
            *("Days without drug", "Causes", "State"),
        ),
        _lapse_rows,
    ),
    "payers": Table(
        (
            *("Payer", "Decided", "Granted", "of them in part", "Denied", "Granted, percent"),
            *("Half within, days", "80 % within, days", "Most frequent reason of a denial"),
            *("Waiting today", "Oldest asked on"),
        ),
        _payer_rows,
    ),
    "people": Table(
        (
            *("Person", "Acts on alerts", "Calls, faxes, letters", "Requests sent", "Answers recorded"),
            *("Patients today", "Open alerts today"),
        ),
        _people_rows,
    ),
    "alerts": Table(
        (
            *("Cause", "Opened", "Ended", "False alarms", "False, percent", "Allowed to lapse", "Snoozed"),
            *("Escalated", "Hours to the first answer, median", "Open today"),
        ),
        _cause_rows,
    ),
}
# Of whose rows the record of what was taken out counts each as a patient.
NAME_PATIENTS = {"lapses"}
