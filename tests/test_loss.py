"""loss.py: the batched loss and gradient against enumeration and high precision, and its contract.

`python tests/test_loss.py` prints the largest errors measured.
"""

import inspect
from functools import cache
from itertools import product

import mpmath
import numpy as np
import pytest
from helpers import close

import ctc_core
from ctc_core import ctc_loss, ctc_loss_and_grad, why_infinite

# Against enumeration: every path of every sample, in a few array operations


def coded(labels, K):
    """A labelling as one number: its labels as digits in base K + 1."""
    number = 0
    for label in labels:
        number = number * (K + 1) + label + 1
    return number


@cache
def every_path(T, K, blank):
    """All K^T paths, one a row, and the code of what each collapses to."""
    paths = np.stack(np.unravel_index(np.arange(K**T), (K,) * T), axis=1)
    code, previous = np.zeros(K**T, dtype=int), np.full(K**T, -1)
    for symbol in paths.T:
        code = np.where((symbol == blank) | (symbol == previous), code, code * (K + 1) + symbol + 1)
        previous = symbol
    return paths, code


def by_enumeration(u, target, blank):
    """Loss and gradient: the gradient of each path, y minus the path, weighted by the path's share of p."""
    T, K = u.shape
    log_y = u - u.max(axis=1, keepdims=True)
    log_y = log_y - np.log(np.exp(log_y).sum(axis=1, keepdims=True))
    paths, code = every_path(T, K, blank)
    paths = paths[code == coded(target, K)]
    log_products = log_y[np.arange(T), paths].sum(axis=1)
    best = log_products.max(initial=-np.inf)
    if best == -np.inf:
        return np.inf, np.zeros((T, K))
    weights = np.exp(log_products - best)
    passed = (weights[:, None, None] * (paths[:, :, None] == np.arange(K))).sum(axis=0)
    return -best - np.log(weights.sum()), np.exp(log_y) - passed / weights.sum()


def problems(count=2000):
    """(u, target, blank): every labelling of up to 3 labels of 2 or 3 kinds, then random ones."""
    rng = np.random.default_rng(0)

    def logits(T, K):
        u = rng.normal(size=(T, K)) * rng.choice([0.3, 1, 3, 10])
        if rng.random() < 0.3:  # some outputs impossible, but never a whole frame
            u[rng.random((T, K)) < 0.2] = -np.inf
            u[np.arange(T), rng.integers(0, K, T)] = 0.0
        return u

    made = 0
    for kinds in (2, 3):
        for U in range(4):
            for T, blank, chosen in product(range(1, 6), (0, kinds), product(range(kinds), repeat=U)):
                target = [k + (k >= blank) for k in chosen]
                yield logits(T, kinds + 1), target, blank
                made += 1
    while made < count:
        T, K = rng.integers(1, 7), rng.integers(1, 5)
        blank = rng.integers(0, K)
        labels = [k for k in range(K) if k != blank]
        U = rng.integers(0, min(T, 4) + 1) if labels else 0
        yield logits(T, K), [int(rng.choice(labels)) for _ in range(U)], int(blank)
        made += 1


def padded(batch):
    """Samples of one K as arrays, with NaN frames and labels out of range for padding."""
    T, U = max(len(u) for u, _ in batch), max(len(target) for _, target in batch)
    logits = np.full((len(batch), T, batch[0][0].shape[1]), np.nan)
    targets = np.full((len(batch), U), -7)
    for n, (u, target) in enumerate(batch):
        logits[n, : len(u)] = u
        targets[n, : len(target)] = target
    return logits, targets, [len(u) for u, _ in batch], [len(target) for _, target in batch]


def largest_errors():
    """Run all problems, in padded batches; return the number of samples, of infinite losses, and the errors."""
    groups = {}
    for u, target, blank in problems():
        groups.setdefault((u.shape[1], blank), []).append((u, target))
    n_samples = n_infinite = 0
    loss_error = gradient_error = 0.0
    for (_, blank), group in groups.items():
        for start in range(0, len(group), 16):
            batch = group[start : start + 16]
            losses, gradient = ctc_loss_and_grad(*padded(batch), blank=blank)
            assert (losses == ctc_loss(*padded(batch), blank=blank)).all()
            for n, (u, target) in enumerate(batch):
                loss, expected = by_enumeration(u, target, blank)
                n_samples += 1
                n_infinite += np.isinf(loss)
                assert np.isinf(losses[n]) == np.isinf(loss), (u, target, blank)
                assert (gradient[n, len(u) :] == 0).all()
                if np.isinf(loss):
                    assert (gradient[n] == 0).all()
                    continue
                # Relative for the loss; one that is nearly 0 comes from 1 - p, which is rounded at 1e-16.
                loss_error = max(loss_error, abs(losses[n] - loss) / max(loss, 1e-3))
                gradient_error = max(gradient_error, abs(gradient[n, : len(u)] - expected).max())
    return n_samples, n_infinite, loss_error, gradient_error


def test_2000_small_problems_against_enumeration():
    n_samples, n_infinite, loss_error, gradient_error = largest_errors()
    assert n_samples == 2000 and 100 < n_infinite < 1000
    assert loss_error < 1e-12, f"largest relative error of the loss: {loss_error:.2g}"
    assert gradient_error < 1e-12, f"largest error of the gradient: {gradient_error:.2g}"


# Against 50 digits, by a recursion over (labels begun, blank or not): no extended labelling in it


def by_high_precision(u, l, blank, digits=50):
    with mpmath.workdps(digits):
        T, U = len(u), len(l)
        y = []
        for row in u.tolist():
            e = [mpmath.exp(mpmath.mpf(v)) for v in row]
            total = mpmath.fsum(e)
            y.append([v / total for v in e])
        free = [i > 0 and l[i] != l[i - 1] for i in range(U)]  # may follow its neighbour directly
        # before[t] = (in blank after i labels, in label i) for the beginnings up to t; after[t] for the rest
        blanks, labels = [y[0][blank]] + [mpmath.mpf(0)] * U, [mpmath.mpf(0)] * U
        if U:
            labels[0] = y[0][l[0]]
        before = [(blanks, labels)]
        for t in range(1, T):
            blanks, labels = before[-1]
            stay = [(blanks[i] + (labels[i - 1] if i else 0)) * y[t][blank] for i in range(U + 1)]
            move = [(labels[i] + blanks[i] + (labels[i - 1] if free[i] else 0)) * y[t][l[i]] for i in range(U)]
            before.append((stay, move))
        one, zero = mpmath.mpf(1), mpmath.mpf(0)
        after = [([zero] * U + [one], [zero] * (U - 1) + [one] * (U > 0))]
        for t in range(T - 1, 0, -1):
            blanks, labels = after[-1]
            rest = [v * y[t][blank] for v in blanks]
            read = [v * y[t][l[i]] for i, v in enumerate(labels)]
            after.append(
                (
                    [rest[i] + (read[i] if i < U else 0) for i in range(U + 1)],
                    [rest[i + 1] + read[i] + (read[i + 1] if i + 1 < U and free[i + 1] else 0) for i in range(U)],
                )
            )
        after.reverse()
        p = before[-1][0][-1] + (before[-1][1][-1] if U else 0)
        gradient = [row[:] for row in y]
        for t in range(T):
            for i in range(U + 1):
                gradient[t][blank] -= before[t][0][i] * after[t][0][i] / p
            for i in range(U):
                gradient[t][l[i]] -= before[t][1][i] * after[t][1][i] / p
        return float(-mpmath.log(p)), np.array([[float(v) for v in row] for row in gradient])


def normal(rng, shape):
    return rng.normal(size=shape)


def whole(rng, shape):
    return rng.integers(-2, 3, size=shape).astype(float)  # many paths tie, however large the logits


LONG = [
    (300, 30, 40, 0, normal, 1),
    (300, 30, 120, 29, normal, 3),
    (150, 5, 60, 2, normal, 10),
    (100, 8, 30, 0, whole, 30),
    (100, 8, 30, 0, whole, 1000),
    (60, 8, 20, 0, normal, 10_000),
]


def long_errors(T, K, U, blank, draw, scale):
    """Loss, its relative error, and the largest error of the gradient."""
    rng = np.random.default_rng(U)
    u = draw(rng, (T, K)) * scale
    labels = [k for k in range(K) if k != blank]
    target = [int(rng.choice(labels)) for _ in range(U)]
    loss, expected = by_high_precision(u, target, blank)
    losses, gradient = ctc_loss_and_grad(u, target, blank=blank)
    return loss, abs(losses / loss - 1), abs(gradient - expected).max()


@pytest.mark.parametrize("T, K, U, blank, draw, scale", LONG)
def test_long_inputs_against_50_digits(T, K, U, blank, draw, scale):
    loss, loss_error, gradient_error = long_errors(T, K, U, blank, draw, scale)
    assert loss_error < 1e-13
    # Logarithms are rounded at 1e-16 of their size, and that is what the gradient is off by.
    assert gradient_error < 2e-15 * loss


FIXTURE = np.array([[0.1, 0.6, 0.1, 0.1, 0.1], [0.1, 0.1, 0.6, 0.1, 0.1]])


def test_fixture_of_a_sibling_notebook():
    # One path, 1 2. The value often seen, 2.46285844, is this one in float32.
    with mpmath.workdps(30):
        e1, e6 = mpmath.exp(mpmath.mpf("0.1")), mpmath.exp(mpmath.mpf("0.6"))
        loss, other = -2 * mpmath.log(e6 / (4 * e1 + e6)), e1 / (4 * e1 + e6)
    losses, gradient = ctc_loss_and_grad(FIXTURE, [1, 2])
    close(losses, float(loss), rtol=1e-15)
    assert f"{losses:.8f}" == "2.46285839" and f"{np.float32(losses):.8f}" == "2.46285844"
    expected = np.full((2, 5), float(other))
    expected[0, 1] = expected[1, 2] = -4 * float(other)
    close(gradient, expected, rtol=1e-14)
    assert gradient.round(5)[0].tolist() == [0.17703, -0.70812, 0.17703, 0.17703, 0.17703]


# The contract


def logits_and_targets(N=3, T=5, K=4, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(N, T, K)), [[1, 2], [3, 3], []][:N]


U3 = np.zeros((2, 4, 3))  # two samples, four frames, three symbols


def with_value(value, where):
    u = U3.copy()
    u[where] = value
    return u


REFUSALS = {
    # logits
    "1-D logits": ((np.zeros(3), [1]), ValueError, r"logits: expected shape \(N, T, K\) or \(T, K\), got \(3,\)"),
    "4-D logits": ((np.zeros((1, 1, 2, 3)), [[1]]), ValueError, r"logits: expected shape .* got \(1, 1, 2, 3\)"),
    "ragged logits": (([[0.0, 1.0], [0.0]], [1]), ValueError, "logits: .*unequal length"),
    "boolean logits": ((np.zeros((3, 3), bool), [1]), TypeError, "logits: expected float32 or float64, got bool"),
    "float16 logits": (
        (np.zeros((3, 3), "f2"), [1]),
        TypeError,
        r"got float16: convert it, with .astype\(np.float32\)",
    ),
    "complex logits": ((np.zeros((3, 3), complex), [1]), TypeError, "logits: expected float32 or float64, got comp"),
    "no logits": ((None, [1]), TypeError, "logits: expected float32 or float64, got object"),
    "T = 0": ((np.zeros((1, 0, 3)), [[]]), ValueError, r"logits: expected at least one frame.*\(1, 0, 3\)"),
    "K = 0": ((np.zeros((1, 3, 0)), [[]]), ValueError, r"logits: expected at least one frame.*\(1, 3, 0\)"),
    "NaN": ((with_value(np.nan, (1, 2, 0)), [[1], [1]]), ValueError, "logits, sample 1, frame 2: .*symbol 0 is nan"),
    "+inf": ((with_value(np.inf, (0, 3, 2)), [[1], [1]]), ValueError, "logits, sample 0, frame 3: .*symbol 2 is inf"),
    "only -inf": (
        (with_value(-np.inf, (1, 1)), [[1], [1]]),
        ValueError,
        "logits, sample 1, frame 1: every logit is -inf, expected at least one symbol",
    ),
    "NaN beside -inf": (
        (with_value([-np.inf, np.nan, -np.inf], (1, 1)), [[1], [1]]),
        ValueError,
        "logits, sample 1, frame 1: .*symbol 1 is nan, expected a finite number or -inf",
    ),
    "masked logits": ((np.ma.masked_equal(U3, 1), [[1], [1]]), TypeError, "logits: expected a plain array, got a mask"),
    "turned logits": (
        (np.zeros((4, 2, 3)), np.ones((2, 1), int)),
        ValueError,
        r"targets: expected 4 sequences.* got 2; logits of shape \(T, N, K\)\? give logits.transpose",
    ),
    # targets
    "masked targets": ((U3, np.ma.masked_equal([[1, 2], [2, -1]], -1)), TypeError, "targets: expected a plain array"),
    "masked row": (
        (U3, [[1], np.ma.masked_equal([2, -1], -1)]),
        TypeError,
        "targets, sample 1: expected a plain array, got a masked one; say with lengths what is padding",
    ),
    "padded with -1": (
        (U3, np.array([[1, 2], [2, -1]])),
        ValueError,
        "targets, sample 1: position 1 is -1, expected a label in 0..2; if that is padding, give target_lengths",
    ),
    "padded with the blank": (
        (U3, np.array([[1, 2], [2, 0]])),
        ValueError,
        r"targets, sample 1: position 1 holds the blank \(0\); if that is padding, give target_lengths",
    ),
    "only the blank": ((U3[:, :, :1], [[1], []]), ValueError, "position 0 is 1, expected none: the only symbol is the"),
    "concatenated": (
        (U3, np.array([1, 2, 1]), None, [1, 2]),
        ValueError,
        r"targets: expected shape \(2, U\), got \(3,\); split them: np.split\(targets, np.cumsum\(target",
    ),
    "label = K": ((U3, [[1], [2, 3]]), ValueError, r"targets, sample 1: .*position 1 is 3, expected a label in 0\.\.2"),
    "label = -1": ((U3, [[-1], [2]]), ValueError, r"targets, sample 0: .*position 0 is -1, expected a label in 0"),
    "label = 10^6": ((U3, [[1], [10**6]]), ValueError, "targets, sample 1: .*position 0 is 1000000, expected a label"),
    "label = 10^30": ((U3, [[1], [10**30]]), TypeError, "targets, sample 1: .*expected integers"),
    "label = blank": ((U3, [[1], [2, 0]]), ValueError, r"targets, sample 1: .*position 1 holds the blank \(0\)"),
    "K in an array": ((U3, np.array([[1, 2], [2, 3]])), ValueError, "targets, sample 1: .*position 1 is 3, expected"),
    "blank in an array": (
        (U3, np.array([[1, 0], [1, 2]])),
        ValueError,
        r"targets, sample 0: .*position 1 holds the bl",
    ),
    "float labels": ((U3, np.ones((2, 1))), TypeError, "targets, sample 0: .*expected integers, got float64"),
    "boolean labels": ((U3, [[True], [True]]), TypeError, "targets, sample 0: .*expected integers, got bool"),
    "text": ((U3[0], "ab"), TypeError, "targets, sample 0: .*expected integers"),
    "no targets": ((U3, None), TypeError, "targets: expected labels, got NoneType"),
    "1-D targets": ((U3, np.array([1, 2])), ValueError, r"targets: expected shape \(2, U\), got \(2,\)"),
    "3-D targets": ((U3, np.ones((2, 1, 1), int)), ValueError, r"targets: expected shape \(2, U\), got \(2, 1, 1\)"),
    "flat list": ((U3, [1, 2]), ValueError, "targets, sample 0: expected a sequence of labels, got 1"),
    "nested list": ((U3, [[1], [[1, 2], [1]]]), ValueError, "targets, sample 1: expected a sequence of labels"),
    "too few": ((U3, [[1]]), ValueError, "targets: expected 2 sequences, one for each sample, got 1"),
    "too many": ((U3, np.ones((3, 1), int)), ValueError, "targets: expected 2 sequences.*got 3"),
    "two for one": ((U3[0], [[1], [2]]), ValueError, "targets: expected 1 sequences.*got 2"),
    # lengths
    "frames beyond": ((U3, [[1], [1]], [4, 5]), ValueError, r"input_lengths, sample 1: .* in 1\.\.4, got 5"),
    "no frames": ((U3, [[], []], [0, 4]), ValueError, r"input_lengths, sample 0: .* in 1\.\.4, got 0"),
    "negative frames": ((U3, [[1], [1]], [4, -1]), ValueError, r"input_lengths, sample 1: .* in 1\.\.4, got -1"),
    "half a frame": ((U3, [[1], [1]], [4, 2.5]), TypeError, "input_lengths: expected integers, got float64"),
    "whole floats": ((U3, [[1], [1]], np.array([4.0, 2.0])), TypeError, "input_lengths: expected integers, got float"),
    "too few lengths": ((U3, [[1], [1]], [4]), ValueError, r"input_lengths: expected shape \(2,\).*got \(1,\)"),
    "one length": ((U3, [[1], [1]], 4), ValueError, r"input_lengths: expected shape \(2,\).*got \(\)"),
    "ragged lengths": ((U3, [[1], [1]], [[4], [4, 4]]), ValueError, "input_lengths: expected a full array"),
    "masked lengths": (
        (U3, [[1], [1]], np.ma.masked_equal([4, 2], 2)),
        TypeError,
        "input_lengths: expected a plain arr",
    ),
    "labels beyond": ((U3, [[1, 2], [1]], None, [2, 2]), ValueError, r"target_lengths, sample 1: .* in 0\.\.1, got 2"),
    "negative labels": ((U3, [[1], [1]], None, [-1, 1]), ValueError, r"target_lengths, sample 0: .* 0\.\.1, got -1"),
    "half a label": ((U3, [[1], [1]], None, [0.5, 1]), TypeError, "target_lengths: expected integers, got float64"),
    "2-D lengths": ((U3, [[1], [1]], None, [[1], [1]]), ValueError, r"target_lengths: expected shape \(2,\)"),
}
REFUSED_BLANKS = {
    "blank = K": (3, ValueError, r"blank: expected an index in 0\.\.2, got 3"),
    "blank = -1": (-1, ValueError, r"blank: expected an index in 0\.\.2, got -1"),
    "blank = 0.0": (0.0, TypeError, r"blank: expected an integer, got 0\.0"),
    "blank = None": (None, TypeError, "blank: expected an integer, got None"),
    "blank = False": (False, TypeError, "blank: expected an integer, got False"),
}


@pytest.mark.parametrize("function", [ctc_loss, ctc_loss_and_grad, why_infinite])
@pytest.mark.parametrize("arguments, error, message", REFUSALS.values(), ids=REFUSALS.keys())
def test_refusals_name_argument_sample_and_expectation(function, arguments, error, message):
    with pytest.raises(error, match=message):
        function(*arguments)


@pytest.mark.parametrize("function", [ctc_loss, ctc_loss_and_grad, why_infinite])
@pytest.mark.parametrize("blank, error, message", REFUSED_BLANKS.values(), ids=REFUSED_BLANKS.keys())
def test_refused_blanks(function, blank, error, message):
    with pytest.raises(error, match=message):
        function(U3, [[1], [1]], blank=blank)


def test_public_names():
    assert sorted(ctc_core.__all__) == ["best_path", "ctc_loss", "ctc_loss_and_grad", "prefix_search", "why_infinite"]
    for function in (ctc_loss, ctc_loss_and_grad, why_infinite):
        parameters = inspect.signature(function).parameters
        assert list(parameters) == ["logits", "targets", "input_lengths", "target_lengths", "blank"]
        assert parameters["blank"].kind is inspect.Parameter.KEYWORD_ONLY and parameters["blank"].default == 0


@pytest.mark.parametrize("targets", [[], (), np.zeros((0, 0), int), np.zeros((0, 5), int)])
def test_an_empty_batch_is_legal(targets):
    for lengths in ((), ([], np.zeros(0, int))):
        losses, gradient = ctc_loss_and_grad(np.zeros((0, 5, 3), np.float32), targets, *lengths)
        assert losses.shape == (0,) and losses.dtype == np.float64
        assert gradient.shape == (0, 5, 3) and gradient.dtype == np.float32
        assert ctc_loss(np.zeros((0, 5, 3)), targets, *lengths).shape == (0,)
        assert why_infinite(np.zeros((0, 5, 3)), targets, *lengths) == {}


def test_empty_targets_are_legal():
    u = logits_and_targets()[0]
    log_blank = (u - np.log(np.exp(u).sum(axis=-1, keepdims=True)))[..., 0]
    for targets in ([[], [], []], np.zeros((3, 0), int), [(), np.array([]), range(0)]):
        close(ctc_loss(u, targets), -log_blank.sum(axis=1))
    close(ctc_loss(u, np.ones((3, 2), int), target_lengths=[0, 0, 0]), -log_blank.sum(axis=1))
    for target in ([], (), [[]], np.array([], int), np.zeros((1, 0), int)):
        close(ctc_loss(u[0], target), -log_blank[0].sum())


def test_one_frame():
    y = np.array([[0.5, 0.25, 0.25]])
    losses, gradient = ctc_loss_and_grad(np.log(y), [1])
    close(losses, [np.log(4)])
    close(gradient, y - [[0, 1, 0]])
    assert ctc_loss(np.log(y), [1, 2]) == np.inf


def test_blank_is_the_only_symbol():
    losses, gradient = ctc_loss_and_grad(np.array([[[5.0]], [[-1e300]]]), [[], []])
    assert [str(v) for v in losses] == ["0.0", "0.0"] and (gradient == 0).all()


def test_logits_that_are_log_probabilities_stay_as_they_are():
    u, targets = logits_and_targets()
    log_y = u - np.log(np.exp(u).sum(axis=-1, keepdims=True))
    close(ctc_loss(log_y, targets), ctc_loss(u, targets))
    close(ctc_loss_and_grad(log_y, targets)[1], ctc_loss_and_grad(u, targets)[1], atol=1e-14)


def same(a, b):
    """Bitwise, for the pair that ctc_loss_and_grad returns."""
    return (a[0] == b[0]).all() and (a[1] == b[1]).all() and a[1].dtype == b[1].dtype


def test_targets_and_lengths_of_any_kind():
    u, _ = logits_and_targets()
    expected = ctc_loss_and_grad(u, [[1, 2], [3, 3], []], [5, 4, 3])
    padded = [[1, 2], [3, 3], [-1, 99]]
    variants = [
        ([[1, 2], [3, 3], []], [5, 4, 3], None),
        (((1, 2), (3, 3), ()), (5, 4, 3), None),
        ([np.array([1, 2]), np.array([3, 3], np.uint8), range(0)], np.array([5, 4, 3]), None),
        (padded, np.array([5, 4, 3], np.uint8), [2, 2, 0]),
        (np.array(padded), np.array([5, 4, 3], ">i4"), np.array([2, 2, 0], np.uint8)),
        (np.array(padded, np.int32), [5, 4, 3], (2, 2, 0)),
        (np.array(padded, np.int8), [5, 4, 3], (2, 2, 0)),
        (np.array(padded, ">i8"), [5, 4, 3], (2, 2, 0)),
        (np.asfortranarray(padded), [5, 4, 3], (2, 2, 0)),
        (np.array([[1, 2], [3, 3], [0, 0]], np.uint8), [5, 4, 3], (2, 2, 0)),
        (np.repeat(padded, 2, axis=1)[:, ::2], [5, 4, 3], [2, 2, 0]),
    ]
    for targets, input_lengths, target_lengths in variants:
        assert same(ctc_loss_and_grad(u, targets, input_lengths, target_lengths), expected)


def test_one_sequence_without_a_batch():
    u, _ = logits_and_targets()
    losses, gradient = ctc_loss_and_grad(u[:1], [[1, 2]])
    for target in ([1, 2], (1, 2), range(1, 3), np.array([1, 2], np.uint8), [[1, 2]], np.array([[1, 2]]), ((1, 2),)):
        one = ctc_loss_and_grad(u[0], target)
        assert one[0].shape == () and one[1].shape == (5, 4)
        assert one[0] == losses and (one[1] == gradient[0]).all()
    short = ctc_loss_and_grad(u[0], [1, 2], 3, 1)  # plain numbers are lengths
    assert short[0] == ctc_loss(u[0], [1, 2], [3], [1])
    assert (short[1][3:] == 0).all()
    close(short[0], ctc_loss(u[0, :3], [1]), rtol=0, atol=0)


def test_logits_of_any_kind():
    u, targets = logits_and_targets(K=12)
    expected = ctc_loss_and_grad(u, targets)
    read_only = u.copy()
    read_only.flags.writeable = False
    for variant in [u.tolist(), tuple(map(tuple, u.tolist())), read_only, np.repeat(u, 2, axis=1)[:, ::2]]:
        assert same(ctc_loss_and_grad(variant, targets), expected)
    assert same(ctc_loss_and_grad(u[::-1, ::-1].copy()[::-1, ::-1], targets), expected)  # strides below 0
    # The order in memory may change the order of a sum, and with it the last bit.
    for variant in [
        np.asfortranarray(u),
        np.moveaxis(np.moveaxis(u, 0, 1).copy(), 1, 0),
        np.repeat(u, 2, -1)[..., ::2],
    ]:
        losses, gradient = ctc_loss_and_grad(variant, targets)
        close(losses, expected[0], rtol=1e-15)
        close(gradient, expected[1], atol=1e-15)
    big_endian = ctc_loss_and_grad(u.astype(">f8"), targets)
    assert big_endian[1].dtype == np.dtype(">f8")
    assert (big_endian[0] == expected[0]).all() and (big_endian[1] == expected[1]).all()


def test_inputs_are_never_modified():
    u, _ = logits_and_targets()
    arguments = [u, np.array([[1, 2], [3, 3], [0, 0]]), np.array([5, 4, 3]), np.array([2, 2, 0])]
    copies = [a.copy() for a in arguments]
    for function in (ctc_loss, ctc_loss_and_grad, why_infinite):
        function(*arguments)
        for a, copy in zip(arguments, copies, strict=True):
            assert (a == copy).all()
    gradient = ctc_loss_and_grad(*arguments)[1]
    assert not np.shares_memory(gradient, u)


@pytest.mark.parametrize("scale", [0.1, 1, 30])
@pytest.mark.parametrize("order", ["<", ">"])
def test_float32_keeps_seven_digits_of_the_result(scale, order):
    """However large the loss: no sum of logarithms is rounded to float32."""
    rng = np.random.default_rng(1)
    u = (rng.normal(size=(4, 600, 9)) * scale).astype(order + "f4")
    targets = rng.integers(1, 9, size=(4, 200))
    losses, gradient = ctc_loss_and_grad(u, targets)
    assert gradient.dtype == u.dtype and losses.dtype == np.float64
    losses64, gradient64 = ctc_loss_and_grad(u.astype(np.float64), targets)
    assert gradient64.dtype == np.float64
    close(losses, losses64, rtol=1e-7)
    close(gradient, gradient64, rtol=0, atol=5e-7)
    assert (ctc_loss(u, targets) == losses).all()


def test_a_small_loss_of_float32_logits_keeps_its_digits():
    path = np.array([0, 1, 1, 0, 2, 0, 2] * 30)
    u = np.random.default_rng(2).normal(size=(len(path), 4)).astype(np.float32)
    u[np.arange(len(path)), path] += 22
    target = [1, 2, 2] * 30
    losses, gradient = ctc_loss_and_grad(u, target)
    losses64, gradient64 = ctc_loss_and_grad(u.astype(np.float64), target)
    assert 1e-9 < losses64 < 1e-6
    close(losses, losses64, rtol=1e-6)
    close(gradient, gradient64, rtol=0, atol=2e-7)


@pytest.mark.parametrize("garbage", [np.nan, np.inf, -np.inf, 1e308])
def test_frames_beyond_the_input_length_are_never_read(garbage):
    u, targets = logits_and_targets()
    lengths = [5, 3, 2]
    dirty = u.copy()
    for n, length in enumerate(lengths):
        dirty[n, length:] = garbage
    clean = ctc_loss_and_grad(u, targets, lengths)
    assert same(ctc_loss_and_grad(dirty, targets, lengths), clean)
    assert (ctc_loss(dirty, targets, lengths) == clean[0]).all()
    assert why_infinite(dirty, targets, lengths) == {}
    for n, length in enumerate(lengths):
        assert (clean[1][n, length:] == 0).all()
        alone = ctc_loss_and_grad(u[n, :length], targets[n])
        assert clean[0][n] == alone[0] and (clean[1][n, :length] == alone[1]).all()


def test_a_batch_is_its_samples():
    rng = np.random.default_rng(2)
    u = rng.normal(size=(20, 12, 5)) * 3
    targets = [rng.integers(1, 5, size=rng.integers(0, 9)).tolist() for _ in range(20)]
    lengths = rng.integers(1, 13, size=20)
    losses, gradient = ctc_loss_and_grad(u, targets, lengths)
    order = rng.permutation(20)
    shuffled = ctc_loss_and_grad(u[order], [targets[n] for n in order], lengths[order])
    assert same(shuffled, (losses[order], gradient[order]))
    for n in range(20):
        alone = ctc_loss_and_grad(u[n : n + 1], targets[n : n + 1], lengths[n : n + 1])
        assert alone[0][0] == losses[n] and (alone[1][0] == gradient[n]).all()


IMPOSSIBLE = {
    "too short": (lambda u: u, [1, 2, 1, 2, 1, 2], "no path fits: 5 frames, but 6 labels need at least 6"),
    "repeats": (
        lambda u: u,
        [3, 3, 3, 3],
        "no path fits: 5 frames, but 4 labels with 3 adjacent equal pairs need at least 7",
    ),
    "one repeat": (
        lambda u: u[:2],
        [1, 1],
        "no path fits: 2 frames, but 2 labels with 1 adjacent equal pair need at least 3",
    ),
    "one frame": (
        lambda u: u[:1],
        [1, 2],
        "no path fits: 1 frame, but 2 labels need at least 2",
    ),
    "label blocked": (
        lambda u: np.where(np.arange(4) == 2, -np.inf, u),
        [1, 2],
        "every path has probability 0: .*-inf",
    ),
    "blank blocked": (
        lambda u: np.where(np.arange(4) == 0, -np.inf, u),
        [1, 1],
        "every path has probability 0: .*-inf",
    ),
}


@pytest.mark.parametrize("spoil, target, reason", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
@pytest.mark.parametrize("where", [0, 1, 2])
def test_an_impossible_sample_has_no_gradient_and_no_influence(spoil, target, reason, where):
    u, targets = logits_and_targets()
    bad, lengths = u.copy(), [5, 5, 5]
    spoiled = spoil(u[where])
    bad[where, : len(spoiled)] = spoiled
    lengths[where] = len(spoiled)
    bad_targets = list(targets)
    bad_targets[where] = target
    losses, gradient = ctc_loss_and_grad(bad, bad_targets, lengths)
    assert losses[where] == np.inf and (gradient[where] == 0).all()
    assert (ctc_loss(bad, bad_targets, lengths) == losses).all()
    healthy = ctc_loss_and_grad(u, targets)
    for n in {0, 1, 2} - {where}:
        assert losses[n] == healthy[0][n] < np.inf and (gradient[n] == healthy[1][n]).all()
    reasons = why_infinite(bad, bad_targets, lengths)
    assert list(reasons) == [where]
    with pytest.raises(ValueError, match=reason):  # as a pattern
        raise ValueError(reasons[where])


def test_just_long_enough():
    u = logits_and_targets(N=1, T=7)[0]
    assert ctc_loss(u, [[3, 3, 3, 3]]) < np.inf
    path = [3, 0, 3, 0, 3, 0, 3]  # the only one
    log_y = u[0] - np.log(np.exp(u[0]).sum(axis=1, keepdims=True))
    close(ctc_loss(u, [[3, 3, 3, 3]]), [-log_y[range(7), path].sum()])


def test_an_impossible_symbol_off_the_target_does_no_harm():
    u, _ = logits_and_targets()
    u[:, :, 3] = -np.inf
    losses, gradient = ctc_loss_and_grad(u, [[1, 2]] * 3)
    without = ctc_loss_and_grad(u[:, :, :3], [[1, 2]] * 3)
    close(losses, without[0])
    close(gradient[:, :, :3], without[1], atol=1e-15)
    assert (gradient[:, :, 3] == 0).all()


@pytest.mark.parametrize("blank", [0, 1, 2, 3, np.int8(3)])
def test_any_blank_is_a_permutation_of_columns(blank):
    u, targets = logits_and_targets()
    losses, gradient = ctc_loss_and_grad(u, targets)
    order = [k for k in range(1, 4)]
    order.insert(blank, 0)  # column j now holds what was column order[j]
    moved = ctc_loss_and_grad(u[:, :, order], [[order.index(k) for k in l] for l in targets], blank=blank)
    close(moved[0], losses, rtol=1e-15)
    close(moved[1], gradient[:, :, order], atol=1e-15)


def test_shifts_change_nothing():
    u, targets = logits_and_targets()
    eighths = np.round(8 * u) / 8
    shift = np.random.default_rng(3).integers(-1000, 1000, size=(3, 5, 1))  # exact in float64
    assert same(ctc_loss_and_grad(eighths + shift, targets), ctc_loss_and_grad(eighths, targets))


@pytest.mark.parametrize("scale", [1e3, 1e4, 1e8, 1e200, 1e295])
def test_large_logits(scale):
    # Nothing but the best path is left of the sum: its distance to the best symbols is the loss.
    rng = np.random.default_rng(4)
    for _ in range(10):
        u, target = rng.normal(size=(5, 3)) * scale, rng.integers(1, 3, size=2).tolist()
        paths, code = every_path(5, 3, 0)
        behind = (u.max(axis=1, keepdims=True) - u)[range(5), paths[code == coded(target, 3)]]
        losses, gradient = ctc_loss_and_grad(u, target)
        close(losses, [behind.sum(axis=1).min()], rtol=1e-12, atol=5)
        assert np.isfinite(gradient).all() and abs(gradient).max() <= 1
        assert abs(gradient.sum(axis=1)).max() < 1e-12


def test_logits_at_the_end_of_float64():
    # Log probabilities below -1e299 count as -inf; nothing overflows on the way to a loss that is not.
    far = np.array([[0, -1.2e308]])
    assert ctc_loss(far, [1]) == np.inf and (ctc_loss_and_grad(far, [1])[1] == 0).all()
    assert "too far below" in why_infinite(far, [1])[0]
    losses, gradient = ctc_loss_and_grad(np.array([[0, -5e298]]), [1])
    assert losses == [5e298] and (gradient == [[1, -1]]).all()
    for value in (1.2e308, 1.7e308, np.finfo(float).max):
        losses, gradient = ctc_loss_and_grad(np.array([[value, -value], [0, 0]]), [1])
        close(losses, [np.log(2)])
        close(gradient, [[0, 0], [0.5, -0.5]])
    # The impossible is counted, not summed up to an overflow.
    losses, gradient = ctc_loss_and_grad(np.tile(far, (500, 1)), [1] * 200)
    assert losses == [np.inf] and (gradient == 0).all()


def test_a_loss_is_never_negative():
    rng = np.random.default_rng(5)
    for _ in range(500):
        u = rng.normal(size=(rng.integers(1, 6), 2)) + [0, 40]
        loss = ctc_loss(u, [1])
        assert loss >= 0 and not np.signbit(loss)


def test_quiet_even_where_numpy_is_told_to_raise():
    u, targets = logits_and_targets()
    u[0] *= 1e5
    u[1, 2, 1:] = -np.inf
    with np.errstate(all="raise"):
        for logits in (u, u.astype(np.float32)):
            ctc_loss_and_grad(logits, targets), ctc_loss(logits, targets), why_infinite(logits, targets)


if __name__ == "__main__":
    n_samples, n_infinite, loss_error, gradient_error = largest_errors()
    print(f"{n_samples} small problems by enumeration, {n_infinite} with an infinite loss")
    print(f"  largest relative error of the loss {loss_error:.1e}, of the gradient (absolute) {gradient_error:.1e}")
    for T, K, U, blank, draw, scale in LONG:
        print(f"T={T}, K={K}, U={U}, {draw.__name__} logits of scale {scale}, by 50 digits")
        loss, loss_error, gradient_error = long_errors(T, K, U, blank, draw, scale)
        print(f"  loss {loss:.1f}, relative error {loss_error:.1e}, of the gradient (absolute) {gradient_error:.1e}")
