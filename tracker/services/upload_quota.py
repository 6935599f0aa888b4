"""How much one person may leave here, so that no account can fill the disk: documents, and imports that wait.

The figures are of no standard, chosen on 2026-11-26: four times what the busiest coordinator was thought to
add in a month (22 days, 20 patients a day, a letter each, a megabyte at most); a month's imports, one a day.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from tracker.models.base import Db
from tracker.models.document import Document
from tracker.models.imports import ImportBatch, ImportState
from tracker.models.user import User
from tracker.services.actor import Actor
from tracker.services.errors import BadFile, Refused

MONTH = timedelta(days=30)
MOST_DOCUMENTS = 2_000
MOST_BYTES = 2_000_000_000
MOST_WAITING = 20


def check_document(session: Db, size: int, *, clinic_id: str, actor: Actor, now: datetime) -> None:
    """Refused if one more of this many bytes is too much. Removed ones count: their content stays."""
    if not _is_held(session, actor):
        return
    query = select(func.count(), func.coalesce(func.sum(Document.size), 0), func.min(Document.added_at))
    own = Document.clinic_id == clinic_id, Document.added_by_id == actor.user_id
    count, total, first = session.execute(query.where(*own, Document.added_at > now - MONTH)).one()
    if count < MOST_DOCUMENTS and total + size <= MOST_BYTES:
        return
    free_on = f"{first + MONTH:%a %Y-%m-%d}"
    raise Refused(
        f"You added {count:,} documents ({_mb(total)}) in the last 30 days. One person may add "
        f"{MOST_DOCUMENTS:,} ({_mb(MOST_BYTES)}), so this one was not kept. From {free_on} on "
        "the first of them no longer counts. If it is urgent, have a colleague add it.",
        field="file",
    )


def check_import(session: Db, *, clinic_id: str, actor: Actor) -> None:
    """BadFile if too many of this person wait with their files. An import that ran keeps its report alone."""
    if not _is_held(session, actor):
        return
    waiting = ImportBatch.state == ImportState.STAGED, ImportBatch.created_by == actor.name
    query = select(func.count()).where(ImportBatch.clinic_id == clinic_id, *waiting)
    if session.execute(query).scalar_one() >= MOST_WAITING:
        raise BadFile(
            f"{MOST_WAITING} of your files wait to be imported, the most that one person may leave. "
            "Import or discard some of them below, then send this one again."
        )


def _is_held(session: Db, actor: Actor) -> bool:
    """Whether a person asks, and not a command. Their row is locked, so that two uploads cannot both pass."""
    if actor.user_id is None:
        return False
    return (
        session.execute(select(User.id).where(User.id == actor.user_id).with_for_update()).first() is not None
    )


def _mb(size: int) -> str:
    return f"{size / 1_000_000:,.0f} MB"
