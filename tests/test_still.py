"""Stills and pictures to take away: what matplotlib draws is what was passed."""

import re
from io import BytesIO
from itertools import product
from xml.etree import ElementTree

import book_figures
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from helpers import each_case, path_products, paths_to, spelled, states_to
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex

import ctc_figures as figures
from ctc_core.descent import descend
from ctc_core.examples import BEE, CAT
from ctc_core.forward_backward import backward, forward, state_occupancy
from ctc_core.gradient import grad_logits
from ctc_core.labels import predecessors
from ctc_core.softmax import softmax
from ctc_figures.charts.lines import Line
from ctc_figures.page.assets import in_notebook
from ctc_figures.page.palette import COLOURS

ALPHA, GRADIENT = forward(CAT.y, CAT.labelling), grad_logits(CAT.y, CAT.labelling)
CURVES = {"loss": [3, 1, 0.1, 9], "gap": Line([np.inf, None, np.nan, 1], "beta")}
TWO_STAGES = [CAT.y, CAT.y**2], [GRADIENT, GRADIENT / 3], ["start", "later"], CAT.labelling, CAT.symbols
PICTURES = {
    "lattice": lambda **where: figures.draw_lattice(BEE.labelling, BEE.T, BEE.symbols, **where),
    "sweep": lambda **where: figures.draw_sweep(CAT.y, CAT.labelling, ALPHA, CAT.symbols, **where),
    "map": lambda **where: figures.draw_map(GRADIENT, CAT.symbols, role="gradient", **where),
    "large map": lambda **where: figures.draw_map(np.eye(128)[:, :20], list(range(20)), **where),
    "lines": lambda **where: figures.draw_lines(
        [1, 2, 3, 4], CURVES, x_name="step", y_name="nats", log_y=True, **where
    ),
    "transitions": lambda **where: figures.draw_transitions(**where),
    "error signal": lambda **where: figures.draw_error_signal(*TWO_STAGES, **where),
}
each_picture = pytest.mark.parametrize("draw", PICTURES.values(), ids=PICTURES.keys())


def arrows(ax, dashed=False):
    """The arrows, as a dict of (t, r, s) from 0 to the width of the line."""
    found = {}
    for lines in (c for c in ax.collections if isinstance(c, LineCollection)):
        if (lines.get_linestyle()[0][1] is not None) == dashed:
            widths = np.broadcast_to(lines.get_linewidths(), len(lines.get_segments()))
            for ((_, r), (t, s)), width in zip(lines.get_segments(), widths, strict=True):
                found[round(t) - 1, round(r) - 1, round(s) - 1] = width
    return found


def discs(ax, which=0):
    """The circles of a collection: where they are, as (t, s) from 0, and the collection."""
    circles = [c for c in ax.collections if isinstance(c, PathCollection)][which]
    return [(round(x) - 1, round(y) - 1) for x, y in circles.get_offsets()], circles


@each_case
def test_lattice_has_the_states_and_arrows_of_all_paths(y, labelling, blank):
    (T, K), extended = y.shape, spelled(labelling, blank)
    ax = figures.draw_lattice(labelling, T, "abcd"[:K], blank=blank)
    sequences = states_to(labelling, T, K, blank).tolist()
    used = {(t, s) for q in sequences for t, s in enumerate(q)}
    moves = {(t, q[t - 1], q[t]) for q in sequences for t in range(1, T)}
    legal = {(t, r, s) for t in range(1, T) for s in range(len(extended)) for r in predecessors(extended, s, blank)}
    states, circles = discs(ax)
    assert sorted(states) == list(product(range(T), range(len(extended))))
    assert {at for at, (_, dashes) in zip(states, circles.get_linestyle(), strict=True) if not dashes} == used
    assert arrows(ax).keys() == moves and arrows(ax, dashed=True).keys() == legal - moves
    assert {text.get_position(): text.get_text() for text in ax.texts} == {
        (t + 1, s + 1): "abcd"[k] for t in range(T) for s, k in enumerate(extended)
    }
    first, later, below = ax.transData.transform([(1, 1), (2, 1), (1, 2)])
    assert later[0] > first[0] and below[1] < first[1]  # time to the right, states down


def test_path_is_marked_and_spelt():
    path = (0, 1, 1, 2, 3, 5)  # - C C - A T
    ax = figures.draw_lattice(CAT.labelling, CAT.T, CAT.symbols, path=path)
    broad = {arrow for arrow, width in arrows(ax).items() if width > 3}
    assert broad == {(t, path[t - 1], path[t]) for t in range(1, 6)}
    states, circles = discs(ax)
    looks = zip(states, map(to_hex, circles.get_edgecolors()), map(to_hex, circles.get_facecolors()), strict=True)
    looks = {state: (ring, face) for state, ring, face in looks}
    assert [state for state, (ring, _) in looks.items() if ring == COLOURS["path"][0]] == list(enumerate(path))
    assert {looks[0, 1][1], looks[4, 5][1]} == {COLOURS["label"][0]}  # labels are filled,
    assert {looks[0, 0][1], looks[0, 5][1]} == {COLOURS["paper"][0]}  # blanks and what no path uses are not
    columns = [label.get_text().split("\n") for label in ax.get_xticklabels()]
    assert ["".join(row) for row in zip(*columns, strict=True)] == ["123456", "–CC–AT", "CAT"]


@each_case
@pytest.mark.parametrize("role", ["alpha", "beta", "gamma"])
def test_sweep_shows_shares(y, labelling, blank, role):
    a, b = forward(y, labelling, blank), backward(y, labelling, blank)
    values = {"alpha": a, "beta": b, "gamma": state_occupancy(a, b, y, labelling, blank)}[role]
    ax = figures.draw_sweep(y, labelling, values, "abcd"[: y.shape[1]], role=role, blank=blank)
    sequences, products = states_to(labelling, *y.shape, blank), path_products(y, paths_to(labelling, *y.shape, blank))
    values = values * [[(states == s).any() for s in range(values.shape[1])] for states in sequences.T]
    states, circles = discs(ax, 1)
    areas = np.zeros_like(values)
    areas[tuple(np.transpose(states))] = circles.get_sizes()
    shares = values / values.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(areas * shares.max() / areas.max(), shares, atol=1e-12)

    outputs, total = y[:, spelled(labelling, blank)], np.zeros(len(y))
    for (t, r, s), width in arrows(ax).items():
        if role == "gamma":
            exact = products[(sequences[:, t - 1] == r) & (sequences[:, t] == s)].sum() / products.sum()
        elif role == "alpha":
            exact = values[t - 1, r] * outputs[t, s] / values[t].sum()
        else:
            exact = values[t, s] * outputs[t - 1, r] / values[t - 1].sum()
        assert width == pytest.approx(0.9 + 5 * exact)
        total[t] += exact
    assert total[1:] == pytest.approx(1)


def test_sweep_takes_flows_as_they_are():
    flows = np.zeros((*ALPHA.shape, 3))
    flows[2, 3, 2] = 0.25  # the skip from C to A into t = 3
    ax = figures.draw_sweep(CAT.y, CAT.labelling, ALPHA, CAT.symbols, flows=flows)
    assert {arrow for arrow, width in arrows(ax).items() if width > 0.9} == {(2, 1, 3)}


@pytest.mark.parametrize(
    "values, role, log", [(ALPHA, "alpha", False), (ALPHA, "beta", True), (GRADIENT, "gradient", False)]
)
def test_map_shows_the_numbers(values, role, log):
    names = [f"row {i}" for i in range(values.shape[1])]
    ax = figures.draw_map(values, names, role=role, log=log)
    drawn = np.reshape(ax.collections[0].get_array(), values.T.shape).T
    if log:
        place = np.log(values[values > 0])
        expected = 0.08 + 0.92 * (place - place.min()) / np.ptp(place)
        np.testing.assert_allclose(drawn[values > 0], expected, atol=6e-4)
        assert not drawn[values == 0].any()
    else:
        np.testing.assert_allclose(drawn, values / abs(values).max(), atol=6e-4)
    signs = {(t + 1, k): "+" if v > 0 else "−" for (t, k), v in np.ndenumerate(GRADIENT)}
    assert {text.get_position(): text.get_text() for text in ax.texts} == (signs if role == "gradient" else {})
    assert ax.transData.transform((1, 0))[1] > ax.transData.transform((1, 1))[1]  # the first row on top
    assert [label.get_text() for label in ax.get_yticklabels()] == names


def test_lines_show_the_numbers_and_what_is_beyond():
    marks, ends = [("x", 2, "here"), ("y", 0.5, "half")], {"x_range": (0, 3.5), "y_range": (0, 2)}
    ax = figures.draw_lines([1, 2, 3, 4], CURVES, x_name="step", y_name="nats", marks=marks, **ends)
    loss, above_2, gap, infinite, nan = ax.lines[:5]
    np.testing.assert_array_equal(loss.get_ydata(), [np.nan, 1, 0.1, np.nan])
    assert np.isnan(gap.get_ydata()).all()
    at = [(line.get_marker(), *line.get_xdata(), round(*line.get_ydata())) for line in (above_2, infinite, nan)]
    assert at == [("^", 1, 2), ("^", 1, 2), ("x", 3, 0)]  # at the border
    assert gap.get_color() == COLOURS["beta"][0] and loss.get_linestyle() != gap.get_linestyle()
    assert {"here", "half"} == {text.get_text() for text in ax.texts}
    assert "above" in ax.get_xlabel() and "not a number" in ax.get_xlabel()


def test_error_signal_draws_outputs_and_minus_the_gradient():
    panels = figures.draw_error_signal(*TWO_STAGES).axes
    for ax, values in zip(panels, [CAT.y, -GRADIENT, CAT.y**2, -GRADIENT / 3], strict=True):
        lines = [line for line in ax.lines if len(line.get_xdata()) == CAT.T]
        np.testing.assert_allclose([line.get_ydata() for line in lines], values.T, atol=1e-9)
        assert [line.get_linestyle() for line in lines] == ["--", "-", "-", "-"]
        peaks = {letter.get_text(): letter.xy for letter in ax.texts}
        for letter, (t, v) in peaks.items():
            assert v == pytest.approx(values[t - 1, CAT.symbols.index(letter)]) == pytest.approx(max(v, 0))
    largest = abs(GRADIENT).max()
    assert f"start: {largest:.2g}, later: {largest / 3:.2g}." in figures.error_signal(*TWO_STAGES).captions[0]


@pytest.mark.parametrize("case, extended", [("skip", "–C–A"), ("blank", "–A–"), ("repeat", "–E–E")])
def test_transitions_are_those_of_the_core(case, extended):
    ways = len(predecessors(["–ACE".index(symbol) for symbol in extended], len(extended) - 1))
    shafts = [c for c in figures.draw_transitions([case]).collections if isinstance(c, LineCollection)]
    found = {lines.get_linestyle()[0][1] is None: len(lines.get_segments()) for lines in shafts}
    assert found == ({True: 3} if ways == 3 else {True: 2, False: 1})
    assert ("no jump" in figures.transitions([case]).description) == (ways == 2)


@each_picture
def test_draws_where_it_is_told_and_touches_nothing_else(draw):
    with matplotlib.rc_context({"font.size": 7, "text.color": "red"}):
        before = dict(matplotlib.rcParams)
        draw()
        assert plt.get_fignums() == []
        figure = plt.figure()
        part, _ = figure.subfigures(1, 2)
        if draw is PICTURES["error signal"]:
            assert draw(figure=part) is part and part.axes == figure.axes
        else:
            ax = part.subplots()
            assert draw(ax=ax) is ax and figure.axes == [ax]
        plt.close(figure)
        assert dict(matplotlib.rcParams) == before


@each_picture
@pytest.mark.parametrize("kind, magic", [("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", b"\x89PNG")])
def test_saves_with_fonts_and_the_same_bytes_twice(draw, kind, magic, tmp_path):
    for name in "ab":
        draw().figure.savefig(tmp_path / f"{name}.{kind}")
    first, second = (path.read_bytes() for path in sorted(tmp_path.iterdir()))
    assert first == second and first.startswith(magic) and len(first) > 2000
    assert b"/Type3" not in first and {"pdf": b"/FontFile2", "svg": b"</text>", "png": b""}[kind] in first


@each_picture
@pytest.mark.parametrize("theme, column", [("light", 0), ("dark", 1)])
def test_colours_are_those_of_the_theme(draw, theme, column):
    file = BytesIO()
    draw(theme=theme).figure.savefig(file, format="svg")
    used = set(re.findall(r"#[0-9a-f]{6}\b", file.getvalue().decode()))
    these, others = ({pair[i] for pair in COLOURS.values()} for i in (column, 1 - column))
    assert COLOURS["paper"][column] in used and COLOURS["muted"][column] in used and not used & (others - these)


@pytest.fixture(scope="module")
def training():
    logits, _, gradients = descend(np.zeros((30, 5)), (2, 1, 3), 100)
    return softmax(logits[::50]), gradients[::50], ["early", "midway", "late"], (2, 1, 3), "-ACTS"


def test_still_is_small_and_does_not_hang_on_the_last_bits(training):
    outputs, gradients, *rest = training
    figure = figures.error_signal(*training)
    assert len(figure.html()) < 30_000
    for noise in (3e-10, -3e-10):
        assert figure.html() == figures.error_signal(outputs + noise, gradients * (1 + noise), *rest).html()


def test_still_follows_the_page_and_shares_no_id(training):
    a_map = figures.Still(PICTURES["map"]().figure, "A map", "With clip paths.")
    names = []
    for still in (figures.error_signal(*training), figures.transitions(), a_map):
        tree = ElementTree.fromstring(still.svg())
        references = set(re.findall(r"#(\w[\w-]*)", still.body))
        if still is not a_map:  # whose colours are blends
            assert references.isdisjoint(colour[1:] for pair in COLOURS.values() for colour in pair)
        ids = {e.get("id") for e in tree.iter() if e.get("id")}
        assert ids == {name for name in references if "-" in name}
        names += ids
        assert (
            still.svg().count("<style") == 1 and "Matplotlib" not in still.svg() and "--ctc-ink:#e6e9ee" in still.svg()
        )
        assert "DejaVu" not in still.svg() and ">t − 1<" in figures.transitions().svg()
    assert len(names) == len(set(names)) > 3


def test_still_shows_without_scripts_and_wakes_with_them(browser, training):
    html = figures.error_signal(*training).html() + figures.transitions(title='"Ways" & more').html()
    page = browser.new_page(viewport={"width": 375, "height": 700}, color_scheme="dark")
    for scripts, images in (("", 2), (in_notebook(), 0)):
        page.set_content(f"<body style='margin:0'>{html}{scripts}")
        if scripts:  # which are unpacked first
            page.wait_for_function("document.querySelectorAll('.ctc-save').length === 2")
        assert page.evaluate("[...document.images].map(i => i.naturalWidth > 300)") == [True] * images
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    word = page.locator("svg[role=img] text", has_text="the same label")
    assert word.evaluate("e => getComputedStyle(e).fill") == "rgb(230, 233, 238)"
    page.locator(".ctc-save summary").last.click()
    with page.expect_download() as download:
        page.locator(".ctc-save button", has_text="SVG").last.click()
    assert "--ctc-ink:#e6e9ee" in download.value.path().read_text().replace(" ", "")
    page.close()
    site = book_figures.unpack(html)
    assert "<img" not in site and "class='ctc-paper'" not in site and "<style>" not in site
    assert '<svg role="img" aria-label="&quot;Ways&quot; &amp; more. States s' in site


SWEEP, ERROR = (CAT.y, CAT.labelling, ALPHA, CAT.symbols), ([CAT.y], [GRADIENT], ["start"], CAT.labelling, CAT.symbols)


@pytest.mark.parametrize(
    "draw, arguments, more, message",
    [
        ("draw_lattice", ((1, 9), 4, "-ab"), {}, "labelling: position 1 is 9, expected a label in 0..2"),
        ("draw_lattice", ((1,), 0, "-a"), {}, "T: expected 1 or more, got 0"),
        ("draw_lattice", ((1,), 3, "-a"), {"path": (0, 1)}, "path: expected 3 states"),
        ("draw_lattice", ((1, 1), 3, "-a"), {"path": (1, 3, 3)}, "path: expected 3 states .* along arrows"),
        ("draw_lattice", ((1,), 3, "-a"), {"path": (2, 2, 2)}, "path: .* from one of the first two"),
        ("draw_lattice", ((1,), 3, "-a"), {"theme": "blue"}, "theme: expected 'light' or 'dark', got 'blue'"),
        ("draw_sweep", SWEEP, {"role": "ink"}, "role: expected 'alpha'"),
        ("draw_sweep", (*SWEEP[:2], ALPHA.T, "-ACT"), {}, r"values: expected shape \(6, 7\)"),
        ("draw_sweep", (*SWEEP[:2], -ALPHA, "-ACT"), {}, "values: .* none below 0"),
        ("draw_sweep", SWEEP, {"flows": ALPHA}, r"flows: expected shape \(6, 7, 3\)"),
        ("draw_map", (ALPHA, "ab"), {}, "row_names: expected 7, one for each row, got 2"),
        ("draw_lines", ([1, 2], {"a": [1]}), {"x_name": "x", "y_name": "y"}, "series 'a': expected 2 values"),
        ("draw_error_signal", (ERROR[0], [GRADIENT[1:]], *ERROR[2:]), {}, "outputs, gradients: expected shape"),
        ("draw_error_signal", (*ERROR[:2], [], *ERROR[3:]), {}, "names: expected 1, one for each stage, got 0"),
        ("draw_error_signal", (*ERROR[:3], (7,), "-ACT"), {}, "labelling: position 0 is 7"),
        ("transitions", (["jump"],), {}, "cases: expected some of skip, blank, repeat"),
    ],
)
def test_refusals(draw, arguments, more, message):
    with pytest.raises(ValueError, match=message):
        getattr(figures, draw)(*arguments, **more)
