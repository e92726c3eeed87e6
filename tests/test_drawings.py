"""The canvas, and what is drawn on it beside the lattice; what holds for every drawing."""

import importlib.util
import itertools
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from figures import EXAMPLES, FIGURES, each_figure, having, moving, options, parts, replay, tree, worked
from helpers import merge_then_drop

import ctc_figures as draw
from ctc_core.examples import AB, CAT
from ctc_core.forward_backward import forward, forward_probability
from ctc_core.gradient import grad_logits, occupancies, symbol_products
from ctc_core.labels import collapse
from ctc_core.paths import all_paths
from ctc_figures.drawings.canvas import Drawing, Look
from ctc_figures.drawings.drawn import Drawn
from ctc_figures.page.notation import number

IMAGES = Path(__file__).parents[1] / "img"


# What every drawing must be


@each_figure
def test_html_is_well_formed_small_and_asks_no_other_host(figure):
    html = figure.html()
    silent = re.sub(r"<script.*?</script>", "", html)
    root = ElementTree.fromstring(re.sub(r"(<img [^>]*)>", r"\1/>", silent))  # fails if a tag is not closed
    assert root.find(".//img").get("alt") == f"{figure.title}. {figure.description}" and len(figure.description) > 60
    assert figure.description in repr(figure) and all(figure.captions)
    assert not re.search(r"Play|Touch|slider", silent), "controls come with the script"
    assert len(html) < 60_000 and not re.search(r"https?:", html.replace("http://www.w3.org/2000/svg", ""))


def test_every_figure_is_the_same_again_and_on_a_processor_that_rounds_otherwise():
    nearly = CAT.y * (1 + 1e-13 * np.random.default_rng(1).uniform(-1, 1, CAT.y.shape))
    for again in (moving(), moving(nearly)):
        for name, figure in again.items():
            assert figure.html() == FIGURES[name].html(), name


@each_figure
def test_no_number_carries_its_last_bits_or_a_negative_zero(figure):
    text = figure.svg(live=True) + str(figure.data)
    assert not re.search(r"\d\.\d{8,}|\d{10,}", text.replace("http://www.w3.org/2000/svg", ""))
    assert not re.search(r"[\"'(=, ]-0[\"'), ;]", text)


@each_figure
def test_replaying_the_frames_gives_what_is_drawn(figure):
    if not figure.n_frames:
        return
    for f, row in enumerate(replay(figure)):
        for part, look in zip(parts(figure, f), row, strict=True):
            if look:
                assert part.get("class").split() == f"{part.get('data-i')} {look[0] or ''}".split()
                assert look[1] is None or f"--v:{look[1] / 100:g};" in part.get("style")
                assert look[2] is None or (part.text or "") == look[2]
                assert look[3] is None or f"translate({look[3]:g}px," in part.get("style")


@each_figure
def test_touchable_parts_make_one_tab_stop_and_light_parts_that_exist(figure):
    touched = [e for e in tree(figure).iter() if e.get("role") == "option"]
    assert [e.get("tabindex") for e in touched] == ["0", *["-1"] * (len(touched) - 1)][: len(touched)]
    n_parts = sum(e.get("data-i") is not None for e in tree(figure).iter())
    assert all(text and max(lit, default=0) < n_parts for text, lit in options(figure))


def test_every_figure_that_moves_rests_where_it_is_told():
    for name, figure in moving(rest=0).items():
        assert figure.rest == figure.data["rest"] == 0, name
        assert figure.svg() == figure.svg(0) != figure.svg(-1), name
        assert figure.captions[0] != figure.captions[-1], name


# Paths as tiles and cards


@pytest.mark.parametrize("path", [(1, 0, 1, 1, 2, 0, 0), (0, 1, 1, 2), (1,), (0, 0), (2, 2, 0, 2)])
def test_tiles_show_how_a_path_collapses(path):
    figure, rows = draw.collapse_steps(path, "-ab"), {}
    for tile in having(figure, "ctc-tile"):  # those that land on each other are one
        x, y = (float(tile.find("rect").get(axis)) for axis in "xy")
        rows.setdefault(y, {})[x] = tile.find("text").text
    spelt = [[row[x] for x in sorted(row)] for _, row in sorted(rows.items())]
    merged = [k for k, _ in itertools.groupby(path)]
    expected = [["–ab"[k] for k in row] for row in (path, merged, merge_then_drop(path, 0)) if row]
    assert spelt == expected
    assert figure.captions[-1].endswith(f"= {''.join(expected[2]) if len(expected) > 2 else 'nothing at all'}.")


def test_groups_are_the_labellings_and_their_sums():
    figure, sizes = FIGURES["groups"], {}
    for path in all_paths(3, 3):
        sizes.setdefault(collapse(path), []).append(np.prod(AB.y[range(3), path]))
    assert len(options(figure)) == 27 and len(figure.captions) == len(sizes) + 2
    assert "5 paths spell ab: –ab, a–b, aab, ab–, abb. p = 0.385." in figure.captions
    widths = [float(e.get("width")) for e in having(figure, "ctc-bar")]
    sums = sorted(sizes.items(), key=lambda item: (len(item[0]), item[0]))
    expected = [p / 0.385 * 66 - 0.8 for _, group in sums for p in sorted(group)]
    np.testing.assert_allclose(sorted(widths), sorted(np.maximum(expected, 0.3)), atol=0.01)
    assert all(left == pytest.approx(right, rel=2e-3) for text, _ in options(figure) for left, right in worked(text))


# The substitution


def bars(figure, frame):
    """The bars of the first sum and of the second in a frame: signed length, begin, height; None if not there."""
    shown = []
    for part, look in zip(parts(figure, frame), replay(figure)[frame], strict=True):
        if part.get("data-i") == "ctc-slide":
            place = look
        elif part.get("data-i") == "ctc-term":
            sign = -1 if look[0] == "negative" else 1
            shown.append(None if look[0] == "off" else (sign * look[1], place[3], place[4] + float(part.get("y"))))
    return shown[::2], shown[1::2]


@EXAMPLES
def test_every_line_of_the_substitution_shows_the_gradient(example):
    gradient = grad_logits(example.y, example.labelling)
    for t, k in np.ndindex(example.y.shape):
        figure = draw.substitution_steps(example.y, example.labelling, t, k, example.symbols)
        assert len(figure.captions) == 7 and all(
            c.endswith(f"Value: {number(gradient[t, k])}.") for c in figure.captions
        )
        texts = {look[2] for row in replay(figure) for look in row if look and look[2] and " = " in look[2]}
        for left, right in (pair for text in texts for pair in worked(text)):
            assert left == pytest.approx(right, abs=2e-3) and right == pytest.approx(gradient[t, k], rel=1e-3, abs=1e-9)


def test_bars_are_the_terms_and_end_to_end_they_are_p_and_then_the_output():
    t, k = 1, 2
    figure, y = draw.substitution_steps(CAT.y, CAT.labelling, t, k, CAT.symbols), CAT.y[t]
    products, p = symbol_products(CAT.y, CAT.labelling)
    gamma, p = occupancies(CAT.y, CAT.labelling)[t], forward_probability(forward(CAT.y, CAT.labelling))
    delta = np.eye(4)[k]
    terms = y * (delta - y[k]) / (p * y**2) * products[t]  # line 1 as it stands there
    first = np.array([bar[0] for bar in bars(figure, 0)[0]])
    np.testing.assert_allclose(first / abs(first).max(), terms / abs(terms).max(), atol=1e-3)
    assert bars(figure, 0)[1] == [None] * 4 and [b is not None for b in bars(figure, 6)[1]] == [
        False,
        False,
        True,
        False,
    ]
    np.testing.assert_allclose([abs(bar[0]) for bar in bars(figure, 1)[0]], abs(first), atol=0.01)  # no bar moves
    for frame, total in ((5, p), (6, y[k])):
        lengths, begins, heights = np.array(bars(figure, frame)[0]).T
        np.testing.assert_allclose(lengths / lengths.sum(), gamma, atol=1e-3)
        np.testing.assert_allclose(begins, 0.84 * (lengths.cumsum() - lengths), atol=0.02)
        assert np.ptp(heights) < 0.01
        assert lengths.sum() / bars(figure, 6)[1][k][0] == pytest.approx(total / gamma[k], rel=1e-3)


# The network, the files, the canvas


def test_network_has_each_unit_once_and_one_frame_all_ways_through_the_softmax():
    texts = [e.text for e in tree(FIGURES["network"]).iter("text")]
    assert [texts.count(letter) for letter in "xhuy"] == [3] * 4
    assert texts.count("T") == 4 and texts.count("softmax") == 3
    names = FIGURES["one frame"].drawing.numbers
    lit = [{n for n in names if names[n] in lit} for _, lit in options(FIGURES["one frame"])]
    units = ("1", "2", "k", "K")
    assert set(names) == {(a, b) for a in units for b in units}
    assert lit[::2] == [{(k, other) for other in units} for k in units]
    assert lit[1::2] == [{(other, k) for other in units} for k in units]


def test_image_files_are_what_the_script_draws():
    spec = importlib.util.spec_from_file_location("draw", IMAGES / "draw.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    drawn = script.drawings()
    assert sorted(drawn) == sorted(p.name for p in IMAGES.glob("*.svg"))
    for name, figure in drawn.items():
        stored = (IMAGES / name).read_text(encoding="utf-8")
        assert figure.svg() == stored, f"{name}: run python img/draw.py"
        assert ElementTree.fromstring(stored).get("role") == "img"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: draw.collapse_steps((), "-a"), "at least one frame"),
        (lambda: draw.collapse_steps((0, 2), "-a"), r"numbers in 0\.\.1"),
        (lambda: draw.path_groups(AB.y, [(0, 0, 0)], [0.1, 0.2], AB.symbols), "one for each path"),
        (lambda: draw.path_groups(AB.y, [(0, 0)], [0.1], AB.symbols), "3 frames"),
        (lambda: draw.substitution_steps(AB.y, AB.labelling, 0, 3, "-ab"), "expected an index in"),
        (lambda: draw.substitution_steps(AB.y, AB.labelling, 0, 0, "-a"), "symbols: expected 3"),
        (lambda: draw.substitution_steps(0 * AB.y, AB.labelling, 0, 0, "-ab"), "outputs above 0"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_parts_need_equal_frames_and_different_names():
    drawing = Drawing(10, 10)
    drawing.add("rect", looks=[Look(), Look("off")], name="a")
    with pytest.raises(ValueError, match="already used"):
        drawing.add("rect", name="a")
    with pytest.raises(ValueError, match="labels: expected 2, one for each frame, got 1"):
        Drawn(drawing, "title", "words", labels=["one"])
    drawing.add("rect", looks=[Look()])
    with pytest.raises(ValueError, match="same number of frames"):
        Drawn(drawing, "title", "words")
