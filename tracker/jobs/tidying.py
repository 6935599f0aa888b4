"""Once a day: let go of what is no longer needed; each clinic and the sign-ins have a transaction each."""

import logging
from datetime import date

from tracker.db import reading
from tracker.jobs.each_clinic import in_each
from tracker.jobs.mailer import Office
from tracker.services import heartbeat, tidying

log = logging.getLogger(__name__)


def tidy_all(office: Office, last: date | None) -> date | None:
    """The day on which it was done last. Nothing while the clock is doubtful: what is young would go."""
    now = office.clock()
    if last == now.date():
        return last
    with reading(), office.open_session() as session:
        doubtful = heartbeat.clock_is_doubtful(session, now)
        clinics = tidying.clinics(session)
        session.rollback()
    if doubtful:
        return last
    with office.open_session() as session:
        tidying.tidy_sign_ins(session, now=now)
        session.commit()
    in_each(
        office,
        clinics,
        lambda session, clinic_id: tidying.tidy_clinic(session, clinic_id, now=now),
        log=log,
        trouble="a clinic was not tidied",
    )
    return now.date()
