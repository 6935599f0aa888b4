"""The narrow timeline: time runs downward, 360 pixels wide, for a telephone."""

from collections.abc import Sequence

from tracker.services.kept_answer import FillResult
from tracker.web.timeline import bars, supply
from tracker.web.timeline.chart import Chart, Mark
from tracker.web.timeline.marks import mark
from tracker.web.timeline.scale import Scale, month_name
from tracker.web.timeline.shapes import Drawing, Line, Path, Rect, Shape, Text, px

WIDTH = 360
RIGHT = 358
TOP = 30
PER_DAY = 1.72
APART = 17
SLOWEST = 3.0
PLAN, PA, DRUG, FILL = 46, 78, 112, 180
DAY_WIDTH = 1.1
DRUG_ROOM = 46


def narrow(chart: Chart) -> Drawing:
    """The whole drawing; it carries no links, the table below it does."""
    scale = Scale(chart.first, chart.last, TOP, _per_day(chart))
    shapes = [
        *_ground(chart, scale),
        *_bars(chart, scale),
        *_supply(chart, scale),
        *_lines(chart, scale),
        *_fills(chart, scale),
    ]
    return Drawing(WIDTH, px(scale.end + 6), shapes, chart.label.replace("Timeline", "Timeline, downward,"))


def _per_day(chart: Chart) -> float:
    """1.72 pixels a day, more where fills are so near that their words would touch."""
    days = [each.on for each in chart.marks if each.on >= chart.first]
    gaps = [(later - earlier).days for earlier, later in zip(days, days[1:], strict=False) if later > earlier]
    return min(SLOWEST, max([PER_DAY, *(APART / gap for gap in gaps)]))


def _ground(chart: Chart, scale: Scale) -> list[Shape]:
    shapes: list[Shape] = [
        Rect(40, TOP, RIGHT - 40, px(scale.at(chart.on) - TOP), "zone"),
        Text(PLAN, 18, "Plan", "lane"),
        Text(PA, 18, "PA", "lane"),
        Text(DRUG, 18, "Drug", "lane"),
        Text(168, 18, "Fill", "lane"),
    ]
    for place, month in enumerate(scale.months()):
        y = scale.at(month)
        shapes.append(Line(0, y, RIGHT, y, "grid"))
        if scale.end - y < 16:
            continue
        name, strong = month_name(month, first=place == 0)
        shapes.append(Text(0, px(y + 14), name[:3], "m"))
        if strong:
            shapes.append(Text(0, px(y + 28), name[4:], "lane"))
    return shapes


def _bars(chart: Chart, scale: Scale) -> list[Shape]:
    shapes: list[Shape] = []
    primary = bars.place((bar for bar in chart.coverages if bar.rank == 1), scale)
    for placed in primary:
        touched = any(other.left == placed.right for other in primary)
        height = placed.right - placed.left - (2 if touched else 0)
        shapes.append(Rect(PLAN, placed.left, 22, px(max(1, height)), "cov"))
    needed_on = chart.next_fill_on or chart.on
    approved = bars.place((bar for bar in chart.authorizations if not bar.in_progress), scale)
    width = px(22 / max(1, bars.rows(approved)))
    for placed in approved:
        ended = placed.bar.ends_on is not None and placed.bar.ends_on < needed_on
        x, height = px(PA + placed.row * width), px(max(1, placed.right - placed.left - 1))
        shapes.append(Rect(x, placed.left, px(width - (1 if width < 22 else 0)), height, _pa(ended)))
    for placed in bars.place((bar for bar in chart.authorizations if bar.in_progress), scale):
        height = px(max(1, placed.right - placed.left - 1))
        shapes.append(Rect(PA + 0.5, px(placed.left + 0.5), 21, height, "req"))
    return shapes


def _pa(ended: bool) -> str:
    return "pa ended" if ended else "pa"


def _supply(chart: Chart, scale: Scale) -> list[Shape]:
    most = supply.highest([each for each in chart.marks if each.runs_out_on > chart.first])
    width = min(DAY_WIDTH, DRUG_ROOM / most)
    shapes: list[Shape] = []
    for tooth in supply.teeth(chart.marks, chart.first, chart.last):
        begin, finish = scale.at(tooth.first), scale.at(tooth.last)
        far, near = px(tooth.high * width), px(DRUG + tooth.low * width)
        shapes.append(Path(f"M{DRUG} {begin}h{far}L{near} {finish}H{DRUG}z", tooth.css))
    return shapes


def _lines(chart: Chart, scale: Scale) -> list[Shape]:
    y = scale.at(chart.on)
    today = Text(RIGHT, px(y - 5), f"Today {chart.on:%m-%d}", "nowt end")
    shapes: list[Shape] = [Line(40, y, RIGHT, y, "now"), today]
    denial = chart.earliest_denial_on
    if denial and scale.shows(denial):
        shapes.append(Line(40, scale.at(denial), RIGHT, scale.at(denial), "harm"))
    return shapes


def _fills(chart: Chart, scale: Scale) -> list[Shape]:
    marks = [each for each in chart.marks if scale.shows(each.on)]
    shapes: list[Shape] = []
    for each, y in zip(marks, _heights(marks, chart, scale), strict=True):
        shapes += mark(each.result, planned=each.planned, x=FILL, y=y)
        css = "harmt" if each.refused else ""
        shapes.append(Text(196, px(y + 4), f"{each.on:%a %m-%d} {_word(each)}", css))
    return shapes


def _heights(marks: Sequence[Mark], chart: Chart, scale: Scale) -> list[float]:
    """Each at its day, but never on the one before it, nor on the lines of today and of the denial."""
    floor = scale.at(chart.on) + 13
    heights: list[float] = []
    for each in marks:
        y = scale.at(each.on)
        if not each.real:
            y = max(y, floor)
        if each.on == chart.earliest_denial_on:
            y = max(y, scale.at(each.on) + 11)
        if heights:
            y = max(y, heights[-1] + APART)
        heights.append(px(y))
    return heights


def _word(each: Mark) -> str:
    if each.result is FillResult.DENIED:
        return "refused"
    if not each.planned:
        return each.result.value
    return "planned" if each.result is FillResult.COVERED else f"{each.result.value}, planned"
