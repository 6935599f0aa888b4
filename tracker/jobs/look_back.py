"""Each clinic's morning: look through yesterday's reads for someone who read unusually many patients."""

import logging

from tracker.db import reading
from tracker.jobs.mailer import Office
from tracker.services import bulk_reading, heartbeat

log = logging.getLogger(__name__)


def look_back_all(office: Office) -> int:
    """One transaction a clinic; trouble in one leaves the others theirs. How many notices were written.

    Nothing while the computer's clock is doubtful: it would mark days as looked through that never were.
    """
    with reading(), office.open_session() as session:
        doubtful = heartbeat.clock_is_doubtful(session, office.clock())
        clinics = [] if doubtful else bulk_reading.clinics_to_look_at(session, office.clock())
        session.rollback()
    return sum(_look_back(office, clinic_id) for clinic_id in clinics)


def _look_back(office: Office, clinic_id: str) -> int:
    try:
        with office.open_session() as session:
            most = office.settings.reading_notice
            count = bulk_reading.look_back(session, clinic_id, most=most, now=office.clock())
            session.commit()
    except Exception as error:
        log.error(
            "reads of yesterday not looked through",
            extra={"clinic_id": clinic_id, "error": type(error).__name__},
        )
        return 0
    return count
