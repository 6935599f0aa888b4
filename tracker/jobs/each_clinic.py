"""Work that is done clinic by clinic, so that trouble in one leaves the others theirs."""

from collections.abc import Callable, Iterable
from logging import Logger

from tracker.jobs.mailer import Office
from tracker.models.base import Db


def in_each(
    office: Office, clinic_ids: Iterable[str], work: Callable[[Db, str], int], *, log: Logger, trouble: str
) -> int:
    """One transaction a clinic; what they counted, added up. `trouble`: what the log says where one fails."""
    return sum(_in_one(office, clinic_id, work, log, trouble) for clinic_id in clinic_ids)


def _in_one(office: Office, clinic_id: str, work: Callable[[Db, str], int], log: Logger, trouble: str) -> int:
    try:
        with office.open_session() as session:
            count = work(session, clinic_id)
            session.commit()
    except Exception as error:
        log.error(trouble, extra={"clinic_id": clinic_id, "error": type(error).__name__})
        return 0
    return count
