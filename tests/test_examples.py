"""examples.py: the shared problems are what the chapters say they are."""

from dataclasses import FrozenInstanceError
from fractions import Fraction

import numpy as np
import pytest
from helpers import close, paths_to, probability, spelled

from ctc_core.examples import AB, BEE, CAT, Example
from ctc_core.softmax import softmax

each_example = pytest.mark.parametrize("example", [CAT, BEE, AB], ids=lambda e: e.name)


def test_what_they_are():
    assert (CAT.symbols, CAT.labelling, CAT.T, CAT.K) == ("-ACT", (2, 1, 3), 6, 4)
    assert (BEE.symbols, BEE.labelling, BEE.T, BEE.K) == ("-BE", (1, 2, 2), 6, 3)
    assert (AB.symbols, AB.labelling, AB.T, AB.K) == ("-ab", (1, 2), 3, 3)


@each_example
def test_each_is_a_problem_for_paper(example):
    assert example.y.shape == (example.T, example.K) == (len(example.y), len(example.symbols))
    tenths = np.round(10 * example.y).astype(int)
    assert (tenths / 10 == example.y).all() and (tenths.sum(axis=1) == 10).all() and (tenths > 0).all()
    assert example.symbols[0] == "-" and example.blank == 0
    assert example.text(example.labelling) == example.name
    assert example.extended.tolist() == spelled(example.labelling)
    close(softmax(example.logits), example.y)
    paths = paths_to(example.labelling, example.T, example.K)
    exact = sum(Fraction(int(np.prod(tenths[range(example.T), path])), 10**example.T) for path in paths)
    close(probability(example.y, example.labelling), float(exact))
    assert exact > Fraction(1, 20)


def test_their_probabilities():
    # Exact: sums of products of tenths.
    close(probability(AB.y, (1, 2)), (3 * 5 * 5 + 5 * 2 * 5 + 5 * 5 * 5 + 5 * 3 * 4 + 5 * 3 * 5) / 1000)


@each_example
def test_no_chapter_can_change_them(example):
    with pytest.raises(ValueError, match="read-only"):
        example.y[0, 0] = 1
    with pytest.raises(FrozenInstanceError):
        example.y = np.zeros((1, 1))
    example.logits[0, 0] = 5  # a fresh array each time
    assert example.logits[0, 0] == np.log(example.y[0, 0])


def test_text():
    assert CAT.text((2, 0, 1, 1, 3, 0)) == "C-AAT-"
    assert CAT.text(()) == ""
    assert CAT.text(CAT.extended) == "-C-A-T-"


def test_a_blank_elsewhere():
    example = Example("x", "x-", (0,), np.array([[0.25, 0.75]]), blank=1)
    assert example.extended.tolist() == [1, 0, 1] and example.text(example.extended) == "-x-"
