"""Help: the keys that act on a page, and the switch that turns them off."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from tracker import clock
from tracker.db import db
from tracker.services import users
from tracker.web import access
from tracker.web.filters import keys_on

blueprint = Blueprint("help", __name__, url_prefix="/help")

EVERYWHERE = (
    ("/", "find a patient"),
    ("?", "this page"),
)
ON_THE_WORKLIST = (
    ("j", "next row"),
    ("k", "row before"),
    ("Enter", "open the current row"),
    ("x", "select the current row, or no longer"),
    ("a", "assign what is selected, else the current row"),
    ("s", "snooze it until a date"),
    ("n", "write a note"),
    ("e", "acknowledge it: it is known and worked on"),
)


@blueprint.get("/keys")
def keys() -> str:
    return render_template("help/keys.html", on=keys_on(), groups=_groups())


@blueprint.post("/keys")
def switch() -> Response:
    """Turn the keys on or off for the person who asks, on every machine."""
    on = request.form.get("on") == "1"
    users.switch_keys(db.session, access.signed_in().id, on=on, actor=access.current_actor(), now=clock.now())
    db.session.commit()
    flash("Keys are on." if on else "Keys are off. Every act is still a button.")
    return redirect(url_for("help.keys"), 303)


def _groups() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    return ("On every page", EVERYWHERE), ("On the worklist", ON_THE_WORKLIST)
