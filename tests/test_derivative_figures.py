"""The figures of the derivative: the numbers they show are those of the equations."""

import itertools
import json
import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

from ctc_core.examples import AB, BEE, CAT
from ctc_core.forward_backward import backward, forward, forward_probability, symbol_sum
from ctc_core.gradient import dp_dy, grad_logits, occupancies
from ctc_core.paths import paths_of, split_by_output, state_sequences
from ctc_figures import slope_paths, substitution_steps, vary_output
from ctc_figures.notation import number

EXAMPLES = pytest.mark.parametrize("example", [AB, BEE, CAT], ids=lambda e: e.name)


def slopes_of(example, symbols=None):
    alpha, beta = forward(example.y, example.labelling), backward(example.y, example.labelling)
    return slope_paths(example.y, example.labelling, alpha, beta, symbols or example.symbols)


def lines_of(example, t, k):
    products = forward(example.y, example.labelling) * backward(example.y, example.labelling)
    products = symbol_sum(products, example.labelling, example.K)
    p = forward_probability(forward(example.y, example.labelling))
    return substitution_steps(example.y, products, p, t, k, example.symbols)


def tree(figure):
    return ElementTree.fromstring(figure.svg())


def states(figure):
    """What each part looks like in each frame, as the player finds out."""
    data = figure.data
    frame = list(data["first"])
    frames = [list(frame)]
    for step in data["steps"]:
        for i, state in zip(step[::2], step[1::2], strict=True):
            frame[i] = state
        frames.append(list(frame))
    return [[[*data["states"][k], *[None] * 5][:5] if k >= 0 else None for k in frame] for frame in frames]


@pytest.mark.parametrize(("t", "k"), [(1, 1), (0, 0), (2, 1)])
def test_varying_one_output_gives_the_straight_line(t, k):
    figure = vary_output(AB.y, paths_of(AB.labelling, AB.T), t, k, AB.symbols)
    c, d = split_by_output(AB.y, AB.labelling, t, k)
    assert len(figure.captions) == 21 and figure.labels[figure.rest].endswith(f"= {number(AB.y[t, k])}")
    for value, caption in zip(np.linspace(0, 1, 21), figure.captions, strict=True):
        p, total = re.search(r" = ([\d.]+)\. .* sums to ([\d.]+)\.", caption).groups()
        assert (p, total) == (number(c * value + d), number(1 - AB.y[t, k] + value, 3))
    holding = [e for e in tree(figure).iter("rect") if e.get("class") == "ctc-term path"]
    assert len(holding) == sum(path[t] == k for path in paths_of(AB.labelling, AB.T))


def test_varying_what_no_path_holds_changes_nothing():
    figure = vary_output(AB.y, paths_of(AB.labelling, AB.T), 0, 2, AB.symbols)
    assert all("= 0.385." in caption for caption in figure.captions)


@EXAMPLES
def test_cells_hold_the_derivative(example):
    neighbours = [pair for parent in tree(slopes_of(example)).iter() for pair in pairwise(parent)]
    shown = [text.text for cell, text in neighbours if (cell.get("class") or "").startswith("ctc-entry")]
    assert shown == [number(v, 3) for v in dp_dy(example.y, example.labelling).T.ravel()]


@EXAMPLES
def test_lit_parts_are_those_of_the_paths_through_the_output(example):
    figure = slopes_of(example)
    index, frames = figure.drawing._index, states(figure)
    walks = state_sequences(example.labelling, example.T)
    entries = [(t, k) for k in range(example.K) for t in range(example.T)]
    for (t, k), caption, frame in zip(entries, figure.captions, frames, strict=True):
        through = [q for q in walks if example.extended[q[t]] == k]
        assert caption.startswith(f"{len(through)} of the {len(walks)} paths say" if through else "No path says")
        visited = {(i, s) for q in through for i, s in enumerate(q)}
        passed = {(i, q[i - 1], q[i]) for q in through for i in range(1, example.T)}
        for (kind, *at), i in index.items():
            look = frame[i][0]
            if kind == "state":
                assert (look != "future") == (tuple(at) in visited)
                assert (look == "now path") == (tuple(at) in visited and at[0] == t)
            else:
                assert (look != "aside") == (tuple(at) in passed)
                assert tuple(at) not in passed or look == ("now alpha" if at[0] <= t else "now beta")


def test_parts_of_the_states_add_up_to_the_slope():
    parts = [e.get("aria-label") for e in tree(slopes_of(AB)).iter() if e.get("role") == "option"]
    found = [re.search(r"in ([\d.]+) × out ([\d.]+) = ([\d.]+), its part .* y(.)\((.)\)", text) for text in parts]
    slopes = dict.fromkeys(itertools.product("¹²³", "–ab"), 0.0)
    for into, onward, part, t, k in (match.groups() for match in found if match):
        assert float(into) * float(onward) == pytest.approx(float(part), rel=1e-3)
        slopes[t, k] += float(part)
    np.testing.assert_allclose(list(slopes.values()), dp_dy(AB.y, AB.labelling).ravel(), atol=1e-4)


@EXAMPLES
def test_every_line_shows_the_gradient(example):
    for t, k in np.ndindex(example.y.shape):
        figure = lines_of(example, t, k)
        value = number(grad_logits(example.y, example.labelling)[t, k])
        assert len(figure.captions) == 7 and all(c.endswith(f"Value: {value}.") for c in figure.captions)
        texts = {s[2] for frame in states(figure) for s in frame if s and s[2] and " = " in s[2]}
        assert all(text.endswith(f"= {value}") for text in texts) and texts


def test_bars_end_to_end_are_p_and_then_the_output():
    t, k = 1, 2
    figure = lines_of(CAT, t, k)
    frames, gamma = states(figure), occupancies(CAT.y, CAT.labelling)[t]
    parts = [e.get("data-i") for e in tree(figure).iter() if e.get("data-i") is not None]
    bars = [i for i, class_ in enumerate(parts) if class_ == "ctc-term"]
    first = bars[::2]  # of the first sum; those of the second stand between
    lengths = np.array([[frame[i][1] for i in first] for frame in frames])
    p = forward_probability(forward(CAT.y, CAT.labelling))
    np.testing.assert_allclose(lengths[5] / lengths[5].sum(), gamma, atol=1e-3)
    assert lengths[5].sum() / lengths[6].sum() == pytest.approx(p / CAT.y[t, k], rel=1e-3)
    shifts = [[frame[i - 1][3] for i in first] for frame in frames]
    assert np.all(np.diff(shifts[5]) >= 0) and shifts[5][0] == 0


@pytest.mark.parametrize("make", [lambda: slopes_of(CAT), lambda: lines_of(CAT, 1, 2)], ids=["slopes", "lines"])
def test_the_same_bytes_and_few(make):
    assert make()._repr_html_() == make()._repr_html_()
    assert len(json.dumps(make().data)) < 30_000 and len(make()._repr_html_()) < 90_000


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: vary_output(AB.y, paths_of(AB.labelling, 3), 3, 0, AB.symbols), "t, k: expected an output of y"),
        (lambda: vary_output(AB.y, [], 0, 0, AB.symbols), "paths: expected at least one"),
        (lambda: slopes_of(AB, "-a"), "no symbol for label 2"),
        (lambda: slope_paths(AB.y * 0, (1,), np.ones((3, 3)), np.ones((3, 3)), "-ab"), "outputs above 0"),
        (lambda: substitution_steps(AB.y, AB.y, 0.0, 0, 0, "-ab"), "numbers above 0"),
        (lambda: substitution_steps(AB.y, AB.y, 0.5, 0, 3, "-ab"), "expected a logit"),
        (lambda: substitution_steps(AB.y, AB.y[:2], 0.5, 0, 0, "-ab"), r"expected shape \(T, 3\)"),
    ],
)
def test_refuses(call, message):
    with pytest.raises(ValueError, match=message):
        call()
