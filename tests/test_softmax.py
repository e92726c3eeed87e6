"""softmax.py: the output layer, the softmax, its logarithm and its derivative, also at the limits of float64."""

import mpmath
import numpy as np
import pytest
from helpers import close

from ctc_core.softmax import log_softmax, output_layer, softmax, softmax_jacobian


def test_output_layer_by_hand():
    hidden = np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 0.5]])
    weights, bias = np.array([[1.0, 0.0], [0.0, 3.0]]), np.array([0.5, 0.0])
    assert output_layer(hidden, weights, bias).tolist() == [[1.5, 6.0], [0.5, -3.0], [3.5, 1.5]]


@pytest.mark.parametrize("scale", [1e-3, 1, 30, 700])
def test_softmax_against_high_precision(scale):
    u = np.random.default_rng(0).normal(size=(5, 7)) * scale
    y, log_y = softmax(u), log_softmax(u)
    with mpmath.workdps(60):
        for t in range(5):
            total = mpmath.fsum(mpmath.exp(v) for v in u[t].tolist())
            for k in range(7):
                exact = mpmath.exp(u[t, k]) / total
                close(y[t, k], float(exact), rtol=3e-13, atol=1e-300)  # exp(-x) doubles the last bit x times
                close(log_y[t, k], float(mpmath.log(exact)), rtol=1e-14, atol=1e-15)


def test_every_axis_but_the_last_is_a_batch():
    u = np.random.default_rng(1).normal(size=(2, 3, 4))
    for n in range(2):
        for t in range(3):
            assert (softmax(u)[n, t] == softmax(u[n, t])).all()
            assert (log_softmax(u)[n, t] == log_softmax(u[n, t])).all()


@pytest.mark.parametrize(
    "u, y",
    [
        ([0.0], [1.0]),
        ([3.0, 3.0], [0.5, 0.5]),
        ([-np.inf, 1.0], [0.0, 1.0]),
        ([-np.inf, 1.0, 1.0], [0.0, 0.5, 0.5]),
        ([1e308, -1e308], [1.0, 0.0]),
        ([1e300, 1e300, -1e300], [0.5, 0.5, 0.0]),
        ([-1e308, -1e308], [0.5, 0.5]),
        ([1000.0, 0.0], [1.0, 0.0]),
    ],
)
def test_extreme_logits(u, y):
    assert softmax(u).tolist() == y
    assert np.isneginf(log_softmax(u)).tolist() == [v - max(u) == -np.inf for v in u]
    close(np.exp(log_softmax(u)), y)


def test_log_softmax_keeps_what_the_softmax_rounds_away():
    assert softmax([0.0, 1000.0])[0] == 0
    assert log_softmax([0.0, 1000.0]).tolist() == [-1000, 0]


def test_log_softmax_leaves_log_probabilities_as_they_are():
    log_y = np.log([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]])
    close(log_softmax(log_y), log_y, rtol=1e-15)


@pytest.mark.parametrize("function", [softmax, log_softmax])
def test_any_input_is_computed_in_float64_and_not_modified(function):
    u = np.random.default_rng(2).normal(size=(3, 4)).astype(np.float32)
    expected = function(u.astype(np.float64))
    u.flags.writeable = False
    assert function(u).dtype == np.float64 and (function(u) == expected).all()
    assert (function(u.tolist()) == expected).all()


def test_softmax_jacobian_by_hand():
    J = softmax_jacobian(np.array([0.5, 0.25, 0.25]))
    assert J.tolist() == [[0.25, -0.125, -0.125], [-0.125, 0.1875, -0.0625], [-0.125, -0.0625, 0.1875]]
    assert (J == J.T).all() and (J.sum(axis=0) == 0).all()
