"""The calendar's lists in parts that a page can hold: the worst of each day, and one day page by page.

A page begins after an entry, not after a number of them, as on the worklist. Only what kind it is and ids go
into the address.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from sqlalchemy import select

from tracker.models.base import Db
from tracker.models.patient import Patient
from tracker.services.calendar import ORDER, Entry, EntryKind, entries, place_of

A_DAY = 8  # of each day, where several stand on one page
PAGE = 50
KEY = re.compile(rf"({'|'.join(EntryKind)})-([0-9A-Z]{{26}})-([0-9A-Z]{{26}})?")


@dataclass(frozen=True, slots=True)
class DayPage:
    """One page of a day. `first`, `last`: keys to go back and on from; empty where the day ends.

    `before`: how many of the day stand on earlier pages.
    """

    entries: Sequence[Entry]
    first: str = ""
    last: str = ""
    before: int = 0


def worst_of_days(found: Iterable[Entry]) -> dict[date, list[Entry]]:
    """The first few entries of each day that has any, in their order."""
    return {on: list(of_day)[:A_DAY] for on, of_day in groupby(found, key=lambda each: each.on)}


def day_page(
    session: Db,
    *,
    clinic_id: str,
    on: date,
    owners: Collection[str] | None = None,
    after: str = "",
    back: bool = False,
) -> DayPage:
    """The entries of a day right after one of them or, on the way back, right before it.

    `after`: its key; from the first, if it is empty or of nobody here. Five queries.
    """
    found: Sequence[Entry] = entries(session, clinic_id=clinic_id, first=on, last=on, owners=owners)
    places = [place_of(each) for each in found]
    mark = _mark(session, clinic_id, on, after)
    if mark is None:
        start = 0
    elif back:
        start = max(0, sum(place < mark for place in places) - PAGE)
    else:
        start = sum(place <= mark for place in places)
    return _page(found, start)


def _page(found: Sequence[Entry], start: int) -> DayPage:
    stop = start + PAGE
    while 0 < stop < len(found) and place_of(found[stop - 1]) == place_of(found[stop]):
        stop += 1  # two fills of one patient on one day have one key: they stay together
    shown = found[start:stop]
    return DayPage(
        shown,
        first=key_of(shown[0]) if shown and start else "",
        last=key_of(shown[-1]) if shown and stop < len(found) else "",
        before=start,
    )


def key_of(entry: Entry) -> str:
    return f"{entry.kind}-{entry.who.id}-{entry.about_id or ''}"


def _mark(session: Db, clinic_id: str, on: date, key: str) -> tuple[object, ...] | None:
    """Where an entry of this key stands among those of the day, be it there still or not."""
    read = KEY.fullmatch(key)
    if read is None:
        return None
    kind, patient_id, about_id = read.groups()
    query = select(Patient.family, Patient.given).where(
        Patient.clinic_id == clinic_id, Patient.id == patient_id
    )
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    return on, ORDER[EntryKind(kind)], f"{row[0]}, {row[1]}", patient_id, about_id or ""
