"""A packet leaves the clinic: the request is submitted, and the proof of its filing goes into the log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tracker.models.authorization import Authorization
from tracker.models.authorization_log import Channel
from tracker.models.base import Db
from tracker.rules.moves import Move
from tracker.services import authorizations, contacts
from tracker.services.actor import Actor
from tracker.services.authorizations import Report
from tracker.services.packets import PacketView
from tracker.services.reconcile import Outcome

LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Sending:
    """How it was sent. `columns`: what the submission sets besides, as `received_at`."""

    on: date | None
    channel: Channel
    reference: str | None
    note: str | None
    columns: Mapping[str, Any]


def mark_sent(
    session: Db,
    row: Authorization,
    view: PacketView,
    sending: Sending,
    *,
    version: int,
    actor: Actor,
    now: datetime,
) -> Outcome:
    """Submit the draft and log how. Raises as a move and as an entry of the log do."""
    report = Report(on=sending.on, reason=sending.note, columns=sending.columns)
    outcome = authorizations.move(session, row, Move.SUBMIT, report, version=version, actor=actor, now=now)
    values = {
        "channel": sending.channel,
        "on_date": sending.on,
        "reference": sending.reference,
        "said": _said(view, sending.note),
        "authorization_id": row.id,
        "payer_id": view.payer.id,
    }
    contacts.log(session, values, clinic_id=row.clinic_id, patient_id=row.patient_id, actor=actor, now=now)
    return outcome


def _said(view: PacketView, note: str | None) -> str:
    """What went along, by name."""
    names = ", ".join(paper.name for paper, _ in view.packet.evidence)
    parts = [
        f"Request sent, packet {view.packet.had} of {view.packet.total} complete.",
        f"With it: {names}." if names else "No document went along.",
        note or "",
    ]
    return " ".join(part for part in parts if part)[:LONGEST]
