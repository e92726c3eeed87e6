"""Decoding: from outputs to a labelling."""

import heapq
import time
from itertools import count
from typing import NamedTuple

import numpy as np

from .checks import floats, index, whole
from .labels import collapse


def best_path(y, blank=0):
    """Collapse the most probable path: the best symbol of every frame.

    The most probable path need not belong to the most probable labelling (see `prefix_search`).

    Parameters
    ----------
    y : ndarray of float, shape (T, K)
        Outputs, log outputs or logits: only their order within a frame matters. Of equals the first is taken.
    blank : int

    Returns
    -------
    tuple of int

    Raises
    ------
    TypeError, ValueError
        `y` is not of shape (T, K), or holds NaN; the blank is no index of a symbol.

    Notes
    -----
    Source: "best path decoding", section 3.2 of Graves et al. 2006.

    Examples
    --------
    >>> best_path(np.array([[0.6, 0.4], [0.6, 0.4]]))           # p(()) = 0.36 and p((1,)) = 0.64
    ()
    """
    y = floats("y", y, axes="TK")
    if np.isnan(y).any():
        t, k = np.argwhere(np.isnan(y))[0].tolist()
        raise ValueError(f"y: frame {t}, symbol {k} is NaN, expected numbers that can be compared")
    return collapse(np.argmax(y, axis=1).tolist(), index("blank", blank, y.shape[1]))


class Found(NamedTuple):
    """What a search knows at its end."""

    labellings: list  # of (labelling, log probability in nats), the most probable first
    bound: float  # no other labelling has a larger log probability

    @property
    def proved(self):
        """Say whether these are the most probable labellings there are."""
        return self.labellings[-1][1] >= self.bound


def prefix_search(log_y, blank=0, *, n_best=1, seconds=5.0):
    """Find the n most probable labellings, with proof if it ends in time.

    A prefix stands for all labellings that begin with it. The search always extends the prefix with
    the largest total probability, and stops when n whole labellings are at least as probable as the
    best prefix left: no other labelling can then be better.

    Parameters
    ----------
    log_y : ndarray of float, shape (T, K)
        Log probabilities (nats), -inf allowed.
    blank : int
    n_best : int
        How many to find. There may be fewer.
    seconds : float
        When to give up: the search is quick for confident outputs, and exponential for outputs that say nothing. It
        then returns the best labellings seen so far. `inf` for no limit.

    Returns
    -------
    Found
        `labellings`, and the `bound` on all others; `proved` compares them.

    Raises
    ------
    TypeError, ValueError
        `log_y` is not an array of log probabilities, or a number is out of range.

    Notes
    -----
    Source: "prefix search decoding", section 3.2 of Graves et al. 2006, without their heuristic cuts.

    Examples
    --------
    >>> found = prefix_search(np.log([[0.6, 0.4], [0.6, 0.4]]), n_best=2)
    >>> [(labelling, round(log_p, 6)) for labelling, log_p in found.labellings], found.proved   # ln 0.64, ln 0.36
    ([((1,), -0.446287), ((), -1.021651)], True)
    """
    log_y = floats("log_y", log_y, axes="TK")
    if not (log_y < np.inf).all() or (np.logaddexp.reduce(log_y, axis=1) > 1e-5).any():  # rounding lifts ln 1 above 0
        raise ValueError("log_y: expected log probabilities, whose exp sums to at most 1 in each frame")
    T, K = log_y.shape
    blank, n_best = index("blank", blank, K), whole("n_best", n_best, 1)
    if not floats("seconds", seconds, shape=()) > 0:
        raise ValueError(f"seconds: expected a number above 0, got {seconds}")
    deadline = time.monotonic() + seconds
    labels = np.delete(np.arange(K), blank)
    # For a prefix: log probability that frames 0..t spell exactly it, the last frame being a label / a blank.
    ends_blank = np.cumsum(log_y[:, blank])
    order = count()  # breaks ties in the heaps before arrays are compared; of equals the first found is kept
    best = [(float(ends_blank[-1]), -next(order), ())]  # the worst on top
    heap = [(-0.0, next(order), (), np.full(T, -np.inf), ends_blank)]
    least = best[0][0] if n_best == 1 else -np.inf  # what a labelling has to beat
    while heap and -heap[0][0] > least and time.monotonic() < deadline:
        _, _, prefix, in_label, in_blank = heapq.heappop(heap)
        # The new label may start at frame t if frames 0..t-1 spell the prefix; after an equal label only if they end
        # in a blank. All labels at once: a row for each.
        start = log_y.T[labels]
        start[:, 1:] += np.logaddexp(in_label, in_blank)[:-1]
        if prefix:
            start[:, 0] = -np.inf
            again = np.searchsorted(labels, prefix[-1])
            start[again, 1:] = log_y[1:, prefix[-1]] + in_blank[:-1]
        label, blanks = start.copy(), np.full(start.shape, -np.inf)
        for t in range(1, T):
            label[:, t] = np.logaddexp(start[:, t], label[:, t - 1] + log_y[t, labels])
            blanks[:, t] = np.logaddexp(label[:, t - 1], blanks[:, t - 1]) + log_y[t, blank]
        prefix_log_p = np.logaddexp.reduce(start, axis=1)
        log_p = np.logaddexp(label[:, -1], blanks[:, -1])
        for i, k in enumerate(labels.tolist()):
            if prefix_log_p[i] <= least:
                continue  # no labelling that begins so can win
            if log_p[i] > least:
                push = heapq.heappush if len(best) < n_best else heapq.heapreplace
                push(best, (float(log_p[i]), -next(order), (*prefix, k)))
                least = best[0][0] if len(best) == n_best else -np.inf
            heapq.heappush(heap, (-float(prefix_log_p[i]), next(order), (*prefix, k), label[i], blanks[i]))
    labellings = [(labelling, log_p) for log_p, _, labelling in sorted(best, reverse=True)]
    return Found(labellings, max(least, -heap[0][0] if heap else -np.inf))
