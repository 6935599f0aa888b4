"""Bars of coverages and authorizations: rows without overlap, and texts that fit or are left out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tracker.services.patient_page import Bar
from tracker.web.timeline.scale import Scale
from tracker.web.timeline.shapes import BarLink, Text, px, width_of

INSIDE = 8


@dataclass(frozen=True, slots=True)
class Placed:
    """A bar with its pixels and its row, counted from 0."""

    bar: Bar
    left: float
    right: float
    row: int


def place(bars: Iterable[Bar], scale: Scale) -> list[Placed]:
    """Each bar in the first row that is free for it."""
    ends: list[float] = []
    placed = []
    for bar in bars:
        span = scale.span(bar.starts_on, bar.ends_on)
        if span is None:
            continue
        row = next((n for n, end in enumerate(ends) if end <= span[0]), len(ends))
        ends[row : row + 1] = [span[1]]
        placed.append(Placed(bar, *span, row))
    return placed


def links(placed: Sequence[Placed], top: float, row: float, height: float) -> list[BarLink]:
    """A link over each bar of an authorization; the rows stand `row` pixels apart."""
    return [
        BarLink(
            each.left,
            top + row * each.row,
            px(max(2, each.right - each.left)),
            height,
            *each.bar.authorization,
            f"Authorization {each.bar.name}{', asked for' if each.bar.in_progress else ''}",
        )
        for each in placed
        if each.bar.authorization is not None
    ]


def rows(placed: Sequence[Placed]) -> int:
    return 1 + max((each.row for each in placed), default=-1)


def inside(text: str, left: float, right: float, lines: Sequence[float]) -> float | None:
    """Where the text starts inside a bar, clear of the lines that cross it; None if it does not fit."""
    width = width_of(text)
    starts = [left + INSIDE, *(line + INSIDE + 1 for line in sorted(lines) if left <= line < right)]
    for start in starts:
        crossed = any(start - 2 < line < start + width for line in lines)
        if start + width <= right - 2 and not crossed:
            return px(start)
    return None


def outside(
    text: str, right: float, others: Iterable[float], lines: Sequence[float], end: float
) -> float | None:
    """Where it starts right of its bar, if nothing else stands there; None if something does."""
    start, width = right + INSIDE, width_of(text)
    if start + width > end:
        return None
    blocked = any(right <= other < start + width for other in others)
    crossed = any(start - 2 < line < start + width for line in lines)
    return None if blocked or crossed else px(start)


def caption(
    texts: Sequence[str],
    placed: Placed,
    all_placed: Sequence[Placed],
    *,
    y: float,
    lines: Sequence[float],
    end: float,
    css: str,
    css_outside: str,
) -> list[Text]:
    """The longest text that fits inside the bar, else right of it; else it is left to the table."""
    for text in texts:
        start = inside(text, placed.left, placed.right, lines)
        if start is not None:
            return [Text(start, y, text, css)]
    others = [each.left for each in all_placed if each.row == placed.row and each is not placed]
    for text in texts:
        start = outside(text, placed.right, others, lines, end)
        if start is not None:
            return [Text(start, y, text, css_outside)]
    return []
