"""paths.py: enumeration. Compared with counts and sums that can be done by hand or with exact fractions."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from helpers import (
    close,
    each_case,
    merge_then_drop,
    path_products,
    paths_to,
    probability,
    random_y,
    spelled,
    states_to,
)

from ctc_core.paths import (
    all_labellings,
    all_paths,
    backward_by_enumeration,
    flow,
    forward_by_enumeration,
    label_probability,
    labelling_distribution,
    live_states,
    path_count,
    path_probability,
    paths_of,
    split_by_output,
    state_sequences,
    walk_counts,
)


def test_all_paths():
    assert list(all_paths(2, 3)) == [(i, j) for i in range(3) for j in range(3)]
    assert list(all_paths(3, 1)) == [(0, 0, 0)]


def test_all_labellings():
    assert list(all_labellings(1, (0, 2))) == [(), (0,), (2,)]
    assert len(list(all_labellings(4, (1, 2, 3)))) == 1 + 3 + 9 + 27 + 81
    assert list(all_labellings(3, ())) == [()]


def text(paths, symbols):
    return ["".join(symbols[k] for k in path) for path in paths]


def test_paths_of_by_hand():
    # "aab + abb is the probability of ab" forgets three of the five.
    assert text(paths_of((1, 2), 3), "-ab") == ["-ab", "a-b", "aab", "ab-", "abb"]
    assert text(paths_of((1, 1), 3), "-a") == ["a-a"]
    assert text(paths_of((), 2), "-a") == ["--"]
    assert paths_of((1, 1), 2) == []
    assert text(paths_of((0,), 2, blank=1), "a-") == ["aa", "a-", "-a"]


@each_case
def test_paths_of(y, labelling, blank):
    paths = paths_of(labelling, len(y), blank)
    assert len(set(paths)) == len(paths)
    assert set(paths) == {tuple(path) for path in paths_to(labelling, *y.shape, blank).tolist()}


@each_case
def test_state_sequences(y, labelling, blank):
    sequences = state_sequences(labelling, len(y), blank)
    S = 2 * len(labelling) + 1
    assert sequences == sorted(set(sequences))
    for q in sequences:
        assert len(q) == len(y) and q[0] in (0, 1) and q[-1] in (S - 1, S - 2)
        assert all(0 <= b - a <= 2 for a, b in zip(q, q[1:], strict=False))
    lp = spelled(labelling, blank)
    assert {tuple(lp[s] for s in q) for q in sequences} == set(paths_of(labelling, len(y), blank))


def test_path_probability():
    y = np.array([[0.5, 0.5], [0.25, 0.75]])
    assert path_probability(y, (1, 1)) == 0.375 and path_probability(y, [0, 0]) == 0.125
    assert path_probability(y.tolist(), np.array([1, 0])) == 0.125
    assert type(path_probability(y, (1, 1))) is float
    with pytest.raises(ValueError, match=r"path: expected 2 symbols in 0\.\.1.*got \[1, 1, 1\]"):
        path_probability(y, (1, 1, 1))
    for outside in ((0, 2), (0, -1)):
        with pytest.raises(ValueError, match=r"path: expected 2 symbols in 0\.\.1"):
            path_probability(y, outside)


def test_split_by_output_by_hand():
    y = np.array([[0.5, 0.5], [0.25, 0.75]])  # p(a) = y1- y2a + y1a y2- + y1a y2a
    assert split_by_output(y, (1,), t=0, k=0) == (3 / 4, 1 / 8 + 3 / 8)
    assert split_by_output(y, (1,), t=0, k=1) == (1, 3 / 8)
    assert split_by_output(y, (1,), t=1, k=1) == (1, 1 / 8)
    assert split_by_output(y[:, ::-1], (0,), t=1, k=0, blank=1) == (1, 1 / 8)
    assert split_by_output(y, (1, 1), t=1, k=1) == (0, 0)


def test_label_probability_is_exact():
    eighths = np.array([[1, 2, 5], [3, 3, 2], [4, 1, 3], [2, 2, 4]])
    for labelling in all_labellings(4, (1, 2)):
        exact = sum(Fraction(int(np.prod(eighths[range(4), path])), 8**4) for path in paths_to(labelling, 4, 3))
        assert label_probability(eighths / 8, labelling) == exact  # no rounding: all are binary fractions


def test_label_probability_of_what_does_not_fit():
    assert label_probability(random_y(2, 3, 0), (1, 1)) == 0
    assert label_probability(random_y(2, 3, 0), (1, 2, 1)) == 0


@pytest.mark.parametrize("blank", [0, 1, 2])
def test_labelling_distribution(blank):
    y = random_y(4, 3, seed=blank)
    distribution = labelling_distribution(y, blank)
    values = list(distribution.values())
    assert values == sorted(values, reverse=True)
    labels = [k for k in range(3) if k != blank]
    possible = {l for l in all_labellings(4, labels) if len(paths_to(l, 4, 3, blank))}
    assert set(distribution) == possible
    for labelling, p in distribution.items():
        close(p, probability(y, labelling, blank))


def test_what_does_not_fit_the_outputs_is_refused():
    y = random_y(2, 3, 0)
    for call in (label_probability, flow, forward_by_enumeration, backward_by_enumeration):
        with pytest.raises(ValueError, match=r"position 0 is 3, expected a label in 0\.\.2"):
            call(y, (3,))
        with pytest.raises(ValueError, match="blank: expected an index"):
            call(y, (), blank=3)
    for call in (paths_of, state_sequences, walk_counts, live_states):
        with pytest.raises(ValueError, match="T: expected 1 or more, got 0"):
            call((), 0)


def test_path_count_by_hand():
    assert path_count((2, 1, 3), 6) == comb(9, 6) == 84
    assert path_count((1, 2, 2), 6) == comb(8, 6) == 28
    assert path_count((1, 2, 2), 4) == 1 and path_count((1, 2, 2), 3) == 0
    assert path_count((), 5) == 1
    assert path_count((1,) * 5, 9) == 1 and path_count((1,) * 5, 8) == 0
    assert path_count(tuple(range(1, 51)), 100) == comb(150, 100)  # far beyond enumeration


@each_case
def test_walk_counts(y, labelling, blank):
    """A beginning spells the labels up to its last state, an ending those from its first state on."""
    (T, K), lp = y.shape, spelled(labelling, blank)
    beginnings, endings = walk_counts(labelling, T, blank)
    for t, s in np.ndindex(T, len(lp)):
        into = [p for p in all_paths(t + 1, K) if p[-1] == lp[s]]
        onward = [p for p in all_paths(T - t, K) if p[0] == lp[s]]
        assert beginnings[t, s] == sum(merge_then_drop(p, blank) == labelling[: (s + 1) // 2] for p in into)
        assert endings[t, s] == sum(merge_then_drop(p, blank) == labelling[s // 2 :] for p in onward)
    assert (beginnings * endings).sum(axis=1).tolist() == [len(paths_to(labelling, T, K, blank))] * T


def test_walk_counts_are_exact_and_fast():
    beginnings, endings = walk_counts(range(1, 51), 200)
    assert {type(n) for n in beginnings.flat} == {type(n) for n in endings.flat} == {int}
    assert set((beginnings * endings).sum(axis=1)) == {comb(250, 100)}  # 75 digits


@each_case
def test_live_states(y, labelling, blank):
    T, K = y.shape
    for frames in range(max(1, T - 2), T + 1):  # the shorter ones do not fit all labellings
        live = live_states(labelling, frames, blank)
        assert live.dtype == bool and live.shape == (frames, 2 * len(labelling) + 1)
        passed = {(t, s) for q in states_to(labelling, frames, K, blank).tolist() for t, s in enumerate(q)}
        assert {tuple(at) for at in np.argwhere(live).tolist()} == passed


def check_flow(shares, y, labelling, blank, counts):
    """Compare shares with the list of paths, of which only those count that `counts` marks."""
    T, K = y.shape
    weights = path_products(y, paths_to(labelling, T, K, blank))[counts]
    states, arrows = np.zeros((T, 2 * len(labelling) + 1)), np.zeros((T, 2 * len(labelling) + 1, 3))
    for q, weight in zip(states_to(labelling, T, K, blank)[counts], weights / weights.sum(), strict=True):
        for t, s in enumerate(q):
            states[t, s] += weight
            if t:
                arrows[t, s, s - q[t - 1]] += weight
    close(shares.states, states, rtol=1e-12)
    close(shares.arrows, arrows, rtol=1e-12)


@each_case
def test_flow(y, labelling, blank):
    T, K = y.shape
    paths, walks = paths_to(labelling, T, K, blank), states_to(labelling, T, K, blank)
    check_flow(flow(y, labelling, blank), y, labelling, blank, paths[:, 0] >= 0)
    for t in range(T):
        for s in range(2 * len(labelling) + 1):
            check_flow(flow(y, labelling, blank, t=t, state=s), y, labelling, blank, walks[:, t] == s)
        for k in range(K):
            check_flow(flow(y, labelling, blank, t=t, symbol=k), y, labelling, blank, paths[:, t] == k)


def test_flow_with_outputs_of_0_and_where_nothing_passes():
    y = random_y(4, 3, seed=1)
    y[1, 0] = y[2, 2] = 0
    check_flow(flow(y, (1, 2)), y, (1, 2), 0, slice(None))
    assert not any(shares.any() for shares in flow(y, (1, 2), t=1, symbol=0))
    assert not any(shares.any() for shares in flow(y, (1, 1, 1)))  # five frames are needed
    y.flags.writeable = False
    assert np.isfinite(flow(y, (1, 2), t=0, state=0).arrows).all()


def test_flow_of_a_long_input():
    states, arrows = flow(random_y(2000, 3, seed=3), (1, 2, 2, 1) * 20, t=700, state=41)
    close(states.sum(axis=1), np.ones(2000), rtol=1e-9)
    close(arrows[1:].sum(axis=(1, 2)), np.ones(1999), rtol=1e-9)
    close(states[700, 41], 1, rtol=1e-9)


@pytest.mark.parametrize(
    "chosen, message",
    [
        ({"t": 1}, "^t, state, symbol: expected none of them, or t and one of the others"),
        ({"state": 1}, "^t, state, symbol"),
        ({"symbol": 1}, "^t, state, symbol"),
        ({"t": 1, "state": 1, "symbol": 1}, "^t, state, symbol"),
        ({"t": 3, "state": 1}, r"^t: expected an index in 0\.\.2, got 3"),
        ({"t": -1, "state": 1}, "^t: expected"),
        ({"t": 1, "state": 5}, r"^state: expected an index in 0\.\.4, got 5"),
        ({"t": 1, "symbol": 3}, r"^symbol: expected an index in 0\.\.2, got 3"),
    ],
)
def test_flow_refuses_what_is_not_there(chosen, message):
    with pytest.raises(ValueError, match=message):
        flow(random_y(3, 3, 0), (1, 2), **chosen)


@each_case
def test_enumerated_variables_give_the_probability_at_both_ends(y, labelling, blank):
    p = probability(y, labelling, blank)
    close(forward_by_enumeration(y, labelling, blank)[-1, -2:].sum(), p)
    close(backward_by_enumeration(y, labelling, blank)[0, :2].sum(), p)


def test_enumerated_variables_by_hand():
    y = np.array([[0.5, 0.25, 0.25], [0.125, 0.5, 0.375]])
    # - a - b -; skipping from a to b, the start in the first two, the end in the last two
    alpha = [[1 / 2, 1 / 4, 0, 0, 0], [1 / 16, 3 / 8, 1 / 32, 3 / 32, 0]]
    beta = [[0, 3 / 32, 3 / 16, 1 / 8, 1 / 16], [0, 0, 0, 3 / 8, 1 / 8]]
    assert forward_by_enumeration(y, (1, 2)).tolist() == alpha
    assert backward_by_enumeration(y, (1, 2)).tolist() == beta


@pytest.mark.parametrize("arguments", [((1,), 5, 0), ((1,), 0, -1), ((1,), 0, 2), ((3,), 0, 0)])
def test_split_by_output_refuses_what_is_not_there(arguments):
    with pytest.raises(ValueError, match="expected"):
        split_by_output(np.full((2, 2), 0.5), *arguments)
