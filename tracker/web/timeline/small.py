"""The small charts of Today: fills per day as stacked marks, renewals per week as bars."""

from collections.abc import Sequence
from datetime import date

from tracker.services.today import FillDay
from tracker.web.timeline.scale import MONTHS
from tracker.web.timeline.shapes import Circle, DayLink, Drawing, Line, Rect, Shape, Text, px

WIDTH, HEIGHT = 396, 102
FLOOR = 71
STEP = 13
STACKED = 6  # more are told by a number
DAYS = "Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"
BAR_ROOM = 60
LEAST = 4


def fills_chart(days: Sequence[FillDay]) -> Drawing:
    """One column a day, refused ones lowest."""
    most = max((day.total for day in days), default=0)
    step = (WIDTH - 28) / max(1, len(days) - 1)
    shapes: list[Shape] = [Line(0, FLOOR, WIDTH, FLOOR, "rule")]
    links: list[DayLink] = []
    for place, day in enumerate(days):
        x = px(14 + place * step)
        shapes += _marks(day, x, most) if most <= STACKED else _columns(day, x, most)
        shapes.append(Text(x, 84, str(day.on.day), "mid nowt" if place == 0 else "mid"))
        shapes.append(Text(x, 97, DAYS[day.on.weekday()], "mid sub"))
        links.append(DayLink(px(x - step / 2), 0, px(step), HEIGHT, day.on, _day_label(day)))
    return Drawing(WIDTH, HEIGHT, shapes, _fills_label(days), days=links)


def _day_label(day: FillDay) -> str:
    if not day.total:
        return f"{day.on:%a} {day.on}: no fill"
    parts = (f"{n} {word}" for n, word in ((day.refused, "refused"), (day.verify, "to verify")) if n)
    return ", ".join([f"{day.on:%a} {day.on}: {day.total} {'fill' if day.total == 1 else 'fills'}", *parts])


def _marks(day: FillDay, x: float, most: int) -> list[Shape]:
    step = min(STEP, 56 // max(1, most - 1))
    kinds = ["bad"] * day.refused + ["q"] * day.verify + ["ok"] * day.covered
    shapes: list[Shape] = []
    for place, kind in enumerate(kinds):
        y = 62 - place * step
        if kind == "bad":
            shapes.append(Rect(px(x - 5), y - 5, 10, 10, "f-bad"))
        else:
            shapes.append(Circle(x, y, 4.5, f"f-{kind}"))
    return shapes


def _columns(day: FillDay, x: float, most: int) -> list[Shape]:
    """Where marks would not fit: bars with the day's number on top."""
    shapes: list[Shape] = []
    y = float(FLOOR)
    for count, css in ((day.refused, "f-bad"), (day.verify, "f-q"), (day.covered, "f-ok")):
        height = max(LEAST, count * 46 / most)  # a refused fill among hundreds must be seen
        if count:
            shapes.append(Rect(px(x - 8), px(y - height), 16, px(height), css))
            y -= height
    return [*shapes, Text(x, px(y - 4), str(day.total), "mid sub")] if day.total else shapes


def _fills_label(days: Sequence[FillDay]) -> str:
    if not days:
        return "No days"
    totals = sum(d.total for d in days), sum(d.covered for d in days), sum(d.refused for d in days)
    verify = sum(day.verify for day in days)
    refused_on = ", ".join(f"{day.refused} on {day.on}" for day in days if day.refused)
    text = f"Fills per day from {days[0].on} to {days[-1].on}: {totals[0]} fills, {totals[1]} covered, "
    text += f"{totals[2]} refused, {verify} to verify"
    return f"{text}; refused: {refused_on}" if refused_on else text


def weeks_chart(
    weeks: Sequence[tuple[date, int]], capacity: int | None = None, *, width: int = WIDTH
) -> Drawing:
    """One bar a week with its number inside, or on top where it is too low.

    `capacity`: what a week can hold, a dashed line; weeks over it are outlined in orange.
    """
    scale = max([6, capacity or 0, *(count for _, count in weeks)]) / (BAR_ROOM - 6 if capacity else BAR_ROOM)
    step = width / max(1, len(weeks))
    shapes: list[Shape] = []
    links: list[DayLink] = []
    for place, (monday, count) in enumerate(weeks):
        x = px(place * step)
        over = capacity is not None and count > capacity
        shapes += _week_bar(px(x + 4), px(step - 8), count, px(count / scale), over=over)
        middle = px(x + step / 2)
        shapes.append(Text(middle, 84, str(monday.day), "mid nowt" if place == 0 else "mid"))
        if place == 0 or monday.day <= 7:
            shapes.append(Text(middle, 97, MONTHS[monday.month - 1], "mid sub"))
        links.append(DayLink(x, 0, px(step), HEIGHT, monday, _week_label(monday, count, capacity)))
    shapes.append(Line(0, FLOOR + 0.5, width, FLOOR + 0.5, "rule"))
    if capacity is not None:
        y = px(FLOOR - capacity / scale)
        shapes.insert(0, Line(0, y, width, y, "limit"))
    return Drawing(width, HEIGHT, shapes, _weeks_label(weeks, capacity), days=links)


def _week_bar(x: float, width: float, count: int, height: float, *, over: bool) -> list[Shape]:
    if not count:
        return []
    inside = height >= 14 and not over
    y, css = (67.0, "mid onpa") if inside else (px(FLOOR - height - 4), "mid halo")
    bar = Rect(x, px(FLOOR - height), width, height, "bar-over" if over else "bar-a")
    return [bar, Text(px(x + width / 2), y, str(count), css)]


def _week_label(monday: date, count: int, capacity: int | None) -> str:
    said = f"Week of {monday}: {count} {'renewal' if count == 1 else 'renewals'} to start"
    return f"{said}, {count - capacity} over what fits" if capacity and count > capacity else said


def _weeks_label(weeks: Sequence[tuple[date, int]], capacity: int | None) -> str:
    counts = ", ".join(f"week of {monday}: {count}" for monday, count in weeks if count)
    text = f"Renewals to start per week: {counts or f'none in {len(weeks)} weeks'}"
    return f"{text}; {capacity} a week can be done" if capacity else text
