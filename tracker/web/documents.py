"""A patient's documents: list, upload, download, remove."""

from io import BytesIO

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField, FileRequired
from wtforms.validators import InputRequired

from tracker import clock
from tracker.db import db
from tracker.models.document import Document
from tracker.models.patient import Patient
from tracker.models.user import Role
from tracker.rules.words import DocumentKind
from tracker.services import documents
from tracker.services.documents import Paper
from tracker.services.errors import BadFile, NotFound, Refused
from tracker.web import access, uploads
from tracker.web.forms import BaseForm, ChoiceField, CleanStringField, DateField
from tracker.web.security import REPORTS

blueprint = Blueprint("documents", __name__, url_prefix="/patients/<patient_id>/documents")
KINDS = [(kind.value, kind.label) for kind in DocumentKind]
POLICY = f"sandbox; default-src 'none'; object-src 'none'; base-uri 'none'; {REPORTS}; frame-ancestors 'none'"


class UploadForm(BaseForm):
    file = FileField(
        "File",
        [FileRequired("Choose a file.")],
        description="PDF, PNG, JPEG or plain text, up to 10 MB. It is kept as it is, "
        "with what it says of author, place and camera.",
        render_kw={"accept": ".pdf,.png,.jpg,.jpeg,.txt"},
    )
    kind = ChoiceField("What it is", [InputRequired("Choose one.")], pairs=KINDS, blank=None)
    dated_on = DateField("Date on the paper", description="How fresh it is. Empty: none is on it.")
    proves = ChoiceField("Attach to", blank="Nothing in particular")


class RemoveForm(BaseForm):
    reason = CleanStringField(
        "Why", [InputRequired("Say why, as in: belongs to another patient.")], longest=300
    )


@blueprint.route("", methods=["GET", "POST"])
def index(patient_id: str) -> ResponseReturnValue:
    patient = access.find_or_404(Patient, patient_id)
    form = UploadForm(
        proves=request.args.get("for", "")[:60] or None, kind=request.args.get("kind", "")[:20] or None
    )
    form.proves.offer(documents.provable(db.session, clinic_id=patient.clinic_id, patient_id=patient.id))
    if form.validate_on_submit() and _added(patient, form):
        flash("Kept. It is encrypted with the backups, and every download is on record.", "success")
        return redirect(url_for("documents.index", patient_id=patient.id), 303)
    return _page(patient, form), 422 if form.is_submitted() else 200


@blueprint.get("/<document_id>")
def download(patient_id: str, document_id: str) -> Response:
    """Always a file to keep, never a page: whatever it holds cannot act in this site's name."""
    row = _find(patient_id, document_id)
    if row.removed_at is not None and not _leads():
        abort(404)
    answer = send_file(
        BytesIO(documents.content_of(db.session, row)),
        mimetype=row.media_type.value,
        as_attachment=True,
        download_name=row.name,
        etag=False,
    )
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@blueprint.route("/<document_id>/remove", methods=["GET", "POST"])
def remove(patient_id: str, document_id: str) -> ResponseReturnValue:
    row, form = _find(patient_id, document_id), RemoveForm()
    if form.validate_on_submit():
        documents.remove(
            db.session, row, reason=form.reason.data or "", actor=access.current_actor(), now=clock.now()
        )
        db.session.commit()
        flash("Removed. Leads can still open it under Removed.", "success")
        return redirect(url_for("documents.index", patient_id=row.patient_id), 303)
    page = render_template(
        "documents/remove.html", patient=access.find_or_404(Patient, row.patient_id), row=row, form=form
    )
    return page, 422 if form.is_submitted() else 200


def _added(patient: Patient, form: UploadForm) -> bool:
    upload = form.file.data
    what, _, row_id = (form.proves.data or "").partition(":")
    try:
        paper = Paper(
            kind=DocumentKind(str(form.kind.data)),
            name=upload.filename or "",
            content=uploads.content_of(upload, patient_id=patient.id),
            proves=(what, row_id) if row_id else None,
            dated_on=form.dated_on.data,
        )
        documents.add(db.session, patient, paper, actor=access.current_actor(), now=clock.now())
        db.session.commit()
    except (BadFile, Refused, NotFound) as refused:
        db.session.rollback()
        form.fail(str(refused), "proves" if isinstance(refused, NotFound) else "file")
        return False
    return True


def _page(patient: Patient, form: UploadForm) -> str:
    found = documents.documents_of(db.session, clinic_id=patient.clinic_id, patient_id=patient.id)
    return render_template(
        "documents/index.html",
        patient=patient,
        form=form,
        standing=[each for each in found if each.removed_at is None],
        removed=[each for each in found if each.removed_at is not None],
        proven=_words(form),
        leads=_leads(),
        may_act=access.may_act(),
    )


def _words(form: UploadForm) -> dict[str, str]:
    return {choice.value.partition(":")[2]: choice.label for choice in form.proves.choices if choice.value}


def _leads() -> bool:
    return access.signed_in().role in (Role.LEAD, Role.ADMINISTRATOR)


def _find(patient_id: str, document_id: str) -> Document:
    row = access.find_or_404(Document, document_id)
    if row.patient_id != patient_id:
        abort(404)
    return row
