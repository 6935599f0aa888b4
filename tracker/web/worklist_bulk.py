"""One act on many alerts: ask what it needs, show what would change, do it, undo it. Never a decision."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response
from wtforms.validators import DataRequired, InputRequired

from tracker import clock
from tracker.db import db
from tracker.models.user import Role
from tracker.services import bulk_acts, ownership, tags
from tracker.services.alert_acts import LONGEST_NOTE, LONGEST_REASON, Done
from tracker.services.bulk_acts import MOST, Act, Wish
from tracker.services.errors import Refused
from tracker.services.worklist_filters import Asker
from tracker.services.worklist_page import WorkRow, matching_ids, rows_of
from tracker.web import access
from tracker.web.forms import BaseForm, ChoiceField, CleanStringField, CleanTextField, DateField
from tracker.web.today import many
from tracker.web.worklist_query import filters_of, query_of
from tracker.web.worklist_view import address, asker_of, ticked

blueprint = Blueprint("worklist_bulk", __name__, url_prefix="/alerts/bulk")

NAMED = 50
NOBODY = "none"


class AssignForm(BaseForm):
    user_id = ChoiceField("Give them to", [DataRequired("Choose a colleague.")], blank="Choose")


class SnoozeForm(BaseForm):
    """`why`, for `text` is the name of a filter."""

    until = DateField("Back on the morning of", [InputRequired("Give the day on which they come back.")])
    why = CleanTextField("Why they can wait", [DataRequired("Say why.")], longest=LONGEST_REASON)


class NoteForm(BaseForm):
    why = CleanTextField("Note", [DataRequired("Write the note.")], longest=LONGEST_NOTE)


class AcknowledgeForm(BaseForm):
    """It needs nothing."""


class TagForm(BaseForm):
    """`tag_name`, for `tag` is the name of a filter."""

    tag_name = CleanStringField(
        "Tag",
        [DataRequired("Write the tag.")],
        longest=tags.LONGEST,
        render_kw={"list": "known-tags", "autocomplete": "off"},
    )


class UntagForm(BaseForm):
    tag_id = ChoiceField("Tag", [DataRequired("Choose a tag.")], blank="Choose")


FIELDS: dict[Act, Sequence[str]] = {
    Act.ASSIGN: ("user_id",),
    Act.SNOOZE: ("until", "why"),
    Act.NOTE: ("why",),
    Act.ACKNOWLEDGE: (),
    Act.TAG: ("tag_name",),
    Act.UNTAG: ("tag_id",),
}
FORMS: dict[Act, type[BaseForm]] = {
    Act.ASSIGN: AssignForm,
    Act.SNOOZE: SnoozeForm,
    Act.NOTE: NoteForm,
    Act.ACKNOWLEDGE: AcknowledgeForm,
    Act.TAG: TagForm,
    Act.UNTAG: UntagForm,
}
WORDS = {Act.TAG: "tagged", Act.UNTAG: "no longer tagged"}  # what is said of the others: changed


@blueprint.post("")
def ask() -> ResponseReturnValue:
    """What the act needs; nothing is changed yet."""
    act, asker = _act(), asker_of()
    ids = _ids(asker)
    if not ids:
        flash("Tick at least one alert first.", "error")
        return redirect(address(query_of(filters_of(request.form))), 303)
    return _page(act, _form(act, empty=True), asker, ids)


@blueprint.post("/preview")
def preview() -> ResponseReturnValue:
    """What would change and what would be refused; nothing is changed yet."""
    act, asker = _act(), asker_of()
    form, ids = _form(act), _ids(asker)
    if not form.validate():
        return _page(act, form, asker, ids), 422
    try:
        foretold = bulk_acts.foretell(db.session, _wish(act, form), ids, **_whose())
    except Refused as refused:
        form.fail(str(refused), refused.field)
        return _page(act, form, asker, ids), 422
    finally:
        db.session.rollback()
    return _page(act, form, asker, ids, foretold)


@blueprint.post("/do")
def do() -> ResponseReturnValue:
    """Do it, if the list is still the one that was shown."""
    act, asker = _act(), asker_of()
    form, ids = _form(act), _ids(asker)
    if not form.validate():
        return _page(act, form, asker, ids), 422
    if request.form.get("seen") != str(len(ids)):
        form.fail("The list has changed since. Look again at what would change.")
        return _page(act, form, asker, ids), 422
    try:
        done = bulk_acts.do(db.session, _wish(act, form), ids, **_whose())
    except Refused as refused:
        db.session.rollback()
        form.fail(str(refused), refused.field)
        return _page(act, form, asker, ids), 422
    db.session.commit()
    _tell(done, WORDS.get(act, "changed"))
    return redirect(address(query_of(filters_of(request.form))), 303)


@blueprint.post("/undo")
def undo() -> Response:
    """Take back one's last act, within ten minutes."""
    try:
        at = datetime.fromisoformat(request.form.get("at", ""))
    except ValueError:
        raise Refused("This can no longer be taken back.") from None
    if at.tzinfo is None:
        raise Refused("This can no longer be taken back.")
    done = bulk_acts.undo(db.session, at, **_whose())
    db.session.commit()
    _tell(done, "as before")
    return redirect(address(query_of(filters_of(request.form))), 303)


def _act() -> Act:
    wanted = request.form.get("act")
    act = next((each for each in Act if each.value == wanted), None)
    if act is None:
        raise Refused("Choose what to do with the alerts.")
    return act


def _ids(asker: Asker) -> list[str]:
    """The ticked ones, or all that match; one more than can be done at once, so that too many are seen."""
    if request.form.get("every"):
        return matching_ids(db.session, asker, filters_of(request.form), at_most=MOST + 1)
    return [row.line.id for row in rows_of(db.session, asker.clinic_id, ticked(request.form)[: MOST + 1])]


def _form(act: Act, *, empty: bool = False) -> BaseForm:
    form = FORMS[act](formdata=None) if empty else FORMS[act]()
    if isinstance(form, AssignForm):
        people = ownership.people_of(db.session, access.current_clinic_id()).values()
        able = [(each.id, each.name) for each in people if each.active and each.role is not Role.VIEWER]
        me = access.signed_in().id
        able.sort(key=lambda pair: pair[0] != me)
        named = [(key, f"{name} (me)" if key == me else name) for key, name in able]
        form.user_id.offer([*named, (NOBODY, "Nobody: back to the patient's owner")])
    if isinstance(form, UntagForm):
        form.tag_id.offer(list(tags.in_use(db.session, access.current_clinic_id()).items()))
    return form


def _wish(act: Act, form: Any) -> Wish:
    if act is Act.ASSIGN:
        return Wish(act, user_id=None if form.user_id.data == NOBODY else form.user_id.data)
    if act is Act.SNOOZE:
        return Wish(act, until=form.until.data, text=form.why.data or "")
    field = {Act.NOTE: "why", Act.TAG: "tag_name", Act.UNTAG: "tag_id"}.get(act)
    return Wish(act, text=form[field].data or "") if field else Wish(act)


def _whose() -> dict[str, Any]:
    return {"clinic_id": access.current_clinic_id(), "actor": access.current_actor(), "now": clock.now()}


def _tell(done: Done, word: str) -> None:
    flash(f"{many(len(done.changed), done.noun)} {word}.", "success" if done.changed else "error")
    for why, ids in bulk_acts.by_reason(done.refused).items():
        flash(f"{len(ids)} left as {'it was' if len(ids) == 1 else 'they were'}: {why}", "error")


def _page(act: Act, form: BaseForm, asker: Asker, ids: Sequence[str], foretold: Done | None = None) -> str:
    """`foretold`: what would change, to be confirmed; None: the form."""
    rows = rows_of(db.session, asker.clinic_id, ids[:NAMED])
    return render_template(
        "worklist/bulk.html",
        act=act,
        form=form,
        ids=ids,
        every=bool(request.form.get("every")),
        query=query_of(filters_of(request.form)),
        rows=rows,
        today=asker.today,
        foretold=foretold,
        refused=_refused(asker, foretold) if foretold else [],
        fields=FIELDS[act],
        known_tags=tags.in_use(db.session, asker.clinic_id),
        too_many=len(ids) > MOST,
        most=MOST,
    )


def _refused(asker: Asker, foretold: Done) -> list[tuple[str, Sequence[WorkRow]]]:
    """Why, and the first of those it concerns."""
    reasons = bulk_acts.by_reason(foretold.refused)
    return [(why, rows_of(db.session, asker.clinic_id, ids[:NAMED])) for why, ids in reasons.items()]
