"""Choosing the columns of the worklist. The list itself, its files and its paper follow."""

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue

from tracker import clock
from tracker.db import db
from tracker.services import worklist_columns
from tracker.services.worklist_columns import Column
from tracker.web import access
from tracker.web.worklist_query import filters_of, query_of
from tracker.web.worklist_view import address

blueprint = Blueprint("worklist_columns", __name__, url_prefix="/alerts")


@blueprint.post("/columns")
def choose() -> ResponseReturnValue:
    wanted = request.form.getlist("column")
    at_first = bool(request.form.get("at_first"))
    worklist_columns.choose(
        db.session,
        None if at_first else [each for each in Column if each.value in wanted],
        clinic_id=access.current_clinic_id(),
        actor=access.current_actor(),
        now=clock.now(),
    )
    db.session.commit()
    flash("The worklist shows the columns of the start again." if at_first else "Your columns are kept.")
    return redirect(address(query_of(filters_of(request.form))), 303)
