"""decoding.py: best path and prefix search against the probability of every labelling."""

import time

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


def decoded(log_y, blank=0):
    """The most probable labelling and its log probability, proved."""
    found = prefix_search(log_y, blank)
    assert found.proved
    return found.labellings[0]


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
    labelling, log_p = decoded(np.log(y))
    assert labelling == (1,)
    close(log_p, np.log(0.64))


@pytest.mark.parametrize("scale", [0.3, 1, 3])
@pytest.mark.parametrize("T, K, blank", [(1, 3, 0), (2, 2, 0), (4, 3, 0), (4, 3, 1), (5, 3, 2), (6, 2, 1), (3, 1, 0)])
def test_prefix_search_finds_the_most_probable_labelling(T, K, blank, scale):
    rng = np.random.default_rng(T * K)
    for _ in range(8):
        y = random_outputs(rng, T, K, scale)
        total = every_labelling(y, blank)
        labelling, log_p = decoded(np.log(y), blank)
        close(total[labelling], max(total.values()))
        close(log_p, np.log(total[labelling]), atol=1e-14)


@pytest.mark.parametrize("example", [CAT, BEE, AB], ids=lambda e: e.name)
def test_prefix_search_reads_the_examples(example):
    total = every_labelling(example.y, 0)
    labelling, log_p = decoded(example.logits)
    assert labelling == max(total, key=total.get)
    close(log_p, np.log(max(total.values())))


def test_prefix_search_puts_a_blank_between_equal_labels():
    y = np.array([[0.01, 0.99], [0.99, 0.01], [0.01, 0.99]])
    assert decoded(np.log(y))[0] == (1, 1)
    y[1] = y[0]
    assert decoded(np.log(y))[0] == (1,)


def test_prefix_search_of_one_frame():
    assert decoded(np.log([[0.45, 0.55]]))[0] == (1,)
    assert decoded(np.log([[0.45, 0.55]]), blank=1)[0] == ()


def test_impossible_symbols():
    log_y = np.array([[-np.inf, 0, -np.inf], [0, -np.inf, -np.inf], [-np.inf, 0, -np.inf]])
    assert decoded(log_y) == ((1, 1), 0.0)
    assert decoded(np.full((2, 2), -np.inf))[1] == -np.inf


def test_a_long_confident_input_is_quick():
    rng = np.random.default_rng(0)
    path = rng.integers(0, 10, size=80)
    y = np.full((80, 10), 1e-4)
    y[np.arange(80), path] = 1 - 9e-4
    labelling, log_p = decoded(np.log(y))
    assert labelling == merge_then_drop(path.tolist(), 0)
    assert 80 * np.log(1 - 9e-4) <= log_p < 0


@pytest.mark.parametrize("n_best", [2, 5, 1000])
@pytest.mark.parametrize("T, K, blank", [(2, 2, 0), (4, 3, 1), (5, 3, 2)])
def test_the_n_best_in_their_order(T, K, blank, n_best):
    rng = np.random.default_rng(T * K)
    for _ in range(5):
        y = random_outputs(rng, T, K, 1)
        total = every_labelling(y, blank)
        found = prefix_search(np.log(y), blank, n_best=n_best)
        expected = sorted(total.values(), reverse=True)[:n_best]
        close([np.exp(log_p) for _, log_p in found.labellings], expected)
        close([total[labelling] for labelling, _ in found.labellings], expected)
        assert found.proved and len({labelling for labelling, _ in found.labellings}) == len(expected)


def test_what_is_not_found_in_time_is_bounded():
    y = random_outputs(np.random.default_rng(0), 6, 3, 0.1)
    total, seen = every_labelling(y, 0), set()
    ended = prefix_search(np.log(y), seconds=1e-9)  # not even one prefix
    assert ended.labellings == [((), pytest.approx(np.log(total[()])))] and ended.bound == 0 and not ended.proved
    for seconds in (1e-4, 1e-3, 1e-2, np.inf):
        found = prefix_search(np.log(y), n_best=3, seconds=seconds)
        others = max(p for labelling, p in total.items() if labelling not in dict(found.labellings))
        assert np.log(others) <= found.bound + 1e-12
        for labelling, log_p in found.labellings:
            close(log_p, np.log(total[labelling]))
        seen.add(found.proved)
    assert found.proved


def test_an_undecided_line_ends_in_seconds():
    """100 frames, 80 symbols, half-trained: a search for a proof would take more than ten minutes."""
    y = random_outputs(np.random.default_rng(1), 100, 80, 1.5)
    begun = time.monotonic()
    found = prefix_search(np.log(y), seconds=1)
    assert time.monotonic() - begun < 3
    assert not found.proved and found.bound > found.labellings[0][1] > -np.inf


@pytest.mark.parametrize(
    "y, blank, error, message",
    [
        ([[0.5, 0.5]], -1, ValueError, "blank: expected an index in 0..1, got -1"),
        ([[0.5, 0.5]], 2, ValueError, "blank: expected an index in 0..1, got 2"),
        ([[0.5, 0.5]], 1.5, TypeError, "blank: expected an integer, got 1.5"),
        ([[0.5, 0.5]], None, TypeError, "blank: expected an integer, got None"),
        (np.zeros((2, 3, 3)), 0, ValueError, r"y: expected shape \(T, K\)"),
        ([[0.5, np.nan]], 0, ValueError, "y: frame 0, symbol 1 is NaN"),
        (np.ma.masked_equal([[0.5, 0.2]], 0.2), 0, TypeError, "y: expected a plain array, got a masked one"),
    ],
)
def test_best_path_refuses(y, blank, error, message):
    with pytest.raises(error, match=message):
        best_path(y, blank)


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"n_best": 0}, ValueError, "n_best: expected 1 or more, got 0"),
        ({"n_best": 1.0}, TypeError, "n_best: expected an integer"),
        ({"seconds": 0}, ValueError, "seconds: expected a number above 0"),
        ({"seconds": np.nan}, ValueError, "seconds: expected a number above 0"),
        ({"seconds": "5"}, TypeError, "seconds: expected real numbers"),
    ],
)
def test_prefix_search_refuses_options(options, error, message):
    with pytest.raises(error, match=message):
        prefix_search(np.log([[0.5, 0.5]]), **options)


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
    expected = decoded(log_y)
    given = log_y.copy()
    given.flags.writeable = False
    assert decoded(given) == decoded(given.tolist()) == expected
    single = decoded(log_y.astype(np.float32))
    assert single[0] == expected[0] and abs(single[1] - expected[1]) < 1e-5
