"""Write the morning's digests of every clinic whose hour has come."""

import logging

from sqlalchemy import select

from tracker.db import reading
from tracker.jobs.mailer import Office
from tracker.models.clinic import Clinic
from tracker.services import digest, heartbeat

log = logging.getLogger(__name__)


def write_digests(office: Office) -> int:
    """One transaction a clinic; trouble in one is logged and leaves the others theirs. How many were written.

    None while the computer's clock is doubtful: they would be of a day that is not today.
    """
    with reading(), office.open_session() as session:
        doubtful = heartbeat.clock_is_doubtful(session, office.clock())
        clinics = [] if doubtful else session.execute(select(Clinic.id).order_by(Clinic.id)).scalars().all()
        due = [each for each in clinics if digest.due_for(session, each, office.clock())]
        session.rollback()
    return sum(_write(office, clinic_id) for clinic_id in due)


def _write(office: Office, clinic_id: str) -> int:
    try:
        with office.open_session() as session:
            count = digest.write_due(session, clinic_id, office.clock())
            session.commit()
    except Exception as error:
        log.error("digests not written", extra={"clinic_id": clinic_id, "error": type(error).__name__})
        return 0
    return count
