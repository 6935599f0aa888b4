"""What the findings of several sources count alike."""

from datetime import date


def days_to(today: date, due_on: date) -> dict[str, int]:
    """`days_left` up to a day, `days_late` after it."""
    days = due_on.toordinal() - today.toordinal()
    return {"days_left": days} if days >= 0 else {"days_late": -days}
