"""A person's own views of the worklist: save the present filters under a name, rename, delete."""

from functools import partial

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker import clock
from tracker.db import db
from tracker.models.saved_view import SavedView
from tracker.services import saved_views, tags
from tracker.services.errors import Refused
from tracker.services.worklist_counts import plans_of
from tracker.services.worklist_page import people
from tracker.web import access
from tracker.web.worklist_query import filters_of, in_words, query_of
from tracker.web.worklist_view import address, of_view

blueprint = Blueprint("saved_views", __name__, url_prefix="/alerts/views")


@blueprint.get("")
def index() -> str:
    return _page()


@blueprint.post("")
def add() -> ResponseReturnValue:
    query = query_of(filters_of(request.form))
    try:
        view = saved_views.add(
            db.session,
            request.form.get("name", ""),
            query,
            clinic_id=access.current_clinic_id(),
            actor=access.current_actor(),
            now=clock.now(),
        )
    except Refused as refused:
        db.session.rollback()
        return _page(new_error=str(refused)), 422
    name = view.name
    db.session.commit()
    flash(f"View {name} saved.")
    return redirect(address(query), 303)


@blueprint.post("/<view_id>/rename")
def rename(view_id: str) -> ResponseReturnValue:
    view = _find(view_id)
    try:
        saved_views.rename(
            db.session, view, request.form.get("name", ""), actor=access.current_actor(), now=clock.now()
        )
    except Refused as refused:
        db.session.rollback()
        return _page(wrong_id=view_id, wrong=str(refused)), 422
    db.session.commit()
    flash("View renamed.")
    return redirect(url_for("saved_views.index"), 303)


@blueprint.post("/<view_id>/delete")
def delete(view_id: str) -> ResponseReturnValue:
    view = _find(view_id)
    name = view.name
    saved_views.delete(db.session, view, actor=access.current_actor(), now=clock.now())
    db.session.commit()
    flash(f"View {name} deleted.")
    return redirect(url_for("saved_views.index"), 303)


def _find(view_id: str) -> SavedView:
    return saved_views.find(
        db.session, view_id, clinic_id=access.current_clinic_id(), user_id=access.signed_in().id
    )


def _page(*, new_error: str = "", wrong_id: str = "", wrong: str = "") -> str:
    """`new_error`, and `wrong` at the view of `wrong_id`: what was refused. What was typed is kept."""
    clinic_id, user_id = access.current_clinic_id(), access.signed_in().id
    names = people(db.session, clinic_id), plans_of(db.session, clinic_id).names
    words = partial(in_words, people=names[0], payers=names[1], tags=tags.in_use(db.session, clinic_id))
    filters = filters_of(request.form if request.method == "POST" and not wrong_id else request.args)
    own = saved_views.views_of(db.session, clinic_id=clinic_id, user_id=user_id)
    return render_template(
        "worklist/views.html",
        query=query_of(filters),
        said=words(filters),
        own=[(view, words(of_view(view.query)), address(view.query)) for view in own],
        typed=request.form.get("name", ""),
        new_error=new_error,
        wrong_id=wrong_id,
        wrong=wrong,
        longest=saved_views.LONGEST_NAME,
    )
