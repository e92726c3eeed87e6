"""descent.py: against a loop written out with listed paths; the loss falls; where nothing moves."""

import numpy as np
import pytest
from helpers import CASES, close, each_case, plain_softmax, probability, through_symbols

from ctc_core.descent import descend


@each_case
def test_follows_the_listed_paths(y, labelling, blank):
    logits, losses, gradients = descend(np.log(y), labelling, 3, 0.5, blank=blank)
    u = np.log(y)
    for n in range(4):
        outputs = plain_softmax(u)
        p = probability(outputs, labelling, blank)
        gradient = outputs - through_symbols(outputs, labelling, blank) / p
        close(logits[n], u, rtol=1e-12, atol=1e-13)
        close(losses[n], -np.log(p), rtol=1e-12, atol=1e-13)
        close(gradients[n], gradient, rtol=1e-11, atol=1e-13)
        u = u - 0.5 * gradient
    assert len(logits) == len(losses) == len(gradients) == 4


@pytest.mark.parametrize("step_size", [0.01, 1.0, 3.9])
@pytest.mark.parametrize("scale", [0.0, 1.0, 6.0])
def test_every_step_below_4_lowers_the_loss(step_size, scale):
    """By at least step (1 - step / 4) times the sum of the squared entries: the curvature is at most 1/2."""
    start = np.random.default_rng(1).normal(scale=scale, size=(9, 4))
    _, losses, gradients = descend(start, (2, 1, 1), 40, step_size)
    squares = (gradients[:-1] ** 2).sum(axis=(1, 2))
    assert (losses[:-1] - losses[1:] >= step_size * (1 - step_size / 4) * squares - 1e-13).all()
    assert losses[-1] < losses[0]


def test_nothing_moves_where_outputs_are_the_occupancies():
    # One path of one symbol: y = gamma = 1, to the last bit, as exp(-800) is 0.
    certain = np.where(np.eye(3, 2) @ [[0, 1], [1, 0]] > 0, 0.0, -800.0)
    certain[2] = 0, -800
    logits, losses, gradients = descend(certain, (1,), 2)
    assert not gradients.any() and not losses.any()
    assert (logits == certain).all()


def test_nothing_moves_without_a_path():
    logits, losses, gradients = descend(np.zeros((2, 3)), (1, 1), 2)
    assert np.isposinf(losses).all() and not gradients.any() and not logits.any()


def test_start_is_left_alone():
    y, labelling, _ = CASES["a repeat"]
    start = np.log(y)
    kept = start.copy()
    logits, _, _ = descend(start, labelling, 1)
    logits[:] = 0
    assert (start == kept).all()


@pytest.mark.parametrize(
    "wrong, error, words",
    [
        ({"steps": 1.5}, TypeError, "steps: expected an integer"),
        ({"steps": -1}, ValueError, "0 or more"),
        ({"step_size": 0}, ValueError, "step_size"),
        ({"step_size": float("nan")}, ValueError, "step_size"),
        ({"logits": np.zeros((1, 2, 3))}, ValueError, "logits: expected shape"),
    ],
)
def test_bad_input_is_named(wrong, error, words):
    with pytest.raises(error, match=words):
        descend(**({"logits": np.zeros((2, 3)), "target": (1,), "steps": 1} | wrong))
