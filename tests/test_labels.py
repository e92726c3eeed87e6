"""labels.py: the collapse map, the extended labelling and the rules for moving through it."""

import inspect
from importlib import import_module

import numpy as np
import pytest
from helpers import merge_then_drop, spelled

from ctc_core.labels import (
    as_labelling,
    can_skip,
    collapse,
    extend,
    min_length,
    positions,
    predecessors,
    repeats,
)


@pytest.mark.parametrize("labelling", [[2, 1], (2, 1), np.array([2, 1], np.uint8), np.array([2, 1], ">i4")])
def test_as_labelling_takes_any_sequence_of_integers(labelling):
    array = as_labelling(labelling, n_symbols=3)
    assert array.tolist() == [2, 1] and array.dtype == np.int64


@pytest.mark.parametrize("empty", [(), [], np.array([]), range(0)])
def test_as_labelling_takes_an_empty_one(empty):
    assert as_labelling(empty).shape == (0,) and as_labelling(empty).dtype == np.int64


@pytest.mark.parametrize(
    "labelling, blank, K, error, message",
    [
        ([[1, 2]], 0, 3, ValueError, r"labelling: .* shape \(1, 2\)"),
        (1, 0, 3, ValueError, r"labelling: .* shape \(\)"),
        ([1.0], 0, 3, TypeError, "labelling: expected integers, got float64"),
        ([True], 0, 3, TypeError, "labelling: expected integers, got bool"),
        (["a"], 0, 3, TypeError, "labelling: expected integers"),
        ([1, 2, 0], 0, 3, ValueError, r"labelling: position 2 holds the blank \(0\)"),
        ([1, 2], 2, 3, ValueError, r"labelling: position 1 holds the blank \(2\)"),
        ([1, 3], 0, 3, ValueError, r"labelling: position 1 is 3, expected a label in 0\.\.2"),
        ([1, -1], 0, 3, ValueError, r"labelling: position 1 is -1, expected a label in 0\.\.2"),
        ([-1], 0, None, ValueError, "labelling: position 0 is -1"),
        ([1], 3, 3, ValueError, r"blank: expected an index in 0\.\.2, got 3"),
        ([1], -1, 3, ValueError, r"blank: expected an index in 0\.\.2, got -1"),
    ],
)
def test_as_labelling_says_what_is_wrong(labelling, blank, K, error, message):
    with pytest.raises(error, match=message):
        as_labelling(labelling, blank, K)


def test_collapse_takes_any_symbols_and_returns_a_tuple():
    assert collapse("--C-AA-T", "-") == ("C", "A", "T")
    assert collapse(np.array([0, 2, 2, 0, 2])) == (2, 2)
    assert collapse([]) == ()


def test_collapse_takes_the_blank_it_is_given():
    assert collapse((0, 0, 1, 0, 2, 2), blank=2) == (0, 1, 0)
    assert collapse((0, 0, 1, 0, 2, 2), blank=1) == (0, 0, 2)


def test_extend_checks_its_labelling():
    with pytest.raises(ValueError, match="holds the blank"):
        extend((1, 0))
    with pytest.raises(TypeError, match="integers"):
        extend((1.5,))


def test_extend_collapses_back():
    for labelling in [(), (3,), (1, 1, 1), (2, 0, 0, 2)]:
        assert collapse(extend(labelling, blank=5).tolist(), blank=5) == labelling


@pytest.mark.parametrize(
    "labelling, blank, skips",
    [
        ((), 0, []),
        ((1,), 0, []),
        ((1, 2), 0, [3]),
        ((1, 1), 0, []),
        ((1, 2, 2, 1), 0, [3, 7]),
        ((0, 1, 0), 2, [3, 5]),
        ((0, 0, 1), 2, [5]),
    ],
)
def test_can_skip(labelling, blank, skips):
    extended = extend(labelling, blank)
    assert can_skip(extended, blank).dtype == bool
    assert np.flatnonzero(can_skip(extended, blank)).tolist() == skips
    assert np.flatnonzero(can_skip(extended.tolist(), blank)).tolist() == skips


def test_a_blank_is_not_told_by_equal_symbols_two_before():
    # A widely copied test: "l'_s is a blank if it equals l'_{s-2}". State 6 of -a-b-b-c- is a b.
    extended = extend((1, 2, 2, 3))
    assert extended[5] == extended[3] == 2


@pytest.mark.parametrize("labelling, blank", [((), 0), ((1,), 0), ((1, 2, 2), 0), ((2, 0, 0, 2, 0), 1)])
def test_predecessors_are_the_states_a_path_may_come_from(labelling, blank):
    """Two states in a row are legal if their two symbols spell just the labels from the one to the other."""
    lp = spelled(labelling, blank)
    for s in range(len(lp)):
        legal = {q for q in range(s + 1) if merge_then_drop((lp[q], lp[s]), blank) == labelling[q // 2 : (s + 1) // 2]}
        assert set(predecessors(extend(labelling, blank), s, blank)) == legal


@pytest.mark.parametrize(
    "labelling, r", [((), 0), ((1,), 0), ((1, 2), 0), ((1, 1), 1), ((1, 1, 1), 2), ((1, 2, 2, 1, 1, 2), 2)]
)
def test_repeats_and_min_length(labelling, r):
    for given in (labelling, list(labelling), np.array(labelling, int)):
        assert repeats(given) == r and type(repeats(given)) is int
        assert min_length(given) == len(labelling) + r


def test_positions():
    extended = extend((1, 2, 2))
    assert positions(extended, 0).tolist() == [0, 2, 4, 6]
    assert positions(extended, 1).tolist() == [1]
    assert positions(extended, 2).tolist() == [3, 5]
    assert positions(extended, 3).tolist() == []
    assert positions(extended.tolist(), 1).tolist() == [1]


@pytest.mark.parametrize("module", ["labels", "paths", "forward_backward", "gradient", "decoding", "loss"])
def test_the_blank_is_0_unless_told(module):
    functions = inspect.getmembers(import_module(f"ctc_core.{module}"), inspect.isfunction)
    public = [f for name, f in functions if f.__module__ == f"ctc_core.{module}" and not name.startswith("_")]
    defaults = [p.default for f in public for p in inspect.signature(f).parameters.values() if p.name == "blank"]
    assert defaults and set(defaults) == {0}


def test_nothing_is_modified():
    labelling = np.array([1, 2, 2])
    extended = extend(labelling)
    as_labelling(labelling)[:] = 9
    before = labelling.copy(), extended.copy()
    can_skip(extended), predecessors(extended, 3), repeats(labelling), positions(extended, 2)
    assert (labelling == before[0]).all() and (extended == before[1]).all()
