"""Decoding: from outputs to a labelling."""

import heapq
from itertools import count

import numpy as np

from .labels import collapse


def best_path(y, blank=0):
    """Collapse the most probable path: the best symbol of every frame.

    The most probable path need not belong to the most probable labelling (see `prefix_search`).

    Parameters
    ----------
    y : ndarray of float, shape (T, K)
        Outputs, log outputs or logits: only their order within a frame matters.
    blank : int

    Returns
    -------
    tuple of int

    Notes
    -----
    Source: "best path decoding", section 3.2 of Graves et al. 2006.

    Examples
    --------
    >>> best_path(np.array([[0.6, 0.4], [0.6, 0.4]]))           # p(()) = 0.36 and p((1,)) = 0.64
    ()
    """
    return collapse(np.argmax(y, axis=1).tolist(), blank)


def prefix_search(log_y, blank=0, *, max_prefixes=100_000):
    """Find the most probable labelling, with proof.

    A prefix stands for all labellings that begin with it. The search always extends the prefix with
    the largest total probability, and stops when a whole labelling is at least as probable as the
    best prefix left: no other labelling can then be better.

    Parameters
    ----------
    log_y : ndarray of float, shape (T, K)
        Log probabilities (nats), -inf allowed.
    blank : int
    max_prefixes : int
        Give up after extending so many: the search is quick for confident outputs, and exponential
        for outputs that say nothing.

    Returns
    -------
    labelling : tuple of int
    log_probability : float
        Nats.

    Raises
    ------
    ValueError
        `log_y` is not an array of log probabilities.
    RuntimeError
        `max_prefixes` was reached.

    Notes
    -----
    Source: "prefix search decoding", section 3.2 of Graves et al. 2006, without their heuristic cuts.

    Examples
    --------
    >>> labelling, log_p = prefix_search(np.log([[0.6, 0.4], [0.6, 0.4]]))
    >>> labelling, round(log_p, 6)                              # ln 0.64
    ((1,), -0.446287)
    """
    log_y = np.asarray(log_y, dtype=np.float64)
    if log_y.ndim != 2 or 0 in log_y.shape:
        raise ValueError(f"log_y: expected shape (T, K) with at least one frame and one symbol, got {log_y.shape}")
    if (
        not (log_y < np.inf).all() or (np.logaddexp.reduce(log_y, axis=1) > 1e-5).any()
    ):  # rounding may lift ln 1 above 0
        raise ValueError("log_y: expected log probabilities, whose exp sums to at most 1 in each frame")
    T, K = log_y.shape
    if not 0 <= blank < K:
        raise ValueError(f"blank: expected an index in 0..{K - 1}, got {blank}")
    nothing = np.full(T, -np.inf)
    # For a prefix: log probability that frames 0..t spell exactly it, the last frame being a label / a blank.
    ends_blank = np.cumsum(log_y[:, blank])
    best, best_log_p = (), float(ends_blank[-1])
    order = count()  # breaks ties in the heap before arrays are compared
    heap = [(-0.0, next(order), (), nothing, ends_blank)]
    extended = 0
    while heap and -heap[0][0] > best_log_p:
        if extended == max_prefixes:
            raise RuntimeError(f"no proof after {extended} prefixes: the outputs are too undecided for this search")
        extended += 1
        _, _, prefix, in_label, in_blank = heapq.heappop(heap)
        for k in range(K):
            if k == blank:
                continue
            # The new label may start at frame t if frames 0..t-1 spell the prefix; after an equal
            # label only if they end in a blank.
            before = in_blank if prefix and prefix[-1] == k else np.logaddexp(in_label, in_blank)
            start = log_y[:, k] + np.concatenate([[-np.inf if prefix else 0.0], before[:-1]])
            prefix_log_p = float(np.logaddexp.reduce(start))
            if prefix_log_p <= best_log_p:
                continue  # no labelling that begins so can win
            label, blanks = nothing.copy(), nothing.copy()
            label[0] = start[0]
            for t in range(1, T):
                label[t] = np.logaddexp(start[t], label[t - 1] + log_y[t, k])
                blanks[t] = np.logaddexp(label[t - 1], blanks[t - 1]) + log_y[t, blank]
            log_p = float(np.logaddexp(label[-1], blanks[-1]))
            if log_p > best_log_p:
                best, best_log_p = (*prefix, k), log_p
            heapq.heappush(heap, (-prefix_log_p, next(order), (*prefix, k), label, blanks))
    return best, best_log_p
