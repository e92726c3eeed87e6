"""20,000 random calls, legal and illegal: each gives finite numbers, the documented inf, or a documented error. And 300
of every other public function of `ctc_core`: each answers, or names the argument that is wrong.

Warnings are errors here, as in all tests. `python tests/test_fuzz.py` prints what was called and what came back.
"""

import inspect
import itertools
import re
from collections import Counter

import numpy as np
import pytest

from ctc_core import (
    ctc_loss,
    ctc_loss_and_grad,
    decoding,
    descent,
    differences,
    forward_backward,
    gradient,
    labels,
    paths,
    softmax,
    why_infinite,
)

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
    losses, (again, slope), reasons = results
    u = np.asarray(positional[0])
    assert losses.dtype == np.float64 and losses.shape == u.shape[:-2]
    losses, again = np.atleast_1d(losses, again)
    assert (losses >= 0).all() and not np.isnan(losses).any() and (again == losses).all()
    assert slope.shape == u.shape and slope.dtype == (u.dtype if u.dtype.kind == "f" else np.float64)
    assert np.isfinite(slope).all() and (abs(slope) <= 1 + 1e-6).all()
    assert abs(slope.sum(axis=-1)).max(initial=0) < 1e-5
    infinite = np.isinf(losses)
    assert list(reasons) == np.flatnonzero(infinite).tolist()
    assert not slope.reshape(len(losses), *u.shape[-2:])[infinite].any()
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


# Every other public function: what each parameter may be, usual or not, goes by its name.

SHAPE = dict.fromkeys(("y", "log_y", "log_probs", "u", "logits"), (3, 3))
SHAPE |= dict.fromkeys(("alpha", "beta", "alpha_hat", "beta_hat", "values"), (3, 5))
SHAPE |= {"scale": (3,), "hidden": (3, 2), "weights": (3, 2), "bias": (3,), "x": (3,)}
ODD = [None, "two", 1.5, True, [[1], [1, 2]], {1: 2}, 1j, object(), -1]
ODD += [np.ma.masked_equal([[1, 2], [1, 2]], 2), np.zeros((0, 3)), np.zeros((2, 2, 2))]


def value_of(name, rng):
    """A value for a parameter: usual, or of the right kind and impossible, or odd."""
    if name in ("prune", "log"):
        return bool(rng.integers(2))
    if name in ("h", "step_size", "seconds", "third", "noise"):
        return float(rng.choice([1e-3, 1e-3, 1.0, 0, -1, np.nan, np.inf]))
    if name in ("f", "labels", "n_symbols"):
        return {"f": np.sum, "labels": (1, 2), "n_symbols": 3}[name]
    if name in ("ys", "labellings"):
        return [value_of(name[:-1], rng) for _ in range(2)]
    if rng.random() < 0.06:
        return ODD[rng.integers(len(ODD))]
    if name in SHAPE:
        shape = SHAPE[name] if rng.random() < 0.9 else tuple(rng.integers(0, 6, size=rng.integers(1, 4)))
        values = rng.uniform(0.05, 1, size=shape)
        if name == "y" and values.ndim == 2 and values.shape[1]:
            values /= values.sum(axis=1, keepdims=True)
        if name in ("log_y", "log_probs") and values.ndim == 2 and values.size:
            values = np.log(values / values.sum(axis=1, keepdims=True))
        if rng.random() < 0.1 and values.size:
            values.flat[rng.integers(values.size)] = rng.choice([0, -1, np.nan, np.inf, -np.inf])
        return values.tolist() if rng.random() < 0.1 else values
    if name in ("labelling", "target", "path", "extended"):
        size = {"path": 3, "extended": 5}.get(name, int(rng.integers(0, 4)))
        return rng.integers(-1 if rng.random() < 0.1 else 0 if name == "path" else 1, 3, size=size)
    return int(rng.integers(-1, 4)) if rng.random() < 0.3 else int(rng.integers(0, 2))


# They take rows that are checked; `collapse` takes any symbols.
BUILDING_BLOCKS = {"entering", "leaving", "log_entering", "log_leaving", "rescale", "collapse", "checked_logits"}


def public_functions():
    """Every public function that takes what a user passes: not `batch`, `kernel`, `steps`, whose input is checked."""
    for module in (labels, paths, forward_backward, gradient, softmax, decoding, descent, differences):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and name[0] != "_" and name not in BUILDING_BLOCKS:
                yield function


def call(function, rng):
    """Call once with random arguments; return what came of it, in a word."""
    parameters = inspect.signature(function).parameters.values()
    some = [p for p in parameters if p.default is p.empty or rng.random() < 0.5]
    arguments = {p.name: value_of(p.name, rng) for p in some}
    if "steps" in arguments and isinstance(arguments["steps"], int):
        arguments["steps"] = min(arguments["steps"], 3)
    try:
        result = function(**arguments)
        if inspect.isgenerator(result) or isinstance(result, itertools.product):
            list(itertools.islice(result, 9))
    except (TypeError, ValueError) as error:
        told = re.match(r"\w+(, \w+)*(, \w+ \d+)*: |the labelling has|frame \d+: ", str(error))
        assert told, (function.__name__, repr(error), arguments)
        return type(error).__name__
    return "value"


@pytest.mark.parametrize("function", list(public_functions()), ids=lambda f: f"{f.__module__}.{f.__name__}")
def test_every_function_answers_or_says_what_is_wrong(function):
    rng = np.random.default_rng(0)
    counts = Counter(call(function, rng) for _ in range(300))
    assert counts["value"] and counts.total() == 300, counts


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("error")
    print(dict(fuzz()))
    for function in public_functions():
        rng = np.random.default_rng(1)
        print(f"{function.__module__}.{function.__name__}", dict(Counter(call(function, rng) for _ in range(300))))
