"""Each clinic's morning: look through yesterday's reads for someone who read unusually many patients."""

import logging

from tracker.db import reading
from tracker.jobs.each_clinic import in_each
from tracker.jobs.mailer import Office
from tracker.models.base import Db
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

    def look(session: Db, clinic_id: str) -> int:
        return bulk_reading.look_back(
            session, clinic_id, most=office.settings.reading_notice, now=office.clock()
        )

    return in_each(office, clinics, look, log=log, trouble="reads of yesterday not looked through")
