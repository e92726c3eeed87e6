"""20,000 random calls, legal and illegal: each gives finite numbers, the documented inf, or a documented error.

Warnings are errors here, as in all tests. `python tests/test_fuzz.py` prints what was called and what came back.
"""

import re
from collections import Counter

import numpy as np

from ctc_core import ctc_loss, ctc_loss_and_grad, why_infinite

NUMBERS = [0.0, -0.0, 1.0, -3.5, 80.0, -750.0, 1e4, -1e4, 1e30, -1e30, 1e300, -1.7e308, 5e-324, -np.inf, np.inf, np.nan]
LENGTHS = [-1, 0, 1, 2, 3, 5, 9, 10**6, 2**63 - 1, -(2**62)]
MESSAGE = re.compile(
    r"(logits|targets|input_lengths|target_lengths|blank)(, sample \d+)?(, frame \d+)?: .*(expected|holds)"
)


def logits_of(rng):
    """Usual logits, with unusual values, shapes, dtypes and memory orders now and then."""
    N, T, K = rng.integers(0, 5), rng.integers(1, 10), rng.integers(1, 6)
    if rng.random() < 0.03:
        T, K = T * rng.integers(2), K * rng.integers(2)
    u = rng.normal(size=(N, T, K)) * rng.choice([1, 1, 1, 30, 1e3, 1e4, 1e300])
    if rng.random() < 0.35 and u.size:
        some = rng.random(u.shape) < rng.choice([0.02, 0.2])
        u[some] = rng.choice(NUMBERS if rng.random() < 0.5 else NUMBERS[:-2], size=some.sum())
    if rng.random() < 0.2 and N:
        u = u[0]
    dtypes = ["f8", "f8", "f8", "f4", "f4", ">f8", ">f4"]
    with np.errstate(over="ignore", invalid="ignore"):
        u = u.astype(rng.choice(dtypes if rng.random() < 0.95 else ["f2", "i8", "c16", "bool"]))
    if rng.random() < 0.1:
        u = np.asfortranarray(u)
    if rng.random() < 0.1:
        u = u[..., ::-1]
    if rng.random() < 0.03:
        u = [u.tolist(), None, "logits", u.tolist()[:1] + [[0.0]], u[None], u.ravel()][rng.integers(6)]
    return u


def arguments(rng):
    """Arguments of one call, each usual or unusual."""
    u = logits_of(rng)
    shape = np.shape(u) if isinstance(u, np.ndarray) else (2, 4, 3)
    T, K = shape[-2:] if len(shape) > 1 else (4, 3)
    N = shape[0] if len(shape) == 3 else 1
    blank = int(rng.integers(max(K, 1)))
    labels = [k for k in range(K) if k != blank] or [blank]
    if rng.random() < 0.05:
        labels += [[blank], [K], [-1], [10**6], [2**62]][rng.integers(5)]
    if rng.random() < 0.03:
        blank = [-1, K, 0.0, None, True, np.int8(0), 10**9][rng.integers(7)]
    targets = [rng.choice(labels, size=rng.integers(0, max(2, T // 2 + 1))).tolist() for _ in range(N)]
    target_lengths = None
    if rng.random() < 0.4:  # a rectangle, with rubbish for padding
        width = max(map(len, targets), default=0) + int(rng.integers(2))
        target_lengths = [len(target) for target in targets]
        rubbish = int(rng.integers(-9, 10**6))
        targets = np.array([t + [rubbish] * (width - len(t)) for t in targets], dtype=int).reshape(N, width)
    if len(shape) == 2 and rng.random() < 0.5:
        targets = targets[0]
    if rng.random() < 0.05:
        others = [None, 3, "ab", [[1.5]] * N, [[[1]]] * N, np.ones((N, 2)), targets[:-1], [*targets, [1]], [[True]] * N]
        targets = others[rng.integers(len(others))]
    input_lengths = rng.integers(1, max(T, 1) + 1, size=N) if rng.random() < 0.5 else None
    if rng.random() < 0.05:
        input_lengths = rng.choice(LENGTHS, size=N + rng.integers(-1, 2) if N else 1)
    if rng.random() < 0.05:
        target_lengths = rng.choice(LENGTHS, size=N)
    if rng.random() < 0.02:
        input_lengths = [3.0, [[1]], [1, [2]], "4", np.ones(N)][rng.integers(5)]
    return (u, targets, input_lengths, target_lengths), blank


def outcome(positional, blank):
    """Call all three functions; return what came of it, in a word."""
    results = []
    for function in (ctc_loss, ctc_loss_and_grad, why_infinite):
        try:
            results.append(function(*positional, blank=blank))
        except (TypeError, ValueError) as error:
            assert MESSAGE.match(str(error)), (function.__name__, repr(error), positional, blank)
            results.append(f"{type(error).__name__}: {error}")
    if isinstance(results[0], str):
        assert results[0] == results[1] == results[2], results
        return results[0].split(":")[0]
    losses, (again, gradient), reasons = results
    u = np.asarray(positional[0])
    assert losses.dtype == np.float64 and losses.shape == (1 if u.ndim == 2 else len(u),)
    assert (losses >= 0).all() and not np.isnan(losses).any() and (again == losses).all()
    assert gradient.shape == u.shape and gradient.dtype == u.dtype
    assert np.isfinite(gradient).all() and (abs(gradient) <= 1 + 1e-6).all()
    assert abs(gradient.sum(axis=-1)).max(initial=0) < 1e-5
    infinite = np.isinf(losses)
    assert list(reasons) == np.flatnonzero(infinite).tolist()
    assert not gradient.reshape(len(losses), *u.shape[-2:])[infinite].any()
    return "empty" if not len(losses) else "finite" if not infinite.any() else "some infinite"


def fuzz(calls=20_000, seed=0):
    """Count the outcomes of so many calls."""
    rng = np.random.default_rng(seed)
    return Counter(outcome(*arguments(rng)) for _ in range(calls))


def test_20000_random_calls():
    counts = fuzz()
    assert sum(counts.values()) == 20_000
    assert counts.keys() == {"finite", "some infinite", "empty", "TypeError", "ValueError"}
    assert min(counts.values()) > 500, counts


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("error")
    print(dict(fuzz()))
