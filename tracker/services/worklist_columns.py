"""The columns of the worklist, and which of them a person wants to see, to take away and to print.

What to do and for whom always stands there: a row without it could not be acted on.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from tracker.models.audit import AuditAction
from tracker.models.base import Db
from tracker.models.worklist_columns import WorklistColumns
from tracker.rules.words import Word
from tracker.services import audit
from tracker.services.actor import Actor


class Column(Word):
    """In the order in which they stand."""

    SEVERITY = "severity", "Severity"
    CLEARS = "clears", "What clears it"
    HARM = "harm", "Harm date"
    LEFT = "left", "Drug left"
    PAYER = "payer", "Payer, cause and PA number"
    PLAN = "plan", "Plan"
    PHONE = "phone", "Payer's telephone"
    OWNER = "owner", "Owner and deadline"
    OPENED = "opened", "Open since"
    TAGS = "tags", "Tags, under the name"


AT_FIRST = frozenset({Column.SEVERITY, Column.HARM, Column.LEFT, Column.PAYER, Column.OWNER, Column.TAGS})


def chosen(session: Db, *, clinic_id: str, user_id: str) -> frozenset[Column] | None:
    """The columns a person chose; None if they never did."""
    row = _row(session, clinic_id, user_id)
    return None if row is None else frozenset(each for each in Column if each.value in row.shown)


def choose(
    session: Db, columns: Collection[Column] | None, *, clinic_id: str, actor: Actor, now: datetime
) -> None:
    """Keep a person's choice; None: what everyone sees at first."""
    assert actor.user_id is not None
    row = _row(session, clinic_id, actor.user_id)
    old = None if row is None else row.shown
    new = None if columns is None else [each.value for each in Column if each in columns]
    if old == new:
        return
    if row is None:
        row = WorklistColumns(clinic_id=clinic_id, user_id=actor.user_id, shown=new or [])
        session.add(row)
    elif new is None:
        session.delete(row)
    else:
        row.shown = new
    session.flush()
    audit.record(
        session,
        clinic_id=clinic_id,
        actor=actor,
        action=AuditAction.CHANGED,
        at=now,
        table_name="worklist_columns",
        row_key=row.id,
        old={"shown": old},
        new={"shown": new},
    )


def _row(session: Db, clinic_id: str, user_id: str) -> WorklistColumns | None:
    query = select(WorklistColumns).where(
        WorklistColumns.clinic_id == clinic_id, WorklistColumns.user_id == user_id
    )
    return session.execute(query).scalar_one_or_none()
