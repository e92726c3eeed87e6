"""One test for each equation of the book, `test_eq_...` for the label `eq-...`.

Each test computes both sides on its own: what `ctc_core` says, and what the equation says, spelled out
here with loops, by enumeration of paths (`helpers`), by central differences or with mpmath. "Rounding"
is a relative 1e-13 (the default of `close`); slopes by differences are right to 1e-9.
"""

import math
from fractions import Fraction
from itertools import product

import mpmath
import numpy as np
import pytest
from helpers import (
    CASES,
    close,
    each_case,
    merge_then_drop,
    path_products,
    paths_to,
    plain_softmax,
    probability,
    random_y,
    slope,
    spelled,
    states_to,
    through_states,
    through_symbols,
)

from ctc_core import ctc_loss, ctc_loss_and_grad, rules
from ctc_core.differences import best_step, central_difference
from ctc_core.forward_backward import (
    backward,
    backward_probability,
    backward_rescaled,
    can_finish,
    can_start,
    forward,
    forward_probability,
    forward_rescaled,
    log_backward,
    log_forward,
    log_probability_rescaled,
    paths_through_states,
    probability_at,
    state_occupancy,
    symbol_sum,
)
from ctc_core.gradient import (
    adjoint,
    d_objective_dy,
    dlnp_dy,
    dp_dy,
    grad_log_outputs,
    grad_logits,
    grad_logits_by_chain,
    grad_logits_rescaled,
    implied_objective,
    objective,
    occupancies,
    path_entropy,
    substitution_lines,
    sum_over_vocabulary,
    uniform_blank_occupancy,
)
from ctc_core.kernel import IMPOSSIBLE, Lattice, merge
from ctc_core.labels import collapse, extend, min_length, positions, predecessors
from ctc_core.paths import (
    all_labellings,
    all_paths,
    backward_by_enumeration,
    forward_by_enumeration,
    label_probability,
    labelling_distribution,
    path_count,
    path_probability,
    paths_of,
    split_by_output,
    state_sequences,
)
from ctc_core.softmax import log_softmax, output_layer, softmax, softmax_jacobian

# I. From network to probability


def test_eq_network():
    rng = np.random.default_rng(0)
    h, W, b = rng.normal(size=(3, 4)), rng.normal(size=(5, 4)), rng.normal(size=5)
    u = output_layer(h, W, b)
    assert u.shape == (3, 5)
    for t in range(3):
        for k in range(5):
            close(u[t, k], b[k] + sum(W[k, i] * h[t, i] for i in range(4)), atol=1e-14)


def test_eq_softmax():
    u = np.random.default_rng(0).normal(size=(4, 5)) * [[1], [10], [100], [0]]
    with mpmath.workdps(50):
        for row, y, log_y in zip(u, softmax(u), log_softmax(u), strict=True):
            total = mpmath.fsum(mpmath.exp(v) for v in row.tolist())
            exact = [mpmath.exp(v) / total for v in row.tolist()]
            close(y, [float(v) for v in exact])
            close(log_y, [float(mpmath.log(v)) for v in exact])
    close(softmax(u).sum(axis=1), np.ones(4))
    eighths = np.round(8 * u) / 8  # adding 1000 to these is exact
    assert (softmax(eighths + 1000) == softmax(eighths)).all()


@pytest.mark.parametrize("T, K", [(1, 3), (3, 3), (4, 2), (3, 1)])
def test_eq_path_prob(T, K):
    y = random_y(T, K, seed=T)
    paths = list(all_paths(T, K))
    assert len(set(paths)) == len(paths) == K**T
    for path in paths:
        p = 1.0
        for t in range(T):
            p *= y[t, path[t]]
        close(path_probability(y, path), p)
    close(sum(path_probability(y, path) for path in paths), 1)


def test_eq_collapse():
    def B(path):
        return "".join(collapse(path, blank="-"))

    def drop_then_merge(path):
        kept = path.replace("-", "")
        return "".join(b for a, b in zip(" " + kept, kept, strict=False) if a != b)

    assert B("a-ab-") == B("-aa--abb") == "aab"
    assert B("") == B("---") == "" and B("aaa") == "a" and B("a-a") == "aa" and B("abba") == "aba"
    assert drop_then_merge("a-ab-") == "ab" != B("a-ab-")
    for path in product(range(3), repeat=6):
        for blank in (0, 1, 2):
            assert collapse(path, blank) == merge_then_drop(path, blank)


@each_case
def test_eq_label_prob(y, labelling, blank):
    # By enumeration of paths in the package, in this test, and by the forward algorithm.
    p = probability(y, labelling, blank)
    assert 0 < p <= 1
    close(label_probability(y, labelling, blank), p)
    close(forward_probability(forward(y, labelling, blank)), p)


@pytest.mark.parametrize("T, K, blank", [(1, 2, 0), (4, 3, 0), (5, 3, 1), (6, 2, 1), (4, 4, 3), (3, 1, 0)])
def test_eq_normalised(T, K, blank):
    y = random_y(T, K, seed=K)
    labels = [k for k in range(K) if k != blank]
    labellings = list(all_labellings(T, labels))
    assert len(set(labellings)) == len(labellings) == sum((K - 1) ** U for U in range(T + 1))
    close(sum(forward_probability(forward(y, l, blank)) for l in labellings), 1)
    close(sum(labelling_distribution(y, blank).values()), 1)


@pytest.mark.parametrize("labelling", list(all_labellings(3, (1, 2))))
def test_eq_min_length(labelling):
    U, r = len(labelling), sum(a == b for a, b in zip(labelling, labelling[1:], strict=False))
    assert min_length(labelling) == U + r
    for T in range(1, 7):
        assert (len(paths_to(labelling, T, K=3)) > 0) == (T >= U + r)
        assert (forward_probability(forward(random_y(T, 3, T), labelling)) > 0) == (T >= U + r)


@pytest.mark.parametrize("T", [1, 2, 3, 4, 5, 6])
def test_eq_path_count(T):
    for labelling in product_up_to(3, (1, 2)):
        U, r = len(labelling), sum(a == b for a, b in zip(labelling, labelling[1:], strict=False))
        formula = math.factorial(T + U - r) / math.factorial(2 * U) if T >= U + r else 0
        formula /= math.factorial(T - U - r) if T >= U + r else 1
        assert path_count(labelling, T) == len(paths_to(labelling, T, K=3)) == formula


def product_up_to(length, symbols):
    return [l for U in range(length + 1) for l in product(symbols, repeat=U)]


def test_eq_extended():
    assert extend((2, 1, 3)).tolist() == [0, 2, 0, 1, 0, 3, 0]
    assert extend((1, 2, 2)).tolist() == [0, 1, 0, 2, 0, 2, 0]
    assert extend((0, 0), blank=4).tolist() == [4, 0, 4, 0, 4]
    assert extend(()).tolist() == [0] and extend((), blank=3).tolist() == [3]
    for labelling in product_up_to(4, (0, 2)):
        assert extend(labelling, blank=1).tolist() == spelled(labelling, blank=1)
        assert len(extend(labelling, blank=1)) == 2 * len(labelling) + 1


@each_case
def test_eq_transitions(y, labelling, blank):
    T, S, lp = len(y), 2 * len(labelling) + 1, spelled(labelling, blank)
    for s in range(S):
        expected = {s} | ({s - 1} if s >= 1 else set())
        if s >= 2 and lp[s] != blank and lp[s] != lp[s - 2]:
            expected |= {s - 2}
        assert sorted(predecessors(extend(labelling, blank), s, blank)) == sorted(expected)
    # Counting the walks by these steps gives the number of paths.
    ways = [1 if s < 2 else 0 for s in range(S)]
    for _ in range(T - 1):
        ways = [sum(ways[i] for i in predecessors(extend(labelling, blank), s, blank)) for s in range(S)]
    assert sum(ways[-2:]) == len(paths_to(labelling, T, y.shape[1], blank)) == path_count(labelling, T)


@each_case
def test_eq_bijection(y, labelling, blank):
    T, K = y.shape
    lp = spelled(labelling, blank)
    sequences = state_sequences(labelling, T, blank)
    read = {tuple(lp[s] for s in q): q for q in sequences}
    paths = [tuple(path) for path in paths_to(labelling, T, K, blank).tolist()]
    assert len(read) == len(sequences) == len(paths)  # each path once
    assert set(read) == set(paths) == set(paths_of(labelling, T, blank))
    for path, states in zip(paths, states_to(labelling, T, K, blank).tolist(), strict=True):
        assert read[path] == tuple(states)  # and the way back, by counting the labels begun


# II. The loss


def alpha_by_beginnings(y, labelling, blank):
    """Sum over all beginnings pi_1..pi_t that spell the labels up to state s and end in its symbol."""
    T, K = y.shape
    lp = spelled(labelling, blank)
    alpha = np.zeros((T, len(lp)))
    for t in range(1, T + 1):
        for s in range(1, len(lp) + 1):
            beginnings = paths_to(labelling[: s // 2], t, K, blank)
            beginnings = beginnings[beginnings[:, -1] == lp[s - 1]]
            alpha[t - 1, s - 1] = path_products(y[:t], beginnings).sum()
    return alpha


def beta_by_endings(y, labelling, blank):
    """Sum over all endings pi_t..pi_T that begin with the symbol of state s and spell the labels from there."""
    T, K = y.shape
    lp = spelled(labelling, blank)
    beta = np.zeros((T, len(lp)))
    for t in range(1, T + 1):
        for s in range(1, len(lp) + 1):
            endings = paths_to(labelling[(s - 1) // 2 :], T - t + 1, K, blank)
            endings = endings[endings[:, 0] == lp[s - 1]]
            beta[t - 1, s - 1] = path_products(y[t - 1 :], endings).sum()
    return beta


@each_case
def test_eq_alpha_def(y, labelling, blank):
    alpha = alpha_by_beginnings(y, labelling, blank)
    close(forward(y, labelling, blank), alpha)
    close(forward_by_enumeration(y, labelling, blank), alpha)


@each_case
def test_eq_alpha_init(y, labelling, blank):
    alpha = forward(y, labelling, blank)
    assert alpha[0, 0] == y[0, blank]
    if labelling:
        assert alpha[0, 1] == y[0, labelling[0]]
    assert (alpha[0, 2:] == 0).all()


@each_case
def test_eq_alpha_rec(y, labelling, blank):
    # The recursion, from the enumerated row before, gives the enumerated row; so does the package.
    enumerated, alpha = alpha_by_beginnings(y, labelling, blank), forward(y, labelling, blank)
    lp = spelled(labelling, blank)
    for t in range(1, len(y)):
        for s in range(len(lp)):
            total = enumerated[t - 1, s]
            if s >= 1:
                total += enumerated[t - 1, s - 1]
            if s >= 2 and lp[s] != blank and lp[s] != lp[s - 2]:
                total += enumerated[t - 1, s - 2]
            close(total * y[t, lp[s]], enumerated[t, s])
            close(alpha[t, s], total * y[t, lp[s]])


def frames_and_states(y, labelling):
    """All (t, s), counted from 1 as in the book, with their indices."""
    T, S = len(y), 2 * len(labelling) + 1
    return [(t, s, (t - 1, s - 1)) for t in range(1, T + 1) for s in range(1, S + 1)]


@each_case
def test_eq_alpha_prune(y, labelling, blank):
    T, S = len(y), 2 * len(labelling) + 1
    full, pruned = forward(y, labelling, blank), forward(y, labelling, blank, prune=True)
    through = through_states(y, labelling, blank)
    for t, s, i in frames_and_states(y, labelling):
        hopeless = s < S - 2 * (T - t) - 1
        assert can_finish(T, S)[i] == (not hopeless)
        assert pruned[i] == (0 if hopeless else full[i])
        if hopeless:
            assert through[i] == 0  # no path of the labelling is there
    close(forward_probability(pruned), probability(y, labelling, blank))
    # A convention, not a fact: the recursion itself gives something else.
    assert labelling == () or (full[~can_finish(T, S)] > 0).any()
    # And as sharp as counting steps allows: without equal neighbours a path goes through all that is left.
    if all(a != b for a, b in zip(labelling, labelling[1:], strict=False)):
        assert (through[can_finish(T, S) & can_start(T, S)] > 0).all()


@each_case
def test_eq_loss_forward(y, labelling, blank):
    p = probability(y, labelling, blank)
    alpha = alpha_by_beginnings(y, labelling, blank)
    close(alpha[-1, -1] + (alpha[-1, -2] if labelling else 0), p)
    close(forward_probability(alpha), p)
    close(ctc_loss(np.log(y), labelling, blank=blank), [-math.log(p)])


@each_case
def test_eq_beta_def(y, labelling, blank):
    beta = beta_by_endings(y, labelling, blank)
    close(backward(y, labelling, blank), beta)
    close(backward_by_enumeration(y, labelling, blank), beta)


@each_case
def test_eq_beta_init(y, labelling, blank):
    beta = backward(y, labelling, blank)
    assert beta[-1, -1] == y[-1, blank]
    if labelling:
        assert beta[-1, -2] == y[-1, labelling[-1]]
    assert (beta[-1, :-2] == 0).all()


@each_case
def test_eq_beta_rec(y, labelling, blank):
    enumerated, beta = beta_by_endings(y, labelling, blank), backward(y, labelling, blank)
    lp = spelled(labelling, blank)
    for t in range(len(y) - 1):
        for s in range(len(lp)):
            total = enumerated[t + 1, s]
            if s + 1 < len(lp):
                total += enumerated[t + 1, s + 1]
            if s + 2 < len(lp) and lp[s] != blank and lp[s] != lp[s + 2]:
                total += enumerated[t + 1, s + 2]
            close(total * y[t, lp[s]], enumerated[t, s])
            close(beta[t, s], total * y[t, lp[s]])
    # Beta is the alpha of the problem read backwards.
    close(beta, alpha_by_beginnings(y[::-1], labelling[::-1], blank)[::-1, ::-1])


@each_case
def test_eq_beta_prune(y, labelling, blank):
    T, S = len(y), 2 * len(labelling) + 1
    full, pruned = backward(y, labelling, blank), backward(y, labelling, blank, prune=True)
    through = through_states(y, labelling, blank)
    for t, s, i in frames_and_states(y, labelling):
        unreachable = s > 2 * t
        assert can_start(T, S)[i] == (not unreachable)
        assert pruned[i] == (0 if unreachable else full[i])
        if unreachable:
            assert through[i] == 0
    close(backward_probability(pruned), probability(y, labelling, blank))
    assert labelling == () or (full[~can_start(T, S)] > 0).any()
    # The zeros beyond the border are s > S; "s < S" (the seed) would leave the last state alone, and p = 0.
    if len(y) > len(labelling) > 0:
        as_printed = np.where(np.arange(1, S + 1) < S, 0, full)
        assert as_printed[0, :2].sum() == 0 < backward_probability(full)


@each_case
def test_eq_loss_backward(y, labelling, blank):
    p = probability(y, labelling, blank)
    beta = beta_by_endings(y, labelling, blank)
    close(beta[0, 0] + (beta[0, 1] if labelling else 0), p)
    close(backward_probability(beta), p)
    close(backward_probability(backward(y, labelling, blank)), p)


@each_case
def test_eq_alpha_beta(y, labelling, blank):
    alpha, beta = forward(y, labelling, blank), backward(y, labelling, blank)
    outputs = y[:, spelled(labelling, blank)]
    close(alpha * beta, outputs * through_states(y, labelling, blank))


@each_case
def test_eq_alpha_beta_paths(y, labelling, blank):
    alpha, beta = alpha_by_beginnings(y, labelling, blank), beta_by_endings(y, labelling, blank)
    outputs, through = y[:, spelled(labelling, blank)], through_states(y, labelling, blank)
    close(alpha * beta / outputs, through)
    close(paths_through_states(alpha, beta, y, labelling, blank), through)


@each_case
def test_eq_loss_any_t(y, labelling, blank):
    p = probability(y, labelling, blank)
    alpha, beta = forward(y, labelling, blank), backward(y, labelling, blank)
    for t in range(len(y)):
        total = sum(alpha[t, s] * beta[t, s] / y[t, symbol] for s, symbol in enumerate(spelled(labelling, blank)))
        close(total, p)
        close(probability_at(alpha, beta, y, labelling, t, blank), p)


@each_case
def test_eq_posterior(y, labelling, blank):
    K, p = y.shape[1], probability(y, labelling, blank)
    alpha, beta = forward(y, labelling, blank), backward(y, labelling, blank)
    gamma = state_occupancy(alpha, beta, y, labelling, blank)
    close(gamma, through_states(y, labelling, blank) / p)
    close(gamma.sum(axis=1), np.ones(len(y)))
    by_symbol = through_symbols(y, labelling, blank) / p  # the expected count of k at t
    close(symbol_sum(gamma, labelling, K, blank), by_symbol)
    close(occupancies(y, labelling, blank), by_symbol)
    close(by_symbol.sum(axis=1), np.ones(len(y)))


@each_case
def test_eq_rescale_alpha(y, labelling, blank):
    T, S, lp = len(y), 2 * len(labelling) + 1, spelled(labelling, blank)
    alpha_hat, C = forward_rescaled(y, labelling, blank, prune=False)
    previous = None
    for t in range(T):
        bar = np.zeros(S)  # from the rescaled row before: the step that Graves' text leaves out
        for s in range(S):
            if t == 0:
                total = 1 if s < 2 else 0
            else:
                skip = s >= 2 and lp[s] != blank and lp[s] != lp[s - 2]
                total = previous[max(s - 1, 0) : s + 1].sum() + (previous[s - 2] if skip else 0)
            bar[s] = total * y[t, lp[s]]
        close(C[t], bar.sum())
        close(alpha_hat[t], bar / bar.sum())
        previous = bar / bar.sum()
    for prune in (False, True):
        alpha_hat, C = forward_rescaled(y, labelling, blank, prune=prune)
        close(alpha_hat.sum(axis=1), np.ones(T))
        alpha = np.where(can_finish(T, S) | (not prune), alpha_by_beginnings(y, labelling, blank), 0)
        close(alpha_hat * np.cumprod(C)[:, None], alpha)


@each_case
def test_eq_rescale_beta(y, labelling, blank):
    T, S, lp = len(y), 2 * len(labelling) + 1, spelled(labelling, blank)
    beta_hat, D = backward_rescaled(y, labelling, blank, prune=False)
    following = None
    for t in reversed(range(T)):
        bar = np.zeros(S)
        for s in range(S):
            if t == T - 1:
                total = 1 if s >= S - 2 else 0
            else:
                skip = s + 2 < S and lp[s] != blank and lp[s] != lp[s + 2]
                total = following[s : s + 2].sum() + (following[s + 2] if skip else 0)
            bar[s] = total * y[t, lp[s]]
        close(D[t], bar.sum())
        close(beta_hat[t], bar / bar.sum())
        following = bar / bar.sum()
    for prune in (False, True):
        beta_hat, D = backward_rescaled(y, labelling, blank, prune=prune)
        close(beta_hat.sum(axis=1), np.ones(T))
        beta = np.where(can_start(T, S) | (not prune), beta_by_endings(y, labelling, blank), 0)
        close(beta_hat * np.cumprod(D[::-1])[::-1, None], beta)


@each_case
def test_eq_loss_rescaled(y, labelling, blank):
    ln_p = math.log(probability(y, labelling, blank))
    for prune in (True, False):
        alpha_hat, C = forward_rescaled(y, labelling, blank, prune=prune)
        close(log_probability_rescaled(alpha_hat, C), ln_p)
        last = 0 if prune else math.log(alpha_hat[-1, -2:].sum())
        close(sum(math.log(c) for c in C) + last, ln_p)
    # Without pruning the sum alone is the probability of all that is still under way: too large.
    close(np.exp(np.log(C).sum()), alpha_by_beginnings(y, labelling, blank)[-1].sum())
    if labelling and len(y) > 1:
        assert np.log(C).sum() > ln_p + 0.05


@each_case
def test_eq_log_alpha(y, labelling, blank):
    with np.errstate(divide="ignore"):
        log_alpha = np.log(alpha_by_beginnings(y, labelling, blank))
        log_beta = np.log(beta_by_endings(y, labelling, blank))
    close(log_forward(np.log(y), labelling, blank), log_alpha, atol=1e-14)  # -inf where no path leads
    close(log_backward(np.log(y), labelling, blank), log_beta, atol=1e-14)


def test_log_alpha_where_plain_numbers_end():
    T, K, labelling = 300, 30, tuple(np.random.default_rng(0).integers(1, 30, size=40).tolist())
    y = plain_softmax(np.random.default_rng(1).normal(size=(T, K)))
    alpha = forward(y, labelling)
    assert (alpha[-1] == 0).all()  # underflow
    log_alpha = log_forward(np.log(y), labelling)
    lp = spelled(labelling)
    row = [mpmath.mpf(y[0, lp[0]]), mpmath.mpf(y[0, lp[1]])] + [mpmath.mpf(0)] * (len(lp) - 2)
    with mpmath.workdps(50):
        for t in range(1, T):
            row = [
                (
                    row[s]
                    + (row[s - 1] if s >= 1 else 0)
                    + (row[s - 2] if s >= 2 and lp[s] != 0 and lp[s] != lp[s - 2] else 0)
                )
                * mpmath.mpf(y[t, lp[s]])
                for s in range(len(lp))
            ]
        for s in range(len(lp)):
            exact = float(mpmath.log(row[s]))
            assert exact < -745  # below what a float64 can hold
            close(log_alpha[-1, s], exact)


# III. The gradient


def batch():
    """Three samples of different lengths with one blank index."""
    return [random_y(T, 3, seed=T) for T in (2, 4, 5)], [(1,), (2, 2), ()]


def test_eq_ml_objective():
    ys, labellings = batch()
    O = 0.0
    for y, z in zip(ys, labellings, strict=True):
        O -= math.log(probability(y, z))
    close(objective(ys, labellings), O)
    close(sum(ctc_loss(np.log(y), z) for y, z in zip(ys, labellings, strict=True)), O)
    swapped = [y[:, [2, 1, 0]] for y in ys]
    close(objective(swapped, [(1,), (0, 0), ()], blank=2), O)


def test_eq_ml_derivative():
    ys, labellings = batch()
    for i, derivative in enumerate(d_objective_dy(ys, labellings)):

        def objective_in(y, i=i):
            samples = [*ys[:i], y, *ys[i + 1 :]]
            return -sum(math.log(probability(y, z)) for y, z in zip(samples, labellings, strict=True))

        close(derivative, slope(objective_in, ys[i], h=1e-4), atol=1e-9)


POINTS = (-1.3, 0.7, 2.0)


@pytest.mark.parametrize("x", POINTS)
def test_eq_rule_constant(x):
    assert rules.constant(x) == rules.Dual(x, 0.0)
    assert rules.constant(x).slope == slope(lambda v: x, 5.0)


@pytest.mark.parametrize("x", POINTS)
def test_eq_rule_identity(x):
    assert rules.variable(x).value == x
    close(rules.variable(x).slope, slope(lambda v: v, x), atol=1e-12)


@pytest.mark.parametrize("x", POINTS)
@pytest.mark.parametrize("n", [-2, -1, 1, 2, 3])
def test_eq_rule_power(x, n):
    result = rules.variable(x) ** n
    close(result.value, x**n)
    close(result.slope, slope(lambda v: v**n, x), atol=1e-9)


@pytest.mark.parametrize("x", POINTS)
def test_eq_rule_exp(x):
    result = rules.exp(rules.variable(x))
    close(result.value, math.exp(x))
    close(result.slope, slope(np.exp, x), atol=1e-9)


@pytest.mark.parametrize("x", [0.3, 1.0, 5.0])
def test_eq_rule_log(x):
    result = rules.log(rules.variable(x))
    close(result.value, math.log(x))
    close(result.slope, slope(np.log, x, h=1e-4), atol=1e-9)


@pytest.mark.parametrize("x", POINTS)
def test_eq_rule_sum(x):
    result = rules.exp(rules.variable(x)) + rules.variable(x) ** 3
    close(result.value, math.exp(x) + x**3)
    close(result.slope, slope(lambda v: np.exp(v) + v**3, x), atol=1e-9)


@pytest.mark.parametrize("x", POINTS)
def test_eq_rule_product(x):
    result = rules.exp(rules.variable(x)) * rules.variable(x) ** 3
    close(result.value, math.exp(x) * x**3)
    close(result.slope, slope(lambda v: np.exp(v) * v**3, x), atol=1e-9)


@pytest.mark.parametrize("x", POINTS)
def test_eq_rule_quotient(x):
    result = rules.exp(rules.variable(x)) / rules.variable(x) ** 3
    close(result.value, math.exp(x) / x**3)
    close(result.slope, slope(lambda v: np.exp(v) / v**3, x, h=1e-4), atol=1e-9)


@pytest.mark.parametrize("x", POINTS)
def test_eq_rule_chain(x):
    result = rules.chain(math.sin, math.cos, rules.variable(x) ** 2)
    close(result.value, math.sin(x**2))
    close(result.slope, slope(lambda v: np.sin(v**2), x), atol=1e-9)


@pytest.mark.parametrize("x", POINTS)
def test_eq_rule_multivariate_chain(x):
    # f(a, b, c) = a b^2 + sin c, along the curve a = x^2, b = e^x, c = x
    v = rules.variable(x)
    result = rules.multivariate_chain(
        lambda a, b, c: a * b**2 + math.sin(c),
        lambda a, b, c: (b**2, 2 * a * b, math.cos(c)),
        *(v**2, rules.exp(v), v),
    )
    close(result.value, x**2 * math.exp(x) ** 2 + math.sin(x))
    close(result.slope, slope(lambda v: v**2 * np.exp(v) ** 2 + np.sin(v), x), rtol=1e-9)


@each_case
def test_eq_lab(y, labelling, blank):
    lp = spelled(labelling, blank)
    lab = [positions(extend(labelling, blank), k).tolist() for k in range(y.shape[1])]
    for k, states in enumerate(lab):
        assert states == [s for s in range(len(lp)) if lp[s] == k]
    assert sorted(sum(lab, [])) == list(range(len(lp)))  # every state has one symbol
    assert positions(extend(labelling, blank), 99).size == 0


def slopes_path_by_path(y, labelling, blank):
    """dp/dy directly: a path through k at t varies with y^t_k in one factor; the others stay."""
    T, K = y.shape
    derivative = np.zeros((T, K))
    for path in paths_to(labelling, T, K, blank):
        for t in range(T):
            derivative[t, path[t]] += math.prod(y[i, path[i]] for i in range(T) if i != t)
    return derivative


@each_case
def test_eq_affine(y, labelling, blank):
    lp = spelled(labelling, blank)
    alpha, beta = alpha_by_beginnings(y, labelling, blank), beta_by_endings(y, labelling, blank)
    for t, k in np.ndindex(y.shape):
        c, d = split_by_output(y, labelling, t, k, blank)
        lab = [s for s in range(len(lp)) if lp[s] == k]
        close(c, sum(alpha[t, s] * beta[t, s] for s in lab) / y[t, k] ** 2)
        for value in (0, y[t, k], 1, 3):  # one output alone moves, also to 0 and off the distributions
            moved = y.copy()
            moved[t, k] = value
            close(c * value + d, probability(moved, labelling, blank))
            assert split_by_output(moved, labelling, t, k, blank) == (c, d)


@each_case
def test_eq_dp_dy(y, labelling, blank):
    T, K = y.shape
    lp = spelled(labelling, blank)
    alpha, beta = alpha_by_beginnings(y, labelling, blank), beta_by_endings(y, labelling, blank)
    formula = np.zeros((T, K))
    for t in range(T):
        for k in range(K):
            lab = [s for s in range(len(lp)) if lp[s] == k]
            formula[t, k] = sum(alpha[t, s] * beta[t, s] for s in lab) / y[t, k] ** 2
    close(formula, slope(lambda y: probability(y, labelling, blank), y), atol=1e-9)
    close(formula, slopes_path_by_path(y, labelling, blank))
    # By the quotient rule: sum_s alpha beta / y, where alpha beta = c y^2 has the slope 2 c y.
    c = through_symbols(y, labelling, blank) / y
    close(formula, (2 * c * y * y - c * y**2) / y**2)
    close(dp_dy(y, labelling, blank), formula)


@each_case
def test_eq_dlnp_dy(y, labelling, blank):
    p = probability(y, labelling, blank)
    derivative = dlnp_dy(y, labelling, blank)
    close(derivative, slope(lambda y: math.log(probability(y, labelling, blank)), y, h=1e-4), atol=1e-9)
    close(derivative, through_symbols(y, labelling, blank) / p / y)  # gamma / y


@pytest.mark.parametrize("K", [1, 2, 5])
def test_eq_softmax_jacobian(K):
    u = np.random.default_rng(K).normal(size=K)
    y = plain_softmax(u)
    J = softmax_jacobian(y)
    for i in range(K):  # i is k' in the book, j is k
        close(J[i], slope(lambda u, i=i: plain_softmax(u)[i], u), atol=1e-9)
        for j in range(K):
            close(J[i, j], y[i] * (1 - y[i]) if i == j else -y[i] * y[j])


def loss_of_logits(labelling, blank):
    return lambda u: -math.log(probability(plain_softmax(u), labelling, blank))


@each_case
def test_eq_chain(y, labelling, blank):
    T, K = y.shape
    p, dp = probability(y, labelling, blank), slopes_path_by_path(y, labelling, blank)
    total = np.zeros((T, K))
    for t in range(T):
        for k in range(K):
            for k_ in range(K):
                total[t, k] -= dp[t, k_] / p * y[t, k_] * ((k == k_) - y[t, k])
    close(total, slope(loss_of_logits(labelling, blank), np.log(y)), atol=1e-9)
    close(grad_logits_by_chain(y, labelling, blank), total, atol=1e-14)


def line_by_hand(number, y, labelling, blank):
    """One line of the seed's substitution, for every t and k, with A_t(k') enumerated."""
    p = probability(y, labelling, blank)
    A = y * through_symbols(y, labelling, blank)  # sum of alpha beta over lab(l, k')
    line = np.zeros_like(y)
    for t, k in np.ndindex(y.shape):
        Ks = range(y.shape[1])
        Y, a, d = y[t], A[t], [float(k == k_) for k_ in Ks]
        second = sum(d[j] / (p * Y[j]) * a[j] for j in Ks)
        line[t, k] = [
            -sum(Y[j] * (d[j] - Y[k]) / (p * Y[j] ** 2) * a[j] for j in Ks),
            -sum((d[j] - Y[k]) / (p * Y[j]) * a[j] for j in Ks),
            sum((Y[k] - d[j]) / (p * Y[j]) * a[j] for j in Ks),
            sum(Y[k] / (p * Y[j]) * a[j] for j in Ks) - second,
            Y[k] / p * sum(1 / Y[j] * a[j] for j in Ks) - second,
            Y[k] / p * p - second,
            Y[k] - 1 / (p * Y[k]) * a[k],
        ][number - 1]
    return line


def check_line(number):
    """The line in the package, the same by hand, and the next one (after the last: central differences)."""
    for y, labelling, blank in CASES.values():
        lines = substitution_lines(y, labelling, blank)
        assert len(lines) == 7
        close(lines[number - 1], line_by_hand(number, y, labelling, blank), atol=1e-14)
        if number < 7:
            close(lines[number - 1], line_by_hand(number + 1, y, labelling, blank), atol=1e-14)
        else:
            close(lines[6], slope(loss_of_logits(labelling, blank), np.log(y)), atol=1e-9)


def test_eq_substitute_1():
    check_line(1)


def test_eq_substitute_2():
    check_line(2)


def test_eq_substitute_3():
    check_line(3)


def test_eq_substitute_4():
    check_line(4)


def test_eq_substitute_5():
    check_line(5)


def test_eq_substitute_6():
    check_line(6)


def test_eq_substitute_7():
    check_line(7)


@each_case
def test_eq_sum_over_vocabulary(y, labelling, blank):
    p = probability(y, labelling, blank)
    alpha, beta = alpha_by_beginnings(y, labelling, blank), beta_by_endings(y, labelling, blank)
    lp = spelled(labelling, blank)
    for t in range(len(y)):
        total = 0.0
        for k in range(y.shape[1]):
            total += sum(alpha[t, s] * beta[t, s] for s in range(len(lp)) if lp[s] == k) / y[t, k]
        close(total, p)
        close(sum_over_vocabulary(y, labelling, blank)[t], p)


@each_case
def test_eq_grad_logits(y, labelling, blank):
    gradient = grad_logits(y, labelling, blank)
    close(gradient, slope(loss_of_logits(labelling, blank), np.log(y)), atol=1e-9)
    gamma = through_symbols(y, labelling, blank) / probability(y, labelling, blank)
    close(gradient, y - gamma, atol=1e-14)
    close(ctc_loss_and_grad(np.log(y), labelling, blank=blank)[1], y - gamma, atol=1e-14)  # in log space


@each_case
def test_eq_grad_logits_rescaled(y, labelling, blank):
    expected = y - through_symbols(y, labelling, blank) / probability(y, labelling, blank)
    for prune in (True, False):
        alpha_hat, _ = forward_rescaled(y, labelling, blank, prune=prune)
        beta_hat, _ = backward_rescaled(y, labelling, blank, prune=prune)
        close(grad_logits_rescaled(y, alpha_hat, beta_hat, labelling, blank), expected, atol=1e-14)
    # Any positive scale per frame cancels.
    scale = np.random.default_rng(0).lognormal(sigma=20, size=(2, len(y), 1))
    alpha, beta = alpha_by_beginnings(y, labelling, blank), beta_by_endings(y, labelling, blank)
    close(grad_logits_rescaled(y, scale[0] * alpha, scale[1] * beta, labelling, blank), expected, atol=1e-14)


@each_case
def test_eq_grad_row_sum(y, labelling, blank):
    gradient = grad_logits(y, labelling, blank)
    assert abs(gradient.sum(axis=1)).max() < 1e-15 * 10
    assert abs(gradient).max() <= 1
    # Not so for outputs that are no distribution: then the rows sum to what y is off.
    close(grad_logits(2 * y, labelling, blank).sum(axis=1), np.ones(len(y)))


# IV. Beyond the seed


@each_case
def test_eq_free_log_grad(y, labelling, blank):
    computed = grad_log_outputs(y, labelling, blank)
    free = slope(lambda v: -math.log(probability(np.exp(v), labelling, blank)), np.log(y))
    close(computed, free, atol=1e-9)
    close(computed, -through_symbols(y, labelling, blank) / probability(y, labelling, blank))


@each_case
def test_eq_implied_objective(y, labelling, blank):
    v = np.log(y) + np.random.default_rng(17).normal(size=y.shape)  # free: exp(v) is no distribution
    gamma = through_symbols(np.exp(v), labelling, blank) / probability(np.exp(v), labelling, blank)
    close(slope(lambda v: implied_objective(v, labelling, blank), v), np.exp(v) - gamma, atol=1e-8)
    loss = -math.log(probability(np.exp(v), labelling, blank))
    close(implied_objective(v, labelling, blank), loss + sum(math.exp(entry) for entry in v.flat))


@each_case
def test_eq_adjoint(y, labelling, blank):
    T, lp = len(y), spelled(labelling, blank)
    alpha, derivative = forward(y, labelling, blank), adjoint(backward(y, labelling, blank), y, labelling, blank)

    def p_from(row, t):
        """Finish the forward recursion from a given row."""
        for i in range(t + 1, T):
            row = [
                y[i, lp[s]]
                * sum(
                    row[q] for q in (s, s - 1, s - 2) if q >= 0 and (q != s - 2 or (lp[s] != blank and lp[s] != lp[q]))
                )
                for s in range(len(lp))
            ]
        return sum(row[-2:])

    for t in range(T):
        close(p_from(alpha[t], t), probability(y, labelling, blank))
        close(derivative[t], slope(lambda row, t=t: p_from(row, t), alpha[t]), atol=1e-9)


@each_case
def test_eq_entropy(y, labelling, blank):
    products = path_products(y, paths_to(labelling, *y.shape, blank))
    q = products / products.sum()
    close(path_entropy(y, labelling, blank), -sum(q * np.log(q)), atol=1e-14)


@pytest.mark.parametrize("labelling", [(), (1,), (1, 2), (2, 1, 2), (1, 2, 1, 2)])
@pytest.mark.parametrize("T", [4, 5, 7])
def test_eq_uniform_blank(labelling, T):
    U, paths = len(labelling), paths_to(labelling, T, 3)
    formula = Fraction((U + 1) * (T - U), (2 * U + 1) * T)
    assert Fraction(int((paths == 0).sum()), paths.size) == formula  # all paths weigh the same
    assert uniform_blank_occupancy(T, U) == float(formula)
    close(occupancies(np.full((T, 3), 1 / 3), labelling)[:, 0].mean(), float(formula))


def test_uniform_blank_in_a_long_input():
    T, labelling = 60, (1, 2) * 6
    close(occupancies(np.full((T, 3), 1 / 3), labelling)[:, 0].mean(), 13 * 48 / (25 * 60))
    assert uniform_blank_occupancy(T, 12) == 13 * 48 / (25 * 60)


def test_eq_central_difference():
    """Exact for a cubic, in fractions; and where the third derivative varies, its error lies between its ends."""
    cubic = [Fraction(c) for c in (5, -3, 2, 7)]  # 5 - 3x + 2x^2 + 7x^3
    x, h = Fraction(3, 2), Fraction(1, 8)

    def f(x):
        return sum(c * x**n for n, c in enumerate(cubic))

    predicted = cubic[1] + 2 * cubic[2] * x + 3 * cubic[3] * x**2 + h**2 / 6 * (6 * cubic[3])
    assert (f(x + h) - f(x - h)) / (2 * h) == predicted
    close(central_difference(lambda x: float(f(Fraction(x[0]))), [1.5], 0.125), [float(predicted)])
    for h in (0.5, 0.1, 0.02):
        excess = (central_difference(lambda x: math.exp(x[0]), [1.0], h)[0] - math.e) / (h**2 / 6)
        assert math.exp(1 - h) < excess < math.exp(1 + h)


@pytest.mark.parametrize("third, noise", [(1.0, 1.1e-16), (-8.7, 1.9e-16), (0.3, 6e-8)])
def test_eq_best_step(third, noise):
    def bound(h):
        return h**2 / 6 * abs(third) + noise / h

    best = best_step(third, noise)
    steps = best * np.exp(np.linspace(-3, 3, 601))  # the middle one is `best`
    assert np.argmin(bound(steps)) == 300
    close(bound(best), 0.5 * abs(third) ** (1 / 3) * (3 * noise) ** (2 / 3))


# V. The program


def merged(x, y):
    """What `merge` makes of two numbers: the share of y, and the logarithm of the sum."""
    share, out = np.empty((2, 1))
    with np.errstate(over="ignore"):
        merge(np.array([x]), np.array([y]), share, out)
    return float(share[0]), float(out[0])


def two_logarithms():
    """Pairs of all sizes and distances, and those where a careless formula fails."""
    random = np.random.default_rng(0)
    pairs = [tuple(scale * random.normal(size=2)) for scale in (0.1, 1, 10, 100, 1000) for _ in range(40)]
    return [*pairs, (0.0, 0.0), (-1e-9, -700.0), (-700.0, -1e-9), (-2000.0, -3.0), (-3.0, -2000.0), (-1e5, -1e5 - 1)]


def test_eq_share():
    with mpmath.workdps(50):
        for x, y in two_logarithms():
            share, _ = merged(x, y)
            exact = 1 / (1 + mpmath.exp(mpmath.mpf(x) - mpmath.mpf(y)))
            close(float(exact), float(mpmath.exp(y) / (mpmath.exp(x) + mpmath.exp(y))))
            # Rounding x - y moves the share by as much as e moves; below 10^-300 it is 0, or nearly.
            close(share, float(exact), rtol=4e-16 * (1 + abs(x - y)), atol=1e-300)
    for x, y in np.random.default_rng(1).normal(size=(20, 2)):
        share, _ = merged(x, y)
        in_x, in_y = slope(lambda v: math.log(math.exp(v[0]) + math.exp(v[1])), [x, y])
        close([1 - share, share], [in_x, in_y], atol=1e-10)
    assert merged(0.0, IMPOSSIBLE)[0] == 0 and merged(IMPOSSIBLE, 0.0)[0] == 1 == merged(2 * IMPOSSIBLE, IMPOSSIBLE)[0]


def test_eq_merge():
    with mpmath.workdps(50):
        for x, y in two_logarithms():
            exact = mpmath.log(mpmath.exp(x) + mpmath.exp(y))
            share = 1 / (1 + mpmath.exp(mpmath.mpf(x) - mpmath.mpf(y)))
            larger = max(share, 1 - share)
            assert 0.5 <= larger <= 1
            assert abs(max(x, y) - mpmath.log(larger) - exact) < 1e-40
            out = merged(x, y)[1]
            assert abs(out - exact) <= 4e-16 * max(1, abs(exact))
    assert merged(-5.0, IMPOSSIBLE)[1] == merged(IMPOSSIBLE, -5.0)[1] == -5
    assert merged(IMPOSSIBLE, IMPOSSIBLE)[1] == IMPOSSIBLE


def pair_parts(y, labelling, blank):
    """Return blank_t(i) and label_t(i), plain probabilities by enumeration: t = 0..T, i = 0..U; label 0 is 0."""
    alpha = alpha_by_beginnings(y, labelling, blank)
    blanks, labels = np.zeros((2, len(y) + 1, len(labelling) + 1))
    blanks[0, 0] = 1
    blanks[1:], labels[1:, 1:] = alpha[:, ::2], alpha[:, 1::2]
    return blanks, labels


def lattice_of(y, labelling, blank, more=0):
    """The kernel's lattice of one sample, and its gradient array; `more` frames lie beyond the input."""
    logits = np.log(np.vstack([y, random_y(more, y.shape[1], seed=30)]))[None]
    targets = np.array([labelling], dtype=int)
    lattice = Lattice(logits, targets, np.array([len(y)]), np.array([len(labelling)]), blank)
    return lattice, np.zeros_like(logits)


def repeats_before(labelling, i):
    """Say whether label i, counted from 1, equals the one before."""
    return i >= 2 and labelling[i - 1] == labelling[i - 2]


def shares_by_enumeration(y, labelling, blank):
    """The share of blank i in pair i, and that of label i in what is in it a frame later; None where all is 0."""
    (blanks, labels), T, U = pair_parts(y, labelling, blank), len(y), len(labelling)
    pair, stays = {}, {}
    for t in range(T + 1):
        for i in range(U + 1):
            total = blanks[t, i] + labels[t, i]
            pair[t, i] = blanks[t, i] / total if total else None
            if i >= 1:
                left = blanks[t, i - 1] + (0 if repeats_before(labelling, i) else labels[t, i - 1])
                stays[t, i] = labels[t, i] / (labels[t, i] + left) if labels[t, i] + left else None
    return pair, stays


@each_case
def test_eq_pairs(y, labelling, blank):
    (blanks, labels), T, U = pair_parts(y, labelling, blank), len(y), len(labelling)
    for t in range(T):
        for i in range(U + 1):
            close((blanks[t, i] + labels[t, i]) * y[t, blank], blanks[t + 1, i])
            if i >= 1:
                left = blanks[t, i - 1] + (0 if repeats_before(labelling, i) else labels[t, i - 1])
                close((labels[t, i] + left) * y[t, labelling[i - 1]], labels[t + 1, i])
    p = probability(y, labelling, blank)
    close(blanks[T, U] + labels[T, U], p)
    # The kernel: the loss, and every merge on the way that a path can use.
    lattice, gradient = lattice_of(y, labelling, blank)
    with np.errstate(over="ignore"):
        losses = lattice.forward(gradient)
    close(losses, [-math.log(p)])
    pair, stays = shares_by_enumeration(y, labelling, blank)
    for t in range(T):
        for i in range(max(0, U - T + t), min(t, U) + 1):
            if pair[t, i] is not None:
                close(lattice.pair_shares[t][i], pair[t, i])
        for i in range(max(1, U - T + t + 1), min(t + 1, U) + 1):
            if stays[t, i] is not None:
                close(lattice.label_shares[t][i], stays[t, i])
    close(lattice.end_shares, [pair[T, U]])


@each_case
def test_eq_flow_back(y, labelling, blank):
    T, U, p = len(y), len(labelling), probability(y, labelling, blank)
    gamma = through_states(y, labelling, blank) / p
    blanks, labels = gamma[:, ::2], np.hstack([np.zeros((T, 1)), gamma[:, 1::2]])
    pair, stays = shares_by_enumeration(y, labelling, blank)
    close([blanks[-1, U], labels[-1, U]], [pair[T, U], 1 - pair[T, U]])
    for t in range(1, T):  # from the enumerated frame t + 1, whose index is t, to the enumerated frame t

        def next_label(i, t=t):
            return (1 - stays[t, i + 1]) * labels[t, i + 1] if i < U and labels[t, i + 1] else 0

        for i in range(U + 1):
            repeat = repeats_before(labelling, i + 1) if i < U else False
            both = blanks[t, i] + (0 if repeat else next_label(i))
            share = 0 if both == 0 else pair[t, i]
            close(share * both + (next_label(i) if repeat else 0), blanks[t - 1, i], atol=1e-14)
            stay = stays[t, i] * labels[t, i] if i >= 1 and labels[t, i] else 0
            close((1 - share) * both + stay, labels[t - 1, i], atol=1e-14)
    # The kernel subtracts these, added up for each symbol.
    lattice, gradient = lattice_of(y, labelling, blank)
    with np.errstate(over="ignore"):
        lattice.forward(gradient)
    gradient[:] = 0
    lattice.backward(gradient)
    close(-gradient[0], through_symbols(y, labelling, blank) / p, atol=1e-14)


@each_case
def test_eq_certain_blank(y, labelling, blank):
    (T, K), p = y.shape, probability(y, labelling, blank)
    certain = np.eye(K)[[blank]]
    for more in (1, 2):
        longer = np.vstack([y, *[certain] * more])
        close(probability(longer, labelling, blank), p)
        close(through_symbols(longer, labelling, blank)[:T], through_symbols(y, labelling, blank))
    # The kernel takes every frame beyond the input for one, whatever its logits are.
    lattice, _ = lattice_of(y, labelling, blank, more=2)
    log_blank, log_labels = lattice.log_outputs(0, T + 2, None)
    assert (log_blank[T:] == 0).all() and (log_labels[T:] <= IMPOSSIBLE).all()
    close(np.exp(log_blank[:T, 0]), y[:, blank])
    logits = np.log(np.vstack([y, random_y(2, K, seed=31)]))
    targets = np.array([labelling], dtype=int)
    losses, gradient = ctc_loss_and_grad(logits[None], targets, [T], blank=blank)
    close(losses, [-math.log(p)])
    close(gradient[0, :T], y - through_symbols(y, labelling, blank) / p, atol=1e-14)
    assert (gradient[0, T:] == 0).all()
