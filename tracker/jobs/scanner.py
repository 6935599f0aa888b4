"""One look at every clinic: check whoever is due, a transaction for each batch."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import select

from tracker.db import reading
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.scan import ScanKind
from tracker.services import decision_times, heartbeat, scan

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
OpenSession = Callable[[], AbstractContextManager[Db]]


def scan_all(open_session: OpenSession, clock: Clock, *, stopping: Callable[[], bool]) -> bool:
    """Check whoever is due anywhere. False: something kept a clinic from its check, or the clock is doubtful.

    Only a round that reached every clinic counts as a heartbeat.
    """
    with reading(), open_session() as session:
        doubtful = heartbeat.clock_is_doubtful(session, clock())
        clinics = [] if doubtful else scan.clinics_due(session, clock())
        session.rollback()
    if doubtful:
        log.error("the computer's clock is doubtful: no scan until it is right or someone asks for one")
        return False
    whole = True
    if not doubtful:
        _learn(open_session, clock)
    for clinic_id in clinics:
        if stopping():
            return False
        whole = _scan_one(open_session, clock, clinic_id, stopping) and whole
    if whole and not stopping():
        with open_session() as session:
            heartbeat.beat(session, heartbeat.SCAN, clock())
            session.commit()
    return whole


def _learn(open_session: OpenSession, clock: Clock) -> None:
    """Once a day: how long each payer takes. Trouble in one clinic leaves the others theirs."""
    with reading(), open_session() as session:
        clinics = list(session.execute(select(Clinic.id).order_by(Clinic.id)).scalars())
        due = [each for each in clinics if decision_times.is_time(session, each, clock())]
        session.rollback()
    for clinic_id in due:
        try:
            with open_session() as session:
                decision_times.learn(session, clinic_id=clinic_id, now=clock())
                session.commit()
        except Exception as error:
            log.error(
                "decision times not learnt", extra={"clinic_id": clinic_id, "error": type(error).__name__}
            )


def _scan_one(open_session: OpenSession, clock: Clock, clinic_id: str, stopping: Callable[[], bool]) -> bool:
    try:
        with open_session() as session:
            for step in scan.steps(session, clinic_id=clinic_id, clock=clock, kind=ScanKind.TICK):
                heartbeat.beat(session, heartbeat.PROGRESS, clock())
                session.commit()
                if stopping() and not step.finished:
                    break
            session.commit()
    except Exception as error:
        log.error("scan of a clinic failed", extra={"clinic_id": clinic_id, "error": type(error).__name__})
        return False
    return True
