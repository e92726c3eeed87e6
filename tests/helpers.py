"""The definitions once more, as plainly as can be and without ctc_core: what the tests compare with."""

from functools import cache
from itertools import product

import numpy as np
import pytest


def merge_then_drop(path, blank):
    """B, written with a loop."""
    labelling, previous = [], None
    for symbol in path:
        if symbol not in (previous, blank):
            labelling.append(symbol)
        previous = symbol
    return tuple(labelling)


@cache
def paths_to(labelling, T, K, blank=0):
    """B^-1(l) as an array, one path a row."""
    paths = [path for path in product(range(K), repeat=T) if merge_then_drop(path, blank) == labelling]
    return np.array(paths, dtype=int).reshape(len(paths), T)


def path_products(y, paths):
    """Probability of each path, one a row."""
    return y[np.arange(len(y)), paths].prod(axis=1)


def probability(y, labelling, blank=0):
    """p(l|x) by enumeration; y may be any array above 0, a distribution or not."""
    return float(path_products(y, paths_to(labelling, *y.shape, blank)).sum())


def spelled(labelling, blank=0):
    """l' as a list."""
    extended = [blank]
    for label in labelling:
        extended += [label, blank]
    return extended


def state_of(beginning, blank=0):
    """The state a path is in after this beginning: count the labels begun. From 0."""
    begun = len(merge_then_drop(beginning, blank))
    return 2 * begun if beginning[-1] == blank else 2 * begun - 1


@cache
def states_to(labelling, T, K, blank=0):
    """The state of every path of B^-1(l) at every frame, in the order of `paths_to`."""
    rows = [[state_of(path[: t + 1], blank) for t in range(T)] for path in paths_to(labelling, T, K, blank).tolist()]
    return np.array(rows, dtype=int).reshape(-1, T)


def through_states(y, labelling, blank=0):
    """Sum of p(pi|x) over the paths in state s at frame t, by enumeration; shape (T, S)."""
    T, K = y.shape
    products = path_products(y, paths_to(labelling, T, K, blank))
    states = states_to(labelling, T, K, blank)
    return np.array([[products[states[:, t] == s].sum() for s in range(2 * len(labelling) + 1)] for t in range(T)])


def through_symbols(y, labelling, blank=0):
    """Sum of p(pi|x) over the paths with symbol k at frame t, by enumeration; shape (T, K)."""
    T, K = y.shape
    paths = paths_to(labelling, T, K, blank)
    products = path_products(y, paths)
    return np.array([[products[paths[:, t] == k].sum() for k in range(K)] for t in range(T)])


def plain_softmax(u):
    """The softmax as it is written down: for small logits only."""
    return np.exp(u) / np.exp(u).sum(axis=-1, keepdims=True)


def slope(f, x, h=1e-3):
    """Derivative of a scalar function in each entry of x, by central differences of fourth order."""
    x = np.array(x, dtype=float)
    result = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[i] = h
        near, far = f(x + step) - f(x - step), f(x + 2 * step) - f(x - 2 * step)
        result[i] = (8 * near - far) / (12 * h)
    return result


def random_y(T, K, seed):
    """Random outputs, no row like another, none far from the others."""
    weights = np.random.default_rng(seed).uniform(0.3, 1, size=(T, K))
    return weights / weights.sum(axis=1, keepdims=True)


def close(computed, expected, rtol=1e-13, atol=1e-15):
    """Equal but for rounding; slopes by differences ask for less and say so."""
    np.testing.assert_allclose(computed, expected, rtol=rtol, atol=atol)


CASES = {
    "different labels": (random_y(5, 4, 1), (2, 1, 3), 0),
    "a repeat": (random_y(5, 3, 2), (1, 2, 2), 0),
    "all equal": (random_y(6, 3, 3), (1, 1, 1), 0),
    "two apart": (random_y(5, 3, 4), (1, 2, 1), 0),
    "no frame to spare": (random_y(4, 3, 5), (2, 2, 1), 0),
    "empty": (random_y(4, 3, 6), (), 0),
    "blank in the middle": (random_y(5, 3, 7), (0, 2, 0), 1),
    "blank last, a repeat": (random_y(5, 3, 8), (0, 0, 1), 2),
    "one frame": (random_y(1, 3, 9), (2,), 0),
    "blank only": (random_y(3, 1, 10), (), 0),  # K = 1
}

each_case = pytest.mark.parametrize("y, labelling, blank", CASES.values(), ids=CASES.keys())
