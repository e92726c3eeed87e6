"""The charts: what plotly is given is what was passed, and in a browser it moves, speaks and fits."""

import base64
import json
import math
import re
from types import SimpleNamespace

import numpy as np
import pytest
from book_figures import PLOTLY
from equation_index import ROOT
from helpers import close

import ctc_figures as figures
from ctc_core.descent import descend
from ctc_core.examples import AB, CAT
from ctc_core.forward_backward import backward, forward, state_occupancy
from ctc_core.gradient import path_entropy
from ctc_core.paths import paths_of, split_by_output
from ctc_core.softmax import softmax, softmax_jacobian
from ctc_figures import Line, Map, alignment, descent_maps, growing_rectangle, heat_maps, ratio_bars, secants
from ctc_figures.charts.bars import SHAPES
from ctc_figures.charts.lines import DASHES, SYMBOLS
from ctc_figures.charts.plot import LIGHT, MIME
from ctc_figures.page import assets
from ctc_figures.page.notation import number
from ctc_figures.page.palette import COLOURS
from ctc_figures.page.site import PlotRenderer

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABc3UBGAAAAABJRU5ErkJggg==")
ALPHA = forward(CAT.y, CAT.labelling)
GAMMA = state_occupancy(ALPHA, backward(CAT.y, CAT.labelling), CAT.y, CAT.labelling)[:, 1::2]
NAMES = figures.state_names(CAT.labelling, CAT.symbols)
YS = softmax(np.outer([0, 1, 6], [0, 0, 1, 0]))
JACOBIANS = np.array([softmax_jacobian(y) for y in YS])
PATHS = paths_of(AB.labelling, AB.T)
STEPS = [0.6, 0.3, 0.1, -0.1]
ERRORS = {"central": [1e-2, 1e-4, 1e-6], "forward": [1e-1, 1e-2, 1e-3]}
RATIOS = {
    "small": {"ours": [0.1, 0.5], "other": [10.0, "raised: TypeError"], "sum": [1.0, None]},
    "large": {"ours": [2.0, 3.0], "other": [0.01, 100.0]},
}


def training(e=0):
    """36 steps of 30 frames, as in the chapter."""
    shown = np.unique(np.geomspace(1, 41, 36).round().astype(int)) - 1
    logits, losses, gradients = descend(np.random.default_rng(0).normal(scale=0.01, size=(30, 5)), (2, 1, 3), 40)
    outputs = softmax(logits[shown])
    entropies = np.array([path_entropy(y, (2, 1, 3)) for y in outputs])
    return outputs * (1 + e), gradients[shown] * (1 + e), shown, losses[shown] + e, entropies + e, "-ACTS"


def lost_states(e=0):
    """Column t holds its first 40 states; the paths are in state t, at most 239, and from 40 on that is a lost one."""
    t, s = np.arange(400)[:, None], np.arange(240)
    alpha_hat = np.where((s < 40) & (s <= t), 10.0 ** -(7.0 * np.minimum(s, 40)), 0)
    return alpha_hat * (1 + e), (s >= 40) & (s <= t), (s == np.minimum(t, 239)) * (1.0 + e)


def shifted(tree, e):
    """The same numbers but for a factor; what is not a float stays."""
    if isinstance(tree, dict):
        return {key: shifted(value, e) for key, value in tree.items()}
    return [v * (1 + e) if isinstance(v, float) else v for v in tree]


def ratios(e=0, groups=RATIOS, variants=("float64", "float32"), **keywords):
    return ratio_bars(shifted(groups, e), variants, x_name="time", one="torch", **keywords)


def line_chart(x, series, **keywords):
    return figures.line_chart(x, series, x_name="x", y_name="y", **keywords)


def heat_map(values, names, role="alpha", *, log=False, **keywords):
    return heat_maps([Map(values, role, log)], names, **keywords)


def errors(e=0, **keywords):
    return line_chart([1, 0.1, 0.01], shifted(ERRORS, e), log_x=True, log_y=True, **keywords)


def matrix(e=0):
    bars = YS * (1 + e)
    return figures.signed_matrix(JACOBIANS * (1 + e), "-ACT", "-ACT", bars=bars, element="{row} in {column}", rest=1)


# Each takes a number that is too small to be seen.
CHARTS = {
    "lines": lambda e=0: errors(e, frames=True),
    "lines that ask": lambda e=0: errors(e, frames=True, rest=0),
    "map": lambda e=0: heat_map(ALPHA * (1 + e), NAMES, log=True),
    "maps": lambda e=0: heat_maps([Map(CAT.y + e, "ink"), Map(CAT.y - 0.25 + e, "gradient")], CAT.symbols, strip=PNG),
    "bars": ratios,
    "matrix": matrix,
    "underflow": lambda e=0: figures.underflow_map(*lost_states(e)),
    "alignment": lambda e=0: alignment(np.tile(GAMMA, 8) * (1 - e) / 8, "CAT" * 8, PNG),
    "descent": lambda e=0: descent_maps(*training(e)),
    "secants": lambda e=0: secants(lambda v: -np.log(v) + e, 0.25, STEPS, -4, between=(0.1, 1)),
    "rectangle": lambda e=0: growing_rectangle(3 + e, 2, 1, 0.5, [1, 0.5, 0.25]),
    "outputs": lambda e=0: figures.vary_output(AB.y + e, PATHS, 1, 2, AB.symbols),
}
each_chart = pytest.mark.parametrize("name", CHARTS)


def decoded(value):
    """Numbers that are stored as base64, by its definition."""
    if isinstance(value, dict) and "bdata" in value:
        values = np.frombuffer(base64.b64decode(value["bdata"]), value["dtype"])
        return values.reshape([int(n) for n in value["shape"].split(",")])
    return value


def traces(figure, frame=None):
    """The traces as they are in a frame; as they are stored if none is given."""
    spec = json.loads(json.dumps(figure.spec))
    found = spec["data"]
    if frame is not None and "frames" in spec:
        change = spec["frames"][frame]
        for i, changed in zip(change["traces"], change["data"], strict=True):
            style = {key: found[i][key] | value for key, value in changed.items() if key == "line"}
            found[i] |= changed | style
    return [{key: decoded(value) for key, value in trace.items()} for trace in found]


@each_chart
def test_the_same_json_twice_and_from_other_last_bits(name):
    one, again, other = (CHARTS[name](e) for e in (0, 0, 1e-12))
    assert json.dumps(one.spec) == json.dumps(again.spec) == json.dumps(other.spec)
    assert one.html() == again.html() == other.html()


@each_chart
def test_words_frames_and_rest(name):
    figure = CHARTS[name]()
    assert len(figure.description) > 60 and figure.description.split(".")[0] in figure.details()
    assert len(figure.captions) == max(1, len(figure.labels)) and all(figure.captions)
    frames = figure.spec.get("frames", [])
    assert len(frames) in (0, len(figure.labels)) and bool(frames or figure.cursor) == bool(figure.labels)
    np.testing.assert_equal(traces(figure), traces(figure, figure.rest))  # what is stored is the resting frame


@each_chart
def test_small_and_in_the_colours_of_the_palette(name):
    figure = CHARTS[name]()
    text = json.dumps(figure.spec)
    assert len(text) + len(figure.html()) < 90_000
    assert set(re.findall(r"#[0-9a-f]{6}", text)) <= set(LIGHT.values())  # the script knows no others
    assert not re.search(r"rgba?\(|https?:", text)
    numbers = json.dumps([trace | {"colorbar": None} for trace in figure.spec["data"]] + figure.spec.get("frames", []))
    assert not re.search(r"\d\.\d{10,}|-0(\.0)?[,\]}]", numbers)


def test_lines_hold_the_numbers_in_their_order():
    figure = errors(frames=True, marks=[("y", 1e-4, "limit")])
    central, other = traces(figure)
    assert (central["x"], central["y"], other["y"]) == ([1, 0.1, 0.01], *ERRORS.values())
    assert central["customdata"][1] == number(1e-4) and central["text"] == figure.labels == ["1", "0.1", "0.01"]
    layout = figure.spec["layout"]
    assert layout["xaxis"]["type"] == layout["yaxis"]["type"] == "log"
    assert [s["y0"] for s in layout["shapes"] if "name" not in s] == [1e-4]  # shapes take the value, words its exponent
    assert [(note["text"], note["y"]) for note in layout["annotations"]] == [("limit", -4)]
    assert figure.captions[0] == "x = 1. central: 0.01; forward: 0.1."
    # The cursor is around each x; it falls, and so does the side that is veiled.
    assert all(a > x > b for (a, b), x in zip(figure.cursor, central["x"], strict=True))
    long = line_chart(range(500), {"a": range(500)}, frames=True)
    assert len(long.labels) == 60 and long.labels[-1] == "499" and long.rows is None


def test_lines_differ_without_their_colour():
    found = traces(line_chart([1, 2], {str(i): [i, i] for i in range(7)} | {"predicted": Line([1, 2], draw="line")}))
    assert len({t["marker"]["symbol"] for t in found}) == len({t["line"]["dash"] for t in found}) == 8
    assert [t.get("hoverinfo") for t in found] == [None] * 7 + ["skip"]
    assert len(set(SYMBOLS)) == len(set(DASHES)) == len(set(SHAPES)) == 8


def test_what_is_not_a_finite_number_is_marked_at_the_border_and_none_is_a_gap():
    figure = line_chart(range(6), {"a": [1.0, math.inf, -math.inf, math.nan, None, 2.0]})
    inside, border = traces(figure)
    assert inside["y"] == [1, None, None, None, None, 2]
    assert border["customdata"] == ["1", "∞", "−∞", "NaN", "", "2"]
    assert border["marker"]["symbol"][1:4] == ["triangle-up", "triangle-down", "x-thin-open"]
    low, high = figure.spec["layout"]["yaxis"]["range"]
    assert low < border["y"][2] == border["y"][3] < 1 < 2 < border["y"][1] < high and border["y"][4] is None
    for sign in ("▲ above, or ∞", "▼ below, or −∞", "× not a number"):
        assert sign in figure.spec["layout"]["xaxis"]["title"]["text"]
    zero = line_chart([1, 2, 3], {"a": [0, 1, 10]}, log_y=True)
    assert "▼ zero or below" in repr(zero.spec) and "▲" not in repr(errors().spec)


def test_maps_hold_levels_values_and_signs():
    values = np.array([[0.5, -0.5], [0.0, 0.2]])
    (trace,) = traces(heat_map(values, "ab", role="gradient"))
    close(np.array(trace["z"]).T, values / 0.5, 0, 5e-4)  # time runs to the right
    assert trace["text"] == [["+", ""], ["−", "+"]] and trace["texttemplate"] == "%{text}"
    assert (trace["x"], trace["y"]) == ([1, 2], ["a", "b"])
    (trace,) = traces(CHARTS["map"]())
    assert trace["customdata"] == [[number(v) for v in row] for row in ALPHA.T]
    levels, seen = np.array(trace["z"]), ALPHA.T > 0
    slope, start = np.polyfit(np.log(ALPHA.T[seen]), levels[seen], 1)
    close(slope * np.log(ALPHA.T[seen]) + start, levels[seen], 0, 1e-3)
    assert (levels[~seen] == 0).all() and slope > 0
    (large,) = traces(heat_map(np.eye(128, 105), [str(s) for s in range(105)], role="gradient"))
    assert "text" not in large and np.shape(large["customdata"]) == (105, 128)


def test_a_stack_shares_cursor_table_and_picture():
    figure = heat_maps([Map(np.eye(3, 2), letter="α̂"), Map(np.eye(3, 2))], "ab", strip=PNG)
    layout = figure.spec["layout"]
    assert figure.cursor == [(0.5, 1.5), (1.5, 2.5), (2.5, 3.5)]
    cursors = sorted((s["xref"], s["yref"]) for s in layout["shapes"] if s["name"] == "cursor")
    assert cursors == [("x", "paper"), ("x", "y domain"), ("x2", "y2 domain")]  # the first on the picture
    (image,) = layout["images"]
    assert (image["x"], image["sizex"], image["xref"]) == (0.5, 3, "x") and layout["xaxis"]["range"] == [0.5, 3.5]
    assert figure.rows[:2] == [["t", "α̂ of a", "α̂ of b", "α of a", "α of b"], [1, "1", "0", "1", "0"]]


def test_ratios_stand_on_their_axis_in_their_rows():
    figure = ratios(roles={"ours": "ink"}, notes={"small": "N 1, T 2"})
    hollow, _, filled, column, _ = traces(figure)
    assert filled["x"] == [0.1, 10, 1, 2, 0.01] and hollow["x"] == [0.5, None, None, 3, 100]
    assert filled["marker"]["symbol"] == [*SHAPES[:3], *SHAPES[:2]]
    assert hollow["marker"]["symbol"] == [f"{shape}-open" for shape in filled["marker"]["symbol"]]
    assert filled["marker"]["color"] == [LIGHT[r] for r in ("ink", "muted", "muted", "ink", "muted")]
    layout = figure.spec["layout"]
    assert layout["yaxis"]["ticktext"] == ["<b>ours</b>", "other", "sum", "<b>ours</b>", "other"]
    assert layout["yaxis"]["tickvals"] == filled["y"] == hollow["y"] == column["y"] == sorted(set(filled["y"]))
    assert [a["text"] for a in layout["annotations"]] == ["<b>small</b>", "N 1, T 2", "<b>large</b>", "torch"]
    assert layout["shapes"][0]["x0"] == 1 and figure.rows[2] == ["small, other", "10", "raised: TypeError"]
    low, high = ratios(groups={"a": {"ours": [20.0]}}, variants="x").spec["layout"]["xaxis"]["range"]
    assert low < 0 < math.log10(20) < high  # 1 is always there


def test_ratios_without_a_number_and_beyond_the_axis():
    hollow, right, filled, left, _ = traces(ratios(x_range=(0.05, 50)))
    assert left["text"] == ["0.1", "10", "1", "2", "0.01"] and right["text"] == ["0.5", "×", "", "3", "100"]
    assert right["customdata"][1:3] == ["small, other, float32: raised: TypeError", "small, sum, float32: not measured"]
    assert filled["marker"]["symbol"][4] == "triangle-left" and 0.05 < filled["x"][4] < 0.1
    assert hollow["marker"]["symbol"][4] == "triangle-right-open" and 10 < hollow["x"][4] < 50


def test_matrix_shows_values_signs_and_bars():
    for f, (entries, y) in enumerate(zip(JACOBIANS, YS, strict=True)):
        cells, whole, bar = traces(matrix(), f)
        close(np.array(cells["z"]) * abs(JACOBIANS).max(), entries, 0, 2e-4)
        texts = np.array(cells["text"])
        close(np.char.replace(texts, "−", "-").astype(float), entries, 0, 5.1e-4)
        close(bar["x"], y, 0, 5e-4)
        assert not (texts == "−0.000").any() and bar["text"] == whole["text"] == [f"{v:.2f}" for v in y]
    assert cells["hovertemplate"].startswith("%{y} in %{x}: ") and cells["x"] == cells["y"] == ["–", "A", "C", "T"]


def test_underflow_shows_powers_lost_states_and_the_paths():
    figure, (alpha_hat, lost, _) = CHARTS["underflow"](), lost_states()
    cells, gone, band = traces(figure)
    times = [round(t) for t in np.linspace(0, 399, 80)]
    assert cells["x"] == [t + 1 for t in times] and cells["y"][:2] == [2, 5]  # 240 states, three in a row
    first = alpha_hat[times, ::3]  # the largest of the three
    np.testing.assert_array_equal(cells["z"].T, np.log10(np.where(first > 0, first, np.nan)).round())
    drawn = [(t, a + 0.5, a + n - 0.5) for t, a, n in zip(gone["x"], gone["base"], gone["y"], strict=True)]
    assert drawn == [(t + 1, 41, lost[t].nonzero()[0][-1] + 1) for t in times if lost[t].any()]
    edges = [min(t, 239) + 0.5 for t in times]
    assert band["y"] == edges + [y + 1 for y in edges[::-1]]
    told = dict(zip(figure.labels, figure.captions, strict=True))
    assert told["t = 26 of 400"].endswith("states 1 to 26 are above 0. Of the paths’ probability 0% is in grey states.")
    assert "states 1 to 40 are above 0. Of the paths’ probability 100% is in grey states." in figure.captions[-1]


def test_alignment_stacks_the_occupancies_under_their_letters():
    bars, letters = traces(alignment(GAMMA, "CAT", PNG))
    heights, tops = np.zeros(GAMMA.shape), np.zeros(CAT.T)
    for t, y, base, text in zip(bars["x"], bars["y"], bars["base"], bars["text"], strict=True):
        heights[t - 1, "CAT".index(text[0])] = y
        assert base == pytest.approx(tops[t - 1], abs=2e-3)
        tops[t - 1] += y
    close(heights, np.where(GAMMA > 0.005, GAMMA, 0), 0, 5e-4)
    close(letters["x"], [np.average(range(1, 7), weights=column) for column in GAMMA.T], 0, 5e-3)
    stay = number(GAMMA[:, 1].sum(), 3)
    assert letters["customdata"][1] == f"label 2, frames 2 to 5, on average {stay} frames"


def test_training_shows_outputs_occupancies_gradient_and_losses():
    outputs, gradients, steps, losses, entropies, _ = training()
    figure = CHARTS["descent"]()
    for f, (output, slope) in enumerate(zip(outputs, gradients, strict=True)):
        y, gamma, gradient, bars, texts = traces(figure, f)
        close(y["z"].T / 100, output, 0, 0.00501)
        close(gamma["z"].T / 100, output - slope, 0, 0.00501)
        close(gradient["customdata"].T, slope, 0, 1e-7)
        strength = np.sign(slope) * np.sqrt(abs(slope) / abs(gradients).max())
        close(gradient["z"].T / 100, strength, 0, 0.00501)
        signs = np.array([list(row) for row in gradient["text"]]).T
        expected = np.where(strength > 0.25, "+", np.where(strength < -0.25, "−", " "))
        assert (signs == expected)[abs(abs(strength) - 0.25) > 0.01].all() and (f or {"+", "−"} < set(signs.flat))
        close(bars["x"], [losses[f], entropies[f]], 0, 1e-4)
        assert texts["text"][0] == f"loss: {number(round(losses[f], 2))} nats"
        assert f"in {(output.argmax(axis=1) == 0).sum()} of 30 frames" in figure.captions[f]
        assert figure.rows[f + 1][:2] == [steps[f], number(round(losses[f], 2))]


def test_secants_pass_through_both_points_and_the_tangent_comes_last():
    figure = CHARTS["secants"]()
    for f, (step, caption) in enumerate(zip(STEPS, figure.captions, strict=False)):
        curve, line, legs, end, tangent, start = traces(figure, f)
        for x in (0.25, 0.25 + step):
            assert np.interp(x, line["x"], line["y"]) == pytest.approx(-np.log(x), abs=1e-4)
        assert (end["x"], start["x"]) == ([pytest.approx(0.25 + step)], [0.25]) and legs["y"][1] == start["y"][0]
        said = float(caption.split()[-1].rstrip(".").replace("−", "-"))
        assert said == pytest.approx((np.log(0.25) - np.log(0.25 + step)) / step, rel=1e-3)
        assert tangent["line"]["dash"] != "solid"
    close(curve["y"], -np.log(curve["x"]), 0, 1e-5)
    _, line, legs, end, tangent, _ = traces(figure, len(STEPS))
    assert not (line["visible"] or legs["visible"] or end["visible"])
    assert tangent["line"] == {"color": LIGHT["negative"], "width": 2, "dash": "solid"}
    assert np.diff(tangent["y"]) / np.diff(tangent["x"]) == pytest.approx(-4, abs=1e-3)
    assert figure.captions[-1] == "The tangent at v = 0.25. Its slope is −4."
    assert traces(secants(np.exp, 0.0, [1.0], 1, between=(-1, 1)))[4]["line"]["color"] == LIGHT["positive"]


def test_rectangle_grows_by_the_strips_and_the_corner():
    figure = CHARTS["rectangle"]()
    for frame, step in enumerate([1, 0.5, 0.25]):
        *boxes, middles = traces(figure, frame)[:5]
        areas = [(max(b["x"]) - min(b["x"])) * (max(b["y"]) - min(b["y"])) for b in boxes]
        assert areas == pytest.approx([6, 2 * step, 1.5 * step, 0.5 * step**2])
        assert sum(areas) == pytest.approx((3 + step) * (2 + 0.5 * step))
        assert [float(text.split("= ")[1]) for text in middles["customdata"]] == pytest.approx(areas, rel=1e-3)
        said = [float(n) for n in re.findall(r"[\d.]+", figure.captions[frame])[:5]]
        assert said[1:4] == pytest.approx(areas[1:], abs=1e-3)
        assert said[4] == pytest.approx(100 * areas[3] / sum(areas[1:]), rel=0.05)


@pytest.mark.parametrize(("t", "k"), [(1, 1), (0, 0), (2, 1), (0, 2)])
def test_varying_one_output_gives_the_straight_line(t, k):
    figure = figures.vary_output(AB.y, PATHS, t, k, AB.symbols)
    c, d = split_by_output(AB.y, AB.labelling, t, k)
    for f, value in enumerate(np.linspace(0, 1, 21)):
        bars, line, bead, _ = traces(figure, f)
        assert bars["x"][-1] == pytest.approx(sum(bars["x"][:-1])) == pytest.approx(c * value + d)
        assert line["y"] == pytest.approx([d, c * value + d]) and bead["x"] == line["x"][1:] == [pytest.approx(value)]
        p, total = re.search(r" = ([\d.]+)\. .* sums to ([\d.]+)\.", figure.captions[f]).groups()
        assert (p, total) == (number(c * value + d), number(1 - AB.y[t, k] + value, 3))
    gold = [colour == LIGHT["path"] for colour in bars["marker"]["color"]]
    assert gold == [path[t] == k for path in PATHS] + [False]


def test_varying_one_output_asks_before_it_answers():
    figure = CHARTS["outputs"]()
    told = json.dumps(traces(figure)[1:]) + figure.captions[0]
    assert figure.rest == 0 and "0.45" not in told and "slope" not in told and traces(figure)[1]["x"] == [0, 0]
    assert "slope c = 0.45" in json.dumps(traces(figure, 20))


MAP, ONE = np.ones((2, 2)), {"a": {"b": [1.0]}}
REFUSED = {
    "x: expected finite": lambda: line_chart([], {"a": []}),
    "x: expected finite numbers": lambda: line_chart([math.inf], {"a": [1]}),
    "'a': expected 2 values": lambda: line_chart([1, 2], {"a": [1]}),
    "'a': role 'pink' is not": lambda: line_chart([1], {"a": Line([1], "pink")}),
    "'both', 'line' or 'points'": lambda: line_chart([1], {"a": Line([1], draw="dots")}),
    "1 to 8 lines": lambda: line_chart([1], {}),
    "x_range: .* has no logarithm": lambda: errors(x_range=(0, 1)),
    "y_range: expected low < high": lambda: errors(y_range=(2, 1)),
    "marks: axis": lambda: errors(marks=[("z", 1, "")]),
    "captions: expected 3": lambda: errors(frames=True, captions=["one"]),
    "row_names: expected 3": lambda: heat_map(np.zeros((2, 3)), "ab"),
    "values: expected shape": lambda: heat_map(np.zeros(3), "abc"),
    "below 0 is only for": lambda: heat_map(-MAP, "ab"),
    "values: expected finite": lambda: heat_map(-np.inf * MAP, "ab"),
    "role: expected one of": lambda: heat_map(MAP, "ab", role="red"),
    "maps: expected at least one": lambda: heat_maps([], "ab"),
    "maps: expected one shape": lambda: heat_maps([Map(MAP), Map(np.ones((3, 2)))], "ab"),
    "frame_names: expected 2": lambda: heat_map(MAP, "ab", frame_names=["x"]),
    "1 to 8 names of rows, got 0": lambda: ratios(groups={}),
    "variants: expected 1 or 2, got 3": lambda: ratios(variants="xyz"),
    "'a', 'b': expected 2 values, got 1": lambda: ratios(groups=ONE),
    "ratios above 0, got nan": lambda: ratios(groups={"a": {"b": [math.nan]}}, variants="x"),
    "roles, 'ours': 'pink' is not": lambda: ratios(roles={"ours": "pink"}),
    "x_range: expected 1 within": lambda: ratios(x_range=(2, 10)),
    "matrices: expected shape": lambda: figures.signed_matrix(MAP, "ab", "ab"),
    "bars: expected shape": lambda: figures.signed_matrix([MAP], "ab", "ab", bars=[[1]]),
    "rows: expected different names": lambda: figures.signed_matrix([MAP], "aa", "ab"),
    "lost: expected states where": lambda: figures.underflow_map(MAP, MAP, MAP),
    "gamma: expected one shape": lambda: figures.underflow_map(MAP, 0 * MAP, MAP[:1]),
    "occupancy: expected shape": lambda: alignment(MAP, "abc", PNG),
    "sum to 1 at most": lambda: alignment(MAP, "ab", PNG),
    "label 1 is at no frame": lambda: alignment(np.diag([1.0, 0.0]), "ab", PNG),
    "outputs, gradients: expected shape": lambda: descent_maps([MAP], [MAP], [0], [1], [1], "abc"),
    "steps: expected 1": lambda: descent_maps([MAP], [MAP], [0, 1], [1], [1], "ab"),
    "steps other than 0": lambda: secants(np.exp, 0.0, [0.0], 1, between=(-1, 1)),
    "between -1 and 1": lambda: secants(np.exp, 0.0, [2.0], 1, between=(-1, 1)),
    "expected numbers above 0": lambda: growing_rectangle(1, 1, 0, 1, [1]),
    "t, k: expected an output of y": lambda: figures.vary_output(AB.y, PATHS, 3, 0, AB.symbols),
    "paths: expected at least one": lambda: figures.vary_output(AB.y, [], 0, 0, AB.symbols),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_drawn_is_refused(message):
    with pytest.raises(ValueError, match=message):
        REFUSED[message]()


# In a browser

HOST = "http://book.test/"
NUMBERS = """graph => graph._fullData.map(trace => JSON.parse(JSON.stringify(trace,
  (key, v) => key[0] === "_" ? undefined : ArrayBuffer.isView(v) ? Array.from(v, n => n === n ? n : null) : v)))"""
PLACES = """graph => { const {xaxis: x, yaxis: y} = graph._fullLayout, box = graph.getBoundingClientRect();
  return graph._fullData.flatMap(t => t.x.map((v, i) =>
    [box.x + x._offset + x.d2p(v), box.y + y._offset + y.d2p(t.y[i])])); }"""


@pytest.fixture(scope="module")
def files():
    """A page of all charts, as the site writes it, and what it asks for."""
    body = ""
    for make in CHARTS.values():
        figure = make()
        node = PlotRenderer.handle_mime(None, SimpleNamespace(mime_type=MIME, content=figure.spec), False)[0]
        body += f'<div class="cell_output">{node.astext()}<div class="output text_html">{figure.html()}</div></div>'
    head = '<title>Charts</title><link rel="stylesheet" href="f.css"><script defer src="f.js"></script>'
    style = "<style>body{background:light-dark(#fff,#121212);color-scheme:light dark;color:CanvasText}</style>"
    page = f'<!doctype html><html lang="en">{head}{style}<main><h1>Charts</h1>{body}</main>'
    return {"": page, "f.css": assets.style(), "f.js": assets.script(), "plotly.min.js": PLOTLY.read_text()}


@pytest.fixture
def visit(browser, files):
    """Open the page; a request to another host, or an error, fails the test."""
    pages, wrong = [], []

    def answer(route):
        name = route.request.url.removeprefix(HOST)
        if name not in files:
            wrong.append(name)
            return route.abort()
        kind = {"css": "css", "js": "javascript"}.get(name.rsplit(".")[-1], "html")
        return route.fulfill(body=files[name], content_type=f"text/{kind}; charset=utf-8")

    def open_page(width=1280, theme="light"):
        # As high as all charts: each is drawn only when it is near.
        page = browser.new_page(viewport={"width": width, "height": 9000}, color_scheme=theme)
        pages.append(page)
        page.route("**", answer)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(HOST)
        page.wait_for_function(f"document.querySelectorAll('.ctc-plot[tabindex] .main-svg').length >= {len(CHARTS)}")
        return page

    yield open_page
    for page in pages:
        page.close()
    assert not wrong


def part(page, name):
    """The figure and the chart in it."""
    box = page.locator(".cell_output").nth(list(CHARTS).index(name))
    return box, box.locator(".ctc-plot")


def listen(page, name, *keys):
    """Press keys on a chart; return what it says."""
    box, chart = part(page, name)
    chart.focus()
    for key in keys:
        page.keyboard.press(key)
    return box.locator(".ctc-detail").inner_text()


@pytest.mark.parametrize(("width", "theme"), [(375, "dark"), (1280, "light")])
def test_charts_fit_and_are_accessible_in_both_themes(visit, width, theme):
    page = visit(width, theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.add_script_tag(content=(ROOT / "web/node_modules/axe-core/axe.min.js").read_text())
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    assert not [(v["id"], [node["html"][:200] for node in v["nodes"]]) for v in found]
    buttons = page.locator(".modebar-btn").evaluate_all("all => all.map(e => e.dataset.title)")
    assert set(buttons) == {"Zoom", "Pan", "Reset axes"}  # none that uploads
    here, other = ({pair[theme == dark] for pair in COLOURS.values()} for dark in ("dark", "light"))
    used = page.evaluate("JSON.stringify([...document.querySelectorAll('.ctc-plot')].map(g => [g.data, g.layout]))")
    assert not (other - here) & set(re.findall("#[0-9a-f]{6}", used))
    sizes = page.locator(".main-svg text").evaluate_all("all => all.map(e => parseFloat(getComputedStyle(e).fontSize))")
    assert min(sizes) >= 11


def test_slider_shows_each_frame(visit):
    page = visit()
    for name, figure in ((name, make()) for name, make in CHARTS.items()):
        box, chart = part(page, name)
        slider = box.locator("input")
        assert slider.count() == bool(figure.labels)
        for f in {0, len(figure.labels) // 2, len(figure.labels) - 1} if figure.labels else ():
            slider.fill(str(f))
            page.wait_for_timeout(60)
            assert slider.get_attribute("aria-valuetext") == figure.labels[f]
            words = box.locator("figcaption span").inner_text().replace("\u2060", "").replace("\u00a0", " ")
            assert words == figure.captions[f]
            if figure.cursor:
                ahead, cursor, *_ = [s for s in chart.evaluate("graph => graph.layout.shapes") if s.get("name")]
                assert [cursor["x0"], cursor["x1"], ahead["x0"]] == [*figure.cursor[f], figure.cursor[f][1]]
            for seen, stored in zip(chart.evaluate(NUMBERS), traces(figure, f), strict=True):
                assert seen["visible"] == stored.get("visible", True)
                for key in {"x", "y", "z", "base", "text"} & set(stored) if seen["visible"] else ():
                    expected = json.loads(json.dumps(stored[key], default=np.ndarray.tolist).replace("NaN", "null"))
                    assert seen[key] == expected, f"{name}, {f}, {key}"


def test_play_goes_on_and_pauses(visit):
    page = visit()
    box, _ = part(page, "secants")
    slider = box.locator("input")
    slider.fill(str(len(STEPS)))
    box.get_by_role("button", name="Play").click()  # at the end: begins again
    assert slider.input_value() == "0"
    page.wait_for_timeout(1800)
    assert slider.input_value() == "1"
    box.get_by_role("button", name="Pause").click()
    page.wait_for_timeout(1800)
    assert slider.input_value() == "1"
    slider.fill(str(len(STEPS) - 1))
    box.get_by_role("button", name="Play").click()
    page.wait_for_timeout(1800)
    assert slider.input_value() == str(len(STEPS)) and box.get_by_role("button", name="Play").count()


def test_arrow_keys_say_values_that_are_right(visit):
    page = visit()
    outputs, gradients, *_ = training()
    right, down = "ArrowRight", "ArrowDown"
    expected = {
        "lines": ([right], "central: y = 0.01 at x = 1"),
        "map": ([right, right, down], f"α at t = 2, 2 C: {number(ALPHA[1, 1])}"),
        "maps": ([right, down, right], f"y at t = 2, A: {number(CAT.y[1, 1])}"),
        "bars": ([right, down], "small, other, float32: raised: TypeError"),
        "matrix": ([right, right], f"– in A: {number(round(JACOBIANS[1][0, 1], 3))}"),
        "underflow": (
            [right, down],
            "log₁₀ α̂ at t = 6, the largest of 3 states around state 5: −21",
        ),  # the first has one
        "alignment": ([right], f"C (label 1) at t = 1: γ = {number(GAMMA[0, 0] / 8, 3)}"),
        "descent": ([right, right, down], f"y of A at t = 2: {100 * outputs[0, 1, 1]:.0f} %"),
        "secants": ([right], f"f(v) = {number(-np.log(0.1))} at v = 0.1"),
        "rectangle": ([right, right], "strip f′ε · g = 2"),
        "outputs": ([right, down], f"a–b: {number(AB.y[0, 1] * AB.y[1, 0] * AB.y[2, 2], 3)}"),
    }
    for name, (keys, words) in expected.items():
        assert listen(page, name, *keys) == words, name
    said = listen(page, "descent", *[down] * 12)  # through two maps of five rows
    assert said == f"y − γ of A at t = 1: {gradients[0, 0, 1]:#.2g}".replace("-", "−")
    assert listen(page, "descent", "Escape").startswith("Point at a value")


def test_the_pointer_is_told_the_same(visit):
    page = visit()
    for name, expected in {"map": ALPHA, "maps": CAT.y, "matrix": JACOBIANS[1].T}.items():
        box, chart = part(page, name)
        page.mouse.move(*chart.evaluate(PLACES)[1])  # of the second column, in the second row
        page.wait_for_timeout(150)
        told, value = box.locator(".ctc-detail").inner_text(), float(expected[1, 1])
        assert (
            float(told.split(": ")[1].replace("−", "-")) == pytest.approx(value, abs=5e-4)
            and box.locator(".hovertext").text_content() == told
        )


def test_what_a_question_hides_is_not_told(visit):
    page = visit()
    box, chart = part(page, "lines that ask")
    for key in ["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowLeft"]:
        assert listen(page, "lines that ask", key).endswith("at x = 1")
    for shown, place in zip([True, False, False] * 2, chart.evaluate(PLACES), strict=True):
        page.mouse.move(*place)
        page.wait_for_timeout(150)
        assert box.locator(".hovertext").count() == shown and "at x = 0." not in box.inner_text()
    box.locator("input").fill("1")
    assert "at x = 0.1" in listen(page, "lines that ask", "ArrowRight", "ArrowLeft")


def test_the_theme_may_change_while_a_frame_is_shown(visit):
    page = visit()
    box, chart = part(page, "matrix")
    box.locator("input").fill("2")
    page.wait_for_timeout(60)
    before = chart.evaluate("graph => JSON.stringify([graph._fullData[0].z, graph._fullData[2].x])")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_timeout(600)
    assert chart.evaluate("graph => graph._fullLayout.paper_bgcolor") == COLOURS["paper"][1]
    assert chart.evaluate("graph => JSON.stringify([graph._fullData[0].z, graph._fullData[2].x])") == before


def test_a_wide_chart_scrolls_and_follows_its_cursor(visit):
    page = visit(375)
    box, _ = part(page, "alignment")
    wide = box.locator(".ctc-wide")
    room = wide.evaluate("e => e.scrollWidth - e.clientWidth")
    assert room > 0
    for f, expected in ((0, 0), (len(CHARTS["alignment"]().labels) - 1, room)):
        box.locator("input").fill(str(f))
        page.wait_for_timeout(60)
        assert wide.evaluate("e => e.scrollLeft") == pytest.approx(expected, abs=1)
