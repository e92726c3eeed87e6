"""Paths: the definitions taken literally, by enumeration, and what can be counted without a list.

Enumeration costs time exponential in T. That is the point: these functions are too simple to be
wrong, and all faster ones are tested against them. Use them for a dozen frames at most. `path_count`,
`walk_counts`, `live_states` and `flow` list nothing, and have no such limit.
"""

from itertools import product
from math import comb, prod
from typing import NamedTuple

import numpy as np

from .checks import array_of, floats, index, whole
from .forward_backward import entering, leaving, log_entering, log_leaving, state_outputs
from .labels import as_labelling, can_skip, collapse, extend, min_length, predecessors, repeats


def all_paths(T, K):
    """Iterate over all K^T paths of T symbols.

    Examples
    --------
    >>> list(all_paths(2, 2))
    [(0, 0), (0, 1), (1, 0), (1, 1)]
    """
    return product(range(whole("K", K, 1)), repeat=whole("T", T, 0))


def all_labellings(T, labels):
    """Iterate over all labellings of at most T labels, the empty one first.

    Examples
    --------
    >>> list(all_labellings(2, (1, 2)))
    [(), (1,), (2,), (1, 1), (1, 2), (2, 1), (2, 2)]
    """
    for length in range(whole("T", T, 0) + 1):
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
    labelling, T = tuple(as_labelling(labelling, blank).tolist()), whole("T", T, 1)
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
    extended, T = extend(labelling, blank), whole("T", T, 1)
    S = len(extended)
    return sorted(q for q in _walks(extended, range(min(S, 2)), T, blank) if q[-1] >= S - 2)


def _walks(extended, starts, length, blank):
    """All state sequences of `length` frames that begin in one of `starts`."""
    before = [predecessors(extended, s, blank) for s in range(len(extended))]
    walks = [(s,) for s in starts]
    for _ in range(length - 1):
        walks = [(*q, s) for q in walks for s in range(q[-1], min(q[-1] + 3, len(extended))) if q[-1] in before[s]]
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
    y, path = floats("y", y, axes="TK"), array_of("path", path)
    T, K = y.shape
    if path.dtype.kind not in "iu" or path.shape != (T,) or (path < 0).any() or (path >= K).any():
        raise ValueError(f"path: expected {T} symbols in 0..{K - 1}, one for each frame of y, got {path.tolist()}")
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
    y = floats("y", y, axes="TK")
    labelling = as_labelling(labelling, blank, y.shape[1])
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
    y, c, d = floats("y", y, axes="TK"), 0.0, 0.0
    T, K = y.shape
    t, k = index("t", t, T), index("k", k, K)
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
    y = floats("y", y, axes="TK")
    T, K = y.shape
    blank, total = index("blank", blank, K), {}
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
    if whole("T", T, 0) < min_length(labelling):
        return 0
    U, r = len(labelling), repeats(labelling)
    return comb(T + U - r, 2 * U)


def walk_counts(labelling, T, blank=0):
    """Count the walks from a start to each state, and from each state to an end.

    The recursions for alpha and beta with every output 1. Their product is the number of whole walks
    through a state; summed over the states of any frame it is `path_count`.

    Parameters
    ----------
    labelling : sequence of int, length U
    T : int
    blank : int

    Returns
    -------
    beginnings, endings : ndarray of object, shape (T, S)
        Python integers, exact however large.

    Examples
    --------
    >>> beginnings, endings = walk_counts((2, 1, 3), T=6)
    >>> beginnings[2, 3], endings[2, 3], (beginnings * endings).sum(axis=1)
    (4, 10, array([84, 84, 84, 84, 84, 84], dtype=object))
    """
    extended, T = extend(labelling, blank), whole("T", T, 1)
    skip = can_skip(extended, blank)
    beginnings, endings = np.zeros((2, T, len(extended)), dtype=object)
    beginnings[0, :2] = endings[-1, -2:] = 1
    for t in range(1, T):
        beginnings[t] = entering(beginnings[t - 1], skip)
        endings[-1 - t] = leaving(endings[-t], skip)
    return beginnings, endings


def live_states(labelling, T, blank=0):
    """Mark the states that a whole path passes, with every rule: `can_start` and `can_finish` count steps alone.

    Parameters
    ----------
    labelling : sequence of int, length U
    T : int
    blank : int

    Returns
    -------
    ndarray of bool, shape (T, S)
        All False where T is too small for the labelling.

    Examples
    --------
    >>> live_states((1, 1), T=3).astype(int)         # a-a is the only path
    array([[0, 1, 0, 0, 0],
           [0, 0, 1, 0, 0],
           [0, 0, 0, 1, 0]])
    """
    beginnings, endings = walk_counts(labelling, T, blank)
    return beginnings * endings > 0


class Flow(NamedTuple):
    """Where the probability of some paths runs, in shares of their total."""

    states: np.ndarray  # (T, S): the share of the paths in state s at frame t
    arrows: np.ndarray  # (T, S, 3): of those that enter state s at frame t by a stay, a step, a skip; 0 at t = 0


def flow(y, labelling, blank=0, *, t=None, state=None, symbol=None):
    """Compute the share of each state and of each transition in the probability of a labelling.

    With `t` and `state`, or `t` and `symbol`, only the paths count that are in this state, or hold this
    symbol, at frame `t`. Outputs may be 0 and inputs long.

    Parameters
    ----------
    y : ndarray of float, shape (T, K)
    labelling : sequence of int, length U
    blank : int
    t, state, symbol : int, optional
        Counted from 0.

    Returns
    -------
    Flow
        The states of a frame sum to 1, and so do the arrows into them. All 0 if no path counts.

    Raises
    ------
    TypeError, ValueError
        There is no such frame, state or symbol; `t` stands alone, or one of the others does; or as `forward`.

    Examples
    --------
    >>> y = np.array([[0.5, 0.5], [0.25, 0.75]])     # a-: 1/8, aa: 3/8, -a: 3/8
    >>> flow(y, (1,)).states.round(3)
    array([[0.429, 0.571, 0.   ],
           [0.   , 0.857, 0.143]])
    >>> flow(y, (1,), t=0, symbol=1).arrows[1].round(3)
    array([[0.  , 0.  , 0.  ],
           [0.75, 0.  , 0.  ],
           [0.  , 0.25, 0.  ]])
    """
    outputs, skip = state_outputs(y, labelling, blank)
    T, S = outputs.shape
    if (t is not None) != (state is not None) + (symbol is not None):
        raise ValueError("t, state, symbol: expected none of them, or t and one of the others")
    for name, value, size in (("t", t, T), ("state", state, S), ("symbol", symbol, np.shape(y)[1])):
        if value is not None:
            index(name, value, size)
    if t is not None:
        counts = np.arange(S) == state if symbol is None else extend(labelling, blank) == symbol
        outputs[t, ~counts] = 0

    with np.errstate(divide="ignore"):
        log_outputs = np.log(outputs)
    into, onward = np.full((2, T, S), -np.inf)  # alpha, and beta without the output of its own frame
    into[0, :2], onward[-1, -2:] = log_outputs[0, :2], 0.0
    for i in range(1, T):
        into[i] = log_entering(into[i - 1], skip) + log_outputs[i]
        onward[-1 - i] = log_leaving(onward[-i] + log_outputs[-i], skip)
    log_p = np.logaddexp.reduce(into[-1, -2:])
    onward -= log_p if log_p > -np.inf else 0.0

    come = np.full((T, S, 3), -np.inf)
    come[1:, :, 0] = into[:-1]
    come[1:, 1:, 1] = into[:-1, :-1]
    come[1:, 2:, 2] = np.where(skip[2:], into[:-1, :-2], -np.inf)
    return Flow(np.exp(into + onward), np.exp(come + (log_outputs + onward)[:, :, None]))


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
    y = floats("y", y, axes="TK")
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
    y = floats("y", y, axes="TK")
    extended = extend(as_labelling(labelling, blank, y.shape[1]), blank)
    T, S = len(y), len(extended)
    beta = np.zeros((T, S))
    for t in range(T):
        for q in _walks(extended, range(S), T - t, blank):
            if q[-1] >= S - 2:
                beta[t, q[0]] += prod(y[t + i, extended[s]] for i, s in enumerate(q))
    return beta
