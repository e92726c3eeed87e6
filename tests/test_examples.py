"""examples.py: the shared problems are what the chapters say they are."""

from dataclasses import FrozenInstanceError
from fractions import Fraction

import numpy as np
import pytest
from helpers import close, merge_then_drop, paths_to, plain_softmax, probability, spelled

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


@pytest.mark.parametrize("word", ["", "a", "DOG", "BEE", "AAAA", "Aa", "banana", "a b", "ÄÖÄ"])
def test_any_word_that_fits(word):
    least = max(1, len(word) + sum(a == b for a, b in zip(word, word[1:], strict=False)))
    for frames in range(least, least + 9):
        example = Example.of_word(word, frames, sharpness=2.5)
        assert (example.name, example.T, example.blank) == (word, frames, 0)
        assert example.symbols[0] == "-" and len(set(example.symbols)) == example.K
        assert example.symbols[1:] == ("".join(sorted(set(word), key=word.index)) or "A")
        assert example.text(example.labelling) == word
        # above 2 the planted path is the best path
        assert merge_then_drop(example.y.argmax(axis=1).tolist(), 0) == example.labelling
        close(example.y.sum(axis=1), np.ones(frames))


def test_what_is_planted():
    def best(word, frames):
        example = Example.of_word(word, frames, sharpness=2.5)
        return example.text(example.y.argmax(axis=1))

    assert best("DOG", 3) == "DOG" and best("DOG", 9) == "-D--O--G-"
    assert best("BEE", 4) == "BE-E" and best("BEE", 12) == "-B--E-----E-"
    assert best("", 3) == "---"


def test_outputs_of_a_word_are_the_softmax_of_rounded_logits():
    plain, raised = (Example.of_word("DOG", 8, sharpness=sharpness, seed=3) for sharpness in (0, 1.5))
    again, other = Example.of_word("DOG", 8, sharpness=1.5, seed=3), Example.of_word("DOG", 8, sharpness=1.5, seed=4)
    assert (raised.y == again.y).all() and (raised.y != other.y).any()
    assert Example.of_word("DOG", 8).y.tolist() == Example.of_word("DOG", 8, sharpness=2.0, seed=0).y.tolist()
    for example, high in ((plain, 1), (raised, 2.5)):
        # ln y is the logits but for a number in each frame; take the one that leaves hundredths
        logits = example.logits - example.logits[:, :1]
        close(logits, logits.round(2), atol=1e-12)
        assert np.ptp(logits, axis=1).max() <= high + 1
        close(plain_softmax(logits.round(2)), example.y)
    assert plain.text((raised.logits - plain.logits).argmax(axis=1)) == "-D--O-G-"


def test_no_chapter_can_change_the_outputs_of_a_word():
    with pytest.raises(ValueError, match="read-only"):
        Example.of_word("DOG", 8).y[0, 0] = 1


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("BEE", 3), r"^BEE in 3 frames: needs 4 \(3 letters and 1 blank between equal neighbours\)$"),
        (("CAT", 1), r"^CAT in 1 frame: needs 3 \(3 letters\)$"),
        (("aaa", 4), r"^aaa in 4 frames: needs 5 \(3 letters and 2 blanks between equal neighbours\)$"),
        (("A-B", 9), r'^word: "A-B" holds "-", which stands for the blank; write another sign, such as "_"$'),
        (("CAT", 0), "^frames: expected a whole number from 1 on, got 0$"),
        (("CAT", 6.0), r"^frames: expected a whole number from 1 on, got 6\.0$"),
        (("CAT", "6"), "^frames: expected a whole number from 1 on, got '6'$"),
    ],
)
def test_words_that_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        Example.of_word(*arguments)


@pytest.mark.parametrize(
    "name, values", [("sharpness", (-0.1, 100.5, np.nan, np.inf)), ("seed", (-1, 0.5, None))], ids=["sharpness", "seed"]
)
def test_numbers_that_make_no_example(name, values):
    for value in values:
        with pytest.raises(ValueError, match=f"^{name}: expected a "):
            Example.of_word("DOG", 8, **{name: value})


def test_the_sharpest_outputs_stay_above_0():
    assert (Example.of_word("DOG", 8, sharpness=100).y > 1e-60).all()
