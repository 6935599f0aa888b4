"""Alerts that nobody has owned since a clinic day before today: they are said first, in one line."""

from datetime import date

from sqlalchemy import func, literal, select

from tracker.models.alert import Alert
from tracker.models.base import Db
from tracker.services.worklist_filters import LONG_UNOWNED, Asker, conditions

AT_MOST = 1_000


def unowned_count(session: Db, *, clinic_id: str, zone: str, today: date) -> int:
    """How many are open; AT_MOST + 1 if there are more."""
    asked = conditions(Asker(clinic_id, "", today, zone), LONG_UNOWNED, ())
    some = select(literal(1)).select_from(Alert).where(*asked.all()).limit(AT_MOST + 1).subquery()
    return session.execute(select(func.count()).select_from(some)).scalar_one()
