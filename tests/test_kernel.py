"""kernel.py: the same numbers whatever the rows and blocks; against 50 digits and the one-equation functions.

`python tests/test_kernel.py` prints the largest errors measured.
"""

import tracemalloc

import mpmath
import numpy as np
import pytest
from helpers import close
from test_loss import by_high_precision

from ctc_core import ctc_loss, ctc_loss_and_grad, kernel
from ctc_core.forward_backward import log_backward, log_forward, symbol_sum
from ctc_core.labels import extend
from ctc_core.softmax import log_softmax


def by_equations(u, target, blank):
    """Loss and gradient by the one-equation functions: log alpha, log beta, occupancies."""
    log_y = log_softmax(u)
    log_alpha, log_beta = log_forward(log_y, target, blank), log_backward(log_y, target, blank)
    log_p = np.logaddexp.reduce(log_alpha[-1, -2:])
    if np.isneginf(log_p):
        return np.inf, np.zeros_like(log_y)
    log_outputs = log_y[:, extend(target, blank)]
    through = np.where(np.isneginf(log_outputs), -np.inf, log_alpha + log_beta - np.maximum(log_outputs, -1e308))
    gamma = np.exp(through - np.logaddexp.reduce(through, axis=1, keepdims=True))
    return max(0.0, -log_p), np.exp(log_y) - symbol_sum(gamma, target, u.shape[1], blank)


def random_batch(rng, scale=None, impossible=0.0, feasible=0.8):
    """Arguments for ctc_loss_and_grad: lengths, blank and targets at random, repeats and empty ones among them."""
    N, T, K = rng.integers(1, 6), rng.integers(1, 13), rng.integers(1, 7)
    blank = int(rng.integers(K))
    u = rng.normal(size=(N, T, K)) * (scale or rng.choice([0.1, 1, 3, 10, 30]))
    u[rng.random(u.shape) < impossible] = -np.inf
    u[np.isneginf(u).all(axis=2)] = 0.0
    frames = rng.integers(1, T + 1, size=N)
    labels = [k for k in range(K) if k != blank]
    most = np.where(rng.random(N) < feasible, frames // 2, T)
    targets = [rng.choice(labels, size=rng.integers(0, m + 1)).tolist() if labels else [] for m in most]
    return u, targets, frames, blank


def errors_against_the_equations(batches=5000, seed=0):
    """Largest error of the loss (relative, or absolute below 1) and of the gradient; samples, infinite losses."""
    rng = np.random.default_rng(seed)
    loss_error = gradient_error = samples = infinite = 0
    for _ in range(batches):
        u, targets, frames, blank = random_batch(rng, impossible=rng.choice([0, 0, 0.1, 0.4]))
        losses, gradient = ctc_loss_and_grad(u, targets, frames, blank=blank)
        for n, target in enumerate(targets):
            loss, expected = by_equations(u[n, : frames[n]], target, blank)
            samples += 1
            assert np.isinf(losses[n]) == np.isinf(loss)
            assert (gradient[n, frames[n] :] == 0).all()
            if np.isinf(loss):
                infinite += 1
                assert (gradient[n] == 0).all()
                continue
            loss_error = max(loss_error, abs(losses[n] - loss) / max(1, loss))
            gradient_error = max(gradient_error, abs(gradient[n, : frames[n]] - expected).max())
    return loss_error, gradient_error, samples, infinite


def test_5000_random_batches_against_the_equations():
    loss_error, gradient_error, samples, infinite = errors_against_the_equations()
    assert samples > 10_000 and 1000 < infinite < samples / 2
    assert loss_error < 2e-14
    assert gradient_error < 1e-12


# 200 cases: logits of four scales, as they come or with ties, with and without -inf
SCALES = (1, 30, 1e3, 1e4)


def cases_for_high_precision(scale, count=50):
    rng = np.random.default_rng(int(scale))
    for i in range(count):
        T, K = int(rng.integers(8, 33)), int(rng.integers(2, 9))
        blank = int(rng.integers(K))
        u = rng.normal(size=(T, K)) * scale
        if i % 3 == 1:  # many paths tie
            u = rng.integers(-2, 3, size=(T, K)) * float(scale)
        target = rng.choice([k for k in range(K) if k != blank], size=rng.integers(0, T // 3 + 1)).tolist()
        if i % 2:  # not the symbols of one path, so that the loss stays finite
            path = np.full(T, blank)
            path[: 2 * len(target) : 2] = target
            keep = np.arange(K) == path[:, None]
            u[(rng.random(u.shape) < 0.2) & ~keep] = -np.inf
        yield u, target, blank


def errors_against_50_digits(scale):
    """Largest error of the loss, relative; of the gradient; of the gradient divided by the loss; number of cases."""
    loss_error = gradient_error = part = count = 0
    for u, target, blank in cases_for_high_precision(scale):
        loss, expected = by_high_precision(u, target, blank)
        losses, gradient = ctc_loss_and_grad(u, target, blank=blank)
        assert np.isfinite(loss)
        off = abs(gradient - expected).max()
        count += 1
        loss_error = max(loss_error, abs(losses - loss) / max(loss, 1))
        gradient_error, part = max(gradient_error, off), max(part, off / max(loss, 1))
    return loss_error, gradient_error, part, count


@pytest.mark.parametrize("scale", SCALES)
def test_200_cases_against_50_digits(scale):
    loss_error, _, part, count = errors_against_50_digits(scale)
    assert count == 50
    assert loss_error < 1e-14
    # Logarithms are rounded at 1e-16 of their size, and that is what the gradient is off by.
    assert part < 2e-15


@pytest.mark.parametrize("scale", [4, 8, 12, 16, 24])
def test_a_loss_near_0_is_right_to_1e_14(scale):
    path = np.array([0, 1, 1, 0, 2, 0, 2] * 30)
    u = np.random.default_rng(2).normal(size=(len(path), 5))
    u[np.arange(len(path)), path] += scale
    loss, expected = by_high_precision(u, [1, 2, 2] * 30, 0)
    losses, gradient = ctc_loss_and_grad(u, [1, 2, 2] * 30)
    close(losses, [loss], rtol=1e-15, atol=1e-14)
    close(gradient, expected, rtol=0, atol=1e-14)


def by_rows(log_y, target, blank):
    """Loss of one sample by log alpha, one row of states kept."""
    extended = extend(target, blank)
    skip = np.zeros(len(extended), dtype=bool)
    skip[3::2] = extended[3::2] != extended[1:-2:2]
    alpha = np.full(len(extended), -np.inf)
    alpha[:2] = log_y[0, extended[:2]]
    for row in log_y[1:, extended]:
        total = alpha.copy()
        total[1:] = np.logaddexp(total[1:], alpha[:-1])
        total[2:] = np.where(skip[2:], np.logaddexp(total[2:], alpha[:-2]), total[2:])
        alpha = total + row
    return -np.logaddexp.reduce(alpha[-2:])


def test_the_long_case_from_both_ends():
    """T = 10,000 and U = 2,000: the loss by another recursion, and the gradient of the reversed problem."""
    rng = np.random.default_rng(0)
    u, target = rng.normal(size=(10_000, 32)), rng.integers(1, 32, size=2_000)
    losses, gradient = ctc_loss_and_grad(u, target)
    close(losses, [by_rows(log_softmax(u), target, 0)], rtol=1e-13)
    back, reversed_gradient = ctc_loss_and_grad(u[::-1], target[::-1])
    close(back, losses, rtol=1e-13)
    close(reversed_gradient[::-1], gradient, rtol=0, atol=1e-10)
    close(gradient.sum(axis=1), np.zeros(len(u)), rtol=0, atol=1e-11)
    single_losses, single = ctc_loss_and_grad(u.astype(np.float32), target)
    in_double = ctc_loss_and_grad(u.astype(np.float32).astype(np.float64), target)
    close(single_losses, in_double[0], rtol=1e-7)
    close(single, in_double[1], rtol=0, atol=1e-6)


def test_every_sample_infeasible():
    rng = np.random.default_rng(1)
    for _ in range(50):
        N, T, K = rng.integers(1, 9), rng.integers(1, 8), rng.integers(2, 5)
        u = rng.normal(size=(N, T, K))
        for targets in (rng.integers(1, K, size=(N, T + 1)), np.ones((N, T // 2 + 2), int)):
            losses, gradient = ctc_loss_and_grad(u, targets)
            assert (losses == np.inf).all() and (gradient == 0).all()
            assert (ctc_loss(u, targets) == np.inf).all()
        blocked = u.copy()
        blocked[:, T // 2, :] = -np.inf
        blocked[:, T // 2, 1] = 0.0  # a label that is in no target
        targets = np.full((N, 1), min(2, K - 1))
        if K > 2:
            losses, gradient = ctc_loss_and_grad(blocked, targets)
            assert (losses == np.inf).all() and (gradient == 0).all()


# However rows and blocks are cut


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("row, block", [(1, 1), (8, 1), (8, 16), (64, 2000), (10**6, 10**6)])
def test_rows_and_blocks_of_any_size_give_the_same_bits(row, block, dtype, monkeypatch):
    rng = np.random.default_rng(3)
    u = rng.normal(size=(11, 40, 5)).astype(dtype)
    targets = [rng.integers(1, 5, size=size).tolist() for size in rng.integers(0, 15, size=11)]
    frames = rng.integers(20, 41, size=11)
    losses, gradient = ctc_loss_and_grad(u, targets, frames)
    monkeypatch.setattr(kernel, "ROW", row)
    monkeypatch.setattr(kernel, "BLOCK", block)
    again, gradient_again = ctc_loss_and_grad(u, targets, frames)
    assert (again == losses).all() and (gradient_again == gradient).all()
    assert (ctc_loss(u, targets, frames) == losses).all()


def test_garbage_beyond_the_input_shares_a_row_with_healthy_samples():
    rng = np.random.default_rng(4)
    u, targets = rng.normal(size=(3, 30, 4)), [[1, 2, 2], [3], [1, 1]]
    expected = ctc_loss_and_grad(u, targets, [30, 4, 7])
    u[1, 4:], u[2, 7:] = np.nan, np.inf
    losses, gradient = ctc_loss_and_grad(u, targets, [30, 4, 7])
    assert (losses == expected[0]).all() and (gradient == expected[1]).all()


# One merge


def test_merge_adds_and_divides():
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(2, 2000)) * rng.choice([1, 30, 1000], size=2000)
    x[:5] = kernel.IMPOSSIBLE, 0.0, kernel.IMPOSSIBLE, -np.inf, 7.0
    y[:5] = -5.0, 3 * kernel.IMPOSSIBLE, kernel.IMPOSSIBLE, 7.0, -np.inf
    share, out = np.empty((2, 2000))
    with np.errstate(over="ignore"):
        kernel.merge(x, y, share, out)
    assert out[0] == -5 and share[0] == 1
    assert out[1] == 0 and share[1] == 0  # exactly: nothing flows into what is impossible
    assert np.isfinite(out[2]) and share[2] == 0.5
    assert (out[3:5] == 7).all() and share[3] == 1 and share[4] == 0
    with mpmath.workdps(50):
        for i in range(5, 2000):
            a, b = mpmath.exp(mpmath.mpf(float(x[i]))), mpmath.exp(mpmath.mpf(float(y[i])))
            close(out[i], float(mpmath.log(a + b)), rtol=3e-16, atol=3e-16)
            close(share[i], float(b / (a + b)), rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 100])
def test_a_sum_of_pairs_does_not_depend_on_what_stands_beside_or_behind(size):
    rng = np.random.default_rng(size)
    rows = rng.random((4, size, 3))
    expected = rows.sum(axis=1)
    total = kernel.sum_of_pairs(rows.copy())
    close(total, expected, rtol=1e-14)
    behind = np.concatenate([rows, np.zeros((4, 13, 3))], axis=1)
    assert (kernel.sum_of_pairs(behind) == total).all()
    assert (kernel.sum_of_pairs(rows[:, :, 1:2].copy()) == total[:, 1:2]).all()


# Memory: NumPy reports its arrays to tracemalloc


def peak(function, *arguments):
    function(*arguments)
    tracemalloc.start()
    result = function(*arguments)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    kept = sum(a.nbytes for a in (result if isinstance(result, tuple) else (result,)))
    return most - kept


def test_memory_of_the_loss_alone_does_not_grow_with_T():
    rng = np.random.default_rng(6)
    targets = rng.integers(1, 16, size=(4, 30))
    short, long = (peak(ctc_loss, rng.normal(size=(4, T, 16)), targets) for T in (4_000, 16_000))
    # One number kept for each frame and sample would be 1.16; what Python itself holds has made it 1.03.
    assert long < 1.1 * short, (short, long)


def test_memory_of_the_gradient_is_two_numbers_for_a_pair_and_frame():
    rng = np.random.default_rng(7)
    for N, T, U in ((1, 4000, 500), (4, 2000, 300)):
        u, targets = rng.normal(size=(N, T, 16)), rng.integers(1, 16, size=(N, U))
        # Beside the shares: blocks of BLOCK numbers, of which about ten are alive, and 1 kB of slices for a frame.
        assert peak(ctc_loss_and_grad, u, targets) < 2 * 8 * N * T * (U + 1) + 10 * 8 * kernel.BLOCK + 1000 * T
    # Parts of the batch come one after the other, so more samples take no more.
    u, targets = rng.normal(size=(64, 300, 16)), rng.integers(1, 16, size=(64, 100))
    together = kernel.ROW // 101
    assert peak(ctc_loss_and_grad, u, targets) < 2 * 8 * together * 300 * 101 + 12 * 8 * kernel.BLOCK + 1000 * 300


if __name__ == "__main__":
    print("largest relative error of the loss, largest error of the gradient")
    print("against 50 digits, 50 cases each")
    for scale in SCALES:
        loss_error, gradient_error, part, _ = errors_against_50_digits(scale)
        print(f"  scale {scale:g}: loss {loss_error:.1e}; gradient {gradient_error:.1e}, over loss {part:.1e}")
    loss_error, gradient_error, samples, infinite = errors_against_the_equations()
    print(f"against the one-equation functions, 5000 batches, {samples} samples, {infinite} infinite")
    print(f"  loss {loss_error:.1e}; gradient {gradient_error:.1e}")
