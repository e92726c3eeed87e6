"""The figure of the pairs: what it says and shows, against every walk, one by one; and code shown from a class."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from ctc_core.examples import AB, BEE, CAT
from ctc_core.forward_backward import backward, forward, state_occupancy
from ctc_core.kernel import Lattice, merge
from ctc_core.paths import state_sequences
from ctc_core.steps import flow_back, forward_pairs, pair_outputs
from ctc_figures import pair_sweep, source
from ctc_figures.notation import number, percent

EXAMPLES = pytest.mark.parametrize("example", [AB, BEE, CAT], ids=lambda e: e.name)


def computed(y, labelling):
    given = pair_outputs(np.log(y)[None], np.array([labelling], dtype=int))[1:]
    pairs = forward_pairs(*given)
    return pairs, flow_back(pairs, given[-1])


def figure(example, **changed):
    pairs, occupancies = computed(example.y, example.labelling)
    given = {"y": example.y, "labelling": example.labelling, "pairs": pairs, "occupancies": occupancies}
    return pair_sweep(**given | changed, symbols=example.symbols)


def options(drawn):
    return [e for e in ElementTree.fromstring(drawn.svg()).iter() if e.get("role") == "option"]


def place(s):
    """Kind and pair of a state counted from 0."""
    return ("label", (s + 1) // 2) if s % 2 else ("blank", s // 2)


def frame_states(drawn, frame):
    """What each part looks like in a frame."""
    row = list(drawn.data["first"])
    for step in drawn.data["steps"][:frame]:
        row[:] = [dict(zip(step[::2], step[1::2], strict=True)).get(i, k) for i, k in enumerate(row)]
    return [None if k < 0 else (drawn.data["states"][k] + [None] * 5)[:2] for k in row]


@EXAMPLES
def test_arrows_are_the_moves_of_the_walks(example):
    """A pair is one source, and after the first frame each move of a walk belongs to exactly one arrow."""
    used = set()
    for q in state_sequences(example.labelling, example.T):
        used.add((0, ("pair", 0), place(q[0])))
        for t in range(1, len(q)):
            (_, i), (_, j) = place(q[t - 1]), place(q[t])
            repeat = j >= 2 and example.labelling[j - 1] == example.labelling[j - 2]
            stays = place(q[t - 1]) == place(q[t]) == ("label", i)
            kind = "label" if stays else "blank" if place(q[t])[0] == "label" and repeat else "pair"
            used.add((t, (kind, i), place(q[t])))
    drawn = {name[1:] for name in figure(example).drawing._index if name[0] == "arrow"}
    assert drawn == used


@EXAMPLES
def test_states_say_their_numbers(example):
    alpha, beta = forward(example.y, example.labelling), backward(example.y, example.labelling)
    gamma = state_occupancy(alpha, beta, example.y, example.labelling)
    drawn = figure(example)
    said = dict(zip([n for n in drawn.drawing._index if n[0] == "state"], options(drawn), strict=True))
    for (t, s), g in np.ndenumerate(gamma):
        text = said["state", t + 1, *place(s)].get("aria-label")
        if g == 0:
            assert text.endswith("no whole path uses it.")
            continue
        assert text.endswith(f"Occupancy γ = {number(g)}.") and f" = {number(alpha[t, s])}. Its share" in text
        sources, output = re.search(r"= \(?([^()=×]+)\)? × (\S+) = ", text).groups()
        total = sum(float(v) for v in sources.split(" + "))
        assert total * float(output) == pytest.approx(alpha[t, s], rel=2e-3)
        pair = alpha[t, s : s + 2] if s % 2 else alpha[t, max(s - 1, 0) : s + 1]
        assert f"Its share of pair {place(s)[1]}: {number(alpha[t, s] / pair.sum(), 3)}." in text


@EXAMPLES
def test_discs_are_shares_of_a_column_then_occupancies(example):
    alpha, beta = forward(example.y, example.labelling), backward(example.y, example.labelling)
    gamma = state_occupancy(alpha, beta, example.y, example.labelling)
    drawn, T = figure(example), example.T
    parts = [e for e in ElementTree.fromstring(drawn.svg()).iter() if e.get("data-i") is not None]
    discs = [i for i, e in enumerate(parts) if e.get("class").startswith("ctc-level")]
    kept = [(t, s) for t in range(T) for s in range(gamma.shape[1]) if gamma[t, s] > 0]
    assert len(discs) == 2 * (len(kept) + 1)  # and blank 0 before the first frame
    for frame, back in ((T, False), (2 * T + 1, True)):
        shown = frame_states(drawn, frame)
        for (t, s), ahead, flowed in zip(kept, discs[2::2], discs[3::2], strict=True):
            column = sum(alpha[t, r] for u, r in kept if u == t)
            assert shown[ahead][1] == (0 if back else percent(np.sqrt(alpha[t, s] / column)))
            assert shown[flowed][1] == (percent(np.sqrt(gamma[t, s])) if back else 0)
    assert f"p = {number(alpha[-1, -1])} (blank" in drawn.captions[T]


def test_empty_labelling_is_one_row():
    drawn = figure(CAT, labelling=(), **dict(zip(("pairs", "occupancies"), computed(CAT.y, ()), strict=True)))
    assert len(options(drawn)) == CAT.T + 1 and "1 to blank 0." in drawn.captions[CAT.T + 1]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"y": CAT.y[:3]}, "expected shape"),
        ({"y": CAT.y[:, :2]}, r"y: expected shape \(T, 4\)"),
        ({"labelling": (1, 2)}, "blanks: expected shape"),
        ({"labelling": (1, 2, 9)}, "expected a label in"),
        ({"occupancies": (np.zeros((7, 4)), np.zeros((7, 4)))}, "occupancies, blanks: expected shape"),
    ],
)
def test_bad_input_is_named(changed, words):
    with pytest.raises(ValueError, match=words):
        figure(CAT, **changed)


def test_no_path_is_refused():
    pairs, occupancies = computed(CAT.y[:2], CAT.labelling)
    with pytest.raises(ValueError, match="no path fits"):
        pair_sweep(CAT.y[:2], CAT.labelling, pairs, occupancies, CAT.symbols)


def test_source_names_the_class_of_a_method():
    text = source(merge, Lattice.backward).data
    assert "# ctc_core.kernel\ndef merge(" in text and '"""' not in text
    assert "# ctc_core.kernel, class Lattice\ndef backward(self, gradient):\n" in text
