"""The wide timeline: four lanes over one axis, 1280 pixels (DESIGN.md, section 8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tracker.services.patient_page import Bar
from tracker.web.timeline import bars, supply
from tracker.web.timeline.bars import Placed
from tracker.web.timeline.chart import Chart, Mark
from tracker.web.timeline.marks import mark
from tracker.web.timeline.scale import Scale, month_name
from tracker.web.timeline.shapes import Drawing, Hit, Line, Path, Rect, Shape, Text, px, width_of

WIDTH = 1280
LEFT, RIGHT = 150.0, 1272.0
TOP = 46
COVERAGE_BOTTOM = 88
ROW = 28
SUPPLY_HEIGHT = 72
FILLS_HEIGHT = 68
MONTH_AT_LEAST = 30
LABELS_NEAR = 320
DATES_NEAR = 36
MARKS_NEAR = 18
DROP = 14
DAY_HEIGHT = 1.2  # 30 days are 36 pixels
PEAK = 46
REQUEST_WORDS = 360  # room for what is written beside a request


@dataclass(frozen=True, slots=True)
class Frame:
    """The pixels that everything shares: the axis, the crossing lines and the lanes' edges."""

    scale: Scale
    today: float
    denial: float | None
    approved: Sequence[Placed]
    requested: Sequence[Placed]

    @property
    def lines(self) -> list[float]:
        return [self.today] if self.denial is None else [self.today, self.denial]

    @property
    def request_top(self) -> float:
        return COVERAGE_BOTTOM + 8 + ROW * max(1, bars.rows(self.approved))

    @property
    def supply_top(self) -> float:
        return self.request_top + ROW * max(1, bars.rows(self.requested))

    @property
    def fills_top(self) -> float:
        return self.supply_top + SUPPLY_HEIGHT

    @property
    def bottom(self) -> float:
        return self.fills_top + FILLS_HEIGHT


def wide(chart: Chart) -> Drawing:
    """The whole drawing, in the order in which it is painted."""
    frame = _frame(chart)
    shapes = [
        *_ground(chart, frame),
        *_lane_names(chart, frame),
        *_coverages(chart, frame),
        *_authorizations(chart, frame),
        *_start_flag(chart, frame),
        *_supply(chart, frame),
        *_lines(chart, frame),
        *_fills(chart, frame),
    ]
    return Drawing(
        width=WIDTH,
        height=frame.bottom + 28,
        shapes=shapes,
        label=chart.label,
        hits=[_hit(each, frame) for each in chart.marks if frame.scale.shows(each.on)],
        links=[
            *bars.links(frame.approved, COVERAGE_BOTTOM + 8, ROW, 22),
            *bars.links(frame.requested, frame.request_top, ROW, 18),
        ],
        plot_left=LEFT,
        plot_width=RIGHT - LEFT,
        readout_y=frame.bottom + 20,
    )


def _frame(chart: Chart) -> Frame:
    days = (chart.last - chart.first).days + 1
    scale = Scale(chart.first, chart.last, LEFT, (RIGHT - LEFT) / days)
    denial = chart.earliest_denial_on
    return Frame(
        scale=scale,
        today=scale.at(chart.on),
        denial=scale.at(denial) if denial and scale.shows(denial) else None,
        approved=bars.place((bar for bar in chart.authorizations if not bar.in_progress), scale),
        requested=bars.place((bar for bar in chart.authorizations if bar.in_progress), scale),
    )


def _ground(chart: Chart, frame: Frame) -> list[Shape]:
    shapes: list[Shape] = [Rect(LEFT, TOP, px(frame.today - LEFT), px(frame.bottom - TOP), "zone")]
    months = frame.scale.months()
    for place, month in enumerate(months):
        x = frame.scale.at(month)
        shapes += [Line(x, TOP, x, frame.bottom, "grid"), Line(x, 2, x, 20, "grid")]
        after = frame.scale.at(months[place + 1]) if place + 1 < len(months) else RIGHT
        if after - x >= MONTH_AT_LEAST:
            name, strong = month_name(month, first=place == 0)
            shapes.append(Text(px(x + 5), 15, name, "lane" if strong else "m"))
    edges = TOP, COVERAGE_BOTTOM, frame.supply_top, frame.fills_top, frame.bottom
    return shapes + [Line(0, y, RIGHT, y, "grid") for y in edges]


def _lane_names(chart: Chart, frame: Frame) -> list[Shape]:
    lanes = (
        (68, "Coverage", "primary plan"),
        (110, "Authorizations", f"PA, {chart.codes}" if chart.codes else "prior authorization"),
        (frame.supply_top + 32, "Drug on hand", "days of supply"),
        (frame.fills_top + 38, "Fills", chart.rhythm),
    )
    shapes: list[Shape] = []
    for y, title, measure in lanes:
        shapes += [Text(0, y, title, "lane"), Text(0, y + 15, measure, "sub")]
    return shapes


def _coverages(chart: Chart, frame: Frame) -> list[Shape]:
    first = bars.place((bar for bar in chart.coverages if bar.rank == 1), frame.scale)
    shapes: list[Shape] = []
    for placed in first:
        y = 54 + 10 * placed.row
        shapes.append(Rect(placed.left, y, px(_shortened(placed, first)), 26 - 10 * placed.row, "cov"))
        if placed.row == 0:
            lines = [line + 8 for line in frame.lines]
            shapes += bars.caption(
                _coverage_texts(placed.bar),
                placed,
                first,
                y=71,
                lines=lines,
                end=RIGHT,
                css="oncov",
                css_outside="m",
            )
    for bar in chart.coverages:
        span = frame.scale.span(bar.starts_on, bar.ends_on) if bar.rank > 1 else None
        if span:
            shapes.append(Rect(span[0], 76, px(span[1] - span[0]), 8, "cov second"))
    return shapes


def _shortened(placed: Placed, others: Sequence[Placed]) -> float:
    """Two plans that touch are told apart by two pixels between them."""
    touched = any(other.left == placed.right for other in others)
    return max(1, placed.right - placed.left - (2 if touched else 0))


def _coverage_texts(bar: Bar) -> tuple[str, ...]:
    """From all that there is to say down to the start of the name."""
    ends = f", to {bar.ends_on}" if bar.ends_on else f", from {bar.starts_on}"
    note = f", {bar.note}" if bar.note else ""
    return f"{bar.name}{note}{ends}", f"{bar.name}{ends}", bar.name, f"{bar.name[:24]}..."


def _authorizations(chart: Chart, frame: Frame) -> list[Shape]:
    shapes: list[Shape] = []
    for placed in frame.approved:
        shapes += _approved(placed, chart, frame)
    for placed in frame.requested:
        y = frame.request_top + ROW * placed.row
        width = px(max(2, placed.right - placed.left - 1))
        shapes.append(Rect(px(placed.left + 0.5), y + 0.5, width, 17, "req"))
        shapes += bars.caption(
            (_request_text(placed.bar), "asked"),
            placed,
            frame.requested,
            y=y + 13,
            lines=frame.lines,
            end=RIGHT,
            css="reqt",
            css_outside="reqt",
        )
    return shapes


def _approved(placed: Placed, chart: Chart, frame: Frame) -> list[Shape]:
    bar, y = placed.bar, COVERAGE_BOTTOM + 8 + ROW * placed.row
    needed_on = chart.next_fill_on or chart.on
    ended = bar.ends_on is not None and bar.ends_on < needed_on
    width = px(max(2, _shortened(placed, frame.approved)))
    shapes: list[Shape] = [Rect(placed.left, y, width, 22, "pa ended" if ended else "pa")]
    asked = _asked_beyond(placed, frame)
    if asked:
        shapes.append(Rect(px(asked[0] + 0.5), y + 0.5, px(asked[1] - asked[0] - 1), 21, "asked"))
        text = f"asked to {bar.asked_to}, not approved"
        start = bars.inside(text, *asked, frame.lines)
        shapes += [] if start is None else [Text(start, y + 15, text, "m")]
    return shapes + bars.caption(
        (_approved_text(bar), bar.name),
        placed,
        frame.approved,
        y=y + 15,
        lines=frame.lines,
        end=asked[0] if asked else RIGHT,
        css="onpa",
        css_outside="m",
    )


def _asked_beyond(placed: Placed, frame: Frame) -> tuple[float, float] | None:
    """What was asked after the approved end, as far as the row is free."""
    bar = placed.bar
    if bar.ends_on is None or bar.asked_to is None or bar.asked_to <= bar.ends_on:
        return None
    span = frame.scale.span(bar.ends_on, bar.asked_to)
    if span is None or placed.right >= RIGHT:
        return None
    others = (each.left for each in frame.approved if each.row == placed.row and each.left >= placed.right)
    right = min([span[1], *others])
    return (placed.right, right) if right - placed.right > 3 else None


def _approved_text(bar: Bar) -> str:
    kind = f" ({bar.note})" if bar.note else ""
    if bar.ends_on is None:
        return f"{bar.name}{kind}, no end"
    return f"{bar.name}{kind}, to {bar.ends_on}"


def _request_text(bar: Bar) -> str:
    kind = f"{bar.note} " if bar.note else ""
    until = f" to {bar.asked_to}" if bar.asked_to else ""
    return f"{bar.name}: {kind}asked{until}, no answer yet"


def _start_flag(chart: Chart, frame: Frame) -> list[Shape]:
    """A flag in the request row on its day, with its words on the side away from today, if it is free."""
    day = chart.start_renewal_by
    if day is None or not frame.scale.shows(day):
        return []
    x, y = frame.scale.at(day), frame.request_top - 4
    text = f"start renewal by {day:%m-%d}"
    left = Text(px(x - 12), y + 15, text, "startt end"), x - 12 - width_of(text)
    right = Text(px(x + 6), y + 15, text, "startt"), x + 6
    sides = (left, right) if day <= chart.on else (right, left)
    words = next((label for label, begin in sides if _free(begin, begin + width_of(text), frame)), None)
    return [Path(f"M{x} {y}v20h-1.5v-9l-8-5 8-5z", "startm"), *([words] if words else [])]


def _free(begin: float, end: float, frame: Frame) -> bool:
    """Is this part of the first request row clear of bars, their words and the crossing lines?"""
    taken = [(each.left, each.right + REQUEST_WORDS) for each in frame.requested if each.row == 0]
    return (
        begin >= LEFT
        and end <= RIGHT
        and not any(begin < right and end > left for left, right in taken)
        and not any(begin - 2 < line < end + 2 for line in frame.lines)
    )


def _supply(chart: Chart, frame: Frame) -> list[Shape]:
    zero = frame.supply_top + 64
    most = supply.highest([each for each in chart.marks if each.runs_out_on > chart.first])
    height = min(DAY_HEIGHT, PEAK / most)
    tick = 30 * max(1, most // 45)
    tick_y = px(zero - tick * height)
    shapes: list[Shape] = [
        Text(144, px(tick_y + 4), str(tick), "sub end"),
        Text(144, zero + 4, "0", "sub end"),
        Line(LEFT, tick_y, RIGHT, tick_y, "grid"),
    ]
    for tooth in supply.teeth(chart.marks, chart.first, chart.last):
        begin, finish = frame.scale.at(tooth.first), frame.scale.at(tooth.last)
        high, low = px(zero - tooth.high * height), px(zero - tooth.low * height)
        shapes.append(Path(f"M{begin} {zero}V{high}L{finish} {low}V{zero}z", tooth.css))
    return shapes + _no_drug(chart, frame)


def _no_drug(chart: Chart, frame: Frame) -> list[Shape]:
    """Over the first refused fill, on the side where there is room."""
    if frame.denial is None:
        return []
    y, text = frame.supply_top + 18, "no covered drug"
    if frame.denial + 16 + width_of(text) > RIGHT:
        return [Text(px(frame.denial - 8), y, text, "harmt end")]
    return [Text(px(frame.denial + 16), y, text, "harmt")]


def _lines(chart: Chart, frame: Frame) -> list[Shape]:
    """Today, and the earliest denial if there is one; of two near labels the earlier stands left."""
    shapes: list[Shape] = []
    denial = frame.denial
    if denial is not None:
        shapes.append(Line(denial, 28, denial, frame.fills_top + 31, "harm"))
    shapes += [
        Line(frame.today, 28, frame.today, frame.fills_top + 46, "now"),
        Line(0, 22, RIGHT, 22, "rule"),
    ]
    near = denial is not None and abs(denial - frame.today) <= LABELS_NEAR
    today = f"Today, {chart.on:%a} {chart.on}"
    shapes.append(_marker(today, frame.today, left=near, css="nowt"))
    if denial is not None and chart.earliest_denial_on is not None:
        text = f"Earliest denial, {_with_distance(chart.earliest_denial_on, chart.on)}"
        shapes.append(_marker(text, denial, left=denial + width_of(text) + 12 > RIGHT, css="harmt"))
    return shapes


def _marker(text: str, x: float, *, left: bool, css: str) -> Text:
    return Text(px(x - 5), 39, text, f"{css} end") if left else Text(px(x + 5), 39, text, css)


def _with_distance(day: date, on: date) -> str:
    days = (day - on).days
    distance = "today" if days == 0 else f"in {days} day{'s' if days > 1 else ''}"
    return f"{day:%a} {day} ({distance if days >= 0 else 'past'})"


def _fills(chart: Chart, frame: Frame) -> list[Shape]:
    marks = [each for each in chart.marks if frame.scale.shows(each.on)]
    heights = _dropped(marks, frame)
    dated = _dated(marks, frame)
    y = frame.fills_top + 60 + (4 if DROP in heights else 0)
    shapes: list[Shape] = []
    for each, drop in zip(marks, heights, strict=True):
        x = frame.scale.at(each.on)
        shapes += mark(each.result, planned=each.planned, x=x, y=frame.fills_top + 32 + drop)
        if each in dated:
            shapes.append(Text(x, y, f"{each.on:%m-%d}", "f-t bad" if each.refused else "f-t"))
    return shapes


def _dropped(marks: Sequence[Mark], frame: Frame) -> list[int]:
    """How far each mark stands below the row: of two that would touch, the later one drops."""
    heights: list[int] = []
    for place, each in enumerate(marks):
        before = marks[place - 1] if place else None
        near = before and frame.scale.at(each.on) - frame.scale.at(before.on) < MARKS_NEAR
        heights.append(DROP if near and heights[-1] == 0 else 0)
    return heights


def _dated(marks: Sequence[Mark], frame: Frame) -> list[Mark]:
    """The fills whose date is printed: refused ones first, then whatever still has room."""
    kept: list[Mark] = []
    for each in sorted(marks, key=lambda m: (not m.refused, m.on)):
        x = frame.scale.at(each.on)
        if all(abs(x - frame.scale.at(other.on)) >= DATES_NEAR for other in kept):
            kept.append(each)
    return kept


def _hit(each: Mark, frame: Frame) -> Hit:
    x = frame.scale.at(each.on)
    return Hit(x, frame.fills_top + 14, each.alert_id, each.anchor, each.label, each.strong, each.rest)
