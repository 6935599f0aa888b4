"""How many renewals a clinic can begin in a week, as its leads say."""

from datetime import datetime

from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.services import audit
from tracker.services.actor import Actor
from tracker.services.errors import Refused
from tracker.services.lead_times import refuse_stale

MOST = 10_000


def change(
    session: Db, clinic: Clinic, a_week: int | None, *, version: int, actor: Actor, now: datetime
) -> None:
    """Write it; None: not said. Raises Conflict if `version` is not the latest, Refused out of range."""
    refuse_stale(clinic, version)
    if a_week is not None and not 1 <= a_week <= MOST:
        raise Refused(f"Give a number from 1 to {MOST:,}, or leave it empty.", field="renewals_a_week")
    if clinic.renewals_a_week == a_week:
        return
    old, clinic.renewals_a_week = clinic.renewals_a_week, a_week
    session.flush()
    audit.clinic_changed(
        session,
        clinic.id,
        old={"renewals_a_week": old},
        new={"renewals_a_week": a_week},
        actor=actor,
        at=now,
    )
