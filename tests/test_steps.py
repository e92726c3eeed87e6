"""steps.py: every step gives what the kernel gives; and steps.json belongs to the steps."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import close, probability, random_y, through_states, through_symbols

from ctc_core import ctc_loss_and_grad
from ctc_core.forward_backward import log_forward
from ctc_core.steps import STEPS, flow_back, forward_pairs, pair_outputs

every_step = pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)


def batch(N, T, K, U, blank, seed, scale=1.0):
    """Random logits, and random labels without the blank; with few symbols many of them are repeats."""
    random = np.random.default_rng(seed)
    targets = random.integers(0, K - 1, size=(N, U))
    return scale * random.normal(size=(N, T, K)), targets + (targets >= blank), blank


BATCHES = {
    "plain": batch(3, 12, 6, 4, 0, 1),
    "many repeats": batch(5, 14, 3, 5, 0, 2),
    "one label only": batch(2, 11, 2, 4, 0, 3),
    "blank in the middle": batch(4, 9, 5, 3, 2, 4),
    "blank last": batch(4, 9, 5, 3, 4, 5),
    "sharp": batch(3, 30, 6, 8, 0, 6, scale=30),
    "long": batch(2, 300, 4, 60, 1, 7),
    "empty target": batch(3, 5, 4, 0, 0, 8),
    "one frame": batch(3, 1, 4, 1, 1, 9),
    "one frame, empty target": batch(2, 1, 3, 0, 0, 10),
    "one symbol": batch(2, 4, 1, 0, 0, 11),
    "no path fits": batch(2, 3, 4, 5, 0, 12),
    "one frame, two labels": batch(2, 1, 3, 2, 0, 13),
    "some fit": (batch(3, 3, 3, 2, 0, 14)[0], np.array([[1, 2], [1, 1], [2, 1]]), 0),
    "some do not": (batch(3, 2, 3, 2, 0, 15)[0], np.array([[1, 2], [1, 1], [2, 2]]), 0),
}


@every_step
@pytest.mark.parametrize("name", BATCHES)
def test_every_step_is_the_kernel(step, name):
    logits, targets, blank = BATCHES[name]
    given = logits.copy()
    losses, gradient = step(logits, targets, blank)
    expected = ctc_loss_and_grad(logits, targets, blank=blank)
    close(losses, expected[0], rtol=1e-10, atol=1e-10)
    close(gradient, expected[1], rtol=0, atol=1e-10)
    assert (gradient[np.isinf(losses)] == 0).all()
    assert (logits == given).all()


def test_the_batches_hold_what_they_say():
    assert np.isinf(ctc_loss_and_grad(*BATCHES["no path fits"][:2])[0]).all()
    assert np.isinf(ctc_loss_and_grad(*BATCHES["some do not"][:2])[0]).tolist() == [False, True, True]
    assert all((np.diff(target) == 0).any() for target in BATCHES["many repeats"][1])


@every_step
@pytest.mark.parametrize("labelling, blank", [((1, 1), 0), ((2, 1), 0), ((0, 2), 1), ((), 2)])
def test_every_step_agrees_with_enumeration(step, labelling, blank):
    y = random_y(4, 3, seed=20)
    losses, gradient = step(np.log(y)[None], np.array([labelling], dtype=int), blank)
    p = probability(y, labelling, blank)
    close(losses, [-np.log(p)], rtol=1e-12)
    close(gradient[0], y - through_symbols(y, labelling, blank) / p, atol=1e-14)


@pytest.mark.parametrize("labelling", [(1, 2, 1), (1, 1, 2), (2, 2, 2), ()])
def test_the_two_passes_have_the_states_of_the_lattice(labelling):
    y, U = random_y(6, 3, seed=21), len(labelling)
    _, log_blank, log_labels, repeat = pair_outputs(np.log(y)[None], np.array([labelling], dtype=int))
    pairs = forward_pairs(log_blank, log_labels, repeat)
    blanks, labels = flow_back(pairs, repeat)
    # After frame t, counted from 1, in the row of states: blank 0, label 1, blank 1, ...
    log_alpha = np.exp(log_forward(np.log(y), labelling))
    close(np.exp(pairs.blanks[1:, :, 0]), log_alpha[:, ::2], atol=1e-15)
    close(np.exp(pairs.labels[1:, 1:, 0]), log_alpha[:, 1::2], atol=1e-15)
    gamma = through_states(y, labelling) / probability(y, labelling)
    close(blanks[1:, :, 0], gamma[:, ::2], atol=1e-14)
    close(labels[1:, 1:, 0], gamma[:, 1::2], atol=1e-14)
    # Before the first frame everything is in the first blank.
    close(blanks[0, :, 0], np.eye(1, U + 1)[0], atol=1e-14)
    assert (labels[0] == 0).all() and (labels[:, 0] == 0).all()


# What was measured


@pytest.fixture(scope="module")
def measured():
    """The script; `mutations.py` copies ctc_core and tests alone, and there it is not."""
    root = Path(__file__).parents[1]
    if not (root / "benchmarks").exists():
        pytest.skip("benchmarks/ is not here")
    sys.path.append(str(root))  # the scripts of benchmarks/ are no installed package
    return importlib.import_module("benchmarks.steps")


@pytest.fixture(scope="module")
def stored(measured):
    return json.loads(measured.STORE.read_text(encoding="utf-8"))


def test_every_step_was_measured_in_order(measured, stored):
    assert list(stored["times"]) == list(measured.SHAPES)
    assert stored["shapes"] == measured.SHAPES
    for steps in stored["times"].values():
        assert list(steps) == [*(step.__name__ for step in STEPS), "kernel"]


def test_medians_gains_and_differences(measured, stored):
    for shape, steps in stored["times"].items():
        before = None
        for name, one in steps.items():
            assert one["median"] > 0 and one["difference"] < 1e-9
            assert one["rounds"] == (measured.FEW[shape] if name == "literal" else measured.ROUNDS)
            assert one.get("gain") == (None if before is None else measured.gain(before, one["median"]))
            before = one["median"]
    assert measured.ROUNDS >= 7


def test_one_number_was_measured(measured, stored):
    assert stored["element"]["row"] == measured.ROW
    assert all(stored["element"][name] > 0 for name in ("logaddexp", "merge"))
    assert set(stored["versions"]) == {"python", "numpy"} and stored["measured"] and stored["machine"]


def test_measure_times_a_toy_shape(measured):
    found = measured.measure(measured.sample(2, 6, 4, 2)[:2], rounds=2, few=1)
    assert list(found) == [*(step.__name__ for step in STEPS), "kernel"]
    assert [one["rounds"] for one in found.values()] == [1, 2, 2, 2, 2, 2]
    assert found["kernel"]["difference"] == 0
