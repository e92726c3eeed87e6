"""Ratios in groups: where the marks stand, what the rows say, and that they answer to the keyboard."""

import math
import re

import pytest

from ctc_figures import ratio_bars
from ctc_figures.bars import COLUMN, EDGE, OUTLINES, WIDTH

GROUPS = {
    "small": {"ours": [0.1, 0.5], "other": [10.0, "raised: TypeError"], "sum": [1.0, None]},
    "large": {"ours": [2.0, 3.0], "other": [0.01, 100.0]},
}


def bars(**keywords):
    keywords = {"x_name": "time", "one": "torch", "roles": {"ours": "ink"}} | keywords
    return ratio_bars(GROUPS, ["float64", "float32"], **keywords)


def rows(figure):
    return re.findall(r'role="option" aria-label="([^"]*)"', figure.svg())


def marks(figure, shape):
    """Place and class of the marks of one shape, the column heads aside."""
    found = re.findall(r'd="M([\d.]+) [\d.]+m[^"]*" class="ctc-point ([^"]*)"', figure.svg().split("listbox")[1])
    return [(float(x), class_) for x, class_ in found if class_.split()[0] == shape]


def test_equal_ratios_are_equal_steps():
    (other, _), *_ = marks(bars(), "square")
    (_, _), (ours, class_), *_ = marks(bars(), "circle")  # float32 is drawn first, the filled mark on top of it
    ((one, _),) = marks(bars(), "triangle")
    assert class_ == "circle"
    assert one - ours == pytest.approx(other - one, abs=0.02) and ours < one
    line = re.search(r'd="M([\d.]+) \d+V\d+" class="ctc-mark"', bars().svg())
    assert float(line[1]) == one  # 1 stands on the line


def test_the_axis_holds_1_whatever_the_ratios_are():
    figure = ratio_bars({"a": {"ours": [20.0]}, "b": {"ours": [30.0]}}, ["x"], x_name="time", one="torch")
    line = float(re.search(r'd="M([\d.]+) \d+V\d+" class="ctc-mark"', figure.svg())[1])
    assert all(line < x < WIDTH for x, _ in marks(figure, "circle"))


def test_what_is_beyond_the_axis_is_an_arrow_at_its_border():
    figure = bars(x_range=(0.05, 50))
    (under, _), *rest = marks(figure, "under")
    (over, class_), *more = marks(figure, "over")
    assert not rest and not more and class_ == "over hollow"
    assert under < min(x for x, _ in marks(figure, "circle")) and over > max(x for x, _ in marks(figure, "square"))
    assert ">100</text>" in figure.svg() and rows(figure) == rows(bars())  # the numbers stay


def test_each_row_says_its_numbers():
    assert rows(bars()) == [
        "small, ours: float64: 0.1; float32: 0.5",
        "small, other: float64: 10; float32: raised: TypeError",
        "small, sum: float64: 1",
        "large, ours: float64: 2; float32: 3",
        "large, other: float64: 0.01; float32: 100",
    ]
    empty = ratio_bars({"a": {"ours": [None]}}, ["x"], x_name="time", one="torch")
    assert rows(empty) == ["a, ours: not measured"]


def test_the_description_has_the_smallest_first_and_what_failed_last():
    said = bars().description
    assert said.startswith(
        "Ratios in 2 groups on an axis of powers of ten; torch = 1. In each group the smallest first."
    )
    assert "small, float64: ours 0.1; sum 1; other 10. small, float32: ours 0.5; other raised: TypeError." in said
    assert "large, float64: other 0.01; ours 2." in said


def test_numbers_stand_in_columns_and_a_cross_where_there_is_none():
    svg = bars().svg()
    assert svg.count("ctc-point nan") == 1
    for x in (WIDTH - EDGE - COLUMN, WIDTH - EDGE):
        assert f'<text x="{x}"' in svg
    figure = ratio_bars({"a": {str(v): [v] for v in (0.00047, 0.0123, 4.56, 456)}}, ["x"], x_name="time", one="torch")
    assert re.findall(r"end small muted[^>]*>([^<]*)", figure.svg()) == ["x", "5·10⁻⁴", "0.012", "4.6", "456"]


def test_rows_differ_without_their_colour():
    assert len(set(OUTLINES.values())) == len(OUTLINES) == 8
    figure = ratio_bars({"a": {str(i): [1, 2] for i in range(8)}}, ["x", "y"], x_name="time", one="torch")
    for shape in OUTLINES:
        assert f'class="ctc-point {shape}"' in figure.svg() and f'class="ctc-point {shape} hollow"' in figure.svg()
    for i in range(8):
        assert f">{i}</text>" in figure.svg()
    assert bars().svg().count("start small bold") == 2  # ours, in each group


def test_a_name_keeps_its_shape_in_every_group():
    groups = {"a": {"one": [1], "two": [1]}, "b": {"two": [1]}}
    figure = ratio_bars(groups, ["x"], x_name="time", one="torch")
    assert len(marks(figure, "square")) == 2 and len(marks(figure, "circle")) == 1


def test_notes_and_words_can_be_given():
    figure = bars(notes={"small": "N 1, T 2"}, title="A title", description="Words.", caption="More words.")
    assert ">N 1, T 2</text>" in figure.svg()
    assert (figure.title, figure.description, figure.captions) == ("A title", "Words.", ["More words."])


def test_numbers_that_differ_in_the_last_bits_give_the_same_figure():
    one, other = (ratio_bars({"a": {"b": [v]}}, ["x"], x_name="time", one="torch") for v in (0.3, 0.1 + 0.2))
    assert one._repr_html_() == other._repr_html_()


@pytest.mark.parametrize(
    ("groups", "variants", "roles", "message"),
    [
        ({}, ["x"], {}, "1 to 8 names of rows, got 0"),
        ({"a": {str(i): [1] for i in range(9)}}, ["x"], {}, "1 to 8 names of rows, got 9"),
        ({"a": {"b": [1]}}, [], {}, "variants: expected 1 or 2, got 0"),
        ({"a": {"b": [1, 2, 3]}}, ["x", "y", "z"], {}, "variants: expected 1 or 2, got 3"),
        ({"a": {"b": [1]}}, ["x", "y"], {}, "groups, 'a', 'b': expected 2 values, got 1"),
        ({"a": {"b": [0]}}, ["x"], {}, "ratios above 0, got 0"),
        ({"a": {"b": [math.inf]}}, ["x"], {}, "ratios above 0, got inf"),
        ({"a": {"b": [math.nan]}}, ["x"], {}, "ratios above 0, got nan"),
        ({"a": {"b": [1]}}, ["x"], {"b": "pink"}, "not in the palette"),
    ],
)
def test_what_cannot_be_drawn_is_refused(groups, variants, roles, message):
    with pytest.raises(ValueError, match=message):
        ratio_bars(groups, variants, x_name="time", one="torch", roles=roles)


@pytest.mark.parametrize("x_range", [(2, 10), (0.1, 0.5), (0, 10)])
def test_the_line_at_1_must_be_within_the_range(x_range):
    with pytest.raises(ValueError, match="x_range"):
        bars(x_range=x_range)


def test_it_fits_a_phone_and_answers_to_the_keyboard(browser):
    page = browser.new_page(viewport={"width": 375, "height": 800})
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    page.set_content(f"<!doctype html><body style='margin:16px'>{bars()._repr_html_()}")
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    assert page.locator(".ctc-stage").evaluate("e => e.scrollWidth - e.clientWidth") <= 0
    page.locator("[role=option][tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    assert page.locator(".ctc-detail").inner_text() == "small, other: float64: 10; float32: raised: TypeError"
    page.close()
    assert not errors
