"""A finding before its words: what, how bad, about which object, from when it harms."""

from datetime import date
from typing import NamedTuple

from tracker.rules.answer import Facts, TableFill
from tracker.rules.words import AboutKind, AlertCode, Severity


class Finding(NamedTuple):
    """`key_on` is the object's own key date (rulebook 10.2); `fill` the table's fill it was made of."""

    code: AlertCode
    severity: Severity
    about: str | None
    about_kind: AboutKind
    key_on: date | None
    harm_on: date | None
    facts: Facts = {}
    fill: TableFill | None = None

    @property
    def key(self) -> str:
        key_on = self.key_on.isoformat() if self.key_on else "none"
        return f"{self.code}:{self.about or 'none'}:{key_on}"


def days_to(today: date, due_on: date) -> dict[str, int]:
    """`days_left` up to a day, `days_late` after it."""
    days = due_on.toordinal() - today.toordinal()
    return {"days_left": days} if days >= 0 else {"days_late": -days}
