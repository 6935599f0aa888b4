"""The import of a clinic's spreadsheet: upload, columns, dry run, import, undo."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField
from wtforms.validators import InputRequired

from tracker import clock
from tracker.db import db
from tracker.models.imports import ImportBatch, ImportState
from tracker.services.errors import BadFile, Conflict, Refused
from tracker.services.imports import batches, committing, undoing
from tracker.services.imports.export import errors_csv
from tracker.services.imports.report import Outcome, Report, rows_in_words
from tracker.web import access, uploads
from tracker.web.forms import BaseForm

blueprint = Blueprint("imports", __name__, url_prefix="/imports")
PAGE = 100
CHANGES_SHOWN = 20
SHOW: Mapping[str, tuple[str, tuple[Outcome, ...]]] = {
    "all": ("All rows", tuple(Outcome)),
    "refused": ("Refused", (Outcome.REFUSED,)),
    "added": ("New patients", (Outcome.ADDED,)),
    "changed": ("Changed", (Outcome.CHANGED,)),
    "unchanged": ("Unchanged", (Outcome.UNCHANGED,)),
    "skipped": ("Skipped", (Outcome.SKIPPED,)),
}


class UploadForm(BaseForm):
    file = FileField(
        "Spreadsheet",
        [InputRequired("Choose a file: a CSV, or an Excel workbook (.xlsx).")],
        description="CSV or .xlsx, as your clinic keeps it. Nothing is saved before you saw the dry run.",
        render_kw={"accept": ".csv,.txt,.tsv,.xlsx"},
    )


@blueprint.route("/", methods=["GET", "POST"])
def index() -> ResponseReturnValue:
    form = UploadForm()
    if not form.validate_on_submit():
        return _index(form), 422 if form.is_submitted() else 200
    upload = form.file.data
    try:
        batch = batches.stage(
            db.session,
            clinic_id=access.current_clinic_id(),
            file_name=upload.filename or "spreadsheet",
            content=uploads.content_of(upload),
            sheet=None,
            actor=access.current_actor(),
            now=clock.now(),
        )
    except BadFile as fault:
        db.session.rollback()
        form.fail(str(fault), "file")
        return _index(form), 422
    db.session.commit()
    return redirect(url_for("imports.columns", batch_id=batch.id), 303)


def _index(form: UploadForm) -> str:
    recent = batches.recent_batches(db.session, clinic_id=access.current_clinic_id())
    return render_template("imports/index.html", form=form, batches=recent, today=access.today())


@blueprint.route("/<batch_id>/columns", methods=["GET", "POST"])
def columns(batch_id: str) -> ResponseReturnValue:
    batch = _find(batch_id)
    if batch.state is not ImportState.STAGED:
        return redirect(url_for("imports.show", batch_id=batch_id), 303)
    found = batches.columns_of(batch)
    if request.method == "GET":
        return _columns(batch, found, {each.index: each.field for each in found.columns}, None)
    chosen = {each.index: request.form.get(f"column-{each.index}") or None for each in found.columns}
    try:
        batches.set_columns(db.session, batch, chosen, now=clock.now())
        committing.dry_run(_job(batch))
    except (Refused, BadFile) as refusal:
        db.session.rollback()
        return _columns(_find(batch_id), found, chosen, str(refusal)), 422
    db.session.commit()
    return redirect(url_for("imports.show", batch_id=batch_id), 303)


def _columns(
    batch: ImportBatch, found: batches.Columns, chosen: Mapping[int, str | None], error: str | None
) -> str:
    return render_template(
        "imports/columns.html",
        batch=batch,
        found=found,
        chosen=chosen,
        error=error,
        choices=batches.FIELD_CHOICES,
        before=batches.committed_before(db.session, batch),
        today=access.today(),
    )


@blueprint.post("/<batch_id>/sheet")
def sheet(batch_id: str) -> ResponseReturnValue:
    batch = _find(batch_id)
    batches.choose_sheet(db.session, batch, request.form.get("sheet", ""))
    db.session.commit()
    return redirect(url_for("imports.columns", batch_id=batch_id), 303)


@blueprint.get("/<batch_id>")
def show(batch_id: str) -> ResponseReturnValue:
    batch = _find(batch_id)
    report = batches.report_of(db.session, batch)
    if batch.state is ImportState.STAGED and report is None:
        return redirect(url_for("imports.columns", batch_id=batch_id), 303)
    return _show(batch, report)


def _show(batch: ImportBatch, report: Report | None, error: str | None = None, **more: Any) -> str:
    page = "dry_run" if batch.state is ImportState.STAGED else "batch"
    values: dict[str, Any] = {"standing": [], "error": error, **more}
    if report is not None:
        values |= _told(report)
    return render_template(
        f"imports/{page}.html",
        batch=batch,
        report=report,
        counts=report.counts if report else None,
        rows_in_words=rows_in_words,
        today=access.today(),
        **values,
    )


def _told(report: Report) -> dict[str, Any]:
    """The first errors and the first changes; the rest is on the page of all rows."""
    lines = [(row, line) for row in report.rows for line in row.changes]
    new = [row for row in report.rows if row.outcome is Outcome.CHANGED and row.says]
    return {
        "errors": report.errors[:PAGE],
        "changes": lines[:CHANGES_SHOWN],
        "change_count": len(lines),
        "new_facts": new[:CHANGES_SHOWN],
        "new_fact_count": len(new),
    }


@blueprint.get("/<batch_id>/rows")
def rows(batch_id: str) -> ResponseReturnValue:
    batch = _find(batch_id)
    report = batches.report_of(db.session, batch)
    if report is None:
        return redirect(url_for("imports.show", batch_id=batch_id), 303)
    shown = request.args.get("show", "all")
    shown = shown if shown in SHOW else "all"
    total = report.page(SHOW[shown][1], 0, 0)[0]
    pages = max(1, -(-total // PAGE))
    wanted = request.args.get("page", "")
    page = min(int(wanted), pages) if wanted.isascii() and wanted.isdigit() and len(wanted) < 7 else 1
    page = max(page, 1)
    return render_template(
        "imports/rows.html",
        batch=batch,
        show=SHOW,
        shown=shown,
        total=total,
        page=page,
        pages=pages,
        rows=report.page(SHOW[shown][1], (page - 1) * PAGE, PAGE)[1],
        make_url=lambda number: url_for("imports.rows", batch_id=batch_id, show=shown, page=number),
    )


@blueprint.get("/<batch_id>/errors.csv")
def errors(batch_id: str) -> ResponseReturnValue:
    batch = _find(batch_id)
    report = batches.report_of(db.session, batch) or Report()
    headers = {"Content-Disposition": 'attachment; filename="rows-with-errors.csv"'}
    return Response("\ufeff" + errors_csv(report), mimetype="text/csv", headers=headers)


@blueprint.post("/<batch_id>/commit")
def commit(batch_id: str) -> ResponseReturnValue:
    batch = _find(batch_id, lock=True)
    write = committing.commit_good if request.form.get("rows") == "good" else committing.commit_all
    try:
        report = write(_job(batch))
    except (Refused, Conflict) as refusal:
        db.session.rollback()
        return _refused(batch_id, refusal)
    db.session.commit()
    flash(f"Imported: {report.counts.written} rows. The import can be undone as a whole.")
    return redirect(url_for("imports.show", batch_id=batch_id), 303)


@blueprint.post("/<batch_id>/undo")
def undo(batch_id: str) -> ResponseReturnValue:
    batch = _find(batch_id, lock=True)
    try:
        count = undoing.undo(db.session, batch, actor=access.current_actor(), now=clock.now())
    except (Refused, Conflict) as refusal:
        db.session.rollback()
        return _refused(batch_id, refusal)
    db.session.commit()
    flash(f"Undone: {count} records are as they were before the import.")
    return redirect(url_for("imports.show", batch_id=batch_id), 303)


@blueprint.post("/<batch_id>/discard")
def discard(batch_id: str) -> ResponseReturnValue:
    batch = _find(batch_id, lock=True)
    batches.discard(db.session, batch, actor=access.current_actor(), now=clock.now())
    db.session.commit()
    flash("The file is discarded. Nothing of it was saved.")
    return redirect(url_for("imports.index"), 303)


def _refused(batch_id: str, refusal: Refused | Conflict) -> ResponseReturnValue:
    """The batch's own page with what stands in the way."""
    batch = _find(batch_id)
    standing = refusal.standing if isinstance(refusal, undoing.UndoRefused) else []
    text = _show(batch, batches.report_of(db.session, batch), str(refusal), standing=standing)
    return text, 409 if isinstance(refusal, Conflict) else 422


def _find(batch_id: str, *, lock: bool = False) -> ImportBatch:
    return batches.find_batch(db.session, clinic_id=access.current_clinic_id(), batch_id=batch_id, lock=lock)


def _job(batch: ImportBatch) -> committing.Job:
    return committing.job(db.session, batch, actor=access.current_actor(), now=clock.now())
