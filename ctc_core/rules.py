"""The rules of differentiation, as code: numbers that carry their derivative along.

A `Dual` is a pair of a value and a derivative. Each operation below computes the value as usual and
the derivative by one rule, the very rules the book's derivation uses. Feeding duals to a formula
therefore differentiates it, exactly and step by step.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Dual:
    """A value and its derivative in one variable.

    Attributes
    ----------
    value : float
    slope : float
        The derivative.

    Examples
    --------
    >>> x = variable(3.0)
    >>> x * x / (x + constant(1.0))                  # (x^2 + 2x) / (x + 1)^2
    Dual(value=2.25, slope=0.9375)
    """

    value: float
    slope: float

    def __add__(self, other):
        """Sum rule, (u + v)' = u' + v'. Implements eq-rule-sum."""
        return Dual(self.value + other.value, self.slope + other.slope)

    def __mul__(self, other):
        """Product rule, (u v)' = u' v + u v'. Implements eq-rule-product."""
        return Dual(self.value * other.value, self.slope * other.value + self.value * other.slope)

    def __truediv__(self, other):
        """Quotient rule, (u / v)' = (u' v - u v') / v^2. Implements eq-rule-quotient."""
        slope = (self.slope * other.value - self.value * other.slope) / other.value**2
        return Dual(self.value / other.value, slope)

    def __pow__(self, n):
        """Power rule, (x^n)' = n x^(n-1), for a fixed n. Implements eq-rule-power."""
        return chain(lambda v: v**n, lambda v: n * v ** (n - 1), self)


def constant(c):
    """Make a number that does not vary: c' = 0. Implements eq-rule-constant.

    >>> constant(3.0)
    Dual(value=3.0, slope=0.0)
    """
    return Dual(c, 0.0)


def variable(x):
    """Make the number that varies: x' = 1. Implements eq-rule-identity.

    >>> variable(3.0)
    Dual(value=3.0, slope=1.0)
    """
    return Dual(x, 1.0)


def chain(f, f_prime, inner):
    """Chain rule, f(g(x))' = f'(g(x)) g'(x). Implements eq-rule-chain.

    >>> chain(math.sin, math.cos, constant(2.0) * variable(0.0))
    Dual(value=0.0, slope=2.0)
    """
    return Dual(f(inner.value), f_prime(inner.value) * inner.slope)


def exp(x):
    """Exponential rule, (e^x)' = e^x. Implements eq-rule-exp.

    >>> exp(variable(0.0))
    Dual(value=1.0, slope=1.0)
    """
    return chain(math.exp, math.exp, x)


def log(x):
    """Logarithm rule, (ln x)' = 1 / x. Implements eq-rule-log.

    >>> log(variable(4.0)).slope
    0.25
    """
    return chain(math.log, lambda v: 1 / v, x)


def multivariate_chain(f, partials, *inner):
    """Multivariate chain rule, df/dx = sum_i (df/dg_i) (dg_i/dx). Implements eq-rule-multivariate-chain.

    Parameters
    ----------
    f : callable
        From the values of the inner functions to a number.
    partials : callable
        From the same values to the partial derivatives of f, one for each.
    inner : Dual
        g_1(x), g_2(x), ...

    Returns
    -------
    Dual

    Examples
    --------
    >>> x = variable(3.0)
    >>> multivariate_chain(lambda a, b: a * b, lambda a, b: (b, a), x, x * x)   # x^3
    Dual(value=27.0, slope=27.0)
    """
    values = [g.value for g in inner]
    slope = sum(partial * g.slope for partial, g in zip(partials(*values), inner, strict=True))
    return Dual(f(*values), slope)
