"""The packet of a request: its checklist, its paper, and that it was sent."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField

from tracker import clock
from tracker.db import db
from tracker.models.alert import Alert
from tracker.models.authorization import Authorization
from tracker.models.authorization_log import Channel
from tracker.models.patient import Patient
from tracker.rules.moves import Move
from tracker.rules.packet import Cure, Item, Part
from tracker.services import authorizations, next_acts, packet_sent, packets
from tracker.services.errors import Conflict, Refused
from tracker.services.packets import PacketView
from tracker.web import access
from tracker.web.fact_forms.base import MomentField, Needed
from tracker.web.facts import alerts_said
from tracker.web.forms import CleanStringField, CleanTextField, DateField, VersionedForm, WordField

blueprint = Blueprint("packets", __name__, url_prefix="/patients/<patient_id>")
OF_AUTHORIZATION = "/authorizations/<authorization_id>/packet"


class SentForm(VersionedForm):
    shown = ("on", "channel", "reference", "received_at", "expedited", "note")
    on = DateField("Sent on", [Needed("Give the day on which it was sent.")])
    channel = WordField("Sent by", Channel, [Needed("Choose how it was sent.")], blank="Choose")
    reference = CleanStringField(
        "Reference", longest=60, description="Fax confirmation, portal or case number: the proof of filing"
    )
    received_at = MomentField("Received by the payer at", description="Starts its clock: 2026-06-05 16:40")
    expedited = BooleanField("Expedited")
    note = CleanTextField("Note", longest=300)

    def prepare(self, row: Authorization) -> None:
        self.channel.offer([(each.value, each.label) for each in Channel if each is not Channel.NOTE])
        if not self.is_submitted():
            self.on.data = access.today()
            self.version.data = str(row.version)


@blueprint.get(OF_AUTHORIZATION)
def show(patient_id: str, authorization_id: str) -> str:
    return _page("packets/show.html", patient_id, authorization_id)


@blueprint.get(f"{OF_AUTHORIZATION}/print")
def sheet(patient_id: str, authorization_id: str) -> str:
    """The same on paper: what a reviewer asks for, and the index of what goes along."""
    return _page("packets/sheet.html", patient_id, authorization_id)


@blueprint.get("/alerts/<alert_id>/packet")
def first(patient_id: str, alert_id: str) -> ResponseReturnValue:
    """What a request must hold of which nothing is on file yet; once it is drafted, that one's page."""
    return _first_page("packets/show.html", ".show", patient_id, alert_id)


@blueprint.get("/alerts/<alert_id>/packet/print")
def first_sheet(patient_id: str, alert_id: str) -> ResponseReturnValue:
    """The same on paper, to take to whoever writes the letter or looks for the notes."""
    return _first_page("packets/sheet.html", ".sheet", patient_id, alert_id)


def _first_page(template: str, once_drafted: str, patient_id: str, alert_id: str) -> ResponseReturnValue:
    patient = access.find_or_404(Patient, patient_id)
    alert = access.find_or_404(Alert, alert_id)
    clinic_id = access.current_clinic_id()
    matter = next_acts.matters(db.session, clinic_id=clinic_id, alert_ids=[alert.id])[alert.id]
    asked = next_acts.first_request(next_acts.next_act(matter), matter, alert.harm_on)
    if alert.patient_id != patient.id or asked is None:
        abort(404)
    found = packets.packets(db.session, clinic_id=clinic_id, wanted={}, firsts=[asked], on=access.today())
    view = found[alert.id]
    if view.row is not None:
        address = url_for(once_drafted, patient_id=patient.id, authorization_id=view.row.id)
        return redirect(address, 303)
    return _rendered(template, patient, view)


def _page(template: str, patient_id: str, authorization_id: str) -> str:
    patient, view = _found(patient_id, authorization_id)
    return _rendered(template, patient, view)


def _rendered(template: str, patient: Patient, view: PacketView) -> str:
    return render_template(
        template,
        patient=patient,
        view=view,
        today=access.today(),
        parts=_parts(view),
        clinic=access.current_clinic(),
        cure_url=partial(_cure_url, view),
        may_act=access.may_act(),
    )


@blueprint.route(f"{OF_AUTHORIZATION}/sent", methods=["GET", "POST"])
def sent(patient_id: str, authorization_id: str) -> ResponseReturnValue:
    """The submission, with the proof of its filing in the log."""
    patient, view = _found(patient_id, authorization_id)
    back = url_for(".show", patient_id=patient_id, authorization_id=authorization_id)
    row = view.draft
    if row is None:
        flash("Draft it first: only a draft can be marked as sent.", "error")
        return redirect(back, 303)
    senseless = authorizations.refusal(row, Move.SUBMIT)
    if senseless:
        flash(senseless, "error")
        return redirect(back, 303)
    form = SentForm()
    form.prepare(row)
    if not form.validate_on_submit():
        return _sent_page(patient, view, form), 422 if form.is_submitted() else 200
    try:
        outcome = packet_sent.mark_sent(
            db.session,
            row,
            view,
            _sending(form),
            version=form.read_version,
            actor=access.current_actor(),
            now=clock.now(),
        )
    except (Conflict, Refused) as refused:
        db.session.rollback()
        form.fail(str(refused), getattr(refused, "field", None))
        patient, view = _found(patient_id, authorization_id)
        return _sent_page(patient, view, form), 409 if isinstance(refused, Conflict) else 422
    db.session.commit()
    flash(f"Marked as sent, logged and checked. {alerts_said(outcome)}")
    return redirect(back, 303)


def _sending(form: SentForm) -> packet_sent.Sending:
    return packet_sent.Sending(
        on=form.on.data,
        channel=Channel(str(form.channel.data)),
        reference=form.reference.data,
        note=form.note.data,
        columns={"received_at": form.received_at.data, "expedited": form.expedited.data},
    )


def _sent_page(patient: Patient, view: PacketView, form: SentForm) -> str:
    return render_template("packets/sent.html", patient=patient, view=view, form=form)


def _found(patient_id: str, authorization_id: str) -> tuple[Patient, PacketView]:
    patient = access.find_or_404(Patient, patient_id)
    row = access.find_or_404(Authorization, authorization_id)
    if row.patient_id != patient.id:
        abort(404)
    wanted = {row.id: patient.id}
    views = packets.packets(
        db.session, clinic_id=access.current_clinic_id(), wanted=wanted, on=access.today()
    )
    return patient, views[row.id]


def _parts(view: PacketView) -> list[tuple[Part, list[Item]]]:
    found = [(part, [each for each in view.packet.items if each.part is part]) for part in Part]
    return [(part, items) for part, items in found if items]


# ----------------------------------------------------------------------------- where to add what lacks


def _document(view: PacketView, item: Item, attach: str | None) -> str:
    more: dict[str, Any] = {"kind": item.kind.value} if item.kind else {}
    if attach:
        more["for"] = f"authorization:{attach}"
    return url_for("documents.index", patient_id=view.patient_id, **more)


def _request(view: PacketView, item: Item) -> str:
    """The draft can be corrected; what is not drafted yet is drafted first."""
    if view.draft is None and view.row is not None:
        return url_for("authorizations.renew", patient_id=view.patient_id, authorization_id=view.row.id)
    if view.draft is None:
        return url_for("facts.add", kind="authorization", patient_id=view.patient_id, alert=view.alert_id)
    return url_for("facts.change", kind="authorization", patient_id=view.patient_id, fact_id=view.draft.id)


def _fact(kind: str) -> Callable[[PacketView, Item], str]:
    return lambda view, item: url_for("facts.add", kind=kind, patient_id=view.patient_id)


CURES: Mapping[Cure, Callable[[PacketView, Item], str]] = {
    Cure.PATIENT: lambda view, item: url_for("patient_forms.change", patient_id=view.patient_id),
    Cure.COVERAGE: lambda view, item: f"{url_for('patients.show', patient_id=view.patient_id)}#coverages",
    Cure.REGIMEN: _fact("regimen"),
    Cure.REQUEST: _request,
    Cure.RULE: lambda view, item: url_for("payers.plan", plan_id=view.plan.id),
    Cure.STEPS: lambda view, item: url_for("steps.show", patient_id=view.patient_id),
    Cure.DOCUMENT: lambda view, item: _document(view, item, view.draft.id if view.draft else None),
    Cure.LETTER: lambda view, item: _document(view, item, view.request.renews),
    Cure.FILING: lambda view, item: url_for(
        "contacts.add", patient_id=view.patient_id, authorization=view.draft.id if view.draft else None
    ),
}


def _cure_url(view: PacketView, item: Item) -> str:
    assert item.cure is not None
    return CURES[item.cure](view, item)
