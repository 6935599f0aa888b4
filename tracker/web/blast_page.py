"""The page before a change is saved: whom it touches, and how."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from tracker.services.blast_radius import Blast
from tracker.web import conflict
from tracker.web.forms import VersionedForm

MOST_TOUCHED = 100  # patients listed; the figures count all


def preview(
    form: VersionedForm, name: str, back: str, blast: Blast, *, whose: str = "this plan"
) -> ResponseReturnValue:
    """Nothing is saved yet: the page sends the same form again, or leads back. `whose`: the patients are."""
    return render_template(
        "payers/blast.html",
        name=name,
        whose=whose,
        blast=blast,
        touched=blast.impacts[:MOST_TOUCHED],
        sent=[*conflict.sent_again(form), ("version", str(form.version.data or "1"))],
        action=request.path,
        back=back,
    )
