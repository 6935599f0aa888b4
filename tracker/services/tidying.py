"""What is no longer needed goes by itself, once a day. The table in `SECURITY.md` says what stays how long.

Nothing here is a record: facts, documents, alerts and the audit trail are the clinic's to keep.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.imports import ImportBatch, ImportState
from tracker.models.web_session import PasswordLink, SignInPlace
from tracker.services import throttle, unusual_sign_in, web_sessions
from tracker.services.actor import Actor
from tracker.services.imports import batches

CLOCKWORK = Actor("Clockwork")
IMPORTS_WAIT = timedelta(days=30)
LINKS_STAY = timedelta(days=30)  # after their end: their person can be told that it is over
TRIES_STAY = timedelta(days=365)  # so that wrong passwords in a row are counted, however slowly they come


def clinics(session: Db) -> Sequence[str]:
    return session.execute(select(Clinic.id).order_by(Clinic.id)).scalars().all()


def tidy_clinic(session: Db, clinic_id: str, *, now: datetime) -> int:
    """Discard imports that nobody finished: each holds a list of patients. How many, on record."""
    old = ImportBatch.state == ImportState.STAGED, ImportBatch.created_at < now - IMPORTS_WAIT
    query = select(ImportBatch).where(ImportBatch.clinic_id == clinic_id, *old).order_by(ImportBatch.id)
    query = query.with_for_update(skip_locked=True)  # someone imports it just now
    found = session.execute(query).scalars().all()
    for batch in found:
        batches.discard(session, batch, actor=CLOCKWORK, now=now)
    return len(found)


def tidy_sign_ins(session: Db, *, now: datetime) -> None:
    """Forget sessions, links, tries and places that can no longer tell anything."""
    web_sessions.forget_old(session, now=now)
    throttle.forget_old(session, now=now - TRIES_STAY)
    for old in (
        delete(PasswordLink).where(PasswordLink.expires_at < now - LINKS_STAY),
        delete(SignInPlace).where(SignInPlace.seen_at < now - unusual_sign_in.KEPT_FOR),
    ):
        session.execute(old, execution_options={"synchronize_session": False})
