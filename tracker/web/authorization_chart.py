"""The burn-down of an authorization's units as a drawing: one bar per code, its fills as segments."""

from collections.abc import Sequence
from dataclasses import dataclass

from tracker.services.authorization_units import Burn, Charge, Units
from tracker.web.timeline.shapes import Rect, Shape, Text

WIDTH, ROW, HIGH, TOP, GAP = 838, 61, 22, 21, 2
NARROWEST_DATE, CHARACTER = 42, 8


@dataclass(frozen=True, slots=True)
class BurnChart:
    """`label` says in words all that the shapes show."""

    height: int
    shapes: Sequence[Shape]
    label: str
    width: int = WIDTH


def burn_chart(units: Units) -> BurnChart:
    """Full width: the units authorized, or those charged where they are more."""
    shapes: list[Shape] = []
    for number, burn in enumerate(units.burns):
        shapes += _bar(burn, number * ROW)
    height = max(len(units.burns) * ROW - (ROW - TOP - HIGH), 1)
    return BurnChart(height, shapes, " ".join(_said(each) for each in units.burns))


def words(burn: Burn) -> str:
    """`0 of 400 used (0%), 360 planned, 40 left over`."""
    return (
        f"{burn.used:,} of {burn.authorized:,} used ({burn.used_percent}%), "
        f"{burn.planned:,} planned, {burn.left:,} left over"
    )


def _said(burn: Burn) -> str:
    to_come = [each for each in burn.charges if each.planned]
    fills = "1 fill" if len(to_come) == 1 else f"{len(to_come)} fills"
    between = f" in {fills} from {to_come[0].on} to {to_come[-1].on}" if to_come else ""
    return (
        f"{burn.code}: {burn.authorized:,} units authorized, {burn.used:,} used, "
        f"{burn.planned:,} planned{between}, {burn.left:,} left over."
    )


def _bar(burn: Burn, y: int) -> list[Shape]:
    shapes: list[Shape] = [
        Text(0, y + 13, burn.code, "lane"),
        Text(WIDTH, y + 13, words(burn), "end"),
        Rect(0, y + TOP, WIDTH, HIGH, "zone"),
    ]
    scale = WIDTH / max(burn.authorized, burn.used + burn.planned, 1)
    x = 0.0
    for each in burn.charges:
        width = each.units * scale
        shapes += _segment(each, x, width, y)
        x += width
    if (WIDTH - x) > CHARACTER * len(f"{burn.left:,}") and burn.left:
        shapes.append(Text(round((x + WIDTH) / 2, 1), y + TOP + 15, f"{burn.left:,}", "m mid"))
    return shapes


def _segment(charge: Charge, x: float, width: float, y: int) -> list[Shape]:
    css = "pa" if charge.planned else "pa ended"
    drawn = max(width - GAP, 1)
    shapes: list[Shape] = [Rect(round(x, 1), y + TOP, round(drawn, 1), HIGH, css)]
    text = f"{charge.on:%m-%d}" if charge.on else "before"
    if drawn >= NARROWEST_DATE:
        shapes.append(Text(round(x + drawn / 2, 1), y + TOP + 15, text, "onpa mid"))
    return shapes
