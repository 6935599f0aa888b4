"""The mark of one fill: its shape alone tells the result, in grey and on paper too."""

from tracker.services.kept_answer import FillResult
from tracker.web.timeline.shapes import Circle, Path, Rect, Shape, Text, px

RADIUS = 8


def mark(result: FillResult, *, planned: bool, x: float, y: float) -> list[Shape]:
    """Disc with tick, open or filled; square with x; disc with ?; clock. Planned: a diamond around it."""
    shapes: list[Shape] = []
    if planned:
        shapes.append(Path(f"M{px(x)} {px(y - 13)}l13 13-13 13-13-13z", "f-plan"))
    return shapes + _result(result, px(x), px(y))


def _result(result: FillResult, x: float, y: float) -> list[Shape]:
    if result in (FillResult.REFUSED, FillResult.DENIED):
        cross = f"M{px(x - 3.5)} {px(y - 3.5)}l7 7m0-7l-7 7"
        return [Rect(px(x - 8), px(y - 8), 16, 16, "f-bad"), Path(cross, "g inv")]
    if result is FillResult.VERIFY:
        return [Circle(x, y, RADIUS, "f-q"), Text(x, px(y + 4), "?", "q")]
    if result is FillResult.PENDING:
        return [Circle(x, y, RADIUS, "f-wait"), Path(f"M{x} {px(y - 4.5)}v4.5l3.2 2", "g wait")]
    tick = f"M{px(x - 3.8)} {px(y + 0.2)}l2.8 2.8 4.8-5.4"
    if result is FillResult.COVERED:
        return [Circle(x, y, RADIUS, "f-ok"), Path(tick, "g")]
    return [Circle(x, y, RADIUS, "f-past"), Path(tick, "g inv")]
