"""decoding.py: best path and prefix search against the probability of every labelling."""

import numpy as np
import pytest
from helpers import close, merge_then_drop, path_products, probability

from ctc_core import best_path, prefix_search
from ctc_core.examples import AB, BEE, CAT


def every_labelling(y, blank):
    """Probability of every labelling, by enumeration."""
    total = {}
    for path in np.ndindex(*[y.shape[1]] * len(y)):
        labelling = merge_then_drop(path, blank)
        total[labelling] = total.get(labelling, 0) + path_products(y, np.array([path]))[0]
    return total


def random_outputs(rng, T, K, scale):
    weights = np.exp(scale * rng.normal(size=(T, K)))
    return weights / weights.sum(axis=1, keepdims=True)


def test_best_path():
    assert best_path(np.array([[0.1, 0.9, 0], [0.1, 0.9, 0], [0.9, 0.1, 0], [0.1, 0.9, 0]])) == (1, 1)
    assert best_path(np.array([[0.1, 0.9, 0], [0.1, 0.9, 0], [0.9, 0.1, 0]]), blank=1) == (0,)
    assert best_path([[5.0, -np.inf], [7.0, 1e300]]) == (1,)  # only the order matters
    assert best_path(CAT.logits) == best_path(CAT.y) == CAT.labelling
    assert [type(k) for k in best_path(CAT.y)] == [int] * 3


def test_the_best_path_may_belong_to_another_labelling():
    y = np.array([[0.6, 0.4], [0.6, 0.4]])
    assert best_path(y) == () and probability(y, ()) == 0.36
    labelling, log_p = prefix_search(np.log(y))
    assert labelling == (1,)
    close(log_p, np.log(0.64))


@pytest.mark.parametrize("scale", [0.3, 1, 3])
@pytest.mark.parametrize("T, K, blank", [(1, 3, 0), (2, 2, 0), (4, 3, 0), (4, 3, 1), (5, 3, 2), (6, 2, 1), (3, 1, 0)])
def test_prefix_search_finds_the_most_probable_labelling(T, K, blank, scale):
    rng = np.random.default_rng(T * K)
    for _ in range(8):
        y = random_outputs(rng, T, K, scale)
        total = every_labelling(y, blank)
        labelling, log_p = prefix_search(np.log(y), blank)
        close(total[labelling], max(total.values()))
        close(log_p, np.log(total[labelling]), atol=1e-14)


@pytest.mark.parametrize("example", [CAT, BEE, AB], ids=lambda e: e.name)
def test_prefix_search_reads_the_examples(example):
    total = every_labelling(example.y, 0)
    labelling, log_p = prefix_search(example.logits)
    assert labelling == max(total, key=total.get)
    close(log_p, np.log(max(total.values())))


def test_prefix_search_puts_a_blank_between_equal_labels():
    y = np.array([[0.01, 0.99], [0.99, 0.01], [0.01, 0.99]])
    assert prefix_search(np.log(y))[0] == (1, 1)
    y[1] = y[0]
    assert prefix_search(np.log(y))[0] == (1,)


def test_prefix_search_of_one_frame():
    assert prefix_search(np.log([[0.45, 0.55]]))[0] == (1,)
    assert prefix_search(np.log([[0.45, 0.55]]), blank=1)[0] == ()


def test_impossible_symbols():
    log_y = np.array([[-np.inf, 0, -np.inf], [0, -np.inf, -np.inf], [-np.inf, 0, -np.inf]])
    assert prefix_search(log_y) == ((1, 1), 0.0)
    assert prefix_search(np.full((2, 2), -np.inf))[1] == -np.inf


def test_a_long_confident_input_is_quick():
    rng = np.random.default_rng(0)
    path = rng.integers(0, 10, size=80)
    y = np.full((80, 10), 1e-4)
    y[np.arange(80), path] = 1 - 9e-4
    labelling, log_p = prefix_search(np.log(y), max_prefixes=100)
    assert labelling == merge_then_drop(path.tolist(), 0)
    assert 80 * np.log(1 - 9e-4) <= log_p < 0


def test_prefix_search_gives_up_when_told():
    uniform = np.full((12, 6), -np.log(6))
    with pytest.raises(RuntimeError, match="no proof after 20 prefixes"):
        prefix_search(uniform, max_prefixes=20)
    y = np.log([[0.5, 0.5], [0.25, 0.75]])
    assert prefix_search(y, max_prefixes=1)[0] == (1,)  # one is all it takes
    with pytest.raises(RuntimeError, match="no proof after 0 prefixes"):
        prefix_search(y, max_prefixes=0)


@pytest.mark.parametrize(
    "log_y, blank, message",
    [
        (np.zeros(3), 0, r"log_y: expected shape \(T, K\)"),
        (np.zeros((0, 3)), 0, r"log_y: expected shape \(T, K\)"),
        (np.zeros((3, 0)), 0, r"log_y: expected shape \(T, K\)"),
        (np.array([[0.1, -3.0]]), 0, "log_y: expected log probabilities"),
        (np.array([[-0.1, -0.1]]), 0, "log_y: expected log probabilities"),  # logits that happen to be negative
        (np.array([[np.nan, -1.0]]), 0, "log_y: expected log probabilities"),
        (np.log([[0.5, 0.5]]), 2, r"blank: expected an index in 0\.\.1, got 2"),
        (np.log([[0.5, 0.5]]), -1, r"blank: expected an index in 0\.\.1, got -1"),
    ],
)
def test_prefix_search_refuses(log_y, blank, message):
    with pytest.raises(ValueError, match=message):
        prefix_search(log_y, blank)


def test_prefix_search_takes_float32_and_lists_and_modifies_nothing():
    log_y = np.log(random_outputs(np.random.default_rng(1), 5, 3, 1))
    expected = prefix_search(log_y)
    given = log_y.copy()
    given.flags.writeable = False
    assert prefix_search(given) == prefix_search(given.tolist()) == expected
    single = prefix_search(log_y.astype(np.float32))
    assert single[0] == expected[0] and abs(single[1] - expected[1]) < 1e-5
