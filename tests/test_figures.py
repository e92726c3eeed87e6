"""Figures: what they show is counted and compared; how they look is looked at by people."""

import base64
import importlib.util
import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from ctc_core.examples import AB, BEE, CAT
from ctc_core.forward_backward import backward, forward, state_occupancy
from ctc_core.labels import collapse
from ctc_core.paths import all_paths, path_probability, paths_of, state_sequences
from ctc_core.steps import flow_back, forward_pairs, pair_outputs
from ctc_figures import (
    Figure,
    Map,
    alignment,
    backward_sweep,
    collapse_steps,
    descent_maps,
    error_signal,
    forward_sweep,
    growing_rectangle,
    heat_map,
    heat_maps,
    lattice_path,
    lattice_paths,
    lattice_structure,
    line_chart,
    logit_board,
    network,
    occupancy_sweep,
    one_frame,
    pair_sweep,
    path_groups,
    ratio_bars,
    ripple,
    secants,
    signed_matrix,
    slope_paths,
    state_cut,
    state_names,
    substitution_steps,
    transitions,
    underflow_map,
    vary_output,
)
from ctc_figures.drawing import Drawing, State
from ctc_figures.notation import number, percent
from ctc_figures.palette import COLOURS, image_css, page_css
from ctc_figures.png import encode

ROOT = Path(__file__).parents[1]


def arrays(example):
    alpha = forward(example.y, example.labelling, prune=True)
    beta = backward(example.y, example.labelling, prune=True)
    return alpha, beta, state_occupancy(alpha, beta, example.y, example.labelling)


def structure(example):
    return lattice_structure(example.labelling, example.T, example.symbols)


def forward_figure(example):
    return forward_sweep(example.y, example.labelling, arrays(example)[0], example.symbols)


def backward_figure(example):
    return backward_sweep(example.y, example.labelling, arrays(example)[1], example.symbols)


def paths_figure(example):
    return lattice_paths(example.labelling, example.symbols, state_sequences(example.labelling, example.T))


def pairs_figure(example):
    *_, repeat = given = pair_outputs(example.logits[None], np.array([example.labelling], dtype=int))[1:]
    pairs = forward_pairs(*given)
    return pair_sweep(example.y, example.labelling, pairs, flow_back(pairs, repeat), example.symbols)


def groups_figure():
    paths = list(all_paths(AB.T, AB.K))
    return path_groups(AB.y, paths, [path_probability(AB.y, path) for path in paths], AB.symbols)


def large_map():
    values = np.exp(-np.linspace(0, 900, 128 * 105).reshape(128, 105))
    return heat_map(values, [f"{s + 1}" for s in range(105)], log=True, strip=encode(np.zeros((4, 4))))


def underflow():
    """Column t holds its first 40 states; the paths are in state t, and from t = 41 on that is a lost one."""
    t, s = np.arange(100)[:, None], np.arange(200)
    alpha_hat = np.where((s < 40) & (s <= t), 10.0 ** -(8.0 * np.minimum(s, 40)), 0)
    return underflow_map(alpha_hat, (s >= 40) & (s <= t), (s == t).astype(float))


FIGURES = {
    "structure": lambda: structure(CAT),
    "structure, repeat": lambda: structure(BEE),
    "structure, empty": lambda: lattice_structure((), 3, "-"),
    "structure, impossible": lambda: lattice_structure((1, 1), 2, "-a"),
    "forward": lambda: forward_figure(CAT),
    "forward, empty": lambda: forward_sweep(CAT.y, (), forward(CAT.y, ()), CAT.symbols),
    "backward": lambda: backward_figure(BEE),
    "occupancy": lambda: occupancy_sweep(CAT.y, CAT.labelling, *arrays(CAT), CAT.symbols),
    "path": lambda: lattice_path(CAT.labelling, CAT.symbols, (0, 1, 3, 3, 5, 6)),
    "paths": lambda: paths_figure(CAT),
    "pairs": lambda: pairs_figure(BEE),
    "heat map": lambda: heat_map(arrays(CAT)[0], state_names(CAT.labelling, CAT.symbols), log=True),
    "heat maps": lambda: heat_maps(
        [Map(CAT.y, "ink"), Map(CAT.y - 0.25, "gradient")], CAT.symbols, title="Two", frame_names="abcdef"
    ),
    "large heat map": large_map,
    "collapse": lambda: collapse_steps((1, 0, 1, 1, 2, 0, 0), "-ab"),
    "collapse, wrong order": lambda: collapse_steps((1, 0, 1, 1, 2, 0, 0), "-ab", wrong_order=True),
    "collapse, nothing left": lambda: collapse_steps((0, 0), "-ab"),
    "groups": groups_figure,
    "network": network,
    "one frame": one_frame,
    "transitions": transitions,
    "underflow": underflow,
    "vary output": lambda: vary_output(AB.y, paths_of(AB.labelling, AB.T), 1, 1, AB.symbols),
    "slopes": lambda: slope_paths(CAT.y, CAT.labelling, *arrays(CAT)[:2], CAT.symbols),
    "substitution": lambda: substitution_steps(CAT.y, CAT.y / 10, 0.2, 1, 2, CAT.symbols),
    "secants": lambda: secants(np.exp, 0.0, [1, 0.5, -0.5], 1, between=(-1, 1)),
    "rectangle": lambda: growing_rectangle(3, 2, 1, 1, [1, 0.5, 0.25]),
    "state cut": lambda: state_cut(CAT.y, CAT.labelling, *arrays(CAT)[:2], 2, 3, CAT.symbols),
    "ripple": lambda: ripple(CAT.y, CAT.labelling, np.eye(6, 7), np.ones((6, 7)), CAT.symbols),
    "alignment": lambda: alignment(arrays(CAT)[2][:, 1::2], "CAT", encode(np.zeros((4, 4)))),
    "board": lambda: logit_board(CAT),
    "chart": lambda: line_chart([1, 2, 3], {"a": [1, np.inf, 2], "b": [2, 1, np.nan]}, x_name="x", y_name="y"),
    "chart, moving": lambda: line_chart(
        [1, 0.1, 0.01], {"error": [1, 0.01, 0]}, x_name="step", y_name="error", log_x=True, log_y=True, frames=True
    ),
    "ratios": lambda: ratio_bars(
        {"small": {"ours": [0.1, 0.2], "other": [3, "raised"]}}, ["float64", "float32"], x_name="time", one="torch"
    ),
    "descent": lambda: descent_maps([CAT.y] * 2, [CAT.y - 0.2] * 2, [0, 1], [2.0, 1.0], [1.0, 0.5], CAT.symbols),
    "error signal": lambda: error_signal([CAT.y], [CAT.y - 0.2], ["start"], CAT.labelling, CAT.symbols),
    "signed matrix": lambda: signed_matrix([CAT.y - 0.2, 0.3 - CAT.y], "abcdef", CAT.symbols),
}
ANIMATED = {
    "forward": 6,
    "backward": 6,
    "occupancy": 6,
    "path": 6,
    "paths": 84,
    "pairs": 14,
    "heat map": 6,
    "heat maps": 6,
    "large heat map": 128,
    "collapse": 5,
    "groups": 11,
    "network": 6,
    "one frame": 5,
    "underflow": 80,
    "state cut": 3,
    "ripple": 6,
    "alignment": 6,
    "chart, moving": 3,
}


@pytest.fixture(params=FIGURES)
def name(request):
    return request.param


@pytest.fixture
def figure(name):
    return FIGURES[name]()


def svg(figure):
    """The drawing as an XML tree; parsing fails if it is not well formed."""
    return ElementTree.fromstring(figure.svg())


def having(tree, class_):
    return [e for e in tree.iter() if class_ in (e.get("class") or "").split()]


class Outline(HTMLParser):
    """Checks that every tag is closed in order, and keeps what a page must not hold twice."""

    VOID = frozenset({"input", "br", "img"})

    def __init__(self, html):
        super().__init__()
        self.open, self.ids = [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.ids += [value for key, value in attributes if key == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.ids += [value for key, value in attributes if key == "id"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


# What every figure must be


def test_html_is_well_formed_and_holds_no_fixed_names(figure, name):
    outline = Outline(figure._repr_html_())
    assert not outline.open
    assert len(outline.ids) == {"large heat map": 1, "underflow": 2}.get(name, 0)  # masks; the player renames them


def test_says_in_words_what_it_shows(figure):
    label = svg(figure).get("aria-label")
    assert label == f"{figure.title}. {figure.description}"
    assert len(figure.description) > 60
    assert figure.description in repr(figure)
    assert all(figure.captions)


def test_two_calls_give_the_same_bytes(figure, name):
    assert figure._repr_html_() == FIGURES[name]()._repr_html_()


def test_stored_html_and_json_stay_small(figure):
    assert len(json.dumps(figure.data)) < 30_000
    assert len(figure._repr_html_()) < 90_000


def test_no_number_carries_its_last_bits_or_a_negative_zero(figure):
    html = re.sub(r"data:image[^\"]*", "", figure._repr_html_())
    assert not re.search(r"\d\.\d{8,}|\d{10,}", html)
    assert not re.search(r"[\"(=, ]-0[\"), ;]", html)


def test_asks_no_other_host(figure):
    assert not re.search(r"https?:", figure._repr_html_())


def test_number_of_frames(figure, name):
    n = ANIMATED.get(name)
    if n is None:
        return
    assert len(figure.data["steps"]) + 1 == n == len(figure.captions) == len(figure.labels)
    assert figure.data["rest"] == n - 1
    assert f'max="{n - 1}"' in figure._repr_html_()


@pytest.mark.parametrize(
    "figure",
    [
        backward_sweep(CAT.y, CAT.labelling, backward(CAT.y, CAT.labelling), CAT.symbols, rest=0),
        state_cut(
            *(CAT.y, CAT.labelling, forward(CAT.y, CAT.labelling), backward(CAT.y, CAT.labelling)),
            *(2, 3, CAT.symbols),
            rest=0,
        ),
        line_chart([1, 2], {"a": [3, 4]}, x_name="step", y_name="loss", frames=True, rest=0),
    ],
    ids=["backward_sweep", "state_cut", "line_chart"],
)
def test_a_figure_that_asks_first_rests_in_its_first_frame(figure):
    assert figure.data["rest"] == 0 and 'value="0"' in figure._repr_html_()


def test_frames_fit_the_drawing_and_rest_is_what_is_drawn(figure, name):
    """Replay the frames as the player does, and compare the last one with the still picture."""
    if name not in ANIMATED:
        return
    data, parts = figure.data, [e for e in svg(figure).iter() if e.get("data-i") is not None]
    frame = list(data["first"])
    assert len(frame) == len(parts)
    for step in data["steps"]:
        for i, state in zip(step[::2], step[1::2], strict=True):
            frame[i] = state
    for part, k in zip(parts, frame, strict=True):
        if k >= 0:
            look, value, text, *_ = [*data["states"][k], None, None, None]
            assert part.get("class").split() == (part.get("data-i") + " " + look).split()
            assert text is None or (part.text or "") == text
            assert value is None or f"--v:{value / 100:g};" in part.get("style").replace("0.", "0.")


def test_touchable_parts_make_one_tab_stop(figure):
    options = [e for e in svg(figure).iter() if e.get("role") == "option"]
    if options:
        assert [e.get("tabindex") for e in options] == ["0"] + ["-1"] * (len(options) - 1)
        assert all(e.get("aria-label") for e in options)
        n_parts = sum(e.get("data-i") is not None for e in svg(figure).iter())
        lights = " ".join(e.get("data-lights", "") for e in options).split()
        assert all(0 <= int(i) < n_parts for i in lights)


# The lattice


@pytest.mark.parametrize("labelling", [(), (1,), (1, 2), (1, 1), (1, 2, 2, 1), (2, 2, 2)])
@pytest.mark.parametrize("T", [1, 2, 5])
def test_lattice_has_all_states_and_exactly_the_legal_arrows(labelling, T):
    tree = svg(lattice_structure(labelling, T, "-ab"))
    U = len(labelling)
    S = 2 * U + 1
    # S stay, S - 1 go on, and one jump for each pair of neighbours that differ
    jumps = sum(a != b for a, b in itertools.pairwise(labelling))
    assert len(having(tree, "ctc-state")) == T * S
    assert len(having(tree, "label")) == T * U
    assert len(having(tree, "ctc-arrow")) == (T - 1) * (S + S - 1 + jumps)


@pytest.mark.parametrize("example", [CAT, BEE, AB], ids=lambda e: e.name)
def test_live_states_and_arrows_are_those_of_the_paths(example):
    figure = structure(example)
    paths = state_sequences(example.labelling, example.T)
    states = {(t, s) for q in paths for t, s in enumerate(q)}
    arrows = {(t, q[t - 1], q[t]) for q in paths for t in range(1, example.T)}
    tree = svg(figure)
    assert sum("dead" not in e.get("class").split() for e in having(tree, "ctc-state")) == len(states)
    assert sum("dead" not in e.get("class").split() for e in having(tree, "ctc-arrow")) == len(arrows)


def test_no_arrow_between_equal_labels_and_none_jumps_to_a_blank():
    names = FIGURES["structure, repeat"]().drawing._index
    jumps = {(r, s) for kind, *rest in names if kind == "arrow" for _, r, s in [rest] if s - r == 2}
    assert jumps == {(1, 3)}  # B to the first E; not from E to E, not from blank to blank


def details(figure):
    return [e.get("aria-label") for e in svg(figure).iter() if e.get("role") == "option"]


def test_forward_details_are_the_recursion():
    alpha = arrays(CAT)[0]
    listed = details(forward_figure(CAT))
    S = alpha.shape[1]
    text = listed[2 * S + 3]
    assert text.startswith("α₃(4) = (α₂(4) + α₂(3) + α₂(2)) · y³(A) = (")
    terms, factor = re.search(r"= \(([\d. +]+)\) × ([\d.]+) = ", text).groups()
    assert sum(map(float, terms.split(" + "))) * float(factor) == pytest.approx(alpha[2, 3], rel=1e-3)
    assert text.endswith(f"= {number(alpha[2, 3])}")


def test_both_sweeps_end_with_the_same_probability():
    last = [figure(CAT).captions[-1] for figure in (forward_figure, backward_figure)]
    assert len({re.search(r"= (\S+)\.$", caption).group(1) for caption in last}) == 1


def test_discs_show_shares_of_a_column():
    alpha = arrays(CAT)[0]
    figure = forward_figure(CAT)
    nodes = having(svg(figure), "ctc-state")
    sizes = [float(re.search(r"--v:([\d.]+)", e.get("style")).group(1)) for e in nodes]
    expected = np.sqrt(alpha / alpha.sum(axis=1, keepdims=True)).ravel()
    np.testing.assert_allclose(sizes, expected, atol=0.0051)


def test_paths_are_walked_as_given():
    q = (0, 1, 3, 3, 5, 6)
    figure = lattice_path(CAT.labelling, CAT.symbols, q)
    on = [e for e in having(svg(figure), "ctc-state") if "path" in e.get("class").split()]
    assert len(on) == len(q)
    assert "–CAAT–" in figure.title
    assert figure.captions[-1].endswith("So far: CAT.")


def test_many_paths_sum_their_probabilities():
    paths = state_sequences(CAT.labelling, CAT.T)
    p = [path_probability(CAT.y, CAT.extended[list(q)]) for q in paths]
    figure = lattice_paths(CAT.labelling, CAT.symbols, paths, p)
    assert figure.captions[-1].endswith(f"the sum so far {number(arrays(CAT)[0][-1, -2:].sum())}.")


# Maps, tiles, cards


def test_heat_map_cells_hold_the_values():
    listed = details(FIGURES["heat map"]())
    assert len(listed) == 6 * 7
    assert listed[3 * 7 + 3] == f"α₄(4 A) = {number(arrays(CAT)[0][3, 3])}"


def test_gradient_map_shows_signs_without_colour():
    tree = svg(heat_map(np.array([[0.5, -0.5], [0.0, 0.2]]), "ab", role="gradient"))
    assert [e.text for e in tree.iter("text") if e.text in "+−"] == ["+", "−", "+"]


def test_large_map_is_a_picture_of_the_levels():
    figure = large_map()
    pictures = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", figure.svg())
    assert len(pictures) == 2  # the strip and the map
    assert not details(figure)


def test_touched_cells_are_called_by_the_letter_of_their_map():
    told = details(heat_maps([Map(np.eye(2), letter="α̂"), Map(np.eye(2))], "ab"))
    assert told[0] == "α̂₁(a) = 1" and told[4] == "α₁(a) = 1"


def test_underflow_map_says_where_the_paths_are_lost():
    figure = underflow()
    told = dict(zip(figure.labels, figure.captions, strict=True))
    assert told["t = 26 of 100"].endswith("states 1 to 26 are above 0. Of the paths’ probability 0% is in grey states.")
    assert "states 1 to 40 are above 0. Of the paths’ probability 100% is in grey states." in figure.captions[-1]
    assert " At t = 41, 100% " in figure.captions[-1]
    with pytest.raises(ValueError, match="where alpha_hat is 0"):
        underflow_map(np.ones((2, 3)), np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(ValueError, match="expected one shape"):
        underflow_map(np.ones((2, 3)), np.zeros((2, 3)), np.ones((3, 3)))


def test_underflow_map_paints_the_lost_states():
    """Of 100 frames 80 are shown, of 200 states the larger one of each pair."""
    masks = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", underflow().svg())
    times = [round(t) for t in np.linspace(0, 99, 80)]
    lost = [[255 * (40 <= 2 * pair <= t) for t in times] for pair in range(100)]
    assert base64.b64decode(masks[1]) == encode(np.array(lost))


def test_png_is_read_back_by_its_definition():
    import struct
    import zlib

    levels = np.arange(70_000, dtype=np.uint32).reshape(250, 280).astype(np.uint8)  # more than one stored block
    png = encode(levels)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        data = png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + data)
        chunks[kind], at = data, at + 12 + length
    assert struct.unpack(">II", chunks[b"IHDR"][:8]) == (280, 250)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), dtype=np.uint8).reshape(250, 281)
    assert (rows[:, 0] == 0).all() and (rows[:, 1:] == levels).all()


@pytest.mark.parametrize("path", [(1, 0, 1, 1, 2, 0, 0), (0, 1, 1, 2), (1,), (0, 0), (2, 2, 0, 2)])
def test_collapse_ends_with_the_labelling(path):
    figure = collapse_steps(path, "-ab")
    word = "".join("-ab"[k] for k in collapse(path)) or "nothing at all"
    assert figure.captions[-1].endswith(f"= {word}.")


def test_wrong_order_differs_where_a_blank_parts_equal_symbols():
    figure = collapse_steps((1, 0, 1), "-a", wrong_order=True)
    assert figure.captions[-1] == "Each run becomes one symbol: a. In the right order it is aa."


def test_groups_are_the_labellings_and_their_sums():
    figure = groups_figure()
    sizes = {}
    for path in all_paths(3, 3):
        sizes[collapse(path)] = sizes.get(collapse(path), 0) + 1
    assert len(having(svg(figure), "ctc-card")) == 27
    assert len(figure.captions) == len(sizes) + 2
    assert "5 paths spell ab: –ab, a–b, aab, ab–, abb. p = 0.385." in figure.captions
    assert figure.captions[-1].endswith("All bars together: 1.")


def test_transitions_forbid_what_the_rule_forbids():
    assert len(having(svg(transitions(["skip"])), "ctc-cross")) == 0
    assert len(having(svg(transitions(["blank", "repeat"])), "ctc-cross")) == 2
    assert len(having(svg(transitions()), "strong")) == 3 + 2 + 2


def test_network_has_each_unit_once():
    texts = [e.text for e in svg(network()).iter("text")]
    for letter in "xhuy":
        assert texts.count(letter) == 3
    assert texts.count("T") == 4 and texts.count("softmax") == 3


# Words and colours


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0.1 + 0.2, "0.3"),
        (-1e-300 * 0, "0"),
        (0.123450000000001, number(0.12345)),
        (0.123449999999999, number(0.12345)),
        (1234567.0, "1.235·10⁶"),
        (-2.5e-7, "−2.5·10⁻⁷"),
        (float("nan"), "NaN"),
        (float("inf"), "∞"),
    ],
)
def test_numbers(x, text):
    assert number(x) == text


def test_shares_are_whole_numbers_in_range():
    assert [percent(x) for x in (-1e-17, 0.005, 0.3 - 1e-16, 1 + 1e-15)] == [0, 0, 30, 100]


def luminance(colour):
    channel = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channel <= 0.04045, channel / 12.92, ((channel + 0.055) / 1.055) ** 2.4)
    return linear, float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(a, b):
    low, high = sorted(luminance(c)[1] for c in (a, b))
    return (high + 0.05) / (low + 0.05)


# Machado, Oliveira and Fernandes 2009, severity 1: what a dichromat sees of linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def oklab(linear):
    cone = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return lab @ np.cbrt(cone @ np.clip(linear, 0, 1))


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_stand_out_from_the_paper(theme):
    colour = {name: pair[theme] for name, pair in COLOURS.items()}
    for name in ("ink", "muted", "label", "alpha", "beta", "gamma", "positive", "negative"):
        assert contrast(colour[name], colour["paper"]) >= 4.5, name  # readable as text
    for name in ("blank", "path"):
        assert contrast(colour[name], colour["paper"]) >= 3, name  # visible as a line


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_that_meet_are_told_apart(theme, sight):
    """0.02 is about the least difference one sees between two patches side by side."""
    names = ("alpha", "beta", "gamma", "positive", "negative", "path", "ink")
    seen = {n: oklab(SIGHT[sight] @ luminance(COLOURS[n][theme])[0]) for n in names}
    for a, b in itertools.combinations(names, 2):
        assert np.linalg.norm(seen[a] - seen[b]) > 0.055, (a, b)


def test_every_colour_used_is_in_the_palette():
    folder = ROOT / "ctc_figures"
    text = "".join(p.read_text(encoding="utf-8") for p in folder.iterdir() if p.suffix in (".css", ".py"))
    used = set(re.findall(r"var\(--ctc-([a-z]+)\)", text))
    assert used <= set(COLOURS)
    styles = "".join((folder / f).read_text(encoding="utf-8") for f in ("figure.css", "drawing.css"))
    assert not re.search(r"#[0-9a-fA-F]{3,6}\b", styles)
    for css in (page_css(), image_css()):
        assert all(colour in css for pair in COLOURS.values() for colour in pair)


# Mistakes of the author of a chapter


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lattice_structure((1, 2), 0, "-ab"), "at least one frame"),
        (lambda: lattice_structure((1, 3), 4, "-ab"), "no symbol for label 3"),
        (lambda: forward_sweep(CAT.y, CAT.labelling, np.zeros((6, 5)), CAT.symbols), r"alpha: expected shape"),
        (lambda: forward_sweep(CAT.y[:, :3], (1,), np.zeros((6, 3)), CAT.symbols), r"y: expected shape"),
        (lambda: backward_sweep(CAT.y, (1,), -np.ones((6, 3)), CAT.symbols), "none below 0"),
        (lambda: backward_sweep(CAT.y, (1,), np.full((6, 3), np.nan), CAT.symbols), "finite"),
        (lambda: lattice_path(CAT.labelling, CAT.symbols, (0, 2, 4, 5, 6, 6)), "not a path"),
        (lambda: lattice_path(CAT.labelling, CAT.symbols, (0, 1, 2, 3, 4, 9)), "states in 0..6"),
        (lambda: lattice_paths(CAT.labelling, CAT.symbols, []), "at least one"),
        (lambda: lattice_paths((1,), "-a", [(0, 1)], [0.1, 0.2]), "one for each path"),
        (lambda: heat_map(np.zeros((2, 3)), "ab"), "row_names: expected 3"),
        (lambda: heat_map(np.zeros(3), "abc"), "expected shape"),
        (lambda: heat_map(-np.ones((2, 2)), "ab"), "below 0"),
        (lambda: heat_map(np.full((2, 2), -np.inf), "ab"), "finite"),
        (lambda: heat_map(np.ones((2, 2)), "ab", role="red"), "role: expected one of"),
        (lambda: heat_maps([], "ab"), "at least one"),
        (lambda: heat_maps([Map(np.ones((2, 2))), Map(np.ones((3, 2)))], "ab"), "one shape"),
        (lambda: heat_map(np.ones((2, 2)), "ab", frame_names=["x"]), "frame_names: expected 2"),
        (lambda: collapse_steps((), "-a"), "at least one frame"),
        (lambda: collapse_steps((0, 2), "-a"), r"numbers in 0\.\.1"),
        (lambda: path_groups(AB.y, [(0, 0, 0)], [0.1, 0.2], AB.symbols), "one for each path"),
        (lambda: path_groups(AB.y, [(0, 0)], [0.1], AB.symbols), "3 frames"),
        (lambda: transitions(["jump"]), "expected some of"),
        (lambda: Figure(Drawing(10, 10), "", "words"), "needs both"),
        (lambda: Figure(Drawing(10, 10), "a", "b", captions=["c", "d"]), "one for each frame"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_parts_need_equal_frames_and_different_names():
    drawing = Drawing(10, 10)
    drawing.add("rect", states=[State(), State("off")], name="a")
    with pytest.raises(ValueError, match="already used"):
        drawing.add("rect", name="a")
    drawing.add("rect", states=[State()])
    with pytest.raises(ValueError, match="same number of frames"):
        Figure(drawing, "title", "words")


# The files in img/


def test_image_files_are_what_the_script_draws():
    spec = importlib.util.spec_from_file_location("draw", ROOT / "img" / "draw.py")
    draw = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(draw)
    drawn = draw.drawings()
    assert sorted(drawn) == sorted(p.name for p in (ROOT / "img").glob("*.svg"))
    for name, figure in drawn.items():
        stored = (ROOT / "img" / name).read_text(encoding="utf-8")
        assert figure.image() == stored, f"{name}: run python img/draw.py"
        assert ElementTree.fromstring(stored).get("role") == "img"


# The player, in a browser

PAGE = (
    '<!doctype html><html lang="en" data-theme="{theme}"><head><title>Figures</title></head>'
    '<body style="margin:16px"><main><h1>Figures</h1>{body}</main></body></html>'
)


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 375, "height": 700}, reduced_motion="reduce")
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert not errors


def classes(page):
    return page.evaluate("[...document.querySelectorAll('[data-i]')].map(e => e.getAttribute('class')).join()")


def test_slider_play_and_pause(page):
    page.set_content(PAGE.format(theme="light", body=forward_figure(CAT)._repr_html_()))
    slider, button = page.locator("input[type=range]"), page.get_by_role("button")
    still = classes(page)
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert slider.input_value() == "4" and slider.get_attribute("aria-valuetext") == "t = 5 of 6"
    assert "t\xa0=\xa05." in page.locator(".ctc-caption").inner_text()
    assert classes(page) != still
    page.keyboard.press("End")
    assert classes(page) == still
    button.click()  # at the end: begins again
    assert slider.input_value() == "0" and button.inner_text() == "Pause"
    page.wait_for_timeout(1700)
    assert slider.input_value() == "1"
    button.click()
    assert button.inner_text() == "Play"
    page.wait_for_timeout(1600)
    assert slider.input_value() == "1"


def test_parts_are_reached_with_the_keyboard(page):
    page.set_content(PAGE.format(theme="dark", body=forward_figure(CAT)._repr_html_()))
    page.keyboard.press("Tab")  # the lattice comes first, and is one stop
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    assert page.locator(".ctc-detail").inner_text().startswith("α₃(4) = ")
    assert page.locator("[data-lit]").count() == 1 + 3 + 3  # the state, what it is made of, the arrows
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "ctc-play"
    assert page.locator("[data-lit]").count() == 0


def test_same_figure_twice_and_inserted_as_jupyter_does(page):
    html = large_map()._repr_html_() + network()._repr_html_()
    page.set_content(PAGE.format(theme="light", body="<div class=a></div><div class=a></div>"))
    page.evaluate(
        """html => document.querySelectorAll('.a').forEach(box => {
          box.innerHTML = html;
          for (const old of box.querySelectorAll('script')) {
            const copy = document.createElement('script');
            for (const a of old.attributes) copy.setAttribute(a.name, a.value);
            copy.textContent = old.textContent;
            old.replaceWith(copy);
          }
        })""",
        html,
    )
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids)) == 2
    before = page.locator("input").nth(1).input_value()
    page.locator("input").nth(3).fill("2")
    assert page.locator("input").nth(1).input_value() == before
    assert "within this frame" in page.locator(".ctc-caption").nth(3).inner_text()


def test_no_figure_widens_a_phone_page(page):
    page.set_content(PAGE.format(theme="light", body="".join(f()._repr_html_() for f in FIGURES.values())))
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    small = page.evaluate(
        """[...document.querySelectorAll('ctc-figure text')].map(e =>
          parseFloat(getComputedStyle(e).fontSize) * e.getScreenCTM().a).reduce((a, b) => Math.min(a, b))"""
    )
    assert small >= 11
    least = page.evaluate(
        """[...document.querySelectorAll('ctc-figure :is(button, input)')].map(e =>
          e.getBoundingClientRect().height).reduce((a, b) => Math.min(a, b))"""
    )
    assert least >= 24


def test_complete_without_a_script(browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_content(PAGE.format(theme="light", body=forward_figure(CAT)._repr_html_()))
    assert page.locator("ctc-figure svg").first.is_visible()
    assert not page.get_by_role("button").is_visible()  # a control that cannot work is not shown
    assert page.get_by_text("hold the answer").is_visible()
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_themes_reach_the_figures(page, theme):
    page.set_content(PAGE.format(theme=theme, body=network()._repr_html_()))
    colour = "getComputedStyle(document.querySelector('ctc-figure')).getPropertyValue('--ctc-paper')"
    assert page.evaluate(colour) == COLOURS["paper"][theme == "dark"]
