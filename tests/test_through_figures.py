"""The figures of what passes through a state: counted against every walk, one by one."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from ctc_core.examples import AB, BEE, CAT
from ctc_core.forward_backward import backward, forward, paths_through_states
from ctc_core.gradient import adjoint
from ctc_core.labels import extend, predecessors
from ctc_core.paths import label_probability, state_sequences
from ctc_figures import alignment, ripple, state_cut
from ctc_figures.notation import number
from ctc_figures.png import encode

EXAMPLES = pytest.mark.parametrize("example", [AB, BEE, CAT], ids=lambda e: e.name)
STRIP = encode(np.zeros((4, 4)))


def cut(example, t, s, **changed):
    variables = {f.__name__: f(example.y, example.labelling) for f in (forward, backward)}
    given = {"alpha": variables["forward"], "beta": variables["backward"]} | changed
    return state_cut(example.y, example.labelling, given["alpha"], given["beta"], t, s, example.symbols)


def pushed(example, t, s):
    """What the forward recursion makes of a 1 in state s at frame t, state by state."""
    extended, spread = extend(example.labelling), np.zeros((example.T, 2 * len(example.labelling) + 1))
    spread[t, s] = 1
    for i in range(t + 1, example.T):
        for r in range(len(extended)):
            spread[i, r] = example.y[i, extended[r]] * sum(spread[i - 1, q] for q in predecessors(extended, r))
    return spread


def ripples(example, t, s, **changed):
    beta = backward(example.y, example.labelling)
    spread = changed.get("spread", pushed(example, t, s))
    return ripple(example.y, example.labelling, spread, adjoint(beta, example.y, example.labelling), example.symbols)


def options(figure):
    return [e for e in ElementTree.fromstring(figure.svg()).iter() if e.get("role") == "option"]


def looks(figure, frame):
    """What each named part looks like in a frame."""
    rows = [list(figure.data["first"])]
    for step in figure.data["steps"]:
        rows.append(list(rows[-1]))
        for i, state in zip(step[::2], step[1::2], strict=True):
            rows[-1][i] = state
    states = figure.data["states"]
    return {name: (states[rows[frame][i]] or [""])[0] for name, i in figure.drawing._index.items()}


def parts(q):
    """The states and the arrows of one walk, as the drawing names them."""
    moves = [("arrow", t, q[t - 1], q[t]) for t in range(1, len(q))]
    return {("state", t, s) for t, s in enumerate(q)} | set(moves)


@EXAMPLES
def test_touching_a_state_lights_the_walks_through_it(example):
    walks = state_sequences(example.labelling, example.T)
    figure, S = cut(example, 0, 1), 2 * len(example.labelling) + 1
    alpha, beta = forward(example.y, example.labelling), backward(example.y, example.labelling)
    through = paths_through_states(alpha, beta, example.y, example.labelling)
    p = label_probability(example.y, example.labelling)
    for i, option in enumerate(options(figure)):
        t, s = divmod(i, S)
        here = [q for q in walks if q[t] == s]
        lit = {int(n) for n in (option.get("data-lights") or "").split()}
        assert lit == {figure.drawing._index[n] for q in here for n in parts(q)}
        if not here:
            assert option.get("aria-label").endswith("no walk passes here.")
            continue
        b, e, n = map(int, re.findall(r"(\d+) (?:beginning|ending|walk)", option.get("aria-label")))
        assert b * e == n == len(here)
        assert (b, e) == (len({q[: t + 1] for q in here}), len({q[t:] for q in here}))
        shown = re.search(r" = (\S+), (\S+) % of p\.$", option.get("aria-label")).groups()
        assert shown == (number(through[t, s]), number(100 * through[t, s] / p, 3))


@EXAMPLES
def test_cut_shows_beginnings_endings_and_both(example):
    walks = [q for q in state_sequences(example.labelling, example.T) if q[1] == 1]
    figure = cut(example, 1, 1)
    passed = {n for q in walks for n in parts(q)}
    left = {n for n in passed if n[1] <= 1}  # arrows carry the frame that they lead to
    right = {n for n in passed if n[1] > (1 if n[0] == "arrow" else 0)}
    here = ("state", 1, 1)
    for frame, (blue, orange) in enumerate([(left, set()), (set(), right), (left, right)]):
        shown = looks(figure, frame)
        assert {n for n, look in shown.items() if look == "alpha"} == blue - {here}
        assert {n for n, look in shown.items() if look == "beta"} == orange - {here}
        assert shown[here] == "result"
    assert f"{len(walks)} walks" in figure.captions[-1] or len(walks) == 1


@EXAMPLES
def test_ripple_arrives_with_the_adjoint(example):
    beta = backward(example.y, example.labelling)
    derivative = adjoint(beta, example.y, example.labelling)
    S = beta.shape[1]
    for t in range(example.T):
        for s in range(S):
            figure = ripples(example, t, s)
            assert figure.captions[-1].endswith(f"({s + 1}) = {number(derivative[t, s])}.")
            assert len(figure.captions) == example.T - t
    details = [o.get("aria-label") for o in options(figure)]
    for (t, s), value in np.ndenumerate(derivative[:-1]):
        assert details[t * S + s].endswith(f" = {number(value)}")
        terms = re.findall(r"(\S+) × (\S+)", details[t * S + s])
        assert sum(float(a) * float(b) for a, b in terms) == pytest.approx(value, rel=1e-3, abs=1e-9)


def test_alignment_writes_each_letter_over_its_bars():
    occupancy = np.array([[0.5, 0], [0.5, 0.001], [0.2, 0.8], [0, 0.25]])
    figure = alignment(occupancy, "a ", STRIP)
    first, second = options(figure)
    assert first.get("aria-label") == "Label 1, a: frames 1 to 3; on average 1.2 frames"
    assert second.get("aria-label") == "Label 2, ␣: frames 3 to 4; on average 1.05 frames"
    bars = [[r for r in o.iter("rect") if r.get("class") == "ctc-share"] for o in (first, second)]
    assert [len(b) for b in bars] == [3, 2]
    x = float(first.find("text").get("x"))
    centres = [float(b.get("x")) + float(b.get("width")) / 2 for b in bars[0]]
    assert x == pytest.approx(np.average(centres, weights=[0.5, 0.5, 0.2]), abs=0.02)
    # At frame 3 the second bar stands on the first.
    low, high = bars[0][2], bars[1][0]
    assert float(high.get("y")) + float(high.get("height")) == pytest.approx(float(low.get("y")), abs=0.02)
    assert figure.captions[0] == "t = 1. Occupancies: a (label 1) 0.5, blank 0.5."
    assert figure.captions[2] == "t = 3. Occupancies: a (label 1) 0.2, ␣ (label 2) 0.8."


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: cut(CAT, 0, 2), "no walk is in state 2 at frame 0"),
        (lambda: cut(CAT, 6, 0), "no walk is in state 0 at frame 6"),
        (lambda: cut(CAT, 0, 0, alpha=np.ones((6, 5))), "alpha: expected shape"),
        (lambda: cut(CAT, 0, 0, beta=-np.ones((6, 7))), "none below 0"),
        (lambda: ripples(CAT, 0, 0, spread=np.zeros((6, 7))), "single 1"),
        (lambda: ripples(CAT, 0, 0, spread=np.ones((6, 7))), "single 1"),
        (lambda: alignment(np.ones((2, 2)) / 2, "a", STRIP), r"expected shape \(T, 1\)"),
        (lambda: alignment(np.ones((2, 2)), "ab", STRIP), "sum to 1 at most"),
        (lambda: alignment(-np.ones((2, 1)), "a", STRIP), "probabilities"),
        (lambda: alignment([[1, 0], [1, 0]], "ab", STRIP), "label 1 is at no frame"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
