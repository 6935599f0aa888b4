"""The timeline: where things stand on the axis, and labels that never lie over one another."""

from datetime import date, timedelta

import pytest

from tracker.services.kept_answer import FillResult
from tracker.services.patient_page import Bar
from tracker.services.today import FillDay
from tracker.web.timeline import bars, small, supply
from tracker.web.timeline.chart import Chart, Mark
from tracker.web.timeline.narrow import narrow
from tracker.web.timeline.scale import Scale
from tracker.web.timeline.shapes import Line, Path, Rect, Text, width_of
from tracker.web.timeline.wide import RIGHT, wide

DAY = date(2026, 6, 8)


def mark(on, result=FillResult.COVERED, *, days=30, real=False, planned=False):
    runs_out = on + timedelta(days=days)
    return Mark(on, result, planned, real, runs_out, None, f"fill-{on}", f"{on}", ". Why.", f"Fill {on}")


def chart(marks=(), **more):
    values = {
        "first": date(2026, 4, 1),
        "last": date(2027, 6, 7),
        "on": DAY,
        "coverages": (),
        "authorizations": (),
        "marks": marks,
        "next_fill_on": None,
        "earliest_denial_on": None,
        "start_renewal_by": None,
        "codes": "J7502",
        "rhythm": "",
        **more,
    }
    return Chart(**values)


def texts(drawing, css):
    return [each for each in drawing.shapes if isinstance(each, Text) and css in each.css.split()]


def weekly(result=FillResult.COVERED):
    return [mark(DAY + timedelta(days=7 * n), result, days=7) for n in range(52)]


def test_a_range_ends_after_its_last_day():
    scale = Scale(date(2026, 4, 1), date(2027, 6, 7), 150, 1122 / 433)

    assert scale.span(date(2026, 4, 1), date(2026, 4, 1)) == (150, 152.6)
    assert scale.span(date(2026, 1, 1), None) == (150, 1272)
    assert scale.span(None, date(2026, 3, 31)) is None


def test_today_and_a_near_denial_stand_on_either_side_of_their_lines():
    drawing = wide(chart([mark(date(2026, 6, 14), FillResult.REFUSED)], earliest_denial_on=date(2026, 6, 14)))

    (now,) = texts(drawing, "nowt")
    denial = next(text for text in texts(drawing, "harmt") if text.text.startswith("Earliest denial"))
    assert ("end" in now.css, "end" in denial.css) == (True, False)
    assert denial.text == "Earliest denial, Sun 2026-06-14 (in 6 days)"


def test_a_denial_at_the_far_end_keeps_its_label_inside():
    on = date(2027, 6, 1)
    drawing = wide(chart([mark(on, FillResult.REFUSED)], earliest_denial_on=on))

    assert all(text.x <= RIGHT and "end" in text.css for text in texts(drawing, "harmt"))


@pytest.mark.parametrize("result", [FillResult.COVERED, FillResult.REFUSED])
def test_dates_of_weekly_fills_do_not_touch(result):
    dates = sorted(text.x for text in texts(wide(chart(weekly(result))), "f-t"))

    assert len(dates) > 20
    assert min(later - earlier for earlier, later in zip(dates, dates[1:], strict=False)) >= width_of("06-14")


def test_a_refused_fill_keeps_its_date_before_its_neighbours():
    marks = weekly()
    marks[3] = mark(marks[3].on, FillResult.REFUSED, days=7)

    assert [text.text for text in texts(wide(chart(marks)), "bad")] == [f"{marks[3].on:%m-%d}"]


def test_of_two_marks_that_would_touch_the_later_one_drops():
    near = wide(chart([mark(date(2026, 7, 1)), mark(date(2026, 7, 4))]))
    apart = wide(chart([mark(date(2026, 7, 1)), mark(date(2026, 7, 11))]))

    heights = [[s.y for s in drawing.shapes if s.css == "f-ok"] for drawing in (near, apart)]
    assert heights == [[256, 270], [256, 256]]


def test_a_text_goes_in_its_bar_or_beside_it_or_is_left_out():
    placed = [bars.Placed(Bar("A", None, None), 100, 160, 0), bars.Placed(Bar("B", None, None), 400, 800, 0)]
    place = {"y": 10, "lines": [], "end": 1272, "css": "in", "css_outside": "out"}

    assert bars.caption(["short"], placed[0], placed, **place) == [Text(108, 10, "short", "in")]
    assert bars.caption(["too long for it"], placed[0], placed, **place) == [
        Text(168, 10, "too long for it", "out")
    ]
    assert bars.caption(["x" * 60], placed[0], placed, **place) == []


def test_a_text_starts_right_of_the_line_that_crosses_its_bar():
    (text,) = bars.caption(
        ["Acme Health Gold"],
        bars.Placed(Bar("A", None, None), 150, 800, 0),
        [],
        y=71,
        lines=[200, 230],
        end=1272,
        css="oncov",
        css_outside="m",
    )

    assert text.x > 230


def test_authorizations_that_overlap_get_a_row_each_and_the_drawing_grows():
    one = Bar("A-1", date(2026, 1, 1), date(2026, 12, 31))
    two = Bar("A-2", date(2026, 6, 1), date(2027, 3, 31))

    single, double = wide(chart(authorizations=[one])), wide(chart(authorizations=[one, two]))

    assert (single.height, double.height) == (320, 348)
    assert [s.y for s in double.shapes if isinstance(s, Rect) and s.css == "pa"] == [96, 124]


def test_what_was_asked_beyond_the_approval_is_dotted_up_to_the_next_one():
    cut = Bar("A-1", date(2026, 1, 1), date(2026, 12, 31), asked_to=date(2027, 6, 30))
    following = Bar("A-2", date(2027, 3, 1), date(2027, 12, 31))

    drawing = wide(chart(authorizations=[cut, following]))

    (asked,) = [s for s in drawing.shapes if isinstance(s, Rect) and s.css == "asked"]
    scale = Scale(date(2026, 4, 1), date(2027, 6, 7), 150, 1122 / 433)
    assert asked.x + asked.width <= scale.at(date(2027, 3, 1))


def test_a_tooth_is_cut_by_the_next_fill_and_carries_what_is_left():
    first, second = mark(date(2026, 7, 1)), mark(date(2026, 7, 28), days=33)

    one, two = supply.teeth([first, second], date(2026, 4, 1), date(2027, 6, 7))

    assert (one.last, one.high, one.low) == (date(2026, 7, 28), 30, 3)
    assert (two.high, two.low) == (33, 0)


def test_days_without_covered_drug_are_hatched_and_unknown_ones_dotted():
    results = [FillResult.PAID, FillResult.COVERED, FillResult.REFUSED, FillResult.VERIFY]
    marks = [mark(DAY + timedelta(days=30 * n), r, real=n == 0) for n, r in enumerate(results)]

    drawn = wide(chart(marks)).shapes

    assert [
        s.css for s in drawn if isinstance(s, Path) and s.css in ("sup past", "sup", "nosup", "asked")
    ] == [
        "sup past",
        "sup",
        "nosup",
        "asked",
    ]


def test_a_90_day_supply_stays_in_its_lane():
    drawing = wide(chart([mark(date(2026, 7, 1), days=90)]))

    (tooth,) = [s for s in drawing.shapes if isinstance(s, Path) and s.css == "sup"]
    top = float(tooth.d.split("V")[1].split("L")[0])
    assert top > 152


def test_every_fill_is_a_link_that_says_all_of_it():
    drawing = wide(chart([mark(date(2026, 7, 1)), mark(date(2026, 7, 31))]))

    assert [(hit.label, hit.anchor) for hit in drawing.hits] == [
        ("Fill 2026-07-01", "fill-2026-07-01"),
        ("Fill 2026-07-31", "fill-2026-07-31"),
    ]


def test_on_a_telephone_no_two_fills_share_a_line():
    marks = [mark(DAY - timedelta(days=2), real=True), *weekly()]

    drawing = narrow(chart(marks, earliest_denial_on=marks[5].on))

    lines = sorted(s.y for s in drawing.shapes if isinstance(s, Text) and s.x == 196)
    assert len(lines) == 53
    assert min(later - earlier for earlier, later in zip(lines, lines[1:], strict=False)) >= 16.9


@pytest.mark.parametrize("draw", [wide, narrow])
def test_nothing_on_file_still_gives_an_axis(draw):
    drawing = draw(chart())

    assert any(isinstance(each, Line) and each.css == "now" for each in drawing.shapes)


def test_a_refused_fill_among_hundreds_can_be_seen():
    days = [FillDay(DAY + timedelta(days=n), covered=300, refused=n % 2, verify=0) for n in range(14)]

    drawing = small.fills_chart(days)

    refused = [each for each in drawing.shapes if isinstance(each, Rect) and each.css == "f-bad"]
    assert len(refused) == 7
    assert all(each.height >= 4 for each in refused)
    assert all(each.y >= 0 for each in drawing.shapes if isinstance(each, Rect))
