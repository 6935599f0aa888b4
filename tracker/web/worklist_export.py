"""The worklist as a file, and as a call sheet on paper. The audit trail says which files left."""

from collections.abc import Iterator
from itertools import islice

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from tracker import clock
from tracker.db import db
from tracker.services import tags, worklist_columns
from tracker.services.errors import Refused
from tracker.services.worklist_columns import AT_FIRST, Column
from tracker.services.worklist_counts import plans_of
from tracker.services.worklist_export import MOST_PRINTED, MOST_ROWS, record_export, write
from tracker.services.worklist_filters import Asker, Filters
from tracker.services.worklist_page import WorkRow, matching_rows, people, rows_of
from tracker.web import access
from tracker.web.parcel import CSV, XLSX, Parcel
from tracker.web.worklist_query import filters_of, in_words, query_of
from tracker.web.worklist_view import asker_of, ticked

blueprint = Blueprint("worklist_export", __name__, url_prefix="/alerts")

KINDS = {"csv": CSV, "xlsx": XLSX}


@blueprint.post("/export")
def export() -> Response:
    """All that match, or the ticked ones. A POST, for it leaves a mark in the audit trail."""
    kind = request.form.get("format", "csv")
    if kind not in KINDS:
        raise Refused("Choose CSV or Excel.")
    asker, filters = asker_of(), filters_of(request.form)
    parcel = Parcel()
    count = write(parcel.file, kind, _rows(asker, filters, MOST_ROWS), asker.today, _chosen(asker))
    record_export(
        db.session,
        query_of(filters),
        kind=kind,
        count=count,
        clinic_id=asker.clinic_id,
        actor=access.current_actor(),
        now=clock.now(),
    )
    db.session.commit()
    return parcel.answer(f"worklist-{asker.today.isoformat()}.{kind}", KINDS[kind])


@blueprint.get("/print")
def call_sheet() -> str:
    """All that match, for a telephone and a pen."""
    return _sheet(asker_of(), filters_of(request.args))


@blueprint.post("/print")
def call_sheet_of() -> str:
    """The same of the ticked ones. It changes nothing; their ids are too many for an address."""
    return _sheet(asker_of(), filters_of(request.form))


def _sheet(asker: Asker, filters: Filters) -> str:
    rows = list(_rows(asker, filters, MOST_PRINTED + 1))
    names = people(db.session, asker.clinic_id)
    chosen = _chosen(asker)
    return render_template(
        "worklist/call_sheet.html",
        clinic=access.current_clinic(),
        today=asker.today,
        rows=rows[:MOST_PRINTED],
        more=len(rows) > MOST_PRINTED,
        query=query_of(filters),
        said=in_words(
            filters,
            names,
            plans_of(db.session, asker.clinic_id).names,
            tags.in_use(db.session, asker.clinic_id),
        ),
        picked=bool(ticked(request.form)),
        order=filters.sort.label,
        columns=AT_FIRST if chosen is None else chosen,
    )


def _chosen(asker: Asker) -> frozenset[Column] | None:
    return worklist_columns.chosen(db.session, clinic_id=asker.clinic_id, user_id=asker.user_id)


def _rows(asker: Asker, filters: Filters, at_most: int) -> Iterator[WorkRow]:
    ids = ticked(request.form)
    if ids:
        return islice(rows_of(db.session, asker.clinic_id, ids), at_most)
    return matching_rows(db.session, asker, filters, at_most=at_most)
