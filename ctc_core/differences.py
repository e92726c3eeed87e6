"""Central differences: the oracle for every derivative in the book."""

import numpy as np

from .checks import floats


def central_difference(f, x, h=1e-5):
    """Differentiate a scalar function numerically in each entry of an array.

    Implements eq-central-difference: (f(x + h e) - f(x - h e)) / 2h. Its error is h^2 / 6 times the third
    derivative, and about 1e-16 / h from rounding: a step of about 1e-5 balances the two for values near 1.

    Parameters
    ----------
    f : callable
        From an array like `x` to a number.
    x : array_like of float
    h : float

    Returns
    -------
    ndarray of float64, shape of `x`

    Examples
    --------
    >>> central_difference(lambda x: x[0] * x[1] ** 2, [3.0, 2.0]).round(6)
    array([ 4., 12.])
    """
    if not 0 < h < np.inf:
        raise ValueError(f"h: expected a finite step above 0, got {h}")
    x = floats("x", x).copy()
    if not np.isfinite(x).all():
        raise ValueError("x: expected finite numbers")
    slope = np.empty_like(x)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + h
        above = f(x)
        x[i] = kept - h
        slope[i] = (above - f(x)) / (2 * h)
        x[i] = kept
    return slope


def best_step(third, noise):
    """Step of a central difference at which the bounds on its two errors have the smallest sum.

    Implements eq-best-step: `h^2 / 6 |third| + noise / h` is smallest at `h = (3 noise / |third|)^(1/3)`.

    Parameters
    ----------
    third : float
        Third derivative, not 0: without it there is no best step, the larger the better.
    noise : float
        Absolute error of one value of the function: at least 1.1e-16 times the value, in float64.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        `third` is 0 or `noise` is not above 0.

    Examples
    --------
    >>> round(best_step(third=1.0, noise=1.1e-16), 8)         # exp at 0
    6.91e-06
    """
    if third == 0 or not noise > 0:
        raise ValueError(f"third, noise: expected a derivative that is not 0 and noise above 0, got {third}, {noise}")
    return float(np.cbrt(3 * noise / abs(third)))
