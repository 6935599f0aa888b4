"""The few shapes that a drawing is made of, in whole or tenths of a pixel; `css` names the paint."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

CHARACTER = 6.6  # width of a character of 12 px text, a little generous


@dataclass(frozen=True, slots=True)
class Rect:
    x: float
    y: float
    width: float
    height: float
    css: str
    tag: str = "rect"


@dataclass(frozen=True, slots=True)
class Line:
    x1: float
    y1: float
    x2: float
    y2: float
    css: str
    tag: str = "line"


@dataclass(frozen=True, slots=True)
class Circle:
    x: float
    y: float
    r: float
    css: str
    tag: str = "circle"


@dataclass(frozen=True, slots=True)
class Path:
    d: str
    css: str
    tag: str = "path"


@dataclass(frozen=True, slots=True)
class Text:
    x: float
    y: float
    text: str
    css: str = ""
    tag: str = "text"


Shape: TypeAlias = Rect | Line | Circle | Path | Text


@dataclass(frozen=True, slots=True)
class Hit:
    """A link over a fill's mark: `strong` and `rest` are read out under the chart."""

    x: float
    y: float
    alert_id: str | None
    anchor: str
    label: str
    strong: str
    rest: str


@dataclass(frozen=True, slots=True)
class BarLink:
    """A link over an authorization's bar, to its page."""

    x: float
    y: float
    width: float
    height: float
    patient_id: str
    authorization_id: str
    label: str


@dataclass(frozen=True, slots=True)
class DayLink:
    """A link over a day's or a week's column, to the calendar from that day."""

    x: float
    y: float
    width: float
    height: float
    on: date
    label: str


@dataclass(frozen=True, slots=True)
class Drawing:
    width: int
    height: float
    shapes: Sequence[Shape]
    label: str
    hits: Sequence[Hit] = ()
    links: Sequence[BarLink] = ()
    days: Sequence[DayLink] = ()
    plot_left: float = 0
    plot_width: float = 0
    readout_y: float = 0


def px(value: float) -> float:
    """A tenth of a pixel is fine enough."""
    rounded = round(value, 1)
    return int(rounded) if rounded == int(rounded) else rounded


def width_of(text: str) -> float:
    return len(text) * CHARACTER
