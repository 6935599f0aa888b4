"""The clinic's lead times: how early alerts rise, how early fills are made (rulebook 11, `policy`)."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.services import audit, checking
from tracker.services.actor import Actor
from tracker.services.errors import Conflict, Refused

NAMES = (
    *("renewal_lead_days", "alert_horizon_days", "refill_due_days", "fill_ahead_days"),
    *("refill_threshold_percent", "coverage_end_lead_days", "coverage_change_lead_days"),
    *("info_reply_days", "duration_lead_days", "shipping_days", "preparation_days"),
)


def change(
    session: Db, clinic: Clinic, values: Mapping[str, int], *, version: int, actor: Actor, now: datetime
) -> int:
    """Write them, and ask for a check of everyone; how many patients that are.

    `version`: the one read. Raises Conflict if it is not the latest, Refused for what is out of range or
    changes nothing.
    """
    refuse_stale(clinic, version)
    old, new = audit.difference({name: getattr(clinic, name) for name in values}, values)
    if not new:
        raise Refused("Nothing is changed.")
    try:
        with session.begin_nested():
            for name, value in new.items():
                setattr(clinic, name, value)
            session.flush()
    except IntegrityError:
        raise Refused("Days are from 0 to 365, the threshold from 1 to 100 percent.") from None
    audit.clinic_changed(session, clinic.id, old=old, new=new, actor=actor, at=now)
    return checking.mark_due(session, clinic_id=clinic.id)


def refuse_stale(clinic: Clinic, version: int) -> None:
    """Raises Conflict if this version of the clinic's settings is not the latest."""
    if clinic.version != version:
        raise Conflict(
            "A colleague has changed the clinic's settings meanwhile. Open the page again, then decide."
        )
