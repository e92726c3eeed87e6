"""Forward and backward variables: plain, rescaled, in log space; and what they give together.

All arrays are indexed [t, s], frame by state of the extended labelling, both from 0. Both alpha
and beta include the output of their own frame, as in Graves et al. 2006; their product therefore
holds it twice, which is why the book divides by it.
"""

import numpy as np

from .checks import floats, index, whole
from .labels import as_labelling, can_skip, extend, positions


def state_outputs(y, labelling, blank=0, *, log=False):
    """Return the output of each state at each frame, y^t_{l'_s}, and which states a skip may enter.

    Parameters
    ----------
    y : ndarray of float, shape (T, K)
        Outputs; log outputs (nats) with `log`.
    labelling : sequence of int, length U
    blank : int
    log : bool

    Returns
    -------
    outputs : ndarray of float64, shape (T, S)
    skip : ndarray of bool, shape (S,)
        As `can_skip`.

    Raises
    ------
    TypeError, ValueError
        `y` is not of shape (T, K), holds NaN, infinite or negative numbers; or as `as_labelling`.

    Examples
    --------
    >>> state_outputs(np.array([[0.5, 0.5], [0.25, 0.75]]), (1,))[0]
    array([[0.5 , 0.5 , 0.5 ],
           [0.25, 0.75, 0.25]])
    """
    name, kind, least = ("log_y", "log probabilities", -np.inf) if log else ("y", "probabilities", 0.0)
    y = floats(name, y, axes="TK")
    illegal = ~((y >= least) & (y < np.inf))  # true of NaN as well
    if illegal.any():
        t, k = np.argwhere(illegal)[0]
        raise ValueError(f"{name}: expected {kind}, got {y[t, k]} at frame {t}, symbol {k}")
    extended = extend(as_labelling(labelling, blank, y.shape[1]), blank)
    return y[:, extended], can_skip(extended, blank)


def entering(previous, skip):
    """Sum over the predecessors of each state: the sum of eq-alpha-rec."""
    total = previous.copy()
    total[1:] += previous[:-1]
    total[2:] += np.where(skip[2:], previous[:-2], 0)
    return total


def leaving(following, skip):
    """Sum over the successors of each state: the sum of eq-beta-rec."""
    total = following.copy()
    total[:-1] += following[1:]
    total[:-2] += np.where(skip[2:], following[2:], 0)
    return total


def log_entering(previous, skip):
    """Sum over the predecessors of each state, given and returned as logarithms."""
    total = previous.copy()
    total[1:] = np.logaddexp(total[1:], previous[:-1])
    total[2:] = np.logaddexp(total[2:], np.where(skip[2:], previous[:-2], -np.inf))
    return total


def log_leaving(following, skip):
    """Sum over the successors of each state, given and returned as logarithms."""
    total = following.copy()
    total[:-1] = np.logaddexp(total[:-1], following[1:])
    total[:-2] = np.logaddexp(total[:-2], np.where(skip[2:], following[2:], -np.inf))
    return total


def can_finish(T, S):
    """Mark the states from which the end can still be reached in time, by counting steps alone.

    Implements eq-alpha-prune: s >= S - 2 (T - t) - 1, with t and s counted from 1.

    Returns
    -------
    ndarray of bool, shape (T, S)

    Examples
    --------
    >>> can_finish(3, 5).astype(int)
    array([[1, 1, 1, 1, 1],
           [0, 1, 1, 1, 1],
           [0, 0, 0, 1, 1]])
    """
    t, s = np.ogrid[1 : whole("T", T, 1) + 1, 1 : whole("S", S, 1) + 1]
    return s >= S - 2 * (T - t) - 1


def can_start(T, S):
    """Mark the states that can be reached from the start in time, by counting steps alone.

    Implements eq-beta-prune: s <= 2 t, with t and s counted from 1.

    Returns
    -------
    ndarray of bool, shape (T, S)

    Examples
    --------
    >>> can_start(3, 5).astype(int)
    array([[1, 1, 0, 0, 0],
           [1, 1, 1, 1, 0],
           [1, 1, 1, 1, 1]])
    """
    t, s = np.ogrid[1 : whole("T", T, 1) + 1, 1 : whole("S", S, 1) + 1]
    return s <= 2 * t


def forward(y, labelling, blank=0, *, prune=False):
    """Compute the forward variables: alpha[t, s] is the probability of all beginnings in state s at t.

    Implements eq-alpha-init and eq-alpha-rec. Plain probabilities: exact for short inputs, 0 by
    underflow for long ones (see `forward_rescaled`, `log_forward`).

    Parameters
    ----------
    y : ndarray of float, shape (T, K)
        Outputs (probabilities). Rows need not sum to 1: y may be varied freely, as derivatives require.
    labelling : sequence of int, length U
    blank : int
    prune : bool
        Set states to 0 that cannot reach the end in time. It changes no probability of the labelling.

    Returns
    -------
    ndarray of float64, shape (T, S)

    Raises
    ------
    TypeError, ValueError
        As `state_outputs`.

    Notes
    -----
    Source: eqs. 6 and 7, Graves et al. 2006.

    Examples
    --------
    >>> forward(np.array([[0.5, 0.5], [0.25, 0.75]]), (1,))
    array([[0.5  , 0.5  , 0.   ],
           [0.125, 0.75 , 0.125]])
    """
    outputs, skip = state_outputs(y, labelling, blank)
    keep = can_finish(*outputs.shape) if prune else np.ones(outputs.shape, dtype=bool)
    alpha = np.zeros_like(outputs)
    alpha[0, :2] = outputs[0, :2]
    alpha[0] *= keep[0]
    for t in range(1, len(alpha)):
        alpha[t] = entering(alpha[t - 1], skip) * outputs[t] * keep[t]
    return alpha


def backward(y, labelling, blank=0, *, prune=False):
    """Compute the backward variables: beta[t, s] is the probability of all endings from state s at t.

    Implements eq-beta-init and eq-beta-rec. The output of frame t is included, as in Graves 2006.

    Parameters
    ----------
    y : ndarray of float, shape (T, K)
    labelling : sequence of int, length U
    blank : int
    prune : bool
        Set states to 0 that cannot be reached from the start in time.

    Returns
    -------
    ndarray of float64, shape (T, S)

    Raises
    ------
    TypeError, ValueError
        As `forward`.

    Notes
    -----
    Source: eqs. 10 and 11, Graves et al. 2006.

    Examples
    --------
    >>> backward(np.array([[0.5, 0.5], [0.25, 0.75]]), (1,))
    array([[0.375, 0.5  , 0.125],
           [0.   , 0.75 , 0.25 ]])
    """
    outputs, skip = state_outputs(y, labelling, blank)
    keep = can_start(*outputs.shape) if prune else np.ones(outputs.shape, dtype=bool)
    beta = np.zeros_like(outputs)
    beta[-1, -2:] = outputs[-1, -2:]
    beta[-1] *= keep[-1]
    for t in range(len(beta) - 2, -1, -1):
        beta[t] = leaving(beta[t + 1], skip) * outputs[t] * keep[t]
    return beta


def forward_probability(alpha):
    """Probability of the labelling from the last column of alpha.

    Implements eq-loss-forward: p = alpha_T(S) + alpha_T(S-1). The loss is -ln p. For the empty
    labelling S = 1, and the single state is all there is.

    Parameters
    ----------
    alpha : ndarray of float, shape (T, S)

    Returns
    -------
    float

    Notes
    -----
    Source: eq. 8, Graves et al. 2006.

    Examples
    --------
    >>> forward_probability(forward(np.array([[0.5, 0.5], [0.25, 0.75]]), (1,)))
    0.875
    """
    alpha = floats("alpha", alpha, axes="TS")
    return float(alpha[-1, -2:].sum())


def backward_probability(beta):
    """Probability of the labelling from the first column of beta.

    Implements eq-loss-backward: p = beta_1(1) + beta_1(2).

    Parameters
    ----------
    beta : ndarray of float, shape (T, S)

    Returns
    -------
    float

    Examples
    --------
    >>> backward_probability(backward(np.array([[0.5, 0.5], [0.25, 0.75]]), (1,)))
    0.875
    """
    beta = floats("beta", beta, axes="TS")
    return float(beta[0, :2].sum())


def paths_through_states(alpha, beta, y, labelling, blank=0):
    """Total probability of the paths through every state at every frame: alpha beta / y.

    Implements eq-alpha-beta and eq-alpha-beta-paths. Alpha and beta both hold the output of frame
    t; dividing by it once leaves each path's probability.

    Parameters
    ----------
    alpha, beta : ndarray of float, shape (T, S)
    y : ndarray of float, shape (T, K)
    labelling : sequence of int, length U
    blank : int

    Returns
    -------
    ndarray of float64, shape (T, S)
        Where an output is exactly 0 no path passes, and the entry is 0.

    Notes
    -----
    Source: the equation before eq. 14, Graves et al. 2006, which names the symbol where the
    state is meant.

    Examples
    --------
    >>> y = np.array([[0.5, 0.5], [0.25, 0.75]])
    >>> paths_through_states(forward(y, (1,)), backward(y, (1,)), y, (1,))
    array([[0.375, 0.5  , 0.   ],
           [0.   , 0.75 , 0.125]])
    """
    outputs, _ = state_outputs(y, labelling, blank)
    alpha, beta = floats("alpha", alpha, shape=outputs.shape), floats("beta", beta, shape=outputs.shape)
    return np.divide(alpha * beta, outputs, out=np.zeros_like(outputs), where=outputs > 0)


def probability_at(alpha, beta, y, labelling, t, blank=0):
    """Probability of the labelling from the single frame t; any frame gives the same.

    Implements eq-loss-any-t. Every path is in exactly one state at frame t.

    Parameters
    ----------
    alpha, beta : ndarray of float, shape (T, S)
    y : ndarray of float, shape (T, K)
    labelling : sequence of int, length U
    t : int
        Frame, counted from 0.
    blank : int

    Returns
    -------
    float

    Notes
    -----
    Source: eq. 14, Graves et al. 2006.

    Examples
    --------
    >>> y = np.array([[0.5, 0.5], [0.25, 0.75]])
    >>> alpha, beta = forward(y, (1,)), backward(y, (1,))
    >>> [probability_at(alpha, beta, y, (1,), t) for t in (0, 1)]
    [0.875, 0.875]
    """
    through = paths_through_states(alpha, beta, y, labelling, blank)
    return float(through[index("t", t, len(through))].sum())


def state_occupancy(alpha, beta, y, labelling, blank=0):
    """Probability of being in state s at frame t, given that the labelling is right: gamma.

    Implements eq-posterior.

    Parameters
    ----------
    alpha, beta : ndarray of float, shape (T, S)
    y : ndarray of float, shape (T, K)
    labelling : sequence of int, length U
    blank : int

    Returns
    -------
    ndarray of float64, shape (T, S)
        Each row sums to 1.

    Raises
    ------
    ValueError
        The labelling has probability 0 (no path fits, or underflow): the question has no answer.

    Examples
    --------
    >>> y = np.array([[0.5, 0.5], [0.25, 0.75]])
    >>> state_occupancy(forward(y, (1,)), backward(y, (1,)), y, (1,)).round(3)
    array([[0.429, 0.571, 0.   ],
           [0.   , 0.857, 0.143]])
    """
    p = forward_probability(alpha)
    if p == 0:
        raise ValueError("the labelling has probability 0 under y: its occupancies are not defined")
    return paths_through_states(alpha, beta, y, labelling, blank) / p


def symbol_sum(values, labelling, K, blank=0):
    """Sum values over the states of each symbol: column k of the result is sum_{s in lab(l,k)} values[:, s].

    Applied to `state_occupancy` it gives the occupancy of each symbol, gamma_t(k).

    Parameters
    ----------
    values : ndarray of float, shape (T, S)
    labelling : sequence of int, length U
    K : int
        Number of symbols including the blank.
    blank : int

    Returns
    -------
    ndarray of float64, shape (T, K)
        0 for symbols that the labelling does not hold.

    Examples
    --------
    >>> symbol_sum(np.array([[0.1, 0.2, 0.3, 0.4, 0.5]]), (1, 1), K=3)
    array([[0.9, 0.6, 0. ]])
    """
    extended = extend(as_labelling(labelling, blank, whole("K", K, 1)), blank)
    values = floats("values", values)
    if values.ndim != 2 or values.shape[1] != len(extended):
        raise ValueError(f"values: expected {len(extended)} columns, one for each state, got shape {values.shape}")
    return np.stack([values[:, positions(extended, k)].sum(axis=1) for k in range(K)], axis=1)


def rescale(row):
    """Divide a row by its sum, and return both; a row of zeros stays one."""
    scale = row.sum()
    return (row / scale if scale > 0 else row), scale


def forward_rescaled(y, labelling, blank=0, *, prune=True):
    """Compute forward variables that are rescaled at each frame to sum to 1.

    Implements eq-rescale-alpha. The recursion starts each frame from the *rescaled* previous row.

    Parameters
    ----------
    y : ndarray of float, shape (T, K)
    labelling : sequence of int, length U
    blank : int
    prune : bool
        Restrict each row to the states that can still finish. Only then ln p = sum_t ln C_t.

    Returns
    -------
    alpha_hat : ndarray of float64, shape (T, S)
    scale : ndarray of float64, shape (T,)
        C_t. It is 0 from the frame on at which no path survives.

    Notes
    -----
    Source: section 4.1 of Graves et al. 2006. The row as a whole stays in range; single states of a
    long or sharp input may still underflow. Use `log_forward` where that matters.

    Examples
    --------
    >>> alpha_hat, scale = forward_rescaled(np.array([[0.5, 0.5], [0.25, 0.75]]), (1,))
    >>> float(scale.prod())
    0.875
    """
    outputs, skip = state_outputs(y, labelling, blank)
    keep = can_finish(*outputs.shape) if prune else np.ones(outputs.shape, dtype=bool)
    alpha_hat, scale = np.zeros_like(outputs), np.zeros(len(outputs))
    first = np.zeros(outputs.shape[1])
    first[:2] = outputs[0, :2]
    alpha_hat[0], scale[0] = rescale(first * keep[0])
    for t in range(1, len(outputs)):
        alpha_hat[t], scale[t] = rescale(entering(alpha_hat[t - 1], skip) * outputs[t] * keep[t])
    return alpha_hat, scale


def backward_rescaled(y, labelling, blank=0, *, prune=True):
    """Compute backward variables that are rescaled at each frame to sum to 1.

    Implements eq-rescale-beta.

    Parameters
    ----------
    y : ndarray of float, shape (T, K)
    labelling : sequence of int, length U
    blank : int
    prune : bool
        Restrict each row to the states that the start can reach.

    Returns
    -------
    beta_hat : ndarray of float64, shape (T, S)
    scale : ndarray of float64, shape (T,)
        D_t.

    Examples
    --------
    >>> beta_hat, scale = backward_rescaled(np.array([[0.5, 0.5], [0.25, 0.75]]), (1,))
    >>> float(scale.prod())
    0.875
    """
    outputs, skip = state_outputs(y, labelling, blank)
    keep = can_start(*outputs.shape) if prune else np.ones(outputs.shape, dtype=bool)
    beta_hat, scale = np.zeros_like(outputs), np.zeros(len(outputs))
    last = np.zeros(outputs.shape[1])
    last[-2:] = outputs[-1, -2:]
    beta_hat[-1], scale[-1] = rescale(last * keep[-1])
    for t in range(len(outputs) - 2, -1, -1):
        beta_hat[t], scale[t] = rescale(leaving(beta_hat[t + 1], skip) * outputs[t] * keep[t])
    return beta_hat, scale


def log_probability_rescaled(alpha_hat, scale):
    """Log probability of the labelling from the rescaled forward variables.

    Implements eq-loss-rescaled: sum_t ln C_t + ln(alpha_hat_T(S) + alpha_hat_T(S-1)). With pruning
    the last row holds its two final states only, they sum to 1, and the second term is 0.

    Parameters
    ----------
    alpha_hat : ndarray of float, shape (T, S)
    scale : ndarray of float, shape (T,)

    Returns
    -------
    float
        Nats; -inf where no path survives.

    Examples
    --------
    >>> y = np.array([[0.5, 0.5], [0.25, 0.75]])
    >>> round(log_probability_rescaled(*forward_rescaled(y, (1,), prune=False)), 6)   # ln 0.875
    -0.133531
    """
    alpha_hat = floats("alpha_hat", alpha_hat, axes="TS")
    scale = floats("scale", scale, shape=(len(alpha_hat),))
    if not (scale >= 0).all() or not (alpha_hat >= 0).all():
        raise ValueError("scale, alpha_hat: expected numbers of 0 or more, as forward_rescaled returns them")
    final = alpha_hat[-1, -2:].sum()
    if final == 0 or (scale == 0).any():
        return -np.inf
    return float(np.log(scale).sum() + np.log(final))


def log_forward(log_y, labelling, blank=0):
    """Compute the logarithms of the forward variables, in range for any length.

    Implements eq-log-alpha.

    Parameters
    ----------
    log_y : ndarray of float, shape (T, K)
        Log probabilities (nats), -inf allowed.
    labelling : sequence of int, length U
    blank : int

    Returns
    -------
    ndarray of float64, shape (T, S)
        Nats; true -inf where no path leads.

    Examples
    --------
    >>> np.exp(log_forward(np.log([[0.5, 0.5], [0.25, 0.75]]), (1,))).round(6)
    array([[0.5  , 0.5  , 0.   ],
           [0.125, 0.75 , 0.125]])
    """
    log_outputs, skip = state_outputs(log_y, labelling, blank, log=True)
    log_alpha = np.full_like(log_outputs, -np.inf)
    log_alpha[0, :2] = log_outputs[0, :2]
    for t in range(1, len(log_alpha)):
        log_alpha[t] = log_entering(log_alpha[t - 1], skip) + log_outputs[t]
    return log_alpha


def log_backward(log_y, labelling, blank=0):
    """Compute the logarithms of the backward variables, in range for any length.

    The mirror image of `log_forward`.

    Parameters
    ----------
    log_y : ndarray of float, shape (T, K)
    labelling : sequence of int, length U
    blank : int

    Returns
    -------
    ndarray of float64, shape (T, S)

    Examples
    --------
    >>> np.exp(log_backward(np.log([[0.5, 0.5], [0.25, 0.75]]), (1,))).round(6)
    array([[0.375, 0.5  , 0.125],
           [0.   , 0.75 , 0.25 ]])
    """
    log_outputs, skip = state_outputs(log_y, labelling, blank, log=True)
    log_beta = np.full_like(log_outputs, -np.inf)
    log_beta[-1, -2:] = log_outputs[-1, -2:]
    for t in range(len(log_beta) - 2, -1, -1):
        log_beta[t] = log_leaving(log_beta[t + 1], skip) + log_outputs[t]
    return log_beta
