"""From the equations to the fast core, one idea at a time: five programs for the same losses and gradient.

`literal`, `rows_of_states`, `whole_batch`, `merged_pairs`, `shares`; the sixth is `kernel`. The chapter "From equations
to a fast kernel" explains what changes from one to the next, and `benchmarks/steps.py` measures what it gains. They are
for reading: all samples of a batch have equal lengths, logits are finite, and nothing is checked.

`forward_pairs` and `flow_back` are the two passes of the kernel without what makes them fast.
"""

import math
from typing import NamedTuple

import numpy as np

from .forward_backward import log_backward, log_entering, log_forward, log_leaving
from .kernel import IMPOSSIBLE, merge
from .labels import can_skip, extend, predecessors
from .softmax import log_softmax, softmax


def literal(logits, targets, blank=0):
    """Compute losses and gradient as the equations read: one number at a time.

    Parameters
    ----------
    logits : ndarray of float, shape (N, T, K), finite
    targets : ndarray of int, shape (N, U)
        Labels without blanks. U may be 0.
    blank : int

    Returns
    -------
    losses : ndarray of float64, shape (N,)
        Nats; inf where no path fits.
    gradient : ndarray of float64, shape (N, T, K)
        Softmax minus occupancies; 0 where the loss is inf.

    Examples
    --------
    >>> losses, gradient = literal(np.zeros((1, 3, 3)), np.array([[1, 2]]))
    >>> losses.round(3), gradient[0, 0].round(3)
    (array([1.686]), array([ 0.133, -0.467,  0.333]))
    """
    losses, gradient = np.empty(len(logits)), np.zeros(logits.shape)
    for n, (u, target) in enumerate(zip(logits.tolist(), targets, strict=True)):
        extended = extend(target, blank).tolist()
        T, S = len(u), len(extended)
        before = [predecessors(extended, s, blank) for s in range(S)]
        after = [[r for r in range(S) if s in before[r]] for s in range(S)]
        log_y = [[x - total for x in row] for row in u for total in [log_sum(row)]]
        alpha, beta = ([[-math.inf] * S for _ in range(T)] for _ in range(2))
        for t in range(T):
            for s, k in enumerate(extended):
                terms = [alpha[t - 1][r] for r in before[s]] if t > 0 else [0.0] * (s < 2)
                alpha[t][s] = log_sum(terms) + log_y[t][k]
        for t in reversed(range(T)):
            for s, k in enumerate(extended):
                terms = [beta[t + 1][r] for r in after[s]] if t < T - 1 else [0.0] * (s >= S - 2)
                beta[t][s] = log_sum(terms) + log_y[t][k]
        log_p = log_sum(alpha[-1][-2:])
        losses[n] = -log_p
        if log_p == -math.inf:
            continue
        for t in range(T):
            gradient[n, t] = [math.exp(x) for x in log_y[t]]
            for s, k in enumerate(extended):
                gradient[n, t, k] -= math.exp(alpha[t][s] + beta[t][s] - log_y[t][k] - log_p)
    return losses, gradient


def log_sum(terms):
    """Add probabilities given as logarithms, with the largest factored out, as in eq-log-alpha.

    Parameters
    ----------
    terms : list of float
        Nats; may be empty.

    Returns
    -------
    float

    Examples
    --------
    >>> round(math.exp(log_sum([math.log(0.3), math.log(0.1)])), 3), log_sum([])
    (0.4, -inf)
    """
    largest = max(terms, default=-math.inf)
    if largest == -math.inf:
        return largest
    return largest + math.log(sum(math.exp(x - largest) for x in terms))


def rows_of_states(logits, targets, blank=0):
    """Compute losses and gradient sample by sample, with all states of a frame as one row of NumPy.

    Parameters and result as `literal`.

    Examples
    --------
    >>> rows_of_states(np.zeros((1, 3, 3)), np.array([[1, 2]]))[0].round(3)
    array([1.686])
    """
    losses, gradient = np.empty(len(logits)), np.zeros(logits.shape)
    for n, target in enumerate(targets):
        log_y, extended = log_softmax(logits[n]), extend(target, blank)
        log_alpha = log_forward(log_y, target, blank)
        log_beta = log_backward(log_y, target, blank)
        log_p = np.logaddexp.reduce(log_alpha[-1, -2:])
        losses[n] = -log_p
        if log_p > -np.inf:
            gamma = np.exp(log_alpha + log_beta - log_y[:, extended] - log_p)
            states_of_symbols = np.eye(logits.shape[2])[extended]
            gradient[n] = np.exp(log_y) - gamma @ states_of_symbols
    return losses, gradient


def whole_batch(logits, targets, blank=0):
    """Compute losses and gradient with one row for the states of all samples.

    Parameters and result as `literal`. Rows have shape (S, N): the same state of all samples is contiguous.

    Examples
    --------
    >>> whole_batch(np.zeros((1, 3, 3)), np.array([[1, 2]]))[0].round(3)
    array([1.686])
    """
    T = logits.shape[1]
    extended = np.array([extend(target, blank) for target in targets])
    skip = np.array([can_skip(states, blank) for states in extended]).T
    gradient, log_y = outputs(logits, extended)
    log_alpha, log_beta = np.full((2, *log_y.shape), -np.inf)
    log_alpha[0, :2], log_beta[-1, -2:] = log_y[0, :2], log_y[-1, -2:]
    for t in range(1, T):
        log_alpha[t] = log_entering(log_alpha[t - 1], skip) + log_y[t]
    for t in reversed(range(T - 1)):
        log_beta[t] = log_leaving(log_beta[t + 1], skip) + log_y[t]
    log_p = np.logaddexp.reduce(log_alpha[-1, -2:])
    possible = log_p > -np.inf
    gamma = np.exp(log_alpha + log_beta - log_y - np.where(possible, log_p, 0.0))
    subtract(gradient, extended, gamma)
    gradient[~possible] = 0
    return -log_p, gradient


def outputs(logits, symbols):
    """Compute the softmax, and the log outputs of some symbols of each sample, in rows of the batch.

    Parameters
    ----------
    logits : ndarray of float, shape (N, T, K)
    symbols : ndarray of int, shape (N, R)

    Returns
    -------
    y : ndarray of float64, shape (N, T, K)
    log_y : ndarray of float64, shape (T, R, N)
        Nats; `log_y[t, i, n]` is that of `symbols[n, i]`.

    Examples
    --------
    >>> y, log_y = outputs(np.log([[[0.5, 0.3, 0.2]]]), np.array([[1, 0]]))
    >>> np.exp(log_y).round(3)
    array([[[0.3],
            [0.5]]])
    """
    log_y = np.take_along_axis(log_softmax(logits), symbols[:, None], axis=2)
    return softmax(logits), np.ascontiguousarray(log_y.transpose(1, 2, 0))


def subtract(gradient, symbols, gamma):
    """Subtract occupancies where their symbols are, each as often as it occurs: what `outputs` read, turned round.

    Parameters
    ----------
    gradient : ndarray of float, shape (N, T, K)
        Changed in place.
    symbols : ndarray of int, shape (N, R)
    gamma : ndarray of float, shape (T, R, N)

    Examples
    --------
    >>> gradient = np.zeros((1, 1, 3))
    >>> subtract(gradient, np.array([[0, 2, 0]]), np.array([[[0.1], [0.2], [0.3]]]))
    >>> gradient
    array([[[-0.4,  0. , -0.2]]])
    """
    n, t = np.ogrid[: len(gradient), : len(gamma)]
    places = n[:, :, None], t[:, :, None], symbols[:, None]
    np.subtract.at(gradient, places, gamma.transpose(2, 0, 1))


class Pairs(NamedTuple):
    """What the forward pass over pairs knows: after frame t = 0, ..., T, of pair i = 0, ..., U, of each sample."""

    blanks: np.ndarray  # (T + 1, U + 1, N): nats, the log of alpha of blank i
    labels: np.ndarray  # (T + 1, U + 1, N): the same of label i; label 0 does not exist
    pair_shares: np.ndarray  # (T + 1, U + 1, N): the share of blank i in pair i
    label_shares: np.ndarray  # (T, U + 1, N): the share of what stays in label i, in what is in it a frame later
    log_p: np.ndarray  # (N,): nats


def forward_pairs(log_blank, log_labels, repeat):
    """Run the forward recursion over pairs, and keep the shares.

    The recursion is eq-pairs. In blanks `IMPOSSIBLE` stands for ln 0, so that no merge meets two -inf.

    Parameters
    ----------
    log_blank : ndarray of float, shape (T, 1, N)
        Log outputs of the blank, nats.
    log_labels : ndarray of float, shape (T, U, N)
    repeat : ndarray of bool, shape (U, N)
        Whether a label equals the one before.

    Returns
    -------
    Pairs

    Examples
    --------
    >>> half = np.log(np.full((2, 1, 1), 0.5))
    >>> pairs = forward_pairs(half, half, np.array([[False]]))
    >>> np.exp(pairs.blanks[..., 0]), np.exp(pairs.log_p)
    (array([[1.  , 0.  ],
           [0.5 , 0.  ],
           [0.25, 0.25]]), array([0.75]))
    """
    T, U, N = log_labels.shape
    shape = T + 1, U + 1, N
    blanks, labels = np.full(shape, IMPOSSIBLE), np.full(shape, -np.inf)
    blanks[0, 0] = 0.0
    pair_shares, label_shares = np.ones(shape), np.ones((T, U + 1, N))
    pair, entered = np.empty((U + 1, N)), np.empty((U, N))
    with np.errstate(over="ignore"):  # the share of ln 0 is 1 / inf
        for t in range(T):
            merge(labels[t], blanks[t], pair_shares[t], pair)
            blanks[t + 1] = pair + log_blank[t]
            left = np.where(repeat, blanks[t, :-1], pair[:-1])
            merge(left, labels[t, 1:], label_shares[t, 1:], entered)
            labels[t + 1, 1:] = entered + log_labels[t]
        merge(labels[T], blanks[T], pair_shares[T], pair)
    return Pairs(blanks, labels, pair_shares, label_shares, pair[-1])


def flow_back(pairs, repeat):
    """Compute the occupancies, from the end to the start: every merge hands its own to its parts, by their shares.

    The recursion is eq-flow-back.

    Parameters
    ----------
    pairs : Pairs
    repeat : ndarray of bool, shape (U, N)

    Returns
    -------
    blanks, labels : ndarray of float64, shape (T + 1, U + 1, N)
        Occupancies after frame t; those of a frame sum to 1.

    Examples
    --------
    >>> half = np.log(np.full((2, 1, 1), 0.5))
    >>> blanks, labels = flow_back(forward_pairs(half, half, np.array([[False]])), np.array([[False]]))
    >>> blanks[..., 0].round(3)
    array([[1.   , 0.   ],
           [0.333, 0.   ],
           [0.   , 0.333]])
    """
    blanks, labels = np.zeros((2, *pairs.blanks.shape))
    blanks[-1, -1] = pairs.pair_shares[-1, -1]
    labels[-1, -1] = 1 - pairs.pair_shares[-1, -1]
    for t in reversed(range(len(blanks) - 1)):
        stay = labels[t + 1] * pairs.label_shares[t]
        enter = (labels[t + 1] - stay)[1:]
        pair = blanks[t + 1].copy()
        pair[:-1] += np.where(repeat, 0.0, enter)
        blanks[t] = pair * pairs.pair_shares[t]
        labels[t] = pair - blanks[t] + stay
        blanks[t, :-1] += np.where(repeat, enter, 0.0)
    return blanks, labels


def merged_pairs(logits, targets, blank=0):
    """Compute losses and gradient with pairs and merges, both forward and backward.

    Parameters and result as `literal`. The backward pass is the forward pass of the reversed problem.

    Examples
    --------
    >>> merged_pairs(np.zeros((1, 3, 3)), np.array([[1, 2]]))[0].round(3)
    array([1.686])
    """
    gradient, log_blank, log_labels, repeat = pair_outputs(logits, targets, blank)
    there = forward_pairs(log_blank, log_labels, repeat)
    back = forward_pairs(log_blank[::-1], log_labels[::-1, ::-1], np.roll(repeat[::-1], 1, axis=0))
    possible = there.log_p > IMPOSSIBLE / 10
    log_p = np.where(possible, there.log_p, 0.0)
    # After frame t of T it is frame T - t + 1 of the way back, where blank i is blank U - i, and label i is U + 1 - i.
    blanks = np.exp(there.blanks[1:] + back.blanks[:0:-1, ::-1] - log_blank - log_p)
    labels = np.exp(there.labels[1:, 1:] + back.labels[:0:-1, :0:-1] - log_labels - log_p)
    return finish(gradient, there.log_p, blanks, labels, targets, blank)


def shares(logits, targets, blank=0):
    """Compute losses and gradient with pairs and merges forward, and shares backward.

    Parameters and result as `literal`.

    Examples
    --------
    >>> shares(np.zeros((1, 3, 3)), np.array([[1, 2]]))[0].round(3)
    array([1.686])
    """
    gradient, log_blank, log_labels, repeat = pair_outputs(logits, targets, blank)
    pairs = forward_pairs(log_blank, log_labels, repeat)
    blanks, labels = flow_back(pairs, repeat)
    return finish(gradient, pairs.log_p, blanks[1:], labels[1:, 1:], targets, blank)


def pair_outputs(logits, targets, blank=0):
    """Compute the softmax, and what `forward_pairs` takes.

    Returns
    -------
    y : ndarray of float64, shape (N, T, K)
    log_blank : ndarray of float64, shape (T, 1, N)
    log_labels : ndarray of float64, shape (T, U, N)
    repeat : ndarray of bool, shape (U, N)

    Examples
    --------
    >>> _, log_blank, log_labels, repeat = pair_outputs(np.zeros((1, 3, 3)), np.array([[2, 2]]))
    >>> log_blank.shape, log_labels.shape, repeat.ravel()
    ((3, 1, 1), (3, 2, 1), array([False,  True]))
    """
    N, U = targets.shape
    y, log_y = outputs(logits, np.hstack([np.full((N, 1), blank), targets]))
    repeat = np.zeros((U, N), dtype=bool)
    repeat[1:] = (targets[:, 1:] == targets[:, :-1]).T
    return y, log_y[:, :1], log_y[:, 1:], repeat


def finish(y, log_p, blanks, labels, targets, blank=0):
    """Turn the softmax and the occupancies into the gradient, in place, and log p into losses.

    Parameters
    ----------
    y : ndarray of float, shape (N, T, K)
    log_p : ndarray of float, shape (N,)
    blanks, labels : ndarray of float, shapes (T, U + 1, N) and (T, U, N)
        Occupancies.
    targets : ndarray of int, shape (N, U)
    blank : int

    Returns
    -------
    losses, gradient
        As `literal`.

    Examples
    --------
    >>> one = np.ones((1, 1, 1))
    >>> finish(one.copy(), np.zeros(1), one, one[:, :0], np.zeros((1, 0), int))[1]
    array([[[0.]]])
    """
    y[:, :, blank] -= blanks.sum(axis=1).T
    subtract(y, targets, labels)
    possible = log_p > IMPOSSIBLE / 10
    y[~possible] = 0
    return np.where(possible, 0.0 - log_p, np.inf), y


#: The steps in their order; after the last comes `ctc_core.ctc_loss_and_grad`.
STEPS = (literal, rows_of_states, whole_batch, merged_pairs, shares)
