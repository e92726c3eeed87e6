"""What must hold for every input: hypothesis searches for one for which it does not.

Always the same search (derandomize), so a failure is never a matter of luck.
"""

import math
from itertools import product

import numpy as np
from helpers import close, merge_then_drop, paths_to, probability
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ctc_core import best_path, ctc_loss, ctc_loss_and_grad, prefix_search, why_infinite
from ctc_core.differences import central_difference
from ctc_core.forward_backward import (
    backward,
    backward_probability,
    backward_rescaled,
    forward,
    forward_probability,
    forward_rescaled,
    log_backward,
    log_forward,
    log_probability_rescaled,
    probability_at,
    state_occupancy,
    symbol_sum,
)
from ctc_core.gradient import dp_dy, grad_log_outputs, grad_logits, grad_logits_rescaled, occupancies
from ctc_core.labels import collapse, extend, min_length
from ctc_core.paths import (
    all_labellings,
    label_probability,
    labelling_distribution,
    path_count,
    paths_of,
    state_sequences,
)
from ctc_core.softmax import log_softmax, softmax

settings.register_profile("book", derandomize=True, deadline=None, database=None, max_examples=50)
settings.load_profile("book")
often = settings(max_examples=150)

LOGITS = st.integers(-64, 64).map(lambda n: n / 8)  # exact in float32 too


@st.composite
def problems(draw, max_T=6, max_K=4, feasible=True):
    """(u, labelling, blank): logits, and a labelling that fits them unless told otherwise."""
    T, K = draw(st.integers(1, max_T)), draw(st.integers(1, max_K))
    blank = draw(st.integers(0, K - 1))
    labels = [k for k in range(K) if k != blank]
    labelling = tuple(draw(st.lists(st.sampled_from(labels), max_size=T))) if labels else ()
    if feasible:
        while len(labelling) + sum(a == b for a, b in zip(labelling, labelling[1:], strict=False)) > T:
            labelling = labelling[1:]
    return draw(arrays(float, (T, K), elements=LOGITS)), labelling, blank


@given(problems(max_T=4))
def test_the_probabilities_of_all_labellings_sum_to_1(problem):
    u, _, blank = problem
    y, T, labels = softmax(u), len(u), [k for k in range(u.shape[1]) if k != blank]
    close(sum(forward_probability(forward(y, l, blank)) for l in all_labellings(T, labels)), 1, rtol=1e-12)
    losses = [ctc_loss(u, l, blank=blank) for l in all_labellings(T, labels)]
    close(sum(math.exp(-loss) for loss in losses), 1, rtol=1e-12)
    distribution = labelling_distribution(y, blank)
    close(sum(distribution.values()), 1, rtol=1e-12)
    for labelling, p in distribution.items():
        close(forward_probability(forward(y, labelling, blank)), p, rtol=1e-12)


@often
@given(problems(feasible=False))
def test_every_way_to_the_probability_agrees(problem):
    u, labelling, blank = problem
    y, log_y = softmax(u), log_softmax(u)
    p = probability(y, labelling, blank)
    loss = -math.log(p) if p else math.inf
    alpha, beta = forward(y, labelling, blank), backward(y, labelling, blank)
    for q in (
        forward_probability(alpha),
        backward_probability(beta),
        forward_probability(forward(y, labelling, blank, prune=True)),
        backward_probability(backward(y, labelling, blank, prune=True)),
        label_probability(y, labelling, blank),
        *(probability_at(alpha, beta, y, labelling, t, blank) for t in range(len(y))),
    ):
        close(q, p, rtol=1e-12, atol=0)
    for log_p in (
        log_probability_rescaled(*forward_rescaled(y, labelling, blank)),
        log_probability_rescaled(*forward_rescaled(y, labelling, blank, prune=False)),
        np.logaddexp.reduce(log_forward(log_y, labelling, blank)[-1, -2:]),
        np.logaddexp.reduce(log_backward(log_y, labelling, blank)[0, :2]),
        -ctc_loss(u, labelling, blank=blank),
        -ctc_loss_and_grad(u, labelling, blank=blank)[0],
    ):
        close(log_p, -loss, rtol=1e-12, atol=1e-12)
    assert list(why_infinite(u, labelling, blank=blank)) == ([] if p else [0])
    assert (p > 0) == (len(u) >= min_length(labelling))
    assert p > 0 or (ctc_loss_and_grad(u, labelling, blank=blank)[1] == 0).all()


@often
@given(problems())
def test_rescaled_plain_and_log_variables_are_the_same(problem):
    u, labelling, blank = problem
    y, log_y = softmax(u), log_softmax(u)
    alpha, beta = forward(y, labelling, blank), backward(y, labelling, blank)
    close(np.exp(log_forward(log_y, labelling, blank)), alpha, rtol=1e-11, atol=0)
    close(np.exp(log_backward(log_y, labelling, blank)), beta, rtol=1e-11, atol=0)
    alpha_hat, C = forward_rescaled(y, labelling, blank, prune=False)
    close(alpha_hat * np.cumprod(C)[:, None], alpha, rtol=1e-12, atol=0)
    beta_hat, D = backward_rescaled(y, labelling, blank, prune=False)
    close(beta_hat * np.cumprod(D[::-1])[::-1, None], beta, rtol=1e-12, atol=0)
    close(alpha_hat.sum(axis=1), np.ones(len(y)))
    close(beta_hat.sum(axis=1), np.ones(len(y)))


@often
@given(problems())
def test_beta_is_alpha_of_the_reversed_problem(problem):
    u, labelling, blank = problem
    y, back = softmax(u), labelling[::-1]
    for prune in (False, True):
        mirrored = forward(y[::-1], back, blank, prune=prune)[::-1, ::-1]
        close(backward(y, labelling, blank, prune=prune), mirrored, rtol=1e-12, atol=0)
        alpha_hat, C = forward_rescaled(y[::-1], back, blank, prune=prune)
        beta_hat, D = backward_rescaled(y, labelling, blank, prune=prune)
        close(beta_hat, alpha_hat[::-1, ::-1], rtol=1e-12, atol=0)
        close(D, C[::-1], rtol=1e-12)
    close(
        log_backward(log_softmax(u), labelling, blank),
        log_forward(log_softmax(u)[::-1], back, blank)[::-1, ::-1],
        rtol=1e-12,
        atol=1e-12,
    )
    close(ctc_loss(u, labelling, blank=blank), ctc_loss(u[::-1], back, blank=blank), rtol=1e-12, atol=1e-13)
    reversed_gradient = ctc_loss_and_grad(u[::-1], back, blank=blank)[1][::-1]
    close(ctc_loss_and_grad(u, labelling, blank=blank)[1], reversed_gradient, atol=1e-12)


@often
@given(problems())
def test_alpha_and_its_invariances(problem):
    u, labelling, blank = problem
    y = softmax(u)
    T, S = len(y), 2 * len(labelling) + 1
    alpha = forward(y, labelling, blank)
    assert alpha.shape == (T, S) and (alpha >= 0).all() and (alpha <= 1).all()
    assert (alpha.sum(axis=1) <= 1 + 1e-12).all()  # beginnings of different paths
    # Causal: the rest of the outputs, and the rest of the labelling, change nothing before.
    for t in range(1, T):
        assert (forward(y[:t], labelling, blank) == alpha[:t]).all()
    for U in range(len(labelling)):
        assert (forward(y, labelling[:U], blank) == alpha[:, : 2 * U + 1]).all()
    # Linear in each row of outputs.
    scale = np.arange(1, T + 1)[:, None] / 4
    close(forward(y * scale, labelling, blank), alpha * np.cumprod(scale)[:, None], rtol=1e-12, atol=0)
    # Columns of symbols that the labelling does not hold are never read.
    others = [k for k in range(y.shape[1]) if k != blank and k not in labelling]
    changed = y.copy()
    changed[:, others] = 0.123
    assert (forward(changed, labelling, blank) == alpha).all()


@often
@given(problems())
def test_occupancies_are_distributions(problem):
    u, labelling, blank = problem
    y = softmax(u)
    gamma = state_occupancy(forward(y, labelling, blank), backward(y, labelling, blank), y, labelling, blank)
    close(gamma.sum(axis=1), np.ones(len(y)), rtol=1e-12)
    by_symbol = symbol_sum(gamma, labelling, y.shape[1], blank)
    close(by_symbol.sum(axis=1), np.ones(len(y)), rtol=1e-12)
    assert (gamma >= 0).all() and (gamma <= 1 + 1e-12).all()
    # Each label takes at least one frame, each repeat a blank between.
    for k in range(y.shape[1]):
        if k != blank:
            assert by_symbol[:, k].sum() >= labelling.count(k) - 1e-12
    assert by_symbol[:, blank].sum() >= min_length(labelling) - len(labelling) - 1e-12


@often
@given(problems())
def test_gradient_rows_sum_to_0_and_stay_within_1(problem):
    u, labelling, blank = problem
    for gradient in (
        ctc_loss_and_grad(u, labelling, blank=blank)[1],
        grad_logits(softmax(u), labelling, blank),
    ):
        assert abs(gradient.sum(axis=1)).max() < 1e-12
        assert abs(gradient).max() <= 1 + 1e-12
        absent = [k for k in range(u.shape[1]) if k != blank and k not in labelling]
        close(gradient[:, absent], softmax(u)[:, absent], rtol=1e-12)  # always pushed down, by what it says


@given(problems(max_T=5))
def test_the_gradient_is_the_slope(problem):
    u, labelling, blank = problem
    y = softmax(u)

    def loss(v):
        return -math.log(probability(softmax(v), labelling, blank))

    # Differences of second order with a step of 1e-5: right to 1e-8 for losses up to about 50.
    slopes = central_difference(loss, u)
    gradient = ctc_loss_and_grad(u, labelling, blank=blank)[1]
    assert abs(gradient - slopes).max() < 1e-8
    assert abs(gradient - (y - occupancies(y, labelling, blank))).max() < 1e-11
    free = central_difference(lambda v: -math.log(probability(np.exp(v), labelling, blank)), np.log(y))
    assert abs(grad_log_outputs(y, labelling, blank) - free).max() < 1e-8
    p_slopes = central_difference(lambda v: probability(v, labelling, blank), y, h=1e-4)
    assert abs(dp_dy(y, labelling, blank) - p_slopes).max() < 1e-10  # p is linear in each output


@often
@given(problems(), st.integers(0, 2**32 - 1))
def test_any_scale_of_alpha_and_beta_cancels_in_the_gradient(problem, seed):
    u, labelling, blank = problem
    y = softmax(u)
    scale = np.random.default_rng(seed).lognormal(sigma=30, size=(2, len(y), 1))
    alpha_hat = forward(y, labelling, blank) * scale[0]
    beta_hat = backward(y, labelling, blank) * scale[1]
    close(
        grad_logits_rescaled(y, alpha_hat, beta_hat, labelling, blank),
        grad_logits(y, labelling, blank),
        atol=1e-12,
    )


@st.composite
def batches(draw):
    """(u, targets, lengths, blank), in float32 or float64; a target may be longer than its input."""
    N, T, K = draw(st.integers(1, 4)), draw(st.integers(1, 6)), draw(st.integers(2, 4))
    blank = draw(st.integers(0, K - 1))
    u = draw(arrays(draw(st.sampled_from([np.float32, np.float64])), (N, T, K), elements=LOGITS))
    label = st.sampled_from([k for k in range(K) if k != blank])
    targets = draw(st.lists(st.lists(label, max_size=4), min_size=N, max_size=N))
    return u, targets, draw(st.lists(st.integers(1, T), min_size=N, max_size=N)), blank


@given(batches())
def test_a_batch_is_its_samples_bitwise(batch):
    u, targets, lengths, blank = batch
    N = len(u)
    losses, gradient = ctc_loss_and_grad(u, targets, lengths, blank=blank)
    in_float64 = ctc_loss_and_grad(u.astype(np.float64), targets, lengths, blank=blank)
    assert gradient.dtype == u.dtype
    close(losses, in_float64[0], rtol=2e-7, atol=1e-12)
    close(gradient, in_float64[1], rtol=0, atol=5e-7)
    width = max(map(len, targets))
    rectangle = np.array([target + [-1] * (width - len(target)) for target in targets]).reshape(N, width)
    again = ctc_loss_and_grad(u, rectangle.astype(int), lengths, list(map(len, targets)), blank=blank)
    assert (again[0] == losses).all() and (again[1] == gradient).all()
    for n in range(N):
        loss, alone = ctc_loss_and_grad(u[n, : lengths[n]], targets[n], blank=blank)
        assert loss == losses[n]
        assert (alone == gradient[n, : lengths[n]]).all() and (gradient[n, lengths[n] :] == 0).all()


@often
@given(problems(feasible=False), st.integers(0, 2**32 - 1))
def test_renaming_the_symbols_changes_nothing(problem, seed):
    u, labelling, blank = problem
    new = np.random.default_rng(seed).permutation(u.shape[1])  # symbol k becomes new[k]
    v = np.empty_like(u)
    v[:, new] = u
    loss, gradient = ctc_loss_and_grad(u, labelling, blank=blank)
    renamed, renamed_gradient = ctc_loss_and_grad(v, [int(new[k]) for k in labelling], blank=int(new[blank]))
    close(renamed, loss, rtol=1e-13)
    close(renamed_gradient[:, new], gradient, atol=1e-13)


@often
@given(problems(), arrays(float, 6, elements=st.floats(-1e3, 1e3)))
def test_a_shift_of_a_frame_changes_nothing(problem, shift):
    u, labelling, blank = problem
    loss, gradient = ctc_loss_and_grad(u, labelling, blank=blank)
    shifted, shifted_gradient = ctc_loss_and_grad(u + shift[: len(u), None], labelling, blank=blank)
    close(shifted, loss, rtol=1e-11, atol=1e-11)  # the sum u + shift is rounded at 1e-13
    close(shifted_gradient, gradient, atol=1e-11)


PATHS = st.lists(st.integers(0, 3), max_size=8)


@often
@given(PATHS, PATHS, st.integers(0, 3))
def test_collapse(path, more, blank):
    labelling = collapse(path, blank)
    assert labelling == merge_then_drop(path, blank)
    assert blank not in labelling and len(labelling) <= len(path)
    # Saying each symbol longer, or wrapping the path in blanks, spells the same.
    assert collapse([k for k in path for _ in range(2)], blank) == labelling
    assert collapse([blank, *path, blank], blank) == labelling
    # A blank between two paths keeps them apart.
    assert collapse([*path, blank, *more], blank) == labelling + collapse(more, blank)
    # Idempotent exactly when no two neighbours are equal; with blanks put in, always.
    equal_neighbours = any(a == b for a, b in zip(labelling, labelling[1:], strict=False))
    assert (collapse(labelling, blank) == labelling) == (not equal_neighbours)
    assert collapse(extend(labelling, blank).tolist(), blank) == labelling
    assert collapse(path[::-1], blank) == labelling[::-1]


@given(st.lists(st.integers(1, 3), max_size=4).map(tuple), st.integers(1, 6))
def test_path_count_is_the_number_of_paths(labelling, T):
    n = len(paths_to(labelling, T, 4))
    assert path_count(labelling, T) == n == len(paths_of(labelling, T)) == len(state_sequences(labelling, T))
    # Equal neighbours apart, the labels themselves do not matter.
    swapped = tuple({1: 2, 2: 3, 3: 1}[k] for k in labelling)
    assert path_count(swapped, T) == n


@given(problems(max_T=5, max_K=3))
def test_prefix_search_finds_the_best_of_all_labellings(problem):
    u, _, blank = problem
    y = softmax(u)
    found = prefix_search(log_softmax(u), blank)
    (labelling, log_p), total = found.labellings[0], {}
    assert found.proved
    for path in product(range(y.shape[1]), repeat=len(y)):
        spelled = merge_then_drop(path, blank)
        total[spelled] = total.get(spelled, 0) + math.prod(y[range(len(y)), path])
    best = max(total.values())
    close(total[labelling], best, rtol=1e-12)
    close(log_p, math.log(best), atol=1e-12)
    assert total[best_path(y, blank)] <= best * (1 + 1e-12)
    close(best, next(iter(labelling_distribution(y, blank).values())), rtol=1e-12)


@often
@given(problems())
def test_one_more_certain_blank_changes_nothing(problem):
    u, labelling, blank = problem
    certain = np.full((1, u.shape[1]), -np.inf)
    certain[0, blank] = 0
    loss, gradient = ctc_loss_and_grad(u, labelling, blank=blank)
    for longer, own in [(np.vstack([u, certain]), slice(None, -1)), (np.vstack([certain, u]), slice(1, None))]:
        longer_loss, longer_gradient = ctc_loss_and_grad(longer, labelling, blank=blank)
        close(longer_loss, loss, rtol=1e-13)
        close(longer_gradient[own], gradient, atol=1e-12)


@often
@given(problems(max_T=4))
def test_a_step_down_the_gradient_lowers_the_loss(problem):
    u, labelling, blank = problem
    loss, gradient = ctc_loss_and_grad(u, labelling, blank=blank)
    assume(abs(gradient).max() > 1e-3)
    assert ctc_loss(u - 1e-3 * gradient, labelling, blank=blank) < loss
