"""One box from any page: what is typed travels in the body, so that no address or log ever holds a name."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from tracker.db import db
from tracker.models.types import REFUSED
from tracker.services import quick_find
from tracker.web import access, patients

blueprint = patients.blueprint
LONGEST_SEARCH = 200
NEW_AUTHORIZATION = "authorization"


@blueprint.post("/search")
def search() -> Response | str:
    """The only patient found opens at once; several (`lines`) are listed with what matched."""
    words = REFUSED.sub("", request.form.get("q", "")).strip()[:LONGEST_SEARCH]
    then = NEW_AUTHORIZATION if request.form.get("then") == NEW_AUTHORIZATION else ""
    if not words:
        return redirect(url_for(".new_authorization" if then else "patients.index"), 303)
    groups = quick_find.find(
        db.session, clinic_id=access.current_clinic_id(), words=words, today=access.today()
    )
    found = quick_find.patient_ids(groups)
    if len(found) == 1:
        return redirect(goal(found[0], then), 303)
    return _page(searched=words, groups=groups, lines=found, then=then)


@blueprint.get("/search")
def search_again() -> Response:
    """A reload of the results in some browsers asks for the bare address."""
    return redirect(url_for("patients.index"), 303)


@blueprint.get("/new-authorization")
def new_authorization() -> str:
    """A new authorization begins with whose it is."""
    return _page(searched="", groups=[], lines=[], then=NEW_AUTHORIZATION)


def goal(patient_id: str, then: str) -> str:
    """Where a found patient leads."""
    if then == NEW_AUTHORIZATION:
        return url_for("facts.add", patient_id=patient_id, kind="authorization")
    return url_for("patients.show", patient_id=patient_id)


def _page(**values: object) -> str:
    return render_template("quick_find/page.html", goal=goal, today=access.today(), **values)
