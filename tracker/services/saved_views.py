"""Views of the worklist: those everyone has, and those a person saved under a name."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from tracker.models.audit import AuditAction
from tracker.models.base import Db
from tracker.models.saved_view import SavedView
from tracker.models.types import REFUSED
from tracker.rules.words import Severity
from tracker.services import audit
from tracker.services.actor import Actor
from tracker.services.errors import NotFound, Refused
from tracker.services.worklist_filters import ME, NONE, Filters

MOST = 20
LONGEST_NAME = 60
ALL_OPEN = "All open"
BUILT_IN: Mapping[str, Filters] = {
    ALL_OPEN: Filters(),
    "Mine": Filters(owner=ME),
    "Unowned": Filters(owner=NONE),
    "Critical and high": Filters(severities=(Severity.CRITICAL, Severity.HIGH)),
    "Pending answers": Filters(cause="answers"),
    "Renewals": Filters(cause="renewals"),
}


def views_of(session: Db, *, clinic_id: str, user_id: str) -> Sequence[SavedView]:
    """A person's own views, by name."""
    query = select(SavedView).where(SavedView.clinic_id == clinic_id, SavedView.user_id == user_id)
    return session.execute(query.order_by(func.lower(SavedView.name), SavedView.id)).scalars().all()


def find(session: Db, view_id: str, *, clinic_id: str, user_id: str) -> SavedView:
    """One of a person's own views, or NotFound."""
    query = select(SavedView).where(
        SavedView.clinic_id == clinic_id, SavedView.user_id == user_id, SavedView.id == view_id
    )
    view = session.execute(query).scalar_one_or_none()
    if view is None:
        raise NotFound("There is no such view here.")
    return view


def add(
    session: Db, name: str, query: Mapping[str, Sequence[str]], *, clinic_id: str, actor: Actor, now: datetime
) -> SavedView:
    """Save filters under a name. Refused without a name, for one in use, or beyond MOST of them."""
    assert actor.user_id is not None
    name = _named(name)
    if len(views_of(session, clinic_id=clinic_id, user_id=actor.user_id)) >= MOST:
        raise Refused(f"You have {MOST} views. Delete one before you save another.", field="name")
    view = SavedView(
        clinic_id=clinic_id,
        user_id=actor.user_id,
        name=name,
        query={key: list(values) for key, values in query.items()},
        made_at=now,
    )
    session.add(view)
    _flush(session, name)
    _record(session, view, AuditAction.ADDED, actor, now, old=None, new=audit.snapshot(view))
    return view


def rename(session: Db, view: SavedView, name: str, *, actor: Actor, now: datetime) -> None:
    before, name = audit.snapshot(view), _named(name)
    if view.name == name:
        return
    view.name = name
    _flush(session, name)
    old, new = audit.difference(before, audit.snapshot(view))
    _record(session, view, AuditAction.CHANGED, actor, now, old=old, new=new)


def delete(session: Db, view: SavedView, *, actor: Actor, now: datetime) -> None:
    _record(session, view, AuditAction.REMOVED, actor, now, old=audit.snapshot(view), new=None)
    session.delete(view)
    session.flush()


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise Refused("Give the view a name.", field="name")
    if len(name) > LONGEST_NAME or REFUSED.search(name):
        raise Refused(f"Use at most {LONGEST_NAME} characters, without control characters.", field="name")
    if name in BUILT_IN:
        raise Refused(f"Everyone has a view called {name}. Choose another name.", field="name")
    return name


def _flush(session: Db, name: str) -> None:
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError:
        raise Refused(f"You have a view called {name}. Choose another name.", field="name") from None


def _record(
    session: Db,
    view: SavedView,
    action: AuditAction,
    actor: Actor,
    now: datetime,
    *,
    old: Mapping[str, object] | None,
    new: Mapping[str, object] | None,
) -> None:
    audit.record(
        session,
        clinic_id=view.clinic_id,
        actor=actor,
        action=action,
        at=now,
        table_name="saved_view",
        row_key=view.id,
        old=old,
        new=new,
    )
