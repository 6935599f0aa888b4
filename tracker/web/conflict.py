"""The page that shows both versions when someone else was faster."""

from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, FieldList, SelectMultipleField

from tracker.db import db
from tracker.models.audit import CHANGES, AuditEvent
from tracker.web import access
from tracker.web.forms import TypedField

LEFT_OUT = {"csrf_token", "version"}


@dataclass(frozen=True, slots=True)
class Difference:
    label: str
    on_file: str
    mine: str


def page(*, mine: Any, on_file: Any, row: Any, title: str, back: str) -> ResponseReturnValue:
    """Both versions side by side; what was typed can be saved over what is on file, or given up."""
    text = render_template(
        "conflict/page.html",
        title=title,
        differences=differences(mine, on_file),
        last=_last_change(row.id),
        version=row.version,
        sent=sent_again(mine),
        action=request.path,
        back=back,
    )
    return text, 409


def sent_again(mine: Any) -> list[tuple[str, str]]:
    """What was sent, and the ticks that it implied."""
    sent = [(name, value) for name, value in request.form.items(multi=True) if name not in LEFT_OUT]
    ticked = [each.name for each in mine if isinstance(each, BooleanField) and each.data]
    return sent + [(name, "y") for name in ticked if name not in request.form]


def differences(mine: Any, on_file: Any) -> list[Difference]:
    """The fields that do not say the same; a field that one of them lacks says nothing there."""
    names = [each.name for form in (mine, on_file) for each in form if each.name not in LEFT_OUT]
    found = [_difference(mine, on_file, name) for name in dict.fromkeys(names)]
    return [each for each in found if each.on_file != each.mine]


def _difference(mine: Any, on_file: Any, name: str) -> Difference:
    label = (mine if name in mine else on_file)[name].label.text
    return Difference(label, *(_text(form[name]) if name in form else "" for form in (on_file, mine)))


def _text(each: Any) -> str:
    """What a person sees in a field."""
    if isinstance(each, FieldList):
        return "; ".join(text for text in (entry.form.said() for entry in each) if text)
    if isinstance(each, TypedField):
        return each._value()
    choices = getattr(each, "choices", None)
    if isinstance(each, SelectMultipleField):
        return ", ".join(str(choice.label) for choice in each.choices if choice.value in (each.data or ()))
    if choices:
        return next((choice.label for choice in choices if choice.value == (each.data or "")), "")
    if isinstance(each.data, bool):
        return "yes" if each.data else "no"
    return str(each.data or "")


def _last_change(row_id: str) -> AuditEvent | None:
    query = (
        access.scoped(AuditEvent)
        .where(AuditEvent.row_key == row_id, AuditEvent.action.in_(CHANGES))
        .order_by(AuditEvent.at.desc())
    )
    return db.session.execute(query.limit(1)).scalar_one_or_none()
