"""rules.py: the rules together, on formulas of the book; one by one they are tested in test_equations.py."""

import math
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from helpers import CASES, close, paths_to, probability, slope

from ctc_core.rules import Dual, chain, constant, exp, log, multivariate_chain, variable


def test_by_hand():
    x = variable(2.0)
    assert x + x == Dual(4.0, 2.0)
    assert x * x == Dual(4.0, 4.0)
    assert x**3 == Dual(8.0, 12.0)
    assert constant(1.0) / x == Dual(0.5, -0.25)
    assert x / constant(4.0) == Dual(0.5, 0.25)
    assert exp(constant(0.0)) == Dual(1.0, 0.0)
    assert log(x).slope == 0.5
    assert constant(7.0) ** 2 == Dual(49.0, 0.0)
    assert chain(math.sin, math.cos, variable(0.0)) == Dual(0.0, 1.0)


def test_order_of_factors_and_terms():
    u, v = Dual(3.0, 5.0), Dual(7.0, 11.0)
    assert u + v == v + u == Dual(10.0, 16.0)
    assert u * v == v * u == Dual(21.0, 5 * 7 + 3 * 11)
    assert u / v == Dual(3 / 7, (5 * 7 - 3 * 11) / 49)
    assert v / u == Dual(7 / 3, (11 * 3 - 7 * 5) / 9)


def test_a_number_does_not_change():
    with pytest.raises(FrozenInstanceError):
        variable(1.0).slope = 2.0


def test_multivariate_chain_wants_a_partial_for_each_inner_function():
    with pytest.raises(ValueError):
        multivariate_chain(lambda a, b: a + b, lambda a, b: (1.0,), variable(1.0), variable(2.0))


def test_softmax_by_the_quotient_rule():
    u = np.array([0.2, -1.0, 0.7])
    y = np.exp(u) / np.exp(u).sum()
    for k in range(3):
        duals = [exp(variable(v) if j == k else constant(v)) for j, v in enumerate(u.tolist())]
        for j in range(3):
            output = duals[j] / (duals[0] + duals[1] + duals[2])
            close(output.value, y[j])
            close(output.slope, y[j] * ((j == k) - y[k]))


@pytest.mark.parametrize("case", ["a repeat", "blank in the middle", "one frame"])
def test_log_probability_by_sum_product_and_logarithm_rule(case):
    y, labelling, blank = CASES[case]
    numeric = slope(lambda y: math.log(probability(y, labelling, blank)), y, h=1e-4)
    for i in np.ndindex(y.shape):
        total = constant(0.0)
        for path in paths_to(labelling, *y.shape, blank).tolist():
            product = constant(1.0)
            for t, k in enumerate(path):
                product = product * (variable if (t, k) == i else constant)(float(y[t, k]))
            total = total + product
        close(log(total).value, math.log(probability(y, labelling, blank)))
        close(log(total).slope, numeric[i], atol=1e-9)
