"""Wake what has slept to its day, and let what nobody answers climb its ladder; a short transaction each."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from tracker.db import reading
from tracker.models.base import Db
from tracker.services import escalation, heartbeat, snoozing

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
OpenSession = Callable[[], AbstractContextManager[Db]]
Work = Callable[..., int]


def tend_all(open_session: OpenSession, clock: Clock, *, stopping: Callable[[], bool]) -> None:
    """Tend every clinic that has something to tend. A doubtful clock wakes and calls nobody."""
    with reading(), open_session() as session:
        doubtful = heartbeat.clock_is_doubtful(session, clock())
        clinics = [] if doubtful else escalation.clinics_to_tend(session, clock())
        session.rollback()
    for clinic_id in clinics:
        for what, work in (("wake", snoozing.wake_due), ("ladder", escalation.climb)):
            if stopping():
                return
            _tend_one(open_session, clock, clinic_id, what, work, stopping)


def _tend_one(
    open_session: OpenSession,
    clock: Clock,
    clinic_id: str,
    what: str,
    work: Work,
    stopping: Callable[[], bool],
) -> None:
    try:
        full = True
        while full and not stopping():
            with open_session() as session:
                count = work(session, clinic_id=clinic_id, now=clock(), limit=escalation.BATCH)
                session.commit()
            full = count == escalation.BATCH
    except Exception as error:
        log.error(
            "tending a clinic failed",
            extra={"clinic_id": clinic_id, "part": what, "error": type(error).__name__},
        )
