"""Write down outside the database where the audit chains stand, and chain what another release wrote."""

import logging

from tracker.db import reading
from tracker.jobs.mailer import Office
from tracker.services import audit_anchor, audit_chain

log = logging.getLogger(__name__)


def anchor_heads(office: Office) -> None:
    """The heads into the instance folder; the first of a clinic's day into the log too."""
    with reading(), office.open_session() as session:
        loose = audit_chain.clinics_with_loose_events(session)
        session.rollback()
    for clinic_id in loose:
        with office.open_session() as session:
            audit_chain.link(session, clinic_id)
            session.commit()
    with reading(), office.open_session() as session:
        heads = audit_chain.heads(session)
        session.rollback()
    kept = audit_anchor.keep(office.settings.instance / audit_anchor.NAME, heads, now=office.clock())
    for head in kept.first_of_day:
        extra = {"clinic_id": head.clinic_id, "audit_number": head.number, "audit_hash": head.hash}
        log.info("head of the audit trail", extra=extra)
    for head in kept.short:
        log.error(
            "the audit trail lost events: run tracker audit verify", extra={"clinic_id": head.clinic_id}
        )
