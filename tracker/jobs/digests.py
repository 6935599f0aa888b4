"""Write the morning's digests of every clinic whose hour has come."""

import logging

from sqlalchemy import select

from tracker.db import reading
from tracker.jobs.each_clinic import in_each
from tracker.jobs.mailer import Office
from tracker.models.base import Db
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

    def write(session: Db, clinic_id: str) -> int:
        return digest.write_due(session, clinic_id, office.clock())

    return in_each(office, due, write, log=log, trouble="digests not written")
