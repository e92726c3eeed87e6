"""Paths, one by one: the definitions taken literally, by enumeration.

Everything here costs time exponential in T. That is the point: these functions are too simple
to be wrong, and all faster ones are tested against them. Use them for a dozen frames at most.
"""

from itertools import product
from math import comb, prod

import numpy as np

from .labels import as_labelling, collapse, extend, min_length, predecessors, repeats


def all_paths(T, K):
    """Iterate over all K^T paths of T symbols.

    Examples
    --------
    >>> list(all_paths(2, 2))
    [(0, 0), (0, 1), (1, 0), (1, 1)]
    """
    return product(range(K), repeat=T)


def all_labellings(T, labels):
    """Iterate over all labellings of at most T labels, the empty one first.

    Examples
    --------
    >>> list(all_labellings(2, (1, 2)))
    [(), (1,), (2,), (1, 1), (1, 2), (2, 1), (2, 2)]
    """
    for length in range(T + 1):
        yield from product(labels, repeat=length)


def paths_of(labelling, T, blank=0):
    """List B^-1(labelling): every path of T frames that collapses to it.

    Parameters
    ----------
    labelling : sequence of int, length U
    T : int
    blank : int

    Returns
    -------
    list of tuple of int

    Examples
    --------
    >>> ["".join("-ab"[k] for k in path) for path in paths_of((1, 2), T=3)]
    ['-ab', 'a-b', 'aab', 'ab-', 'abb']
    """
    labelling = tuple(as_labelling(labelling, blank).tolist())
    if T < 1:
        raise ValueError(f"T: expected at least one frame, got {T}")
    symbols = sorted({blank, *labelling})  # a path of this labelling can hold no others
    return [path for path in product(symbols, repeat=T) if collapse(path, blank) == labelling]


def state_sequences(labelling, T, blank=0):
    """List every way through the lattice: start in one of the first two states, end in one of the last two.

    Implements eq-bijection: reading off the symbols, l'[q_1] ... l'[q_T], gives each path of the
    labelling exactly once.

    Parameters
    ----------
    labelling : sequence of int, length U
    T : int
    blank : int

    Returns
    -------
    list of tuple of int
        State sequences q of length T, states counted from 0.

    Examples
    --------
    >>> state_sequences((1,), T=2)                   # -a  a-  aa
    [(0, 1), (1, 1), (1, 2)]
    """
    extended = extend(labelling, blank)
    if T < 1:
        raise ValueError(f"T: expected at least one frame, got {T}")
    S = len(extended)
    return sorted(q for q in _walks(extended, range(min(S, 2)), T, blank) if q[-1] >= S - 2)


def _walks(extended, starts, length, blank):
    """All state sequences of `length` frames that begin in one of `starts`."""
    walks = [(s,) for s in starts]
    for _ in range(length - 1):
        walks = [
            (*q, s)
            for q in walks
            for s in range(q[-1], min(q[-1] + 3, len(extended)))
            if q[-1] in predecessors(extended, s, blank)
        ]
    return walks


def path_probability(y, path):
    """Probability of one path: the product of its outputs.

    Implements eq-path-prob. Given the outputs, the frames are independent.

    Parameters
    ----------
    y : ndarray of float, shape (T, K)
        Outputs, each row a distribution over the K symbols.
    path : sequence of int, length T

    Returns
    -------
    float
        A probability.

    Notes
    -----
    Source: eq. 2, Graves et al. 2006.

    Examples
    --------
    >>> path_probability(np.array([[0.5, 0.5], [0.25, 0.75]]), (0, 1))
    0.375
    """
    y = np.asarray(y)
    T, K = y.shape
    if len(path) != T or not all(0 <= k < K for k in path):
        raise ValueError(f"path: expected {T} symbols in 0..{K - 1}, one for each frame of y, got {tuple(path)}")
    return float(prod(y[t, k] for t, k in enumerate(path)))


def label_probability(y, labelling, blank=0):
    """Probability of a labelling: the sum over all paths that collapse to it.

    Implements eq-label-prob, by enumeration.

    Parameters
    ----------
    y : ndarray of float, shape (T, K)
    labelling : sequence of int, length U
    blank : int

    Returns
    -------
    float
        A probability.

    Notes
    -----
    Source: eq. 3, Graves et al. 2006.

    Examples
    --------
    >>> label_probability(np.array([[0.5, 0.5], [0.25, 0.75]]), (1,))    # -a  a-  aa
    0.875
    """
    labelling = as_labelling(labelling, blank, np.shape(y)[1])
    return sum(path_probability(y, path) for path in paths_of(labelling, len(y), blank))


def split_by_output(y, labelling, t, k, blank=0):
    """Write the probability of a labelling as c y^t_k + d: what multiplies one output, and the rest.

    Implements eq-affine. A path holds one output of frame t, so p is of first degree in each. Neither c
    nor d depends on y^t_k, which may be anything, 0 included: c is the derivative dp/dy^t_k.

    Parameters
    ----------
    y : ndarray of float, shape (T, K)
    labelling : sequence of int, length U
    t, k : int
        Frame and symbol, counted from 0.
    blank : int

    Returns
    -------
    c, d : float

    Raises
    ------
    TypeError, ValueError
        `t` or `k` is out of range; or as `as_labelling`.

    Examples
    --------
    >>> split_by_output(np.array([[0.5, 0.5], [0.25, 0.75]]), (1,), t=1, k=0)    # a- holds it; -a, aa do not
    (0.5, 0.75)
    """
    y, c, d = np.asarray(y), 0.0, 0.0
    T, K = y.shape
    if not (0 <= t < T and 0 <= k < K):
        raise ValueError(f"t, k: expected a frame in 0..{T - 1} and a symbol in 0..{K - 1}, got {t} and {k}")
    for path in paths_of(as_labelling(labelling, blank, K), T, blank):
        if path[t] == k:
            c += float(prod(y[i, j] for i, j in enumerate(path) if i != t))
        else:
            d += path_probability(y, path)
    return c, d


def labelling_distribution(y, blank=0):
    """Probability of every labelling that the outputs can spell.

    Implements eq-normalised: each path collapses to exactly one labelling, so the values sum to 1.

    Parameters
    ----------
    y : ndarray of float, shape (T, K)
    blank : int

    Returns
    -------
    dict
        From labelling (tuple of int) to probability, most probable first.

    Examples
    --------
    >>> labelling_distribution(np.array([[0.5, 0.5], [0.25, 0.75]]))
    {(1,): 0.875, (): 0.125}
    """
    T, K = np.shape(y)
    total = {}
    for path in all_paths(T, K):
        labelling = collapse(path, blank)
        total[labelling] = total.get(labelling, 0.0) + path_probability(y, path)
    return dict(sorted(total.items(), key=lambda item: -item[1]))


def path_count(labelling, T):
    """Count the paths of a labelling without listing them: C(T + U - r, 2U).

    Implements eq-path-count.

    Parameters
    ----------
    labelling : sequence of int, length U, with r adjacent equal pairs
    T : int

    Returns
    -------
    int
        0 where T < U + r.

    Examples
    --------
    >>> path_count((2, 1, 3), T=6), len(paths_of((2, 1, 3), T=6))
    (84, 84)
    """
    if T < min_length(labelling):
        return 0
    U, r = len(labelling), repeats(labelling)
    return comb(T + U - r, 2 * U)


def forward_by_enumeration(y, labelling, blank=0):
    """Forward variables by their definition: sum over all state sequences q_1..q_t that end in state s.

    Implements eq-alpha-def.

    Parameters
    ----------
    y : ndarray of float, shape (T, K)
    labelling : sequence of int, length U
    blank : int

    Returns
    -------
    ndarray of float64, shape (T, S)

    Notes
    -----
    Eq. 5 of Graves et al. 2006 sums over full paths instead, which counts each prefix K^(T-t) times.

    Examples
    --------
    >>> forward_by_enumeration(np.array([[0.5, 0.5], [0.25, 0.75]]), (1,))
    array([[0.5  , 0.5  , 0.   ],
           [0.125, 0.75 , 0.125]])
    """
    y = np.asarray(y, dtype=np.float64)
    extended = extend(as_labelling(labelling, blank, y.shape[1]), blank)
    alpha = np.zeros((len(y), len(extended)))
    for t in range(len(y)):
        for q in _walks(extended, range(min(len(extended), 2)), t + 1, blank):
            alpha[t, q[-1]] += prod(y[i, extended[s]] for i, s in enumerate(q))
    return alpha


def backward_by_enumeration(y, labelling, blank=0):
    """Backward variables by their definition: sum over all state sequences q_t..q_T that begin in state s.

    Implements eq-beta-def.

    Parameters
    ----------
    y : ndarray of float, shape (T, K)
    labelling : sequence of int, length U
    blank : int

    Returns
    -------
    ndarray of float64, shape (T, S)

    Notes
    -----
    Eq. 9 of Graves et al. 2006, corrected as eq. 5.

    Examples
    --------
    >>> backward_by_enumeration(np.array([[0.5, 0.5], [0.25, 0.75]]), (1,))
    array([[0.375, 0.5  , 0.125],
           [0.   , 0.75 , 0.25 ]])
    """
    y = np.asarray(y, dtype=np.float64)
    extended = extend(as_labelling(labelling, blank, y.shape[1]), blank)
    T, S = len(y), len(extended)
    beta = np.zeros((T, S))
    for t in range(T):
        for q in _walks(extended, range(S), T - t, blank):
            if q[-1] >= S - 2:
                beta[t, q[0]] += prod(y[t + i, extended[s]] for i, s in enumerate(q))
    return beta
