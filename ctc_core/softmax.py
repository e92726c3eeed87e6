"""From the network to probabilities: output layer, softmax, its logarithm and its derivative."""

import numpy as np

from .checks import floats


def output_layer(hidden, weights, bias):
    """Compute the logits of every frame from the network's hidden vectors: u^t = W h^t + b.

    Implements eq-network.

    Parameters
    ----------
    hidden : ndarray of float, shape (T, H)
    weights : ndarray of float, shape (K, H)
    bias : ndarray of float, shape (K,)

    Returns
    -------
    ndarray of float, shape (T, K)

    Examples
    --------
    >>> output_layer(np.array([[1.0, 2.0]]), np.array([[1.0, 0.0], [0.0, 3.0]]), np.array([0.5, 0.0]))
    array([[1.5, 6. ]])
    """
    hidden, weights = floats("hidden", hidden, axes="TH"), floats("weights", weights, axes="KH")
    bias = floats("bias", bias, shape=(len(weights),))
    if hidden.shape[1] != weights.shape[1]:
        raise ValueError(f"weights: expected {hidden.shape[1]} columns, as hidden has, got {weights.shape[1]}")
    return hidden @ weights.T + bias


def checked_logits(u):
    """Return logits as float64; refuse rows that have no softmax."""
    u = floats("u", u)
    if u.ndim == 0 or u.shape[-1] == 0:
        raise ValueError(f"u: expected shape (..., K) with at least one symbol, got {u.shape}")
    if not np.isfinite(u.max(axis=-1)).all():  # NaN and +inf win; -inf only if the whole row is
        raise ValueError("u: expected a finite logit in each row, and no NaN or +inf")
    return u


def softmax(u):
    """Turn logits into probabilities along the last axis.

    Implements eq-softmax. The largest logit is subtracted first: that changes nothing in exact
    arithmetic, and keeps exp from overflowing.

    Parameters
    ----------
    u : ndarray of float, shape (..., K)
        Logits. -inf is allowed and means probability 0; each row needs one finite logit.

    Returns
    -------
    ndarray of float64, shape (..., K)
        Rows sum to 1.

    Examples
    --------
    >>> softmax(np.log([1.0, 2.0, 5.0]))
    array([0.125, 0.25 , 0.625])
    """
    u = checked_logits(u)
    with np.errstate(over="ignore"):  # a difference beyond the largest float is -inf: probability 0
        e = np.exp(u - u.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def log_softmax(u):
    """Logarithm of the softmax, without leaving log space.

    Parameters
    ----------
    u : ndarray of float, shape (..., K)

    Returns
    -------
    ndarray of float64, shape (..., K)
        Log probabilities (nats). True -inf where the logit is -inf.

    Examples
    --------
    >>> log_softmax(np.array([0.0, 1000.0]))         # the plain softmax would round this to ln 0
    array([-1000.,     0.])
    """
    u = checked_logits(u)
    with np.errstate(over="ignore"):
        shifted = u - u.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def softmax_jacobian(y):
    """Derivative of every output of one frame in every logit of it.

    Implements eq-softmax-jacobian: entry [k', k] is dy_k' / du_k = y_k' (delta_kk' - y_k).

    Parameters
    ----------
    y : ndarray of float, shape (K,)
        Outputs of one frame.

    Returns
    -------
    ndarray of float, shape (K, K)
        Symmetric; rows and columns sum to 0.

    Examples
    --------
    >>> softmax_jacobian(np.array([0.25, 0.75]))
    array([[ 0.1875, -0.1875],
           [-0.1875,  0.1875]])
    """
    y = floats("y", y, axes="K")
    return np.diag(y) - np.outer(y, y)
