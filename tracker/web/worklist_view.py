"""What the worklist's template shows beside its rows: views, filters, orders and the links between pages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import g, url_for
from werkzeug.datastructures import MultiDict

from tracker import clock
from tracker.db import db
from tracker.rules.words import Severity
from tracker.services import bulk_acts, saved_views, unowned, worklist_columns
from tracker.services.clinic_day import day_in
from tracker.services.worklist_columns import AT_FIRST, Column
from tracker.services.worklist_counts import view_counts
from tracker.services.worklist_filters import LONG_UNOWNED, Asker, Filters, Sort, Status
from tracker.services.worklist_page import WorkPage
from tracker.web import access
from tracker.web.worklist_query import Choice, Query, Select, filters_of, in_words, query_of, selects, toggled

# the order it sorts by, its words, its class, and the column that can be left out (None: it always stands)
HEADS: tuple[tuple[Sort | None, str, str, Column | None], ...] = (
    (Sort.SEVERITY, "Severity", "", Column.SEVERITY),
    (None, "What to do, and why", "", None),
    (None, "What clears it", "", Column.CLEARS),
    (None, "Patient", "", None),
    (Sort.HARM, "Harm date", "", Column.HARM),
    (Sort.LEFT, "Drug left", "num", Column.LEFT),
    (None, "Payer, cause", "", Column.PAYER),
    (None, "Plan", "", Column.PLAN),
    (None, "Payer's telephone", "", Column.PHONE),
    (Sort.DUE, "Owner, due", "", Column.OWNER),
    (None, "Open since", "", Column.OPENED),
)


@dataclass(frozen=True, slots=True)
class Link:
    """`count` None where it is not counted."""

    label: str
    url: str
    current: bool
    count: int | None = None
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head; `url` sorts by it, None: it cannot be sorted by."""

    label: str
    css: str
    url: str | None
    current: bool


def asker_of() -> Asker:
    """Who asks, on the clinic's day."""
    clinic, user = access.current_clinic(), access.signed_in()
    return Asker(clinic.id, user.id, day_in(clinic, clock.now()), clinic.time_zone)


def list_values(asker: Asker, filters: Filters, page: WorkPage) -> dict[str, Any]:
    """Everything the template of the list asks for, but its rows."""
    query = query_of(filters)
    columns = worklist_columns.chosen(db.session, clinic_id=asker.clinic_id, user_id=asker.user_id)
    return {
        "columns": AT_FIRST if columns is None else columns,
        "columns_chosen": columns is not None,
        "every_column": list(Column),
        "clinic": access.current_clinic(),
        "today": asker.today,
        "filters": filters,
        "query": query,
        "views": views(asker, filters, page),
        "selects": [*_clinics(asker), *selects(filters, page, asker.user_id)],
        "chips": _chips(filters, page),
        "heads": _heads(filters, AT_FIRST if columns is None else columns),
        "narrowed": in_words(filters, page.people, page.plans.names, page.tags),
        "unowned": _unowned(asker, filters),
        "unowned_most": unowned.AT_MOST,
        "unowned_query": query_of(LONG_UNOWNED),
        "closed": filters.status is not Status.OPEN,
        "pages": _pages(page, query),
        "last_act": bulk_acts.last_act(
            db.session, clinic_id=asker.clinic_id, user_id=asker.user_id, now=clock.now()
        ),
        "may_act": access.may_act(),
    }


def _clinics(asker: Asker) -> list[Select]:
    """Which clinic's list, for whom works in several."""
    places = access.my_clinics()
    choices = [
        Choice(each.clinic_id, each.clinic_name, None, each.clinic_id == asker.clinic_id) for each in places
    ]
    return [Select("clinic", "Clinic", choices)] if len(places) > 1 else []


def _unowned(asker: Asker, filters: Filters) -> int:
    """Not said above the list of them."""
    if filters.earlier:
        return 0
    return unowned.unowned_count(db.session, clinic_id=asker.clinic_id, zone=asker.zone, today=asker.today)


def address(query: Query, **more: str) -> str:
    """The worklist with these filters, and with the clinic where there are several."""
    if len(access.my_clinics()) > 1:
        more.setdefault("clinic", access.current_clinic_id())
    return url_for("alerts.index", **query, **more)  # type: ignore[arg-type] # lists become repeated values


def views(asker: Asker, filters: Filters, page: WorkPage) -> list[Link]:
    """The views of everyone, counted, and the person's own."""
    counts = view_counts(db.session, asker, saved_views.BUILT_IN, (filters, page.counts))
    g.open_count = counts[saved_views.ALL_OPEN]  # the frame of the page shows it, too
    here = replace(filters, sort=Sort.HARM)
    found = [
        Link(name, address(query_of(each)), each == here, counts[name])
        for name, each in saved_views.BUILT_IN.items()
    ]
    own = saved_views.views_of(db.session, clinic_id=asker.clinic_id, user_id=asker.user_id)
    return found + [Link(view.name, address(view.query), of_view(view.query) == filters) for view in own]


def of_view(query: Query) -> Filters:
    return filters_of(MultiDict(query))


def ticked(form: MultiDict[str, str]) -> list[str]:
    """The ids of the ticked rows; none when everything that matches is asked for."""
    ids = [] if form.get("every") else form.getlist("id")
    return list(dict.fromkeys(each for each in ids if access.ROW_ID.fullmatch(each)))


def _chips(filters: Filters, page: WorkPage) -> Sequence[Link]:
    counts, told = page.counts.severity, page.counts.told
    every = address(query_of(replace(filters, severities=())))
    return [
        Link("Any severity", every, not filters.severities, sum(counts.values()) if told else None),
        *(
            Link(
                word.label,
                address(toggled(filters, word)),
                word in filters.severities,
                counts.get(word, 0) if told else None,
                word.value,
            )
            for word in Severity
        ),
    ]


def _heads(filters: Filters, columns: Collection[Column]) -> Sequence[Head]:
    return [
        Head(
            label,
            css,
            address(query_of(replace(filters, sort=sort))) if sort else None,
            sort is not None and sort is filters.sort,
        )
        for sort, label, css, column in HEADS
        if column is None or column in columns
    ]


def _pages(page: WorkPage, query: Query) -> dict[str, str]:
    """Addresses of the pages around this one, those that are there."""
    return {
        **({"First": address(query), "Previous": address(query, before=page.first)} if page.first else {}),
        **({"Next": address(query, after=page.last)} if page.last else {}),
    }
