"""The gradient, one function per equation, on one sequence.

From the derivative in the outputs y (free variables) through the softmax to the derivative in the
logits u, which is all that training needs: y - gamma. Every function here divides by y where its
equation does, so it asks for outputs above 0; `ctc_core.loss` has no such limit.
"""

from typing import NamedTuple

import numpy as np

from .checks import floats, index, whole
from .forward_backward import (
    backward,
    entering,
    forward,
    forward_probability,
    state_occupancy,
    state_outputs,
    symbol_sum,
)
from .softmax import softmax_jacobian


def positive(y):
    """Return the outputs as float64, or refuse those not above 0, where the equations of this module read 0/0."""
    y = floats("y", y)
    if not (y > 0).all():
        where = tuple(int(i) for i in np.argwhere(~(y > 0))[0])
        raise ValueError(f"y: expected outputs above 0 (this equation divides by them), got {y[where]} at {where}")
    return y


def squares(y):
    """Return the squares of the outputs, or refuse those so small that the square underflows."""
    squared = np.square(positive(y))
    small = squared < np.finfo(np.float64).tiny
    if small.any():
        where = tuple(int(i) for i in np.argwhere(small)[0])
        raise ValueError(
            f"y: expected outputs above 1.5e-154 (this equation divides by their squares), got {y[where]} at {where}"
        )
    return squared


def symbol_products(y, labelling, blank=0):
    """Sum alpha beta over the states of each symbol, A_t(k): what the derivatives of p are made of.

    Parameters and errors as `dp_dy`, but the squares of the outputs may underflow.

    Returns
    -------
    A : ndarray of float64, shape (T, K)
    p : float
        Probability of the labelling.

    Examples
    --------
    >>> symbol_products(np.array([[0.5, 0.5], [0.25, 0.75]]), (1,))
    (array([[0.1875 , 0.25   ],
           [0.03125, 0.5625 ]]), 0.875)
    """
    y = positive(y)
    alpha, beta = forward(y, labelling, blank), backward(y, labelling, blank)
    p = forward_probability(alpha)
    if p == 0:
        raise ValueError("the labelling has probability 0 under y: ln p has no derivative")
    return symbol_sum(alpha * beta, labelling, y.shape[1], blank), p


def dp_dy(y, labelling, blank=0):
    """Derivative of the probability of a labelling in every output, the outputs taken as free variables.

    Implements eq-dp-dy: (1 / y^2) sum_{s in lab(l,k)} alpha_t(s) beta_t(s).

    Parameters
    ----------
    y : ndarray of float, shape (T, K)
        Outputs, all above 1.5e-154: their squares must stay in range.
    labelling : sequence of int, length U
    blank : int

    Returns
    -------
    ndarray of float64, shape (T, K)

    Raises
    ------
    TypeError, ValueError
        An output is too small; the labelling has probability 0 or underflows to it; or as `forward`.

    Notes
    -----
    Source: eq. 15, Graves et al. 2006.

    Examples
    --------
    >>> dp_dy(np.array([[0.5, 0.5], [0.25, 0.75]]), (1,))     # p = y1- y2a + y1a y2- + y1a y2a
    array([[0.75, 1.  ],
           [0.5 , 1.  ]])
    """
    products, _ = symbol_products(y, labelling, blank)
    return products / squares(y)


def dlnp_dy(y, labelling, blank=0):
    """Derivative of the log probability of a labelling in every output: gamma_t(k) / y^t_k.

    Implements eq-dlnp-dy. Parameters and errors as `dp_dy`.

    Returns
    -------
    ndarray of float64, shape (T, K)

    Examples
    --------
    >>> dlnp_dy(np.array([[0.5, 0.5], [0.25, 0.75]]), (1,)).round(4)
    array([[0.8571, 1.1429],
           [0.5714, 1.1429]])
    """
    products, p = symbol_products(y, labelling, blank)
    return products / (p * squares(y))


def objective(ys, labellings, blank=0):
    """Maximum-likelihood objective of a training set: minus the sum of the log probabilities.

    Implements eq-ml-objective.

    Parameters
    ----------
    ys : list of ndarray, each of shape (T, K); T may differ
    labellings : list of sequences of int
    blank : int

    Returns
    -------
    float
        Nats; inf if a labelling has probability 0, or underflows to it (`ctc_loss` does not).

    Notes
    -----
    Source: eq. 12, Graves et al. 2006.

    Examples
    --------
    >>> y = np.array([[0.5, 0.5], [0.25, 0.75]])
    >>> round(objective([y, y], [(1,), ()]), 6)       # -ln 0.875 - ln 0.125
    2.212973
    """
    ps = [forward_probability(forward(y, l, blank)) for y, l in zip(ys, labellings, strict=True)]
    return 0.0 - float(np.log(ps).sum()) if all(ps) else np.inf


def d_objective_dy(ys, labellings, blank=0):
    """Derivative of the objective in the outputs: each sample by itself, -d ln p / dy.

    Implements eq-ml-derivative. The outputs of one sample appear in one term of the sum only.

    Parameters
    ----------
    ys : list of ndarray, each of shape (T, K)
    labellings : list of sequences of int
    blank : int

    Returns
    -------
    list of ndarray
        Each like its y.

    Notes
    -----
    Source: eq. 13, Graves et al. 2006.

    Examples
    --------
    >>> d_objective_dy([np.array([[0.5, 0.5]])], [(1,)])[0]
    array([[-0., -2.]])
    """
    return [-dlnp_dy(y, l, blank) for y, l in zip(ys, labellings, strict=True)]


def grad_logits_by_chain(y, labelling, blank=0):
    """Gradient in the logits by the chain rule: the derivative in y times the softmax Jacobian.

    Implements eq-chain. Every logit of a frame moves every output of that frame.

    Parameters and errors as `dp_dy`.

    Returns
    -------
    ndarray of float64, shape (T, K)
        -d ln p / du.

    Examples
    --------
    >>> grad_logits_by_chain(np.array([[0.5, 0.5], [0.25, 0.75]]), (1,)).round(4)
    array([[ 0.0714, -0.0714],
           [ 0.1071, -0.1071]])
    """
    slopes = dlnp_dy(y, labelling, blank)
    return np.stack([-slope @ softmax_jacobian(row) for slope, row in zip(slopes, y, strict=True)])


class Terms(NamedTuple):
    """One line of the substitution: its value is factor * first.sum() - second.sum()."""

    factor: float
    first: np.ndarray
    second: np.ndarray


def substitution_terms(y, labelling, t, k, blank=0):
    """Write out the sums over k' in each line of `substitution_lines`, for one logit.

    Parameters
    ----------
    y, labelling, blank
        As `dp_dy`.
    t, k : int
        Frame and logit, counted from 0.

    Returns
    -------
    list of Terms
        A sum has one term for each k'. Where it is gone, in lines 6 and 7, its place has a single term;
        lines 1 to 3 have no second.

    Raises
    ------
    TypeError, ValueError
        There is no such logit; or as `dp_dy`.

    Examples
    --------
    >>> lines = substitution_terms(np.array([[0.5, 0.5], [0.25, 0.75]]), (1,), t=0, k=1)
    >>> lines[4].first, lines[5].first               # line 5: a sum; line 6: it is p
    (array([0.375, 0.5  ]), array([0.875]))
    """
    A, p = symbol_products(y, labelling, blank)
    T, K = A.shape
    t, k = index("t", t, T), index("k", k, K)
    y, y2, A, delta = positive(y)[t], squares(y)[t], A[t], np.eye(K)[k]
    second = delta / (p * y) * A
    lines = [
        (-1, y * (delta - y[k]) / (p * y2) * A, []),
        (-1, (delta - y[k]) / (p * y) * A, []),
        (1, (y[k] - delta) / (p * y) * A, []),
        (1, y[k] / (p * y) * A, second),
        (y[k] / p, A / y, second),
        (y[k] / p, [p], second),
        (1, [y[k]], [A[k] / (p * y[k])]),
    ]
    return [Terms(factor, np.array(first), np.array(second)) for factor, first, second in lines]


def substitution_lines(y, labelling, blank=0):
    """Write the final substitution line by line: the seven ways to the gradient in the logits.

    Implements eq-substitute-1, eq-substitute-2, eq-substitute-3, eq-substitute-4, eq-substitute-5,
    eq-substitute-6 and eq-substitute-7. Each line is one step of algebra after the line before.

    Parameters and errors as `dp_dy`.

    Returns
    -------
    list of ndarray of float64, each of shape (T, K)
        1: insert both derivatives. 2: cancel one y_k'. 3: move the sign inside. 4: split in two
        sums. 5: pull y_k / p out of the first. 6: the first sum is p. 7: only k' = k is left of the second.

    Examples
    --------
    >>> lines = substitution_lines(np.array([[0.5, 0.5], [0.25, 0.75]]), (1,))
    >>> len(lines), lines[0].round(4).tolist() == lines[6].round(4).tolist()
    (7, True)
    """
    T, K = symbol_products(y, labelling, blank)[0].shape
    lines = np.empty((7, T, K))
    for t, k in np.ndindex(T, K):
        terms = substitution_terms(y, labelling, t, k, blank)
        lines[:, t, k] = [factor * first.sum() - second.sum() for factor, first, second in terms]
    return list(lines)


def sum_over_vocabulary(y, labelling, blank=0):
    """Sum over the vocabulary of the products, each over its output: p again, at every frame.

    Implements eq-sum-over-vocabulary. Every state has exactly one symbol, so summing over symbols and
    the states of each is summing over all states. Parameters and errors as `dp_dy`.

    Returns
    -------
    ndarray of float64, shape (T,)

    Examples
    --------
    >>> sum_over_vocabulary(np.array([[0.5, 0.5], [0.25, 0.75]]), (1,))
    array([0.875, 0.875])
    """
    products, _ = symbol_products(y, labelling, blank)
    return (products / y).sum(axis=1)


def occupancies(y, labelling, blank=0):
    """Compute the occupancy of every symbol at every frame, gamma_t(k), in one call.

    Parameters
    ----------
    y : ndarray of float, shape (T, K)
        Outputs. An output of 0 is legal here.
    labelling : sequence of int, length U
    blank : int

    Returns
    -------
    ndarray of float64, shape (T, K)
        Rows sum to 1.

    Raises
    ------
    TypeError, ValueError
        The labelling has probability 0; or as `forward`.

    Examples
    --------
    >>> occupancies(np.array([[0.5, 0.5], [0.25, 0.75]]), (1,)).round(4)
    array([[0.4286, 0.5714],
           [0.1429, 0.8571]])
    """
    alpha, beta = forward(y, labelling, blank), backward(y, labelling, blank)
    gamma = state_occupancy(alpha, beta, y, labelling, blank)
    return symbol_sum(gamma, labelling, np.shape(y)[1], blank)


def grad_logits(y, labelling, blank=0):
    """Gradient of the loss in the logits: what the network says minus what the labelling explains, y - gamma.

    Implements eq-grad-logits and eq-grad-row-sum: each row sums to 0, each entry lies in [-1, 1].

    Parameters
    ----------
    y : ndarray of float, shape (T, K)
        Outputs: the softmax of the logits.
    labelling : sequence of int, length U
    blank : int

    Returns
    -------
    ndarray of float64, shape (T, K)

    Raises
    ------
    TypeError, ValueError
        As `occupancies`.

    Examples
    --------
    >>> grad_logits(np.array([[0.5, 0.5], [0.25, 0.75]]), (1,)).round(4)
    array([[ 0.0714, -0.0714],
           [ 0.1071, -0.1071]])
    """
    y = floats("y", y)
    return y - occupancies(y, labelling, blank)


def grad_logits_rescaled(y, alpha_hat, beta_hat, labelling, blank=0):
    """Gradient in the logits from rescaled variables; any positive scale per frame cancels.

    Implements eq-grad-logits-rescaled.

    Parameters
    ----------
    y : ndarray of float, shape (T, K)
        Outputs, all above 0.
    alpha_hat, beta_hat : ndarray of float, shape (T, S)
        Forward and backward variables, each row up to a positive factor.
    labelling : sequence of int, length U
    blank : int

    Returns
    -------
    ndarray of float64, shape (T, K)

    Raises
    ------
    ValueError
        A row of the product is 0: no path passes, or single states have underflowed.

    Notes
    -----
    Source: eq. 16, Graves et al. 2006.

    Examples
    --------
    >>> y = np.array([[0.5, 0.5], [0.25, 0.75]])
    >>> from ctc_core.forward_backward import backward_rescaled, forward_rescaled
    >>> alpha_hat, beta_hat = forward_rescaled(y, (1,))[0], backward_rescaled(y, (1,))[0]
    >>> grad_logits_rescaled(y, alpha_hat, beta_hat, (1,)).round(4)
    array([[ 0.0714, -0.0714],
           [ 0.1071, -0.1071]])
    """
    y, (outputs, _) = positive(y), state_outputs(y, labelling, blank)
    alpha_hat = floats("alpha_hat", alpha_hat, shape=outputs.shape)
    beta_hat = floats("beta_hat", beta_hat, shape=outputs.shape)
    z = (alpha_hat * beta_hat / outputs).sum(axis=1, keepdims=True)
    if not (z > 0).all():
        raise ValueError(f"frame {int(np.argmin(z))}: alpha_hat * beta_hat is 0 in every state, nothing to scale by")
    return y - symbol_sum(alpha_hat * beta_hat, labelling, y.shape[1], blank) / (y * z)


def grad_log_outputs(y, labelling, blank=0):
    """Gradient of the loss in free log outputs: -gamma.

    Implements eq-free-log-grad. This is what the gradient in `log_probs` of PyTorch's CTC loss
    should be, and is not: it returns y - gamma. Parameters and errors as `grad_logits`.

    Returns
    -------
    ndarray of float64, shape (T, K)

    Examples
    --------
    >>> grad_log_outputs(np.array([[0.5, 0.5], [0.25, 0.75]]), (1,)).round(4)
    array([[-0.4286, -0.5714],
           [-0.1429, -0.8571]])
    """
    return -occupancies(y, labelling, blank)


def implied_objective(log_probs, labelling, blank=0):
    """Compute the function whose gradient in free log probabilities is exp(log_probs) - gamma.

    Implements eq-implied-objective: the loss plus the sum of all exp(log_probs). PyTorch returns this
    gradient for the loss alone. That is right where the sum cannot change: behind a log_softmax it is T.

    Parameters
    ----------
    log_probs : ndarray of float, shape (T, K)
        Any numbers; their exponentials need not sum to 1.
    labelling : sequence of int, length U
    blank : int

    Returns
    -------
    float

    Examples
    --------
    >>> y = np.array([[0.5, 0.5], [0.25, 0.75]])
    >>> round(implied_objective(np.log(y), (1,)), 6)       # -ln 0.875 + 2
    2.133531
    """
    y = np.exp(floats("log_probs", log_probs, axes="TK"))
    return objective([y], [labelling], blank) + float(y.sum())


def adjoint(beta, y, labelling, blank=0):
    """Derivative of p in every forward variable: beta without its own frame's output.

    Implements eq-adjoint. The backward recursion is reverse-mode differentiation of the forward one.

    Parameters
    ----------
    beta : ndarray of float, shape (T, S)
    y : ndarray of float, shape (T, K)
        Outputs, all above 0.
    labelling : sequence of int, length U
    blank : int

    Returns
    -------
    ndarray of float64, shape (T, S)

    Examples
    --------
    >>> y = np.array([[0.5, 0.5], [0.25, 0.75]])
    >>> adjoint(backward(y, (1,)), y, (1,))
    array([[0.75, 1.  , 0.25],
           [0.  , 1.  , 1.  ]])
    """
    outputs, _ = state_outputs(positive(y), labelling, blank)
    return floats("beta", beta, shape=outputs.shape) / outputs


def spread(y, labelling, t, s, blank=0):
    """Derivative of every forward variable in one of them: what becomes of a push.

    The forward recursion, started from a single 1. The sum of the last two states of the last row is the
    derivative of p, an entry of `adjoint`.

    Parameters
    ----------
    y : ndarray of float, shape (T, K)
        Outputs. An output of 0 is legal here.
    labelling : sequence of int, length U
    t, s : int
        Frame and state of the push, counted from 0.
    blank : int

    Returns
    -------
    ndarray of float64, shape (T, S)
        0 before the push, and in the other states of its frame.

    Raises
    ------
    TypeError, ValueError
        There is no such state; or as `forward`.

    Examples
    --------
    >>> spread(np.array([[0.5, 0.5], [0.25, 0.75]]), (1,), t=0, s=1)
    array([[0.  , 1.  , 0.  ],
           [0.  , 0.75, 0.25]])
    """
    outputs, skip = state_outputs(y, labelling, blank)
    T, S = outputs.shape
    t, s = index("t", t, T), index("s", s, S)
    gain = np.zeros_like(outputs)
    gain[t, s] = 1
    for i in range(t + 1, T):
        gain[i] = entering(gain[i - 1], skip) * outputs[i]
    return gain


def path_entropy(y, labelling, blank=0):
    """Entropy of the path posterior: how undecided the paths of a labelling are.

    Implements eq-entropy: ln p - sum_{t,k} gamma_t(k) ln y^t_k. Parameters and errors as `dp_dy`.

    Returns
    -------
    float
        Nats.

    Examples
    --------
    >>> round(path_entropy(np.array([[0.5, 0.5], [0.25, 0.75]]), (1,)), 6)
    1.004242
    """
    y = positive(y)
    products, p = symbol_products(y, labelling, blank)
    return float(np.log(p) - (products / (p * y) * np.log(y)).sum())


def uniform_blank_occupancy(T, U):
    """Mean occupancy of the blank when all outputs are equal and no two neighbours of the labelling are.

    Implements eq-uniform-blank: (U + 1)(T - U) / ((2U + 1) T).

    Parameters
    ----------
    T, U : int
        Frames and labels, T >= U.

    Returns
    -------
    float

    Examples
    --------
    >>> uniform_blank_occupancy(T=100, U=10)
    0.4714285714285714
    """
    if whole("U", U, 0) > whole("T", T, 1):
        raise ValueError(f"T: expected {U} frames or more, one for each label, got {T}")
    return (U + 1) * (T - U) / ((2 * U + 1) * T)
