"""forward_backward.py: plain, rescaled and log variables against enumeration, and at their limits."""

import math

import numpy as np
import pytest
from helpers import (
    CASES,
    close,
    each_case,
    merge_then_drop,
    probability,
    random_y,
    spelled,
    through_states,
    through_symbols,
)

from ctc_core.forward_backward import (
    backward,
    backward_probability,
    backward_rescaled,
    can_finish,
    can_start,
    entering,
    forward,
    forward_probability,
    forward_rescaled,
    leaving,
    log_backward,
    log_entering,
    log_forward,
    log_leaving,
    log_probability_rescaled,
    paths_through_states,
    probability_at,
    rescale,
    state_occupancy,
    state_outputs,
    symbol_sum,
)

RECURSIONS = [forward, backward, forward_rescaled, backward_rescaled, log_forward, log_backward]


def test_by_hand():
    # "aa" in three frames is a-a and nothing else; without the repeat rule it would be five paths.
    alpha = forward(np.full((3, 2), 0.5), (1, 1))
    assert alpha.tolist() == [
        [1 / 2, 1 / 2, 0, 0, 0],
        [1 / 4, 1 / 2, 1 / 4, 0, 0],
        [1 / 8, 3 / 8, 3 / 8, 1 / 8, 0],
    ]
    assert forward_probability(alpha) == 1 / 8
    beta = backward(np.full((3, 2), 0.5), (1, 1))
    assert beta.tolist() == [row[::-1] for row in alpha.tolist()[::-1]]
    # "ab": five paths.
    assert forward_probability(forward(np.full((3, 3), 0.5), (1, 2))) == 5 / 8


@each_case
def test_entering_and_leaving_follow_every_legal_step(y, labelling, blank):
    lp, skip = spelled(labelling, blank), state_outputs(y, labelling, blank)[1]
    S = len(lp)
    legal = np.array(
        [
            [r <= s and merge_then_drop((lp[r], lp[s]), blank) == labelling[r // 2 : (s + 1) // 2] for s in range(S)]
            for r in range(S)
        ]
    )
    values = np.random.default_rng(S).integers(0, 9, S).astype(float)
    assert (entering(values, skip) == values @ legal).all() and (leaving(values, skip) == legal @ values).all()
    with np.errstate(divide="ignore"):
        logs, into, onward = np.log(values), np.log(values @ legal), np.log(legal @ values)
    close(log_entering(logs, skip), into)
    close(log_leaving(logs, skip), onward)
    huge = np.array([10**30] * S, dtype=object)  # exact integers stay so
    assert entering(huge, skip).tolist() == [10**30 * int(n) for n in legal.sum(axis=0)]
    assert leaving(huge, skip).tolist() == [10**30 * int(n) for n in legal.sum(axis=1)]


@each_case
def test_state_outputs(y, labelling, blank):
    outputs, _ = state_outputs(y, labelling, blank)
    for t, s in np.ndindex(outputs.shape):
        assert outputs[t, s] == y[t, spelled(labelling, blank)[s]]
    assert outputs.shape == (len(y), 2 * len(labelling) + 1)


def test_rescale():
    row, scale = rescale(np.array([1.0, 3.0]))
    assert (row.tolist(), scale) == ([0.25, 0.75], 4)
    row, scale = rescale(np.zeros(2))
    assert (row.tolist(), scale) == ([0, 0], 0)


@each_case
def test_probability(y, labelling, blank):
    p = probability(y, labelling, blank)
    for prune in (False, True):
        close(forward_probability(forward(y, labelling, blank, prune=prune)), p)
        close(backward_probability(backward(y, labelling, blank, prune=prune)), p)
        close(log_probability_rescaled(*forward_rescaled(y, labelling, blank, prune=prune)), math.log(p))
    close(np.logaddexp.reduce(log_forward(np.log(y), labelling, blank)[-1, -2:]), math.log(p))
    close(np.logaddexp.reduce(log_backward(np.log(y), labelling, blank)[0, :2]), math.log(p))


@each_case
def test_rescaled_variables_are_pruned_unless_told(y, labelling, blank):
    log_p = math.log(probability(y, labelling, blank))
    (alpha_hat, C), (beta_hat, D) = forward_rescaled(y, labelling, blank), backward_rescaled(y, labelling, blank)
    close(np.log(C).sum(), log_p)
    close(np.log(D).sum(), log_p)
    assert (alpha_hat[-1, :-2] == 0).all() and (beta_hat[0, 2:] == 0).all()


@each_case
def test_pruning_on_one_side_or_both_changes_no_path(y, labelling, blank):
    through = through_states(y, labelling, blank)
    for prune_alpha in (False, True):
        for prune_beta in (False, True):
            alpha = forward(y, labelling, blank, prune=prune_alpha)
            beta = backward(y, labelling, blank, prune=prune_beta)
            close(paths_through_states(alpha, beta, y, labelling, blank), through)


@pytest.mark.parametrize("T, U", [(1, 0), (1, 1), (2, 1), (4, 3), (3, 3), (7, 2)])
def test_can_finish_and_can_start_count_steps(T, U):
    S = 2 * U + 1
    for t in range(T):
        for s in range(S):
            assert can_finish(T, S)[t, s] == (s + 2 * (T - 1 - t) >= S - 2)
            assert can_start(T, S)[t, s] == (s - 2 * t <= 1)
    assert can_finish(T, S).dtype == can_start(T, S).dtype == bool


@pytest.mark.parametrize("labelling", [(1, 2, 1), (1, 1)])
def test_what_does_not_fit_has_probability_0(labelling):
    y = random_y(2, 3, seed=0)
    assert forward_probability(forward(y, labelling)) == 0
    assert backward_probability(backward(y, labelling)) == 0
    for prune in (False, True):
        assert log_probability_rescaled(*forward_rescaled(y, labelling, prune=prune)) == -np.inf
    assert np.isneginf(log_forward(np.log(y), labelling)[-1, -2:]).all()
    with pytest.raises(ValueError, match="probability 0"):
        state_occupancy(forward(y, labelling), backward(y, labelling), y, labelling)


def test_an_output_of_exactly_0_blocks_its_paths():
    y = random_y(4, 3, seed=1)
    y[1, 0] = y[2, 2] = 0
    p = probability(y, (1, 2))
    alpha, beta = forward(y, (1, 2)), backward(y, (1, 2))
    close(forward_probability(alpha), p)
    close(paths_through_states(alpha, beta, y, (1, 2)), through_states(y, (1, 2)))
    gamma = symbol_sum(state_occupancy(alpha, beta, y, (1, 2)), (1, 2), 3)
    close(gamma, through_symbols(y, (1, 2)) / p)
    assert gamma[1, 0] == gamma[2, 2] == 0
    with np.errstate(divide="ignore"):
        log_y, log_alpha, log_beta = np.log(y), np.log(alpha), np.log(beta)
    close(log_forward(log_y, (1, 2)), log_alpha)
    close(log_backward(log_y, (1, 2)), log_beta)
    for t in range(4):
        close(probability_at(alpha, beta, y, (1, 2), t), p)


def test_no_path_survives_a_frame_of_zeros():
    y = random_y(3, 3, seed=2)
    y[1] = 0
    alpha_hat, C = forward_rescaled(y, (1,))
    beta_hat, D = backward_rescaled(y, (1,))
    assert C[0] > 0 and (C[1:] == 0).all() and (alpha_hat[1:] == 0).all()
    assert D[2] > 0 and (D[:2] == 0).all() and (beta_hat[:2] == 0).all()
    assert log_probability_rescaled(alpha_hat, C) == -np.inf
    assert forward_probability(forward(y, (1,))) == 0


def test_long_inputs():
    # Plain variables underflow to 0; rescaled and log ones agree.
    T, labelling = 2000, (1, 2, 2, 1) * 20
    y = random_y(T, 3, seed=3)
    assert forward_probability(forward(y, labelling)) == 0
    log_p = np.logaddexp.reduce(log_forward(np.log(y), labelling)[-1, -2:])
    assert log_p < -1500
    for prune in (False, True):
        close(log_probability_rescaled(*forward_rescaled(y, labelling, prune=prune)), log_p)
    close(np.logaddexp.reduce(log_backward(np.log(y), labelling)[0, :2]), log_p)
    close(np.log(backward_rescaled(y, labelling)[1]).sum(), log_p)


def test_a_single_rescaled_state_can_underflow_where_log_space_does_not():
    # All labels must come in the first half, against a nearly certain blank: one path, e^-900 of its row.
    labelling = (1, 2) * 15
    log_y = np.array([[0.0, -30, -30]] * 30 + [[0.0, -np.inf, -np.inf]] * 30)
    assert np.logaddexp.reduce(log_forward(log_y, labelling)[-1, -2:]) == -900
    assert np.logaddexp.reduce(log_backward(log_y, labelling)[0, :2]) == -900
    assert log_probability_rescaled(*forward_rescaled(np.exp(log_y), labelling)) == -np.inf


@pytest.mark.parametrize("blank", [0, 1, 2])
def test_any_blank_is_a_permutation(blank):
    y = random_y(5, 3, seed=blank)
    swap = [1, 2, 0] if blank == 2 else [1, 0, 2] if blank == 1 else [0, 1, 2]  # where each symbol goes
    permuted = np.empty_like(y)
    permuted[:, swap] = y
    labels = [k for k in range(3) if k != blank]
    for labelling in [(), (labels[0],), (labels[0], labels[0]), (labels[1], labels[0])]:
        to = tuple(swap[k] for k in labelling)
        for recursion in (forward, backward):
            assert (recursion(y, labelling, blank) == recursion(permuted, to, swap[blank])).all()
        for recursion in (log_forward, log_backward):
            assert (recursion(np.log(y), labelling, blank) == recursion(np.log(permuted), to, swap[blank])).all()


def test_outputs_need_not_sum_to_1():
    y, labelling, blank = CASES["a repeat"]
    close(forward_probability(forward(3 * y, labelling, blank)), 3**5 * probability(y, labelling, blank))
    close(backward_probability(backward(3 * y, labelling, blank)), 3**5 * probability(y, labelling, blank))


def test_symbol_sum():
    values = np.arange(1.0, 11).reshape(2, 5)
    assert symbol_sum(values, (1, 1), K=3).tolist() == [[1 + 3 + 5, 2 + 4, 0], [6 + 8 + 10, 7 + 9, 0]]
    assert symbol_sum(values, (2, 0), K=3, blank=1).tolist() == [[4, 9, 2], [9, 24, 7]]
    assert symbol_sum(values[:, :1], (), K=2).tolist() == [[1, 0], [6, 0]]


@pytest.mark.parametrize("recursion", RECURSIONS)
def test_refusals(recursion):
    log = recursion in (log_forward, log_backward)
    y = np.log(random_y(3, 3, 0)) if log else random_y(3, 3, 0)
    for shape in [(3,), (1, 3, 3), (0, 3), (3, 0)]:
        with pytest.raises(ValueError, match=r"y: expected shape \(T, K\)"):
            recursion(np.zeros(shape), (1,))
    for value in (np.nan, np.inf):
        bad = y.copy()
        bad[2, 1] = value
        with pytest.raises(ValueError, match=r"y: .*frame 2, symbol 1"):
            recursion(bad, (1,))
    with pytest.raises(ValueError, match=r"position 1 is 3, expected a label in 0\.\.2"):
        recursion(y, (1, 3))
    with pytest.raises(ValueError, match="position 0 holds the blank"):
        recursion(y, (1,), blank=1)
    with pytest.raises(TypeError, match="integers"):
        recursion(y, (1.0,))
    for labelling in [(), (1,)]:
        for blank in (3, -1):
            with pytest.raises(ValueError, match=r"blank: expected an index in 0\.\.2"):
                recursion(y, labelling, blank=blank)


@pytest.mark.parametrize("recursion", RECURSIONS[:4])
@pytest.mark.parametrize("shape", [(2, 2), (2,), (1, 2, 2)])
def test_numbers_below_0_are_no_probabilities(recursion, shape):
    with pytest.raises(ValueError, match="y: expected"):
        recursion(np.full(shape, -1.0), (1,))


@pytest.mark.parametrize("recursion", RECURSIONS)
def test_inputs_of_any_kind_and_never_modified(recursion):
    y, labelling, blank = CASES["blank in the middle"]
    given = np.log(y) if recursion in (log_forward, log_backward) else y
    expected = recursion(given, labelling, blank)
    given = np.array(given)
    given.flags.writeable = False
    variants = [given, given.tolist(), np.asfortranarray(given), given.astype(">f8"), given[::-1][::-1]]
    for variant in variants:
        for labels in (labelling, list(labelling), np.array(labelling, np.uint8)):
            for a, b in zip(recursion(variant, labels, blank), expected, strict=True):
                assert (a == b).all()
