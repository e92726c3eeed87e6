"""Gradient descent on free logits: no network, the logits themselves are what is trained."""

from math import isfinite

import numpy as np

from .checks import floats, whole
from .loss import ctc_loss_and_grad


def descend(logits, target, steps, step_size=1.0, *, blank=0):
    """Train the logits of one sample: u <- u - step_size (y - gamma), again and again.

    Parameters
    ----------
    logits : array_like of float, shape (T, K)
        Where it starts. Not changed.
    target : sequence of int, length U
    steps : int
        Number of steps, 0 or more.
    step_size : float
        Below 4 every step lowers the loss: the curvature of the loss is nowhere above 1/2.
    blank : int

    Returns
    -------
    logits : ndarray of float64, shape (steps + 1, T, K)
        Before the first step, and after each.
    losses : ndarray of float64, shape (steps + 1,)
        Nats. A target without a path has the loss inf and the gradient 0: nothing moves.
    gradients : ndarray of float64, shape (steps + 1, T, K)
        y - gamma at each of these places; the last is not followed any more.

    Raises
    ------
    TypeError, ValueError
        `steps` is no number of steps, `step_size` not finite and above 0; or as `ctc_loss_and_grad`.

    Examples
    --------
    >>> logits, losses, gradients = descend(np.zeros((2, 3)), [1], steps=2)
    >>> losses.round(4)                                   # p is 3 / 9 at the start
    array([1.0986, 0.7148, 0.5038])
    >>> logits[1].round(4).tolist() == (-gradients[0]).round(4).tolist()
    True
    """
    steps = whole("steps", steps, 0)
    if not (isfinite(step_size) and step_size > 0):
        raise ValueError(f"step_size: expected a finite number above 0, got {step_size}")
    u = floats("logits", logits, axes="TK")
    places, losses, gradients = [], [], []
    for _ in range(steps + 1):
        loss, gradient = ctc_loss_and_grad(u, target, blank=blank)
        places.append(u)
        losses.append(loss)
        gradients.append(gradient)
        u = u - step_size * gradient
    return np.array(places), np.array(losses), np.array(gradients)
