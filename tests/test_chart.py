"""The line chart: where its numbers stand, what it says of them, and that it plays."""

import math
import re

import pytest

from ctc_figures import Line, line_chart
from ctc_figures.chart import DASHES, SHAPES, _Axis

STEPS = [1.0, 0.1, 0.01]


def chart(**keywords):
    series = {"central": Line([1e-2, 1e-4, 1e-6], "alpha"), "forward": Line([1e-1, 1e-2, 1e-3], "beta")}
    return line_chart(STEPS, series, x_name="step h", y_name="error", log_x=True, log_y=True, **keywords)


def details(figure):
    return re.findall(r'role="option" aria-label="([^"]*)"', figure.svg())


def test_a_straight_line_in_the_logarithms_is_drawn_straight():
    path = re.search('<path d="(M[^"]*L[^"]*L[^"]*)" class="ctc-curve"', chart().svg())[1]
    (x0, y0), (x1, y1), (x2, y2) = [map(float, p.split()) for p in re.split("[ML]", path)[1:]]
    assert x0 - x1 == pytest.approx(x1 - x2, abs=0.02) and x0 > x1
    assert y1 - y0 == pytest.approx(y2 - y1, abs=0.02) and y1 > y0  # a smaller error stands lower


@pytest.mark.parametrize(
    ("values", "log", "expected"),
    [
        ([0, 8], False, ["0", "2", "4", "6", "8"]),
        ([-0.3, 0.1], False, ["−0.3", "−0.2", "−0.1", "0", "0.1"]),
        ([5, 5], False, ["4.5", "5", "5.5"]),
        ([1, 1000], True, ["1", "10", "100", "1000"]),
        ([1e-12, 1e-2], True, ["10⁻¹²", "10⁻¹⁰", "10⁻⁸", "10⁻⁶", "10⁻⁴", "10⁻²"]),
        ([2, 9], True, ["2", "3", "5", "7"]),
        ([1.00, 1.02], True, ["1", "1.005", "1.01", "1.015", "1.02"]),
    ],
)
def test_ticks_are_round_numbers(values, log, expected):
    assert [text for _, text in _Axis(values, None, log, 0, 100, "x_range", 5).ticks] == expected


def test_each_point_says_its_numbers_and_which_others_lie_on_it():
    assert details(chart())[0] == "central: error = 0.01 at step h = 1"
    same = line_chart([1], {"a": [2], "b": [2]}, x_name="x", y_name="y")
    assert details(same) == ["a: y = 2 at x = 1; b: y = 2 at x = 1"] * 2


def test_what_is_not_a_finite_number_is_marked_at_the_border_and_none_is_a_gap():
    values = [1.0, math.inf, -math.inf, math.nan, None, 2.0]
    figure = line_chart(range(6), {"a": values}, x_name="x", y_name="y")
    assert [d.split(" = ")[1].split()[0] for d in details(figure)] == ["1", "∞", "−∞", "NaN", "2"]
    for note in ("▲ above, or ∞", "▼ below, or −∞", "× not a number"):
        assert note in figure.svg()
    assert "ctc-curve" not in figure.svg().split("listbox")[0].split("ctc-column")[1]  # no two neighbours to join
    zero = line_chart([1, 2, 3], {"a": [0, 1, 10]}, x_name="x", y_name="y", log_y=True)
    assert "▼ zero or below" in zero.svg() and "NaN" not in zero.svg()
    assert "▲" not in chart().svg()


def test_lines_differ_without_their_colour():
    assert len(set(SHAPES)) == len(SHAPES) == len(set(DASHES)) == len(DASHES)
    figure = line_chart([1, 2], {str(i): [i, i] for i in range(8)}, x_name="x", y_name="y")
    assert all(f"ctc-point {shape}" in figure.svg() for shape in SHAPES)
    assert len(set(re.findall('stroke-dasharray="([^"]*)"', figure.svg()))) == 7


def test_an_animation_follows_the_order_of_x():
    figure = chart(frames=True)
    assert figure.labels == ["1", "0.1", "0.01"] and figure.rest == 2
    assert figure.captions[0] == "step h = 1. central: 0.01; forward: 0.1."
    cursor = [state[3] for state in figure.data["states"] if len(state) > 3]
    assert cursor == sorted(cursor, reverse=True) and len(cursor) == 3
    long = line_chart(range(500), {"a": range(500)}, x_name="x", y_name="y", frames=True)
    assert len(long.labels) == 60 and long.labels[-1] == "499" and len(details(long)) < 40
    assert len(long._repr_html_()) < 60_000


def test_a_dash_goes_on_where_the_frame_before_left_it():
    moving, still = (
        line_chart([0, 1, 2], {"a": [0, 0, 0], "b": [0, 3, 3]}, x_name="x", y_name="y", frames=f) for f in (True, False)
    )
    offsets = [float(o) for o in re.findall('stroke-dashoffset="([^"]*)"', moving.svg())]
    assert offsets[:2] == [0, 0] and offsets[2] > 100  # legend, first piece, second piece
    assert re.findall('stroke-dashoffset="([^"]*)"', still.svg()) == ["0", "0"]


def test_marks_stand_at_their_values_and_say_their_words():
    figure = chart(marks=[("x", 0.1, "best"), ("y", 1e-4, "tolerance")])
    assert "best</text>" in figure.svg() and "tolerance</text>" in figure.svg()
    assert figure.svg().count('class="ctc-mark"') == 2


def test_numbers_that_differ_in_the_last_bits_give_the_same_figure():
    one, other = (line_chart([1, 2], {"a": [v, 1.0]}, x_name="x", y_name="y") for v in (0.3, 0.1 + 0.2))
    assert one._repr_html_() == other._repr_html_()


@pytest.mark.parametrize(
    ("x", "series", "more", "message"),
    [
        ([], {"a": []}, {}, "x: expected finite"),
        ([math.inf], {"a": [1]}, {}, "x: expected finite"),
        ([1, 2], {"a": [1]}, {}, "expected 2 values"),
        ([1], {"a": Line([1], "pink")}, {}, "not in the palette"),
        ([1], {"a": Line([1], draw="dots")}, {}, "'both', 'line' or 'points'"),
        ([1], {}, {}, "1 to 8 lines"),
        ([0, 1], {"a": [1, 2]}, {"x_range": (0, 1), "log_x": True}, "x_range: 0 has no logarithm"),
        ([0, 1], {"a": [1, 2]}, {"y_range": (2, 1)}, "y_range: expected low < high"),
        ([0, 1], {"a": [1, 2]}, {"marks": [("z", 1, "")]}, "marks: axis"),
        ([0, 1], {"a": [1, 2]}, {"frames": True, "captions": ["one"]}, "captions"),
    ],
)
def test_what_cannot_be_drawn_is_refused(x, series, more, message):
    with pytest.raises(ValueError, match=message):
        line_chart(x, series, x_name="x", y_name="y", **more)


def test_it_plays_and_answers_to_the_keyboard(browser):
    page = browser.new_page(viewport={"width": 375, "height": 800})
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    page.set_content(f"<!doctype html><body style='margin:16px'>{chart(frames=True)._repr_html_()}")
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    stage = page.locator(".ctc-stage")
    assert stage.evaluate("e => e.scrollWidth - e.clientWidth") <= 0
    slider = page.locator("input[type=range]")
    slider.focus()
    page.keyboard.press("Home")
    assert slider.get_attribute("aria-valuetext") == "1"
    assert page.locator(".ctc-caption").inner_text().endswith("central: 0.01; forward: 0.1.")
    assert page.locator(".ctc-column.ahead").count() == 4  # strokes and points of two frames
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.querySelector('input').value == 2")
    assert page.locator(".ctc-column.ahead").count() == 0
    page.locator("[role=option][tabindex='0']").focus()
    page.keyboard.press("ArrowLeft")
    assert "at step h = 0.1" in page.locator(".ctc-detail").inner_text()
    page.close()
    assert not errors
