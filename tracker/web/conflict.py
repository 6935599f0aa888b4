"""The page that shows both versions when someone else was faster."""

from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from tracker.db import db
from tracker.models.audit import AuditEvent
from tracker.web.forms import TypedField

LEFT_OUT = {"csrf_token", "version"}


@dataclass(frozen=True, slots=True)
class Difference:
    label: str
    on_file: str
    mine: str


def page(*, mine: Any, on_file: Any, row: Any, title: str, back: str) -> ResponseReturnValue:
    """Both versions side by side; what was typed can be saved over what is on file, or given up."""
    sent = [(name, value) for name, value in request.form.items(multi=True) if name not in LEFT_OUT]
    text = render_template(
        "conflict/page.html",
        title=title,
        differences=differences(mine, on_file),
        last=_last_change(row.id),
        version=row.version,
        sent=sent,
        action=request.path,
        back=back,
    )
    return text, 409


def differences(mine: Any, on_file: Any) -> list[Difference]:
    """The fields that do not say the same."""
    pairs = [
        (each, on_file[each.name]) for each in mine if each.name not in LEFT_OUT and each.name in on_file
    ]
    found = [Difference(each.label.text, _text(other), _text(each)) for each, other in pairs]
    return [each for each in found if each.on_file != each.mine]


def _text(each: Any) -> str:
    """What a person sees in a field."""
    if isinstance(each, TypedField):
        return each._value()
    choices = getattr(each, "choices", None)
    if choices:
        return next((choice.label for choice in choices if choice.value == (each.data or "")), "")
    if isinstance(each.data, bool):
        return "yes" if each.data else "no"
    return str(each.data or "")


def _last_change(row_id: str) -> AuditEvent | None:
    query = select(AuditEvent).where(AuditEvent.row_key == row_id).order_by(AuditEvent.at.desc()).limit(1)
    return db.session.execute(query).scalar_one_or_none()
