"""differences.py: the oracle itself, against derivatives known in closed form."""

import numpy as np
import pytest

from ctc_core.differences import best_step, central_difference


def test_exact_for_squares():
    # The third derivative is 0, so only rounding is left.
    rng = np.random.default_rng(0)
    A, x = rng.normal(size=(4, 4)), rng.normal(size=4)
    assert abs(central_difference(lambda x: x @ A @ x, x) - (A + A.T) @ x).max() < 1e-9


def test_the_error_falls_with_the_square_of_the_step():
    error = [abs(central_difference(lambda x: np.exp(x[0]), [1.0], h)[0] - np.e) for h in (1e-2, 1e-3)]
    assert 99 < error[0] / error[1] < 101
    assert abs(error[0] / (np.e * 1e-4 / 6) - 1) < 1e-3  # f''' h^2 / 6


def test_best_step_has_the_smallest_sum_of_errors():
    def bound(h, third, noise):
        return h**2 / 6 * abs(third) + noise / h

    for third, noise in [(1.0, 1e-16), (-40.0, 1e-15), (1e-3, 1e-12)]:
        h = best_step(third, noise)
        assert bound(h, third, noise) < min(bound(h * 1.01, third, noise), bound(h / 1.01, third, noise))
    assert abs(best_step(third=3.0, noise=1e-15) / 1e-5 - 1) < 1e-12


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (2, 1, 2), (0,)])
def test_any_shape(shape):
    x = np.random.default_rng(1).uniform(1, 2, size=shape)
    slope = central_difference(lambda x: float((x**3).sum()), x)
    assert slope.shape == shape and slope.dtype == np.float64
    assert np.allclose(slope, 3 * x**2, rtol=0, atol=1e-8)


def test_each_entry_by_itself():
    slope = central_difference(lambda x: x[0, 1] * x[1, 0] ** 2, [[5.0, 3.0], [2.0, 7.0]])
    assert np.allclose(slope, [[0, 4], [12, 0]], rtol=0, atol=1e-8)


def test_the_point_is_not_moved():
    x = np.array([1.0, 2.0])
    x.flags.writeable = False
    seen = []
    central_difference(lambda x: seen.append(x.copy()) or 0.0, x, h=0.5)
    assert np.array(seen).tolist() == [[1.5, 2], [0.5, 2], [1, 2.5], [1, 1.5]]
    assert x.tolist() == [1, 2]
    assert central_difference(lambda x: x[0], [1, 2]).dtype == np.float64  # integers are turned into floats


@pytest.mark.parametrize("third, noise", [(0.0, 1e-16), (1.0, 0.0), (1.0, -1e-16), (1.0, float("nan"))])
def test_best_step_refuses_what_has_no_best_step(third, noise):
    with pytest.raises(ValueError, match="third, noise: expected"):
        best_step(third, noise)
